use launchway_domain::{
    EnvironmentId, GitRef, Hooks, Project, RefKind, Release, ReleaseFilter, ReleaseForm, ReleaseKind, ReleaseStatus,
    Role, StartForm,
};

use crate::world::{SYSTEM, World, at, commit, git, open, person, until};

async fn place(world: &World) -> (Project, EnvironmentId) {
    let project = world.project("Shop", &world.repository("repo")).await;
    let environment = world.environment(&project, "/srv/shop", &[]).await;
    (project, environment.id)
}

fn form(project: &Project, environment: EnvironmentId, kind: RefKind, name: &str) -> ReleaseForm {
    ReleaseForm {
        project_id: project.id,
        environment_id: environment,
        git_ref: GitRef { kind, name: name.into() },
        hooks: Hooks {
            before_download: Some("true".into()),
            after_download: Some("  \n".into()),
            before_deploy: None,
            after_deploy: Some("echo live".into()),
        },
        note: Some(" ".into()),
        ..ReleaseForm::default()
    }
}

async fn tagged(world: &World, project: &Project, environment: EnvironmentId) -> Release {
    world.services.releases().create(&SYSTEM, form(project, environment, RefKind::Tag, "v1")).await.unwrap()
}

#[tokio::test]
async fn a_ref_is_resolved_when_the_release_is_created() {
    let world = World::new().await;
    let (project, environment) = place(&world).await;
    let repo = world.folder.path().join("repo");
    let first = git(&repo, &["rev-parse", "HEAD"]);
    let releases = world.services.releases();
    let kim = person_in_store(&world).await;
    let release = releases.create(&kim, form(&project, environment, RefKind::Branch, "main")).await.unwrap();
    assert_eq!((release.commit.as_str(), release.status), (first.as_str(), ReleaseStatus::Pending));
    assert_eq!(release.created_by_name, "kim");
    assert_eq!((release.hooks.after_download.as_deref(), release.note.as_deref()), (None, None));
    // The branch moves on, and its old commit with it: the release keeps what it resolved to.
    let mirror = world.folder.path().join("data/mirrors").join(project.id.to_string());
    let pin = format!("refs/launchway/releases/{}", release.id);
    until("the commit is pinned in the mirror", async || {
        mirror.exists()
            && std::process::Command::new("git")
                .arg("-C")
                .arg(&mirror)
                .args(["rev-parse", "--verify", "-q", &pin])
                .output()
                .is_ok_and(|o| o.status.success())
    })
    .await;
    git(&repo, &["commit", "-q", "--amend", "-m", "other"]);
    assert_ne!(git(&repo, &["rev-parse", "main"]), first);
    assert_eq!(git(&mirror, &["rev-parse", &pin]), first);
}

async fn person_in_store(world: &World) -> launchway_domain::Actor {
    let form = launchway_domain::SetupForm { name: "kim".into(), password: "correct horse".into() };
    launchway_domain::Actor::from(
        world.services.accounts().setup(form, std::net::Ipv4Addr::LOCALHOST.into()).await.unwrap(),
    )
}

#[tokio::test]
async fn a_ref_or_place_that_is_not_there_is_told_at_its_field() {
    let world = World::new().await;
    let (project, environment) = place(&world).await;
    let other = world.project("Other", &world.repository("other")).await;
    let releases = world.services.releases();
    let cases = [
        (form(&project, environment, RefKind::Tag, "v9"), ("ref.name", "unknown_ref")),
        (form(&project, environment, RefKind::Branch, "v1"), ("ref.name", "unknown_ref")),
        (form(&project, environment, RefKind::Commit, &"0".repeat(40)), ("ref.name", "unknown_ref")),
        (form(&project, environment, RefKind::Tag, "v1;$(touch owned)"), ("ref.name", "unknown_ref")),
        (form(&other, environment, RefKind::Tag, "v1"), ("environment_id", "other_project")),
        (form(&project, EnvironmentId(99), RefKind::Tag, "v1"), ("environment_id", "not_found")),
        (
            ReleaseForm { project_id: 99.into(), ..form(&project, environment, RefKind::Tag, "v1") },
            ("project_id", "not_found"),
        ),
    ];
    for (form, expected) in cases {
        let name = form.git_ref.name.clone();
        assert_eq!(at(&releases.create(&SYSTEM, form).await.unwrap_err()), expected, "{name}");
    }
    assert!(releases.list(&SYSTEM, ReleaseFilter::default()).await.unwrap().items.is_empty(), "nothing half-done");
}

#[tokio::test]
async fn a_remote_that_cannot_be_reached_is_an_upstream_failure() {
    let world = World::new().await;
    let project = world.project("Shop", &world.folder.path().join("nowhere")).await;
    let environment = world.environment(&project, "/srv/shop", &[]).await;
    let form = form(&project, environment.id, RefKind::Tag, "v1");
    let fault = world.services.releases().create(&SYSTEM, form).await.unwrap_err();
    assert_eq!(fault.status(), 502, "{fault}");
}

#[tokio::test]
async fn an_empty_repository_has_no_ref_to_release() {
    let world = World::new().await;
    let empty = world.path("empty");
    git(&empty, &["init", "-q", "--bare"]);
    let project = world.project("Empty", &empty).await;
    let environment = world.environment(&project, "/srv/shop", &[]).await;
    let form = form(&project, environment.id, RefKind::Tag, "v1");
    let fault = world.services.releases().create(&SYSTEM, form).await.unwrap_err();
    assert_eq!(at(&fault), ("ref.name", "unknown_ref"));
}

