//! Releases.

use launchway_domain::{
    Changes, EnvironmentId, ListQuery, Listed, LogPage, NodeKey, Page, RefKind, Release, ReleaseFilter, ReleaseForm,
    ReleaseId, ReleaseSnapshot, StartForm,
};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;

use super::codec::Json;
#[cfg(feature = "ssr")]
use super::host::{actor, answer, ports};
use super::snapshot::ReleaseStart;
use super::{ApiError, needs};
#[cfg(feature = "ssr")]
use {
    crate::said::{Did, Said, Thing, tell},
    launchway_domain::{EnvironmentKind, Fault},
};

/// Releases, newest first.
#[server(prefix = "/api/fn", input = Json, output = Json)]
pub async fn list_releases(filter: ReleaseFilter) -> Result<Page<Release>, ApiError> {
    answer(ports()?.releases.list(&actor()?, filter).await)
}
needs!(ListReleases, ViewReleases);

/// A page of what is looked for. In JSON, since an empty query would leave nothing of a form.
#[server(prefix = "/api/fn", input = Json, output = Json)]
pub async fn search_releases(query: ListQuery) -> Result<Listed<Release>, ApiError> {
    answer(ports()?.releases.search(&actor()?, query).await)
}
needs!(SearchReleases, ViewReleases);

/// A release, its nodes, and the event up to which both are told.
#[server(prefix = "/api/fn", input = GetUrl, output = Json)]
pub async fn get_release(id: ReleaseId) -> Result<ReleaseSnapshot, ApiError> {
    answer(ports()?.releases.get(&actor()?, id).await)
}
needs!(GetRelease, ViewReleases);

/// What the page of a release begins with.
#[server(prefix = "/api/fn", input = GetUrl, output = Json)]
pub async fn start_of_release(id: ReleaseId) -> Result<ReleaseStart, ApiError> {
    let (ports, actor) = (ports()?, actor()?);
    let snapshot = answer(ports.releases.get(&actor, id).await)?;
    let standing = answer(ports.ways.standing(&actor, id).await)?;
    let release = &snapshot.release;
    let mut promote_to = Vec::new();
    // What can be promoted may come to be so while the page is open.
    if release.environment_kind == EnvironmentKind::Test {
        let all = answer(ports.projects.environments(&actor, release.project_id).await)?;
        let prod = all.into_iter().filter(|one| one.kind == EnvironmentKind::Prod);
        promote_to.extend(prod.map(|one| (one.id, one.name)));
    }
    Ok(ReleaseStart { snapshot, standing, promote_to })
}
needs!(StartOfRelease, ViewReleases);

/// A stretch of a node's log from a byte offset on; `attempt` none means the latest.
#[server(prefix = "/api/fn", input = GetUrl, output = Json)]
pub async fn get_log(id: ReleaseId, node: NodeKey, attempt: Option<u32>, offset: u64) -> Result<LogPage, ApiError> {
    answer(ports()?.releases.log(&actor()?, id, node, attempt, offset).await)
}
needs!(GetLog, ViewReleases);

/// What a release changes, or changed.
#[server(prefix = "/api/fn", input = GetUrl, output = Json)]
pub async fn get_changes(id: ReleaseId) -> Result<Changes, ApiError> {
    answer(ports()?.releases.changes(&actor()?, id).await)
}
needs!(GetChanges, ViewReleases);

/// What a ref would change in an environment, if it were released now.
#[server(prefix = "/api/fn", input = GetUrl, output = Json)]
pub async fn preview_changes(environment: EnvironmentId, kind: RefKind, name: String) -> Result<Changes, ApiError> {
    answer(ports()?.releases.changes_of_ref(&actor()?, environment, launchway_domain::GitRef { kind, name }).await)
}
needs!(PreviewChanges, PickRefs);

