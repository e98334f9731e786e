//! The root: contexts and routes.

use leptos::prelude::*;
use leptos_meta::{Title, provide_meta_context};
use leptos_router::components::{Route, Router, Routes};
use leptos_router::{SsrMode, path};

use super::prefs;
use crate::text::{CurrentLang, common, t};

/// Everything that people see.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    provide_context(CurrentLang(RwSignal::new(prefs::initial_lang())));
    view! {
        <Title formatter=|title: String| if title.is_empty() { "Launchway".into() } else { format!("{title} · Launchway") } />
        <Router>
            <main>
                <Routes fallback=|| "Not found">
                    <Route path=path!("/") view=Home ssr=SsrMode::Async />
                </Routes>
            </main>
        </Router>
    }
}

#[component]
fn Home() -> impl IntoView {
    view! { <h1>{t(common::RELEASES)}</h1> }
}
