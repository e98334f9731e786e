//! What has to be known before the first node: the plan, the frozen rows, the open credentials.

use std::collections::{HashMap, HashSet};

use launchway_domain::{CredentialId, Environment, Node, Release, ReleaseKind, Strategy, Text};

use super::Shared;
use crate::credential::Opened;
use crate::data::DataDir;
use crate::lineage::Lineage;
use crate::planner::{Frozen, Target, plan};
use crate::store::{Lease, Store, StoreError};
use crate::variable::{self, Given};

/// Reads what the release runs with, freezing and planning it where that was not done yet.
pub(super) async fn frozen(
    shared: &Shared,
    lease: &Lease,
    release: &Release,
) -> Result<(Frozen, Vec<Node>), StoreError> {
    let store = &shared.store;
    shared.data.settled().await;
    let known = store.frozen(lease).await?.map(serde_json::from_value::<Frozen>).transpose();
    let known = known.map_err(|error| StoreError::Corrupt(format!("release {}: frozen: {error}", release.id)))?;
    match known {
        None => {
            let frozen = freeze(store, &shared.data, release).await?;
            let nodes = plan(&frozen);
            store.plan(lease, &json(&frozen)?, &nodes).await?;
            Ok((frozen, nodes))
        }
        Some(mut frozen) => {
            if frozen.queued_at != release.queued_at {
                refresh(store, release, &mut frozen).await?;
                store.refreeze(lease, &json(&frozen)?).await?;
            }
            Ok((frozen, store.nodes(release.id).await?))
        }
    }
}

fn json(frozen: &Frozen) -> Result<serde_json::Value, StoreError> {
    serde_json::to_value(frozen).map_err(|error| StoreError::Corrupt(error.to_string()))
}

async fn freeze(store: &Store, data: &DataDir, release: &Release) -> Result<Frozen, StoreError> {
    let project = store.project(release.project_id).await?;
    let environment = store.environment(release.environment_id).await?;
    let Lineage { tree_of, source, rebuilt, hooks } = Lineage::of(store, data, release, &environment).await?;
    let mut targets = Vec::with_capacity(environment.server_ids.len());
    for id in &environment.server_ids {
        let server = store.server(*id).await?;
        targets.push(Target {
            server_id: server.id,
            path: Environment::path_on(environment.path.trim_end_matches('/'), &server.hostname),
            hostname: server.hostname,
            address: server.address,
            port: server.port,
            credential_id: server.credential_id,
            host_key: server.host_key,
        });
    }
    let mut policy = environment.policy;
    if release.kind == ReleaseKind::Rollback {
        // What is to be put right is put right everywhere at once.
        policy.rollout.strategy = Strategy::AllAtOnce;
    }
    Ok(Frozen {
        queued_at: release.queued_at,
        project: project.title,
        environment: environment.name,
        repo_url: project.repo_url,
        git_credential_id: project.credential_id,
        git_host_key: project.host_key,
        package_root: environment.package_root,
        keep: environment.keep,
        policy,
        hooks,
        tree_of,
        source,
        rebuilt,
        targets,
    })
}

/// For a retry: how things are reached may have been wrong and mended; where the release goes and
/// what it does stay as they were.
async fn refresh(store: &Store, release: &Release, frozen: &mut Frozen) -> Result<(), StoreError> {
    frozen.queued_at = release.queued_at;
    let project = store.project(release.project_id).await?;
    frozen.repo_url = project.repo_url;
    frozen.git_credential_id = project.credential_id;
    frozen.git_host_key = project.host_key;
    for target in &mut frozen.targets {
        match store.server(target.server_id).await {
            Ok(server) => {
                target.address = server.address;
                target.port = server.port;
                target.credential_id = server.credential_id;
                target.host_key = server.host_key;
            }
            // Deleted meanwhile: the frozen address is the best that is known.
            Err(StoreError::NotFound) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Opens every credential that the release needs.
pub(super) async fn credentials(
    shared: &Shared,
    frozen: &Frozen,
) -> Result<HashMap<CredentialId, Result<Opened, Text>>, StoreError> {
    let ids: HashSet<CredentialId> =
        frozen.targets.iter().map(|target| target.credential_id).chain(frozen.git_credential_id).collect();
    let mut opened = HashMap::new();
    for id in ids {
        match shared.store.credential_sealed(id).await {
            Ok((credential, sealed)) => {
                opened.insert(id, Opened::new(&shared.vault, credential, &sealed));
            }
            Err(StoreError::NotFound) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(opened)
}

/// What hooks are given, as it is now: a secret that was changed is the new one on a retry.
pub(super) async fn variables(shared: &Shared, release: &Release) -> Result<Result<Vec<Given>, Text>, StoreError> {
    variable::given(&shared.store, &shared.vault, release.environment_id).await
}
