//! What there is to be allowed: every call of the program names one of these. Who has which is decided in one place,
//! the server's `service/permission.rs`.

use crate::text::Text;

/// Where a permission is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// For the whole installation: it takes a role everywhere.
    Everywhere,
    /// In a project: it takes a role there, or everywhere.
    Project,
    /// A role anywhere is enough: what is shared by everybody.
    Anywhere,
}

macro_rules! permissions {
    ($($(#[$doc:meta])* $name:ident, $word:literal, $reach:ident, $reading:literal, $en:literal, $zh:literal;)*) => {
        /// What a call asks to do.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Permission {
            $($(#[$doc])* $name,)*
        }

        impl Permission {
            /// Every permission.
            pub const ALL: &[Permission] = &[$(Permission::$name),*];

            /// The word in the description of the API.
            pub fn as_str(self) -> &'static str {
                match self { $(Permission::$name => $word),* }
            }

            /// Where it is held.
            pub fn reach(self) -> Reach {
                match self { $(Permission::$name => Reach::$reach),* }
            }

            /// Whether it only looks, so that a token that may only read has it.
            pub fn is_reading(self) -> bool {
                match self { $(Permission::$name => $reading),* }
            }

            /// What people read: the end of "your role does not allow you to …".
            pub fn label(self) -> Text {
                match self { $(Permission::$name => Text::new($en, $zh)),* }
            }
        }
    };
}

permissions! {
    /// See users and their roles.
    ViewUsers, "users.view", Anywhere, true, "see users", "查看用户";
    /// Invite, change and deactivate users, and see their tokens.
    ManageUsers, "users.manage", Everywhere, false, "manage users", "管理用户";
    /// Make, see and revoke tokens of one's own, and change one's own password.
    ManageSelf, "self.manage", Anywhere, false, "manage your own account", "管理自己的账户";
    /// Give and take roles in a project.
    ManageMembers, "members.manage", Project, false, "manage the project's members", "管理项目成员";
    /// See credentials, without their secrets.
    ViewCredentials, "credentials.view", Project, true, "see credentials", "查看凭据";
    /// Add, change, use and delete credentials.
    ManageCredentials, "credentials.manage", Project, false, "manage credentials", "管理凭据";
    /// See servers.
    ViewServers, "servers.view", Project, true, "see servers", "查看服务器";
    /// Add, change, check, pin and delete servers.
    ManageServers, "servers.manage", Project, false, "manage servers", "管理服务器";
    /// See projects and environments.
    ViewProjects, "projects.view", Project, true, "see projects", "查看项目";
    /// Add projects.
    CreateProjects, "projects.create", Everywhere, false, "add projects", "添加项目";
    /// Change, check, pin and delete a project and its environments.
    ManageProjects, "projects.manage", Project, false, "manage projects and environments", "管理项目和环境";
    /// Look into a project's repository for something to release.
    PickRefs, "refs.pick", Project, true, "look into repositories", "查看仓库内容";
    /// See hook templates.
    ViewTemplates, "templates.view", Anywhere, true, "see hook templates", "查看钩子模板";
    /// Add, change and delete hook templates.
    ManageTemplates, "templates.manage", Everywhere, false, "manage hook templates", "管理钩子模板";
    /// See releases, their nodes, logs and events.
    ViewReleases, "releases.view", Project, true, "see releases", "查看发布";
    /// Write releases down.
    CreateReleases, "releases.create", Project, false, "create releases", "创建发布";
    /// Start, cancel, retry and roll back releases in environments for test.
    RunTest, "releases.run_test", Project, false, "run releases in test environments", "在测试环境执行发布";
    /// Start, cancel, retry and roll back releases in environments for prod.
    RunProd, "releases.run_prod", Project, false, "run releases in prod environments", "在生产环境执行发布";
    /// Break a rule of an environment's policy, for a written reason.
    OverridePolicy, "policy.override", Everywhere, false, "break an environment's rules", "违反环境策略";
    /// Lock and unlock environments.
    LockEnvironments, "environments.lock", Project, false, "lock environments", "锁定环境";
    /// Fetch files from a project's servers.
    FetchFiles, "servers.fetch", Project, false, "fetch files from servers", "从服务器获取文件";
    /// Run single commands on a project's servers.
    RunCommands, "servers.run", Project, false, "run commands on servers", "在服务器上运行命令";
    /// See what goes on: the overview that the wall shows.
    ViewWall, "wall.view", Anywhere, true, "see the wall", "查看看板";
    /// Make and revoke links that open the wall.
    ManageWallLinks, "wall_links.manage", Everywhere, false, "manage wall links", "管理看板链接";
    /// Change a project's webhooks and notifications.
    ManageIntegrations, "integrations.manage", Project, false, "manage webhooks and notifications", "管理 Webhook 和通知";
    /// Read who changed what in a project.
    ViewAudit, "audit.view", Project, true, "read the audit log", "查看审计日志";
    /// Read who changed what everywhere, and who signed in.
    ViewWholeAudit, "audit.view_all", Everywhere, true, "read the whole audit log", "查看全部审计日志";
    /// See and change what concerns the whole installation.
    ManageSystem, "system.manage", Everywhere, false, "manage the installation", "管理系统设置";
}

impl Permission {
    /// Reads [`Permission::as_str`] back.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|permission| permission.as_str() == word)
    }
}

/// What it takes to call something; every route, server function, topic and command says so where it is defined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Needs {
    /// Nothing: whoever reaches the program may.
    Nothing,
    /// To be a person who is signed in, whatever their role.
    SignIn,
    /// A permission. Where it is held in projects, the service asks again in the project at hand.
    Permission(Permission),
    /// To read and write the data folder on the host.
    DataFolder,
}

impl Needs {
    /// The word in the description of the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Needs::Nothing => "nothing",
            Needs::SignIn => "sign-in",
            Needs::Permission(permission) => permission.as_str(),
            Needs::DataFolder => "data-folder",
        }
    }

    /// Reads [`Needs::as_str`] back.
    pub fn parse(word: &str) -> Option<Self> {
        [Needs::Nothing, Needs::SignIn, Needs::DataFolder]
            .into_iter()
            .find(|needs| needs.as_str() == word)
            .or_else(|| Permission::parse(word).map(Needs::Permission))
    }
}
