//! What the visitor may, as far as pages need to know what to offer. The services decide, whatever a page shows.

use launchway_domain::{EnvironmentKind, Membership, ProjectId, Role};

/// What the visitor is trusted with, everywhere and in projects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct May {
    everywhere: Role,
    memberships: Vec<Membership>,
}

impl May {
    /// That of the visitor, as the page came with it; nothing where nobody is signed in.
    pub fn find() -> Self {
        super::prefs::roles()
            .map_or(Self { everywhere: Role::Member, memberships: Vec::new() }, |text| Self::read(&text))
    }

    /// Everything that is for administrators.
    pub fn administer(&self) -> bool {
        self.everywhere == Role::Admin
    }

    /// Reading the audit: of everything, or of the projects that one manages.
    pub fn see_audit(&self) -> bool {
        self.manage_somewhere()
    }

    /// Seeing people: whoever has any role.
    pub fn see_people(&self) -> bool {
        self.everywhere != Role::Member || !self.memberships.is_empty()
    }

    /// Managing what is a project's, or (none) everybody's.
    pub fn manage(&self, project: Option<ProjectId>) -> bool {
        self.role(project).greater(Role::Manager) == self.role(project)
    }

    /// Managing something of some project at least.
    pub fn manage_somewhere(&self) -> bool {
        self.manage(None) || self.memberships.iter().any(|membership| membership.role == Role::Manager)
    }

    /// Writing releases of a project down.
    pub fn create(&self, project: ProjectId) -> bool {
        let role = self.role(Some(project));
        role.greater(Role::Developer) == role
    }

    /// Writing releases of some project down.
    pub fn create_somewhere(&self) -> bool {
        let wanted = |role: Role| role.greater(Role::Developer) == role;
        wanted(self.everywhere) || self.memberships.iter().any(|membership| wanted(membership.role))
    }

    /// Starting, canceling, retrying and rolling back releases of a project.
    pub fn run(&self, project: ProjectId, kind: EnvironmentKind) -> bool {
        match kind {
            EnvironmentKind::Test => self.create(project),
            EnvironmentKind::Prod => self.manage(Some(project)),
        }
    }

    fn role(&self, project: Option<ProjectId>) -> Role {
        let there = self.memberships.iter().find(|membership| Some(membership.project_id) == project);
        there.map_or(self.everywhere, |membership| membership.role.greater(self.everywhere))
    }

    /// As an attribute of the document: `member 3:manager 5:viewer`.
    #[cfg(any(feature = "ssr", test))]
    pub(crate) fn write(everywhere: Role, memberships: &[Membership]) -> String {
        let mut text = everywhere.as_str().to_owned();
        for Membership { project_id, role } in memberships {
            text += &format!(" {project_id}:{}", role.as_str());
        }
        text
    }

    pub(crate) fn read(text: &str) -> Self {
        let mut words = text.split(' ');
        let everywhere = words.next().and_then(Role::parse).unwrap_or(Role::Member);
        let memberships = words.filter_map(|word| {
            let (project, role) = word.split_once(':')?;
            Some(Membership { project_id: ProjectId(project.parse().ok()?), role: Role::parse(role)? })
        });
        Self { everywhere, memberships: memberships.collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHOP: ProjectId = ProjectId(3);
    const BLOG: ProjectId = ProjectId(5);

    fn may(everywhere: Role, memberships: &[(ProjectId, Role)]) -> May {
        let memberships: Vec<_> =
            memberships.iter().map(|(project_id, role)| Membership { project_id: *project_id, role: *role }).collect();
        let read = May::read(&May::write(everywhere, &memberships));
        assert_eq!(read, May { everywhere, memberships });
        read
    }

    #[test]
    fn a_membership_counts_in_its_project() {
        let kim = may(Role::Member, &[(SHOP, Role::Manager), (BLOG, Role::Developer)]);
        assert!(kim.manage(Some(SHOP)) && !kim.manage(Some(BLOG)) && !kim.manage(None) && kim.manage_somewhere());
        assert!(kim.run(SHOP, EnvironmentKind::Prod) && !kim.run(BLOG, EnvironmentKind::Prod));
        assert!(kim.run(BLOG, EnvironmentKind::Test) && kim.create(BLOG) && !kim.create(ProjectId(9)));
        assert!(kim.see_people() && !kim.administer());
    }

    #[test]
    fn a_viewer_starts_nothing() {
        let lee = may(Role::Viewer, &[]);
        assert!(!lee.create(SHOP) && !lee.create_somewhere() && !lee.run(SHOP, EnvironmentKind::Test));
        let ada = may(Role::Admin, &[(SHOP, Role::Viewer)]);
        assert!(ada.run(SHOP, EnvironmentKind::Prod) && ada.administer() && ada.manage(None));
        assert!(!may(Role::Member, &[]).see_people());
    }
}
