use launchway_domain::{LogLine, LogStream, Node, NodeKey, NodeKind, NodeStatus, ServerId, Timestamp};
use launchway_engine::store::Lease;

use crate::app::TestApp;
use crate::client::Client;

fn node(kind: NodeKind, server: Option<i64>, text: &str) -> Node {
    let server_id = server.map(ServerId);
    Node {
        key: NodeKey::of(kind, server_id),
        parent: None,
        kind,
        server_id,
        text: text.into(),
        status: NodeStatus::Pending,
        attempt: 0,
        color: NodeStatus::Pending.color().into(),
        started_at: None,
        finished_at: None,
        exit_status: None,
        message: None,
        batch: None,
        live: None,
    }
}

async fn say(app: &TestApp, lease: &Lease, node: &Node, text: &str) {
    let line = LogLine { at: Timestamp(1_777_624_200_250), stream: LogStream::Output, text: text.into() };
    app.store().append_log(lease, &node.key, 1, &[line]).await.unwrap();
}

/// A release of two servers whose steps have spoken; the address of its log.
async fn spoken() -> (TestApp, Client, String) {
    let (app, client) = TestApp::start().await;
    let id = app.release("Shop").await.id;
    app.store().release_start(id).await.unwrap();
    let (lease, _) = app.store().claim("test", 600_000).await.unwrap().unwrap();
    let nodes = [
        node(NodeKind::Start, None, "start"),
        node(NodeKind::Server, Some(3), "web-1"),
        node(NodeKind::BeforeDeploy, Some(3), "before_deploy"),
        node(NodeKind::Server, Some(4), "web-2"),
    ];
    app.store().plan(&lease, &serde_json::json!({}), &nodes).await.unwrap();
    let running = |node: &Node| Node { status: NodeStatus::Running, attempt: 1, ..node.clone() };
    app.store().set_nodes(&lease, &nodes.iter().map(running).collect::<Vec<_>>()).await.unwrap();
    for (node, text) in [
        (&nodes[0], "ready\n"),
        (&nodes[1], "connected\r\n"),
        (&nodes[2], "\u{1b}[31mError\u{1b}[0m: dis"),
        (&nodes[3], "connected too\n"),
        (&nodes[2], "k full\nbye"),
    ] {
        say(&app, &lease, node, text).await;
    }
    (app, client, format!("/api/v1/releases/{id}/log"))
}

#[tokio::test]
async fn lines_are_read_by_their_numbers_in_every_scope() {
    let (_app, client, log) = spoken().await;
    let page = client.get(&format!("{log}/lines?scope=all&from_line=2&limit=2")).await.json(200);
    assert_eq!(
        (page["from_line"].clone(), page["total"].clone(), page["done"].clone()),
        (2.into(), 5.into(), false.into())
    );
    let items = page["items"].as_array().unwrap();
    assert_eq!(items.len(), 2);
    assert_eq!((items[0]["text"].as_str(), items[0]["stream"].as_str()), (Some("connected"), Some("output")));
    assert_eq!(items[1]["text"], "\u{1b}[31mError\u{1b}[0m: disk full");
    assert_eq!(items[0]["at"], "2026-05-01T08:30:00.250Z");
    let source = &page["sources"][items[1]["source"].as_u64().unwrap() as usize];
    assert_eq!((source["node"].as_str(), source["attempt"].as_u64()), (Some("server:3/before_deploy"), Some(1)));
    assert_eq!(source["server_id"], 3);

    let total = |query: &str| {
        let (client, path) = (client.clone(), format!("{log}/lines?{query}"));
        async move { client.get(&path).await.json(200)["total"].as_u64() }
    };
    assert_eq!(total("server=3").await, Some(3));
    assert_eq!(total("node=server:3/before_deploy").await, Some(2));
    assert_eq!(total("node=server:3/before_deploy&attempt=all").await, Some(2));
    assert_eq!(total("node=server:3/before_deploy&attempt=7").await, Some(0));
    let tail = client.get(&format!("{log}/lines?scope=all&limit=1")).await.json(200);
    assert_eq!((tail["from_line"].clone(), tail["items"][0]["text"].clone()), (5.into(), "bye".into()));
}

