//! Edits that are not saved yet: whoever leaves the page with some is asked first.

use std::collections::BTreeSet;

use leptos::ev::Event;
use leptos::prelude::*;

#[cfg(feature = "hydrate")]
use crate::text::{CurrentLang, policy as words};

/// The parts of a page in which something was edited since they were saved; each is a `<section>` with an id.
#[derive(Clone, Copy, Debug)]
pub struct Unsaved(RwSignal<BTreeSet<String>>);

impl Unsaved {
    /// Asks from now on, until the page is gone, whoever leaves while something is not saved: by the browser, or by a link.
    pub fn watch() -> Self {
        let unsaved = Self(RwSignal::new(BTreeSet::new()));
        #[cfg(feature = "hydrate")]
        unsaved.listen();
        unsaved
    }

    /// Something was edited: for the event `input` of all that is around the parts.
    pub fn mark(self, event: &Event) {
        #[cfg(feature = "hydrate")]
        if let Some(part) = element_of(event).and_then(|field| field.closest("section[id]").ok().flatten()) {
            self.0.update(|parts| {
                parts.insert(part.id());
            });
        }
        #[cfg(not(feature = "hydrate"))]
        let _ = event;
    }

    /// The part with that id was saved.
    pub fn saved(self, part: &str) {
        self.0.update(|parts| {
            parts.remove(part);
        });
    }

    #[cfg(feature = "hydrate")]
    fn listen(self) {
        use send_wrapper::SendWrapper;
        use wasm_bindgen::JsCast;
        use wasm_bindgen::closure::Closure;

        let lang = CurrentLang::find();
        let is_unsaved = move || self.0.try_with_untracked(|parts| !parts.is_empty()).unwrap_or(false);
        let leave = window_event_listener(leptos::ev::beforeunload, move |event| {
            if is_unsaved() {
                event.prevent_default();
            }
        });
        // Before the router hears of it.
        let follow = Closure::<dyn Fn(web_sys::MouseEvent)>::new(move |event: web_sys::MouseEvent| {
            let link = element_of(&event).and_then(|element| element.closest("a[href]").ok().flatten());
            let stays = |link: &web_sys::Element| {
                let href = link.get_attribute("href").unwrap_or_default();
                href.starts_with('#') || link.has_attribute("download") || link.has_attribute("target")
            };
            let elsewhere = event.ctrl_key() || event.meta_key() || event.shift_key() || event.button() != 0;
            if elsewhere || !is_unsaved() || link.is_none_or(|link| stays(&link)) {
                return;
            }
            if window().confirm_with_message(&lang.now(&words::UNSAVED)).unwrap_or(true) {
                self.0.try_update(BTreeSet::clear);
            } else {
                event.prevent_default();
                event.stop_propagation();
            }
        });
        let hear = follow.as_ref().unchecked_ref();
        let _ = document().add_event_listener_with_callback_and_bool("click", hear, true);
        let follow = SendWrapper::new(follow);
        on_cleanup(move || {
            leave.remove();
            let hear = follow.as_ref().unchecked_ref();
            let _ = document().remove_event_listener_with_callback_and_bool("click", hear, true);
        });
    }
}

#[cfg(feature = "hydrate")]
fn element_of(event: &Event) -> Option<web_sys::Element> {
    event.target().and_then(|target| wasm_bindgen::JsCast::dyn_into(target).ok())
}
