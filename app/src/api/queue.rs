//! What stands between releases and their runs.

use launchway_domain::{EnvironmentId, Lock, ProjectId, Queue, ReleaseId};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;

use super::codec::Json;
#[cfg(feature = "ssr")]
use super::host::{actor, answer, ports};
use super::{ApiError, needs};
#[cfg(feature = "ssr")]
use {
    crate::said::{Did, Said, Thing, tell},
    launchway_domain::{LockForm, Release, ScheduleForm, StartForm, Timestamp},
};

/// What goes on at the door of an environment.
#[server(prefix = "/api/fn", input = GetUrl, output = Json)]
pub async fn get_queue(id: EnvironmentId) -> Result<Queue, ApiError> {
    answer(ports()?.queues.queue(&actor()?, id).await)
}
needs!(GetQueue, ViewReleases);

/// The locks that hold in a project.
#[server(prefix = "/api/fn", input = GetUrl, output = Json)]
pub async fn list_locks(project: ProjectId) -> Result<Vec<Lock>, ApiError> {
    answer(ports()?.queues.locks(&actor()?, project).await)
}
needs!(ListLocks, ViewProjects);

/// Locks an environment; `until` is a local time in `zone`, and blank means until somebody lifts the lock.
#[server(prefix = "/api/fn", output = Json)]
pub async fn lock_environment(
    id: EnvironmentId,
    reason: String,
    until: Option<String>,
    zone: Option<String>,
) -> Result<(), ApiError> {
    let (ports, actor) = (ports()?, actor()?);
    let until = instant("until", until, zone).await?;
    answer(ports.queues.lock(&actor, id, LockForm { reason, until, release_id: None }).await)?;
    let environment = answer(ports.projects.environment(&actor, id).await)?;
    tell(Said::new(Thing::Environment, Did::Locked, environment.name));
    Ok(())
}
needs!(LockEnvironment, LockEnvironments);

/// Lifts the lock of an environment.
#[server(prefix = "/api/fn", output = Json)]
pub async fn unlock_environment(id: EnvironmentId) -> Result<(), ApiError> {
    let (ports, actor) = (ports()?, actor()?);
    answer(ports.queues.unlock(&actor, id).await)?;
    let environment = answer(ports.projects.environment(&actor, id).await)?;
    tell(Said::new(Thing::Environment, Did::Unlocked, environment.name));
    Ok(())
}
needs!(UnlockEnvironment, LockEnvironments);

/// Starts a release at a local time in `zone`, or at once where that is blank; in a freeze with an exception.
#[server(prefix = "/api/fn", output = Json)]
pub async fn start_at(
    id: ReleaseId,
    at: Option<String>,
    zone: Option<String>,
    exception: Option<String>,
) -> Result<(), ApiError> {
    let (ports, actor) = (ports()?, actor()?);
    let at = instant("at", at, zone).await?;
    let exception = exception.filter(|reason| !reason.trim().is_empty());
    let release = answer(ports.releases.start(&actor, id, StartForm { at, exception }).await)?;
    say(&release, if at.is_some() { Did::Scheduled } else { Did::Started });
    Ok(())
}
needs!(StartAt, RunTest);

/// Changes when a queued release starts; a blank time means as soon as it can.
#[server(prefix = "/api/fn", output = Json)]
pub async fn schedule_release(id: ReleaseId, at: Option<String>, zone: Option<String>) -> Result<(), ApiError> {
    let (ports, actor) = (ports()?, actor()?);
    let at = instant("at", at, zone).await?;
    let release = answer(ports.queues.schedule(&actor, id, ScheduleForm { at }).await)?;
    say(&release, Did::Scheduled);
    Ok(())
}
needs!(ScheduleRelease, RunTest);

/// The point in time that somebody typed, where they did.
#[cfg(feature = "ssr")]
pub(crate) async fn instant(
    field: &str,
    typed: Option<String>,
    zone: Option<String>,
) -> Result<Option<Timestamp>, ApiError> {
    let Some(typed) = typed.filter(|typed| !typed.trim().is_empty()) else { return Ok(None) };
    let zone = zone.filter(|zone| !zone.trim().is_empty()).unwrap_or_else(|| "UTC".to_owned());
    answer(ports()?.queues.instant(field, &typed, &zone).await).map(Some)
}

#[cfg(feature = "ssr")]
fn say(release: &Release, did: Did) {
    tell(Said::new(Thing::Release, did, format!("#{}", release.id)).at(format!("/releases/{}", release.id)));
}
