use launchway_domain::{EnvironmentForm, IfVersion, ProjectForm, RefKind, Role, ServerId};
use launchway_engine::testing::Sshd;

use crate::world::{SYSTEM, World, at, commit, environment_form, git, person, until};

#[tokio::test]
async fn refs_are_those_of_the_remote_at_this_moment() {
    let world = World::new().await;
    let repo = world.repository("repo");
    let project = world.project("Shop", &repo).await;
    let projects = world.services.projects();
    let tags = projects.refs(&SYSTEM, project.id, RefKind::Tag, None).await.unwrap();
    assert_eq!(tags.iter().map(|t| t.name.as_str()).collect::<Vec<_>>(), ["v1"]);
    let two = commit(&repo, "two");
    git(&repo, &["tag", "v2"]);
    git(&repo, &["tag", "-d", "v1"]);
    let tags = projects.refs(&SYSTEM, project.id, RefKind::Tag, None).await.unwrap();
    assert_eq!(tags.iter().map(|t| (t.name.as_str(), t.commit.as_str())).collect::<Vec<_>>(), [("v2", two.as_str())]);
    let branches = projects.refs(&SYSTEM, project.id, RefKind::Branch, None).await.unwrap();
    assert_eq!(branches[0].name, "main");
    let commits = projects.refs(&SYSTEM, project.id, RefKind::Commit, Some("main".into())).await.unwrap();
    assert_eq!(commits.iter().map(|c| c.summary.as_str()).collect::<Vec<_>>(), ["two", "one"]);
    let fault = projects.refs(&SYSTEM, project.id, RefKind::Commit, None).await.unwrap_err();
    assert_eq!(at(&fault), ("branch", "required"));
    let fault = projects.refs(&SYSTEM, project.id, RefKind::Commit, Some("none".into())).await.unwrap_err();
    assert_eq!(at(&fault), ("branch", "not_found"));
    assert_eq!(projects.refs(&person(Role::Viewer), project.id, RefKind::Tag, None).await.unwrap_err().status(), 403);
}

#[tokio::test]
async fn a_repository_that_is_not_there_is_somebody_elses_failure() {
    let world = World::new().await;
    let project = world.project("Shop", &world.folder.path().join("nowhere")).await;
    let projects = world.services.projects();
    let check = projects.check(&SYSTEM, project.id).await.unwrap();
    assert!(!check.ok && check.error.is_some());
    let fault = projects.refs(&SYSTEM, project.id, RefKind::Tag, None).await.unwrap_err();
    assert_eq!(fault.status(), 502, "{fault}");
}

#[tokio::test]
async fn a_check_says_whether_there_is_anything() {
    let world = World::new().await;
    let empty = world.path("empty");
    git(&empty, &["init", "-q", "--bare"]);
    let project = world.project("Empty", &empty).await;
    let check = world.services.projects().check(&SYSTEM, project.id).await.unwrap();
    assert_eq!((check.ok, check.code.as_deref()), (false, Some("empty")), "{:?}", check.error);
    let full = world.project("Full", &world.repository("repo")).await;
    let check = world.services.projects().check(&SYSTEM, full.id).await.unwrap();
    assert!(check.ok, "{:?}", check.error);
}

#[tokio::test]
async fn a_deleted_project_leaves_no_mirror() {
    let world = World::new().await;
    let project = world.project("Shop", &world.repository("repo")).await;
    let projects = world.services.projects();
    projects.refs(&SYSTEM, project.id, RefKind::Tag, None).await.unwrap();
    let mirror = world.folder.path().join("data/mirrors").join(project.id.to_string());
    assert!(mirror.exists());
    projects.delete(&SYSTEM, project.id, &IfVersion::Any).await.unwrap();
    until("the mirror is gone", async || !mirror.exists()).await;
    assert_eq!(projects.get(&SYSTEM, project.id).await.unwrap_err().status(), 404);
}

