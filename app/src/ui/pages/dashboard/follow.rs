//! Keeps the front page as the program would render it now.
//!
//! An event on the feed is a reason to ask. The answer says nothing new where nothing differs, and the page asks now
//! and then without a reason, since a connection may be dead without saying so.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use js_sys::{Date, JSON, Reflect};
use leptos::server_fn::ServerFn;
use leptos::task::spawn_local;
use leptos::{ev, html, prelude::*};
use send_wrapper::SendWrapper;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortSignal, HtmlElement, HtmlFormElement, MessageEvent, RequestInit, Response, WebSocket};

use super::morph::morph;
use super::moving::Moving;
use crate::api::board::GetFront;
use crate::text::CurrentLang;
use crate::ui::components::toast::Toasts;
use crate::ui::live::backoff::delay;
use crate::ui::live::client::address;

/// How long a handshake or an answer may take, in milliseconds: a network that swallows everything says nothing.
const PATIENCE: u32 = 15_000;
/// The shortest time between two questions, in milliseconds.
const GAP: f64 = 250.0;
/// How often the page asks where nothing happens, in milliseconds.
const QUIET: f64 = 20_000.0;
/// How long a page that was let go waits before it asks again, in milliseconds.
const LET_GO: f64 = 15_000.0;

/// Keeps what stands in `place` current until the owner of this call is gone.
pub(super) fn follow(place: NodeRef<html::Div>) {
    let lang = CurrentLang::find();
    let toasts = Toasts::find();
    let owner = Owner::current();
    place.on_load(move |place| {
        let follower = Rc::new(Follower {
            mark: RefCell::new(place.get_attribute("data-mark").unwrap_or_default()),
            moving: RefCell::new(Moving::new(lang)),
            place: (*place).clone().unchecked_into(),
            seq: Cell::new(0.0),
            is_asking: Cell::new(false),
            again: Cell::new(Again::No),
            asked_at: Cell::new(f64::MIN),
            socket: RefCell::new(None),
            failed: Cell::new(0),
            retry_at: Cell::new(0.0),
            is_gone: Cell::new(false),
            toasts,
        });
        if let Some(owner) = owner {
            owner.with(|| follower.start(lang));
        }
    });
}

/// Whether there is a reason to ask that the question under way may not have met.
#[derive(Clone, Copy, PartialEq)]
enum Again {
    No,
    /// After the question under way.
    Then,
    /// A timer waits already.
    Soon,
}

/// Why a question came to nothing.
enum Refused {
    SignedOut,
    Lost,
}

struct Follower {
    place: HtmlElement,
    /// What stands there, as the program calls it.
    mark: RefCell<String>,
    /// The last event that is included.
    seq: Cell<f64>,
    moving: RefCell<Moving>,
    is_asking: Cell<bool>,
    again: Cell<Again>,
    asked_at: Cell<f64>,
    socket: RefCell<Option<Socket>>,
    /// So many tries came to nothing since the last that did not.
    failed: Cell<u32>,
    /// When to try again.
    retry_at: Cell<f64>,
    is_gone: Cell<bool>,
    toasts: Toasts,
}

/// A connection, with what listens to it.
struct Socket {
    socket: WebSocket,
    opened_at: f64,
    _listeners: [Closure<dyn FnMut(MessageEvent)>; 3],
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.socket.set_onopen(None);
        self.socket.set_onmessage(None);
        self.socket.set_onclose(None);
        let _ = self.socket.close();
    }
}

impl Follower {
    fn start(self: Rc<Self>, lang: CurrentLang) {
        self.moving.borrow_mut().dress(&self.place);
        let on = |what: fn(&Rc<Self>)| {
            let follower = Rc::clone(&self);
            move || what(&follower)
        };
        let (wake, online, offline, tick) = (on(Self::ask_soon), on(Self::retry), on(Self::lose), on(Self::tick));
        let handles = [
            window_event_listener(ev::visibilitychange, move |_| wake()),
            window_event_listener(ev::online, move |_| online()),
            window_event_listener(ev::offline, move |_| offline()),
        ];
        let submit = on_submit(&self);
        let _ = self.place.add_event_listener_with_callback("submit", submit.as_ref().unchecked_ref());
        let ticking = set_interval_with_handle(tick, Duration::from_secs(1)).ok();
        let follower = SendWrapper::new((Rc::clone(&self), submit));
        on_cleanup(move || {
            handles.into_iter().for_each(|handle| handle.remove());
            if let Some(ticking) = ticking {
                ticking.clear();
            }
            let (follower, _) = follower.take();
            follower.is_gone.set(true);
            follower.socket.take();
        });
        // At once, and in every other language that is chosen.
        let follower = SendWrapper::new(self);
        Effect::new(move |_| {
            lang.get();
            follower.ask_soon();
        });
    }

