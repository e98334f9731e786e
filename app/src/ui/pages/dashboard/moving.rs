//! What moves on the front page without a word from the program, and what only the browser knows: clocks, the reader's
//! time zone, and how much of an upload is through.

use js_sys::Date;
use leptos::prelude::GetUntracked;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::Element;

use super::follow::get;
use crate::text::{CurrentLang, release};
use crate::ui::components::time::local_of;

/// So many running uploads are remembered.
const MANY: usize = 2_000;

/// What the page is dressed with.
pub(super) struct Moving {
    lang: CurrentLang,
    /// How far the browser's clock is ahead of the program's, in milliseconds.
    ahead: f64,
    transfers: Vec<Transfer>,
}

/// How far a node of a running release has come: not stored anywhere, and heard of on the feed alone.
struct Transfer {
    release: f64,
    node: String,
    done: f64,
    total: f64,
}

impl Moving {
    pub(super) fn new(lang: CurrentLang) -> Self {
        Self { lang, ahead: 0.0, transfers: Vec::new() }
    }

    /// Learns what time the program has. A difference of less than two seconds may be the network's.
    pub(super) fn hear(&mut self, at: Option<f64>) {
        let ahead = Date::now() - at.unwrap_or(0.0);
        self.ahead = if ahead.abs() > 2_000.0 { ahead } else { 0.0 };
    }

    /// How far a node has come.
    pub(super) fn sent(&mut self, data: &JsValue) {
        let number = |name| get(data, name).as_f64();
        let (Some(release), Some(node)) = (number("release_id"), get(data, "node").as_string()) else { return };
        let (done, total) = (number("done").unwrap_or(0.0), number("total").unwrap_or(0.0));
        let is_room = self.transfers.len() < MANY;
        match self.transfers.iter_mut().find(|known| known.release == release && known.node == node) {
            Some(known) => (known.done, known.total) = (done, total),
            None if is_room => self.transfers.push(Transfer { release, node, done, total }),
            None => {}
        }
    }

    /// A node or a release has another status: what is over transfers nothing.
    pub(super) fn ended(&mut self, data: &JsValue) {
        let Some(release) = get(data, "release_id").as_f64() else { return };
        if get(data, "status").as_string().as_deref() == Some("running") {
            return;
        }
        let node = get(data, "key").as_string();
        self.transfers.retain(|it| it.release != release || node.as_ref().is_some_and(|node| it.node != *node));
    }

    /// Dresses what the program has rendered, before anybody sees it.
    pub(super) fn dress(&mut self, place: &Element) {
        each(place, "time[datetime]", |time| {
            let at = time.get_attribute("datetime").unwrap_or_default();
            show(time, &local_of(&Date::new(&at.into()), false));
        });
        self.paint(place);
    }

    /// Shows what moves as it is now.
    pub(super) fn paint(&self, place: &Element) {
        let now = Date::now() - self.ahead;
        let number = |element: &Element, name| element.get_attribute(name).and_then(|it| it.parse::<i64>().ok());
        each(place, "[data-since]", |element| {
            let Some(since) = number(element, "data-since") else { return };
            show(element, &release::so_far(now as i64 - since, self.lang.0.get_untracked()));
        });
        each(place, "[data-sent]", |element| {
            let sent = number(element, "data-sent").and_then(|release| self.percent(release as f64));
            let mut text = sent.map(|percent| percent.to_string()).unwrap_or_default();
            if !text.is_empty() {
                text.push('%');
            }
            show(element, &text);
        });
    }

    /// Whole percent of what a release's nodes transfer now; none where none says.
    fn percent(&self, release: f64) -> Option<u32> {
        let (mut done, mut total) = (0.0, 0.0);
        for transfer in self.transfers.iter().filter(|it| it.release == release) {
            done += transfer.done.min(transfer.total);
            total += transfer.total;
        }
        (total > 0.0).then(|| (done * 100.0 / total) as u32)
    }
}

fn each(place: &Element, selector: &str, mut what: impl FnMut(&Element)) {
    let Ok(found) = place.query_selector_all(selector) else { return };
    for at in 0..found.length() {
        if let Some(element) = found.item(at).and_then(|node| node.dyn_into::<Element>().ok()) {
            what(&element);
        }
    }
}

fn show(element: &Element, text: &str) {
    if element.text_content().as_deref() != Some(text) {
        element.set_text_content(Some(text));
    }
}
