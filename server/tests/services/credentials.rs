use launchway_domain::{CredentialForm, CredentialKind, IfVersion, ProjectForm, Role};
use launchway_engine::testing::Sshd;

use crate::world::{SYSTEM, World, at, person};

fn form(name: &str, kind: CredentialKind) -> CredentialForm {
    CredentialForm {
        name: name.into(),
        kind,
        username: "deploy".into(),
        secret: None,
        passphrase: None,
        project_id: None,
    }
}

#[tokio::test]
async fn a_secret_is_in_no_file_and_in_no_answer() {
    let world = World::new().await;
    let made = world.credential("k", CredentialKind::SshPassword, "deploy", "hunter2-hunter2").await;
    let answer = serde_json::to_string(&made).unwrap();
    assert!(!answer.contains("hunter2") && !answer.contains("secret"), "{answer}");
    for file in std::fs::read_dir(world.folder.path().join("data")).unwrap().flatten() {
        if file.file_type().unwrap().is_file() {
            let bytes = std::fs::read(file.path()).unwrap();
            assert!(!bytes.windows(7).any(|w| w == b"hunter2"), "{:?}", file.path());
        }
    }
}

#[tokio::test]
async fn a_blank_secret_stays_as_it_was() {
    let world = World::new().await;
    let sshd = Sshd::start();
    let server = world.pinned("web-1", &sshd).await;
    let name = format!("key of {}", sshd.port());
    for secret in [None, Some(" ".to_owned())] {
        let form = CredentialForm { username: sshd.username().into(), secret, ..form(&name, CredentialKind::SshKey) };
        world.services.credentials().update(&SYSTEM, server.credential_id, form, &IfVersion::Any).await.unwrap();
        let check = world.services.servers().check(&SYSTEM, server.id).await.unwrap();
        assert!(check.ok, "{:?}", check.error);
    }
}

#[tokio::test]
async fn a_passphrase_alone_is_added_to_the_key_that_is_there() {
    let world = World::new().await;
    let sshd = Sshd::start();
    let server = world.pinned("web-1", &sshd).await;
    let name = format!("key of {}", sshd.port());
    let locked = CredentialForm {
        username: sshd.username().into(),
        secret: Some(sshd.another_key("open sesame")),
        ..form(&name, CredentialKind::SshKey)
    };
    let credentials = world.services.credentials();
    let without = credentials.update(&SYSTEM, server.credential_id, locked.clone(), &IfVersion::Any).await.unwrap();
    assert!(!without.has_passphrase);
    let check = world.services.servers().check(&SYSTEM, server.id).await.unwrap();
    assert_eq!(check.code.as_deref(), Some("passphrase"), "{:?}", check.error);
    let added = CredentialForm { secret: None, passphrase: Some("open sesame".into()), ..locked };
    let with = credentials.update(&SYSTEM, server.credential_id, added, &IfVersion::Any).await.unwrap();
    assert!(with.has_passphrase);
    let check = world.services.servers().check(&SYSTEM, server.id).await.unwrap();
    assert!(check.ok, "{:?}", check.error);
}

#[tokio::test]
async fn a_new_one_needs_a_secret_and_so_does_another_kind() {
    let world = World::new().await;
    let credentials = world.services.credentials();
    let fault = credentials.create(&SYSTEM, form("k", CredentialKind::SshKey)).await.unwrap_err();
    assert_eq!(at(&fault), ("secret", "required"));
    let made = world.credential("k", CredentialKind::SshKey, "deploy", "key").await;
    let fault = credentials
        .update(&SYSTEM, made.id, form("k", CredentialKind::SshPassword), &IfVersion::Any)
        .await
        .unwrap_err();
    assert_eq!(at(&fault), ("secret", "secret_needed"));
}

#[tokio::test]
async fn what_is_in_use_names_its_users() {
    let world = World::new().await;
    let sshd = Sshd::start();
    let server = world.server("web-1", &sshd).await;
    let credentials = world.services.credentials();
    let fault = credentials.delete(&SYSTEM, server.credential_id, &IfVersion::Any).await.unwrap_err();
    assert_eq!(fault.status(), 409);
    assert!(fault.detail().en.contains("web-1"), "{fault}");
    let git = CredentialForm { secret: Some("s".into()), ..form("x", CredentialKind::GitHttps) };
    let fault = credentials.update(&SYSTEM, server.credential_id, git, &IfVersion::Any).await.unwrap_err();
    assert_eq!(fault.status(), 409);
    world.services.servers().delete(&SYSTEM, server.id, &IfVersion::Any).await.unwrap();
    credentials.delete(&SYSTEM, server.credential_id, &IfVersion::Any).await.unwrap();
    assert_eq!(credentials.get(&SYSTEM, server.credential_id).await.unwrap_err().status(), 404);
}

#[tokio::test]
async fn names_are_taken_once_and_kinds_fit_what_they_open() {
    let world = World::new().await;
    let key = world.credential("k", CredentialKind::SshKey, "deploy", "key").await;
    let again = CredentialForm { secret: Some("x".into()), ..form(" k ", CredentialKind::SshKey) };
    let fault = world.services.credentials().create(&SYSTEM, again).await.unwrap_err();
    assert_eq!(at(&fault), ("name", "taken"));
    let token = world.credential("t", CredentialKind::GitHttps, "git", "token").await;
    for (url, id) in [("https://host/a.git", key.id), ("git@host:a.git", token.id)] {
        let form =
            ProjectForm { title: "p".into(), repo_url: url.into(), credential_id: Some(id), ..Default::default() };
        let fault = world.services.projects().create(&SYSTEM, form).await.unwrap_err();
        assert_eq!(at(&fault), ("credential_id", "wrong_kind"), "{url}");
    }
}

#[tokio::test]
async fn a_viewer_sees_and_does_not_touch() {
    let world = World::new().await;
    let made = world.credential("k", CredentialKind::SshKey, "deploy", "key").await;
    let viewer = person(Role::Viewer);
    let credentials = world.services.credentials();
    assert_eq!(credentials.list(&viewer).await.unwrap(), std::slice::from_ref(&made));
    assert_eq!(credentials.delete(&viewer, made.id, &IfVersion::Any).await.unwrap_err().status(), 403);
    let update = credentials.update(&viewer, made.id, form("x", CredentialKind::SshKey), &IfVersion::Any).await;
    assert_eq!(update.unwrap_err().status(), 403);
}
