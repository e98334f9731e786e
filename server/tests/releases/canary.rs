//! Secrets with values that are looked for everywhere afterwards.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::Path;

use base64::Engine as _;
use launchway::config::Config;
use launchway_app::api::account::SignIn;
use launchway_domain::{ChannelForm, CredentialForm, SetupForm, SignInForm, VariableForm, WebhookForm};
use launchway_engine::testing::sshd::Sshd;
use leptos::server_fn::ServerFn;
use reqwest::Method;
use serde_json::{Value, json};

use crate::program::PATIENCE;
use crate::repository::Repository;
use crate::run::running;
use crate::world::{World, id};

const GIT: &str = "canary-git-Kq7Zp2Wx9";
const PASSWORD: &str = "canary-ssh-Vb4Nm8Tr1";
const PASSPHRASE: &str = "canary-phrase-Lc6Hd3Yj5";
const TYPED: &str = "canary-typed-Gf2Sw7Qe0";
const VARIABLE: &str = "canary-variable-Rt5Bn1Zc6";
const HOOK: &str = "canary-webhook-Mj8Ux3Pk2";
const ADDRESS: &str = "canary-address-Wd4Fy9La7";
const SIGNING: &str = "canary-signing-Ho6Ci0Es3";
/// The master key, in base64: 32 bytes that begin with a word of their own.
const MASTER: &str = "Y2FuYXJ5LW1hc3Rlci1rZXktMDEyMzQ1Njc4OWFiY2Q=";
/// What the tests' administrator signs in with.
const ADMINISTRATOR: &str = "nine planted herons wade";

/// Everything that came out of the program, with where.
#[derive(Default)]
struct Seen {
    texts: Vec<(String, Vec<u8>)>,
}

impl Seen {
    fn add(&mut self, place: impl Into<String>, text: impl Into<Vec<u8>>) {
        self.texts.push((place.into(), text.into()));
    }

    /// Every file below a folder.
    fn add_files(&mut self, folder: &Path) {
        for entry in fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            if entry.file_type().unwrap().is_dir() {
                self.add_files(&path);
            } else if let Ok(bytes) = fs::read(&path) {
                self.add(path.display().to_string(), bytes);
            }
        }
    }

    /// Where a secret is seen, as it is or in another dress.
    fn find(&self, secret: &str) -> Vec<&str> {
        let encoded = base64::engine::general_purpose::STANDARD.encode(secret);
        // The last characters depend on what comes behind.
        let encoded = encoded.trim_end_matches('=');
        let dresses = [
            secret.to_owned(),
            encoded[..encoded.len() - 1].to_owned(),
            hex::encode(secret),
            hex::encode_upper(secret),
        ];
        let holds = |bytes: &[u8]| {
            dresses.iter().any(|dress| bytes.windows(dress.len()).any(|window| window == dress.as_bytes()))
        };
        self.texts.iter().filter(|(_, bytes)| holds(bytes)).map(|(place, _)| place.as_str()).collect()
    }
}

/// A web server that lets nobody in, and says in its answer what it was told.
fn suspicious_server() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut told = String::new();
            let mut reader = BufReader::new(&stream);
            while reader.read_line(&mut told).is_ok_and(|read| read > 2) {}
            let head = "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"x\"\r\nConnection: close\r\n";
            let _ = write!(&stream, "{head}Content-Length: {}\r\n\r\n{told}", told.len());
        }
    });
    format!("http://{address}/shop.git")
}

/// All processes but the program itself: what they were started with, and in which environment.
fn processes(seen: &mut Seen, program: u32) {
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
        for file in ["cmdline", "environ"] {
            if (pid == program && file == "environ") || pid == std::process::id() {
                continue;
            }
            if let Ok(bytes) = fs::read(entry.path().join(file)) {
                seen.add(format!("/proc/{pid}/{file}"), bytes);
            }
        }
    }
}