#[tokio::test]
async fn what_makes_no_sense_is_refused() {
    let (_app, client, log) = spoken().await;
    let fields = |path: String| {
        let client = client.clone();
        async move { client.get(&path).await.faults().into_iter().map(|(field, _)| field).collect::<Vec<_>>() }
    };
    assert_eq!(fields(format!("{log}/lines")).await, ["node"]);
    assert_eq!(fields(format!("{log}/lines?node=start&server=3")).await, ["server"]);
    assert_eq!(fields(format!("{log}/lines?scope=some")).await, ["scope"]);
    assert_eq!(fields(format!("{log}/lines?server=x")).await, ["server"]);
    assert_eq!(fields(format!("{log}/lines?node=start&attempt=x")).await, ["attempt"]);
    assert_eq!(fields(format!("{log}/lines?scope=all&from_line=0")).await, ["from_line"]);
    for limit in ["0", "1001", "x"] {
        assert_eq!(fields(format!("{log}/lines?scope=all&limit={limit}")).await, ["limit"]);
    }
    assert_eq!(fields(format!("{log}/search?scope=all")).await, ["q"]);
    assert_eq!(fields(format!("{log}/search?scope=all&q={}", "x".repeat(201))).await, ["q"]);
    for call in ["lines?", "search?q=x&", "first-error?", "text?"] {
        client.get(&format!("{log}/{call}node=nothing")).await.problem(404);
        client.get(&format!("{log}/{call}server=99")).await.problem(404);
        client.get(&format!("/api/v1/releases/99/log/{call}scope=all")).await.problem(404);
        client.get(&format!("{log}/{call}node=a%00b")).await.problem(404);
    }
}

#[tokio::test]
async fn nobody_reads_a_log_without_signing_in() {
    let (app, _, log) = spoken().await;
    for call in ["lines", "search", "first-error", "text"] {
        app.stranger().get(&format!("{log}/{call}?scope=all&q=x")).await.problem(401);
    }
}

#[tokio::test]
async fn a_text_is_searched_for_in_what_is_shown() {
    let (_app, client, log) = spoken().await;
    let found = client.get(&format!("{log}/search?scope=all&q=ERROR:%20disk")).await.json(200);
    assert_eq!((found["lines"].clone(), found["matched"].clone()), (serde_json::json!([3]), 1.into()));
    assert!(found["next"].is_null());
    let found = client.get(&format!("{log}/search?scope=all&q=connected&from_line=3")).await.json(200);
    assert_eq!(found["lines"], serde_json::json!([4]));
    assert_eq!(client.get(&format!("{log}/first-error?scope=all")).await.json(200)["line"], 3);
    assert!(client.get(&format!("{log}/first-error?server=4")).await.json(200)["line"].is_null());
}

#[tokio::test]
async fn the_whole_text_names_who_speaks_and_can_be_saved() {
    let (_app, client, log) = spoken().await;
    let whole = client.get(&format!("{log}/text?scope=all")).await;
    let expected = "[start] ready\n[web-1 server] connected\n[web-1 before_deploy] \u{1b}[31mError\u{1b}[0m: disk full\n\
                    [web-2 server] connected too\n[web-1 before_deploy] bye\n";
    assert_eq!((whole.status.as_u16(), whole.text.as_str()), (200, expected));
    assert_eq!(whole.header("content-type"), "text/plain; charset=utf-8");
    assert_eq!(whole.header("content-disposition"), "");
    let server = client.get(&format!("{log}/text?server=3&plain=true&times=true&download=true")).await;
    assert!(server.text.starts_with("2026-05-01T08:30:00.250Z [web-1 server] connected\n"), "{}", server.text);
    assert!(server.text.contains("] Error: disk full\n"), "{}", server.text);
    assert_eq!(server.header("content-disposition"), "attachment; filename=\"release-1-web-1.log\"");
    let node = client.get(&format!("{log}/text?node=server:3&download=true")).await;
    assert_eq!(node.text, "connected\r\n", "byte for byte");
    assert_eq!(node.header("content-disposition"), "attachment; filename=\"release-1-server-3.log\"");
    assert_eq!(client.get(&format!("{log}/text?node=start&attempt=9")).await.text, "");
}
