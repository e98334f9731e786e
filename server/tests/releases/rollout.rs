//! How a release goes over its servers: batches, canaries, budgets, the way back, health gates.

mod crash;
mod gates;
mod traffic;

use launchway_engine::testing::sshd::Sshd;
use reqwest::Method;
use serde_json::{Value, json};

use crate::repository::Repository;
use crate::world::{World, id};

impl World {
    /// Changes the environment's rollout.
    pub async fn rollout(&self, rollout: Value) {
        let path = format!("/environments/{}", self.environment);
        let (status, answer) =
            self.program.call(Method::PATCH, &path, Some(json!({"policy": {"rollout": rollout}}))).await;
        assert_eq!(status, 200, "{answer}");
    }

    /// A second version, tagged `v2`.
    pub fn second_version(&self) {
        self.repository.write("index.html", b"two\n");
        self.repository.commit("Second");
        self.repository.tag("v2");
    }

    /// The tags that are live on the servers, `-` where nothing is.
    pub fn versions(&self) -> Vec<&'static str> {
        (1..=self.servers.len())
            .map(|number| match self.live(number) {
                None => "-",
                Some(live) if live == self.repository.archive("v1") => "v1",
                Some(live) if live == self.repository.archive("v2") => "v2",
                Some(other) => panic!("web-{number} has {other:?}"),
            })
            .collect()
    }

    /// What the release says is live on each server: the release and how it came to be so.
    async fn named(&self, release: i64) -> Vec<(Option<i64>, String)> {
        let mut named = Vec::new();
        for server in &self.servers {
            let node = self.program.node(release, &format!("server:{server}")).await;
            let change = node["live"]["change"].as_str().unwrap_or("nothing said").to_owned();
            named.push((node["live"]["release_id"].as_i64(), change));
        }
        named
    }

    async fn status_of(&self, release: i64, number: usize, kind: &str) -> String {
        self.program.node(release, &self.key(number, kind)).await["status"].as_str().unwrap().to_owned()
    }

    /// A hook that writes down which server ran it, and then does something else.
    fn noting(&self, then: &str) -> String {
        let runs = self.sites.path().join("order");
        format!("echo \"$LAUNCHWAY_SERVER\" >> '{}'\n{then}", runs.display())
    }

    /// Which servers ran it, in their order.
    fn order(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.sites.path().join("order")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }
}

fn switched(release: i64) -> (Option<i64>, String) {
    (Some(release), "switched".to_owned())
}

fn unchanged(release: i64) -> (Option<i64>, String) {
    (Some(release), "unchanged".to_owned())
}

fn back(release: i64) -> (Option<i64>, String) {
    (Some(release), "switched_back".to_owned())
}

pub fn holds(state: &Value, _: &[Value]) -> bool {
    !state["hold"].is_null()
}

