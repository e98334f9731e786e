//! The WASM entry: hydrate and nothing else.

#![recursion_limit = "512"]

use launchway_app::ui::components::time::Alive;
use leptos::mount::hydrate_from_async;
use leptos::prelude::document;

/// Takes over the page that the server rendered, and ends when it is alive: the code of the page that stands in the
/// address is loaded on the way. The boot script of the page calls it once the first module is there.
#[wasm_bindgen::prelude::wasm_bindgen]
pub async fn hydrate() {
    console_error_panic_hook::set_once();
    let Some(body) = document().body() else { return };
    hydrate_from_async(body, launchway_app::App).await.forget();
    Alive::came();
}