#[tokio::test]
async fn bad_forms_are_told_at_their_fields() {
    let world = World::new().await;
    let repo = world.repository("repo");
    let project = world.project("Shop", &repo).await;
    let projects = world.services.projects();
    let again =
        ProjectForm { title: "Shop".into(), repo_url: "/srv/x".into(), credential_id: None, ..Default::default() };
    assert_eq!(at(&projects.create(&SYSTEM, again).await.unwrap_err()), ("title", "taken"));
    let nobody = ProjectForm {
        title: "x".into(),
        repo_url: "https://h/x".into(),
        credential_id: Some(9.into()),
        ..Default::default()
    };
    assert_eq!(at(&projects.create(&SYSTEM, nobody).await.unwrap_err()), ("credential_id", "not_found"));
    let create = |form: EnvironmentForm| projects.create_environment(&SYSTEM, project.id, form);
    let fault = create(environment_form("/srv/shop", &[ServerId(7), ServerId(8)])).await.unwrap_err();
    assert_eq!(at(&fault), ("server_ids", "not_found"));
    assert!(fault.detail().en.contains("7, 8"), "{fault}");
    create(environment_form("/srv/shop", &[])).await.unwrap();
    assert_eq!(at(&create(environment_form("/srv/shop", &[])).await.unwrap_err()), ("name", "taken"));
    let nowhere = projects.create_environment(&SYSTEM, 99.into(), environment_form("/srv/shop", &[])).await;
    assert_eq!(nowhere.unwrap_err().status(), 404);
}

#[tokio::test]
async fn an_environments_check_tells_every_server_for_itself() {
    let world = World::new().await;
    let sshd = Sshd::start();
    let good = world.pinned("web-1", &sshd).await;
    let unpinned = world.server("web-2", &sshd).await;
    let project = world.project("Shop", &world.repository("repo")).await;
    let base = world.path("targets").display().to_string();
    let servers = [good.id, unpinned.id];
    let environment = world.environment(&project, &format!("{base}/{{hostname}}/shop"), &servers).await;
    let projects = world.services.projects();
    let check = projects.check_environment(&SYSTEM, environment.id).await.unwrap();
    assert!(!check.ok);
    assert_eq!(
        check.servers.iter().map(|s| (s.hostname.as_str(), s.check.ok)).collect::<Vec<_>>(),
        [("web-1", true), ("web-2", false)]
    );
    assert_eq!(check.servers[1].check.code.as_deref(), Some("unpinned"));
    assert_eq!(check.servers[1].check.host_key, Some(sshd.fingerprint()));
    world.services.servers().pin_host_key(&SYSTEM, unpinned.id, sshd.fingerprint()).await.unwrap();
    let check = projects.check_environment(&SYSTEM, environment.id).await.unwrap();
    assert!(check.ok, "{:?}", check.error);
    // One folder for both of them would be one folder too few.
    let shared = environment_form(&format!("{base}/shop"), &servers);
    projects.update_environment(&SYSTEM, environment.id, shared, &IfVersion::Any).await.unwrap();
    let check = projects.check_environment(&SYSTEM, environment.id).await.unwrap();
    assert!(!check.ok);
    assert!(check.error.unwrap().en.contains("web-1"), "names the twin");
    // A path with a file in its way.
    std::fs::write(format!("{base}/blocked"), "").unwrap();
    let blocked = environment_form(&format!("{base}/blocked/shop"), &[good.id]);
    projects.update_environment(&SYSTEM, environment.id, blocked, &IfVersion::Any).await.unwrap();
    let check = projects.check_environment(&SYSTEM, environment.id).await.unwrap();
    assert_eq!(check.code.as_deref(), Some("path"), "{:?}", check.error);
    projects
        .update_environment(&SYSTEM, environment.id, environment_form("/srv/x", &[]), &IfVersion::Any)
        .await
        .unwrap();
    let check = projects.check_environment(&SYSTEM, environment.id).await.unwrap();
    assert_eq!((check.ok, check.code.as_deref()), (false, Some("no_servers")));
}
