//! A release that waits between two batches: since when, until when, and the button that lets it go on.

use launchway_domain::Hold;
use leptos::prelude::*;

use crate::api::releases::ContinueRelease;
use crate::text::{CurrentLang, rollout as words, t};
use crate::ui::components::confirm::refusal_of;
use crate::ui::components::time::Time;
use crate::ui::components::toast::Toasts;
use crate::ui::live::Live;
use crate::ui::live::clock::Clock;
use crate::ui::may::May;

/// The banner; nothing where the release does not wait.
#[component]
pub fn HoldBanner(
    /// The release.
    live: Live,
    /// Its id.
    id: i64,
    /// The page's clock.
    clock: Clock,
) -> impl IntoView {
    let lang = CurrentLang::find();
    let proceed = ServerAction::<ContinueRelease>::new();
    Toasts::follow(proceed);
    let refusal = refusal_of(proceed);
    let pending = proceed.pending();
    let may_run = live.release.with_untracked(|r| May::find().run(r.project_id, r.environment_kind));
    let hold =
        Memo::new(move |_| live.release.with(|release| release.hold.clone().filter(|_| !release.status.is_final())));
    // The button that was pressed goes with the banner: whoever pressed it is led to what came of it.
    Effect::new(move |before: Option<bool>| {
        let is_held = hold.with(Option::is_some);
        if before == Some(true) && !is_held {
            lead_to_status();
        }
        is_held
    });
    let asked_to_stop = Memo::new(move |_| live.release.with(|release| release.cancel_requested));
    let banner = move |hold: Hold| {
        let when = match hold.until {
            None => view! { <p>{t(words::FOR_A_PERSON)}</p> }.into_any(),
            Some(until) => {
                // The server writes no running clocks; the browser counts from what has passed since the wait began.
                let whole = until.millis() - hold.since.millis();
                let left = move || clock.since(hold.since).map(|passed| words::left(whole - passed));
                view! {
                    <p>
                        {t(words::BY_ITSELF)} <Time at=until seconds=true />
                        <span class="hold-left">{left}</span>
                    </p>
                }
                .into_any()
            }
        };
        let offer = (may_run && !asked_to_stop.get()).then(|| {
            view! {
                <ActionForm action=proceed>
                    <input type="hidden" name="id" value=id />
                    <button type="submit" class="button primary" disabled=move || pending.get()>
                        {t(words::CONTINUE)}
                    </button>
                </ActionForm>
            }
        });
        view! {
            <section class="release-hold" aria-live="polite">
                <div>
                    <h2>{t(words::holds(hold.batch, hold.of))}</h2>
                    {when}
                </div>
                {offer}
                <div class="complaints" role="alert">
                    {move || refusal.get().map(|error| view! { <p>{error.detail().get(lang.get()).to_owned()}</p> })}
                </div>
            </section>
        }
    };
    view! { {move || hold.get().map(banner)} }
}

/// Gives the status the focus, where what had it is gone.
fn lead_to_status() {
    #[cfg(feature = "hydrate")]
    request_animation_frame(|| {
        use wasm_bindgen::JsCast;
        let is_lost = document().active_element().is_none_or(|active| active.tag_name() == "BODY");
        let status = document().query_selector(".release-status").ok().flatten();
        if let Some(status) = status.filter(|_| is_lost) {
            let _ = status.unchecked_ref::<web_sys::HtmlElement>().focus();
        }
    });
}
