//! A text that is shown to be copied.

use launchway_domain::Text;
use leptos::html;
use leptos::prelude::*;

use crate::text::{common, t, walls};
use crate::ui::components::toast::Toasts;

/// A text in a field that cannot be changed, with a button that copies it.
#[component]
pub fn CopyField(
    /// What it is called.
    label: Text,
    /// The text; a path of this site becomes the whole address once the page is alive.
    value: String,
) -> impl IntoView {
    let field = NodeRef::<html::Input>::new();
    let shown = RwSignal::new(value);
    Effect::new(move || shown.update(|value| *value = whole(value)));
    let toasts = Toasts::find();
    let copy = move |_| {
        if let Some(field) = field.get_untracked() {
            field.select();
            if copy_selection() {
                toasts.say(walls::COPIED);
            }
        }
    };
    view! {
        <div class="picker">
            <input node_ref=field class="code" readonly autocomplete="off" aria-label=t(label) prop:value=shown value=shown.get_untracked() />
            <button type="button" class="button needs-script" on:click=copy>
                {t(common::COPY)}
            </button>
        </div>
    }
    .into_any()
}

/// The whole address of a path of this site; on the server the path alone. Any other text stays.
fn whole(text: &str) -> String {
    #[cfg(feature = "hydrate")]
    if text.starts_with('/') {
        let origin = web_sys::window().and_then(|window| window.location().origin().ok());
        return origin.unwrap_or_default() + text;
    }
    text.to_owned()
}

/// Copies what is selected. By the old way: the new one refuses pages that come without HTTPS.
fn copy_selection() -> bool {
    #[cfg(feature = "hydrate")]
    {
        use wasm_bindgen::JsCast;
        let document = document();
        document.dyn_ref::<web_sys::HtmlDocument>().is_some_and(|document| document.exec_command("copy") == Ok(true))
    }
    #[cfg(not(feature = "hydrate"))]
    false
}
