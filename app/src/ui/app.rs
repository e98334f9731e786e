//! The root: contexts and routes.

use leptos::prelude::*;
use leptos_meta::{Title, provide_meta_context};
use leptos_router::components::{ParentRoute, Route, Router, Routes};
use leptos_router::{SsrMode, path};

use super::components::layout::Layout;
use super::components::load::NotFound;
use super::components::time::Alive;
use super::components::toast::Toasts;
use super::pages::credential::{CredentialPage, NewCredentialPage};
use super::pages::credentials::CredentialsPage;
use super::pages::dashboard::DashboardPage;
use super::pages::environment::{EnvironmentPage, NewEnvironmentPage};
use super::pages::hook_template::{HookTemplatePage, NewHookTemplatePage};
use super::pages::hook_templates::HookTemplatesPage;
use super::pages::project::ProjectPage;
use super::pages::project_edit::{EditProjectPage, NewProjectPage};
use super::pages::projects::ProjectsPage;
use super::pages::release::ReleasePage;
use super::pages::release_new::NewReleasePage;
use super::pages::server::{NewServerPage, ServerPage};
use super::pages::servers::ServersPage;
use super::pages::setup::SetupPage;
use super::pages::sign_in::SignInPage;
use super::prefs;
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
                <Route path=path!("/sign-in") view=SignInPage ssr=SsrMode::Async />
                <Route path=path!("/setup") view=SetupPage ssr=SsrMode::Async />
                <ParentRoute path=path!("") view=Layout ssr=SsrMode::Async>
                    <Route path=path!("/") view=DashboardPage ssr=SsrMode::Async />
                    <Route path=path!("/releases/new") view=NewReleasePage ssr=SsrMode::Async />
                    <Route path=path!("/releases/:id") view=ReleasePage ssr=SsrMode::Async />
                    <Route path=path!("/projects") view=ProjectsPage ssr=SsrMode::Async />
                    <Route path=path!("/projects/new") view=NewProjectPage ssr=SsrMode::Async />
                    <Route path=path!("/projects/:id") view=ProjectPage ssr=SsrMode::Async />
                    <Route path=path!("/projects/:id/edit") view=EditProjectPage ssr=SsrMode::Async />
                    <Route path=path!("/projects/:id/environments/new") view=NewEnvironmentPage ssr=SsrMode::Async />
                    <Route
                        path=path!("/projects/:id/environments/:environment")
                        view=EnvironmentPage
                        ssr=SsrMode::Async
                    />
                    <Route path=path!("/servers") view=ServersPage ssr=SsrMode::Async />
                    <Route path=path!("/servers/new") view=NewServerPage ssr=SsrMode::Async />
                    <Route path=path!("/servers/:id") view=ServerPage ssr=SsrMode::Async />
                    <Route path=path!("/credentials") view=CredentialsPage ssr=SsrMode::Async />
                    <Route path=path!("/credentials/new") view=NewCredentialPage ssr=SsrMode::Async />
                    <Route path=path!("/credentials/:id") view=CredentialPage ssr=SsrMode::Async />
                    <Route path=path!("/hook-templates") view=HookTemplatesPage ssr=SsrMode::Async />
                    <Route path=path!("/hook-templates/new") view=NewHookTemplatePage ssr=SsrMode::Async />
                    <Route path=path!("/hook-templates/:id") view=HookTemplatePage ssr=SsrMode::Async />
                </ParentRoute>
            </Routes>
        </Router>
    }
}
