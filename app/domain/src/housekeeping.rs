//! Housekeeping: how long things are kept, what they take up, and what goes next.

use garde::Validate;
use serde::{Deserialize, Serialize};

use crate::fault::FieldError;
use crate::form::{Form, errors_of};
use crate::id::{EnvironmentId, ProjectId};
use crate::time::Timestamp;

/// The longest time that can be asked for, in days: ten years.
const MAX_DAYS: u32 = 3650;
/// The longest that events are kept, in days: they are for clients that were away.
const MAX_EVENT_DAYS: u32 = 365;
/// The most artifacts of each environment that stay whatever their age.
const MAX_KEPT: u32 = 1000;

/// How long things are kept, as a form and as it is stored. What is in use stays in any case, however old it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Validate)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct HousekeepingForm {
    /// Days that events are kept, 1 to 365. A client that was away for longer starts over.
    #[garde(custom(of_events))]
    pub event_days: u32,
    /// Days that calls of webhooks and sent notifications are kept, 1 to 3650.
    #[garde(custom(days))]
    pub delivery_days: u32,
    /// Days that the log of a release is kept after its end, 1 to 3650; for ever where null.
    #[serde(default)]
    #[garde(inner(custom(days)))]
    pub log_days: Option<u32>,
    /// Days that artifacts, and the work folders of releases that failed, are kept after they were last used, 1 to 3650;
    /// for ever where null.
    #[serde(default)]
    #[garde(inner(custom(days)))]
    pub artifact_days: Option<u32>,
    /// So many artifacts of each environment stay whatever their age, 1 to 1000; at least as many as its servers keep.
    #[garde(custom(kept))]
    pub keep_artifacts: u32,
    /// Days that a build cache is kept that no release has used, 1 to 3650; for ever where null.
    #[serde(default)]
    #[garde(inner(custom(days)))]
    pub cache_days: Option<u32>,
}

impl Default for HousekeepingForm {
    fn default() -> Self {
        Self {
            event_days: 30,
            delivery_days: 90,
            log_days: Some(365),
            artifact_days: Some(90),
            keep_artifacts: 10,
            cache_days: Some(30),
        }
    }
}

impl Form for HousekeepingForm {
    fn errors(&self) -> Vec<FieldError> {
        errors_of(self)
    }
}

fn within(value: u32, most: u32, code: &str) -> garde::Result {
    if (1..=most).contains(&value) { Ok(()) } else { Err(garde::Error::new(code)) }
}

fn days(value: &u32, _: &()) -> garde::Result {
    within(*value, MAX_DAYS, "days")
}

fn of_events(value: &u32, _: &()) -> garde::Result {
    within(*value, MAX_EVENT_DAYS, "event_days")
}

fn kept(value: &u32, _: &()) -> garde::Result {
    within(*value, MAX_KEPT, "kept")
}

/// How long things are kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Housekeeping {
    /// Days that events are kept.
    pub event_days: u32,
    /// Days that calls of webhooks and sent notifications are kept.
    pub delivery_days: u32,
    /// Days that the log of a release is kept after its end; null: for ever.
    pub log_days: Option<u32>,
    /// Days that artifacts and the work folders of failed releases are kept after they were last used; null: for ever.
    pub artifact_days: Option<u32>,
    /// So many artifacts of each environment stay whatever their age.
    pub keep_artifacts: u32,
    /// Days that a build cache is kept that no release has used; null: for ever.
    pub cache_days: Option<u32>,
    /// Counted up by each change.
    pub version: i64,
    /// When somebody last changed it; null where nobody has.
    pub updated_at: Option<Timestamp>,
}

impl Housekeeping {
    /// What was set, with its version.
    pub fn of(form: HousekeepingForm, version: i64, updated_at: Option<Timestamp>) -> Self {
        let HousekeepingForm { event_days, delivery_days, log_days, artifact_days, keep_artifacts, cache_days } = form;
        Self { event_days, delivery_days, log_days, artifact_days, keep_artifacts, cache_days, version, updated_at }
    }
}

impl From<Housekeeping> for HousekeepingForm {
    fn from(is: Housekeeping) -> Self {
        let Housekeeping { event_days, delivery_days, log_days, artifact_days, keep_artifacts, cache_days, .. } = is;
        Self { event_days, delivery_days, log_days, artifact_days, keep_artifacts, cache_days }
    }
}

