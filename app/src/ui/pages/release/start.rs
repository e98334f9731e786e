//! Starting a release: what the policy says of it, and an administrator's exception.

use launchway_domain::RuleState;
use leptos::prelude::*;

use crate::api::releases::StartRelease;
use crate::text::{release as words, t, ways};
use crate::ui::components::rules::{ExceptionField, RuleList};
use crate::ui::may::May;

/// What the policy says of a release that was not started yet.
#[component]
pub fn BeforeStart(
    /// Each rule that applies to it.
    rules: Vec<RuleState>,
) -> impl IntoView {
    (!rules.is_empty())
        .then(|| {
            view! {
                <section class="before-start" aria-label=t(ways::RULES)>
                    <RuleList rules />
                </section>
            }
        })
        .into_any()
}

/// The button that starts it; where a rule does not hold, a question for those who may decide that.
#[component]
pub fn StartButton(
    /// The release.
    id: i64,
    /// Whether every rule holds.
    is_let: bool,
    /// What starts it.
    start: ServerAction<StartRelease>,
) -> impl IntoView {
    let pending = start.pending();
    let over = (!is_let && May::find().administer()).then(|| {
        view! {
            <button type="button" class="button danger" popovertarget="exception">
                {t(ways::EXCEPTION_ASK)}
            </button>
            <div id="exception" class="dialog" popover="auto" role="dialog" aria-labelledby="exception-title">
                <h2 id="exception-title">{t(ways::EXCEPTION_TITLE)}</h2>
                <ActionForm action=start attr:class="form">
                    <input type="hidden" name="id" value=id.to_string() />
                    <ExceptionField id="exception-reason" name="settled[exception]" />
                    <div class="row end">
                        <button type="button" class="button" popovertarget="exception" popovertargetaction="hide">
                            {t(crate::text::common::CANCEL)}
                        </button>
                        <button type="submit" class="button danger solid" disabled=move || pending.get()>
                            {t(ways::EXCEPTION_YES)}
                        </button>
                    </div>
                </ActionForm>
            </div>
        }
    });
    view! {
        {over}
        <ActionForm action=start>
            <input type="hidden" name="id" value=id.to_string() />
            <button type="submit" class="button primary" disabled=move || pending.get()>
                {t(words::START)}
            </button>
        </ActionForm>
    }
    .into_any()
}
