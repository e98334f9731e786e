use launchway_domain::{CredentialId, CredentialKind, IfVersion, ServerForm};
use launchway_engine::testing::Sshd;

use crate::world::{SYSTEM, World, at};

#[tokio::test]
async fn a_check_shows_the_key_and_a_pinned_one_passes() {
    let world = World::new().await;
    let mut sshd = Sshd::start();
    let server = world.server("web-1", &sshd).await;
    let servers = world.services.servers();
    let first = servers.check(&SYSTEM, server.id).await.unwrap();
    assert!(!first.ok && !first.pinned);
    assert_eq!(first.code.as_deref(), Some("unpinned"));
    assert_eq!(first.host_key, Some(sshd.fingerprint()));
    servers.pin_host_key(&SYSTEM, server.id, first.host_key.unwrap()).await.unwrap();
    let second = servers.check(&SYSTEM, server.id).await.unwrap();
    assert!(second.ok && second.pinned, "{:?}", second.error);
    sshd.rotate_host_key();
    let third = servers.check(&SYSTEM, server.id).await.unwrap();
    assert!(!third.ok);
    assert_eq!(third.code.as_deref(), Some("key_changed"));
    sshd.stop();
    let fourth = servers.check(&SYSTEM, server.id).await.unwrap();
    assert_eq!(fourth.code.as_deref(), Some("refused"));
}

#[tokio::test]
async fn another_address_takes_the_pin_away_and_another_name_does_not() {
    let world = World::new().await;
    let sshd = Sshd::start();
    let server = world.pinned("web-1", &sshd).await;
    let form = |hostname: &str, port| ServerForm {
        hostname: hostname.into(),
        address: "127.0.0.1".into(),
        port,
        credential_id: server.credential_id,
        tags: vec!["eu".into()],
        project_id: None,
    };
    let servers = world.services.servers();
    let renamed = servers.update(&SYSTEM, server.id, form("web-2", server.port), &IfVersion::Any).await.unwrap();
    assert_eq!(renamed.host_key, server.host_key);
    let moved = servers.update(&SYSTEM, server.id, form("web-2", server.port - 1), &IfVersion::Any).await.unwrap();
    assert_eq!(moved.host_key, None);
}

#[tokio::test]
async fn bad_forms_are_told_at_their_fields() {
    let world = World::new().await;
    let key = world.credential("k", CredentialKind::SshKey, "deploy", "key").await;
    let git = world.credential("g", CredentialKind::GitHttps, "git", "token").await;
    let form = |hostname: &str, credential_id| ServerForm {
        hostname: hostname.into(),
        address: "192.0.2.1".into(),
        credential_id,
        ..ServerForm::default()
    };
    let servers = world.services.servers();
    let made = servers.create(&SYSTEM, form("web-1", key.id)).await.unwrap();
    for (form, expected) in [
        (form("web-1", key.id), ("hostname", "taken")),
        (form("web-2", git.id), ("credential_id", "wrong_kind")),
        (form("web-2", CredentialId(99)), ("credential_id", "not_found")),
        (form("-x", key.id), ("hostname", "hostname")),
    ] {
        assert_eq!(at(&servers.create(&SYSTEM, form).await.unwrap_err()), expected);
    }
    let fault = servers.pin_host_key(&SYSTEM, made.id, "MD5:00".into()).await.unwrap_err();
    assert_eq!(at(&fault), ("fingerprint", "fingerprint"));
    assert_eq!(servers.list(&SYSTEM).await.unwrap(), [made]);
}

#[tokio::test]
async fn a_server_stays_while_an_environment_uses_it() {
    let world = World::new().await;
    let sshd = Sshd::start();
    let server = world.server("web-1", &sshd).await;
    let project = world.project("Shop", &world.repository("repo")).await;
    let environment = world.environment(&project, "/srv/shop", &[server.id]).await;
    let fault = world.services.servers().delete(&SYSTEM, server.id, &IfVersion::Any).await.unwrap_err();
    assert_eq!(fault.status(), 409);
    assert!(fault.detail().en.contains("test"), "{fault}");
    world.services.projects().delete_environment(&SYSTEM, environment.id, &IfVersion::Any).await.unwrap();
    world.services.servers().delete(&SYSTEM, server.id, &IfVersion::Any).await.unwrap();
}
