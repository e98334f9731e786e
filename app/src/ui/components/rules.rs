//! How a release stands to the policy of its environment, and starting it all the same.

use launchway_domain::{RuleState, Upload};
use leptos::prelude::*;

use crate::text::{CurrentLang, t, ways as words};

/// Each rule that applies, with a sign of whether it holds.
#[component]
pub fn RuleList(
    /// The rules.
    rules: Vec<RuleState>,
) -> impl IntoView {
    let lang = CurrentLang::find();
    let rows = rules
        .into_iter()
        .map(|state| {
            let (sign, word) = if state.ok { ("✓", words::RULE_OK) } else { ("✗", words::RULE_BROKEN) };
            let proof = state.release_id.map(|id| {
                view! { " " <a href=format!("/releases/{id}")>{format!("#{id}")}</a> }
            });
            let text = state.text;
            view! {
                <li data-rule=state.rule.as_str() data-ok=state.ok.to_string()>
                    <span class="rule-sign" aria-hidden="true">{sign}</span>
                    <span class="visually-hidden">{t(word)} ": "</span>
                    {move || text.get(lang.get()).to_owned()}
                    {proof}
                </li>
            }
        })
        .collect_view();
    view! { <ul class="rule-list">{rows}</ul> }.into_any()
}

/// What has to go over the wire, in a sentence.
#[component]
pub fn UploadLine(
    /// How much it is.
    upload: Upload,
) -> impl IntoView {
    view! { <p class="quiet upload-line">{t(words::upload(upload))}</p> }
}

/// The field for the reason of an exception.
#[component]
pub fn ExceptionField(
    /// An id that is unique on the page.
    #[prop(into)]
    id: String,
    /// The field's name in the form.
    name: &'static str,
) -> impl IntoView {
    let hint = format!("{id}-hint");
    view! {
        <div class="field">
            <label for=id.clone()>{t(words::EXCEPTION_REASON)}</label>
            // It stands in dialogs, and whoever opens one is about to write this.
            <textarea id=id name=name rows="3" maxlength="2000" required autofocus aria-describedby=hint.clone()></textarea>
            <p class="hint" id=hint>
                {t(words::EXCEPTION_HINT)}
            </p>
        </div>
    }
    .into_any()
}
