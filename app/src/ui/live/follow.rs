//! Keeps the open log complete: what events do not carry is asked for.

use launchway_domain::{NodeKey, ReleaseId};
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::log::{Grown, LogTail};
use super::{Live, LogNews};
use crate::api::live::{TAIL_BYTES, get_log_stretch};

/// How far the page may lie behind, in bytes, before it skips to the end instead of reading on.
const FAR_BEHIND: u64 = 4 * TAIL_BYTES;
/// How often a page of the log is asked for in vain before the next event or connection has to ask again.
const TRIES: u32 = 3;

/// One open log that grows.
#[derive(Clone, Copy)]
struct Follower {
    id: ReleaseId,
    node: StoredValue<NodeKey>,
    tail: RwSignal<LogTail>,
    /// The end of what events told of.
    told: StoredValue<u64>,
    /// Whether something is being asked for now.
    busy: StoredValue<bool>,
    /// Whether to ask again afterwards.
    again: StoredValue<bool>,
}

/// Follows one node's log until the owner of this call is gone.
pub fn follow(live: Live, id: ReleaseId, node: NodeKey, tail: RwSignal<LogTail>) {
    let follower = Follower {
        id,
        node: StoredValue::new(node),
        tail,
        told: StoredValue::new(0),
        busy: StoredValue::new(false),
        again: StoredValue::new(false),
    };
    live.listen_to_logs(Some(std::sync::Arc::new(move |news| follower.hear(news))));
    on_cleanup(move || live.listen_to_logs(None));
    // The log was read before the page listened.
    follower.hear(LogNews::Check);
}

impl Follower {
    fn hear(self, news: LogNews<'_>) {
        let growth = match news {
            LogNews::Check => return self.read_on(),
            LogNews::Grew(growth) => growth,
        };
        if self.node.try_with_value(|node| *node == growth.node) != Some(true) {
            return;
        }
        // Known text must not paint anything again.
        let attempt = self.tail.try_with_untracked(LogTail::attempt);
        let next = self.tail.try_with_untracked(LogTail::next);
        if attempt != Some(growth.attempt) || next.is_none_or(|next| growth.to <= next) {
            return;
        }
        if self.tail.try_update(|tail| tail.grow(growth)) == Some(Grown::Gap) {
            self.told.try_update_value(|told| *told = growth.to.max(*told));
            self.read_on();
        }
    }

    fn read_on(self) {
        match self.busy.try_get_value() {
            None => {}
            Some(true) => {
                self.again.try_set_value(true);
            }
            Some(false) => {
                self.busy.try_set_value(true);
                spawn_local(async move {
                    self.read().await;
                    self.busy.try_set_value(false);
                });
            }
        }
    }

    /// Reads until there is nothing more; none once the page is gone.
    async fn read(self) -> Option<()> {
        let mut failed = 0;
        loop {
            self.again.try_set_value(false);
            let (attempt, next) = self.tail.try_with_untracked(|tail| (tail.attempt(), tail.next()))?;
            if attempt == 0 {
                return Some(());
            }
            let skip = self.told.try_get_value()?.saturating_sub(next) > FAR_BEHIND;
            let node = self.node.try_get_value()?;
            let offset = (!skip).then_some(next);
            let Ok(stretch) = get_log_stretch(self.id, node, Some(attempt), offset).await else {
                failed += 1;
                if failed == TRIES {
                    return Some(());
                }
                gloo_timers::future::TimeoutFuture::new(1000 * failed).await;
                continue;
            };
            failed = 0;
            let more = if skip {
                self.tail.try_update(|tail| *tail = LogTail::of(&stretch)).map(|()| true)?
            } else if stretch.page.next > next {
                self.tail.try_update(|tail| tail.take_page(next, &stretch.page))?
            } else {
                false
            };
            if !more && self.again.try_get_value() != Some(true) {
                return Some(());
            }
        }
    }
}
