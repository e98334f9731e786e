//! Points in time: in UTC from the server, in the reader's own zone once the page is alive.

use launchway_domain::{Text, Timestamp};
use leptos::prelude::*;

use crate::text::t;

/// Whether the page is alive. False on the server and during hydration, so that both render the same.
#[derive(Clone, Copy, Debug)]
pub struct Alive(pub RwSignal<bool>);

#[cfg(feature = "hydrate")]
thread_local! {
    /// The one of the page.
    static PAGE: std::cell::Cell<Option<Alive>> = const { std::cell::Cell::new(None) };
}

impl Alive {
    /// Puts one in the context; [`Alive::came`] turns it true.
    pub fn provide() -> Self {
        let alive = Self(RwSignal::new(false));
        #[cfg(feature = "hydrate")]
        PAGE.set(Some(alive));
        provide_context(alive);
        alive
    }

    /// Says that the browser has taken the whole page over. Not an effect's to say: those run before the code of the
    /// page itself is loaded, and what is rendered by then would differ from what the server sent.
    #[cfg(feature = "hydrate")]
    pub fn came() {
        if let Some(alive) = PAGE.get() {
            alive.0.set(true);
        }
    }

    /// The one in the context; never alive where there is none. Tracked when read by [`Alive::get`].
    pub fn find() -> Self {
        use_context().unwrap_or_else(|| Self(RwSignal::new(false)))
    }

    /// Whether the page is alive now; tracked.
    pub fn get(self) -> bool {
        self.0.get()
    }
}

/// A point in time, to the minute or the second.
#[component]
pub fn Time(
    /// When.
    at: Timestamp,
    /// Whether seconds matter.
    #[prop(optional)]
    seconds: bool,
) -> impl IntoView {
    // Its own, and not the page's: the code of a page may come, and the page be taken over, after the rest is alive.
    let alive = RwSignal::new(false);
    Effect::new(move |_| alive.set(true));
    let text = move || if alive.get() { local(at, seconds) } else { utc(at, seconds) };
    view! { <time datetime=at.rfc3339()>{text}</time> }
}

/// When something was last done, or the word for never.
#[component]
pub fn LastTime(
    /// When; none where it was never done.
    at: Option<Timestamp>,
    /// What stands there then.
    never: Text,
) -> impl IntoView {
    match at {
        Some(at) => view! { <Time at /> }.into_any(),
        None => view! { <span>{t(never)}</span> }.into_any(),
    }
}

fn utc(at: Timestamp, seconds: bool) -> String {
    let full = at.rfc3339();
    let end = if seconds { 19 } else { 16 };
    format!("{} UTC", full.get(..end).unwrap_or(&full).replace('T', " "))
}

/// The same in the browser's zone.
#[cfg(feature = "hydrate")]
fn local(at: Timestamp, seconds: bool) -> String {
    local_of(&js_sys::Date::new(&(at.millis() as f64).into()), seconds)
}

/// A date in the browser's zone.
#[cfg(feature = "hydrate")]
pub(crate) fn local_of(date: &js_sys::Date, seconds: bool) -> String {
    let (year, month, day) = (date.get_full_year(), date.get_month() + 1, date.get_date());
    let (hour, minute, second) = (date.get_hours(), date.get_minutes(), date.get_seconds());
    let text = format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}");
    if seconds { format!("{text}:{second:02}") } else { text }
}

#[cfg(not(feature = "hydrate"))]
fn local(at: Timestamp, seconds: bool) -> String {
    utc(at, seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_says_utc() {
        let at = Timestamp(1_777_624_200_250);
        assert_eq!(utc(at, false), "2026-05-01 08:30 UTC");
        assert_eq!(utc(at, true), "2026-05-01 08:30:00 UTC");
    }
}
