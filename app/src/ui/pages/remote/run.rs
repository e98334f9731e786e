//! Running one command on servers.

use launchway_domain::{
    CommandForm, CommandRun, CommandStatus, EnvironmentId, EnvironmentKind, Form, ProjectId, ServerId,
};
use leptos::prelude::*;

use super::Place;
use crate::api::ApiError;
use crate::api::remote::{CancelCommand, RunCommand, list_commands};
use crate::text::{CurrentLang, remote as words, t};
use crate::ui::components::badge::{KindBadge, OutcomeBadge};
use crate::ui::components::code::ShellField;
use crate::ui::components::confirm::AskFirst;
use crate::ui::components::field::TextField;
use crate::ui::components::form::{FormEnd, FormState};
use crate::ui::components::layout::PageHead;
use crate::ui::components::load::{Loading, show};
use crate::ui::components::outputs::{Group, notable_first};
use crate::ui::components::server_picker::{ServerPicker, none_chosen};
use crate::ui::components::time::Time;
use crate::ui::pages::id_param;

/// How often a command that runs is asked after, in milliseconds.
#[cfg(feature = "hydrate")]
const ASK: u64 = 1500;

/// A command for the servers of an environment, and what came of the last ones.
#[component]
pub fn RunPage() -> impl IntoView {
    let project = id_param::<ProjectId>("id");
    let id = id_param::<EnvironmentId>("environment");
    let run = ServerAction::<RunCommand>::new();
    let cancel = ServerAction::<CancelCommand>::new();
    let place = Resource::new(move || (project.get(), id.get()), |(project, id)| Place::find(project, id));
    let again = RwSignal::new(0_u32);
    let (ran, canceled) = (run.version(), cancel.version());
    let lately = Resource::new(
        move || (id.get(), ran.get(), canceled.get(), again.get()),
        |(id, ..)| async move {
            match id {
                Some(id) => list_commands(id).await,
                None => Ok::<_, ApiError>(Vec::new()),
            }
        },
    );
    view! {
        <Suspense fallback=Loading>
            {move || Suspend::new(async move {
                show(
                    place.await,
                    |place| {
                        let (kind, name) = (place.environment.kind, place.environment.name.clone());
                        view! {
                            <PageHead title=words::RUN_TITLE lead=Some(words::RUN_LEAD) up=place.up()>
                                <KindBadge kind name=name.clone() />
                            </PageHead>
                            <Editor place run />
                        }
                    },
                )
            })}
        </Suspense>
        <section>
            <h2>{t(words::LATELY)}</h2>
            <Transition fallback=Loading>
                {move || Suspend::new(async move {
                    show(lately.await, |runs| view! { <Lately runs cancel again /> })
                })}
            </Transition>
        </section>
    }
}

#[component]
fn Editor(place: Place, run: ServerAction<RunCommand>) -> impl IntoView {
    let command = RwSignal::new(String::new());
    let chosen = RwSignal::new(Vec::<i64>::new());
    let timeout = RwSignal::new("60".to_owned());
    let all = RwSignal::new(false);
    let form = FormState::new(run, move || {
        let typed = CommandForm {
            command: command.get(),
            server_ids: chosen.get().into_iter().map(ServerId).collect(),
            timeout_s: Some(timeout.read().trim().parse().unwrap_or_default()),
        };
        let mut errors = typed.errors();
        errors.extend(none_chosen(&chosen.read(), all.get()));
        errors
    });
    let is_prod = place.environment.kind == EnvironmentKind::Prod;
    let count = place.servers.len();
    let question = Signal::derive(move || words::run_sure(if all.get() { count } else { chosen.with(Vec::len) }));
    view! {
        <ActionForm action=run on:submit:capture=form.guard() attr:class="form" attr:novalidate=true>
            <input type="hidden" name="id" value=place.environment.id.to_string() />
            <ShellField form field="command" label=words::COMMAND value=command hint=words::COMMAND_HINT rows=3 />
            <ServerPicker form value=chosen servers=place.servers all />
            <TextField
                form
                field="timeout_s"
                label=words::TIMEOUT
                value=timeout
                hint=words::TIMEOUT_HINT
                code=true
            />
            {if is_prod {
                view! { <AskFirst form id="run-sure" question lead=words::RUN_SURE_LEAD ask=words::RUN_ASK yes=words::RUN pending=run.pending() /> }.into_any()
            } else {
                view! { <FormEnd form submit=words::RUN pending=run.pending() /> }.into_any()
            }}
        </ActionForm>
    }
    .into_any()
}

/// The last commands.
#[component]
fn Lately(runs: Vec<CommandRun>, cancel: ServerAction<CancelCommand>, again: RwSignal<u32>) -> impl IntoView {
    if runs.is_empty() {
        return view! { <p class="quiet">{t(words::NOTHING_RAN)}</p> }.into_any();
    }
    let is_running = runs.iter().any(|run| run.status == CommandStatus::Running);
    #[cfg(feature = "hydrate")]
    Effect::new(move |_| {
        if is_running {
            let wait = set_timeout_with_handle(
                move || {
                    again.try_update(|again| *again += 1);
                },
                std::time::Duration::from_millis(ASK),
            );
            on_cleanup(move || {
                if let Ok(wait) = wait {
                    wait.clear();
                }
            });
        }
    });
    #[cfg(not(feature = "hydrate"))]
    let _ = (is_running, again);
    runs.into_iter().enumerate().map(|(at, run)| view! { <Run run cancel is_open=at == 0 /> }).collect_view().into_any()
}

/// One command and what came of it.
#[component]
fn Run(run: CommandRun, cancel: ServerAction<CancelCommand>, is_open: bool) -> impl IntoView {
    let lang = CurrentLang::find();
    let (status, sign) = match run.status {
        CommandStatus::Running => ("running", "▶"),
        CommandStatus::Done if run.unfinished.is_empty() && run.groups.iter().all(|g| g.exit_status == Some(0)) => {
            ("succeeded", "✓")
        }
        CommandStatus::Done => ("failed", "✕"),
        CommandStatus::Canceled => ("canceled", "–"),
        CommandStatus::Lost => ("queued", "?"),
    };
    let stop = (run.status == CommandStatus::Running).then(|| {
        view! {
            <ActionForm action=cancel>
                <input type="hidden" name="id" value=run.id.to_string() />
                <button type="submit" class="button small">{t(words::STOP)}</button>
            </ActionForm>
        }
    });
    let unfinished = run
        .unfinished
        .into_iter()
        .map(|one| {
            view! {
                <li>
                    <b>{one.host}</b>
                    " "
                    <span class="row-error">{move || one.error.get(lang.get()).to_owned()}</span>
                </li>
            }
        })
        .collect::<Vec<_>>();
    let is_split = run.groups.len() > 1;
    let groups = notable_first(run.groups)
        .into_iter()
        .map(|(group, is_most)| view! { <Group group is_most=is_most && is_split /> })
        .collect_view();
    view! {
        <details class="ran card" open=is_open>
            <summary>
                <OutcomeBadge status sign label=run.status.label() />
                <code>{run.command.clone()}</code>
                {run.summary.map(|summary| view! { <b>{t(summary)}</b> })}
                <span class="quiet">{run.created_by_name} " · " <Time at=run.started_at seconds=true /></span>
            </summary>
            {stop}
            {(!unfinished.is_empty()).then(|| view! { <ul class="findings">{unfinished}</ul> })}
            {groups}
        </details>
    }
    .into_any()
}
