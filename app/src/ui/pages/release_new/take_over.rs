//! What is live ran hooks and the form has none: they are easily forgotten.

use launchway_domain::ReleaseId;
use leptos::prelude::*;

use super::hook::HookSignals;
use super::hook_words;
use crate::api::create::{Place, get_hooks};
use crate::text::{CurrentLang, create as words, t};
use crate::ui::components::form::FormState;

/// The note, with a button that fills the form with those hooks; nothing where the form has some.
#[component]
pub fn TakeOver(
    /// The form.
    form: FormState,
    /// What is typed for each hook.
    hooks: [HookSignals; 4],
    /// Where the release would go.
    place: Memo<Option<Place>>,
) -> impl IntoView {
    let lang = CurrentLang::find();
    // The browser may hold what was typed before: both first renders are without the note.
    let is_alive = RwSignal::new(false);
    Effect::new(move |_| is_alive.set(true));
    let offer = Memo::new(move |_| {
        let has_none = hooks.iter().all(|hook| hook.body.read().trim().is_empty());
        let place = place.get().filter(|place| is_alive.get() && has_none && place.live_hooks > 0)?;
        Some((place.live?.release_id, place.live_hooks))
    });
    let fetch = Action::new(|id: &ReleaseId| get_hooks(*id));
    let refused = RwSignal::new(None);
    Effect::new(move |_| {
        if fetch.version().get() == 0 {
            return;
        }
        match fetch.value().get_untracked() {
            Some(Ok(found)) => {
                for hook in hooks {
                    hook.body.set(found.at(hook.point).unwrap_or_default().to_owned());
                    form.edited(hook_words(hook.point).0);
                }
            }
            Some(Err(error)) => refused.set(Some(error.detail())),
            None => {}
        }
    });
    let note = move |(id, count): (ReleaseId, usize)| {
        view! {
            <p class="changes-said is-warning take-over">
                {t(words::live_hooks(count))} " " <a href=format!("/releases/{id}?tab=hooks")>{format!("#{id}")}</a> " "
                <button
                    type="button"
                    class="button small"
                    disabled=move || fetch.pending().get()
                    on:click=move |_| {
                        fetch.dispatch(id);
                    }
                >
                    {t(words::TAKE_OVER)}
                </button>
            </p>
        }
    };
    view! {
        {move || offer.get().map(note)}
        <div class="complaints" role="alert">
            {move || refused.get().map(|text| view! { <p>{text.get(lang.get()).to_owned()}</p> })}
        </div>
    }
    .into_any()
}
