//! The build cache of an environment, as its page shows it.

use launchway_domain::{BuildCache, EnvironmentId};
use leptos::prelude::*;

use crate::api::housekeeping::{ClearBuildCache, get_build_cache};
use crate::text::remote::size;
use crate::text::{housekeeping as words, t};
use crate::ui::components::confirm::{Confirm, ConfirmButton, refusal_of};
use crate::ui::components::load::{Loading, show};
use crate::ui::components::time::LastTime;
use crate::ui::components::toast::Toasts;

/// What it holds, and a button that empties it.
#[component]
pub fn BuildCacheCard(id: EnvironmentId) -> impl IntoView {
    let clear = ServerAction::<ClearBuildCache>::new();
    Toasts::follow(clear);
    let found = Resource::new(move || clear.version().get(), move |_| get_build_cache(id));
    view! {
        <section data-part="cache">
            <h2>{t(words::CACHE)}</h2>
            <Transition fallback=Loading>
                {move || Suspend::new(async move { show(found.await, move |cache| view! { <Held cache clear /> }) })}
            </Transition>
        </section>
    }
    .into_any()
}

#[component]
fn Held(cache: BuildCache, clear: ServerAction<ClearBuildCache>) -> impl IntoView {
    let limit = cache.limit.map_or(words::NO_CACHE, |limit| launchway_domain::Text::verbatim(size(limit)));
    view! {
        <div class="card">
            <p class="quiet">{t(words::CACHE_LEAD)}</p>
            <dl class="facts">
                <dt>{t(words::HOLDS)}</dt>
                <dd data-part="held">{size(cache.bytes)}</dd>
                <dt>{t(words::AT_MOST)}</dt>
                <dd>{t(limit)}</dd>
                <dt>{t(words::USED)}</dt>
                <dd>
                    <LastTime at=cache.used_at never=words::NEVER />
                </dd>
            </dl>
            <Confirm
                id="clear-cache"
                question=words::CLEAR_QUESTION
                refusal=refusal_of(clear)
                ask=words::CLEAR_ASK
                lead=words::CLEAR_SURE
            >
                <ActionForm action=clear>
                    <input type="hidden" name="id" value=cache.environment_id.to_string() />
                    <ConfirmButton pending=clear.pending() label=words::CLEAR_YES />
                </ActionForm>
            </Confirm>
        </div>
    }
    .into_any()
}