#[tokio::test]
async fn of_two_who_press_start_at_once_one_starts_it() {
    let world = World::new().await;
    let (project, environment) = place(&world).await;
    let release = tagged(&world, &project, environment).await;
    let releases = world.services.releases();
    let (one, two) = tokio::join!(
        releases.start(&SYSTEM, release.id, StartForm::default()),
        releases.start(&SYSTEM, release.id, StartForm::default())
    );
    let (won, lost) = if one.is_ok() { (one, two) } else { (two, one) };
    assert_eq!(won.unwrap().status, ReleaseStatus::Queued);
    let fault = lost.unwrap_err();
    assert_eq!(fault.status(), 409);
    assert!(fault.detail().en.contains("queued"), "{fault}");
}

#[tokio::test]
async fn each_status_allows_what_it_allows() {
    let world = World::new().await;
    let (project, environment) = place(&world).await;
    let release = tagged(&world, &project, environment).await;
    let releases = world.services.releases();
    assert_eq!(releases.retry(&SYSTEM, release.id, StartForm::default()).await.unwrap_err().status(), 409);
    assert_eq!(releases.rollback(&SYSTEM, release.id, StartForm::default()).await.unwrap_err().status(), 409);
    assert_eq!(releases.cancel(&SYSTEM, release.id).await.unwrap().status, ReleaseStatus::Canceled);
    assert_eq!(releases.cancel(&SYSTEM, release.id).await.unwrap_err().status(), 409);
    assert_eq!(releases.start(&SYSTEM, release.id, StartForm::default()).await.unwrap_err().status(), 409);
    assert_eq!(releases.retry(&SYSTEM, release.id, StartForm::default()).await.unwrap().status, ReleaseStatus::Queued);
    for fault in [
        releases.start(&SYSTEM, 99.into(), StartForm::default()).await.unwrap_err(),
        releases.get(&SYSTEM, 99.into()).await.unwrap_err(),
        releases.rollback(&SYSTEM, 99.into(), StartForm::default()).await.unwrap_err(),
        releases.log(&SYSTEM, release.id, launchway_domain::NodeKey("nope".into()), None, 0).await.unwrap_err(),
    ] {
        assert_eq!(fault.status(), 404, "{fault}");
    }
    let viewer = person(Role::Viewer);
    assert_eq!(releases.cancel(&viewer, release.id).await.unwrap_err().status(), 403);
    assert_eq!(releases.get(&viewer, release.id).await.unwrap().release.status, ReleaseStatus::Queued);
}

#[tokio::test]
async fn a_rollback_is_a_new_release_of_what_was_live() {
    let world = World::new().await;
    let (project, environment) = place(&world).await;
    let release = tagged(&world, &project, environment).await;
    let (releases, store) = (world.services.releases(), world.services.store());
    let succeed = async |id| {
        let (lease, claimed) = store.claim("test", 60_000).await.unwrap().unwrap();
        assert_eq!(claimed.id, id);
        store.finish(&lease, ReleaseStatus::Succeeded, None).await.unwrap();
    };
    releases.start(&SYSTEM, release.id, StartForm::default()).await.unwrap();
    succeed(release.id).await;
    let back = releases.rollback(&SYSTEM, release.id, StartForm::default()).await.unwrap();
    assert_ne!(back.id, release.id);
    assert_eq!((back.kind, back.status), (ReleaseKind::Rollback, ReleaseStatus::Queued));
    assert_eq!((&back.git_ref, &back.commit), (&release.git_ref, &release.commit));
    assert_eq!((back.hooks.before_download.as_deref(), back.hooks.after_deploy.as_deref()), (None, Some("echo live")));
    assert_eq!(store.release_rollback_of(back.id).await.unwrap(), Some(release.id));
    succeed(back.id).await;
    let again = releases.rollback(&SYSTEM, back.id, StartForm::default()).await.unwrap();
    assert_eq!(store.release_rollback_of(again.id).await.unwrap(), Some(release.id), "where the artifact is");
}

#[tokio::test]
async fn lists_say_what_is_wrong_with_their_parameters() {
    let world = World::new().await;
    let releases = world.services.releases();
    for (filter, field) in [
        (ReleaseFilter { limit: Some(0), ..Default::default() }, "limit"),
        (ReleaseFilter { limit: Some(201), ..Default::default() }, "limit"),
        (ReleaseFilter { cursor: Some("x".into()), ..Default::default() }, "cursor"),
    ] {
        assert_eq!(at(&releases.list(&SYSTEM, filter).await.unwrap_err()).0, field);
    }
}

#[tokio::test]
async fn what_was_not_fetched_before_the_program_stopped_is_fetched_after() {
    let world = World::new().await;
    let (project, environment) = place(&world).await;
    let release = tagged(&world, &project, environment).await;
    world.services.shutdown().await;
    let mirror = world.folder.path().join("data/mirrors").join(project.id.to_string());
    let _ = std::fs::remove_dir_all(&mirror);
    commit(&world.folder.path().join("repo"), "later");
    let services = open(world.folder.path()).await;
    services.resume();
    let pin = mirror.join("refs/launchway/releases").join(release.id.to_string());
    until("the commit is pinned again", async || pin.exists()).await;
    services.shutdown().await;
}
