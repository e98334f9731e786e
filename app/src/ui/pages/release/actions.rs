//! What can be done about a release: real forms, which work before the page comes alive as well.

use launchway_domain::{EnvironmentId, EnvironmentKind, NodeStatus, ReleaseId, ReleaseStatus};
use leptos::prelude::*;

use super::standing::Stands;
use super::start::{Asking, Guarded};
use crate::api::releases::{CancelRelease, RetryRelease, RollbackRelease, StartRelease};
use crate::text::{CurrentLang, create, release as words, t, ways};
use crate::ui::components::back::{Back, BackButton};
use crate::ui::components::confirm::refusal_of;
use crate::ui::components::toast::Toasts;
use crate::ui::live::Live;
use crate::ui::may::May;
use crate::ui::pipeline::groups::rank;

/// The buttons that the status allows, and why the last one was refused.
#[component]
pub fn Actions(
    /// The release.
    live: Live,
    /// Its id.
    id: ReleaseId,
    /// How it stands in its environment.
    stands: Stands,
    /// The environments for production that it can be promoted to.
    promote_to: Vec<(EnvironmentId, String)>,
) -> impl IntoView {
    let lang = CurrentLang::find();
    let is_let = stands.is_let;
    let start = ServerAction::<StartRelease>::new();
    let cancel = ServerAction::<CancelRelease>::new();
    let retry = ServerAction::<RetryRelease>::new();
    let rollback = ServerAction::<RollbackRelease>::new();
    Toasts::follow(start);
    Toasts::follow(cancel);
    Toasts::follow(retry);
    let state = Memo::new(move |_| {
        let (status, asked) = live.release.with(|release| (release.status, release.cancel_requested));
        (
            status,
            asked,
            stands.is_live.get(),
            stands.live_on.get().is_some(),
            stands.back_to.get(),
            stands.is_overtaken.get(),
        )
    });

    // What somebody may not do is not offered; who asks for it anyway is refused by the program.
    let may_run = live.release.with_untracked(|r| May::find().run(r.project_id, r.environment_kind));

    let may_create = live.release.with_untracked(|r| May::find().create(r.project_id));
    let may_break = May::find().administer();
    let (starts, others) = ([refusal_of(start), refusal_of(retry)], [refusal_of(cancel), refusal_of(rollback)]);
    let refusal = move || {
        // A rule that says no is shown with the others, and says why itself.
        let start = starts.iter().find_map(|refusal| refusal.get()).filter(|_| is_let.get());
        let error = start.or_else(|| others.iter().find_map(|refusal| refusal.get()))?;
        Some(view! { <p>{error.detail().get(lang.get()).to_owned()}</p> })
    };
    // A rule may have come to say no since it was asked.
    Effect::new(move || {
        if starts.iter().any(|refusal| refusal.with(Option::is_some)) {
            live.door.update(|count| *count += 1);
        }
    });
    // A refusal speaks of the state that was: once that has changed, it only confuses.
    Effect::new(move |before: Option<_>| {
        let now = state.get();
        if before.is_some_and(|before| before != now) {
            start.value().set(None);
            cancel.value().set(None);
            retry.value().set(None);
            rollback.value().set(None);
        }
        now
    });

    // What the servers are left with, as far as it is known: while steps run, more of them may switch.
    let leaves = move || {
        let (status, holds) = live.release.with(|release| (release.status, release.hold.is_some()));
        let runs = status == ReleaseStatus::Running;
        let (text, back) = stands.known.with(|known| {
            let back = known.back_to.filter(|_| runs || known.switched > 0);
            match (known.switched > 0, runs && !holds) {
                (_, true) => (words::CANCEL_LEAD, back),
                (true, false) => (ways::stopped(known), back),
                (false, false) if runs => (words::CANCEL_LEAD, back),
                (false, false) => (words::CANCEL_UNBEGUN, back),
            }
        });
        let back = back.map(|id| view! { <p>{t(ways::back_afterwards(id))}</p> });
        view! {
            <p class="cancel-leaves">{t(text)}</p>
            {back}
        }
    };
    let cancel_form = move |asked: bool| {
        let pending = cancel.pending();
        view! {
            <button type="button" class="button danger" popovertarget="cancel" disabled=asked>
                {t(if asked { words::CANCELING } else { words::CANCEL })}
            </button>
            <div id="cancel" class="dialog" popover="auto" role="alertdialog" aria-labelledby="cancel-title">
                <h2 id="cancel-title">{t(words::cancel_title(id.0))}</h2>
                {leaves}
                <div class="row end">
                    <button type="button" class="button" popovertarget="cancel" popovertargetaction="hide" autofocus>
                        {t(words::CANCEL_NO)}
                    </button>
                    <ActionForm action=cancel>
                        <input type="hidden" name="id" value=id.to_string() />
                        <button type="submit" class="button danger solid" disabled=move || asked || pending.get()>
                            {t(words::CANCEL_YES)}
                        </button>
                    </ActionForm>
                </div>
            </div>
        }
    };
    let start_form = move || {
        let asking = Asking { ask: ways::EXCEPTION_ASK, title: ways::EXCEPTION_TITLE, yes: ways::EXCEPTION_YES };
        let form = move |fields: AnyView| {
            view! {
                <ActionForm action=start>
                    <input type="hidden" name="id" value=id.to_string() />
                    {fields}
                </ActionForm>
            }
            .into_any()
        };
        let label = Signal::derive(t(words::START));
        view! { <Guarded id="exception" is_let label asking pending=start.pending() form /> }
    };
    // What a retry touches: the servers that did not get to the end.
    let servers = move || {
        [NodeStatus::Failed, NodeStatus::Canceled, NodeStatus::Skipped]
            .into_iter()
            .map(|status| live.fleet.groups[rank(status)].with(Vec::len))
            .sum()
    };
    let retry_form = move || {
        let asking = Asking { ask: ways::RETRY_ASK, title: ways::RETRY_TITLE, yes: ways::RETRY_YES };
        let form = move |fields: AnyView| {
            view! {
                <ActionForm action=retry>
                    <input type="hidden" name="id" value=id.to_string() />
                    {fields}
                </ActionForm>
            }
            .into_any()
        };
        let label = Signal::derive(move || ways::retry(servers()).get(lang.get()).to_owned());
        view! { <Guarded id="retry-exception" is_let label asking pending=retry.pending() form /> }
    };
    let asks_why = Signal::derive(move || may_break && !stands.is_let.get());
    let back = move |target: ReleaseId, how: Back| {
        let parts = stands.known.with_untracked(|known| known.parts.clone());
        view! { <BackButton action=rollback target how parts asks_why /> }
    };
    let (project, environment, kind) =
        live.release.with_untracked(|r| (r.project_id, r.environment_id, r.environment_kind));
    let here = StoredValue::new(format!("/projects/{project}/environments"));
    let back_link = move || {
        let href = here.with_value(|here| format!("{here}/{environment}/rollback"));
        view! { <a class="button" href=href>{t(ways::ROLLBACKS_ASK)}</a> }
    };
    let promote_to = StoredValue::new(promote_to);
    let may_promote = kind == EnvironmentKind::Test && May::find().run(project, EnvironmentKind::Prod);
    let promote_links = move || {
        let links = promote_to.with_value(|all| {
            all.iter()
                .map(|(id, name)| {
                    let href = here.with_value(|here| format!("{here}/{id}/promote?from={environment}"));
                    view! { <a class="button primary" href=href>{t(ways::promote_to(name))}</a> }
                })
                .collect_view()
        });
        may_promote.then_some(links)
    };
    view! {
        <div class="row release-actions">
            {may_create
                .then(|| {
                    view! {
                        <a class="button quiet" href=format!("/releases/new?from={id}")>
                            {t(create::NEW_FROM)}
                        </a>
                    }
                })}
            {move || {
                let (status, asked, is_live, some, left, overtaken) = state.get();
                match status {
                    _ if !may_run => ().into_any(),
                    ReleaseStatus::Pending => view! { {cancel_form(false)} {start_form()} }.into_any(),
                    ReleaseStatus::AwaitingApproval | ReleaseStatus::Queued => cancel_form(false).into_any(),
                    ReleaseStatus::Running => cancel_form(asked).into_any(),
                    ReleaseStatus::Failed | ReleaseStatus::Canceled => {
                        view! { {left.map(|target| back(target, Back::Left))} {(!overtaken).then(retry_form)} }.into_any()
                    }
                    ReleaseStatus::Succeeded if is_live => view! { {back_link()} {promote_links()} }.into_any(),
                    ReleaseStatus::Succeeded => back(id, if some { Back::All } else { Back::Roll }).into_any(),
                }
            }}
            <div class="complaints release-refusal" role="alert">
                {refusal}
            </div>
        </div>
    }
}
