//! The root: contexts and routes.

use leptos::prelude::*;
use leptos_meta::{Title, provide_meta_context};
use leptos_router::components::{ParentRoute, Route, Router, Routes};
use leptos_router::{Lazy, SsrMode, path};

use super::components::layout::Layout;
use super::components::load::NotFound;
use super::components::time::Alive;
use super::components::toast::Toasts;
use super::prefs;
use super::routes as lazy;
use crate::text::CurrentLang;

/// Everything that people see. Pages are rendered whole before they are sent, so that they read without JavaScript.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    provide_context(CurrentLang(RwSignal::new(prefs::initial_lang())));
    Alive::provide();
    Toasts::provide();
    let title = |page: String| if page.is_empty() { "Launchway".to_owned() } else { format!("{page} · Launchway") };
    view! {
        <Title formatter=title />
        <Router>
            <Routes fallback=NotFound>
                <Route path=path!("/sign-in") view={Lazy::<lazy::SignIn>::new()} ssr=SsrMode::Async />
                <Route path=path!("/setup") view={Lazy::<lazy::Setup>::new()} ssr=SsrMode::Async />
                <Route path=path!("/wall") view={Lazy::<lazy::Wall>::new()} ssr=SsrMode::Async />
                <ParentRoute path=path!("") view=Layout ssr=SsrMode::Async>
                    <Route path=path!("/") view={Lazy::<lazy::Dashboard>::new()} ssr=SsrMode::Async />
                    <Route path=path!("/releases") view={Lazy::<lazy::Releases>::new()} ssr=SsrMode::Async />
                    <Route path=path!("/wall-links") view={Lazy::<lazy::WallLinks>::new()} ssr=SsrMode::Async />
                    <Route path=path!("/releases/new") view={Lazy::<lazy::NewRelease>::new()} ssr=SsrMode::Async />
                    <Route path=path!("/releases/:id") view={Lazy::<lazy::Release>::new()} ssr=SsrMode::Async />
                    <Route path=path!("/hook-templates") view={Lazy::<lazy::HookTemplates>::new()} ssr=SsrMode::Async />
                    <Route path=path!("/hook-templates/new") view={Lazy::<lazy::NewHookTemplate>::new()} ssr=SsrMode::Async />
                    <Route path=path!("/hook-templates/:id") view={Lazy::<lazy::HookTemplate>::new()} ssr=SsrMode::Async />
                    <Route path=path!("/projects") view={Lazy::<lazy::Projects>::new()} ssr=SsrMode::Async />
                    <Route path=path!("/projects/new") view={Lazy::<lazy::NewProject>::new()} ssr=SsrMode::Async />
                    <Route path=path!("/projects/:id") view={Lazy::<lazy::Project>::new()} ssr=SsrMode::Async />
                    <Route path=path!("/projects/:id/edit") view={Lazy::<lazy::EditProject>::new()} ssr=SsrMode::Async />
                    <Route path=path!("/projects/:id/environments/new") view={Lazy::<lazy::NewEnvironment>::new()} ssr=SsrMode::Async />
                    <Route
                        path=path!("/projects/:id/environments/:environment")
                        view={Lazy::<lazy::Environment>::new()}
                        ssr=SsrMode::Async
                    />
                    <Route path=path!("/servers") view={Lazy::<lazy::Servers>::new()} ssr=SsrMode::Async />
                    <Route path=path!("/servers/new") view={Lazy::<lazy::NewServer>::new()} ssr=SsrMode::Async />
                    <Route path=path!("/servers/:id") view={Lazy::<lazy::Server>::new()} ssr=SsrMode::Async />
                    <Route path=path!("/credentials") view={Lazy::<lazy::Credentials>::new()} ssr=SsrMode::Async />
                    <Route path=path!("/credentials/new") view={Lazy::<lazy::NewCredential>::new()} ssr=SsrMode::Async />
                    <Route path=path!("/credentials/:id") view={Lazy::<lazy::Credential>::new()} ssr=SsrMode::Async />
                </ParentRoute>
            </Routes>
        </Router>
    }
}
