//! Who may do what: the one place that decides.

use launchway_domain::permission::Reach;
use launchway_domain::{Actor, Fault, Grant, Permission, Person, ProjectId, Role, Text, TokenScope};

/// Whether the actor may do it: for the whole installation where the permission is held there, or in some project at
/// least. Every service call asks this before it looks at anything; what is a project's asks [`permit_in`] as well.
///
/// # Errors
/// [`Fault::Forbidden`] that names what is missing.
pub fn permit(actor: &Actor, permission: Permission) -> Result<(), Fault> {
    decide(actor, permission, |person| match permission.reach() {
        Reach::Everywhere => person.role_everywhere(),
        Reach::Project | Reach::Anywhere => person.role_somewhere(),
    })
}

/// Whether the actor may do it in a project.
///
/// # Errors
/// [`Fault::NotFound`] where they do not see the project at all: what is not theirs is not there.
/// [`Fault::Forbidden`] that names what is missing.
pub fn permit_in(actor: &Actor, permission: Permission, project: ProjectId) -> Result<(), Fault> {
    if !actor.visible().has(project) {
        return Err(Fault::not_found(Text::new(
            "There is no such thing. It may have been deleted.",
            "没有该对象，它可能已被删除。",
        )));
    }
    decide(actor, permission, |person| person.role_in(project))
}

/// The same for what belongs to a project or to everybody; the latter takes a role everywhere.
///
/// # Errors
/// As [`permit_in`].
pub fn permit_of(actor: &Actor, permission: Permission, project: Option<ProjectId>) -> Result<(), Fault> {
    match project {
        Some(project) => permit_in(actor, permission, project),
        None => decide(actor, permission, Person::role_everywhere),
    }
}

fn decide(actor: &Actor, permission: Permission, role: impl FnOnce(&Person) -> Role) -> Result<(), Fault> {
    let allowed = match actor {
        Actor::System => true,
        // A screen on a wall: whoever stands before it sees this, and nothing else.
        Actor::Wall(_) => permission == Permission::ViewWall,
        Actor::User(person) => {
            if !person.grant.as_ref().is_none_or(|grant| grant_allows(grant, permission)) {
                return Err(narrow(permission));
            }
            role_allows(role(person), permission)
        }
    };
    if allowed { Ok(()) } else { Err(forbidden(permission)) }
}

fn forbidden(permission: Permission) -> Fault {
    let Text { en, zh } = permission.label();
    Fault::Forbidden {
        detail: launchway_domain::text!(
            "Your role does not allow you to {en}. Ask an administrator.",
            "您的角色无权{zh}，请联系管理员。"
        ),
    }
}

fn narrow(permission: Permission) -> Fault {
    let Text { en, zh } = permission.label();
    Fault::Forbidden {
        detail: launchway_domain::text!(
            "This token's scope does not allow it to {en}. Make a token with a wider scope.",
            "此令牌的权限范围不允许{zh}，请创建权限范围更大的令牌。"
        ),
    }
}

fn grant_allows(grant: &Grant, permission: Permission) -> bool {
    use Permission::*;
    match grant.scope {
        TokenScope::Administer => true,
        TokenScope::Release => permission.is_reading() || matches!(permission, CreateReleases | RunTest | RunProd),
        TokenScope::Read => permission.is_reading(),
    }
}

fn role_allows(role: Role, permission: Permission) -> bool {
    use Permission::*;
    match role {
        Role::Admin => true,
        Role::Manager => match permission {
            ManageUsers | ViewWholeAudit | ManageSystem | OverridePolicy => false,
            ViewUsers | ManageSelf | ManageMembers | ViewCredentials | ManageCredentials | ViewServers
            | ManageServers | ViewProjects | CreateProjects | ManageProjects | PickRefs | ViewTemplates
            | ManageTemplates | ViewReleases | CreateReleases | RunTest | RunProd | ViewWall | ManageWallLinks
            | ManageIntegrations | LockEnvironments | FetchFiles | RunCommands | ViewAudit => true,
        },
        Role::Developer => match permission {
            ManageUsers | ManageMembers | ManageCredentials | ManageServers | CreateProjects | ManageProjects
            | RunProd | ManageWallLinks | ManageIntegrations | ViewAudit | ViewWholeAudit | ManageSystem
            | OverridePolicy | LockEnvironments | FetchFiles | RunCommands => false,
            // Whoever writes hooks may keep them.
            ViewUsers | ManageSelf | ViewCredentials | ViewServers | ViewProjects | PickRefs | ViewTemplates
            | ManageTemplates | ViewReleases | CreateReleases | RunTest | ViewWall => true,
        },
        Role::Viewer => match permission {
            ManageUsers | ManageMembers | ManageCredentials | ManageServers | CreateProjects | ManageProjects
            | PickRefs | ManageTemplates | CreateReleases | RunTest | RunProd | ManageWallLinks
            | ManageIntegrations | ViewAudit | ViewWholeAudit | ManageSystem | OverridePolicy | LockEnvironments
            | FetchFiles | RunCommands => false,
            ViewUsers | ManageSelf | ViewCredentials | ViewServers | ViewProjects | ViewTemplates | ViewReleases
            | ViewWall => true,
        },
        // Signed in, and nowhere yet: an overview without anything in it, and their own account.
        Role::Member => matches!(permission, ManageSelf | ViewWall),
    }
}

