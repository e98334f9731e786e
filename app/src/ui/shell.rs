//! The HTML document around the pages.

use http::request::Parts;
use leptos::WasmSplitManifest;
use leptos::prelude::*;
use leptos_meta::MetaTags;

use super::app::App;
use super::prefs::{initial_lang, initial_theme, roles, visitor};
use crate::assets::Assets;
use crate::text::common as words;

/// Pages that are plain forms and need no code in the browser: whoever is about to sign in waits for nothing.
const PLAIN: [&str; 3] = ["/sign-in", "/setup", "/join"];

/// What takes the page over in the browser, once the addresses stand in it.
const BOOT: &str = include_str!("boot.js");

/// The whole document. The language is the `Lang` in the context, else the `lang` cookie's, else the browser's.
pub fn shell(assets: Assets) -> impl IntoView {
    let plain = use_context::<Parts>().is_some_and(|parts| PLAIN.contains(&parts.uri.path()));
    // The page that is rendered below asks the browser for its own modules as early as for the first one.
    if !plain {
        provide_context(WasmSplitManifest(ArcStoredValue::new(("/pkg".to_owned(), assets.parts, assets.loader))));
    }
    // The module is loaded by hand: the names have hashes, which Leptos' own script does not know of.
    let boot = BOOT.replace("SCRIPT", &format!("{:?}", assets.js)).replace("MODULE", &format!("{:?}", assets.wasm));
    view! {
        <!DOCTYPE html>
        <html lang=initial_lang().tag() data-theme=initial_theme().map(|theme| theme.as_str()) data-visitor=visitor() data-roles=roles() data-hydrated=plain.then_some("")>
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <meta name="color-scheme" content="light dark" />
                <link rel="icon" href="data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Crect width='16' height='16' rx='4' fill='%232f6feb'/%3E%3Cpath d='M4 10.5 8 4l4 6.5M8 4v9' stroke='%23fff' stroke-width='1.6' fill='none' stroke-linecap='round' stroke-linejoin='round'/%3E%3C/svg%3E" />
                <link rel="stylesheet" href=assets.css.clone() />
                {(!plain).then(|| view! {
                    <link rel="modulepreload" href=assets.js.clone() />
                    <link rel="preload" href=assets.wasm.clone() r#as="fetch" r#type="application/wasm" crossorigin="" />
                })}
                <MetaTags />
            </head>
            <body>
                <App />
                {(!plain).then(|| view! {
                    <p id="stalled" class="stalled" role="alert" hidden>
                        {words::STALLED.get(initial_lang()).to_owned()} " "
                        <a href="" rel="external">{words::OPEN_AGAIN.get(initial_lang()).to_owned()}</a>
                    </p>
                    <script type="module" nonce=leptos::nonce::use_nonce() inner_html=boot></script>
                })}
            </body>
        </html>
    }
}
