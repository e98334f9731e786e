//! Short messages that need no answer: what was done.

use launchway_domain::Text;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_router::hooks::use_location;

use crate::api::ApiError;
use crate::said::Said;
use crate::text::{CurrentLang, common, said as words, t};

/// How long a message stays, in milliseconds: time enough to read two lines and to reach its link.
const STAY_MS: u64 = 7_000;
/// How much longer it stays while somebody points at it.
const HELD_MS: u64 = 2_000;
/// So many are shown at once; the oldest go first.
const MANY: usize = 4;

#[derive(Clone, Debug)]
struct Toast {
    id: u64,
    text: Text,
    href: Option<String>,
}

/// The messages that are shown now, in the context of every page: they outlive the page that said them.
#[derive(Clone, Copy, Debug)]
pub struct Toasts {
    shown: RwSignal<Vec<Toast>>,
    next: StoredValue<u64>,
}

impl Toasts {
    /// Puts an empty list in the context.
    pub fn provide() {
        provide_context(Self { shown: RwSignal::new(Vec::new()), next: StoredValue::new(0) });
    }

    /// The list in the context; one that nobody sees where there is none.
    pub fn find() -> Self {
        use_context().unwrap_or_else(|| Self { shown: RwSignal::new(Vec::new()), next: StoredValue::new(0) })
    }

    /// Shows what the server function of an action has done, each time it is done. For actions that stay on their
    /// page; after a redirect the next page shows it by itself.
    pub fn follow<S>(action: ServerAction<S>)
    where
        S: ServerFn<Error = ApiError> + Clone + Send + Sync + 'static,
        S::Output: Send + Sync + 'static,
    {
        let toasts = Self::find();
        let value = action.value();
        let done = Signal::derive(move || value.with(|value| matches!(value, Some(Ok(_)))));
        let version = action.version();
        toasts.hear_when(Signal::derive(move || (version.get(), done.get()).1));
    }

    fn hear_when(self, done: Signal<bool>) {
        Effect::new(move |_| {
            if done.get() {
                self.hear();
            }
        });
    }

    /// Shows a message for a while. For event handlers and effects.
    pub fn say(self, text: Text) {
        self.show(text, None);
    }

    /// Shows what was done. For event handlers and effects.
    pub fn tell(self, said: Said) {
        self.show(words::sentence(&said), said.href);
    }

    fn show(self, text: Text, href: Option<String>) {
        let id = self.next.get_value();
        self.next.set_value(id + 1);
        self.shown.update(|shown| {
            shown.push(Toast { id, text, href });
            if shown.len() > MANY {
                shown.remove(0);
            }
        });
        self.dismiss_after(id, STAY_MS);
    }

    fn dismiss_after(self, id: u64, millis: u64) {
        let later = move || {
            if is_held() {
                self.dismiss_after(id, HELD_MS);
            } else {
                self.dismiss(id);
            }
        };
        set_timeout(later, std::time::Duration::from_millis(millis));
    }

    fn dismiss(self, id: u64) {
        self.shown.try_update(|shown| shown.retain(|toast| toast.id != id));
    }

    /// Takes what a server function left for this browser. For event handlers and effects.
    pub fn hear(self) {
        #[cfg(feature = "hydrate")]
        if let Some(said) = take_cookie() {
            self.tell(said);
        }
    }
}

/// Whether somebody points at a message, or is in it with the keyboard.
fn is_held() -> bool {
    #[cfg(feature = "hydrate")]
    {
        document().query_selector(".toasts:hover, .toasts:focus-within").is_ok_and(|found| found.is_some())
    }
    #[cfg(not(feature = "hydrate"))]
    false
}

#[cfg(feature = "hydrate")]
fn take_cookie() -> Option<Said> {
    use wasm_bindgen::JsCast;
    let document = document();
    let document = document.dyn_ref::<web_sys::HtmlDocument>()?;
    let said = Said::read(crate::ui::prefs::cookie(&document.cookie().ok()?, crate::said::COOKIE)?);
    let _ = document.set_cookie("said=; Path=/; Max-Age=0; SameSite=Lax");
    said
}

/// The id of what the server left on a page that it rendered.
const LEFT: &str = "said";

/// What was done before this page was rendered: shown as it is where there is no JavaScript, else taken from here.
#[component]
fn Left() -> impl IntoView {
    #[cfg(feature = "ssr")]
    let (data, text) = {
        let said = crate::said::take();
        let lang = CurrentLang::find().0.get_untracked();
        let text = said.as_ref().map(|said| words::sentence(said).get(lang).to_owned()).unwrap_or_default();
        (said.map(|said| said.write()), text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;"))
    };
    // The browser leaves alone what the server wrote here.
    #[cfg(not(feature = "ssr"))]
    let (data, text) = (None::<String>, String::new());
    view! { <p id=LEFT class="said no-script" role="status" data-said=data inner_html=text></p> }
}

/// Where the messages appear.
#[component]
pub fn ToastArea() -> impl IntoView {
    let toasts = Toasts::find();
    let current = CurrentLang::find();
    let location = use_location();
    // After every redirect.
    Effect::new(move |before: Option<()>| {
        location.pathname.track();
        location.search.track();
        #[cfg(feature = "hydrate")]
        if before.is_none()
            && let Some(left) = document().get_element_by_id(LEFT)
            && let Some(said) = left.get_attribute("data-said").and_then(|said| Said::read(&said))
        {
            let _ = left.remove_attribute("data-said");
            toasts.tell(said);
        }
        #[cfg(not(feature = "hydrate"))]
        let _ = before;
        toasts.hear();
    });
    view! {
        <Left />
        <div class="toasts" role="status" aria-live="polite">
            <For each=move || toasts.shown.get() key=|toast| toast.id let:toast>
                <p class="toast">
                    <span>{move || toast.text.get(current.get()).to_owned()}</span>
                    {toast.href.map(|href| view! { <a href=href>{t(words::SHOW)}</a> })}
                    <button
                        type="button"
                        class="button quiet small"
                        aria-label=t(common::DISMISS)
                        on:click=move |_| toasts.dismiss(toast.id)
                    >
                        "✕"
                    </button>
                </p>
            </For>
        </div>
    }
}
