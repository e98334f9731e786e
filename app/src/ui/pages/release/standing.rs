//! How the release stands in its environment, kept up to date while its page is open.

use launchway_domain::{ReleaseId, ReleaseStatus, Standing};
use leptos::prelude::*;

#[cfg(feature = "hydrate")]
use crate::api::ways::get_standing;
use crate::ui::live::Live;

/// What is known of it, and what follows from that.
#[derive(Clone, Copy)]
pub struct Stands {
    /// What is known.
    pub known: RwSignal<Standing>,
    /// Whether every rule of the policy lets it start, or be gone back to.
    pub is_let: Memo<bool>,
    /// Whether it is what is live on every server.
    pub is_live: Memo<bool>,
    /// On how many servers of how many it is live, where it has succeeded and is not live on all.
    pub live_on: Memo<Option<(u32, u32)>>,
    /// What all servers can be put back to, where it stopped after it had switched some.
    pub back_to: Memo<Option<ReleaseId>>,
    /// Whether a retry would be refused, since another release went live.
    pub is_overtaken: Memo<bool>,
}

impl Stands {
    /// Follows a release from what was known when its page came.
    pub fn new(live: Live, standing: Standing) -> Self {
        let known = RwSignal::new(standing);
        let status = Memo::new(move |_| live.release.with(|release| release.status));
        let stands = Self {
            known,
            is_let: Memo::new(move |_| known.with(|known| known.rules.iter().all(|rule| rule.ok))),
            is_live: Memo::new(move |_| {
                // What has just succeeded is live, until more is known.
                let is_live = known.with(|known| known.status != status.get() || known.is_live);
                status.get() == ReleaseStatus::Succeeded && is_live
            }),
            live_on: Memo::new(move |_| {
                let some = |known: &Standing| known.status == ReleaseStatus::Succeeded && known.live_on > 0;
                let on = known.with(|known| some(known).then_some((known.live_on, known.servers)));
                on.filter(|(on, servers)| on < servers)
            }),
            back_to: Memo::new(move |_| {
                let has_stopped = matches!(status.get(), ReleaseStatus::Failed | ReleaseStatus::Canceled);
                known.with(|known| known.back_to.filter(|_| has_stopped && known.switched > 0))
            }),
            is_overtaken: Memo::new(move |_| known.with(|known| known.is_overtaken)),
        };
        stands.follow(live);
        stands
    }

    /// Asks again when the release has changed its status, when something at the door of its environment has, and when
    /// somebody comes back to the page to start what could not be started: a test elsewhere may have succeeded.
    #[cfg(feature = "hydrate")]
    fn follow(self, live: Live) {
        let asked = StoredValue::new(0_u32);
        let Self { known, is_let, .. } = self;
        Effect::new(move |before: Option<_>| {
            let now = live.door.get();
            let id = live.release.with_untracked(|release| release.id);
            if before.is_some_and(|before| before != now) {
                let turn = asked.try_update_value(|turns| {
                    *turns += 1;
                    *turns
                });
                leptos::task::spawn_local(async move {
                    let found = get_standing(id).await;
                    // Only the answer to the last question counts.
                    if let (Ok(standing), true) = (found, asked.try_get_value() == turn) {
                        known.try_set(standing);
                    }
                });
            }
            now
        });
        Effect::new(move || {
            let listening = window_event_listener(leptos::ev::focus, move |_| {
                if is_let.try_get_untracked() == Some(false) {
                    live.door.try_update(|count| *count += 1);
                }
            });
            on_cleanup(move || listening.remove());
        });
    }

    #[cfg(not(feature = "hydrate"))]
    fn follow(self, _live: Live) {}
}
