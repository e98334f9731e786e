//! Where a release's tree comes from: built from its commit, or taken over from what an earlier release packed. Where
//! that is not possible any more, or would not be the same, it is built again, and the release says why.

use launchway_domain::{Environment, HookPoint, Hooks, Release, ReleaseId, ReleaseKind, Text, text};
use serde::{Deserialize, Serialize};

use crate::artifact::Artifact;
use crate::data::DataDir;
use crate::planner::Frozen;
use crate::store::{Result, Store, StoreError};

/// What a local hook learns about where the release goes.
const TELLS_ENVIRONMENT: &str = "LAUNCHWAY_ENVIRONMENT";

/// Where the tree comes from that a release brings live.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// It is built from the commit.
    #[default]
    Build,
    /// It was packed before: by this release.
    Stored(ReleaseId),
}

/// A release's tree, as settled when the release starts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lineage {
    /// Whose folder on the servers it is.
    pub tree_of: ReleaseId,
    /// Where it comes from.
    pub source: Source,
    /// Why it is built although an earlier release had built it.
    pub rebuilt: Option<Text>,
    /// The scripts, those that build included where it is built.
    pub hooks: Hooks,
}

impl Lineage {
    /// That of a release that starts now in its environment.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn of(store: &Store, data: &DataDir, release: &Release, environment: &Environment) -> Result<Self> {
        let own = Self { tree_of: release.id, hooks: release.hooks.clone(), ..Self::default() };
        match (release.kind, release.rollback_of, release.promoted_from) {
            (ReleaseKind::Rollback, Some(origin), _) => {
                if is_stored(data, origin).await {
                    if store.live_spoiled(environment.id, origin).await? {
                        // What is live is never written into, so it is put right in a folder beside.
                        return Ok(Self { source: Source::Stored(origin), ..own });
                    }
                    return Ok(Self { tree_of: origin, source: Source::Stored(origin), ..own });
                }
                let rebuilt = text!(
                    "The artifact of release {origin} is not here any more, so it is built again from the commit.",
                    "发布 {origin} 的制品已不存在，因此从该提交重新构建。"
                );
                let Hooks { before_download, after_download, .. } = builders(store, origin).await?;
                let hooks = Hooks { before_download, after_download, ..own.hooks };
                Ok(Self { rebuilt: Some(rebuilt), hooks, ..own })
            }
            (_, _, Some(from)) => {
                let tree = store.release_tree_of(from).await?;
                let rebuilt = apart(store, data, from, environment).await?;
                let source = if rebuilt.is_some() { Source::Build } else { Source::Stored(tree) };
                Ok(Self { source, rebuilt, ..own })
            }
            _ => Ok(own),
        }
    }
}

/// Why what a release brought live cannot be taken over by another environment byte for byte; none where it can. That
/// is so where the same part of the tree is packed in both, and no script that builds asks where the release goes or
/// for a variable of either; the policy of the environment may want it built again in any case.
///
/// # Errors
/// [`StoreError::NotFound`]
pub async fn apart(store: &Store, data: &DataDir, from: ReleaseId, to: &Environment) -> Result<Option<Text>> {
    let tree = store.release_tree_of(from).await?;
    let name = &to.name;
    if to.policy.rules.promote_rebuilds {
        return Ok(Some(text!(
            "The policy of {name} has what is promoted built again.",
            "{name} 的发布策略要求提升时重新构建。"
        )));
    }
    let Some(frozen) = frozen(store, tree).await? else {
        return Ok(Some(text!(
            "Nothing is known of how release {tree} was built, so it is built again.",
            "不清楚发布 {tree} 当时如何构建，因此重新构建。"
        )));
    };
    let root = |root: &Option<String>| root.as_deref().unwrap_or_default().trim_matches('/').to_owned();
    if root(&frozen.package_root) != root(&to.package_root) {
        return Ok(Some(text!(
            "{name} packs another folder of the tree, so it is built again.",
            "{name} 打包的目录不同，因此重新构建。"
        )));
    }
    if frozen.policy.takes.exclude != to.policy.takes.exclude {
        return Ok(Some(text!(
            "{name} leaves other files out, so it is built again.",
            "{name} 排除的文件不同，因此重新构建。"
        )));
    }
    let mut words = vec![TELLS_ENVIRONMENT.to_owned()];
    for environment in [store.release(from).await?.environment_id, to.id] {
        words.extend(store.variables(environment).await?.into_iter().map(|variable| variable.name));
    }
    let asks = [HookPoint::BeforeDownload, HookPoint::AfterDownload].into_iter().find_map(|point| {
        let script = frozen.hooks.at(point)?;
        Some((point.as_str(), words.iter().find(|word| script.contains(word.as_str()))?))
    });
    if let Some((hook, word)) = asks {
        return Ok(Some(text!(
            "Its hook {hook} asks for {word}, so it is built again.",
            "其 {hook} 钩子使用 {word}，因此重新构建。"
        )));
    }
    if !is_stored(data, tree).await {
        return Ok(Some(text!(
            "The artifact of release {tree} is not here any more, so it is built again from the commit.",
            "发布 {tree} 的制品已不存在，因此从该提交重新构建。"
        )));
    }
    Ok(None)
}

/// Whether the artifact that a release packed is here, whole.
pub async fn is_stored(data: &DataDir, release: ReleaseId) -> bool {
    let dir = data.artifact(release);
    tokio::task::spawn_blocking(move || Artifact::is_whole(&dir)).await.unwrap_or(false)
}

/// What a release ran with, as far as this version of the program can read it.
async fn frozen(store: &Store, release: ReleaseId) -> Result<Option<Frozen>> {
    Ok(store.frozen_of(release).await?.and_then(|value| serde_json::from_value(value).ok()))
}

/// The scripts with which a release was built.
async fn builders(store: &Store, release: ReleaseId) -> Result<Hooks> {
    match frozen(store, release).await? {
        Some(frozen) => Ok(frozen.hooks),
        None => match store.release(release).await {
            Ok(release) => Ok(release.hooks),
            Err(StoreError::NotFound) => Ok(Hooks::default()),
            Err(error) => Err(error),
        },
    }
}
