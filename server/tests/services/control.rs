//! Locks, times, ways and commands, as the services themselves decide on them, whoever asks and by whatever face.

use std::time::Duration;

use launchway_app::ports::Ports;
use launchway_domain::{
    CommandForm, CommandStatus, EnvironmentId, Fault, FilesForm, GitRef, LockForm, PromoteForm, RefKind, ReleaseForm,
    ReleaseId, ReleaseStatus, Role, RollbackForm, ScheduleForm, StartForm, Timestamp, WaitFor,
};
use launchway_engine::testing::Sshd;

use crate::world::{SYSTEM, World, at, person};

const HOUR: i64 = 3_600_000;

async fn pending(world: &World) -> (Ports, EnvironmentId, ReleaseId) {
    let project = world.project("Shop", &world.repository("repo")).await;
    let environment = world.environment(&project, "/srv/shop", &[]).await;
    let git_ref = GitRef { kind: RefKind::Tag, name: "v1".into() };
    let form = ReleaseForm { project_id: project.id, environment_id: environment.id, git_ref, ..Default::default() };
    let release = world.services.releases().create(&SYSTEM, form).await.unwrap();
    (world.services.ports(), environment.id, release.id)
}

fn lock(reason: &str) -> LockForm {
    LockForm { reason: reason.into(), ..Default::default() }
}

#[tokio::test]
async fn a_lock_is_one_persons_and_says_to_others_whose() {
    let world = World::new().await;
    let (ports, environment, release) = pending(&world).await;
    let queues = &ports.queues;
    for role in [Role::Viewer, Role::Developer] {
        let refused = queues.lock(&person(role), environment, lock("x")).await.unwrap_err();
        assert!(matches!(refused, Fault::Forbidden { .. }), "{role:?}: {refused:?}");
    }
    assert_eq!(at(&queues.lock(&SYSTEM, environment, lock(" ")).await.unwrap_err()), ("reason", "required"));
    let stranger = LockForm { release_id: Some(ReleaseId(99)), ..lock("x") };
    assert_eq!(at(&queues.lock(&SYSTEM, environment, stranger).await.unwrap_err()), ("release_id", "not_found"));
    assert!(queues.lock_of(&SYSTEM, environment).await.unwrap().is_none());
    queues.lock(&SYSTEM, environment, lock("Stocktaking")).await.unwrap();
    let held = queues.lock(&SYSTEM, environment, lock("mine")).await.unwrap_err();
    assert!(matches!(&held, Fault::Conflict { .. }) && held.detail().en.contains("Stocktaking"), "{held:?}");
    assert!(held.detail().zh.contains("Stocktaking"));
    world.services.releases().start(&SYSTEM, release, StartForm::default()).await.unwrap();
    let place = queues.place(&person(Role::Viewer), release).await.unwrap();
    assert_eq!((place.place, place.waits[0].what), (Some(1), WaitFor::Lock));
    queues.unlock(&SYSTEM, environment).await.unwrap();
    assert!(matches!(queues.unlock(&SYSTEM, environment).await, Err(Fault::NotFound { .. })));
}

#[tokio::test]
async fn a_time_is_ahead_and_of_a_release_that_waits() {
    let world = World::new().await;
    let (ports, _, release) = pending(&world).await;
    let later = |millis: i64| ScheduleForm { at: Some(Timestamp::now().plus_millis(millis)) };
    let early = ports.queues.schedule(&SYSTEM, release, later(HOUR)).await.unwrap_err();
    assert!(matches!(early, Fault::Conflict { .. }), "nobody has started it: {early:?}");
    let start = |millis: i64| StartForm { at: Some(Timestamp::now().plus_millis(millis)), exception: None };
    let releases = world.services.releases();
    assert_eq!(at(&releases.start(&SYSTEM, release, start(-HOUR)).await.unwrap_err()), ("at", "past"));
    let queued = releases.start(&SYSTEM, release, start(HOUR)).await.unwrap();
    assert_eq!(queued.status, ReleaseStatus::Queued);
    assert_eq!(at(&ports.queues.schedule(&SYSTEM, release, later(-HOUR)).await.unwrap_err()), ("at", "past"));
    let far = ports.queues.schedule(&SYSTEM, release, later(400 * 24 * HOUR)).await.unwrap_err();
    assert_eq!(at(&far), ("at", "too_far"));
    let refused = ports.queues.schedule(&person(Role::Viewer), release, later(HOUR)).await.unwrap_err();
    assert!(matches!(refused, Fault::Forbidden { .. }), "{refused:?}");
    let moved = ports.queues.schedule(&SYSTEM, release, ScheduleForm { at: None }).await.unwrap();
    assert_eq!(moved.start_at, None);
    let noon = ports.queues.instant("at", "2026-12-24T12:00", "Asia/Shanghai").await.unwrap();
    assert_eq!(noon, Timestamp::parse("2026-12-24T04:00:00Z").unwrap());
    assert_eq!(at(&ports.queues.instant("at", "2026-12-24T12:00", "Mars/Olympus").await.unwrap_err()).0, "at");
}

