//! Tidying up, with real releases: what a rollback needs stays, and what is gone is built again.

use launchway_engine::store::Store;
use launchway_engine::testing::age;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::world::{World, id};

/// Makes everything that was released some months older.
async fn months_later(world: &World) {
    age(&Store::sqlite_url(&world.program.data().join("launchway.db")).unwrap(), 200).await;
}

async fn settings(world: &World, body: Value) {
    let (status, answer) = world.program.call(Method::PATCH, "/housekeeping", Some(body)).await;
    assert!(status.is_success(), "{answer}");
}

fn next(world: &World, tag: &str) {
    world.repository.write("index.html", format!("{tag}\n").as_bytes());
    world.repository.commit(tag);
    world.repository.tag(tag);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_rolls_back_after_a_tidy() {
    let world = World::new(2).await;
    let environment = format!("/environments/{}", world.environment);
    world.program.call(Method::PATCH, &environment, Some(json!({"keep": 1}))).await;
    let (failed, status) = world.release("v1", json!({"before_deploy": "exit 3"})).await;
    assert_eq!(status, "failed");
    let mut ids = Vec::new();
    for tag in ["v1", "v2", "v3"] {
        if tag != "v1" {
            next(&world, tag);
        }
        let (release, status) = world.release(tag, json!({"after_download": "echo built >built"})).await;
        assert_eq!(status, "succeeded");
        ids.push(release);
    }
    let artifact = |id: i64| world.program.data().join(format!("artifacts/{id}"));
    settings(&world, json!({"artifact_days": 90, "log_days": 90, "keep_artifacts": 2})).await;
    let nothing = world.program.get("/housekeeping/plan").await;
    assert_eq!((&nothing["next"]["artifacts"]["count"], &nothing["last"]), (&json!(0), &Value::Null), "{nothing}");

    months_later(&world).await;
    let plan = world.program.get("/housekeeping/plan").await;
    assert_eq!(plan["next"]["artifacts"]["count"], 2, "{plan}");
    assert!(artifact(ids[0]).exists() && artifact(failed).exists(), "a look changes nothing");
    let removed = world.program.post("/housekeeping/run", json!({})).await;
    assert_eq!(removed["artifacts"]["count"], 2, "{removed}");
    assert!(removed["artifacts"]["bytes"].as_u64().unwrap() > 0 && removed["work"]["count"] == 1, "{removed}");
    assert_eq!(removed["logs"]["count"], 4, "{removed}");
    let there = [failed, ids[0], ids[1], ids[2]].map(|id| artifact(id).exists());
    assert_eq!(there, [false, false, true, true]);
    assert!(!world.program.data().join(format!("work/{failed}")).exists());
    let names = std::fs::read_dir(world.program.data().join("artifacts")).unwrap().count();
    assert_eq!(names, 2, "nothing is left that was put out of the way");

    // What is gone says so.
    let first = world.program.get(&format!("/releases/{}", ids[0])).await;
    assert!(first["log_removed_at"].is_string() && first["artifact_removed_at"].is_string(), "{first}");
    for log in ["log?node=start", "log/lines?scope=all", "log/text?scope=all&download=true", "log/search?q=x&scope=all"]
    {
        let (status, answer) = world.program.call(Method::GET, &format!("/releases/{}/{log}", ids[0]), None).await;
        assert_eq!((status, &answer["type"]), (StatusCode::GONE, &json!("/problems/gone")), "{log}: {answer}");
    }
    let (status, answer) = world.program.call(Method::POST, &format!("/releases/{failed}/retry"), None).await;
    assert_eq!(status, StatusCode::CONFLICT, "{answer}");
    assert!(answer["detail"].as_str().unwrap().contains("Create a new release"), "{answer}");

    // The one before: the servers were emptied, and its artifact is there.
    for server in [1, 2] {
        std::fs::remove_dir_all(world.site(server).join(format!("releases/{}", ids[1]))).unwrap();
    }
    let back = id(&world.program.post(&format!("{environment}/rollbacks"), json!({"release_id": ids[1]})).await);
    assert_eq!(world.program.ended(back).await, "succeeded");
    let nodes = world.program.get(&format!("/releases/{back}/nodes")).await.to_string();
    assert!(!nodes.contains("\"package\""), "nothing is built: {nodes}");
    let page = |server: usize| std::fs::read_to_string(world.site(server).join("current/index.html")).unwrap();
    assert_eq!([page(1), page(2)], ["v2\n", "v2\n"]);
    // The first: built again from its commit.
    let back = id(&world.program.post(&format!("{environment}/rollbacks"), json!({"release_id": ids[0]})).await);
    assert_eq!(world.program.ended(back).await, "succeeded");
    assert_eq!([page(1), page(2)], ["one\n", "one\n"]);
    assert!(world.program.log_text(back, "start").await.contains("built again from the commit"));

    let audit = world.program.get("/audit?what=housekeeping.tidy").await;
    let entry = &audit["items"][0];
    assert_eq!(audit["items"].as_array().unwrap().len(), 1, "{audit}");
    assert!(entry.to_string().contains("artifacts"), "{entry}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_build_cache_is_seen_and_cleared_but_not_under_a_release() {
    let world = World::new(1).await;
    let cache = format!("/environments/{}/cache", world.environment);
    assert_eq!(world.program.get(&cache).await["bytes"], 0);
    world.program.call(Method::DELETE, &cache, None).await;
    let (_, status) =
        world.release("v1", json!({"after_download": "echo 0123456789 >\"$LAUNCHWAY_CACHE/kept\""})).await;
    assert_eq!(status, "succeeded");
    let disk = world.program.get("/housekeeping/disk?fresh=true").await;
    assert!(disk["used"]["caches"] == 11 && disk["projects"][0]["used"]["caches"] == 11, "{disk}");
    assert!(disk["used"]["artifacts"].as_u64().unwrap() > 0 && disk["used"]["mirrors"].as_u64().unwrap() > 0, "{disk}");
    assert!(disk["used"]["logs"].as_u64().unwrap() > 0 && disk["free"].as_u64().unwrap() > 0, "{disk}");

    // While a release runs there it stays.
    let (here, go) = (world.sites.path().join("here"), world.sites.path().join("go"));
    let hook = format!("touch '{}'; until [ -e '{}' ]; do sleep 0.1; done", here.display(), go.display());
    let body = world.body("v1", json!({"before_deploy": hook}));
    let running = id(&world.program.post("/releases", body).await);
    world.program.post(&format!("/releases/{running}/start"), json!({})).await;
    let waiting = |_: &Value, _: &[Value]| here.exists();
    world.program.until(running, "the hook", waiting).await;
    let (status, answer) = world.program.call(Method::DELETE, &cache, None).await;
    assert_eq!(status, StatusCode::CONFLICT, "{answer}");
    let folder = world.program.data().join(format!("cache/{}", world.environment));
    assert!(folder.join("kept").exists());
    std::fs::write(&go, "").unwrap();
    assert_eq!(world.program.ended(running).await, "succeeded");

    let (status, answer) = world.program.call(Method::DELETE, &cache, None).await;
    assert_eq!(status, StatusCode::NO_CONTENT, "{answer}");
    assert!(!folder.exists());
    let now = world.program.get(&cache).await;
    assert_eq!((&now["bytes"], &now["used_at"]), (&json!(0), &Value::Null), "{now}");
    let audit = world.program.get("/audit?what=environment.clear_cache").await;
    assert_eq!(audit["items"].as_array().unwrap().len(), 2, "{audit}");
}