    /// Once a second.
    fn tick(self: &Rc<Self>) {
        self.moving.borrow().paint(&self.place);
        let now = Date::now();
        if self.is_asking.get() {
            return;
        }
        let opened = self.socket.borrow().as_ref().map(|it| (it.socket.ready_state(), it.opened_at));
        match opened {
            None if now >= self.retry_at.get() => self.ask(),
            Some((WebSocket::CONNECTING, since)) if now - since > f64::from(PATIENCE) => self.lose(),
            Some(_) if now - self.asked_at.get() > QUIET => self.ask(),
            _ => {}
        }
    }

    /// There is a reason to ask.
    fn ask_soon(self: &Rc<Self>) {
        if self.is_asking.get() {
            self.again.set(Again::Then);
        }
        if self.again.get() != Again::No {
            return;
        }
        let wait = (self.asked_at.get() + GAP - Date::now()).clamp(0.0, GAP);
        if wait == 0.0 {
            return self.ask();
        }
        self.again.set(Again::Soon);
        let follower = Rc::clone(self);
        set_timeout(move || follower.ask(), Duration::from_millis(wait as u64));
    }

    fn ask(self: &Rc<Self>) {
        if self.is_gone.get() || self.is_asking.replace(true) {
            return;
        }
        self.again.set(Again::No);
        let follower = Rc::clone(self);
        spawn_local(async move {
            let known = follower.mark.borrow().clone();
            let answer = question(&known).await;
            follower.answered(answer);
        });
    }

    fn answered(self: &Rc<Self>, answer: Result<JsValue, Refused>) {
        if self.is_gone.get() {
            return;
        }
        self.is_asking.set(false);
        self.asked_at.set(Date::now());
        match answer {
            Ok(answer) => self.take(&answer),
            Err(Refused::Lost) => self.lose(),
            Err(Refused::SignedOut) => self.let_go(),
        }
        if self.again.get() == Again::Then {
            self.again.set(Again::No);
            self.ask_soon();
        }
    }

    fn take(self: &Rc<Self>, answer: &JsValue) {
        self.failed.set(0);
        self.seq.set(get(answer, "seq").as_f64().unwrap_or(0.0));
        self.moving.borrow_mut().hear(get(answer, "at").as_f64());
        if let (Some(html), Some(mark)) = (get(answer, "html").as_string(), get(answer, "mark").as_string()) {
            let Ok(new) = self.place.clone_node() else { return };
            let new: HtmlElement = new.unchecked_into();
            new.set_inner_html(&html);
            self.moving.borrow_mut().dress(&new);
            morph(&self.place, &new);
            *self.mark.borrow_mut() = mark;
        }
        if self.socket.borrow().is_none() {
            self.connect();
        }
    }

    fn connect(self: &Rc<Self>) {
        let Some(socket) = address().and_then(|url| WebSocket::new(&url).ok()) else { return self.lose() };
        let listen = |what: fn(&Rc<Self>, &MessageEvent)| {
            let follower = Rc::downgrade(self);
            Closure::<dyn FnMut(MessageEvent)>::new(move |event| {
                if let Some(follower) = follower.upgrade() {
                    what(&follower, &event);
                }
            })
        };
        let listeners = [listen(|it, _| it.subscribe()), listen(|it, event| it.hear(event)), listen(|it, _| it.lose())];
        let [open, message, close] = &listeners;
        socket.set_onopen(Some(open.as_ref().unchecked_ref()));
        socket.set_onmessage(Some(message.as_ref().unchecked_ref()));
        socket.set_onclose(Some(close.as_ref().unchecked_ref()));
        *self.socket.borrow_mut() = Some(Socket { socket, opened_at: Date::now(), _listeners: listeners });
    }

