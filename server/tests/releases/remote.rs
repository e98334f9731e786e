//! Commands and files on real servers.

use std::collections::BTreeMap;
use std::process::Command;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::program::PATIENCE;
use crate::world::World;

/// Runs a command and gives what came of it.
async fn run(world: &World, body: Value) -> Value {
    world.program.post(&format!("/environments/{}/commands?wait=60", world.environment), body).await
}

/// Fetches files; status, headers and the archive's files by path.
async fn fetch(world: &World, body: Value) -> (StatusCode, Option<String>, Vec<u8>) {
    let answer = reqwest::Client::new()
        .post(world.program.url(&format!("/environments/{}/files", world.environment)))
        .bearer_auth(world.program.token())
        .json(&body)
        .send()
        .await
        .unwrap();
    let header = |name: &str| answer.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
    if answer.status() == 200 {
        assert_eq!(header("content-type").as_deref(), Some("application/gzip"));
        assert!(header("content-disposition").unwrap().starts_with("attachment; filename=\"test-"));
    }
    (answer.status(), header("launchway-failed-servers"), answer.bytes().await.unwrap().to_vec())
}

/// What an archive holds, by path, as the machine's own tar reads it.
fn unpacked(archive: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.tar.gz");
    std::fs::write(&file, archive).unwrap();
    let out = folder.path().join("out");
    std::fs::create_dir(&out).unwrap();
    let status = Command::new("tar").arg("-xzf").arg(&file).arg("-C").arg(&out).status().unwrap();
    assert!(status.success());
    let mut found = BTreeMap::new();
    for (path, (kind, _, content)) in crate::repository::tree(&out) {
        if kind != 'd' {
            found.insert(String::from_utf8(path).unwrap(), content);
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn identical_outputs_of_twelve_servers_are_said_once() {
    let world = World::new(12).await;
    for number in 1..=12 {
        std::fs::create_dir_all(world.site(number)).unwrap();
        let text = if number == 5 { "one\nTWO\nthree\n" } else { "one\ntwo\nthree\n" };
        std::fs::write(world.site(number).join("state"), text).unwrap();
    }
    std::fs::remove_file(world.site(9).join("state")).unwrap();
    let done = run(&world, json!({"command": "cat state\necho \"$(basename \"$PWD\")\" >/dev/null"})).await;
    assert_eq!(done["status"], "done", "{done:#}");
    let groups = done["groups"].as_array().unwrap();
    assert_eq!(groups.len(), 3, "{done:#}");
    assert_eq!(groups[0]["hosts"].as_array().unwrap().len(), 10);
    assert_eq!((&groups[0]["exit_status"], &groups[0]["output"]), (&json!(0), &json!("one\ntwo\nthree\n")));
    assert_eq!(groups[1]["hosts"], json!(["web-5"]));
    let diff = groups[1]["diff"].as_str().unwrap();
    assert!(diff.contains("-two\n+TWO\n"), "{diff}");
    assert_eq!(done["summary"], "10 identical, 2 differ");
    // Kept, and audited with its text.
    let id = done["id"].as_i64().unwrap();
    assert_eq!(world.program.get(&format!("/commands/{id}")).await, done);
    let audit = world.program.get("/audit?what=environment.run_command").await;
    assert!(audit["items"][0]["after"]["command"].as_str().unwrap().starts_with("cat state"), "{audit:#}");
    assert_eq!(audit["items"][0]["after"]["servers"].as_array().unwrap().len(), 12);

    // It is told where it runs, under the names that hooks know.
    let command = "echo \"$LAUNCHWAY_SERVER $LAUNCHWAY_PROJECT $LAUNCHWAY_ENVIRONMENT ${LAUNCHWAY_CURRENT_PATH##*/}\"";
    let done = run(&world, json!({"command": command, "server_ids": [world.servers[1]]})).await;
    assert_eq!(done["groups"][0]["output"], "web-2 shop test current\n", "{done:#}");

    // What fails, fails with its own status; only on those that were chosen.
    let done = run(&world, json!({"command": "exit 3", "server_ids": [world.servers[1]]})).await;
    assert_eq!(done["groups"], json!([{"hosts": ["web-2"], "exit_status": 3, "output": ""}]), "{done:#}");
    assert_eq!(done["summary"], "1 failed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_out_of_time_is_ended_with_everything_it_started_and_secrets_are_masked() {
    let world = World::new(2).await;
    let mark = world.sites.path().join("alive");
    // A child in the background, which only a signal to the whole group reaches.
    let command = format!("(while :; do date +%s%N > '{}'; sleep 0.05; done) & echo begun; wait", mark.display());
    let done = run(&world, json!({"command": command, "timeout_s": 1, "server_ids": [world.servers[0]]})).await;
    assert_eq!(done["unfinished"][0]["host"], "web-1", "{done:#}");
    assert!(done["unfinished"][0]["error"].as_str().unwrap().contains("within 1 seconds"), "{done:#}");
    assert!(done["groups"][0]["output"].as_str().unwrap().starts_with("begun\n"), "{done:#}");
    let last = std::fs::read_to_string(&mark).unwrap();
    // Ended, not only let go: nobody writes any more.
    let quiet = run(&world, json!({"command": format!("sleep 1; cat '{}'", mark.display())})).await;
    assert_eq!(quiet["groups"][0]["output"], last, "{quiet:#}");
    assert!(!world.site(1).join(".launchway/commands").read_dir().unwrap().any(|entry| entry.is_ok()), "tidied up");

    let secret = world.sshd.private_key().lines().nth(1).unwrap().to_owned();
    let done = run(&world, json!({"command": format!("echo {secret}")})).await;
    assert_eq!(done["groups"][0]["output"], "••••••\n");

    // Canceled while it runs.
    let path = format!("/environments/{}/commands?wait=0", world.environment);
    let (status, begun) = world.program.call(Method::POST, &path, Some(json!({"command": "sleep 300"}))).await;
    assert_eq!((status, &begun["status"]), (StatusCode::ACCEPTED, &json!("running")), "{begun:#}");
    let id = begun["id"].as_i64().unwrap();
    world.program.post(&format!("/commands/{id}/cancel"), json!({})).await;
    let deadline = std::time::Instant::now() + PATIENCE;
    let ended = loop {
        let now = world.program.get(&format!("/commands/{id}")).await;
        if now["status"] != "running" {
            break now;
        }
        assert!(std::time::Instant::now() < deadline, "{now:#}");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    };
    assert_eq!(ended["status"], "canceled");
    assert_eq!(ended["unfinished"].as_array().unwrap().len(), 2, "{ended:#}");
    let again = world.program.call(Method::POST, &format!("/commands/{id}/cancel"), Some(json!({}))).await;
    assert_eq!(again.0, 409);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_runs_on_a_server_ends_there_once_the_program_is_killed() {
    let mut world = World::new(1).await;
    let (hook, child) = (world.sites.path().join("hook"), world.sites.path().join("child"));
    // The second one only a signal to the whole group reaches, and it does not listen to a polite one.
    let command = format!(
        "(trap '' TERM; sh -c 'echo $$ > \"$0\"; sleep 1000; true' '{}') & echo $$ > '{}'; wait",
        child.display(),
        hook.display()
    );
    let path = format!("/environments/{}/commands?wait=0", world.environment);
    let begun = world.program.post(&path, json!({"command": command, "timeout_s": 3000})).await;
    let pids = [crate::hooks::number_in(&hook), crate::hooks::number_in(&child)];
    assert!(pids.into_iter().all(crate::hooks::runs), "the check of the check");
    world.program.kill();
    crate::hooks::until("the server ends what nobody looks after", || !pids.into_iter().any(crate::hooks::runs));
    // Nobody says it went well.
    world.program.serve().await;
    let id = begun["id"].as_i64().unwrap();
    let seen = world.program.get(&format!("/commands/{id}")).await;
    assert_eq!((&seen["status"], &seen["groups"]), (&json!("lost"), &json!([])), "{seen:#}");
    assert!(seen["finished_at"].is_string(), "{seen:#}");
    assert_eq!(seen["unfinished"][0]["host"], "web-1", "{seen:#}");
    assert!(seen["unfinished"][0]["error"].as_str().unwrap().contains("not known"), "{seen:#}");
    assert_eq!(seen["summary"], "1 unfinished", "{seen:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn files_of_all_servers_come_as_one_archive_with_exactly_what_is_there() {
    let world = World::new(12).await;
    for number in 1..=12 {
        let logs = world.site(number).join("logs");
        std::fs::create_dir_all(logs.join("old")).unwrap();
        std::fs::write(logs.join("app.log"), format!("log of {number}\n")).unwrap();
        std::fs::write(logs.join("old/空 格.log"), vec![number as u8; 3000]).unwrap();
        std::os::unix::fs::symlink("/etc/passwd", logs.join("out")).unwrap();
    }
    std::fs::remove_dir_all(world.site(3).join("logs")).unwrap();
    let preview = world.program.get(&format!("/environments/{}/files?path=logs", world.environment)).await;
    assert_eq!((&preview["files"], &preview["servers"][0]["files"]), (&json!(22), &json!(2)), "{preview:#}");
    assert_eq!(preview["servers"][0]["bytes"], json!(3009));
    assert!(preview["servers"][2]["error"].as_str().unwrap().contains("there is no logs"), "{preview:#}");

    let (status, failed, archive) = fetch(&world, json!({"path": "logs"})).await;
    assert_eq!((status, failed.as_deref()), (StatusCode::OK, Some("web-3")));
    let files = unpacked(&archive);
    let errors = String::from_utf8(files["_errors.txt"].clone()).unwrap();
    assert!(errors.starts_with("web-3\n") && errors.contains("there is no logs"), "{errors}");
    assert_eq!(files.len(), 1 + 11 * 3, "{:?}", files.keys());
    assert_eq!(files["web-12/logs/app.log"], b"log of 12\n");
    assert_eq!(files["web-12/logs/old/空 格.log"], vec![12; 3000]);
    assert_eq!(files["web-12/logs/out"], b"/etc/passwd", "the link, not what it names");
    let audit = world.program.get("/audit?what=environment.fetch_files").await;
    assert_eq!(audit["items"][0]["after"]["path"], "logs");

    // One file of one server, through a link that stays inside.
    std::os::unix::fs::symlink("logs", world.site(1).join("current")).unwrap();
    let one = json!({"path": "current/app.log", "server_ids": [world.servers[0]]});
    let (status, failed, archive) = fetch(&world, one).await;
    assert_eq!((status, failed), (StatusCode::OK, None));
    let files = unpacked(&archive);
    assert_eq!(files.into_iter().collect::<Vec<_>>(), [("web-1/current/app.log".to_owned(), b"log of 1\n".to_vec())]);

    // Not outside, by whatever link; not our own folder; not more than the limit.
    for (path, said) in [("logs/out", "leads out of"), ("nothing", "there is no nothing")] {
        let (status, _, body) = fetch(&world, json!({"path": path, "server_ids": [world.servers[0]]})).await;
        let body = String::from_utf8(body).unwrap();
        assert_eq!(status, 409, "{path}: {body}");
        assert!(body.contains(said), "{path}: {body}");
    }
    let small = json!({"path": "logs", "max_bytes": 2000, "server_ids": [world.servers[0]]});
    let (status, _, body) = fetch(&world, small).await;
    assert_eq!(status, 409);
    assert!(String::from_utf8(body).unwrap().contains("has more than"));
    for (bad, code) in [
        (json!({"path": ""}), "required"),
        (json!({"path": "../web-2/logs"}), "path_dots"),
        (json!({"path": ".launchway/hooks"}), "private"),
        (json!({"path": "logs", "max_bytes": 0}), "out_of_range"),
        (json!({"path": "logs", "server_ids": [4711]}), "not_found"),
    ] {
        let (status, _, body) = fetch(&world, bad.clone()).await;
        let said: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(
            (status, said["errors"][0]["code"].as_str()),
            (StatusCode::UNPROCESSABLE_ENTITY, Some(code)),
            "{bad}"
        );
    }
    // The whole folder, without what is ours; and what a person typed stays a value.
    std::fs::create_dir_all(world.site(2).join(".launchway/hooks")).unwrap();
    std::fs::write(world.site(2).join(".launchway/hooks/secret"), "s").unwrap();
    let (_, _, archive) = fetch(&world, json!({"path": ".", "server_ids": [world.servers[1]]})).await;
    assert!(unpacked(&archive).keys().all(|path| !path.contains(".launchway")));
    let (status, ..) = fetch(&world, json!({"path": "$(touch owned); x", "server_ids": [world.servers[1]]})).await;
    assert_eq!(status, 409);
    assert!(!world.site(2).join("owned").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn pipes_and_sockets_are_no_files_and_named() {
    let world = World::new(1).await;
    let logs = world.site(1).join("logs");
    std::fs::create_dir_all(&logs).unwrap();
    std::fs::write(logs.join("app.log"), "log\n").unwrap();
    assert!(Command::new("mkfifo").arg(logs.join("fifo")).status().unwrap().success());
    let _socket = std::os::unix::net::UnixListener::bind(logs.join("socket")).unwrap();
    std::os::unix::fs::symlink("fifo", logs.join("to-fifo")).unwrap();
    for path in ["logs/fifo", "logs/socket", "logs/to-fifo", "/dev/null"] {
        let (status, _, body) = fetch(&world, json!({ "path": path })).await;
        let body = String::from_utf8_lossy(&body).into_owned();
        assert_eq!(status, 409, "{path}: {body}");
        assert!(body.contains("neither a file nor a folder"), "{path}: {body}");
        let preview = world.program.get(&format!("/environments/{}/files?path={path}", world.environment)).await;
        assert!(preview["servers"][0]["error"].as_str().unwrap().contains("neither a file"), "{path}: {preview:#}");
    }
    let (status, failed, archive) = fetch(&world, json!({"path": "logs"})).await;
    assert_eq!((status, failed.as_deref()), (StatusCode::OK, Some("web-1")));
    let files = unpacked(&archive);
    assert_eq!(
        files.keys().map(String::as_str).collect::<Vec<_>>(),
        ["_errors.txt", "web-1/logs/app.log", "web-1/logs/to-fifo"]
    );
    let errors = String::from_utf8(files["_errors.txt"].clone()).unwrap();
    assert!(errors.contains("are no files: fifo") && errors.contains("socket ignored"), "{errors}");
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_commands_are_named() {
    let world = World::new(1).await;
    let path = format!("/environments/{}/commands", world.environment);
    for (bad, field) in [
        (json!({"command": "  "}), "command"),
        (json!({"command": "true", "timeout_s": 0}), "timeout_s"),
        (json!({"command": "true", "timeout_s": 3601}), "timeout_s"),
        (json!({"command": "true", "server_ids": [4711]}), "server_ids"),
        (json!({"command": "true", "shell": "zsh"}), "shell"),
    ] {
        let (status, said) = world.program.call(Method::POST, &path, Some(bad.clone())).await;
        assert_eq!((status.as_u16(), said["errors"][0]["field"].as_str()), (422, Some(field)), "{bad}: {said}");
    }
}
