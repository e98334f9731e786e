//! The steps on the Launchway host: start, download, package.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::{Arc, PoisonError};

use launchway_domain::{Node, ReleaseId, Text, text};

use super::{Context, Done, StepError, blocking};
use crate::artifact::{self, Artifact, Packing, Tree};
use crate::git::{Bounds, GitError, GitErrorKind, Mirror, Remote};
use crate::guard;
use crate::lineage::Source;
use crate::log::{LogHandle, size};

/// Makes the work folder and says what goes where.
pub(super) async fn start(context: &Arc<Context>, log: LogHandle) -> Result<Done, StepError> {
    let context = Arc::clone(context);
    blocking(move || {
        if context.frozen.targets.is_empty() {
            return Err(StepError::new(Text::new(
                "The environment has no servers. Add at least one to it, then create a new release.",
                "该环境没有服务器。请至少添加一台，然后新建发布。",
            )));
        }
        if let Some((one, two)) = context.frozen.same_place() {
            return Err(same_place(&one.hostname, &two.hostname, &one.path));
        }
        let tree = context.data.tree(context.release.id);
        fs::create_dir_all(&tree).map_err(|error| disk(&tree, &error))?;
        let servers = context.frozen.targets.len();
        log.note(format!(
            "{} {} ({}) to {} / {}, {servers} servers",
            context.release.git_ref.kind.as_str(),
            context.release.git_ref.name,
            short(&context.release.commit),
            context.frozen.project,
            context.frozen.environment,
        ));
        lineage(&context, &log)?;
        Ok(Done::default())
    })
    .await
}

/// Says where the tree comes from, and takes it over where that is another environment.
fn lineage(context: &Context, log: &LogHandle) -> Result<(), StepError> {
    let (own, tree) = (context.release.id, context.frozen.tree_of);
    if let Some(why) = &context.frozen.rebuilt {
        log.note(why.en.clone());
    }
    match context.frozen.source {
        Source::Build => {}
        Source::Stored(from) if from == tree => {
            log.note(format!(
                "The tree of release {from}: what a server still holds is verified there and not sent again"
            ));
        }
        Source::Stored(from) => {
            let artifact = Artifact::open(&context.data.artifact(from))
                .and_then(|artifact| artifact.take_over(&context.data.artifact(own)))
                .map_err(|error| unusable(from, &error.text()))?;
            log.note(format!("The same artifact as release {from}: nothing is built"));
            log.note(format!("sha256 {}", artifact.sha256));
        }
    }
    Ok(())
}

/// Fetches the mirror and exports the commit into the work folder.
pub(super) async fn download(context: &Arc<Context>, node: &Node, log: LogHandle) -> Result<Done, StepError> {
    let (context, node) = (Arc::clone(context), node.clone());
    blocking(move || {
        let auth = match context.frozen.git_credential_id {
            None => None,
            Some(id) => match context.credentials.get(&id) {
                Some(Ok(opened)) => Some(opened.for_git().map_err(|fault| StepError::new(fault.detail()))?),
                Some(Err(text)) => return Err(StepError::new(text.clone())),
                None => {
                    return Err(StepError::new(Text::new(
                        "The project's credential is gone. Choose another one for it, then retry.",
                        "该项目的凭据已不存在，请为其选择其他凭据后重试。",
                    )));
                }
            },
        };
        let remote =
            Remote { url: context.frozen.repo_url.clone(), auth, host_key: context.frozen.git_host_key.clone() };
        let bounds = Bounds { deadline: context.limits.download, cancel: context.cancel.clone() };
        let commit = &context.release.commit;
        let mirror = Mirror::open(&context.data.mirror(context.release.project_id), &remote).map_err(git)?;
        let mut progress = context.ticker(&node);
        if mirror.has(commit) {
            log.note(format!("{} is in the mirror already", short(commit)));
        } else {
            log.note(format!("Fetching {}", context.frozen.repo_url));
            mirror
                .fetch(&remote, &bounds, &mut |p| {
                    progress(p.received_objects, p.total_objects);
                })
                .map_err(git)?;
            if !mirror.has(commit) {
                // The branch was moved since: the commit itself may still be there to ask for.
                mirror.fetch_commit(&remote, commit, &bounds, &mut |_| {}).map_err(git)?;
            }
        }
        mirror.pin(commit, context.release.id).map_err(git)?;

        // Exported beside the work folder and then moved in: what `before_download` left there stays.
        let side = context.data.work(context.release.id).join("export");
        remove(&side)?;
        fs::create_dir_all(&side).map_err(|error| disk(&side, &error))?;
        let stats = mirror.export(commit, &side, &remote, &bounds, &mut |_| {}).map_err(git)?;
        let tree = context.data.tree(context.release.id);
        context.guard.adopt(&side, &tree).map_err(|error| disk(&side, &error))?;
        guard::merge(&side, &tree).map_err(|error| disk(&tree, &error))?;
        remove(&side)?;
        log.note(format!("{} files, {}", stats.files, size(stats.bytes)));
        Ok(Done::default())
    })
    .await
}

