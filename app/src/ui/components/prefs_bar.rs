//! Language and colours. Both work without JavaScript: then the choice goes to the server and the page comes back.

use launchway_domain::Lang;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;

use crate::api::account::Prefer;
use crate::text::{CurrentLang, common, t};
use crate::ui::prefs::{self, LANG_COOKIE, THEME_COOKIE, Theme};

/// The two switches.
#[component]
pub fn PrefsBar() -> impl IntoView {
    let current = CurrentLang::find();
    let theme = RwSignal::new(prefs::initial_theme());
    let other_lang = move || if current.get() == Lang::En { Lang::Zh } else { Lang::En };
    // The system's colours are not known to the server; from light or from nothing, dark is the change.
    let other_theme = move || {
        let now = theme.get().unwrap_or_else(system_theme);
        if now == Theme::Dark { Theme::Light } else { Theme::Dark }
    };
    let choose_lang = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let lang = other_lang();
        current.0.set(lang);
        apply("lang", lang.tag(), &prefs::remember(LANG_COOKIE, lang.code()));
    };
    let choose_theme = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let chosen = other_theme();
        theme.set(Some(chosen));
        apply("data-theme", chosen.as_str(), &prefs::remember(THEME_COOKIE, chosen.as_str()));
    };
    view! {
        <div class="prefs">
            <form method="post" action=Prefer::PATH on:submit=choose_lang>
                <input type="hidden" name="lang" value=move || other_lang().code() />
                <button
                    type="submit"
                    class="button quiet small"
                    data-press="lang"
                    lang=move || other_lang().tag()
                    title=t(common::LANGUAGE_TITLE)
                >
                    {t(common::LANGUAGE)}
                </button>
            </form>
            <form method="post" action=Prefer::PATH on:submit=choose_theme>
                <input type="hidden" name="theme" value=move || other_theme().as_str() />
                <button
                    type="submit"
                    class="button quiet small"
                    data-press="theme"
                    title=t(common::THEME)
                    aria-label=t(common::THEME)
                >
                    <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
                        <circle cx="8" cy="8" r="6.25" fill="none" stroke="currentColor" stroke-width="1.5" />
                        <path d="M8 1.75a6.25 6.25 0 0 1 0 12.5z" fill="currentColor" />
                    </svg>
                </button>
            </form>
        </div>
    }
    .into_any()
}

fn system_theme() -> Theme {
    #[cfg(feature = "hydrate")]
    if let Some(found) = web_sys::window().and_then(|w| w.match_media("(prefers-color-scheme: dark)").ok().flatten())
        && found.matches()
    {
        return Theme::Dark;
    }
    Theme::Light
}

/// Sets an attribute of the document and remembers the choice.
#[cfg_attr(not(feature = "hydrate"), allow(unused_variables))]
fn apply(attribute: &str, value: &str, cookie: &str) {
    #[cfg(feature = "hydrate")]
    {
        use wasm_bindgen::JsCast;
        let Some(document) = web_sys::window().and_then(|window| window.document()) else { return };
        if let Some(root) = document.document_element() {
            let _ = root.set_attribute(attribute, value);
        }
        if let Some(document) = document.dyn_ref::<web_sys::HtmlDocument>() {
            let _ = document.set_cookie(cookie);
        }
    }
}
