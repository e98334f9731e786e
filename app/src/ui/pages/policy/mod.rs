//! How releases proceed in an environment: each part of its policy is a form of its own.

pub mod calendar;
pub mod rollout;
pub mod rules;
pub mod takes;
pub mod variables;

use launchway_domain::{EnvironmentId, ProjectId, Text};
use leptos::prelude::*;
use leptos::server_fn::ServerFn;

use super::{id_param, no_such_page};
use crate::api::ApiError;
use crate::api::policy::{SaveCalendar, SaveRules};
use crate::api::projects::{get_environment, get_project};
use crate::api::rollout::SaveRollout;
use crate::api::takes::SaveTakes;
use crate::text::{policy as words, queue, rollout as rollout_words, t, takes as takes_words};
use crate::ui::components::layout::PageHead;
use crate::ui::components::load::{Loading, show};
use crate::ui::components::toast::Toasts;
use crate::ui::components::unsaved::Unsaved;
use crate::ui::may::May;

/// What saves a part of the policy.
fn part<S>() -> ServerAction<S>
where
    S: ServerFn<Error = ApiError> + Clone + Send + Sync + 'static,
    S::Output: Send + Sync + Clone + 'static,
{
    let save = ServerAction::<S>::new();
    Toasts::follow(save);
    save
}

/// Hears when a part was saved: the others have to know the new version, and keep what was typed in them.
fn follow<S>(save: ServerAction<S>, part: &'static str, version: RwSignal<i64>, unsaved: Unsaved)
where
    S: ServerFn<Output = i64, Error = ApiError> + Clone + Send + Sync + 'static,
{
    let value = save.value();
    Effect::new(move |before: Option<()>| {
        let saved = value.with(|value| value.as_ref().and_then(|answer| answer.as_ref().ok().copied()));
        if let (Some(()), Some(saved)) = (before, saved) {
            version.set(saved);
            unsaved.saved(part);
        }
    });
}

/// The policy of an environment.
#[component]
pub fn PolicyPage() -> impl IntoView {
    let project = id_param::<ProjectId>("id");
    let id = id_param::<EnvironmentId>("environment");
    let rollout = part::<SaveRollout>();
    let rules = part::<SaveRules>();
    let takes = part::<SaveTakes>();
    let calendar = part::<SaveCalendar>();
    // Not after a part was saved: the others are forms that somebody is filling in.
    let found = Resource::new(
        move || (project.get(), id.get()),
        |(project, id)| async move {
            let (Some(project), Some(id)) = (project, id) else { return Err(no_such_page()) };
            let environment = get_environment(id).await?;
            if environment.project_id != project {
                return Err(no_such_page());
            }
            Ok((get_project(project).await?, environment))
        },
    );
    view! {
        <Transition fallback=Loading>
            {move || Suspend::new(async move {
                show(
                    found.await,
                    |(project, environment)| {
                        let up = format!("/projects/{}/environments/{}", project.id, environment.id);
                        let place = Text::verbatim(format!("{} · {}", project.title, environment.name));
                        let may = May::find().manage(Some(project.id));
                        let version = RwSignal::new(environment.version);
                        let unsaved = Unsaved::watch();
                        follow(rollout, "rollout", version, unsaved);
                        follow(rules, "rules", version, unsaved);
                        follow(calendar, "freezes", version, unsaved);
                        follow(takes, "takes", version, unsaved);
                        view! {
                            <PageHead title=words::TITLE lead=Some(words::LEAD) up=(up, place) />
                            <Parts />
                            {(!may).then(|| view! { <p class="read-only-why">{t(words::READ_ONLY)}</p> })}
                            // What somebody may not change is not typed first and refused afterwards.
                            <fieldset class="policy-parts" disabled=!may on:input=move |event| unsaved.mark(&event)>
                                <rollout::Section environment=environment.clone() version save=rollout />
                                <rules::Section environment=environment.clone() version save=rules />
                                <calendar::Section environment=environment.clone() version save=calendar may />
                                <takes::Section environment=environment.clone() version save=takes />
                                <variables::Section id=environment.id may unsaved />
                            </fieldset>
                        }
                    },
                )
            })}
        </Transition>
    }
}

/// The way to each part.
#[component]
fn Parts() -> impl IntoView {
    let links = [
        ("#rollout", rollout_words::ROLLOUT),
        ("#rules", words::RULES),
        ("#freezes", queue::FREEZES),
        ("#takes", takes_words::TAKES),
        ("#variables", takes_words::VARIABLES),
    ]
    .into_iter()
    .map(|(href, name)| view! { <a href=href rel="external">{t(name)}</a> })
    .collect_view();
    view! { <nav class="parts" aria-label=t(words::PARTS)>{links}</nav> }.into_any()
}
