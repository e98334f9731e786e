//! Copying out of a log: what is selected, the marked lines, or all of it.

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::address::Marked;
use super::model::LogModel;
use super::view::text_of;
use crate::api::log::get_log_lines;
use crate::text::log as words;
use crate::ui::components::toast::Toasts;

/// The most lines that are copied at once; more is a file.
const MOST: u64 = 20_000;

/// Copies the selection, else the marked lines, else the whole log.
pub fn copy(model: LogModel, toasts: Toasts) {
    let selected = selection();
    if !selected.is_empty() {
        return put(selected, toasts);
    }
    let total = model.total.get_untracked();
    let marked = model.marked.get_untracked();
    let Some(wanted) = marked.or_else(|| Some(Marked { from: 0, to: total.checked_sub(1)? })) else { return };
    if let Some(text) = text_of(model, wanted) {
        return put(text, toasts);
    }
    if wanted.to - wanted.from >= MOST {
        return toasts.say(words::COPY_TOO_LONG);
    }
    spawn_local(async move {
        match fetch(model, wanted).await {
            Some(text) => put(text, toasts),
            None => toasts.say(words::COPY_FAILED),
        }
    });
}

/// The text of lines that are not all here.
async fn fetch(model: LogModel, wanted: Marked) -> Option<String> {
    let scope = model.scope.try_get_value()?;
    let mut text = String::new();
    let mut next = wanted.from;
    while next <= wanted.to {
        let lines = get_log_lines(model.id, scope.clone(), Some(next + 1)).await.ok()?;
        for row in lines.items.iter().take((wanted.to + 1 - next) as usize) {
            text.push_str(&launchway_domain::log::screen::visible(&row.text));
            text.push('\n');
        }
        if lines.items.is_empty() {
            break;
        }
        next += lines.items.len() as u64;
    }
    Some(text)
}

/// What is selected in the page.
#[cfg(feature = "hydrate")]
fn selection() -> String {
    use wasm_bindgen::{JsCast, JsValue};
    let get = js_sys::Reflect::get(&window(), &JsValue::from_str("getSelection")).ok();
    let get = get.and_then(|get| get.dyn_into::<js_sys::Function>().ok());
    let selection = get.and_then(|get| get.call0(&window()).ok());
    selection
        .filter(|selection| selection.is_object())
        .map_or_else(String::new, |selection| js_sys::Object::from(selection).to_string().into())
}

#[cfg(not(feature = "hydrate"))]
fn selection() -> String {
    String::new()
}

/// Gives a text to the clipboard. Where the page did not come over HTTPS, browsers have none to offer.
#[cfg(feature = "hydrate")]
fn put(text: String, toasts: Toasts) {
    use wasm_bindgen::closure::Closure;
    use wasm_bindgen::{JsCast, JsValue};
    let get = |object: &JsValue, name: &str| js_sys::Reflect::get(object, &JsValue::from_str(name)).ok();
    let clipboard = get(&window().navigator(), "clipboard").filter(|clipboard| clipboard.is_object());
    let write = clipboard.as_ref().and_then(|clipboard| get(clipboard, "writeText"));
    let promise = clipboard
        .zip(write.and_then(|write| write.dyn_into::<js_sys::Function>().ok()))
        .and_then(|(clipboard, write)| write.call1(&clipboard, &JsValue::from_str(&text)).ok())
        .and_then(|promise| promise.dyn_into::<js_sys::Promise>().ok());
    let Some(promise) = promise else { return toasts.say(words::COPY_FAILED) };
    let done = Closure::once_into_js(move |_: JsValue| toasts.say(words::COPIED));
    let failed = Closure::once_into_js(move |_: JsValue| toasts.say(words::COPY_FAILED));
    if let Some(then) = get(&promise, "then").and_then(|then| then.dyn_into::<js_sys::Function>().ok()) {
        let _ = then.call2(&promise, &done, &failed);
    }
}

#[cfg(not(feature = "hydrate"))]
fn put(_: String, _: Toasts) {}
