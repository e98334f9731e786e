//! What stands between a release and its run: the queue of its environment, a lock, a freeze, a time.

use garde::Validate;
use serde::{Deserialize, Serialize};

use crate::fault::FieldError;
use crate::form::{Form, errors_of, rules};
use crate::id::{EnvironmentId, ProjectId, ReleaseId, UserId};
use crate::policy::Hold;
use crate::status::ReleaseStatus;
use crate::text::Text;
use crate::time::Timestamp;

/// The longest reason of a lock, in characters.
const MAX_REASON: usize = 500;

/// Why nothing new starts in an environment, until somebody lifts it. What runs goes on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Lock {
    /// Which environment.
    pub environment_id: EnvironmentId,
    /// Of which project.
    pub project_id: ProjectId,
    /// Why, in the words of who locked it.
    pub reason: String,
    /// Who locked it, where that person still exists.
    pub locked_by: Option<UserId>,
    /// The name of who locked it.
    pub locked_by_name: String,
    /// Since when.
    pub since: Timestamp,
    /// When it ends by itself; without it, when somebody lifts it.
    #[serde(default)]
    pub until: Option<Timestamp>,
    /// The release for which it is kept free: that one may start, and the lock ends with it.
    #[serde(default)]
    pub release_id: Option<ReleaseId>,
}

/// A lock as somebody asks for it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, Validate)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct LockForm {
    /// Why; others read it while they wait.
    #[garde(custom(some_reason))]
    pub reason: String,
    /// When it ends by itself, at most a year ahead; without it, when somebody lifts it.
    #[serde(default)]
    #[garde(skip)]
    pub until: Option<Timestamp>,
    /// A release of the environment that has not ended: it alone may start, and the lock ends with it.
    #[serde(default)]
    #[garde(skip)]
    pub release_id: Option<ReleaseId>,
}

impl Form for LockForm {
    fn errors(&self) -> Vec<FieldError> {
        errors_of(self)
    }
}

fn some_reason(value: &str, _: &()) -> garde::Result {
    if value.trim().is_empty() {
        return Err(garde::Error::new("required"));
    }
    if value.chars().count() > MAX_REASON {
        return Err(garde::Error::new("too_long"));
    }
    rules::note(&Some(value.to_owned()), &())
}

/// When a queued release is to start.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ScheduleForm {
    /// The time, at most a year ahead; null means as soon as it can.
    pub at: Option<Timestamp>,
}

/// A time in which nothing starts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Freeze {
    /// When it began, or begins.
    pub from: Timestamp,
    /// When it ends; none where windows follow each other for more than a year.
    pub until: Option<Timestamp>,
    /// What the window is called.
    #[serde(default)]
    pub label: Option<String>,
}

/// What an environment's calendar says now.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CalendarNow {
    /// Whether nothing may start now.
    pub frozen: bool,
    /// When that ends, where it is so.
    pub until: Option<Timestamp>,
    /// The freeze that is now.
    pub now: Option<Freeze>,
    /// The one that comes next.
    pub next: Option<Freeze>,
    /// The time zone in which the windows are meant.
    pub time_zone: String,
}

/// What a release waits for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum WaitFor {
    /// The release that runs there.
    #[default]
    Running,
    /// The release that stands before it.
    Ahead,
    /// A lock.
    Lock,
    /// The end of a freeze.
    Freeze,
    /// The time that somebody chose.
    Time,
}

/// One thing that a release waits for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Wait {
    /// What.
    #[serde(rename = "for")]
    pub what: WaitFor,
    /// Which release, where it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release_id: Option<ReleaseId>,
    /// When it ends, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// The reason of the lock, or what the freeze is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Who locked it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}

impl Wait {
    /// The same in few words, for lists; when it ends stands behind it.
    pub fn short(&self) -> Text {
        let id = self.release_id.unwrap_or_default();
        let reason = self.reason.as_deref().unwrap_or_default();
        let until = self.until.is_some();
        match self.what {
            WaitFor::Running | WaitFor::Ahead => crate::text!("behind #{id}", "排在 #{id} 之后"),
            WaitFor::Lock => {
                let by = self.by.as_deref().unwrap_or_default();
                let (en, zh) = if until { (", until", "，直到") } else { ("", "") };
                crate::text!("locked by {by}: {reason}{en}", "已被 {by} 锁定：{reason}{zh}")
            }
            WaitFor::Freeze => {
                let (en, zh) = if until { (" until", "直到") } else { ("", "") };
                match reason {
                    "" => crate::text!("frozen{en}", "封网中{zh}"),
                    _ => crate::text!("frozen (“{reason}”){en}", "封网“{reason}”{zh}"),
                }
            }
            WaitFor::Time => Text::new("starts at", "开始于"),
        }
    }

