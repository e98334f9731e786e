//! Single keys that lead somewhere, and the list of them. Never while somebody types; and they can be switched off.

use leptos::html;
use leptos::prelude::*;

use crate::text::{palette as words, t};

/// How long the second key of two may take, in milliseconds.
#[cfg(feature = "hydrate")]
const PAIR_MS: f64 = 1_200.0;
/// Where this browser remembers that they are switched off.
#[cfg(feature = "hydrate")]
const OFF: &str = "launchway.keys";

/// Listens for the keys until the owner of this call is gone.
#[cfg(feature = "hydrate")]
pub fn listen(palette: RwSignal<bool>, help: RwSignal<bool>) {
    use leptos_router::hooks::use_navigate;
    let navigate = send_wrapper::SendWrapper::new(use_navigate());
    // When `g` was pressed.
    let went = StoredValue::new(f64::MIN);
    let handle = window_event_listener(leptos::ev::keydown, move |event| {
        let key = event.key();
        if (event.ctrl_key() || event.meta_key()) && !event.alt_key() && key.eq_ignore_ascii_case("k") {
            event.prevent_default();
            palette.update(|open| *open = !*open);
            return;
        }
        let modified = event.ctrl_key() || event.meta_key() || event.alt_key();
        if modified || event.default_prevented() || event.is_composing() || is_busy(&event) || !are_on() {
            return;
        }
        let now = js_sys::Date::now();
        let is_pair = now - went.try_get_value().unwrap_or(f64::MIN) < PAIR_MS;
        went.try_set_value(if key == "g" { now } else { f64::MIN });
        let page = match (is_pair, key.as_str()) {
            (true, "h") => "/",
            (true, "r") => "/releases",
            (true, "p") => "/projects",
            (true, "s") => "/servers",
            (false, "c") => "/releases/new",
            (false, "?") => {
                event.prevent_default();
                help.set(true);
                return;
            }
            (false, "/") => {
                event.prevent_default();
                if !focus_search() {
                    palette.set(true);
                }
                return;
            }
            _ => return,
        };
        event.prevent_default();
        navigate(page, Default::default());
    });
    on_cleanup(move || handle.remove());
}

/// Whether the key is somebody's who types, or belongs to something that lies above the page.
#[cfg(feature = "hydrate")]
fn is_busy(event: &web_sys::KeyboardEvent) -> bool {
    use wasm_bindgen::JsCast;
    let types = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok()).is_some_and(|element| {
        element.closest("input, textarea, select, [contenteditable]").is_ok_and(|found| found.is_some())
    });
    types || document().query_selector("dialog[open], :popover-open").is_ok_and(|found| found.is_some())
}

/// Puts the focus into the list's search. Answers whether there is one.
#[cfg(feature = "hydrate")]
fn focus_search() -> bool {
    use wasm_bindgen::JsCast;
    let field = document().query_selector(".list-search, .log-search-input").ok().flatten();
    let Some(field) = field.and_then(|field| field.dyn_into::<web_sys::HtmlElement>().ok()) else { return false };
    field.focus().is_ok()
}

#[cfg(feature = "hydrate")]
fn storage() -> Option<web_sys::Storage> {
    web_sys::window()?.local_storage().ok().flatten()
}

/// Whether single keys do something in this browser.
fn are_on() -> bool {
    #[cfg(feature = "hydrate")]
    {
        storage().and_then(|storage| storage.get_item(OFF).ok().flatten()).is_none()
    }
    #[cfg(not(feature = "hydrate"))]
    true
}

#[cfg_attr(not(feature = "hydrate"), allow(unused_variables))]
fn switch(on: bool) {
    #[cfg(feature = "hydrate")]
    if let Some(storage) = storage() {
        let _ = if on { storage.remove_item(OFF) } else { storage.set_item(OFF, "off") };
    }
}

/// The list of the keys. It shows itself while `open` is true.
#[component]
pub fn KeyHelp(
    /// Whether it is shown; it closes itself.
    open: RwSignal<bool>,
) -> impl IntoView {
    let dialog = NodeRef::<html::Dialog>::new();
    let on = RwSignal::new(true);
    Effect::new(move |_| {
        let Some(dialog) = dialog.get() else { return };
        if open.get() {
            on.set(are_on());
            // In the next frame: when it is made, it is not on the page yet.
            request_animation_frame(move || {
                if open.try_get_untracked() == Some(true) && !dialog.open() {
                    let _ = dialog.show_modal();
                }
            });
        } else if dialog.open() {
            dialog.close();
        }
    });
    let keys = [
        ("Ctrl K · ⌘ K", words::KEY_PALETTE),
        ("/", words::KEY_SEARCH),
        ("c", words::KEY_NEW),
        ("g h", words::KEY_HOME),
        ("g r", words::KEY_RELEASES),
        ("g p", words::KEY_PROJECTS),
        ("g s", words::KEY_SERVERS),
        ("?", words::KEY_HELP),
    ];
    let rows = keys
        .into_iter()
        .map(|(key, what)| {
            view! {
                <dt>
                    <kbd>{key}</kbd>
                </dt>
                <dd>{t(what)}</dd>
            }
        })
        .collect_view();
    view! {
        <dialog node_ref=dialog class="dialog keys" aria-labelledby="keys-title" on:close=move |_| open.set(false)>
            <h2 id="keys-title">{t(words::KEYS)}</h2>
            <dl class="facts">{rows}</dl>
            <label class="row">
                <input
                    type="checkbox"
                    prop:checked=on
                    on:change=move |event| {
                        let wanted = event_target_checked(&event);
                        on.set(wanted);
                        switch(wanted);
                    }
                />
                {t(words::KEYS_ON)}
            </label>
            <div class="row end">
                <button type="button" class="button" autofocus on:click=move |_| open.set(false)>
                    {t(crate::text::common::CLOSE)}
                </button>
            </div>
        </dialog>
    }
    .into_any()
}