#[tokio::test]
async fn there_is_nothing_to_go_back_to_or_on_with() {
    let world = World::new().await;
    let (ports, environment, release) = pending(&world).await;
    let back = |id| RollbackForm { release_id: id, exception: None };
    for form in [back(None), back(Some(release))] {
        let refused = ports.ways.roll_back(&SYSTEM, environment, form).await.unwrap_err();
        assert!(matches!(refused, Fault::Conflict { .. }) && !refused.detail().zh.is_ascii(), "{refused:?}");
    }
    let unknown = ports.ways.roll_back(&SYSTEM, environment, back(Some(ReleaseId(99)))).await.unwrap_err();
    assert_eq!(at(&unknown), ("release_id", "not_found"));
    assert!(ports.ways.back(&SYSTEM, environment, None, None, false).await.unwrap().items.is_empty());
    let on = ports.ways.promote(&SYSTEM, environment, PromoteForm::default()).await.unwrap_err();
    assert!(matches!(on, Fault::Conflict { .. } | Fault::Invalid { .. }), "{on:?}");
    let viewer = person(Role::Viewer);
    assert!(matches!(ports.ways.roll_back(&viewer, environment, back(None)).await, Err(Fault::Forbidden { .. })));
    let promoted = ports.ways.promote(&viewer, environment, PromoteForm::default()).await;
    assert!(matches!(promoted, Err(Fault::Forbidden { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_is_a_managers_and_runs_where_it_is_told() {
    let world = World::new().await;
    let sshd = Sshd::start();
    let server = world.pinned("web-1", &sshd).await;
    let project = world.project("Shop", &world.repository("repo")).await;
    let site = world.path("site");
    let environment = world.environment(&project, site.to_str().unwrap(), &[server.id]).await;
    let remote = world.services.ports().remote;
    let run = |command: &str| CommandForm { command: command.into(), ..Default::default() };
    let files = |path: &str| FilesForm { path: path.into(), ..Default::default() };
    let long = Duration::from_secs(60);
    for role in [Role::Viewer, Role::Developer] {
        let refused = remote.run(&person(role), environment.id, run("touch owned"), long).await.unwrap_err();
        assert!(matches!(refused, Fault::Forbidden { .. }), "{role:?}: {refused:?}");
        let refused = remote.preview(&person(role), environment.id, files(".")).await.unwrap_err();
        assert!(matches!(refused, Fault::Forbidden { .. }), "{role:?}: {refused:?}");
    }
    assert!(!site.join("owned").exists());
    assert_eq!(at(&remote.run(&SYSTEM, environment.id, run(" "), long).await.unwrap_err()).0, "command");
    let done = remote.run(&SYSTEM, environment.id, run("pwd; echo x > made"), long).await.unwrap();
    assert_eq!(done.status, CommandStatus::Done, "{done:?}");
    let place = format!("{}\n", site.canonicalize().unwrap().display());
    assert_eq!((done.groups[0].exit_status, &done.groups[0].output), (Some(0), &place));
    let ended = remote.cancel(&SYSTEM, done.id).await.unwrap_err();
    assert!(matches!(ended, Fault::Conflict { .. }), "{ended:?}");
    let found = remote.preview(&SYSTEM, environment.id, files("made")).await.unwrap();
    assert_eq!((found.files, found.bytes), (1, 2));
    // An absolute path is an administrator's; a manager is told where to look instead.
    let outside = remote.preview(&person(Role::Manager), environment.id, files("/etc/passwd")).await.unwrap_err();
    assert_eq!(at(&outside), ("path", "outside"));
}