    /// What people read after "waits for"; when it ends stands beside it.
    pub fn text(&self) -> Text {
        let id = self.release_id.unwrap_or_default();
        let reason = self.reason.as_deref().unwrap_or_default();
        match self.what {
            WaitFor::Running => crate::text!("#{id}, which is running", "正在执行的 #{id}"),
            WaitFor::Ahead => crate::text!("#{id}, which is before it", "排在前面的 #{id}"),
            WaitFor::Lock => {
                let by = self.by.as_deref().unwrap_or_default();
                crate::text!("the lock of {by}: {reason}", "{by} 的锁定：{reason}")
            }
            WaitFor::Freeze if reason.is_empty() => Text::new("the end of the freeze", "封网结束"),
            WaitFor::Freeze => crate::text!("the end of the freeze “{reason}”", "封网“{reason}”结束"),
            WaitFor::Time => Text::new("its start time", "预定的开始时间"),
        }
    }
}

/// Where a release stands in the queue of its environment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct QueuePlace {
    /// Which release.
    pub release_id: ReleaseId,
    /// Its status.
    pub status: ReleaseStatus,
    /// Its place: 1 is the next to start; null where it is not queued.
    pub place: Option<u32>,
    /// How many are queued there.
    pub of: u32,
    /// What it waits for; of a release that is not started, what it would wait for. Empty where nothing keeps it.
    pub waits: Vec<Wait>,
}

/// A release in the queue.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct QueueItem {
    /// Which.
    pub release_id: ReleaseId,
    /// Its place: 1 is the next to start.
    pub place: u32,
    /// The name of its ref.
    pub ref_name: String,
    /// Who made it.
    pub created_by_name: String,
    /// Since when it is queued.
    pub queued_at: Timestamp,
    /// When it is to start, where somebody chose a time.
    #[serde(default)]
    pub start_at: Option<Timestamp>,
    /// What it waits for.
    pub waits: Vec<Wait>,
}

/// What goes on at the door of an environment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Queue {
    /// Which environment.
    pub environment_id: EnvironmentId,
    /// The release that runs there.
    pub running: Option<ReleaseId>,
    /// What that one waits for between two batches, where somebody or a time has to let it go on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<Hold>,
    /// The lock, where there is one.
    pub lock: Option<Lock>,
    /// What the calendar says.
    pub calendar: CalendarNow,
    /// Those that wait, the next to start first.
    pub items: Vec<QueueItem>,
}

impl Queue {
    /// What a release that somebody starts now would wait for, before those that are queued already.
    pub fn ahead_of_new(&self, release: ReleaseId) -> Vec<Wait> {
        let mut waits = Vec::new();
        if let Some(freeze) = &self.calendar.now {
            waits.push(freeze.wait());
        }
        if let Some(lock) = self.lock.as_ref().filter(|lock| lock.release_id != Some(release)) {
            waits.push(lock.wait());
        }
        if let Some(last) = self.items.last() {
            waits.push(Wait { what: WaitFor::Ahead, release_id: Some(last.release_id), ..Wait::default() });
        } else if let Some(running) = self.running {
            waits.push(Wait { what: WaitFor::Running, release_id: Some(running), ..Wait::default() });
        }
        waits
    }
}

impl Freeze {
    /// The same as something to wait for.
    pub fn wait(&self) -> Wait {
        Wait { what: WaitFor::Freeze, until: self.until, reason: self.label.clone(), ..Wait::default() }
    }
}

impl Lock {
    /// The same as something to wait for.
    pub fn wait(&self) -> Wait {
        Wait {
            what: WaitFor::Lock,
            release_id: self.release_id,
            until: self.until,
            reason: Some(self.reason.clone()),
            by: Some(self.locked_by_name.clone()),
        }
    }
}
