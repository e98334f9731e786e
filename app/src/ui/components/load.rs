//! What came from the backend, or why it did not.

use launchway_domain::Fault;
use leptos::prelude::*;
#[cfg(feature = "ssr")]
use leptos_router::components::Redirect;
use leptos_router::hooks::use_location;

use super::layout::Logo;
use super::prefs_bar::PrefsBar;
use super::title::name_window;
use crate::api::ApiError;
use crate::text::{common, t};
use crate::ui::next;

/// Shows an answer, or the refusal in its place: whoever is signed out is led to the sign-in page and back.
pub fn show<T, V>(answer: Result<T, ApiError>, view: impl FnOnce(T) -> V) -> AnyView
where
    V: IntoView + 'static,
{
    match answer {
        Ok(value) => view(value).into_any(),
        Err(error) if error.is_signed_out() => view! { <ToSignIn /> }.into_any(),
        Err(error) => view! { <Refusal error /> }.into_any(),
    }
}

/// Leads to the sign-in page, and from there back here. In the browser that is a page of its own, without this one's
/// code.
#[component]
pub fn ToSignIn() -> impl IntoView {
    let location = use_location();
    let (path, search) = (location.pathname.get_untracked(), location.search.get_untracked());
    let here = if search.is_empty() { path } else { format!("{path}?{}", search.trim_start_matches('?')) };
    let target = if here == "/" { "/sign-in".to_owned() } else { format!("/sign-in?next={}", next::encode(&here)) };
    #[cfg(feature = "ssr")]
    {
        view! { <Redirect path=target /> }
    }
    #[cfg(not(feature = "ssr"))]
    Effect::new(move |_| {
        let _ = window().location().set_href(&target);
    });
}

/// A refusal in the place of a page or a part of one.
#[component]
pub fn Refusal(
    /// What was said.
    error: ApiError,
) -> impl IntoView {
    #[cfg(feature = "ssr")]
    if let (Some(fault), Some(response)) = (error.fault(), use_context::<leptos_axum::ResponseOptions>())
        && let Ok(status) = http::StatusCode::from_u16(fault.status())
    {
        response.set_status(status);
    }
    let title = if matches!(error.fault(), Some(Fault::NotFound { .. })) {
        common::NOT_FOUND_TITLE
    } else {
        common::WENT_WRONG
    };
    name_window(title.clone());
    view! {
        <section class="empty" role="alert">
            <h2>{t(title)}</h2>
            <p>{t(error.detail())}</p>
            <p>
                <a class="button" href="/">{t(common::HOME)}</a>
            </p>
        </section>
    }
}

/// What stands where something is being fetched.
#[component]
pub fn Loading() -> impl IntoView {
    view! { <p class="loading" aria-busy="true">{t(common::LOADING)}</p> }
}

/// The page for an address that leads nowhere.
#[component]
pub fn NotFound() -> impl IntoView {
    #[cfg(feature = "ssr")]
    if let Some(response) = use_context::<leptos_axum::ResponseOptions>() {
        response.set_status(http::StatusCode::NOT_FOUND);
    }
    name_window(common::NOT_FOUND_TITLE);
    view! {
        // It stands outside the frame of the pages: whoever comes here may not be signed in.
        <header class="top">
            <a class="brand" href="/">
                <Logo />
                <span>"Launchway"</span>
            </a>
            <div class="top-end">
                <PrefsBar />
            </div>
        </header>
        <main id="content">
            <section class="empty">
                <h1>{t(common::NOT_FOUND_TITLE)}</h1>
                <p>{t(common::NOT_FOUND)}</p>
                <p>
                    <a class="button" href="/">{t(common::HOME)}</a>
                </p>
            </section>
        </main>
    }
    .into_any()
}