    fn subscribe(&self) {
        let mut hello = String::from(r#"{"subscribe":["wall"],"after":"#);
        hello.push_str(&(self.seq.get() as i64).to_string());
        hello.push('}');
        if let Some(it) = &*self.socket.borrow() {
            let _ = it.socket.send_with_str(&hello);
        }
    }

    fn hear(self: &Rc<Self>, event: &MessageEvent) {
        let text = event.data().as_string().unwrap_or_default();
        let Ok(event) = JSON::parse(&text) else { return };
        let data = get(&event, "data");
        match get(&event, "kind").as_string().as_deref() {
            Some("node.progress") => {
                self.moving.borrow_mut().sent(&data);
                self.moving.borrow().paint(&self.place);
            }
            Some(
                "node.status"
                | "release.status"
                | "reset"
                | "live.changed"
                | "environment.locked"
                | "environment.unlocked"
                | "environment.changed",
            ) => {
                self.moving.borrow_mut().ended(&data);
                self.ask_soon();
            }
            // Whoever listens may not any more.
            Some("error") if get(&data, "code").as_string().as_deref() == Some("unauthenticated") => self.let_go(),
            _ => {}
        }
    }

    /// The connection is gone, or never came.
    fn lose(self: &Rc<Self>) {
        let failed = self.failed.get();
        self.drop_socket();
        self.failed.set(failed + 1);
        self.retry_at.set(Date::now() + f64::from(delay(failed, js_sys::Math::random())));
    }

    fn let_go(self: &Rc<Self>) {
        self.drop_socket();
        self.retry_at.set(Date::now() + LET_GO);
    }

    /// Not at once: it may be one of its listeners that is running.
    fn drop_socket(&self) {
        let socket = self.socket.borrow_mut().take();
        spawn_local(async move { drop(socket) });
    }

    /// The network is back.
    fn retry(self: &Rc<Self>) {
        self.retry_at.set(0.0);
        self.ask_soon();
    }
}

/// What a form of the page does, without leaving the page. Where it is refused the browser sends it by itself: the page
/// that comes back says why.
fn on_submit(follower: &Rc<Follower>) -> Closure<dyn FnMut(web_sys::Event)> {
    let follower = Rc::downgrade(follower);
    Closure::new(move |event: web_sys::Event| {
        let form = event.target().and_then(|target| target.dyn_into::<HtmlFormElement>().ok());
        let (Some(form), Some(follower)) = (form, follower.upgrade()) else { return };
        event.prevent_default();
        spawn_local(async move {
            if send(&form).await.is_some_and(|answer| answer.ok()) {
                follower.toasts.hear();
                follower.ask_soon();
            } else {
                let _ = form.submit();
            }
        });
    })
}

async fn send(form: &HtmlFormElement) -> Option<Response> {
    let field = form.query_selector("input[name=id]").ok()??;
    let mut body = String::from("id=");
    body.push_str(&field.get_attribute("value")?);
    let init = RequestInit::new();
    init.set_method("POST");
    init.set_body(&body.into());
    let headers = js_sys::Object::new();
    let _ = Reflect::set(&headers, &"Content-Type".into(), &"application/x-www-form-urlencoded".into());
    init.set_headers(&headers);
    fetch(&form.action(), &init).await
}

/// Asks for the page as it is now.
async fn question(known: &str) -> Result<JsValue, Refused> {
    let mut url = String::from(GetFront::PATH);
    url.push_str("?known=");
    url.push_str(known);
    let answer = fetch(&url, &RequestInit::new()).await.ok_or(Refused::Lost)?;
    match answer.status() {
        200 => {}
        401 => return Err(Refused::SignedOut),
        _ => return Err(Refused::Lost),
    }
    let json = answer.json().map_err(|_| Refused::Lost)?;
    JsFuture::from(json).await.map_err(|_| Refused::Lost)
}

async fn fetch(url: &str, init: &RequestInit) -> Option<Response> {
    init.set_signal(Some(&AbortSignal::timeout_with_u32(PATIENCE)));
    let answer = JsFuture::from(window().fetch_with_str_and_init(url, init)).await.ok()?;
    answer.dyn_into().ok()
}

/// A member of what came from the program.
pub(super) fn get(value: &JsValue, name: &str) -> JsValue {
    Reflect::get(value, &name.into()).unwrap_or(JsValue::UNDEFINED)
}
