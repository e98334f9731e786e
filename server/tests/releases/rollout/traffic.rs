//! Releases and rollbacks switch back and forth while a web server serves through `current` under load.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::world::World;

/// How many files a page of a version has.
const FILES: usize = 8;

/// A web server as many are: a request is answered from one look at `current`, with all the files of a page.
async fn serve(current: PathBuf) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let current = current.clone();
            tokio::spawn(async move {
                let mut request = [0; 1024];
                let _ = stream.read(&mut request).await;
                let page = tokio::task::spawn_blocking(move || {
                    let root = std::fs::canonicalize(&current)?;
                    let files = (0..FILES).map(|n| std::fs::read_to_string(root.join(format!("part-{n}"))));
                    files.collect::<Result<Vec<_>, _>>()
                });
                let (status, body) = match page.await.unwrap() {
                    Ok(parts) => (200, parts.concat()),
                    Err(error) => (500, error.to_string()),
                };
                let length = body.len();
                let answer =
                    format!("HTTP/1.1 {status} x\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}");
                let _ = stream.write_all(answer.as_bytes()).await;
            });
        }
    });
    port
}

/// One request; the page.
async fn ask(port: u16) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
    stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}

#[tokio::test(flavor = "multi_thread")]
async fn no_request_fails_or_sees_a_mix_while_versions_switch_back_and_forth() {
    let world = World::new(1).await;
    for (tag, word) in [("w1", "old\n"), ("w2", "new\n")] {
        for part in 0..FILES {
            world.repository.write(format!("part-{part}"), word.as_bytes());
        }
        world.repository.commit(tag);
        world.repository.tag(tag);
    }
    let (first, status) = world.release("w1", json!({})).await;
    assert_eq!(status, "succeeded");
    let port = serve(world.site(1).join("current")).await;
    let (over, asked) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let visitors: Vec<_> = (0..4)
        .map(|_| {
            let (over, asked) = (Arc::clone(&over), Arc::clone(&asked));
            tokio::spawn(async move {
                let mut seen = std::collections::BTreeSet::new();
                while !over.load(Ordering::SeqCst) {
                    let answer = ask(port).await.expect("every request is answered");
                    let (head, body) = answer.split_once("\r\n\r\n").expect("an answer has a head");
                    assert!(head.starts_with("HTTP/1.1 200"), "{answer}");
                    let whole = body == "old\n".repeat(FILES) || body == "new\n".repeat(FILES);
                    assert!(whole, "a mix: {body:?}");
                    seen.insert(body.to_owned());
                    asked.fetch_add(1, Ordering::SeqCst);
                }
                seen
            })
        })
        .collect();
    let (second, _) = world.release("w2", json!({})).await;
    for to in [first, second, first, second, first] {
        let back = world.program.post(&format!("/releases/{to}/rollback"), json!({})).await;
        assert_eq!(world.program.ended(back["id"].as_i64().unwrap()).await, "succeeded");
    }
    over.store(true, Ordering::SeqCst);
    let mut seen = std::collections::BTreeSet::new();
    for visitor in visitors {
        seen.extend(visitor.await.expect("no visitor sees anything wrong"));
    }
    assert_eq!(seen.len(), 2, "both versions were seen");
    assert!(asked.load(Ordering::SeqCst) > 100, "that is no load");
}
