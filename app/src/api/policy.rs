//! Changing an environment's policy, one part at a time: each has a form of its own.

use launchway_domain::{EnvironmentId, Rules, Weekday};
use leptos::prelude::*;

use serde::{Deserialize, Serialize};

use super::codec::Json;
use super::{ApiError, needs};
#[cfg(feature = "ssr")]
use {
    super::host::{actor, answer, ports},
    crate::said::{Did, Said, Thing, tell},
    crate::text::queue as queue_words,
    launchway_domain::{Calendar, DateFreeze, EnvironmentForm, Fault, IfVersion, Policy, WeeklyFreeze, text},
};

/// Changes a part of a policy, where the environment is still at `version`; answers the version after it.
#[cfg(feature = "ssr")]
pub(crate) async fn change(
    id: EnvironmentId,
    version: Option<i64>,
    part: impl FnOnce(&mut Policy),
) -> Result<i64, ApiError> {
    let (ports, actor) = (ports()?, actor()?);
    let mut form = EnvironmentForm::from(answer(ports.projects.environment(&actor, id).await)?);
    part(form.policy.get_or_insert_default());
    let environment = answer(ports.projects.update_environment(&actor, id, form, &IfVersion::of(version)).await)?;
    tell(Said::new(Thing::Environment, Did::Saved, environment.name));
    leptos_axum::redirect(&format!("/projects/{}/environments/{}/policy", environment.project_id, environment.id));
    Ok(environment.version)
}

/// Changes what has to be true before a release may start; answers the new version.
#[server(prefix = "/api/fn", output = Json)]
pub async fn save_rules(id: EnvironmentId, version: Option<i64>, form: Rules) -> Result<i64, ApiError> {
    change(id, version, |policy| policy.rules = form).await
}
needs!(SaveRules, ManageProjects);

/// The calendar as its form is typed: rows that say nothing are left out.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct CalendarTyped {
    /// Blank means UTC.
    pub time_zone: String,
    /// The windows of every week.
    pub weekly: Vec<WeeklyTyped>,
    /// Those that come once.
    pub dates: Vec<DateTyped>,
}

/// A row of the former.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct WeeklyTyped {
    /// The days that are ticked.
    pub days: Vec<Weekday>,
    /// A time of day.
    pub from: String,
    /// A time of day.
    pub to: String,
    /// What it is called.
    pub label: String,
}

/// A row of the latter.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct DateTyped {
    /// A local time.
    pub from: String,
    /// A local time.
    pub to: String,
    /// What it is called.
    pub label: String,
}

/// Changes when nothing may start.
#[server(prefix = "/api/fn", output = Json)]
pub async fn save_calendar(
    id: EnvironmentId,
    version: Option<i64>,
    calendar: Option<CalendarTyped>,
) -> Result<i64, ApiError> {
    let CalendarTyped { time_zone, weekly, dates } = calendar.unwrap_or_default();
    let some = |text: String| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    let trim = |text: String| text.trim().to_owned();
    let weekly: Vec<(usize, WeeklyFreeze)> = (1..)
        .zip(weekly)
        .filter(|(_, row)| {
            !row.days.is_empty() || [&row.from, &row.to, &row.label].iter().any(|t| !t.trim().is_empty())
        })
        .map(|(number, WeeklyTyped { days, from, to, label })| {
            (number, WeeklyFreeze { days, from: trim(from), to: trim(to), label: some(label) })
        })
        .collect();
    let dates: Vec<(usize, DateFreeze)> = (1..)
        .zip(dates)
        .filter(|(_, row)| [&row.from, &row.to, &row.label].iter().any(|text| !text.trim().is_empty()))
        .map(|(number, DateTyped { from, to, label })| {
            (number, DateFreeze { from: trim(from), to: trim(to), label: some(label) })
        })
        .collect();
    let (weekly_rows, weekly): (Vec<usize>, Vec<_>) = weekly.into_iter().unzip();
    let (date_rows, dates): (Vec<usize>, Vec<_>) = dates.into_iter().unzip();
    let calendar = Calendar { time_zone: some(time_zone), weekly, dates };
    change(id, version, |policy| policy.calendar = calendar)
        .await
        .map_err(|error| at_rows(error, &weekly_rows, &date_rows))
}
needs!(SaveCalendar, ManageProjects);

/// Says of what is wrong with a window in which row it was typed.
#[cfg(feature = "ssr")]
fn at_rows(error: ApiError, weekly: &[usize], dates: &[usize]) -> ApiError {
    let ApiError::Fault(Fault::Invalid { mut errors }) = error else { return error };
    for error in &mut errors {
        let row = |kind: &str, rows: &[usize]| -> Option<usize> {
            let rest = error.field.strip_prefix("policy.calendar.")?.strip_prefix(kind)?.strip_prefix('[')?;
            rows.get(rest.split(']').next()?.parse::<usize>().ok()?).copied()
        };
        let said = row("weekly", weekly)
            .map(queue_words::weekly_row)
            .or_else(|| row("dates", dates).map(queue_words::date_row));
        if let Some(said) = said {
            error.message = text!("{}: {}", "{}：{}"; said, error.message);
        }
    }
    ApiError::Fault(Fault::Invalid { errors })
}
