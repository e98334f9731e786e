//! How releases go over the servers.
//!
//! Which fields belong to what is chosen is the style sheet's to know, so that it holds without JavaScript as well.

use launchway_domain::{Environment, HealthKind, Strategy};
use leptos::prelude::*;

use crate::api::rollout::{RolloutFields, SaveRollout};
use crate::text::{common, rollout as words, t};
use crate::ui::components::field::{SelectField, TextArea, TextField};
use crate::ui::components::form::{FormEnd, FormState, VersionField};

/// The form of this part.
#[component]
pub fn Section(environment: Environment, version: RwSignal<i64>, save: ServerAction<SaveRollout>) -> impl IntoView {
    let was = RolloutFields::from(&environment.policy.rollout);
    let [strategy, first, batch, wait, budget, on_failure] =
        [was.strategy, was.first, was.batch, was.wait_seconds, was.failure_budget, was.on_failure].map(RwSignal::new);
    let [gate, url, port, command, status] = [was.gate, was.url, was.port, was.command, was.status].map(RwSignal::new);
    let [tries, interval, timeout] = [was.tries, was.interval_seconds, was.timeout_seconds].map(RwSignal::new);
    let form = FormState::new(save, Vec::new);
    let strategies = Strategy::ALL.iter().map(|one| (one.as_str().to_owned(), one.label())).collect();
    let gates = HealthKind::ALL.iter().map(|one| (one.as_str().to_owned(), one.label())).collect();
    view! {
        <section id="rollout">
            <h2>{t(words::ROLLOUT)}</h2>
            <ActionForm action=save on:submit:capture=form.guard() attr:class="form rollout" attr:novalidate=true>
                <input type="hidden" name="id" value=environment.id.to_string() />
                <VersionField form version />
                <SelectField form field="strategy" label=words::STRATEGY value=strategy options=strategies />
                <div class="of-canary">
                    <TextField form field="first" label=words::FIRST value=first hint=words::FIRST_HINT optional=true />
                </div>
                <div class="of-batches of-canary">
                    // Of a canary it may stay empty; the style sheet says so of no other order.
                    <TextField form field="batch" label=words::BATCH value=batch hint=words::BATCH_HINT optional=true />
                </div>
                <div class="of-canary">
                    <TextField
                        form
                        field="wait_seconds"
                        label=words::WAIT
                        value=wait
                        hint=words::WAIT_HINT
                        optional=true
                    />
                </div>
                <TextField form field="failure_budget" label=words::BUDGET value=budget hint=words::BUDGET_HINT />
                <SelectField
                    form
                    field="on_failure"
                    label=words::ON_FAILURE
                    value=on_failure
                    options=vec![("stop".into(), words::STOP), ("switch_back".into(), words::SWITCH_BACK)]
                />
                <SelectField
                    form
                    field="gate"
                    label=words::GATE
                    value=gate
                    options=gates
                    none=words::GATE_NONE
                    hint=words::GATE_HINT
                />
                <div class="of-http">
                    <TextField
                        form
                        field="url"
                        label=words::URL
                        value=url
                        hint=words::URL_HINT
                        placeholder="http://{address}:8080/healthz"
                        code=true
                    />
                </div>
                <div class="of-tcp">
                    <TextField form field="port" label=words::PORT value=port />
                </div>
                <div class="of-command">
                    <TextArea
                        form
                        field="command"
                        label=words::COMMAND
                        value=command
                        hint=words::COMMAND_HINT
                        code=true
                    />
                </div>
                <div class="of-http of-command">
                    <TextField
                        form
                        field="status"
                        label=words::STATUS
                        value=status
                        hint=words::STATUS_HINT
                        optional=true
                    />
                </div>
                <div class="of-http of-tcp of-command">
                    <TextField form field="tries" label=words::TRIES value=tries />
                    <TextField form field="interval_seconds" label=words::INTERVAL value=interval />
                    <TextField form field="timeout_seconds" label=words::TIMEOUT value=timeout />
                </div>
                <FormEnd form submit=common::SAVE pending=save.pending() />
            </ActionForm>
        </section>
    }
    .into_any()
}