#[cfg(test)]
mod tests {
    use launchway_domain::{Membership, Timestamp, User, UserId, WallLinkId};

    use super::*;

    const ONE: ProjectId = ProjectId(1);
    const OTHER: ProjectId = ProjectId(2);

    fn user(role: Role) -> Person {
        Person::new(User { id: UserId(1), name: "kim".into(), role, created_at: Timestamp(0) })
    }

    fn actor(person: Person) -> Actor {
        Actor::User(Box::new(person))
    }

    fn granted(role: Role) -> Vec<Permission> {
        let kim = actor(user(role));
        Permission::ALL.iter().copied().filter(|p| permit(&kim, *p).is_ok()).collect()
    }

    #[test]
    fn each_role_may_what_its_description_says() {
        use Permission::*;
        assert_eq!(granted(Role::Admin), Permission::ALL);
        assert_eq!(granted(Role::Manager).len(), Permission::ALL.len() - 4);
        let viewer =
            [ViewUsers, ManageSelf, ViewCredentials, ViewServers, ViewProjects, ViewTemplates, ViewReleases, ViewWall];
        assert_eq!(granted(Role::Viewer), viewer);
        let more: Vec<_> = granted(Role::Developer).into_iter().filter(|p| !viewer.contains(p)).collect();
        assert_eq!(more, [PickRefs, ManageTemplates, CreateReleases, RunTest]);
        assert_eq!(granted(Role::Member), [ManageSelf, ViewWall]);
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
        let fault = permit(&actor(user(Role::Viewer)), Permission::RunTest).unwrap_err();
        assert_eq!(fault.status(), 403);
        assert!(fault.detail().en.contains("run releases"));
        assert!(fault.detail().zh.contains("执行发布"));
    }

    #[test]
    fn a_membership_counts_in_its_project_alone() {
        let kim =
            Person { memberships: vec![Membership { project_id: ONE, role: Role::Manager }], ..user(Role::Viewer) };
        let kim = actor(kim);
        permit(&kim, Permission::RunProd).unwrap();
        permit_in(&kim, Permission::RunProd, ONE).unwrap();
        assert_eq!(permit_in(&kim, Permission::RunProd, OTHER).unwrap_err().status(), 403);
        permit_in(&kim, Permission::ViewReleases, OTHER).unwrap();
        // What is everybody's is not a project manager's to change, nor is the installation.
        permit_of(&kim, Permission::ManageServers, Some(ONE)).unwrap();
        assert_eq!(permit_of(&kim, Permission::ManageServers, None).unwrap_err().status(), 403);
        assert_eq!(permit(&kim, Permission::CreateProjects).unwrap_err().status(), 403);
    }

    #[test]
    fn what_a_member_does_not_see_is_not_there() {
        let kim =
            Person { memberships: vec![Membership { project_id: ONE, role: Role::Viewer }], ..user(Role::Member) };
        let kim = actor(kim);
        assert_eq!(permit_in(&kim, Permission::RunTest, ONE).unwrap_err().status(), 403);
        assert_eq!(permit_in(&kim, Permission::ViewReleases, OTHER).unwrap_err().status(), 404);
    }

    #[test]
    fn a_token_narrows_its_owner() {
        let with = |scope, project| {
            let grant = Grant { token_id: 1, label: "ci".into(), scope, project };
            actor(Person { grant: Some(grant), ..user(Role::Admin) })
        };
        let reading = with(TokenScope::Read, None);
        for permission in Permission::ALL {
            assert_eq!(permit(&reading, *permission).is_ok(), permission.is_reading(), "{permission:?}");
        }
        let releasing = with(TokenScope::Release, Some(ONE));
        permit_in(&releasing, Permission::RunProd, ONE).unwrap();
        assert_eq!(permit_in(&releasing, Permission::ManageProjects, ONE).unwrap_err().status(), 403);
        assert_eq!(permit_in(&releasing, Permission::RunProd, OTHER).unwrap_err().status(), 404);
        let one = with(TokenScope::Administer, Some(ONE));
        permit_in(&one, Permission::ManageProjects, ONE).unwrap();
        assert_eq!(permit(&one, Permission::ManageUsers).unwrap_err().status(), 403);
        assert_eq!(permit_of(&one, Permission::ManageServers, None).unwrap_err().status(), 403);
    }

    #[test]
    fn a_screen_on_a_wall_sees_the_wall_alone() {
        let wall = Actor::Wall(WallLinkId(1));
        let granted: Vec<_> = Permission::ALL.iter().filter(|p| permit(&wall, **p).is_ok()).collect();
        assert_eq!(granted, [&Permission::ViewWall]);
    }

    #[test]
    fn the_program_itself_may_everything() {
        assert!(Permission::ALL.iter().all(|p| permit(&Actor::System, *p).is_ok()));
        permit_of(&Actor::System, Permission::ManageServers, None).unwrap();
    }
}