/// Packs the work folder, or the part of it that the environment names.
pub(super) async fn package(context: &Arc<Context>, node: &Node, log: LogHandle) -> Result<Done, StepError> {
    let (context, node) = (Arc::clone(context), node.clone());
    blocking(move || {
        let tree = context.data.tree(context.release.id);
        let tree = Tree::open(&tree).map_err(|error| StepError::new(error.text()))?;
        let root = match context.frozen.package_root.as_deref().filter(|root| !root.is_empty()) {
            None => tree,
            Some(inside) => package_root(&tree, inside)?,
        };
        let mut progress = context.ticker(&node);
        let dir = context.data.artifact(context.release.id);
        let packing = Packing::new(&context.frozen.policy.takes).map_err(|(_, why)| StepError::new(why))?;
        let cancel = &context.cancel;
        let artifact = match artifact::pack(&root, &dir, &packing, cancel, &mut |done, total| progress(done, total)) {
            Ok(artifact) => artifact,
            Err(_) if context.cancel.is_cancelled() => return Err(StepError::Canceled),
            Err(error) => return Err(StepError::new(error.text())),
        };
        log.note(format!(
            "{} files, {}, packed into {}",
            artifact.manifest.files(),
            size(artifact.manifest.bytes()),
            size(artifact.archive_bytes)
        ));
        log.note(format!("sha256 {}", artifact.sha256));
        *context.artifact.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(artifact));
        Ok(Done::default())
    })
    .await
}

impl Context {
    /// The artifact of the tree that goes live: this release's, or for a rollback an earlier one's.
    pub(super) fn open_artifact(&self) -> Result<Arc<Artifact>, StepError> {
        let mut place = self.artifact.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(artifact) = place.as_ref() {
            return Ok(Arc::clone(artifact));
        }
        let id: ReleaseId = self.frozen.tree_of;
        let artifact = Artifact::open(&self.data.artifact(id)).map_err(|error| unusable(id, &error.text()))?;
        Ok(Arc::clone(place.insert(Arc::new(artifact))))
    }
}

fn unusable(id: ReleaseId, why: &Text) -> StepError {
    StepError::new(text!(
        "The artifact of release {id} cannot be used: {} Create a new release from its commit.",
        "发布 {id} 的制品不可用：{} 请基于其提交新建发布。";
        why
    ))
}

/// The folder to pack. It has to be a real folder within the tree: a link out of it would pack what
/// is the host's and not the project's.
fn package_root(tree: &Tree, inside: &str) -> Result<Tree, StepError> {
    tree.within(inside).map_err(|_| {
        StepError::new(text!(
            "There is no folder {inside} in the tree. See the environment's package root, and whether the build made it.",
            "目录树中没有文件夹 {inside}。请检查环境的打包目录设置，以及构建是否生成了它。"
        ))
    })
}

fn remove(path: &Path) -> Result<(), StepError> {
    guard::clean(path).map_err(|error| disk(path, &error))
}

pub(super) fn same_place(one: &str, two: &str, path: &str) -> StepError {
    StepError::new(text!(
        "{one} and {two} are the same host and path ({path}). Take one of them out of the environment, or put {{hostname}} into its path. Nothing was touched.",
        "{one} 与 {two} 是同一台主机的同一路径（{path}）。请从环境中移除其一，或在路径中使用 {{hostname}}。未做任何改动。"
    ))
}

pub(super) fn disk(path: &Path, error: &io::Error) -> StepError {
    let path = path.display();
    StepError::new(text!(
        "Launchway's own disk refused {path}: {error}. Free or mend it, then retry.",
        "Launchway 主机磁盘出错（{path}）：{error}。请清理或修复后重试。"
    ))
}

fn git(error: GitError) -> StepError {
    match error.kind {
        GitErrorKind::Canceled => StepError::Canceled,
        _ => StepError::new(error.text),
    }
}

fn short(commit: &str) -> &str {
    commit.get(..10).unwrap_or(commit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_root_cannot_leave_the_tree() {
        let folder = tempfile::tempdir().unwrap();
        let tree = folder.path().join("tree");
        fs::create_dir_all(tree.join("dist")).unwrap();
        std::os::unix::fs::symlink("/etc", tree.join("out")).unwrap();
        let tree = Tree::open(&tree).unwrap();
        assert!(package_root(&tree, "dist").is_ok());
        assert!(package_root(&tree, "out").is_err());
        assert!(package_root(&tree, "none").is_err());
    }
}