#[tokio::test(flavor = "multi_thread")]
async fn twelve_servers_go_in_batches_of_five() {
    let mut world = World::bare().await;
    let project = json!({"title": "shop", "repo_url": world.repository.url()});
    world.project = id(&world.program.post("/projects", project).await);
    // Twelve OpenSSH servers, each with keys of its own.
    let mut fleet: Vec<Sshd> = Vec::new();
    for number in 1..=12 {
        let sshd = Sshd::start();
        let key = json!({"name": format!("key-{number}"), "kind": "ssh_key", "username": sshd.username(),
                         "secret": sshd.private_key()});
        world.credential = id(&world.program.post("/credentials", key).await);
        fleet.push(std::mem::replace(&mut world.sshd, sshd));
        let server = world.add_server(&format!("web-{number}")).await;
        world.servers.push(server);
    }
    let path = world.path();
    let body = json!({"name": "test", "kind": "test", "path": path, "server_ids": world.servers});
    world.environment = world.add_environment(body).await;
    world.rollout(json!({"strategy": "batches", "batch": 5})).await;

    let (release, status) = world.release("v1", json!({"before_deploy": world.noting("")})).await;
    assert_eq!(status, "succeeded", "{}", world.program.get(&format!("/releases/{release}")).await);
    assert_eq!(world.versions(), ["v1"; 12]);
    let order = world.order();
    for (batch, range) in [(1..=5), (6..=10), (11..=12)].into_iter().enumerate() {
        let mut ran: Vec<String> = order.iter().skip(batch * 5).take(5).cloned().collect();
        let mut expected: Vec<String> = range.map(|n| format!("web-{n}")).collect();
        ran.sort();
        expected.sort();
        assert_eq!(ran, expected, "batch {batch}: {order:?}");
    }
    let mut batches = Vec::new();
    for server in &world.servers {
        batches.push(world.program.node(release, &format!("server:{server}")).await["batch"].as_i64().unwrap());
    }
    assert_eq!(batches, [1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 3, 3]);
    assert_eq!(world.named(release).await, vec![switched(release); 12]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_canary_waits_until_somebody_lets_it_go_on() {
    let world = World::new(4).await;
    world.rollout(json!({"strategy": "canary", "batch": 2})).await;
    let release = world.start("v1", json!({})).await;
    let act = format!("/releases/{release}/continue");
    let state = world.program.until(release, "the hold", holds).await;
    assert_eq!(
        (&state["status"], &state["hold"]["batch"], &state["hold"]["of"]),
        (&json!("running"), &json!(1), &json!(3))
    );
    assert!(state["hold"]["until"].is_null(), "{state}");
    let waits = |state: &Value, nodes: &[Value]| {
        let says = |node: &Value| node["message"].as_str().is_some_and(|text| text.contains("somebody"));
        holds(state, nodes)
            && nodes.iter().filter(|node| node["batch"] == 2).all(|node| node["status"] == "waiting" && says(node))
    };
    world.program.until(release, "the servers of the next batch", waits).await;
    assert_eq!(world.versions(), ["v1", "-", "-", "-"]);
    // Nothing at all was done on the others.
    assert!(!world.site(2).exists() && !world.site(4).exists());

    let (status, went) = world.program.call(Method::POST, &act, None).await;
    assert_eq!((status.as_u16(), went["hold"].is_null()), (202, true), "{went}");
    let (again, _) = world.program.call(Method::POST, &act, None).await;
    assert_eq!(again, 409);
    assert_eq!(world.program.ended(release).await, "succeeded");
    assert_eq!(world.versions(), ["v1"; 4]);
    let (over, problem) = world.program.call(Method::POST, &act, None).await;
    assert_eq!(over, 409, "{problem}");
    let audit = world.program.get("/audit").await;
    assert!(audit.to_string().contains("release.continue"), "{audit}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_canary_with_a_time_goes_on_by_itself() {
    let world = World::new(2).await;
    world.rollout(json!({"strategy": "canary", "first": "50%", "wait_seconds": 1})).await;
    let release = world.start("v1", json!({})).await;
    assert_eq!(world.program.ended(release).await, "succeeded");
    let events = world.program.get(&format!("/events?topics=release:{release}&after=0")).await;
    let held = events["items"].as_array().unwrap().iter().filter(|event| !event["data"]["hold"]["until"].is_null());
    assert_eq!(held.count(), 1, "{events:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_canary_can_be_canceled_and_retried_where_it_waits() {
    let world = World::new(2).await;
    world.rollout(json!({"strategy": "canary"})).await;
    let release = world.start("v1", json!({})).await;
    world.program.until(release, "the hold", holds).await;
    world.program.post(&format!("/releases/{release}/cancel"), json!({})).await;
    assert_eq!(world.program.ended(release).await, "canceled");
    let state = world.program.get(&format!("/releases/{release}")).await;
    assert!(state["hold"].is_null(), "{state}");
    assert_eq!(world.versions(), ["v1", "-"]);
    assert_eq!(world.named(release).await, [switched(release), (None, "unchanged".to_owned())]);
    // Nobody has let it go on: it waits again.
    world.program.post(&format!("/releases/{release}/retry"), json!({})).await;
    world.program.until(release, "the hold again", holds).await;
    world.program.post(&format!("/releases/{release}/continue"), json!({})).await;
    assert_eq!(world.program.ended(release).await, "succeeded");
    assert_eq!(world.versions(), ["v1", "v1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn within_the_budget_the_others_get_it_and_the_end_says_who_did_not() {
    let world = World::new(4).await;
    let fails = world.noting("[ \"$LAUNCHWAY_SERVER\" != web-2 ] && [ \"$LAUNCHWAY_SERVER\" != web-3 ]");
    world.rollout(json!({"strategy": "batches", "batch": 2, "failure_budget": 1})).await;
    let (first, status) = world.release("v1", json!({"before_deploy": "[ \"$LAUNCHWAY_SERVER\" != web-2 ]"})).await;
    // Live on every server is what `succeeded` means.
    assert_eq!(status, "failed");
    assert_eq!(world.versions(), ["v1", "-", "v1", "v1"]);
    let state = world.program.get(&format!("/releases/{first}")).await;
    let error = state["error"].as_str().unwrap();
    assert!(error.contains("3 of 4") && error.contains("web-2"), "{error}");
    assert_eq!(world.named(first).await[1], (None, "unchanged".to_owned()));
    assert_eq!(world.status_of(first, 2, "deploy").await, "skipped");

    // A second failure is one too many: its batch does not switch, and the release stops.
    world.second_version();
    let (second, status) = world.release("v2", json!({"before_deploy": fails})).await;
    assert_eq!(status, "failed");
    assert_eq!(world.versions(), ["v2", "-", "v1", "v1"]);
    assert_eq!(world.named(second).await[2..], [unchanged(first), unchanged(first)]);

    // Without a budget the first failure stops it, and later batches are not touched.
    world.rollout(json!({"failure_budget": "0%"})).await;
    std::fs::remove_file(world.sites.path().join("order")).unwrap();
    let (_, status) = world.release("v2", json!({"before_deploy": world.noting("false")})).await;
    assert_eq!(status, "failed");
    let mut order = world.order();
    order.sort();
    assert_eq!(order, ["web-1", "web-2"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn switching_back_leaves_every_server_at_what_it_had() {
    let world = World::new(4).await;
    let gate = |server: &str| json!({"kind": "command", "command": format!("[ \"$LAUNCHWAY_SERVER\" != {server} ]"), "tries": 1});
    // Where nothing was live before, nothing is afterwards.
    world.rollout(json!({"on_failure": "switch_back", "health": gate("web-3")})).await;
    let (nothing, status) = world.release("v1", json!({})).await;
    assert_eq!((status.as_str(), world.versions()), ("failed", vec!["-"; 4]));
    assert_eq!(world.named(nothing).await, vec![(None, "switched_back".to_owned()); 4]);

    world.rollout(json!({"health": null})).await;
    let (first, status) = world.release("v1", json!({})).await;
    assert_eq!(status, "succeeded");
    world.second_version();
    // The third batch fails: what the first two had switched goes back too.
    let batches = json!({"strategy": "batches", "batch": 1, "on_failure": "switch_back", "health": gate("web-3")});
    world.rollout(batches).await;
    // What the hook makes take up a new tree takes up the one before again.
    let seen = world.noting("cat index.html >> ../seen");
    let (second, status) = world.release("v2", json!({"after_deploy": seen})).await;
    for number in 1..=3 {
        let seen = std::fs::read_to_string(world.site(number).join("releases/seen")).unwrap();
        assert_eq!(seen, "two\none\n", "web-{number}");
    }
    assert_eq!((status.as_str(), world.versions()), ("failed", vec!["v1"; 4]));
    assert_eq!(world.named(second).await, [back(first), back(first), back(first), unchanged(first)]);
    assert_eq!(world.status_of(second, 1, "deploy").await, "canceled");
    let log = world.program.log_text(second, &world.key(1, "deploy")).await;
    assert!(log.contains(&format!("Switched back: current -> releases/{first}")), "{log}");
    let error = world.program.get(&format!("/releases/{second}")).await["error"].to_string();
    assert!(error.contains("3 servers were switched back"), "{error}");

    // Stopping instead leaves what has switched.
    world.rollout(json!({"on_failure": "stop"})).await;
    let (third, status) = world.release("v2", json!({})).await;
    assert_eq!((status.as_str(), world.versions()), ("failed", vec!["v2", "v2", "v2", "v1"]));
    assert_eq!(world.named(third).await[3], unchanged(first));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_out_of_reach_is_left_behind_and_taken_along_later() {
    let mut world = World::with(2, Sshd::start(), Repository::new(), &[]).await;
    let mut far = Sshd::start();
    let key = json!({"name": "far", "kind": "ssh_key", "username": far.username(), "secret": far.private_key()});
    world.credential = id(&world.program.post("/credentials", key).await);
    std::mem::swap(&mut world.sshd, &mut far);
    let server = world.add_server("web-3").await;
    world.servers.push(server);
    let path = format!("/environments/{}", world.environment);
    let (status, answer) = world.program.call(Method::PATCH, &path, Some(json!({"server_ids": world.servers}))).await;
    assert_eq!(status, 200, "{answer}");
    world.rollout(json!({"failure_budget": "34%"})).await;
    world.sshd.stop();
    let (release, status) = world.release("v1", json!({})).await;
    assert_eq!((status.as_str(), world.versions()), ("failed", vec!["v1", "v1", "-"]));
    assert_eq!(world.named(release).await[2], (None, "unknown".to_owned()));
    world.sshd.restart();
    world.program.post(&format!("/releases/{release}/retry"), json!({})).await;
    assert_eq!(world.program.ended(release).await, "succeeded");
    assert_eq!(world.versions(), ["v1"; 3]);
    assert_eq!(world.named(release).await, vec![switched(release); 3]);
    // The others were left alone.
    assert_eq!(world.program.node(release, &world.key(1, "deploy")).await["attempt"], 1);
}