/// What is taken up, in bytes, by what it is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Usage {
    /// What was packed. Bytes that several releases share count once.
    pub artifacts: u64,
    /// What releases printed; part of the database.
    pub logs: u64,
    /// Copies of the Git repositories.
    pub mirrors: u64,
    /// Work folders of releases that run, or that can be retried.
    pub work: u64,
    /// What local hooks keep from one release to the next.
    pub caches: u64,
}

impl Usage {
    /// What that comes to on the disk, without the logs, which are in the database.
    pub fn files(self) -> u64 {
        self.artifacts + self.mirrors + self.work + self.caches
    }

    /// Adds another one to it.
    pub fn add(&mut self, other: Usage) {
        self.artifacts += other.artifacts;
        self.logs += other.logs;
        self.mirrors += other.mirrors;
        self.work += other.work;
        self.caches += other.caches;
    }
}

/// What one project takes up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProjectUsage {
    /// Its id.
    pub project_id: ProjectId,
    /// Its name.
    pub title: String,
    /// In bytes.
    pub used: Usage,
}

/// What Launchway takes up on the disk of its host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DiskUse {
    /// When it was measured.
    pub at: Timestamp,
    /// Bytes that are free on the volume of the data folder.
    pub free: u64,
    /// Bytes that this volume holds.
    pub total: u64,
    /// Bytes of the database, logs included.
    pub database: u64,
    /// Bytes within the database that are free for what comes; none is known of PostgreSQL.
    pub database_free: u64,
    /// All projects together, and what belongs to none any more.
    pub used: Usage,
    /// Project by project; those that take up most come first.
    pub projects: Vec<ProjectUsage>,
}

/// Some things and what they take up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Pile {
    /// How many.
    pub count: u64,
    /// How many bytes.
    pub bytes: u64,
}

/// What goes, or what went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Tidying {
    /// Artifacts of releases. Of bytes that other artifacts share none are freed.
    pub artifacts: Pile,
    /// Work folders of releases that ended.
    pub work: Pile,
    /// Logs of releases.
    pub logs: Pile,
    /// Build caches of environments.
    pub caches: Pile,
    /// Events of the feed.
    pub events: u64,
    /// Calls of webhooks and notifications.
    pub deliveries: u64,
}

impl Tidying {
    /// Whether there is nothing to it.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What was removed the last time that something was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Tidied {
    /// When.
    pub at: Timestamp,
    /// What.
    pub removed: Tidying,
}

/// What would be removed now, and what was removed last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TidyPlan {
    /// What is old enough and needed by nothing.
    pub next: Tidying,
    /// The last time that something was removed.
    pub last: Option<Tidied>,
}

/// What local hooks of an environment keep between releases.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BuildCache {
    /// Of which environment.
    pub environment_id: EnvironmentId,
    /// How many bytes it holds; 0 where there is none.
    pub bytes: u64,
    /// How many it may hold; null where the environment has none.
    pub limit: Option<u64>,
    /// When a release last used it.
    pub used_at: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(form: HousekeepingForm) -> Vec<(String, String)> {
        form.errors().into_iter().map(|error| (error.field, error.code)).collect()
    }

    #[test]
    fn what_stands_there_at_first_is_allowed() {
        assert_eq!(wrong(HousekeepingForm::default()), []);
        let for_ever = HousekeepingForm { log_days: None, artifact_days: None, cache_days: None, ..Default::default() };
        assert_eq!(wrong(for_ever), []);
    }

    #[test]
    fn no_time_and_more_than_ten_years_are_refused() {
        let base = HousekeepingForm::default();
        for (form, field, code) in [
            (HousekeepingForm { event_days: 0, ..base.clone() }, "event_days", "event_days"),
            (HousekeepingForm { event_days: 366, ..base.clone() }, "event_days", "event_days"),
            (HousekeepingForm { delivery_days: 3651, ..base.clone() }, "delivery_days", "days"),
            (HousekeepingForm { log_days: Some(0), ..base.clone() }, "log_days", "days"),
            (HousekeepingForm { artifact_days: Some(3651), ..base.clone() }, "artifact_days", "days"),
            (HousekeepingForm { keep_artifacts: 0, ..base.clone() }, "keep_artifacts", "kept"),
            (HousekeepingForm { cache_days: Some(0), ..base }, "cache_days", "days"),
        ] {
            assert_eq!(wrong(form), [(field.to_owned(), code.to_owned())]);
        }
    }
}
