//! Changing an environment's policy, one part at a time: each has a form of its own.

use launchway_domain::{EnvironmentId, Rules};
use leptos::prelude::*;

use super::codec::Json;
use super::{ApiError, needs};
#[cfg(feature = "ssr")]
use {
    super::host::{actor, answer, ports},
    crate::said::{Did, Said, Thing, tell},
    launchway_domain::{EnvironmentForm, IfVersion, Policy},
};

/// Changes a part of a policy, where the environment is still at `version`.
#[cfg(feature = "ssr")]
pub(crate) async fn change(
    id: EnvironmentId,
    version: Option<i64>,
    part: impl FnOnce(&mut Policy),
) -> Result<(), ApiError> {
    let (ports, actor) = (ports()?, actor()?);
    let mut form = EnvironmentForm::from(answer(ports.projects.environment(&actor, id).await)?);
    part(form.policy.get_or_insert_default());
    let environment = answer(ports.projects.update_environment(&actor, id, form, &IfVersion::of(version)).await)?;
    tell(Said::new(Thing::Environment, Did::Saved, environment.name));
    leptos_axum::redirect(&format!("/projects/{}/environments/{}/policy", environment.project_id, environment.id));
    Ok(())
}

/// Changes what has to be true before a release may start.
#[server(prefix = "/api/fn", output = Json)]
pub async fn save_rules(id: EnvironmentId, version: Option<i64>, form: Rules) -> Result<(), ApiError> {
    change(id, version, |policy| policy.rules = form).await
}
needs!(SaveRules, ManageProjects);
