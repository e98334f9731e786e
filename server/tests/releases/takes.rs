//! What releases take along: shared folders, variables, a build cache. On a real SSH server.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use launchway_engine::redact::MASK;
use launchway_engine::testing::sshd::Sshd;
use reqwest::Method;
use serde_json::json;

use crate::repository::Repository;
use crate::world::World;

const SECRET: &str = "canary-var/Xq7+Zp2 Wx9\"é";

async fn take(world: &World, takes: serde_json::Value) {
    let path = format!("/environments/{}", world.environment);
    let (status, answer) = world.program.call(Method::PATCH, &path, Some(json!({"policy": {"takes": takes}}))).await;
    assert!(status.is_success(), "{answer}");
}

async fn set(world: &World, name: &str, value: &str, secret: bool) {
    let path = format!("/environments/{}/variables/{name}", world.environment);
    let (status, answer) =
        world.program.call(Method::PUT, &path, Some(json!({"value": value, "secret": secret}))).await;
    assert!(status.is_success(), "{answer}");
    assert!(!answer.to_string().contains("canary"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_shared_outlives_releases_and_what_is_left_out_never_comes() {
    let repository = Repository::new();
    repository.write("storage/first", b"brought");
    repository.write("notes.md", b"not for servers");
    repository.commit("Storage");
    repository.git(&["tag", "-f", "v1"]);
    let world = World::with(2, Sshd::start(), repository, &[]).await;
    take(&world, json!({"exclude": ["*.md"], "shared_folders": ["storage"], "file_mode": "640", "folder_mode": "750"}))
        .await;
    let after = "echo upload >storage/upload-$LAUNCHWAY_RELEASE_ID";
    let (first, status) = world.release("v1", json!({"after_deploy": after})).await;
    assert_eq!(status, "succeeded");
    let (second, status) = world.release("v1", json!({"after_deploy": after})).await;
    assert_eq!(status, "succeeded");
    for number in [1, 2] {
        let current = world.site(number).join("current");
        assert_eq!(fs::read_link(current.join("storage")).unwrap().to_str().unwrap(), "../../shared/storage");
        for name in ["first".to_owned(), format!("upload-{first}"), format!("upload-{second}")] {
            assert!(current.join("storage").join(&name).exists(), "web-{number}: {name}");
        }
        assert!(!current.join("notes.md").exists());
        let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&current), 0o750);
    }
    // A file that is nowhere stops the release, and says where it belongs.
    take(&world, json!({"shared_files": ["config/app.env"]})).await;
    let (failed, status) = world.release("v1", json!({})).await;
    assert_eq!(status, "failed");
    let told = world.program.get(&format!("/releases/{failed}")).await.to_string();
    assert!(told.contains("shared/config/app.env"), "{told}");
    let live = fs::read_link(world.site(1).join("current")).unwrap();
    assert_eq!(live.to_str().unwrap(), format!("releases/{second}"), "nothing was switched");
    fs::create_dir_all(world.site(1).join("shared/config")).unwrap();
    fs::create_dir_all(world.site(2).join("shared/config")).unwrap();
    for number in [1, 2] {
        fs::write(world.site(number).join("shared/config/app.env"), format!("N={number}")).unwrap();
    }
    world.program.post(&format!("/releases/{failed}/retry"), json!({})).await;
    assert_eq!(world.program.ended(failed).await, "succeeded");
    assert_eq!(fs::read_to_string(world.site(2).join("current/config/app.env")).unwrap(), "N=2");
}

#[tokio::test(flavor = "multi_thread")]
async fn secret_variables_reach_hooks_and_no_log_however_they_are_printed() {
    let world = World::with(1, Sshd::start(), Repository::new(), &[("RUST_LOG", "debug")]).await;
    set(&world, "TOKEN", SECRET, true).await;
    set(&world, "REGION", "eu west", false).await;
    let got = world.sites.path().join("got");
    // Whole, in two writes, as base64 at each place, with a header before it, in an address, in JSON, in hexadecimal.
    let here = format!(
        r#"echo "$TOKEN"; half=${{TOKEN%%Zp2*}}; printf %s "$half"; sleep 0.5; printf '%s\n' "${{TOKEN#"$half"}}"
printf %s "$TOKEN" | base64; echo "$TOKEN" | base64; printf 'u%s' "$TOKEN" | base64 -w0; echo; printf 'me%s' "$TOKEN" | base64 -w0; echo
printf 'user:%s' "$TOKEN" | base64 -w0 | tr '+/' '-_' | tr -d =; echo
printf %s "$TOKEN" | od -An -v -tx1 | tr -d ' \n'; echo
echo "canary-var%2FXq7%2BZp2%20Wx9%22%C3%A9 {{\"t\": \"canary-var/Xq7+Zp2 Wx9\\\"\\u00e9\"}}"
set -x; : "$TOKEN"; set +x
echo "region $REGION"; printf %s "$TOKEN" >>'{}'; exit "${{FAIL:-0}}""#,
        got.display()
    );
    let hooks = json!({"after_download": here, "before_deploy": here, "after_deploy": here});
    let (release, status) = world.release("v1", hooks).await;
    let nodes = ["after_download".to_owned(), world.key(1, "before_deploy"), world.key(1, "after_deploy")];
    let mut texts = Vec::new();
    for node in &nodes {
        texts.push((node.clone(), world.program.log_text(release, node).await));
    }
    assert_eq!(status, "succeeded", "{texts:?}");
    assert_eq!(fs::read_to_string(&got).unwrap(), SECRET.repeat(3), "hooks have it as it is");
    for (node, text) in &texts {
        assert!(text.contains("region eu west"), "{node}: {text}");
        assert!(text.matches(MASK).count() >= 11, "{node}: {text}");
    }
    for path in [
        format!("/releases/{release}"),
        format!("/releases/{release}/nodes"),
        format!("/environments/{}/variables", world.environment),
        "/audit".to_owned(),
        format!("/events?topics=release:{release}&after=0&wait=0"),
    ] {
        texts.push((path.clone(), world.program.get(&path).await.to_string()));
    }
    let mut folders = vec![world.program.data().to_owned(), world.site(1)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            if entry.file_type().unwrap().is_dir() {
                folders.push(path);
            } else if let Ok(bytes) = fs::read(&path) {
                texts.push((path.display().to_string(), String::from_utf8_lossy(&bytes).into_owned()));
            }
        }
    }
    // The words of it, and the middle of its base64 at each place.
    for (place, text) in &texts {
        // The hook's own text has the escaped forms in it, which its author wrote: only what does not stand there counts.
        for dress in [
            "Zp2 Wx9",
            "Zp2%20Wx9%22%C3%A9 {",
            "lhci9YcTcrWnAyIFd4",
            "eS12YXIvWHE3K1pwMiBXe",
            "5LXZhci9YcTcrWnAyIFd4O",
            "72617279",
        ] {
            let is_hook = text.contains("half=${TOKEN") || place.contains("launchway.db");
            assert!(is_hook || !text.contains(dress), "{dress} in {place}: {text}");
        }
        assert!(!text.contains("canary-var/Xq7+Zp2 Wx9\"é"), "{place}");
    }

    // On a retry it is the value of then.
    set(&world, "FAIL", "3", false).await;
    fs::remove_file(&got).unwrap();
    let (release, status) = world.release("v1", json!({"before_deploy": here})).await;
    assert_eq!(status, "failed");
    set(&world, "FAIL", "0", false).await;
    set(&world, "TOKEN", "canary-rotated-5521", true).await;
    world.program.post(&format!("/releases/{release}/retry"), json!({})).await;
    assert_eq!(world.program.ended(release).await, "succeeded");
    assert_eq!(fs::read_to_string(&got).unwrap(), format!("{SECRET}canary-rotated-5521"));
    assert!(!world.program.log_text(release, &world.key(1, "before_deploy")).await.contains("rotated-5521"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_build_cache_is_kept_for_its_environment_alone() {
    let world = World::new(1).await;
    let fill = r#"[ -d "$LAUNCHWAY_CACHE" ] || exit 9; cat "$LAUNCHWAY_CACHE/kept" 2>/dev/null; echo "release $LAUNCHWAY_RELEASE_ID" >>"$LAUNCHWAY_CACHE/kept"; echo "at $LAUNCHWAY_CACHE""#;
    let (first, status) = world.release("v1", json!({"before_download": fill})).await;
    assert_eq!(status, "succeeded", "{}", world.program.log_text(first, "before_download").await);
    let (second, _) = world.release("v1", json!({"after_download": fill})).await;
    let log = world.program.log_text(second, "after_download").await;
    assert!(log.contains(&format!("release {first}\n")), "{log}");
    let place = log.lines().find_map(|line| line.strip_prefix("at ")).unwrap().to_owned();

    // Another environment's hook has another one, and cannot read or write this.
    let path = format!("{}/other/{{hostname}}", world.sites.path().display());
    let other = json!({"name": "other", "kind": "test", "path": path, "server_ids": world.servers});
    let other = world.add_environment(other).await;
    let spy = format!(
        "cat '{place}/kept'; ls -la '{place}' '{place}/..'; echo stolen >'{place}/kept'; echo \"mine $LAUNCHWAY_CACHE\"; true"
    );
    let mut body = world.body("v1", json!({"after_download": spy}));
    body["environment_id"] = json!(other);
    let release = crate::world::id(&world.program.post("/releases", body).await);
    world.program.post(&format!("/releases/{release}/start"), json!({})).await;
    assert_eq!(world.program.ended(release).await, "succeeded");
    let log = world.program.log_text(release, "after_download").await;
    assert!(!log.contains(&format!("release {first}\n")), "{log}");
    assert!(log.contains("mine ") && !log.contains(&format!("mine {place}\n")), "{log}");
    let (third, _) = world.release("v1", json!({"after_download": fill})).await;
    let log = world.program.log_text(third, "after_download").await;
    assert!(log.contains(&format!("release {second}\n")) && !log.contains("stolen"), "{log}");

    // What grows beyond its limit is emptied, and without one there is none.
    take(&world, json!({"cache_mib": 1})).await;
    let grow = r#"dd if=/dev/zero of="$LAUNCHWAY_CACHE/large" bs=1048576 count=2 2>/dev/null"#;
    world.release("v1", json!({"after_download": grow})).await;
    let (emptied, _) = world.release("v1", json!({"after_download": r#"ls "$LAUNCHWAY_CACHE"; echo end"#})).await;
    let log = world.program.log_text(emptied, "after_download").await;
    assert!(log.contains("it was emptied") && !log.contains("large"), "{log}");
    take(&world, json!({"cache_mib": 0})).await;
    let (none, _) = world.release("v1", json!({"after_download": r#"echo "cache ${LAUNCHWAY_CACHE-unset}""#})).await;
    assert!(world.program.log_text(none, "after_download").await.contains("cache unset"));
}
