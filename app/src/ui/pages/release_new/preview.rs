//! What the release would change, while it is being chosen. A question that was overtaken by another is given up.

use std::time::Duration;

use launchway_domain::{Changes, EnvironmentId, RefKind};
use leptos::prelude::*;
use leptos::reactive::actions::ActionAbortHandle;

use crate::api::releases::preview_changes;
use crate::text::{CurrentLang, changes as words, t};
use crate::ui::components::changes::ChangesView;
use crate::ui::components::ref_picker::RefSignals;

/// How long a choice has to stand before it is asked about.
const CHOSEN: Duration = Duration::from_millis(80);
/// The same while somebody types a name that no list knows.
const TYPED: Duration = Duration::from_millis(700);

/// What is asked about.
type Question = (EnvironmentId, RefKind, String);

/// The panel.
#[component]
pub fn Preview(
    /// Where the release would go.
    environment: Signal<Option<EnvironmentId>>,
    /// What would be released.
    chosen: RefSignals,
    /// Told whether a rule of the environment's policy keeps it from being started.
    refused: RwSignal<bool>,
) -> impl IntoView {
    let lang = CurrentLang::find();
    let question = Memo::new(move |_| -> Option<Question> {
        let name = chosen.name.read().trim().to_owned();
        Some((environment.get()?, chosen.kind.get(), name)).filter(|(.., name)| !name.is_empty())
    });
    let ask = Action::new(move |asked: &Question| {
        let asked = asked.clone();
        async move {
            let answer = preview_changes(asked.0, asked.1, asked.2.clone()).await;
            (asked, answer)
        }
    });
    let running = StoredValue::new(None::<ActionAbortHandle>);
    let timer = StoredValue::new(None::<TimeoutHandle>);
    let give_up = move || {
        if let Some(timer) = timer.try_update_value(Option::take).flatten() {
            timer.clear();
        }
        if let Some(running) = running.try_update_value(Option::take).flatten() {
            running.abort();
        }
    };
    Effect::new(move |_| {
        let question = question.get();
        give_up();
        let Some(question) = question else { return };
        let wait = if chosen.listed.get_untracked() { CHOSEN } else { TYPED };
        let begin = move || running.set_value(Some(ask.dispatch(question)));
        timer.set_value(set_timeout_with_handle(begin, wait).ok());
    });
    on_cleanup(give_up);

    let answer = move || ask.value().get().filter(|(asked, _)| Some(asked) == question.get().as_ref());
    Effect::new(move |_| {
        let is_broken = |changes: &Changes| changes.rules.iter().any(|rule| !rule.ok);
        refused.set(matches!(answer(), Some((_, Ok(changes))) if is_broken(&changes)));
    });
    let content = move || {
        if question.read().is_none() {
            return view! { <p class="quiet">{t(words::PICK)}</p> }.into_any();
        }
        match answer() {
            None => view! {
                <p class="progress">
                    <progress></progress>
                    {t(words::COMPARING)}
                </p>
            }
            .into_any(),
            Some((_, Ok(changes))) => view! { <ChangesView changes /> }.into_any(),
            // While the list is open the name may be half of one: nothing is wrong yet.
            Some((_, Err(_))) if chosen.open.get() => view! { <p class="quiet">{t(words::PICK)}</p> }.into_any(),
            Some((_, Err(error))) => {
                view! { <p class="changes-said is-warning">{error.detail().get(lang.get()).to_owned()}</p> }.into_any()
            }
        }
    };
    view! {
        <section class="preview card needs-script" aria-labelledby="preview-title">
            <h2 id="preview-title">{t(words::TITLE)}</h2>
            <div aria-live="polite" aria-busy=move || (question.read().is_some() && answer().is_none()).to_string()>
                {content}
            </div>
        </section>
    }
    .into_any()
}
