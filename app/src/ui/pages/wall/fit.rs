//! How much fits on the screen, and taking turns where there is more.
//!
//! The wall's letters grow with the screen (see wall.css), so that what fits depends on its shape alone, not on its
//! size.

use leptos::prelude::*;

/// How long one page of a list stands, in seconds.
#[cfg(feature = "hydrate")]
const TURN: u64 = 10;

/// How many of each fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Room {
    /// Running releases.
    pub(super) cards: usize,
    /// Rows of what is live, where nothing runs.
    pub(super) places: usize,
    /// Rows of what waits for somebody.
    pub(super) waiting: usize,
    /// Rows of what waits for its turn.
    pub(super) queued: usize,
    /// Rows beside or below, of what waits and of results.
    pub(super) side: usize,
    /// How high the column of what runs and of what is live is, in tenths of letters.
    main: u32,
}

/// In tenths of letters: a card with its gap, a row, a section's title.
const CARD: u32 = 88;
const ROW: u32 = 31;
const TITLE: u32 = 30;

impl Room {
    /// Rows of what is live where so many releases run.
    pub(super) fn places_beside(self, running: usize) -> usize {
        if running == 0 {
            return self.places;
        }
        let cards = u32::try_from(running.min(self.cards)).unwrap_or(u32::MAX);
        ((self.main.saturating_sub(2 * TITLE + cards * CARD) / ROW) as usize).max(1)
    }

    /// Rows of what waits for somebody; the queue takes some of them.
    pub(super) fn waits(self, has_queue: bool) -> usize {
        if has_queue { self.waiting.saturating_sub(2).max(1) } else { self.waiting }
    }

    /// Rows of results where so many wait for somebody, and so many for their turn.
    pub(super) fn results(self, waiting: usize, queued: usize) -> usize {
        let shown = waiting.min(self.waits(queued > 0)).max(1);
        // The queue's title takes more than one row.
        let queue = if queued > 0 { queued.min(self.queued) + 2 } else { 0 };
        self.side.saturating_sub(shown + queue)
    }
}

/// The size of the wall's letters for a window, in hundredths of a pixel; wall.css has the same numbers.
fn letter(width: u32, height: u32) -> u32 {
    (width * 65 + height * 100) / 100
}

/// What fits a window of this many pixels. In letters: the head takes 5 high, a section's title 2.3, a card 8, a row
/// 3.1, and the gaps the rest.
pub(super) fn room(width: u32, height: u32) -> Room {
    let letter = letter(width, height).max(1);
    // In tenths of letters.
    let tall = height * 1000 / letter;
    let count = |free: u32, each: u32, least: usize| ((free / each) as usize).max(least);
    let free = tall.saturating_sub(50 + 20);
    let wide = width >= height;
    // Upright: the upper 55 of 100 for what runs and what is live.
    let (main, side) = if wide { (free, free) } else { (free * 55 / 100, free * 45 / 100) };
    // What is live is seen whatever runs: at least some rows of it.
    let kept = if wide { 2 * ROW } else { ROW };
    Room {
        cards: count(main.saturating_sub(2 * TITLE + kept), CARD, 1),
        places: count(main.saturating_sub(TITLE + 90), ROW, 1),
        waiting: if wide { 5 } else { 4 },
        queued: if wide { 3 } else { 2 },
        side: count(side.saturating_sub(2 * 42), ROW, 2),
        main,
    }
}

/// What fits now; follows the window.
#[derive(Clone, Copy)]
pub(super) struct Fit(RwSignal<Room>);

