//! Keeping releases in control from a shell: back and on, locks, times, what is live, commands and files.

use serde_json::{Value, json};

use crate::command_line::{Shell, err, out};
use crate::rollout::holds;
use crate::world::World;

/// What a command prints that is refused with a status; on both outputs.
fn refused(shell: &Shell, args: &[&str], status: i32) -> String {
    let output = shell.run(args);
    assert_eq!(output.status.code(), Some(status), "{args:?}: {}{}", out(&output), err(&output));
    out(&output) + &err(&output)
}

#[tokio::test(flavor = "multi_thread")]
async fn back_again_and_on_to_production() {
    let world = World::new(2).await;
    let shell = Shell::signed_in(&world.program);
    let place = ["--project", "shop", "--env", "test"];
    let back = |more: &[&'static str]| [&["rollback"], place.as_slice(), more].concat();
    assert!(shell.say(&back(&["--list"])).contains("Nothing has succeeded here yet"));
    assert!(refused(&shell, &back(&[]), 1).contains("nothing to go back to"));
    let (first, _) = world.release("v1", json!({})).await;
    world.second_version();
    let (second, _) = world.release("v2", json!({})).await;
    assert_eq!(world.versions(), ["v2", "v2"]);

    let list = shell.say(&back(&["--list", "--held"]));
    assert!(list.contains("live now") && list.contains("2/2"), "{list}");
    let listed = shell.json(&back(&["--list"]), 0);
    assert_eq!((&listed["items"][0]["id"], &listed["items"][1]["id"]), (&json!(second), &json!(first)), "{listed:#}");
    let done = shell.json(&back(&["--wait"]), 0);
    assert_eq!((&done["kind"], &done["rollback_of"]), (&json!("rollback"), &json!(first)));
    assert_eq!(world.versions(), ["v1", "v1"]);
    // By its number, from the other side.
    let said = shell.say(&["release", "rollback", &second.to_string(), "--wait"]);
    assert!(said.contains("succeeded"), "{said}");
    assert_eq!(world.versions(), ["v2", "v2"]);
    assert!(!refused(&shell, &back(&["--to", "4711"]), 1).is_empty());
    assert!(refused(&shell, &back(&["--to", "1", "--list"]), 2).contains("--list"));
    assert!(refused(&shell, &["release", "retry", &second.to_string()], 1).contains("succeeded"));

    let path = format!("{}/live-{{hostname}}", world.sites.path().display());
    let body = json!({"name": "live", "kind": "prod", "path": path, "server_ids": world.servers});
    world.add_environment(body).await;
    let on = |more: &[&'static str]| [&["promote", "--project", "shop", "--env", "live"], more].concat();
    let would = shell.say(&on(&["--dry-run"]));
    assert!(would.contains("Would take v2") && would.contains("same artifact"), "{would}");
    assert!(refused(&shell, &on(&["--from", "lve"]), 1).contains("Did you mean “live”?"));
    let promoted = shell.json(&on(&["--from", "test", "--wait"]), 0);
    assert_eq!(promoted["status"], "succeeded", "{promoted:#}");
    assert!(world.sites.path().join("live-web-2/current/index.html").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_canary_is_let_go_on_and_what_failed_is_retried() {
    let world = World::new(2).await;
    let shell = Shell::signed_in(&world.program);
    world.rollout(json!({"strategy": "canary"})).await;
    let gate = world.sites.path().join("well");
    let hook = format!("[ \"$LAUNCHWAY_SERVER\" = web-1 ] || [ -e '{}' ]", gate.display());
    let release = world.start("v1", json!({"before_deploy": hook})).await;
    let number = release.to_string();
    world.program.until(release, "the hold", holds).await;
    assert_eq!(world.versions(), ["v1", "-"]);
    let output = shell.run(&["release", "continue", &number, "--wait"]);
    assert_eq!(output.status.code(), Some(1), "{}{}", out(&output), err(&output));
    assert!(out(&output).contains("web-2 before deploy: failed"), "{}", out(&output));
    assert!(!refused(&shell, &["release", "continue", &number], 1).is_empty(), "it waits for nobody any more");
    std::fs::write(gate, "").unwrap();
    let done = shell.json(&["release", "retry", &number, "--wait"], 0);
    assert_eq!(done["status"], "succeeded");
    assert_eq!(world.versions(), ["v1", "v1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_environment_is_locked_and_a_release_has_its_time() {
    let world = World::new(1).await;
    let shell = Shell::signed_in(&world.program);
    let door = ["--project", "shop", "test"];
    let at = |command: &'static str, more: &[&'static str]| [&[command], door.as_slice(), more].concat();
    let locked = shell.say(&at("lock", &["--reason", "Stocktaking", "--until", "+2h"]));
    assert!(locked.contains("Locked test of shop") && locked.contains("launchway unlock"), "{locked}");
    let held = refused(&shell, &at("lock", &["--reason", "mine"]), 1);
    assert!(held.contains("Stocktaking") && held.contains("ada"), "{held}");
    assert!(refused(&shell, &at("lock", &[]), 2).contains("--reason"));
    assert!(refused(&shell, &at("lock", &["--reason", "x", "--until", "yesterday"]), 2).contains("+2h"));

    let release = world.create("v1", json!({})).await;
    let number = release.to_string();
    let said = shell.say(&["release", "start", &number]);
    assert!(said.contains("Stocktaking"), "who starts hears what it waits for: {said}");
    let queue = shell.say(&at("queue", &[]));
    assert!(queue.contains("ada: Stocktaking") && queue.contains(&format!("#{release}")), "{queue}");
    assert_eq!(shell.json(&at("queue", &[]), 0)["items"][0]["release_id"], release);
    let scheduled = shell.json(&["release", "schedule", &number, "--at", "+1d"], 0);
    assert!(scheduled["start_at"].is_string(), "{scheduled:#}");
    assert!(
        refused(&shell, &["release", "schedule", &number, "--at", "2020-01-01T00:00:00Z"], 1).contains("has passed")
    );

    assert!(shell.say(&at("unlock", &[])).contains("Unlocked test of shop"));
    assert!(!refused(&shell, &at("unlock", &[]), 1).is_empty());
    let waits = shell.json(&at("queue", &[]), 0);
    assert_eq!(waits["items"][0]["waits"][0]["for"], "time", "{waits:#}");
    // As soon as it can.
    assert_eq!(shell.json(&["release", "schedule", &number], 0)["start_at"], Value::Null);
    shell.say(&["release", "wait", &number]);
    assert_eq!(world.versions(), ["v1"]);
    assert!(!refused(&shell, &["release", "schedule", &number, "--at", "+1d"], 1).is_empty(), "it has ended");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_live_is_said_and_commands_and_files_reach_the_servers() {
    let world = World::new(2).await;
    let shell = Shell::signed_in(&world.program);
    let (release, _) = world.release("v1", json!({})).await;
    let well = shell.say(&["live", "--env", "test", "--check"]);
    assert!(well.contains("web-2") && well.contains(&format!("#{release}")) && well.contains("as released"), "{well}");
    std::fs::write(world.site(1).join("current/index.html"), "forged\n").unwrap();
    let found = refused(&shell, &["live", "--env", "test", "--check"], 1);
    assert!(found.contains("drifted") && found.contains("index.html"), "{found}");
    let all = shell.json(&["live", "--project", "shop"], 1);
    assert_eq!((&all[0]["state"], &all[0]["servers"][1]["state"]), (&json!("drift"), &json!("ok")), "{all:#}");
    assert!(refused(&shell, &["live", "--check"], 2).contains("--env"));

    let said = shell.say(&["run", "--env", "test", "--", "cat", "current/index.html"]);
    assert!(said.contains("== 1: web-1\nforged\n") && said.contains("1 identical, 1 differ"), "{said}");
    let failed = refused(&shell, &["run", "--env", "test", "--server", "web-2", "--", "echo no; exit 3"], 1);
    assert!(failed.contains("== 1: web-2 (exit status 3)\nno\n"), "{failed}");
    let late = shell.run(&["run", "--json", "--env", "test", "--timeout", "1", "--server", "web-1", "--", "sleep 60"]);
    assert_eq!(late.status.code(), Some(1), "{}{}", out(&late), err(&late));
    let late: Value = serde_json::from_slice(&late.stdout).unwrap();
    assert_eq!(late["unfinished"][0]["host"], "web-1", "{late:#}");
    assert!(refused(&shell, &["run", "--env", "test", "--server", "web-22", "--", "true"], 1).contains("web-2"));
    assert!(refused(&shell, &["run", "--env", "test", "--timeout", "0", "--", "true"], 1).contains("3600"));
    assert!(!refused(&shell, &["run", "--env", "test"], 2).is_empty());

    let file = ["--env", "test", "--path", "current/index.html"];
    let size = shell.json(&[&["files", "size"], file.as_slice()].concat(), 0);
    assert_eq!((&size["files"], &size["servers"][0]["bytes"]), (&json!(2), &json!(7)), "{size:#}");
    let archive = world.sites.path().join("got.tar.gz");
    let to = archive.to_str().unwrap();
    let fetched = shell.json(&[&["files", "fetch"], file.as_slice(), &["--out", to]].concat(), 0);
    assert_eq!(fetched["bytes"], json!(std::fs::metadata(&archive).unwrap().len()));
    let names = std::process::Command::new("tar").arg("-tzf").arg(&archive).output().unwrap();
    let names = String::from_utf8(names.stdout).unwrap();
    assert_eq!(names, "web-1/current/index.html\nweb-2/current/index.html\n");
    // One has it and one does not: what there is comes, and the status says so.
    std::fs::write(world.site(2).join("only.log"), "x").unwrap();
    let some = ["files", "fetch", "--env", "test", "--path", "only.log", "--out", to];
    assert!(refused(&shell, &some, 1).contains("web-1"));
    let none = ["files", "fetch", "--env", "test", "--path", "../web-1", "--out", to];
    assert!(!refused(&shell, &none, 1).is_empty());
}