/// Asks for everything that the API's description knows, of every id that is small.
async fn read_everything(world: &World, seen: &mut Seen) {
    let api = world.program.get("/openapi.json").await;
    for (path, item) in api["paths"].as_object().unwrap() {
        let Some(path) = path.strip_prefix("/api/v1") else { continue };
        // The sockets and streams say what `/events` says.
        if item.get("get").is_none() || path.starts_with("/feed") || path == "/events" {
            continue;
        }
        for id in 1..=4 {
            let parts =
                path.split('/').map(|part| if part.starts_with('{') { id.to_string() } else { part.to_owned() });
            let address = parts.collect::<Vec<_>>().join("/");
            let (_, answer) = world.program.call(Method::GET, &address, None).await;
            seen.add(format!("GET {address}"), answer.to_string());
            if !path.contains('{') {
                break;
            }
        }
    }
    let topics = (1..=4).flat_map(|id| [format!("release:{id}"), format!("project:{id}")]);
    let topics: Vec<String> = topics.chain(["wall".to_owned()]).collect();
    let mut after = 0;
    loop {
        let events = world.program.get(&format!("/events?topics={}&after={after}&wait=0", topics.join(","))).await;
        seen.add(format!("events after {after}"), events.to_string());
        if events["next"] == after {
            break;
        }
        after = events["next"].as_i64().unwrap();
    }
}

/// The pages, as a browser gets them that is signed in.
async fn read_pages(world: &World, seen: &mut Seen) {
    let base = world.program.url("").replace("/api/v1", "");
    let browser = reqwest::Client::builder().cookie_store(true).build().unwrap();
    let form = [("form[name]", "ada"), ("form[password]", ADMINISTRATOR)];
    let answer = browser.post(format!("{base}{}", SignIn::PATH)).form(&form).send().await.unwrap();
    seen.add("the sign-in", answer.text().await.unwrap());
    for path in [
        "/",
        "/wall",
        "/wall-links",
        "/settings",
        "/releases",
        "/releases/1",
        "/releases/2",
        "/releases/new",
        "/projects",
        "/projects/1",
        "/projects/1/edit",
        "/projects/2",
        "/projects/1/environments/1",
        "/servers",
        "/servers/1",
        "/servers/2",
        "/credentials",
        "/credentials/1",
        "/credentials/2",
        "/credentials/3",
        "/hook-templates",
        "/live",
        "/audit",
        "/users",
        "/users/1",
        "/account",
        "/projects/1/members",
        "/projects/1/webhooks",
        "/projects/1/webhooks/1",
        "/projects/1/notifications",
        "/projects/1/notifications/1",
        "/projects/1/environments/1/policy",
        "/projects/1/environments/1/run",
        "/projects/1/environments/1/files",
    ] {
        let page = browser.get(format!("{base}{path}")).send().await.unwrap();
        assert!(page.status().is_success(), "{path}: {}", page.status());
        seen.add(path, page.text().await.unwrap());
    }
}

