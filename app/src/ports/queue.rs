//! What stands between releases and their runs: queues, locks, calendars, chosen times.

use async_trait::async_trait;
use launchway_domain::{
    Actor, CalendarNow, EnvironmentId, Lock, LockForm, ProjectId, Queue, QueuePlace, Release, ReleaseId, ScheduleForm,
    Timestamp,
};

use super::Answer;

/// What stands between releases and their runs.
#[async_trait]
pub trait Queues: Send + Sync {
    /// Where a release stands in the queue, and what it waits for.
    async fn place(&self, actor: &Actor, id: ReleaseId) -> Answer<QueuePlace>;
    /// What goes on at the door of an environment.
    async fn queue(&self, actor: &Actor, id: EnvironmentId) -> Answer<Queue>;
    /// What the calendar of an environment says now.
    async fn calendar(&self, actor: &Actor, id: EnvironmentId) -> Answer<CalendarNow>;
    /// The lock of an environment, where one holds.
    async fn lock_of(&self, actor: &Actor, id: EnvironmentId) -> Answer<Option<Lock>>;
    /// The locks that hold in a project.
    async fn locks(&self, actor: &Actor, id: ProjectId) -> Answer<Vec<Lock>>;
    /// Locks an environment; a conflict where a lock holds already.
    async fn lock(&self, actor: &Actor, id: EnvironmentId, form: LockForm) -> Answer<Lock>;
    /// Lifts the lock of an environment.
    async fn unlock(&self, actor: &Actor, id: EnvironmentId) -> Answer<()>;
    /// Changes when a queued release is to start; a conflict where it is not queued.
    async fn schedule(&self, actor: &Actor, id: ReleaseId, form: ScheduleForm) -> Answer<Release>;
    /// The point in time of a local time in a time zone, as a browser's field has it; `field` is where it was typed.
    async fn instant(&self, field: &str, local: &str, zone: &str) -> Answer<Timestamp>;
}