/// Resolves the ref and writes the release down; with `start` it is also started, at the local time `at` in `zone` where
/// that is said: both or neither. `form.start` may hold the reason of an exception.
#[server(prefix = "/api/fn", output = Json)]
pub async fn create_release(
    form: ReleaseForm,
    start: Option<bool>,
    at: Option<String>,
    zone: Option<String>,
) -> Result<(), ApiError> {
    let (ports, actor) = (ports()?, actor()?);
    let at = super::queue::instant("at", at, zone).await?;
    let exception = form.start.and_then(|start| start.exception).filter(|reason| !reason.trim().is_empty());
    let start = (start == Some(true)).then_some(StartForm { at, exception });
    if start.is_none() && at.is_some() {
        return answer(Err(Fault::field("at", "not_started", crate::text::create::AT_NEEDS_START)));
    }
    let did = match &start {
        None => Did::Created,
        Some(_) if at.is_some() => Did::Scheduled,
        Some(_) => Did::Started,
    };
    let release = answer(ports.releases.create(&actor, ReleaseForm { start, ..form }).await.map_err(at_its_field))?;
    tell_of(&release, did);
    leptos_axum::redirect(&format!("/releases/{}", release.id));
    Ok(())
}
needs!(CreateRelease, CreateReleases);

/// The time stands beside the form of the release, and not in it.
#[cfg(feature = "ssr")]
fn at_its_field(fault: Fault) -> Fault {
    let Fault::Invalid { mut errors } = fault else { return fault };
    for error in errors.iter_mut().filter(|error| error.field == "start.at") {
        error.field = "at".to_owned();
    }
    Fault::Invalid { errors }
}

/// Tells what was done to a release.
#[cfg(feature = "ssr")]
fn tell_of(release: &Release, did: Did) {
    tell(Said::new(Thing::Release, did, format!("#{}", release.id)).at(format!("/releases/{}", release.id)));
}

/// Puts a release into the queue of its environment.
#[server(prefix = "/api/fn", output = Json)]
pub async fn start_release(id: ReleaseId, settled: Option<StartForm>) -> Result<Release, ApiError> {
    let release = answer(ports()?.releases.start(&actor()?, id, settled.unwrap_or_default()).await)?;
    tell_of(&release, Did::Started);
    Ok(release)
}
needs!(StartRelease, RunTest);

/// Asks a release to stop.
#[server(prefix = "/api/fn", output = Json)]
pub async fn cancel_release(id: ReleaseId) -> Result<Release, ApiError> {
    let release = answer(ports()?.releases.cancel(&actor()?, id).await)?;
    tell_of(&release, Did::Canceled);
    Ok(release)
}
needs!(CancelRelease, RunTest);

/// Lets a release go on that waits between two batches.
#[server(prefix = "/api/fn", output = Json)]
pub async fn continue_release(id: ReleaseId) -> Result<Release, ApiError> {
    let release = answer(ports()?.releases.proceed(&actor()?, id).await)?;
    tell_of(&release, Did::Continued);
    Ok(release)
}
needs!(ContinueRelease, RunTest);

/// Queues a failed or canceled release again.
#[server(prefix = "/api/fn", output = Json)]
pub async fn retry_release(id: ReleaseId, settled: Option<StartForm>) -> Result<Release, ApiError> {
    let release = answer(ports()?.releases.retry(&actor()?, id, settled.unwrap_or_default()).await)?;
    tell_of(&release, Did::Retried);
    Ok(release)
}
needs!(RetryRelease, RunTest);

/// Makes a new release that brings an earlier one back, and leads to it.
#[server(prefix = "/api/fn", output = Json)]
pub async fn rollback_release(id: ReleaseId, settled: Option<StartForm>) -> Result<(), ApiError> {
    let settled = settled.unwrap_or_default();
    let release = answer(ports()?.releases.rollback(&actor()?, id, settled).await)?;
    tell_of(&release, Did::Started);
    leptos_axum::redirect(&format!("/releases/{}", release.id));
    Ok(())
}
needs!(RollbackRelease, RunTest);
