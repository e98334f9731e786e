//! What stands between releases and their runs: queues, locks, calendars, chosen times.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use launchway_app::ports::{Answer, Queues};
use launchway_domain::{
    Actor, CalendarNow, EnvironmentForm, EnvironmentId, Fault, Form, Lock, LockForm, Permission, ProjectId, Queue,
    QueuePlace, Release, ReleaseId, ReleaseStatus, ScheduleForm, StartForm, Text, Timestamp, form, text,
};
use launchway_engine::calendar;
use launchway_engine::store::{Locking, StoreError};

use super::Core;
use super::fault::{no_such, noun, of_store};
use super::start::ahead;

/// How often it is looked whether a lock has run out: what is late by this is only the word of it.
const LOOK: Duration = Duration::from_secs(1);

pub(super) struct QueueService(pub(super) Arc<Core>);

fn thing(id: EnvironmentId) -> Text {
    noun("environment", "环境", id)
}

#[async_trait]
impl Queues for QueueService {
    async fn place(&self, actor: &Actor, id: ReleaseId) -> Answer<QueuePlace> {
        let release = self.0.release_for(actor, Permission::ViewReleases, id).await?;
        let mut place = QueuePlace { release_id: id, status: release.status, ..QueuePlace::default() };
        if !matches!(release.status, ReleaseStatus::Pending | ReleaseStatus::AwaitingApproval | ReleaseStatus::Queued) {
            return Ok(place);
        }
        let queue = self.0.store.queue(release.environment_id).await;
        let queue = queue.map_err(|e| of_store(e, &thing(release.environment_id)))?;
        place.of = u32::try_from(queue.items.len()).unwrap_or(u32::MAX);
        if release.status == ReleaseStatus::Queued {
            // Somebody may have taken it up in between.
            if let Some(item) = queue.items.into_iter().find(|item| item.release_id == id) {
                (place.place, place.waits) = (Some(item.place), item.waits);
            }
        } else {
            place.waits = queue.ahead_of_new(id);
        }
        Ok(place)
    }

    async fn queue(&self, actor: &Actor, id: EnvironmentId) -> Answer<Queue> {
        self.0.environment_for(actor, Permission::ViewReleases, id).await?;
        self.0.store.queue(id).await.map_err(|e| of_store(e, &thing(id)))
    }

    async fn calendar(&self, actor: &Actor, id: EnvironmentId) -> Answer<CalendarNow> {
        let environment = self.0.environment_for(actor, Permission::ViewProjects, id).await?;
        Ok(calendar::now(&environment.policy.calendar, Timestamp::now()))
    }

    async fn lock_of(&self, actor: &Actor, id: EnvironmentId) -> Answer<Option<Lock>> {
        self.0.environment_for(actor, Permission::ViewProjects, id).await?;
        self.0.store.lock(id).await.map_err(|e| of_store(e, &thing(id)))
    }

    async fn locks(&self, actor: &Actor, id: ProjectId) -> Answer<Vec<Lock>> {
        self.0.permit_project(actor, Permission::ViewProjects, id).await?;
        self.0.store.locks(id).await.map_err(|e| of_store(e, &noun("project", "项目", id)))
    }

    async fn lock(&self, actor: &Actor, id: EnvironmentId, form: LockForm) -> Answer<Lock> {
        let environment = self.0.environment_for(actor, Permission::LockEnvironments, id).await?;
        form.check()?;
        if let Some(until) = form.until {
            ahead("until", until, Timestamp::now())?;
        }
        match self.0.store.by(actor).lock_create(id, &form).await {
            Ok(Locking::Locked(lock)) => Ok(lock),
            Ok(Locking::Held(lock)) => Err(held(&environment.name, &lock, environment.policy.calendar.zone())),
            Err(StoreError::State(status)) => {
                let Text { en, zh } = status.label();
                let message = text!(
                    "This release has ended (“{en}”), and a lock ends with its release. Name one that has not, or none.",
                    "该发布已结束（“{zh}”），而锁定随其发布结束。请填写尚未结束的发布，或不填。"
                );
                Err(Fault::field("release_id", "ended", message))
            }
            Err(StoreError::Missing { field }) => Err(no_such(&field)),
            Err(error) => Err(of_store(error, &thing(id))),
        }
    }

