//! Which lines are seen: from the scroll bar to the lines and back. Writes to the page by itself, since what is
//! scrolled has to be as tall as it should be before the scroll bar is set.

use leptos::prelude::*;

use super::geometry::{Geometry, ROW, Way};
use super::model::LogModel;
use super::pages::Pages;

/// How many lines above and below those that are seen are in the page as well.
const OVER: u64 = 24;
/// How near to its end, in pixels, a log counts as scrolled down.
const NEAR: f64 = 12.0;

impl LogModel {
    /// Somebody has scrolled, or we have.
    pub fn scrolled(self) {
        let Some((bar, seen)) = self.look_at_the_bar() else { return };
        if self.bar.try_get_value() == Some(bar) {
            return;
        }
        let Some(way) = self.way(seen) else { return };
        let place = way.to_log(f64::from(bar));
        self.bar.try_set_value(bar);
        self.place.try_set_value(place);
        self.pinned.try_set_value(None);
        let is_at_the_end = place >= way.last() - NEAR;
        if self.follow.try_get_untracked() == Some(!is_at_the_end) {
            self.follow.try_set(is_at_the_end);
        }
        self.put();
    }

    /// Turns a wheel's pixels into the log's own, where the scroll bar's way is shorter. Whether it did.
    pub fn wheeled(self, pixels: f64) -> bool {
        let Some((_, seen)) = self.look_at_the_bar() else { return false };
        let Some(way) = self.way(seen).filter(|way| way.pace() > 1.0) else { return false };
        let place = (self.place.try_get_value().unwrap_or(0.0) + pixels).clamp(0.0, way.last());
        self.pinned.try_set_value(None);
        self.place.try_set_value(place);
        let is_at_the_end = place >= way.last() - NEAR;
        if self.follow.try_get_untracked() == Some(!is_at_the_end) {
            self.follow.try_set(is_at_the_end);
        }
        self.put();
        true
    }

    /// Goes to a line; it comes to lie in the upper third.
    pub fn go_to(self, line: u64) {
        let Some((_, seen)) = self.look_at_the_bar() else { return };
        self.follow.try_set(false);
        self.cursor.try_set(line);
        self.pinned.try_set_value(Some((line, (seen / 3.0).floor())));
        self.put();
    }

    /// Makes a line seen, and moves no farther than it has to.
    pub fn show(self, line: u64) {
        let Some((_, seen)) = self.look_at_the_bar() else { return };
        let place = self.place.try_get_value().unwrap_or(0.0);
        let Some((top, row)) = self.geometry.try_with_value(|geometry| (geometry.top(line), geometry.row(line))) else {
            return;
        };
        let offset = if top < place {
            0.0
        } else if top + row > place + seen {
            (seen - row).max(0.0)
        } else {
            return;
        };
        self.follow.try_set(false);
        self.pinned.try_set_value(Some((line, offset)));
        self.put();
    }

    /// The first line that is wholly seen.
    pub fn first_seen(self) -> u64 {
        let place = self.place.try_get_value().unwrap_or(0.0);
        self.geometry.try_with_value(|geometry| geometry.line_at(place + ROW - 1.0)).unwrap_or(0)
    }

    /// Keeps the end in sight from now on, or no longer.
    pub fn set_follow(self, follow: bool) {
        self.follow.try_set(follow);
        self.pinned.try_set_value(None);
        self.put();
    }

    /// Forgets how tall lines were: the window or the wrapping has changed.
    pub fn lay_anew(self) {
        let place = self.place.try_get_value().unwrap_or(0.0);
        let pin = self.geometry.try_update_value(|geometry| {
            let line = geometry.line_at(place);
            let offset = geometry.top(line) - place;
            geometry.reset();
            (line, offset)
        });
        if self.pinned.try_get_value().flatten().is_none() {
            self.pinned.try_set_value(pin);
        }
        self.lay();
    }

    /// Puts the lines in their place again: some came, or are taller than was thought. Whoever has scrolled
    /// meanwhile, and was not heard yet, is not pulled back.
    pub fn lay(self) {
        let Some((bar, _)) = self.look_at_the_bar() else { return };
        match self.bar.try_get_value() {
            Some(known) if known >= 0 && known != bar => self.scrolled(),
            _ => self.put(),
        }
    }

