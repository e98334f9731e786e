//! Pages of lists: nothing is skipped or shown twice, whatever comes and goes between two of them.

use serde_json::{Value, json};

use crate::client::{Client, faults};

/// A page: the items' ids, and where the next one begins.
async fn page(client: &Client, address: &str) -> (Vec<i64>, Option<String>) {
    let page = client.get(address).await.json(200);
    let ids = page["items"].as_array().unwrap().iter().map(|item| item["id"].as_i64().unwrap()).collect();
    (ids, page["next"].as_str().map(str::to_owned))
}

async fn make(client: &Client, name: &str) -> i64 {
    let body = json!({"hostname": name, "address": "192.0.2.1", "credential_id": 1});
    client.post("/api/v1/servers", body).await.id()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_and_goes_moves_no_page() {
    crate::api_v1_idempotency::on_both(async |_app, client| {
        let secret = json!({"name": "deploy", "kind": "ssh_password", "username": "www", "secret": "hunter2-hunter2"});
        client.post("/api/v1/credentials", secret).await.id();
        let mut servers = Vec::new();
        for n in 0..6 {
            servers.push(make(&client, &format!("web-{n}")).await);
        }
        for (sort, backwards) in
            [("hostname", false), ("-hostname", true), ("added", false), ("-address", true), ("key", false)]
        {
            let mut expected = servers.clone();
            if backwards {
                expected.reverse();
            }
            let first = format!("/api/v1/servers?sort={sort}&limit=2");
            let (mut seen, mut next) = page(&client, &first).await;
            // One before everything that was seen, one that was the last of the page gone.
            let early = make(&client, if backwards { "zzz" } else { "aaa" }).await;
            let gone = make(&client, "web-2-gone").await;
            assert_eq!(client.delete(&format!("/api/v1/servers/{gone}")).await.status, 204);
            while let Some(cursor) = next {
                let (ids, after) = page(&client, &format!("{first}&cursor={cursor}")).await;
                assert!(!ids.is_empty());
                seen.extend(ids);
                next = after;
            }
            seen.retain(|id| *id != early);
            assert_eq!(seen, expected, "{sort}");
            assert_eq!(client.delete(&format!("/api/v1/servers/{early}")).await.status, 204);
        }

        // The last of a page may be gone when the next is asked for.
        let (seen, next) = page(&client, "/api/v1/servers?limit=3").await;
        client.delete(&format!("/api/v1/servers/{}", seen[2])).await;
        let (rest, none) = page(&client, &format!("/api/v1/servers?limit=3&cursor={}", next.clone().unwrap())).await;
        assert_eq!((rest, none), (servers[3..].to_vec(), None));

        let other = format!("/api/v1/servers?sort=-added&cursor={}", next.unwrap());
        for address in ["/api/v1/servers?cursor=50", "/api/v1/servers?cursor=%00", &other] {
            assert_eq!(client.get(address).await.faults(), faults(&[("cursor", "invalid")]), "{address}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_list_has_pages() {
    crate::api_v1_idempotency::on_both(async |_app, client| {
        let project = client.post("/api/v1/projects", json!({"title": "Shop", "repo_url": "/srv/shop.git"})).await.id();
        let environments = format!("/api/v1/projects/{project}/environments");
        type Body = fn(u32) -> Value;
        let bodies: [(&str, Body); 5] = [
            ("/api/v1/projects", |n| json!({"title": format!("P{n}"), "repo_url": "/srv/p.git"})),
            ("/api/v1/hook-templates", |n| json!({"name": format!("T{n}"), "body": "true"})),
            ("/api/v1/wall-links", |n| json!({"label": format!("W{n}")})),
            (&environments, |n| json!({"name": format!("E{n}"), "kind": "test", "path": "/srv/x"})),
            ("/api/v1/credentials", |n| {
                json!({"name": format!("C{n}"), "kind": "ssh_password", "username": "www", "secret": "hunter2-hunter2"})
            }),
        ];
        for (address, body) in bodies {
            for n in 0..4 {
                client.post(address, body(n)).await.json(201);
            }
            let ids = |items: &Value| -> Vec<Value> {
                let id = |item: &Value| item.get("id").or_else(|| item["link"].get("id")).cloned().unwrap();
                items.as_array().unwrap().iter().map(id).collect()
            };
            let whole = client.get(address).await.json(200);
            assert_eq!(whole["next"], json!(null));
            let (mut seen, mut cursor) = (Vec::new(), String::new());
            loop {
                let page = client.get(&format!("{address}?limit=3{cursor}")).await.json(200);
                seen.extend(ids(&page["items"]));
                match page["next"].as_str() {
                    Some(next) => cursor = format!("&cursor={next}"),
                    None => break,
                }
            }
            assert_eq!(seen, ids(&whole["items"]), "{address}");
            assert!(seen.len() >= 4, "{address}");
            for limit in ["0", "201", "x", "-1"] {
                let refused = client.get(&format!("{address}?limit={limit}")).await.faults();
                assert_eq!(refused[0].0, "limit", "{address}");
            }
            assert_eq!(client.get(&format!("{address}?cursor=50")).await.faults(), faults(&[("cursor", "invalid")]));
        }
    })
    .await;
}
