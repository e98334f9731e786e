//! What keeps a release from running, with the program itself: the queue, a lock, a time, a freeze; and SIGKILL in each.

use launchway_domain::Timestamp;
use reqwest::Method;
use serde_json::{Value, json};

use crate::world::World;

fn ahead(millis: i64) -> String {
    Timestamp::now().plus_millis(millis).rfc3339()
}

async fn place(world: &World, release: i64) -> Value {
    world.program.get(&format!("/releases/{release}/queue")).await
}

async fn status(world: &World, release: i64) -> String {
    world.program.get(&format!("/releases/{release}")).await["status"].as_str().unwrap().to_owned()
}

/// Whether the runner leaves a release alone: another one that came later, elsewhere, is taken up and ends meanwhile.
async fn is_kept(world: &World, release: i64, elsewhere: i64) {
    let body = json!({"project_id": world.project, "environment_id": elsewhere, "ref": {"kind": "tag", "name": "v1"}});
    let other = crate::world::id(&world.program.post("/releases", body).await);
    world.program.post(&format!("/releases/{other}/start"), json!({})).await;
    world.program.ended(other).await;
    assert_eq!(status(world, release).await, "queued");
}

async fn elsewhere(world: &World) -> i64 {
    let path = format!("{}/elsewhere/{{hostname}}", world.sites.path().display());
    world.add_environment(json!({"name": "other", "kind": "test", "path": path, "server_ids": world.servers})).await
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_one_release_is_handed_over_to_the_next() {
    let mut world = World::new(1).await;
    let gate = world.sites.path().join("gate");
    let wait = format!("until [ -e '{}' ]; do sleep 0.05; done\n", gate.display());
    let first = world.start("v1", json!({"before_deploy": wait})).await;
    world.program.until(first, "the first", |state, _| state["status"] == "running").await;
    let second = world.start("v1", json!({})).await;
    let third = world.start("v1", json!({})).await;
    for round in 0..2 {
        let (second, third) = (place(&world, second).await, place(&world, third).await);
        assert_eq!((&second["place"], &second["waits"][0]["release_id"]), (&json!(1), &json!(first)), "{second}");
        assert_eq!((&third["place"], &third["waits"][0]["release_id"]), (&json!(2), &second["release_id"]), "{third}");
        if round == 0 {
            world.program.kill();
            world.program.serve().await;
        }
    }
    std::fs::write(&gate, "").unwrap();
    // As soon as the first has ended: between its end and the next one's beginning.
    assert_eq!(world.program.ended(first).await, "succeeded");
    world.program.kill();
    world.program.serve().await;
    assert_eq!(world.program.ended(second).await, "succeeded");
    assert_eq!(world.program.ended(third).await, "succeeded");
    let ended = |release: Value| release["finished_at"].as_str().unwrap().to_owned();
    let order = [
        ended(world.program.get(&format!("/releases/{first}")).await),
        ended(world.program.get(&format!("/releases/{second}")).await),
        ended(world.program.get(&format!("/releases/{third}")).await),
    ];
    assert!(order.is_sorted(), "{order:?}");
    assert_eq!(world.live(1), Some(world.repository.archive("v1")));
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_a_release_waits_for_a_lock() {
    let mut world = World::new(1).await;
    let other = elsewhere(&world).await;
    let lock = format!("/environments/{}/lock", world.environment);
    world.program.post(&lock, json!({"reason": "Stocktaking"})).await;
    let release = world.start("v1", json!({})).await;
    is_kept(&world, release, other).await;
    world.program.kill();
    world.program.serve().await;
    is_kept(&world, release, other).await;
    assert_eq!(place(&world, release).await["waits"][0]["reason"], "Stocktaking");
    let (done, _) = world.program.call(Method::DELETE, &lock, None).await;
    assert_eq!(done, 204);
    assert_eq!(world.program.ended(release).await, "succeeded");

    // One that runs out while the program is not there.
    world.program.post(&lock, json!({"reason": "A moment", "until": ahead(1500)})).await;
    let release = world.start("v1", json!({})).await;
    world.program.kill();
    world.program.serve().await;
    assert_eq!(world.program.ended(release).await, "succeeded");
    assert_eq!(world.program.call(Method::GET, &lock, None).await.0, 404);
    let events = format!("/events?topics=project:{}&after=0&wait=0", world.project);
    let deadline = std::time::Instant::now() + crate::program::PATIENCE;
    loop {
        let told = world.program.get(&events).await;
        let count = told["items"].as_array().unwrap().iter().filter(|e| e["kind"] == "environment.unlocked").count();
        if count == 2 {
            break;
        }
        assert!(std::time::Instant::now() < deadline, "{told:#}");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_a_release_waits_for_its_time() {
    let mut world = World::new(1).await;
    let at = ahead(3000);
    let release = world.create("v1", json!({})).await;
    world.program.post(&format!("/releases/{release}/start"), json!({"at": at})).await;
    world.program.kill();
    world.program.serve().await;
    let done = world.program.until(release, "the end", |state, _| state["status"] == "succeeded").await;
    assert!(done["started_at"].as_str().unwrap() >= at.as_str(), "{done}");
    assert_eq!(done["start_at"], at);
    // A time that passes while the program is not there is not missed.
    let late = world.create("v1", json!({})).await;
    world.program.post(&format!("/releases/{late}/start"), json!({"at": ahead(1000)})).await;
    world.program.kill();
    tokio::time::sleep(std::time::Duration::from_millis(1200)).await;
    world.program.serve().await;
    assert_eq!(world.program.ended(late).await, "succeeded");
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_a_release_waits_for_the_end_of_a_freeze() {
    let mut world = World::new(1).await;
    let other = elsewhere(&world).await;
    let environment = format!("/environments/{}", world.environment);
    let dates = |later: i64| {
        let day = |days: i64| ahead(days * 24 * 3600 * 1000)[..10].to_owned();
        json!({"policy": {"calendar": {"dates": [{"from": day(later - 1), "to": day(later + 1)}]}}})
    };
    // Queued before the freeze begins: it is put off until a time that lies within.
    let release = world.create("v1", json!({})).await;
    world.program.post(&format!("/releases/{release}/start"), json!({"at": ahead(2500)})).await;
    assert_eq!(world.program.call(Method::PATCH, &environment, Some(dates(0))).await.0, 200);
    world.program.kill();
    tokio::time::sleep(std::time::Duration::from_millis(2500)).await;
    world.program.serve().await;
    is_kept(&world, release, other).await;
    let refused = world.create("v1", json!({})).await;
    let start = format!("/releases/{refused}/start");
    assert_eq!(world.program.call(Method::POST, &start, Some(json!({}))).await.0, 409);
    world.program.post(&start, json!({"exception": "The shop is down"})).await;
    assert_eq!(world.program.ended(refused).await, "succeeded");
    assert_eq!(status(&world, release).await, "queued");
    assert_eq!(world.program.call(Method::PATCH, &environment, Some(dates(9))).await.0, 200);
    assert_eq!(world.program.ended(release).await, "succeeded");
}
