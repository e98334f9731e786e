//! How long things are kept.

use launchway_domain::{Form, Housekeeping};
use leptos::prelude::*;

use crate::api::housekeeping::{HousekeepingFields, SaveHousekeeping};
use crate::text::{common, housekeeping as words, t};
use crate::ui::components::field::TextField;
use crate::ui::components::form::{FormEnd, FormState, VersionField};

/// The form.
#[component]
pub fn Section(kept: Housekeeping, save: ServerAction<SaveHousekeeping>) -> impl IntoView {
    let start = HousekeepingFields::of(&kept);
    let [log_days, artifact_days, keep_artifacts] =
        [start.log_days, start.artifact_days, start.keep_artifacts].map(RwSignal::new);
    let [event_days, delivery_days, cache_days] =
        [start.event_days, start.delivery_days, start.cache_days].map(RwSignal::new);
    let form = FormState::new(save, move || {
        let fields = HousekeepingFields {
            event_days: event_days.get(),
            delivery_days: delivery_days.get(),
            log_days: log_days.get(),
            artifact_days: artifact_days.get(),
            keep_artifacts: keep_artifacts.get(),
            cache_days: cache_days.get(),
        };
        fields.form().errors()
    });
    view! {
        <section data-part="kept">
            <h2>{t(words::KEPT)}</h2>
            <ActionForm action=save on:submit:capture=form.guard() attr:class="form" attr:novalidate=true>
                <VersionField form version=kept.version />
                <div class="columns is-even">
                    <TextField form field="artifact_days" label=words::ARTIFACT_DAYS value=artifact_days hint=words::ARTIFACT_DAYS_HINT optional=true />
                    <TextField form field="keep_artifacts" label=words::KEEP_ARTIFACTS value=keep_artifacts hint=words::KEEP_ARTIFACTS_HINT />
                </div>
                <div class="columns is-even">
                    <TextField form field="log_days" label=words::LOG_DAYS value=log_days hint=words::LOG_DAYS_HINT optional=true />
                    <TextField form field="cache_days" label=words::CACHE_DAYS value=cache_days hint=words::CACHE_DAYS_HINT optional=true />
                </div>
                <div class="columns is-even">
                    <TextField form field="event_days" label=words::EVENT_DAYS value=event_days hint=words::EVENT_DAYS_HINT />
                    <TextField form field="delivery_days" label=words::DELIVERY_DAYS value=delivery_days />
                </div>
                <FormEnd form submit=common::SAVE pending=save.pending() />
            </ActionForm>
        </section>
    }
    .into_any()
}
