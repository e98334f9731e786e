//! Who may do what: the one place that decides.

use launchway_domain::{Actor, Fault, Role, Text};

/// What a service call asks to do. Every call names one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Permission {
    /// See users and their roles.
    ViewUsers,
    /// Add users, and make tokens for others.
    ManageUsers,
    /// See credentials, without their secrets.
    ViewCredentials,
    /// Add, change and delete credentials.
    ManageCredentials,
    /// See servers.
    ViewServers,
    /// Add, change, check, pin and delete servers.
    ManageServers,
    /// See projects and environments.
    ViewProjects,
    /// Add, change, check, pin and delete projects and environments.
    ManageProjects,
    /// Look into a project's repository for something to release.
    PickRefs,
    /// See hook templates.
    ViewTemplates,
    /// Add, change and delete hook templates.
    ManageTemplates,
    /// See releases, their nodes, logs and events.
    ViewReleases,
    /// Create, start, cancel, retry and roll back releases.
    RunReleases,
    /// See what goes on: the overview that the wall shows.
    ViewWall,
    /// Make and revoke links that open the wall.
    ManageWallLinks,
}

impl Permission {
    /// Every permission.
    pub const ALL: [Permission; 15] = [
        Permission::ViewUsers,
        Permission::ManageUsers,
        Permission::ViewCredentials,
        Permission::ManageCredentials,
        Permission::ViewServers,
        Permission::ManageServers,
        Permission::ViewProjects,
        Permission::ManageProjects,
        Permission::PickRefs,
        Permission::ViewTemplates,
        Permission::ManageTemplates,
        Permission::ViewReleases,
        Permission::RunReleases,
        Permission::ViewWall,
        Permission::ManageWallLinks,
    ];

    /// What people read: the end of "your role does not allow you to …".
    pub fn label(self) -> Text {
        match self {
            Permission::ViewUsers => Text::new("see users", "查看用户"),
            Permission::ManageUsers => Text::new("manage users", "管理用户"),
            Permission::ViewCredentials => Text::new("see credentials", "查看凭据"),
            Permission::ManageCredentials => Text::new("manage credentials", "管理凭据"),
            Permission::ViewServers => Text::new("see servers", "查看服务器"),
            Permission::ManageServers => Text::new("manage servers", "管理服务器"),
            Permission::ViewProjects => Text::new("see projects", "查看项目"),
            Permission::ManageProjects => Text::new("manage projects and environments", "管理项目和环境"),
            Permission::PickRefs => Text::new("look into repositories", "查看仓库内容"),
            Permission::ViewTemplates => Text::new("see hook templates", "查看钩子模板"),
            Permission::ManageTemplates => Text::new("manage hook templates", "管理钩子模板"),
            Permission::ViewReleases => Text::new("see releases", "查看发布"),
            Permission::RunReleases => Text::new("run releases", "执行发布"),
            Permission::ViewWall => Text::new("see the wall", "查看看板"),
            Permission::ManageWallLinks => Text::new("manage wall links", "管理看板链接"),
        }
    }
}

/// Whether the actor may do it.
///
/// # Errors
/// [`Fault::Forbidden`] that names what is missing.
pub fn permit(actor: &Actor, permission: Permission) -> Result<(), Fault> {
    let allowed = match actor {
        Actor::System => true,
        // A screen on a wall: whoever stands before it sees this, and nothing else.
        Actor::Wall(_) => permission == Permission::ViewWall,
        Actor::User(user) => role_allows(user.role, permission),
    };
    if allowed {
        return Ok(());
    }
    let Text { en, zh } = permission.label();
    Err(Fault::Forbidden {
        detail: launchway_domain::text!(
            "Your role does not allow you to {en}. Ask an administrator.",
            "您的角色无权{zh}，请联系管理员。"
        ),
    })
}

fn role_allows(role: Role, permission: Permission) -> bool {
    use Permission::*;
    match role {
        Role::Admin => true,
        Role::Manager => match permission {
            ManageUsers => false,
            ViewUsers | ViewCredentials | ManageCredentials | ViewServers | ManageServers | ViewProjects
            | ManageProjects | PickRefs | ViewTemplates | ManageTemplates | ViewReleases | RunReleases | ViewWall
            | ManageWallLinks => true,
        },
        Role::Developer => match permission {
            ManageUsers | ManageCredentials | ManageServers | ManageProjects | ManageWallLinks => false,
            // Whoever writes hooks may keep them.
            ViewUsers | ViewCredentials | ViewServers | ViewProjects | PickRefs | ViewTemplates | ManageTemplates
            | ViewReleases | RunReleases | ViewWall => true,
        },
        Role::Viewer => match permission {
            ManageUsers | ManageCredentials | ManageServers | ManageProjects | PickRefs | ManageTemplates
            | RunReleases | ManageWallLinks => false,
            ViewUsers | ViewCredentials | ViewServers | ViewProjects | ViewTemplates | ViewReleases | ViewWall => true,
        },
    }
}

#[cfg(test)]
mod tests {
    use launchway_domain::{Timestamp, User, UserId};

    use super::*;

    fn person(role: Role) -> Actor {
        Actor::User(User { id: UserId(1), name: "kim".into(), role, created_at: Timestamp(0) })
    }

    fn granted(role: Role) -> Vec<Permission> {
        Permission::ALL.into_iter().filter(|p| permit(&person(role), *p).is_ok()).collect()
    }

    #[test]
    fn each_role_may_what_its_description_says() {
        use Permission::*;
        assert_eq!(granted(Role::Admin), Permission::ALL);
        assert!(!granted(Role::Manager).contains(&ManageUsers));
        assert_eq!(granted(Role::Manager).len(), Permission::ALL.len() - 1);
        assert_eq!(
            granted(Role::Developer),
            [
                ViewUsers,
                ViewCredentials,
                ViewServers,
                ViewProjects,
                PickRefs,
                ViewTemplates,
                ManageTemplates,
                ViewReleases,
                RunReleases,
                ViewWall
            ]
        );
        assert_eq!(
            granted(Role::Viewer),
            [ViewUsers, ViewCredentials, ViewServers, ViewProjects, ViewTemplates, ViewReleases, ViewWall]
        );
    }

    #[test]
    fn a_lesser_role_may_nothing_that_a_greater_one_may_not() {
        for pair in Role::ALL.windows(2) {
            let greater = granted(pair[0]);
            assert!(granted(pair[1]).iter().all(|p| greater.contains(p)), "{:?} > {:?}", pair[1], pair[0]);
        }
    }

    #[test]
    fn a_refusal_names_what_is_missing() {
        let fault = permit(&person(Role::Viewer), Permission::RunReleases).unwrap_err();
        assert_eq!(fault.status(), 403);
        assert!(fault.detail().en.contains("run releases"));
        assert!(fault.detail().zh.contains("执行发布"));
    }

    #[test]
    fn a_screen_on_a_wall_sees_the_wall_alone() {
        let wall = Actor::Wall(launchway_domain::WallLinkId(1));
        let granted: Vec<_> = Permission::ALL.into_iter().filter(|p| permit(&wall, *p).is_ok()).collect();
        assert_eq!(granted, [Permission::ViewWall]);
    }

    #[test]
    fn the_program_itself_may_everything() {
        assert!(Permission::ALL.into_iter().all(|p| permit(&Actor::System, p).is_ok()));
    }
}
