//! The pages as routes whose code the browser loads when they are first opened.
//!
//! The bundler (`frontend/bundle`) makes a module of each group below, and one of whatever several groups share; only
//! what every page needs is in the first module. Groups and not pages, since n modules share in 2ⁿ ways: seventeen
//! pages would be a hundred and fifty files. Pages that people open one after another belong together.

mod table;

use leptos::prelude::*;

pub(super) use self::table::Table;
use super::pages;

/// Groups of pages: `group, its loader: Page => path::to::Page, …`. Makes one lazy function for the group, and a page
/// of each that knows its group.
macro_rules! lazy_pages {
    ($($group:ident, $preload:ident: $($page:ident => $view:path),+;)*) => {
        /// A page.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Page {
            $($(
                #[doc = concat!("`", stringify!($view), "`")]
                $page,
            )+)*
        }

        $(
            #[lazy]
            fn $group(page: Page) -> AnyView {
                match page {
                    $(Page::$page => $view().into_any(),)+
                    _ => ().into_any(),
                }
            }
        )*

        impl Page {
            /// Loads the page's group and makes the page.
            async fn open(self) -> AnyView {
                match self {
                    $($(Page::$page)|+ => $group(self).await,)*
                }
            }

            /// Loads the page's group.
            async fn fetch(self) {
                #[cfg(target_arch = "wasm32")]
                match self {
                    $($(Page::$page)|+ => $preload().await,)*
                }
            }
        }
    };
}

lazy_pages! {
    door, __preload_door:
        SignIn => pages::sign_in::SignInPage,
        Setup => pages::setup::SetupPage,
        Join => pages::join::JoinPage;
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
        Settings => pages::settings::SettingsPage,
        Housekeeping => pages::housekeeping::HousekeepingPage,
        WallLinks => pages::wall_links::WallLinksPage,
        Audit => pages::audit::AuditPage;
    control, __preload_control:
        Rollback => pages::ways::back::RollbackPage,
        Promote => pages::ways::forward::PromotePage,
        Policy => pages::policy::PolicyPage,
        Live => pages::live::LivePage,
        Run => pages::remote::run::RunPage,
        Files => pages::remote::files::FilesPage;
    integrations, __preload_integrations:
        Webhooks => pages::webhooks::WebhooksPage,
        NewWebhook => pages::webhooks::NewWebhookPage,
        Webhook => pages::webhook::WebhookPage,
        Channels => pages::channels::ChannelsPage,
        NewChannel => pages::channels::NewChannelPage,
        Channel => pages::channel::ChannelPage;
    people, __preload_people:
        Users => pages::users::UsersPage,
        User => pages::user::UserPage,
        Account => pages::account::AccountPage,
        Members => pages::members::MembersPage;
    wall, __preload_wall:
        Wall => pages::wall::WallPage;
}

/// Which address shows which page; the first that fits counts.
pub(super) const PAGES: &[(&str, Page)] = &[
    ("/sign-in", Page::SignIn),
    ("/setup", Page::Setup),
    ("/join", Page::Join),
    ("/wall", Page::Wall),
    ("/", Page::Dashboard),
    ("/releases", Page::Releases),
    ("/live", Page::Live),
    ("/settings", Page::Settings),
    ("/housekeeping", Page::Housekeeping),
    ("/wall-links", Page::WallLinks),
    ("/audit", Page::Audit),
    ("/releases/new", Page::NewRelease),
    ("/releases/:id", Page::Release),
    ("/hook-templates", Page::HookTemplates),
    ("/hook-templates/new", Page::NewHookTemplate),
    ("/hook-templates/:id", Page::HookTemplate),
    ("/projects", Page::Projects),
    ("/projects/new", Page::NewProject),
    ("/projects/:id", Page::Project),
    ("/projects/:id/edit", Page::EditProject),
    ("/projects/:id/environments/new", Page::NewEnvironment),
    ("/projects/:id/environments/:environment", Page::Environment),
    ("/projects/:id/environments/:environment/policy", Page::Policy),
    ("/projects/:id/environments/:environment/rollback", Page::Rollback),
    ("/projects/:id/environments/:environment/promote", Page::Promote),
    ("/projects/:id/environments/:environment/run", Page::Run),
    ("/projects/:id/environments/:environment/files", Page::Files),
    ("/projects/:id/webhooks", Page::Webhooks),
    ("/projects/:id/webhooks/new", Page::NewWebhook),
    ("/projects/:id/webhooks/:webhook", Page::Webhook),
    ("/projects/:id/notifications", Page::Channels),
    ("/projects/:id/notifications/new", Page::NewChannel),
    ("/projects/:id/notifications/:channel", Page::Channel),
    ("/servers", Page::Servers),
    ("/servers/new", Page::NewServer),
    ("/servers/:id", Page::Server),
    ("/credentials", Page::Credentials),
    ("/credentials/new", Page::NewCredential),
    ("/credentials/:id", Page::Credential),
    ("/users", Page::Users),
    ("/users/:id", Page::User),
    ("/account", Page::Account),
    ("/projects/:id/members", Page::Members),
];

impl Page {
    /// Whether the page stands in the frame of those that need a sign-in.
    const fn is_framed(self) -> bool {
        !matches!(self, Page::SignIn | Page::Setup | Page::Join | Page::Wall)
    }
}