/// A webhook that is called with its secret and with a wrong one, and a channel that is tested.
async fn integrations(world: &World, seen: &mut Seen) {
    let program = &world.program;
    let list = format!("/projects/{}/webhooks", world.project);
    // Its secret is in the answer that makes it, and nowhere else.
    let webhook = program
        .post(&list, json!({"kind": "gitlab", "name": "hook", "environment_id": world.environment, "secret": HOOK}))
        .await;
    let address = program.url("").replace("/api/v1", "") + webhook["address"].as_str().unwrap();
    for (token, event) in [(HOOK, "Tag Push Hook"), (TYPED, "Tag Push Hook")] {
        let body = json!({"object_kind": "tag_push", "ref": "refs/tags/v1", "project": {"git_http_url": "/x"}});
        let request = reqwest::Client::new().post(&address).header("x-gitlab-token", token).json(&body);
        let answer = request.header("x-gitlab-event", event).send().await.unwrap();
        seen.add("a delivery", answer.text().await.unwrap());
    }
    let channel = json!({
        "kind": "webhook", "name": "ops", "url": format!("http://127.0.0.1:9/{ADDRESS}"), "secret": SIGNING,
        "events": ["release.failed"]
    });
    let (status, channel) =
        program.call(Method::POST, &format!("/projects/{}/channels", world.project), Some(channel)).await;
    assert_eq!(status, 201, "{channel}");
    seen.add("a channel", channel.to_string());
    let (_, test) = program.call(Method::POST, &format!("/channels/{}/test", id(&channel)), Some(json!({}))).await;
    seen.add("a test message", test.to_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_planted_secret_is_found_nowhere() {
    let env = [("LAUNCHWAY_MASTER_KEY", MASTER), ("RUST_LOG", "debug")];
    let world = World::with(1, Sshd::start(), Repository::new(), &env).await;
    let mut seen = Seen::default();
    let program = &world.program;
    let call = async |seen: &mut Seen, method: Method, path: &str, body: Value| {
        let (status, answer) = program.call(method.clone(), path, Some(body)).await;
        seen.add(format!("{method} {path}"), answer.to_string());
        (status, answer)
    };

    // Secrets of every kind, well and badly sent.
    let key = world.sshd.another_key(PASSPHRASE);
    let line = key.lines().nth(2).unwrap().to_owned();
    let locked = json!({"name": "locked", "kind": "ssh_key", "username": world.sshd.username(), "secret": key, "passphrase": PASSPHRASE});
    let (_, locked) = call(&mut seen, Method::POST, "/credentials", locked).await;
    let password = json!({"name": "password", "kind": "ssh_password", "username": "root", "secret": PASSWORD});
    let (_, password) = call(&mut seen, Method::POST, "/credentials", password).await;
    let git = json!({"name": "git", "kind": "git_https", "username": "me", "secret": GIT});
    let (_, git) = call(&mut seen, Method::POST, "/credentials", git).await;
    for body in [
        json!({"name": "", "kind": "ssh_key", "username": "x", "secret": TYPED, "passphrase": TYPED}),
        json!({"name": "x", "kind": TYPED, "username": "x", "secret": [TYPED]}),
        json!({"name": "x", "kind": "ssh_key", "username": "x", "secret": {"a": TYPED}, "other": TYPED}),
        json!({"name": "x", "kind": "ssh_key", "username": "x", "secret": format!("{TYPED}\u{0}")}),
    ] {
        assert!(call(&mut seen, Method::POST, "/credentials", body).await.0.is_client_error());
    }
    call(&mut seen, Method::PATCH, &format!("/credentials/{}", id(&password)), json!({"secret": PASSWORD})).await;
    let form = [("form[name]", "ada"), ("form[password]", TYPED)];
    let sign_in = world.program.url("").replace("/api/v1", "") + SignIn::PATH;
    let answer = reqwest::Client::new().post(sign_in).form(&form).send().await.unwrap();
    seen.add("a wrong password", answer.text().await.unwrap());
    // The one place where a key is shown, this once.
    let wall = program.post("/wall-links", json!({"label": "Kitchen"})).await["key"].as_str().unwrap().to_owned();

    // Those who refuse it: a server, a repository.
    let (address, port) = (world.sshd.address(), world.sshd.port());
    let refusing = json!({"hostname": "refusing", "address": address, "port": port, "credential_id": id(&password)});
    let (_, refusing) = call(&mut seen, Method::POST, "/servers", refusing).await;
    let pin = json!({"fingerprint": world.sshd.fingerprint()});
    call(&mut seen, Method::POST, &format!("/servers/{}/host-key", id(&refusing)), pin).await;
    let (_, check) = call(&mut seen, Method::POST, &format!("/servers/{}/check", id(&refusing)), json!({})).await;
    assert_eq!(check["ok"], false, "{check}");
    let remote = json!({"title": "remote", "repo_url": suspicious_server(), "credential_id": id(&git)});
    let (_, remote) = call(&mut seen, Method::POST, "/projects", remote).await;
    let (_, check) = call(&mut seen, Method::POST, &format!("/projects/{}/check", id(&remote)), json!({})).await;
    assert_eq!(check["ok"], false, "{check}");

    // A release that succeeds by the locked key, whose hooks tell what they can.
    let server = world.servers[0];
    call(&mut seen, Method::PATCH, &format!("/servers/{server}"), json!({"credential_id": id(&locked)})).await;
    let gate = world.sites.path().join("gate");
    let (first, second) = PASSPHRASE.split_at(9);
    let (begin, end) = line.split_at(20);
    let here = format!(
        "env; set; cat /proc/*/cmdline /proc/*/environ 2>/dev/null | tr '\\0' '\\n'; echo waiting; \
         until [ -e '{}' ]; do sleep 0.05; done",
        gate.display()
    );
    let there = format!("env; set; printf %s {first}; echo {second}; printf %s '{begin}'; echo '{end}'");
    let release =
        world.start("v1", json!({"after_download": here, "before_deploy": there, "after_deploy": there})).await;
    program.until(release, "the hook", |_, nodes| running(nodes, "after_download")).await;
    let deadline = std::time::Instant::now() + PATIENCE;
    while !program.log_text(release, "after_download").await.contains("waiting") {
        assert!(std::time::Instant::now() < deadline, "the hook does not wait");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    processes(&mut seen, program.pid());
    fs::write(&gate, "").unwrap();
    assert_eq!(program.ended(release).await, "succeeded");
    let log = program.log_text(release, &world.key(1, "before_deploy")).await;
    assert_eq!(log.matches(launchway_engine::redact::MASK).count(), 2, "{log}");

    integrations(&world, &mut seen).await;
    // A variable, which is set, given to a hook, and said by a command in two halves.
    let at = format!("/environments/{}/variables/TOKEN", world.environment);
    let (status, _) = call(&mut seen, Method::PUT, &at, json!({"value": VARIABLE, "secret": true})).await;
    assert_eq!(status, 200);
    let (given, status) = world.release("v1", json!({"before_deploy": "env; echo $TOKEN"})).await;
    assert_eq!(status, "succeeded");
    let log = program.log_text(given, &world.key(1, "before_deploy")).await;
    assert!(log.contains(launchway_engine::redact::MASK), "{log}");
    let (first, second) = VARIABLE.split_at(9);
    let command = json!({"command": format!("printf %s {first}; echo {second}")});
    let at = format!("/environments/{}/commands?wait=60", world.environment);
    let (_, done) = call(&mut seen, Method::POST, &at, command).await;
    assert_eq!(done["groups"][0]["output"], format!("{}\n", launchway_engine::redact::MASK), "{done}");

    // One that fails at the server that lets nobody in.
    let patch = json!({"server_ids": [server, id(&refusing)]});
    call(&mut seen, Method::PATCH, &format!("/environments/{}", world.environment), patch).await;
    let (failing, status) = world.release("v1", json!({})).await;
    assert_eq!(status, "failed");

    for (release, node) in [
        (release, "after_download".to_owned()),
        (release, world.key(1, "before_deploy")),
        (failing, format!("server:{}", id(&refusing))),
        (given, world.key(1, "before_deploy")),
    ] {
        seen.add(format!("log of {release} {node}"), program.log_text(release, &node).await);
    }
    read_everything(&world, &mut seen).await;
    read_pages(&world, &mut seen).await;
    seen.add_files(program.data());
    seen.add_files(world.sites.path());
    assert!(seen.texts.iter().any(|(place, _)| place.ends_with("launchway.db")), "the database was looked at");
    assert!(seen.texts.iter().any(|(place, _)| place.ends_with("program.log")), "the log was looked at");

    let token = program.token();
    for secret in
        [GIT, PASSWORD, PASSPHRASE, TYPED, MASTER, ADMINISTRATOR, VARIABLE, HOOK, ADDRESS, SIGNING, &line, &wall, token]
    {
        assert_eq!(seen.find(secret), Vec::<&str>::new(), "{secret}");
    }
    // Whoever looks like this does find what is there.
    for there in ["after_download", "refusing", "ada"] {
        assert!(!seen.find(there).is_empty(), "{there}");
    }
}

#[test]
fn nothing_that_holds_a_secret_tells_it_to_a_programmer() {
    let credential = CredentialForm {
        secret: Some(GIT.into()),
        passphrase: Some(PASSPHRASE.into()),
        name: "shown".into(),
        ..CredentialForm::default()
    };
    let setup = SetupForm { name: "shown".into(), password: TYPED.into() };
    let variable = VariableForm { value: VARIABLE.into(), secret: true };
    let webhook = WebhookForm { name: "shown".into(), secret: Some(HOOK.into()), ..WebhookForm::default() };
    let channel = ChannelForm {
        name: "shown".into(),
        url: Some(format!("https://example.com/{ADDRESS}")),
        secret: Some(SIGNING.into()),
        ..ChannelForm::default()
    };
    let tell = format!("{variable:?} {webhook:?} {channel:?}");
    for secret in [VARIABLE, HOOK, ADDRESS, SIGNING] {
        assert!(!tell.contains(secret), "{tell}");
    }
    let sign_in = SignInForm { name: "shown".into(), password: TYPED.into() };
    let mut config = Config::new("shown");
    config.master_key = Some(MASTER.into());
    config.database_url = Some(format!("postgres://u:{PASSWORD}@db/launchway").into());
    for text in [
        format!("{credential:?}"),
        format!("{setup:?}"),
        format!("{sign_in:?}"),
        format!("{config:?}"),
        format!("{:#?}", Some(&credential)),
    ] {
        assert!(text.contains("shown"), "{text}");
        for secret in [GIT, PASSWORD, PASSPHRASE, TYPED, MASTER] {
            assert!(!text.contains(secret), "{text}");
        }
    }
}