impl Fit {
    /// What fits a screen of 16 to 9 first, then what the window says.
    pub(super) fn measured() -> Self {
        let fit = Self(RwSignal::new(room(1920, 1080)));
        #[cfg(feature = "hydrate")]
        Effect::new(move |_| {
            let measure = move || {
                let side =
                    |value: Result<wasm_bindgen::JsValue, _>| value.ok().and_then(|v| v.as_f64()).unwrap_or(0.0) as u32;
                let (width, height) = (side(window().inner_width()), side(window().inner_height()));
                if width > 0 && height > 0 {
                    let now = room(width, height);
                    if fit.0.try_get_untracked() != Some(now) {
                        fit.0.try_set(now);
                    }
                }
            };
            measure();
            let handle = window_event_listener(leptos::ev::resize, move |_| measure());
            on_cleanup(move || handle.remove());
        });
        fit
    }

    /// What fits; tracked.
    pub(super) fn get(self) -> Room {
        self.0.get()
    }
}

/// A clock that turns the pages of all lists.
#[derive(Clone, Copy)]
pub(super) struct Turns(RwSignal<usize>);

/// One list that takes turns.
#[derive(Clone, Copy)]
pub(super) struct Page<T: Send + Sync + 'static> {
    /// What stands there now.
    pub(super) shown: Memo<Vec<T>>,
    /// Which page of how many; the first is 0.
    pub(super) turn: Memo<(usize, usize)>,
}

impl Turns {
    /// Begins to turn when the browser has taken over.
    pub(super) fn start() -> Self {
        let turns = Self(RwSignal::new(0));
        #[cfg(feature = "hydrate")]
        Effect::new(move |_| {
            let turn = move || {
                turns.0.try_update(|turn| *turn = turn.wrapping_add(1));
            };
            let ticking = set_interval_with_handle(turn, std::time::Duration::from_secs(TURN));
            on_cleanup(move || {
                if let Ok(ticking) = ticking {
                    ticking.clear();
                }
            });
        });
        turns
    }

    /// A list of which so many fit.
    pub(super) fn of<T>(
        self,
        all: impl Fn() -> Vec<T> + Copy + Send + Sync + 'static,
        fits: impl Fn() -> usize + Copy + Send + Sync + 'static,
    ) -> Page<T>
    where
        T: Clone + PartialEq + Send + Sync + 'static,
    {
        let turn = Memo::new(move |_| turn(all().len(), fits(), self.0.get()));
        let shown = Memo::new(move |_| {
            let fits = fits();
            all().into_iter().skip(turn.get().0 * fits).take(fits).collect()
        });
        Page { shown, turn }
    }
}

/// Which page of how many stands there at some turn.
fn turn(many: usize, fits: usize, turn: usize) -> (usize, usize) {
    let pages = many.div_ceil(fits.max(1)).max(1);
    (turn % pages, pages)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shape_decides_and_not_the_size() {
        assert_eq!(room(1920, 1080), room(3840, 2160));
        assert_eq!(room(1920, 1080), room(1280, 720));
        let wide = room(1920, 1080);
        assert!(wide.cards >= 3 && wide.side >= 8 && wide.places >= 8, "{wide:?}");
        let upright = room(1080, 1920);
        assert!(upright.cards >= 3 && upright.side >= 6, "{upright:?}");
        assert!(room(100, 50).cards >= 1);
    }

    #[test]
    fn what_is_live_is_seen_whatever_runs() {
        for room in [room(1920, 1080), room(1080, 1920), room(1024, 768)] {
            for running in [1, 2, 50] {
                let rows = room.places_beside(running);
                let cards = running.min(room.cards) as u32;
                assert!(rows >= 1, "{room:?}");
                assert!(2 * TITLE + cards * CARD + rows as u32 * ROW <= room.main, "{room:?} {running} {rows}");
            }
            assert!(room.results(9, 9) + room.waits(true) + room.queued <= room.side, "{room:?}");
            assert_eq!(room.results(0, 0), room.side - 1);
        }
    }

    #[test]
    fn every_page_has_its_turn() {
        assert_eq!(turn(0, 5, 3), (0, 1));
        assert_eq!(turn(5, 5, 3), (0, 1));
        assert_eq!((0..4).map(|n| turn(11, 5, n)).collect::<Vec<_>>(), [(0, 3), (1, 3), (2, 3), (0, 3)]);
    }
}
