//! Registers what the demo shows, by the calls that the pages make, and runs the first release.

use std::collections::HashMap;
use std::time::Duration;

use launchway_domain::{
    Actor, CredentialForm, CredentialKind, EnvironmentForm, EnvironmentKind, EventData, GitRef, Hooks, Node, NodeKind,
    NodeStatus, ProjectForm, RefKind, Release, ReleaseForm, ReleaseStatus, ServerForm, ServerId, StartForm, Text,
    Topic, Visible, text,
};
use secrecy::ExposeSecret;

use super::super::say::{self, Failure};
use super::Stage;
use super::repository::FIRST;
use crate::service::Services;

/// How long the first release may take.
const PATIENCE: Duration = Duration::from_secs(180);
/// Events that are read at once.
const PAGE: u32 = 200;

/// Registers everything and runs the first release to its end.
pub(super) async fn release(services: &Services, actor: &Actor, stage: &Stage) -> Result<(), Failure> {
    let servers = register_servers(services, actor, stage).await?;
    let project = ProjectForm {
        title: "Tea shop".to_owned(),
        repo_url: stage.repository.display().to_string(),
        ..ProjectForm::default()
    };
    let project = services.projects().create(actor, project).await?;
    let environment = |name: &str, kind| EnvironmentForm {
        name: name.to_owned(),
        kind,
        path: format!("{}/{{hostname}}/{name}", stage.targets.display()),
        server_ids: servers.clone(),
        ..EnvironmentForm::default()
    };
    let test = environment("test", EnvironmentKind::Test);
    let test = services.projects().create_environment(actor, project.id, test).await?;
    let prod = environment("prod", EnvironmentKind::Prod);
    services.projects().create_environment(actor, project.id, prod).await?;
    let check = services.projects().check_environment(actor, test.id).await?;
    if let Some(error) = check.error {
        return Err(error.into());
    }
    let form = ReleaseForm {
        project_id: project.id,
        environment_id: test.id,
        git_ref: GitRef { kind: RefKind::Tag, name: FIRST.to_owned() },
        hooks: hooks(),
        note: Some("The first one, by the demo.".to_owned()),
        ..ReleaseForm::default()
    };
    let release = services.releases().create(actor, form).await?;
    let (id, title) = (release.id, &release.project_title);
    say::line(&text!("Release {id}: {title} {FIRST} to test", "发布 {id}：{title} {FIRST} 到 test"));
    services.releases().start(actor, id, StartForm::default()).await?;
    match tokio::time::timeout(PATIENCE, follow(services, actor, &release)).await {
        Ok(outcome) => outcome,
        Err(_) => {
            let seconds = PATIENCE.as_secs();
            let said = text!("The first release took longer than {seconds} s.", "首次发布超过 {seconds} 秒仍未完成。");
            Err(said.into())
        }
    }
}

async fn register_servers(services: &Services, actor: &Actor, stage: &Stage) -> Result<Vec<ServerId>, Failure> {
    let credential = CredentialForm {
        name: "Demo key".to_owned(),
        kind: CredentialKind::SshKey,
        username: stage.servers.username.clone(),
        secret: Some(stage.servers.private_key.expose_secret().to_owned()),
        passphrase: None,
        project_id: None,
    };
    let credential = services.credentials().create(actor, credential).await?;
    let mut ids = Vec::new();
    for server in &stage.servers.servers {
        let form = ServerForm {
            hostname: server.hostname.clone(),
            address: "127.0.0.1".to_owned(),
            port: server.port,
            credential_id: credential.id,
            tags: vec!["demo".to_owned()],
            project_id: None,
        };
        let made = services.servers().create(actor, form).await?;
        services.servers().pin_host_key(actor, made.id, server.fingerprint.clone()).await?;
        ids.push(made.id);
    }
    Ok(ids)
}

fn hooks() -> Hooks {
    Hooks {
        before_download: Some(
            "echo \"Releasing $LAUNCHWAY_REF of $LAUNCHWAY_PROJECT to $LAUNCHWAY_ENVIRONMENT\"\n".into(),
        ),
        after_download: Some("sh build.sh\n".into()),
        before_deploy: Some(
            "test -s \"$LAUNCHWAY_RELEASE_PATH/index.html\" && echo \"$LAUNCHWAY_SERVER has the page\"\n".into(),
        ),
        after_deploy: Some(
            "echo \"live on $LAUNCHWAY_SERVER: $(cat \"$LAUNCHWAY_CURRENT_PATH/version.txt\")\"\n".into(),
        ),
    }
}

/// Says what happens, until the release has ended.
async fn follow(services: &Services, actor: &Actor, release: &Release) -> Result<(), Failure> {
    let store = services.store();
    let mut bell = store.bell();
    let reading = Text::new("reading the feed", "读取事件");
    let hostnames = services.servers().list(actor).await?.into_iter().map(|s| (s.id, s.hostname)).collect();
    let mut seq = 0;
    loop {
        bell.mark_unchanged();
        let (events, scanned) = store
            .events_after(seq, &[Topic::Release(release.id)], &Visible::All, PAGE)
            .await
            .map_err(|e| Failure::new(&reading, e))?;
        let moved = scanned > seq;
        seq = scanned;
        for event in events {
            match event.data {
                EventData::NodeStatus { node, .. } => say_node(&node, &hostnames),
                EventData::ReleaseStatus { status: ReleaseStatus::Succeeded, .. } => return Ok(()),
                EventData::ReleaseStatus { status, error, .. } if status.is_final() => {
                    let why = failed_node(services, actor, release).await;
                    return Err(error.or(why).unwrap_or_else(|| status.label()).into());
                }
                _ => {}
            }
        }
        if !moved {
            bell.changed().await.map_err(|e| Failure::new(&reading, e))?;
        }
    }
}

/// What the first node that failed says about it.
async fn failed_node(services: &Services, actor: &Actor, release: &Release) -> Option<Text> {
    let snapshot = services.releases().get(actor, release.id).await.ok()?;
    snapshot.nodes.into_iter().find(|node| node.status == NodeStatus::Failed)?.message
}

/// One line for a node that moved; a server's ones with its name.
fn say_node(node: &Node, hostnames: &HashMap<ServerId, String>) {
    let sign = match node.status {
        NodeStatus::Running => "…",
        NodeStatus::Succeeded => "✓",
        NodeStatus::Failed => "✗",
        NodeStatus::Pending | NodeStatus::Waiting | NodeStatus::Skipped | NodeStatus::Canceled => return,
    };
    let label = node.kind.label();
    let label = label.get(say::lang());
    match node.server_id.and_then(|id| hostnames.get(&id)) {
        Some(hostname) if node.kind == NodeKind::Server => println!("  {sign} {hostname}"),
        Some(hostname) => println!("  {sign} {hostname}: {label}"),
        None => println!("  {sign} {label}"),
    }
}