    async fn unlock(&self, actor: &Actor, id: EnvironmentId) -> Answer<()> {
        let environment = self.0.environment_for(actor, Permission::LockEnvironments, id).await?;
        let name = environment.name;
        self.0.store.by(actor).lock_lift(id).await.map_err(|error| match error {
            StoreError::NotFound => Fault::not_found(text!(
                "{name} is not locked. The lock may have ended by itself.",
                "{name} 没有被锁定，锁定可能已自行结束。"
            )),
            error => of_store(error, &thing(id)),
        })
    }

    async fn schedule(&self, actor: &Actor, id: ReleaseId, form: ScheduleForm) -> Answer<Release> {
        let release = self.0.release_to_run(actor, id).await?;
        let not_queued = |status: ReleaseStatus| {
            let Text { en, zh } = status.label();
            Fault::conflict(text!(
                "Release {id} is “{en}”. Only the time of one that is queued can be changed; start others with `at`.",
                "发布 {id} 的状态为“{zh}”。只能修改已排队的发布的时间；其他发布请在开始时用 at 指定。"
            ))
        };
        if release.status != ReleaseStatus::Queued {
            return Err(not_queued(release.status));
        }
        // Another time may lie in a freeze; what was let through once needs no other word.
        if release.exception.is_none() {
            let form = StartForm { at: form.at, exception: None };
            self.0.may_start_release(actor, &release, &form).await?;
        } else if let Some(at) = form.at {
            ahead("at", at, Timestamp::now())?;
        }
        self.0.store.by(actor).release_schedule(id, form.at).await.map_err(|error| match error {
            StoreError::State(status) => not_queued(status),
            error => of_store(error, &noun("release", "发布", id)),
        })
    }

    async fn instant(&self, field: &str, local: &str, zone: &str) -> Answer<Timestamp> {
        if !calendar::has_zone(zone.trim()) {
            return Err(Fault::field(field, "time_zone", form::message("time_zone")));
        }
        calendar::instant(local.trim(), zone.trim())
            .ok_or_else(|| Fault::field(field, "local_time", form::message("local_time")))
    }
}

/// Why an environment cannot be locked: it is.
fn held(name: &str, lock: &Lock, zone: &str) -> Fault {
    let Lock { locked_by_name: by, reason, .. } = lock;
    let until = match lock.until {
        Some(until) => {
            let until = calendar::local(until, zone);
            text!("until {until}", "直到 {until}")
        }
        None => Text::new("until somebody lifts it", "直到有人解锁"),
    };
    let (until_en, until_zh) = (&until.en, &until.zh);
    Fault::conflict(text!(
        "{name} is locked by {by} already, {until_en}: {reason}. Lift that lock first.",
        "{name} 已被 {by} 锁定，{until_zh}：{reason}。请先解锁。"
    ))
}

/// The time zone of a form's calendar is one that there is.
///
/// # Errors
/// [`Fault::Invalid`] at `policy.calendar.time_zone`.
pub(super) fn check_zone(form: &EnvironmentForm) -> Answer<()> {
    let Some(calendar) = form.policy.as_ref().map(|policy| &policy.calendar) else { return Ok(()) };
    if calendar::has_zone(calendar.zone()) {
        return Ok(());
    }
    Err(Fault::field("policy.calendar.time_zone", "time_zone", form::message("time_zone")))
}

/// Tells of locks that have run out, until the program stops.
pub(super) fn start(core: &Arc<Core>) {
    let this = Arc::clone(core);
    core.background.spawn(async move {
        loop {
            if let Err(error) = this.store.locks_expire().await {
                tracing::warn!(%error, "ending locks that ran out");
            }
            tokio::select! {
                () = this.stopping.cancelled() => return,
                () = tokio::time::sleep(LOOK) => {}
            }
        }
    });
}
