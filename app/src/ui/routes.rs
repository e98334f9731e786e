//! The pages as routes whose code the browser loads when they are first opened.
//!
//! The bundler (`frontend/bundle`) makes a module of each group below, and one of whatever several groups share; only
//! what every page needs is in the first module. Groups and not pages, since n modules share in 2ⁿ ways: seventeen
//! pages would be a hundred and fifty files. Pages that people open one after another belong together.

use leptos::prelude::*;
use leptos_router::LazyRoute;

use super::pages;

/// Groups of pages: `group: Route => path::to::Page, …`. Makes one lazy function for the group and, for each page, the
/// route that calls it.
macro_rules! lazy_pages {
    ($($group:ident, $preload:ident: $($route:ident => $page:path),+;)*) => {$(
        #[lazy]
        fn $group(page: &'static str) -> AnyView {
            match page {
                $(stringify!($route) => $page().into_any(),)+
                _ => ().into_any(),
            }
        }

        $(
            #[doc = concat!("Loads the group `", stringify!($group), "` and shows `", stringify!($page), "`.")]
            pub(super) struct $route;

            impl LazyRoute for $route {
                fn data() -> Self {
                    Self
                }

                async fn view(_page: Self) -> AnyView {
                    $group(stringify!($route)).await
                }

                async fn preload() {
                    #[cfg(target_arch = "wasm32")]
                    $preload().await;
                }
            }
        )+
    )*};
}

lazy_pages! {
    door, __preload_door:
        SignIn => pages::sign_in::SignInPage,
        Setup => pages::setup::SetupPage;
    home, __preload_home:
        Dashboard => pages::dashboard::DashboardPage;
    release, __preload_release:
        Release => pages::release::ReleasePage;
    create, __preload_create:
        NewRelease => pages::release_new::NewReleasePage;
    manage, __preload_manage:
        HookTemplates => pages::hook_templates::HookTemplatesPage,
        NewHookTemplate => pages::hook_template::NewHookTemplatePage,
        HookTemplate => pages::hook_template::HookTemplatePage,
        Projects => pages::projects::ProjectsPage,
        NewProject => pages::project_edit::NewProjectPage,
        Project => pages::project::ProjectPage,
        EditProject => pages::project_edit::EditProjectPage,
        NewEnvironment => pages::environment::NewEnvironmentPage,
        Environment => pages::environment::EnvironmentPage,
        Servers => pages::servers::ServersPage,
        NewServer => pages::server::NewServerPage,
        Server => pages::server::ServerPage,
        Credentials => pages::credentials::CredentialsPage,
        NewCredential => pages::credential::NewCredentialPage,
        Credential => pages::credential::CredentialPage,
        Releases => pages::releases::ReleasesPage,
        WallLinks => pages::wall_links::WallLinksPage;
    wall, __preload_wall:
        Wall => pages::wall::WallPage;
}
