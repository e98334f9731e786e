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
use crate::text::{policy as words, t};
use crate::ui::components::form::times_saved;
use crate::ui::components::layout::PageHead;
use crate::ui::components::load::{Loading, show};
use crate::ui::components::toast::Toasts;
use crate::ui::may::May;

/// What saves a part of the policy, and how often it has.
fn part<S>() -> (ServerAction<S>, Memo<usize>)
where
    S: ServerFn<Error = ApiError> + Clone + Send + Sync + 'static,
    S::Output: Send + Sync + Clone + 'static,
{
    let save = ServerAction::<S>::new();
    Toasts::follow(save);
    (save, times_saved(save))
}

/// The policy of an environment.
#[component]
pub fn PolicyPage() -> impl IntoView {
    let project = id_param::<ProjectId>("id");
    let id = id_param::<EnvironmentId>("environment");
    let (rollout, rollout_saved) = part::<SaveRollout>();
    let (rules, rules_saved) = part::<SaveRules>();
    let (takes, takes_saved) = part::<SaveTakes>();
    let (calendar, calendar_saved) = part::<SaveCalendar>();
    // Whatever part was saved, the others have to know the new version.
    let saved = move || [rollout_saved.get(), rules_saved.get(), takes_saved.get(), calendar_saved.get()];
    let found = Resource::new(
        move || (project.get(), id.get(), saved()),
        |(project, id, _)| async move {
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
                        view! {
                            <PageHead title=words::TITLE lead=Some(words::LEAD) up=(up, place) />
                            {(!may).then(|| view! { <p class="read-only-why">{t(words::READ_ONLY)}</p> })}
                            // What somebody may not change is not typed first and refused afterwards.
                            <fieldset class="policy-parts" disabled=!may>
                                <rollout::Section environment=environment.clone() save=rollout />
                                <rules::Section environment=environment.clone() save=rules />
                                <calendar::Section environment=environment.clone() save=calendar may />
                                <takes::Section environment=environment.clone() save=takes />
                                <variables::Section id=environment.id may />
                            </fieldset>
                        }
                    },
                )
            })}
        </Transition>
    }
}
