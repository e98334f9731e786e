//! When the release starts, and why it does although the policy says no.

use leptos::prelude::*;

use crate::text::{create as words, queue, t};
use crate::ui::components::field::TextArea;
use crate::ui::components::form::FormState;
use crate::ui::components::local_time::LocalTimeField;
use crate::ui::may::May;

/// What is typed, and what is known of the rules.
#[derive(Clone, Copy, Debug)]
pub struct WhenSignals {
    /// The time; blank means as soon as it can.
    pub at: RwSignal<String>,
    /// The reason of an exception.
    pub exception: RwSignal<String>,
    /// Whether the environment is frozen now.
    pub frozen: RwSignal<bool>,
    /// Whether a rule does not hold for what is chosen.
    pub refused: RwSignal<bool>,
}

impl Default for WhenSignals {
    fn default() -> Self {
        Self {
            at: RwSignal::new(String::new()),
            exception: RwSignal::new(String::new()),
            frozen: RwSignal::new(false),
            refused: RwSignal::new(false),
        }
    }
}

/// The time at which it starts, folded away.
#[component]
pub fn When(
    /// The form.
    form: FormState,
    /// What is typed.
    when: WhenSignals,
) -> impl IntoView {
    // After a refusal without JavaScript; with it the form opens the fold itself.
    let is_open = untrack(|| form.error("at").is_some());
    view! {
        <details class="schedule" open=is_open>
            <summary>{t(queue::SCHEDULE)}</summary>
            <LocalTimeField form field="at" label=queue::AT hint=words::AT_HINT zone="UTC".to_owned() told=when.at />
        </details>
    }
    .into_any()
}

/// The reason of an exception, for those who may make one, as soon as the page knows that it takes one.
#[component]
pub fn Exception(
    /// The form.
    form: FormState,
    /// What is typed.
    when: WhenSignals,
) -> impl IntoView {
    let may = May::find().administer();
    // What is known of the rules comes after the page: both first renders have the field, unseen where there are scripts.
    let is_alive = RwSignal::new(false);
    Effect::new(move |_| is_alive.set(true));
    let takes_one = Memo::new(move |_| {
        let is_known = when.frozen.get() || when.refused.get();
        may && (!is_alive.get() || is_known)
    });
    view! {
        <Show when=move || takes_one.get()>
            // Without scripts nobody knows the rules of what will be chosen: whoever may make an exception can write one.
            <div class:no-script=move || !is_alive.get()>
                <TextArea
                    form
                    field="start.exception"
                    label=words::EXCEPTION
                    value=when.exception
                    hint=words::EXCEPTION_HINT
                    rows=2
                />
            </div>
        </Show>
    }
    .into_any()
}
