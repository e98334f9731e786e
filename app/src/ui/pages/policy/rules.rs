//! What has to be true before a release may start.

use launchway_domain::Environment;
use leptos::prelude::*;

use crate::api::policy::SaveRules;
use crate::text::{common, policy as words, t, ways};
use crate::ui::components::field::SelectField;
use crate::ui::components::form::{FormEnd, FormState, VersionField};

/// The form of this part.
#[component]
pub fn Section(environment: Environment, version: RwSignal<i64>, save: ServerAction<SaveRules>) -> impl IntoView {
    let tested = environment.policy.rules.tested_first.map(|tested| tested.to_string()).unwrap_or_default();
    let tested = RwSignal::new(tested);
    let rebuilds = RwSignal::new(environment.policy.rules.promote_rebuilds.to_string());
    let form = FormState::new(save, Vec::new);
    view! {
        <section id="rules">
            <h2>{t(words::RULES)}</h2>
            <ActionForm action=save on:submit:capture=form.guard() attr:class="form" attr:novalidate=true>
                <input type="hidden" name="id" value=environment.id.to_string() />
                <VersionField form version />
                <SelectField
                    form
                    field="tested_first"
                    label=words::TESTED_FIRST
                    value=tested
                    options=vec![("true".into(), words::TESTED_FIRST_YES), ("false".into(), words::TESTED_FIRST_NO)]
                    hint=words::TESTED_FIRST_HINT
                    none=words::TESTED_FIRST_DEFAULT
                />
                <SelectField
                    form
                    field="promote_rebuilds"
                    label=ways::PROMOTE_REBUILDS
                    value=rebuilds
                    options=vec![("false".into(), ways::PROMOTE_REBUILDS_NO), ("true".into(), ways::PROMOTE_REBUILDS_YES)]
                    hint=ways::PROMOTE_REBUILDS_HINT
                />
                <FormEnd form submit=common::SAVE pending=save.pending() />
            </ActionForm>
        </section>
    }
    .into_any()
}
