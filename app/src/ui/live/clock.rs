//! Time as people see it. The server writes UTC and no running clocks, and the browser writes the very
//! same until it has taken over the page: then times turn local, and what runs begins to count.

use launchway_domain::Timestamp;
use leptos::prelude::*;

/// The page's clock.
#[derive(Clone, Copy)]
pub struct Clock {
    /// Milliseconds since the epoch by the program's clock; none before the browser has taken over.
    now: RwSignal<Option<i64>>,
    /// How far the browser's clock is ahead of the program's, in milliseconds: the least seen.
    #[cfg(feature = "hydrate")]
    ahead: StoredValue<Option<i64>>,
}

impl Clock {
    /// A clock that begins to tick, once a second, when the browser has taken over.
    pub fn start() -> Self {
        Self::start_while(Signal::stored(true))
    }

    /// A clock that ticks, once a second, as long as `runs` says so: where nothing runs, nothing is painted.
    pub fn start_while(runs: Signal<bool>) -> Self {
        let clock = Self {
            now: RwSignal::new(None),
            #[cfg(feature = "hydrate")]
            ahead: StoredValue::new(None),
        };
        #[cfg(feature = "hydrate")]
        Effect::new(move || {
            clock.tick();
            if !runs.get() {
                return;
            }
            let ticking = set_interval_with_handle(move || clock.tick(), std::time::Duration::from_secs(1));
            on_cleanup(move || {
                if let Ok(handle) = ticking {
                    handle.clear();
                }
            });
        });
        #[cfg(not(feature = "hydrate"))]
        let _ = runs;
        clock
    }

    /// Milliseconds that have passed since `then`; none before the browser has taken over. Tracked.
    pub fn since(self, then: Timestamp) -> Option<i64> {
        self.now.get().map(|now| (now - then.millis()).max(0))
    }

    /// Milliseconds until `then`, negative once it has passed; none before the browser has taken over. Tracked.
    pub fn until(self, then: Timestamp) -> Option<i64> {
        self.now.get().map(|now| then.millis() - now)
    }

    /// Learns from something that the program did just now: its clock may differ from the browser's.
    #[cfg(feature = "hydrate")]
    pub fn heard(self, at: Timestamp) {
        let ahead = js_sys::Date::now() as i64 - at.millis();
        self.ahead.try_update_value(|known| *known = Some(known.map_or(ahead, |known| known.min(ahead))));
    }

    #[cfg(feature = "hydrate")]
    fn tick(self) {
        // A difference of less than two seconds may be the network's.
        let ahead = self.ahead.try_get_value().flatten().filter(|ahead| ahead.abs() > 2000).unwrap_or(0);
        self.now.try_set(Some(js_sys::Date::now() as i64 - ahead));
    }
}

/// Hour to second: in UTC, or in the reader's time zone. The latter in a browser only.
pub fn time_of_day(at: Timestamp, local: bool) -> String {
    if local && let Some([hour, minute, second]) = local_parts(at) {
        return format!("{hour:02}:{minute:02}:{second:02}");
    }
    at.rfc3339()[11..19].to_owned()
}

#[cfg(feature = "hydrate")]
fn local_parts(at: Timestamp) -> Option<[u32; 3]> {
    let date = js_sys::Date::new(&(at.millis() as f64).into());
    Some([date.get_hours(), date.get_minutes(), date.get_seconds()])
}

#[cfg(not(feature = "hydrate"))]
fn local_parts(_: Timestamp) -> Option<[u32; 3]> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_writes_utc() {
        let at = Timestamp(1_777_624_200_250);
        assert_eq!(time_of_day(at, false), "08:30:00");
    }
}
