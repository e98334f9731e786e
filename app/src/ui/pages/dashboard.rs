//! The front page: what runs, what waits for somebody, what is live where, what came of it. It moves by itself.
//!
//! The program renders it, not only at first: whenever something happened the browser asks for it as it is now and
//! changes what differs (`follow`, `morph`). So the page that everybody begins with needs hardly any code, and cannot
//! drift away from the truth, however long it is open and whatever it missed.

#[cfg(feature = "hydrate")]
mod follow;
#[cfg(feature = "ssr")]
pub mod lists;
#[cfg(feature = "hydrate")]
mod morph;
#[cfg(feature = "hydrate")]
mod moving;
#[cfg(feature = "ssr")]
pub mod places;
#[cfg(feature = "ssr")]
mod render;
#[cfg(feature = "ssr")]
pub mod running;

use leptos::html;
use leptos::prelude::*;

#[cfg(feature = "ssr")]
pub(crate) use self::render::render;
use crate::text::board;
use crate::ui::components::title::name_window;

/// The front page.
#[component]
pub fn DashboardPage() -> impl IntoView {
    name_window(board::TITLE);
    #[cfg(feature = "ssr")]
    {
        Suspend::new(async {
            match render::first().await {
                Some(first) => view! { <Front first /> }.into_any(),
                None => view! { <crate::ui::components::load::ToSignIn /> }.into_any(),
            }
        })
    }
    #[cfg(not(feature = "ssr"))]
    view! { <Front first=First::default() /> }
}

/// What the program has sent first. The browser leaves alone what stands there, until it is told something newer.
#[derive(Clone, Debug, Default)]
struct First {
    html: String,
    /// Names what stands there.
    mark: String,
    /// Why the form that led here came to nothing, where it did.
    refusal: String,
}

/// The place of what the program renders.
#[component]
fn Front(first: First) -> impl IntoView {
    let place = NodeRef::<html::Div>::new();
    #[cfg(feature = "hydrate")]
    follow::follow(place);
    view! {
        <div class="complaints" role="alert" inner_html=first.refusal></div>
        <div class="front" data-mark=first.mark node_ref=place inner_html=first.html></div>
    }
}
