//! The root: contexts and routes.

use leptos::children::ToChildren;
use leptos::prelude::*;
use leptos_router::components::{RouteChildren, Router, Routes, RoutesProps};

use super::components::load::NotFound;
use super::components::time::Alive;
use super::components::toast::Toasts;
use super::prefs;
use super::routes::Table;
use crate::text::CurrentLang;

/// Everything that people see.
#[component]
pub fn App() -> impl IntoView {
    #[cfg(feature = "ssr")]
    leptos_meta::provide_meta_context();
    provide_context(CurrentLang(RwSignal::new(prefs::initial_lang())));
    Alive::provide();
    Toasts::provide();
    view! { <Router>{pages()}</Router> }
}

fn pages() -> impl IntoView {
    Routes(RoutesProps::builder().fallback(NotFound).children(RouteChildren::to_children(Table::new)).build())
}
