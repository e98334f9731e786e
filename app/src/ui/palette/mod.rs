//! The command palette: finds projects, servers, releases and what can be done, by a few letters.
//!
//! Nothing outside this folder knows what is in it: it is made when it is first opened.

mod items;
#[cfg(feature = "hydrate")]
mod recent;

use launchway_domain::Hit;
use leptos::html;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use self::items::{Item, Target};
use crate::text::{CurrentLang, palette as words, t};
use crate::ui::components::keys::KeyHelp;
use crate::ui::may::May;

/// How long after the last key the program is asked, in milliseconds.
const PAUSE: u64 = 70;

/// The palette and the list of keys, whose code the browser loads when one of them is first wanted.
#[lazy]
pub fn load_palette(open: RwSignal<bool>, keys: RwSignal<bool>) -> AnyView {
    view! {
        <Palette open keys />
        <KeyHelp open=keys />
    }
    .into_any()
}

/// The palette. It shows itself while `open` is true.
#[component]
pub fn Palette(
    /// Whether it is shown; it closes itself.
    open: RwSignal<bool>,
    /// Shows the keys.
    keys: RwSignal<bool>,
) -> impl IntoView {
    let lang = CurrentLang::find();
    let dialog = NodeRef::<html::Dialog>::new();
    let typed = RwSignal::new(String::new());
    // What was found, and for which text.
    let hits = RwSignal::new((String::new(), Vec::<Hit>::new()));
    let recent = RwSignal::new(Vec::<Hit>::new());
    let active = RwSignal::new(0_usize);
    let may = May::find();
    let items = Memo::new(move |_| {
        typed.with(|typed| hits.with(|(of, hits)| recent.with(|recent| items::of(typed, of, hits, recent, &may))))
    });
    Effect::new(move |_| {
        let Some(dialog) = dialog.get() else { return };
        if open.get() {
            typed.set(String::new());
            active.set(0);
            #[cfg(feature = "hydrate")]
            recent.set(recent::load());
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
    let timer = StoredValue::new(None::<TimeoutHandle>);
    let type_in = move |event: leptos::ev::Event| {
        typed.set(event_target_value(&event));
        active.set(0);
        if let Some(waiting) = timer.try_update_value(Option::take).flatten() {
            waiting.clear();
        }
        let handle = set_timeout_with_handle(move || ask(typed, hits), std::time::Duration::from_millis(PAUSE)).ok();
        timer.set_value(handle);
    };
    let navigate = use_navigate();
    let run = move |item: Item| {
        open.set(false);
        match item.target {
            Target::Page(href) => navigate(href, NavigateOptions::default()),
            Target::Of(href) => navigate(&href, NavigateOptions::default()),
            Target::Hit(hit) => {
                #[cfg(feature = "hydrate")]
                recent::note(&hit);
                navigate(&hit.href(), NavigateOptions::default());
            }
            Target::Press(selector) => press(selector),
            Target::Keys => keys.set(true),
        }
    };
    let run = StoredValue::new(run);
    let choose = move |index: usize| {
        let item = items.with_untracked(|items| items.get(index).cloned());
        if let (Some(item), Some(run)) = (item, run.try_get_value()) {
            run(item);
        }
    };
    let on_key = move |event: leptos::ev::KeyboardEvent| {
        // Enter may end the spelling of a Chinese word.
        if event.is_composing() {
            return;
        }
        let many = items.with_untracked(Vec::len);
        match event.key().as_str() {
            "ArrowDown" if many > 0 => active.update(|active| *active = (*active + 1) % many),
            "ArrowUp" if many > 0 => active.update(|active| *active = (*active + many - 1) % many),
            "Enter" => choose(active.get_untracked()),
            _ => return,
        }
        event.prevent_default();
        #[cfg(feature = "hydrate")]
        show_active();
    };
    let close_outside = move |event: leptos::ev::MouseEvent| {
        // The dialog itself is hit only beside what is in it.
        if dialog.get_untracked().is_some_and(|dialog| {
            event.target().is_some_and(|target| target == *AsRef::<web_sys::EventTarget>::as_ref(&dialog))
        }) {
            open.set(false);
        }
    };
    let options = move || {
        items
            .get()
            .into_iter()
            .enumerate()
            .map(|(index, item)| {
                let detail = item.detail.clone();
                view! {
                    <li
                        id=option_id(index)
                        role="option"
                        class="palette-item"
                        aria-selected=move || if active.get() == index { "true" } else { "false" }
                        on:click=move |_| choose(index)
                        on:mousemove=move |_| {
                            if active.get_untracked() != index {
                                active.set(index);
                            }
                        }
                    >
                        <span class="palette-title">{item.title.get(lang.get()).to_owned()}</span>
                        <span class="palette-detail quiet">{detail}</span>
                        <span class="tag">{item.kind.get(lang.get()).to_owned()}</span>
                    </li>
                }
            })
            .collect_view()
    };
    view! {
        <dialog
            node_ref=dialog
            class="palette"
            aria-label=t(words::TITLE)
            on:close=move |_| open.set(false)
            on:click=close_outside
        >
            <div class="palette-box">
                <input
                    type="text"
                    role="combobox"
                    class="palette-input"
                    autofocus
                    autocomplete="off"
                    spellcheck="false"
                    maxlength="100"
                    aria-label=t(words::TITLE)
                    placeholder=t(words::PLACEHOLDER)
                    aria-autocomplete="list"
                    aria-expanded="true"
                    aria-controls="palette-list"
                    aria-activedescendant=move || {
                        items.with(|items| (!items.is_empty()).then(|| option_id(active.get())))
                    }
                    prop:value=typed
                    on:input=type_in
                    on:keydown=on_key
                />
                <ul id="palette-list" role="listbox" class="palette-list" aria-label=t(words::RESULTS)>
                    {options}
                </ul>
                <p class="palette-none quiet" role="status">
                    {move || items.with(Vec::is_empty).then(|| words::NOTHING.get(lang.get()).to_owned())}
                </p>
                <p class="palette-hint quiet">{t(words::HINT)}</p>
            </div>
        </dialog>
    }
    .into_any()
}

fn option_id(index: usize) -> String {
    let mut id = String::from("palette-");
    id.push_str(&index.to_string());
    id
}

/// Asks the program for what is typed now. An answer that comes when something else is typed is dropped.
fn ask(typed: RwSignal<String>, hits: RwSignal<(String, Vec<Hit>)>) {
    let Some(q) = typed.try_get_untracked() else { return };
    let q = q.trim().to_owned();
    if q.is_empty() {
        return;
    }
    leptos::task::spawn_local(async move {
        let Ok(found) = crate::api::board::find(q.clone()).await else { return };
        if typed.try_with_untracked(|typed| typed.trim() == q) == Some(true) {
            hits.try_set((q, found));
        }
    });
}

/// Presses a button of the page: what it does is done in one place.
#[cfg_attr(not(feature = "hydrate"), allow(unused_variables))]
fn press(selector: &'static str) {
    #[cfg(feature = "hydrate")]
    {
        use wasm_bindgen::JsCast;
        let button = document().query_selector(selector).ok().flatten();
        if let Some(button) = button.and_then(|button| button.dyn_into::<web_sys::HtmlElement>().ok()) {
            button.click();
        }
    }
}

/// Brings the chosen one into sight.
#[cfg(feature = "hydrate")]
fn show_active() {
    request_animation_frame(|| {
        if let Ok(Some(chosen)) = document().query_selector(".palette-item[aria-selected=true]") {
            chosen.scroll_into_view_with_bool(false);
        }
    });
}
