//! Starting a release, or starting it again: what the policy says of it, and an administrator's exception.

use launchway_domain::{RuleState, Text};
use leptos::prelude::*;

use crate::text::{common, t, ways};
use crate::ui::components::rules::{ExceptionField, RuleList};
use crate::ui::may::May;

/// What the policy says of a release that can be started.
#[component]
pub fn BeforeStart(
    /// Each rule that applies to it.
    rules: Vec<RuleState>,
) -> impl IntoView {
    // Whoever may decide it has a button for it.
    let for_others = rules.iter().any(|rule| !rule.ok) && !May::find().administer();
    (!rules.is_empty())
        .then(|| {
            view! {
                <section class="before-start" aria-label=t(ways::RULES)>
                    <RuleList rules />
                    {for_others.then(|| view! { <p class="hint">{t(ways::EXCEPTION_ADMIN)}</p> })}
                </section>
            }
        })
        .into_any()
}

/// What an exception is asked for with: the button, the question, and the button that answers it.
#[derive(Clone, Debug)]
pub struct Asking {
    /// The button that asks.
    pub ask: Text,
    /// The question.
    pub title: Text,
    /// The button that does it.
    pub yes: Text,
}

/// The button that puts the release into the queue; where a rule does not hold, in its place one that asks an
/// administrator for a reason. Others find it out of use: what would be refused is not offered.
#[component]
pub fn Guarded<F>(
    /// An id that is unique on the page.
    id: &'static str,
    /// Whether every rule holds.
    is_let: Memo<bool>,
    /// What the button says.
    #[prop(into)]
    label: Signal<String>,
    /// What is asked.
    asking: Asking,
    /// Whether the answer is being waited for.
    #[prop(into)]
    pending: Signal<bool>,
    /// The form around its button, or around the reason.
    form: F,
) -> impl IntoView
where
    F: Fn(AnyView) -> AnyView + Clone + Send + Sync + 'static,
{
    let may = May::find().administer();
    let form = StoredValue::new(form);
    let asking = StoredValue::new(asking);
    view! {
        <Show when=move || may && !is_let.get()>
            {
                let Asking { ask, title, yes } = asking.get_value();
                let fields = view! {
                    <div class="form">
                        <ExceptionField id=format!("{id}-reason") name="settled[exception]" />
                        <div class="row end">
                            <button type="button" class="button" popovertarget=id popovertargetaction="hide">
                                {t(common::CANCEL)}
                            </button>
                            <button type="submit" class="button danger solid" disabled=move || pending.get()>
                                {t(yes)}
                            </button>
                        </div>
                    </div>
                };
                let form = form.with_value(|form| form(fields.into_any()));
                view! {
                    <button type="button" class="button danger" popovertarget=id>
                        {t(ask)}
                    </button>
                    <div id=id class="dialog" popover="auto" role="dialog" aria-labelledby=format!("{id}-title")>
                        <h2 id=format!("{id}-title")>{t(title)}</h2>
                        {form}
                    </div>
                }
            }
        </Show>
        <Show when=move || !may || is_let.get()>
            {
                let button = view! {
                    <button type="submit" class="button primary" disabled=move || pending.get() || !is_let.get()>
                        {move || label.get()}
                    </button>
                };
                form.with_value(|form| form(button.into_any()))
            }
        </Show>
    }
    .into_any()
}