    /// Chooses the lines that are in the page, and puts them in their place.
    fn put(self) {
        let Some((_, seen)) = self.look_at_the_bar() else { return };
        let Some(way) = self.way(seen) else { return };
        let place = if self.follow.try_get_untracked() == Some(true) {
            way.last()
        } else {
            match self.pinned.try_get_value().flatten() {
                Some((line, offset)) => self.top(line) - offset,
                None => self.place.try_get_value().unwrap_or(0.0),
            }
        };
        let place = place.clamp(0.0, way.last());
        self.place.try_set_value(place);
        let Some(window) = self.geometry.try_with_value(|geometry| {
            let (first, last) = (geometry.line_at(place), geometry.line_at(place + seen));
            let from = first.saturating_sub(OVER);
            (from, (last + 1 + OVER).min(geometry.total()))
        }) else {
            return;
        };
        let found = |element: NodeRef<leptos::html::Div>| element.try_get_untracked().flatten();
        let (Some(container), Some(space), Some(rows)) = (found(self.container), found(self.space), found(self.rows))
        else {
            return;
        };
        let px = |pixels: f64| format!("{}px", pixels.round() as i64);
        let set = |element: &web_sys::HtmlElement, name: &str, value: String| {
            let style = element.style();
            if style.get_property_value(name).is_ok_and(|known| known != value) {
                let _ = style.set_property(name, &value);
            }
        };
        set(&space, "height", px(way.scrolled()));
        let wanted = way.to_bar(place).round() as i32;
        if container.scroll_top() != wanted {
            container.set_scroll_top(wanted);
        }
        let bar = container.scroll_top();
        self.bar.try_set_value(bar);
        set(&rows, "transform", format!("translateY({})", px(self.top(window.0) - place + f64::from(bar))));
        if self.window.try_get_untracked().is_some_and(|known| known != window) {
            self.window.try_set(window);
        }
        let is_missing = self.pages.try_update_value(|pages| {
            pages.touch(window.0, window.1);
            pages.missing(window.0, window.1).is_some()
        });
        if is_missing == Some(true) {
            self.load_soon(Self::rest());
        }
        self.widen(window);
        if self.prefs.try_get_untracked().is_some_and(|prefs| prefs.wrap) {
            request_animation_frame(move || self.measure());
        }
    }

    /// Without wrapping what is scrolled stays as wide as the longest line so far.
    fn widen(self, (from, to): (u64, u64)) {
        let longest = |pages: &Pages| (from..to).filter_map(|line| pages.row(line)).map(|row| row.width()).max();
        let widest = self.pages.try_with_value(longest).flatten().unwrap_or(0);
        if self.columns.try_get_untracked().is_some_and(|known| widest > known) {
            self.columns.try_set(widest);
        }
    }

    /// Learns how tall wrapped lines are, and keeps the one in its place that is looked at.
    fn measure(self) {
        let Some(rows) = self.rows.try_get_untracked().flatten() else { return };
        let place = self.place.try_get_value().unwrap_or(0.0);
        let mut heights: Vec<(u64, f64)> = Vec::new();
        let mut next = rows.first_element_child();
        while let Some(row) = next {
            let line = row.get_attribute("data-line").and_then(|line| line.parse::<u64>().ok()?.checked_sub(1));
            if let Some(line) = line {
                heights.push((line, row.get_bounding_client_rect().height()));
            }
            next = row.next_element_sibling();
        }
        let pinned = self.pinned.try_get_value().flatten();
        let news = self.geometry.try_update_value(|geometry| {
            let pin = pinned.unwrap_or_else(|| {
                let line = geometry.line_at(place);
                (line, geometry.top(line) - place)
            });
            let mut is_news = false;
            for (line, height) in heights {
                is_news |= geometry.measure(line, height);
            }
            is_news.then(|| geometry.top(pin.0) - pin.1)
        });
        if let Some(Some(place)) = news {
            let has_scrolled = self.look_at_the_bar().map(|(bar, _)| bar) != self.bar.try_get_value();
            if has_scrolled {
                return self.scrolled();
            }
            self.place.try_set_value(place);
            self.put();
        }
    }

    fn top(self, line: u64) -> f64 {
        self.geometry.try_with_value(|geometry| geometry.top(line)).unwrap_or(0.0)
    }

    fn way(self, seen: f64) -> Option<Way> {
        self.geometry.try_with_value(Geometry::height).map(|height| Way { height, seen })
    }

    /// Where the scroll bar stands, and how much is seen.
    fn look_at_the_bar(self) -> Option<(i32, f64)> {
        let container = self.container.try_get_untracked().flatten()?;
        Some((container.scroll_top(), f64::from(container.client_height())))
    }
}
