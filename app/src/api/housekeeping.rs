//! How long things are kept, what they take up, and tidying up.

use launchway_domain::{BuildCache, DiskUse, EnvironmentId, Housekeeping, HousekeepingForm, TidyPlan, Tidying};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use serde::{Deserialize, Serialize};

use super::codec::Json;
use super::{ApiError, needs};
#[cfg(feature = "ssr")]
use {
    super::host::{actor, answer, ports},
    crate::said::{Did, Said, Thing, tell},
    launchway_domain::{Form, IfVersion},
};

/// How long things are kept, as its form sends it: nothing stands for ever.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HousekeepingFields {
    /// Days that events are kept.
    pub event_days: String,
    /// Days that deliveries are kept.
    pub delivery_days: String,
    /// Days that logs are kept.
    pub log_days: String,
    /// Days that artifacts are kept.
    pub artifact_days: String,
    /// How many of each environment stay.
    pub keep_artifacts: String,
    /// Days that build caches are kept.
    pub cache_days: String,
}

impl HousekeepingFields {
    /// What the form begins with.
    pub fn of(kept: &Housekeeping) -> Self {
        let or_blank = |days: Option<u32>| days.map(|days| days.to_string()).unwrap_or_default();
        Self {
            event_days: kept.event_days.to_string(),
            delivery_days: kept.delivery_days.to_string(),
            log_days: or_blank(kept.log_days),
            artifact_days: or_blank(kept.artifact_days),
            keep_artifacts: kept.keep_artifacts.to_string(),
            cache_days: or_blank(kept.cache_days),
        }
    }

    /// What the fields say. What is no number is out of every range.
    pub fn form(&self) -> HousekeepingForm {
        let number = |text: &str| text.trim().parse().unwrap_or(u32::MAX);
        let or_ever = |text: &str| (!text.trim().is_empty()).then(|| number(text));
        HousekeepingForm {
            event_days: number(&self.event_days),
            delivery_days: number(&self.delivery_days),
            log_days: or_ever(&self.log_days),
            artifact_days: or_ever(&self.artifact_days),
            keep_artifacts: number(&self.keep_artifacts),
            cache_days: or_ever(&self.cache_days),
        }
    }
}

/// What the page of housekeeping shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HousekeepingNow {
    /// How long things are kept.
    pub kept: Housekeeping,
    /// What they take up.
    pub disk: DiskUse,
    /// What goes next, and what went last.
    pub plan: TidyPlan,
}

/// How long things are kept, what they take up, and what goes next.
#[server(prefix = "/api/fn", input = GetUrl, output = Json)]
pub async fn get_housekeeping() -> Result<HousekeepingNow, ApiError> {
    let (port, actor) = (ports()?.housekeeping, actor()?);
    Ok(HousekeepingNow {
        kept: answer(port.settings(&actor).await)?,
        disk: answer(port.disk(&actor, false).await)?,
        plan: answer(port.plan(&actor).await)?,
    })
}
needs!(GetHousekeeping, ManageSystem);

/// Changes how long things are kept.
#[server(prefix = "/api/fn", output = Json)]
pub async fn save_housekeeping(version: Option<i64>, form: HousekeepingFields) -> Result<(), ApiError> {
    let form = form.form();
    answer(form.check())?;
    answer(ports()?.housekeeping.change(&actor()?, form, &IfVersion::of(version)).await)?;
    tell(Said::new(Thing::Housekeeping, Did::Saved, "").at("/housekeeping"));
    leptos_axum::redirect("/housekeeping");
    Ok(())
}
needs!(SaveHousekeeping, ManageSystem);

/// Measures what things take up now.
#[server(prefix = "/api/fn", output = Json)]
pub async fn measure_disk() -> Result<(), ApiError> {
    answer(ports()?.housekeeping.disk(&actor()?, true).await)?;
    leptos_axum::redirect("/housekeeping");
    Ok(())
}
needs!(MeasureDisk, ManageSystem);

/// Removes what is old enough and needed by nothing.
#[server(prefix = "/api/fn", output = Json)]
pub async fn tidy_up() -> Result<Tidying, ApiError> {
    let removed = answer(ports()?.housekeeping.tidy(&actor()?).await)?;
    leptos_axum::redirect("/housekeeping");
    Ok(removed)
}
needs!(TidyUp, ManageSystem);

/// The build cache of an environment.
#[server(prefix = "/api/fn", input = GetUrl, output = Json)]
pub async fn get_build_cache(id: EnvironmentId) -> Result<BuildCache, ApiError> {
    answer(ports()?.housekeeping.cache(&actor()?, id).await)
}
needs!(GetBuildCache, ViewProjects);

/// Empties the build cache of an environment.
#[server(prefix = "/api/fn", output = Json)]
pub async fn clear_build_cache(id: EnvironmentId) -> Result<(), ApiError> {
    let (ports, actor) = (ports()?, actor()?);
    let environment = answer(ports.projects.environment(&actor, id).await)?;
    answer(ports.housekeeping.clear_cache(&actor, id).await)?;
    tell(Said::new(Thing::BuildCache, Did::Removed, environment.name));
    leptos_axum::redirect(&format!("/projects/{}/environments/{id}", environment.project_id));
    Ok(())
}
needs!(ClearBuildCache, ManageProjects);
