//! Starting a release, or starting it again: what the policy says of it, and an administrator's exception.

use launchway_domain::{RuleState, Text};
use leptos::prelude::*;

use crate::api::releases::{RetryRelease, StartRelease};
#[cfg(feature = "hydrate")]
use crate::api::ways::get_rules;
use crate::text::{CurrentLang, common, release as words, t, ways};
use crate::ui::components::rules::{ExceptionField, RuleList};
use crate::ui::live::Live;
use crate::ui::may::May;

/// What the policy says of a release that can be started.
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

/// A button that asks an administrator why a rule is to be broken, and the form that does it with the answer.
#[component]
pub fn Exception(
    /// An id that is unique on the page.
    id: &'static str,
    /// What the button says.
    ask: Text,
    /// The question.
    title: Text,
    /// What the form's button says.
    yes: Text,
    /// Whether the answer is being waited for.
    #[prop(into)]
    pending: Signal<bool>,
    /// The form around the fields.
    form: impl FnOnce(AnyView) -> AnyView,
) -> impl IntoView {
    let (heading, labelled) = (format!("{id}-title"), format!("{id}-title"));
    let fields = view! {
        <ExceptionField id=format!("{id}-reason") name="settled[exception]" />
        <div class="row end">
            <button type="button" class="button" popovertarget=id popovertargetaction="hide">
                {t(common::CANCEL)}
            </button>
            <button type="submit" class="button danger solid" disabled=move || pending.get()>
                {t(yes)}
            </button>
        </div>
    };
    view! {
        <button type="button" class="button danger" popovertarget=id>
            {t(ask)}
        </button>
        <div id=id class="dialog" popover="auto" role="dialog" aria-labelledby=labelled>
            <h2 id=heading>{t(title)}</h2>
            {form(fields.into_any())}
        </div>
    }
    .into_any()
}

/// The button that starts it; where a rule does not hold, a question for those who may decide that.
#[component]
pub fn StartButton(
    /// The release.
    id: i64,
    /// Whether every rule holds.
    is_let: Memo<bool>,
    /// What starts it.
    start: ServerAction<StartRelease>,
) -> impl IntoView {
    let pending = start.pending();
    let may = May::find().administer();
    view! {
        <Show when=move || may && !is_let.get()>
            <Exception
                id="exception"
                ask=ways::EXCEPTION_ASK
                title=ways::EXCEPTION_TITLE
                yes=ways::EXCEPTION_YES
                pending
                form=move |fields| {
                    view! {
                        <ActionForm action=start attr:class="form">
                            <input type="hidden" name="id" value=id.to_string() />
                            {fields}
                        </ActionForm>
                    }
                        .into_any()
                }
            />
        </Show>
        <ActionForm action=start>
            <input type="hidden" name="id" value=id.to_string() />
            <button type="submit" class="button primary" disabled=move || pending.get()>
                {t(words::START)}
            </button>
        </ActionForm>
    }
    .into_any()
}

/// The same for a release that failed or was canceled.
#[component]
pub fn RetryButton(
    /// The release.
    id: i64,
    /// Whether every rule holds.
    is_let: Memo<bool>,
    /// How many servers a retry touches.
    #[prop(into)]
    servers: Signal<usize>,
    /// What retries it.
    retry: ServerAction<RetryRelease>,
) -> impl IntoView {
    let lang = CurrentLang::find();
    let pending = retry.pending();
    let may = May::find().administer();
    view! {
        <Show when=move || may && !is_let.get()>
            <Exception
                id="retry-exception"
                ask=ways::RETRY_ASK
                title=ways::RETRY_TITLE
                yes=ways::RETRY_YES
                pending
                form=move |fields| {
                    view! {
                        <ActionForm action=retry attr:class="form">
                            <input type="hidden" name="id" value=id.to_string() />
                            {fields}
                        </ActionForm>
                    }
                        .into_any()
                }
            />
        </Show>
        <ActionForm action=retry>
            <input type="hidden" name="id" value=id />
            <button type="submit" class="button primary" disabled=move || pending.get()>
                {move || ways::retry(servers.get()).get(lang.get()).to_owned()}
            </button>
        </ActionForm>
    }
    .into_any()
}

/// Keeps what the policy says up to date while the page is open: it is asked for again when the release has changed its
/// status, or something at the door of its environment has.
pub fn live_rules(live: Live, rules: Vec<RuleState>) -> RwSignal<Vec<RuleState>> {
    let known = RwSignal::new(rules);
    #[cfg(feature = "hydrate")]
    {
        let asked = StoredValue::new(0_u32);
        Effect::new(move |before: Option<_>| {
            let (id, status) = live.release.with(|release| (release.id, release.status));
            let now = (status, live.door.get());
            if before.is_some_and(|before| before != now) {
                let turn = asked.try_update_value(|turns| {
                    *turns += 1;
                    *turns
                });
                leptos::task::spawn_local(async move {
                    let found = get_rules(id).await;
                    // Only the answer to the last question counts.
                    if let (Ok(rules), true) = (found, asked.try_get_value() == turn) {
                        known.try_set(rules);
                    }
                });
            }
            now
        });
    }
    #[cfg(not(feature = "hydrate"))]
    let _ = live;
    known
}
