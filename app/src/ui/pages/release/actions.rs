//! What can be done about a release: real forms, which work before the page comes alive as well.

use launchway_domain::{EnvironmentId, EnvironmentKind, NodeStatus, ReleaseStatus};
use leptos::prelude::*;

use super::start::{Asking, Guarded};
use crate::api::releases::{CancelRelease, RetryRelease, RollbackRelease, StartRelease};
use crate::text::{CurrentLang, release as words, t, ways};
use crate::ui::components::confirm::refusal_of;
use crate::ui::components::rules::ExceptionField;
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
    id: i64,
    /// Whether it is what is live: then there is nothing to go back to.
    is_live: Memo<bool>,
    /// Whether every rule of the policy lets it start.
    is_let: Memo<bool>,
    /// The environments for production that it can be promoted to.
    promote_to: Vec<(EnvironmentId, String)>,
) -> impl IntoView {
    let lang = CurrentLang::find();
    let start = ServerAction::<StartRelease>::new();
    let cancel = ServerAction::<CancelRelease>::new();
    let retry = ServerAction::<RetryRelease>::new();
    let rollback = ServerAction::<RollbackRelease>::new();
    Toasts::follow(start);
    Toasts::follow(cancel);
    Toasts::follow(retry);
    let state = Memo::new(move |_| {
        let (status, asked) = live.release.with(|release| (release.status, release.cancel_requested));
        (status, asked, is_live.get())
    });

    // What somebody may not do is not offered; who asks for it anyway is refused by the program.
    let may_run = live.release.with_untracked(|r| May::find().run(r.project_id, r.environment_kind));

    let may_break = May::find().administer();
    let refusals = [refusal_of(start), refusal_of(cancel), refusal_of(retry), refusal_of(rollback)];
    let refusal = move || {
        let error = refusals.iter().find_map(|refusal| refusal.get())?;
        Some(view! { <p>{error.detail().get(lang.get()).to_owned()}</p> })
    };
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

    let cancel_form = move |asked: bool| {
        let pending = cancel.pending();
        view! {
            <button type="button" class="button danger" popovertarget="cancel" disabled=asked>
                {t(if asked { words::CANCELING } else { words::CANCEL })}
            </button>
            <div id="cancel" class="dialog" popover="auto" role="alertdialog" aria-labelledby="cancel-title">
                <h2 id="cancel-title">{t(words::cancel_title(id))}</h2>
                <p>{t(words::CANCEL_LEAD)}</p>
                <div class="row end">
                    <button type="button" class="button" popovertarget="cancel" popovertargetaction="hide" autofocus>
                        {t(words::CANCEL_NO)}
                    </button>
                    <ActionForm action=cancel>
                        <input type="hidden" name="id" value=id />
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
                    <input type="hidden" name="id" value=id />
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
                    <input type="hidden" name="id" value=id />
                    {fields}
                </ActionForm>
            }
            .into_any()
        };
        let label = Signal::derive(move || ways::retry(servers()).get(lang.get()).to_owned());
        view! { <Guarded id="retry-exception" is_let label asking pending=retry.pending() form /> }
    };
    let rollback_form = move || {
        let pending = rollback.pending();
        view! {
            // A popover: it works without JavaScript, and Escape closes it.
            <button type="button" class="button" popovertarget="rollback">
                {t(words::ROLLBACK)}
            </button>
            <div id="rollback" class="dialog" popover="auto" role="alertdialog" aria-labelledby="rollback-title">
                <h2 id="rollback-title">{t(words::rollback_title(id))}</h2>
                <p>{t(words::ROLLBACK_LEAD)}</p>
                <ActionForm action=rollback attr:class="form">
                    <input type="hidden" name="id" value=id />
                    <Show when=move || may_break && !is_let.get()>
                        <ExceptionField id="rollback-reason" name="settled[exception]" />
                    </Show>
                    <div class="row end">
                        <button
                            type="button"
                            class="button"
                            popovertarget="rollback"
                            popovertargetaction="hide"
                            autofocus
                        >
                            {t(words::ROLLBACK_NO)}
                        </button>
                        <button type="submit" class="button danger solid" disabled=move || pending.get()>
                            {t(words::ROLLBACK_YES)}
                        </button>
                    </div>
                </ActionForm>
            </div>
        }
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
            {move || {
                let (status, asked, is_live) = state.get();
                match status {
                    _ if !may_run => ().into_any(),
                    ReleaseStatus::Pending => view! { {cancel_form(false)} {start_form()} }.into_any(),
                    ReleaseStatus::AwaitingApproval | ReleaseStatus::Queued => cancel_form(false).into_any(),
                    ReleaseStatus::Running => cancel_form(asked).into_any(),
                    ReleaseStatus::Failed | ReleaseStatus::Canceled => retry_form().into_any(),
                    ReleaseStatus::Succeeded if is_live => view! { {back_link()} {promote_links()} }.into_any(),
                    ReleaseStatus::Succeeded => rollback_form().into_any(),
                }
            }}
            <div class="complaints release-refusal" role="alert">
                {refusal}
            </div>
        </div>
    }
}
