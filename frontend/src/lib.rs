//! The WASM entry: hydrate and nothing else.

#![recursion_limit = "512"]

/// Takes over the page that the server rendered. The page's boot script calls it once the module is loaded.
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_body(launchway_app::App);
}
