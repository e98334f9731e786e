//! Looking at a picture that may be larger than its frame: zoom and pan.
//!
//! The frame scrolls by itself, so that fingers, scroll bars and focus work as everywhere, and without JavaScript too. Zoom
//! is the width of the picture in percent of its own; until somebody zooms, the style sheet makes it fit.

use leptos::ev::{PointerEvent, WheelEvent};
use leptos::html::Div;
use leptos::prelude::*;

use super::layout::Layout;

/// The smallest and the largest zoom, in percent.
const BOUNDS: (i32, i32) = (20, 300);
/// The space around the picture in its frame.
const PADDING: i32 = 16;
/// From how many pixels on a press is a drag and no click.
const DRAG: i32 = 5;
/// How far an arrow key moves the picture, in pixels.
const STEP: i32 = 80;

/// What of the content is in the frame, in pixels of the content as shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Window {
    /// The left edge.
    pub left: i32,
    /// The upper edge.
    pub top: i32,
    /// The frame's width.
    pub width: i32,
    /// The frame's height.
    pub height: i32,
    /// The content's width.
    pub content_width: i32,
    /// The content's height.
    pub content_height: i32,
    /// The zoom, in percent.
    pub percent: i32,
}

impl Window {
    /// Whether there is more than the frame shows.
    pub fn is_part(&self) -> bool {
        self.content_width > self.width + 2 || self.content_height > self.height + 2
    }
}

/// A press that may become a drag.
#[derive(Clone, Copy)]
struct Press {
    x: i32,
    y: i32,
    left: i32,
    top: i32,
}

/// The frame of a picture.
#[derive(Clone, Copy)]
pub struct Viewport {
    /// The element that scrolls; the picture is its first child.
    pub frame: NodeRef<Div>,
    /// The zoom in percent; none as long as the style sheet decides.
    pub zoom: RwSignal<Option<i32>>,
    /// What is seen.
    pub window: RwSignal<Window>,
    picture: Memo<Layout>,
    press: StoredValue<Option<Press>>,
    dragged: StoredValue<bool>,
    touched: StoredValue<bool>,
}

impl Viewport {
    /// The frame of a picture that nobody has moved yet.
    pub fn new(picture: Memo<Layout>) -> Self {
        let this = Self {
            frame: NodeRef::new(),
            zoom: RwSignal::new(None),
            window: RwSignal::new(Window::default()),
            picture,
            press: StoredValue::new(None),
            dragged: StoredValue::new(false),
            touched: StoredValue::new(false),
        };
        Effect::new(move || {
            this.picture.track();
            this.zoom.track();
            if this.frame.get().is_some() {
                request_animation_frame(move || this.look());
            }
        });
        Effect::new(move || {
            let resized = window_event_listener(leptos::ev::resize, move |_| this.look());
            on_cleanup(move || resized.remove());
        });
        this
    }

    /// Notes what is seen now.
    pub fn look(self) {
        let Some(Some(frame)) = self.frame.try_get_untracked() else { return };
        let now = Window {
            left: frame.scroll_left(),
            top: frame.scroll_top(),
            width: frame.client_width(),
            height: frame.client_height(),
            content_width: frame.scroll_width(),
            content_height: frame.scroll_height(),
            percent: self.percent(),
        };
        if self.window.try_get_untracked() != Some(now) {
            self.window.try_set(now);
        }
    }

    /// Notes that somebody looks for themselves: the page no longer moves the picture.
    pub fn touch(self) {
        self.touched.set_value(true);
    }

    /// The zoom as it is, in percent.
    pub fn percent(self) -> i32 {
        self.zoom.try_get_untracked().flatten().unwrap_or_else(|| {
            let width = self.picture.with_untracked(|picture| picture.width);
            let shown = self.rect().map_or(0, |rect| rect.2);
            if width > 0 && shown > 0 { shown * 100 / width } else { 100 }
        })
    }

    /// Zooms in or out by one step, around the frame's middle.
    pub fn zoom_by(self, is_in: bool) {
        let now = self.percent();
        // Never less than one percent more or less.
        let next = if is_in { (now * 5 / 4).max(now + 1) } else { (now * 4 / 5).min(now - 1) };
        self.zoom_to(next, None);
    }

    /// The whole picture in the frame, never larger than it is.
    pub fn fit(self) {
        let Some(frame) = self.frame.get_untracked() else { return };
        let (width, height) = self.picture.with_untracked(|picture| (picture.width.max(1), picture.height.max(1)));
        let (room_x, room_y) = (frame.client_width() - PADDING, frame.client_height() - PADDING);
        self.zoom_to((room_x * 100 / width).min(room_y * 100 / height).min(100), None);
    }

    /// Zooms; the point of the picture at `around` (in the browser's window) stays where it is, else the frame's middle.
    pub fn zoom_to(self, percent: i32, around: Option<(i32, i32)>) {
        self.touch();
        let (Some(frame), Some(before)) = (self.frame.get_untracked(), self.rect()) else { return };
        let outer = frame.get_bounding_client_rect();
        let middle =
            || (outer.left() as i32 + frame.client_width() / 2, outer.top() as i32 + frame.client_height() / 2);
        let (x, y) = around.unwrap_or_else(middle);
        self.zoom.set(Some(percent.clamp(BOUNDS.0, BOUNDS.1)));
        request_animation_frame(move || {
            let Some(after) = self.rect() else { return };
            // Where the point was in the picture, in parts of its size.
            let kept = |point: i32, begin: i32, size: i32, new_begin: i32, new_size: i32| {
                let part = i64::from(point - begin) * i64::from(new_size) / i64::from(size.max(1));
                new_begin + part as i32 - point
            };
            frame.set_scroll_left(frame.scroll_left() + kept(x, before.0, before.2, after.0, after.2));
            frame.set_scroll_top(frame.scroll_top() + kept(y, before.1, before.3, after.1, after.3));
            self.look();
        });
    }

    /// Moves the frame over the picture.
    pub fn pan(self, x: i32, y: i32) {
        self.touch();
        if let Some(frame) = self.frame.get_untracked() {
            frame.set_scroll_left(frame.scroll_left() + x * STEP);
            frame.set_scroll_top(frame.scroll_top() + y * STEP);
        }
    }

    /// Brings a point of the picture into the frame's middle, unless somebody looks for themselves.
    pub fn show(self, x: i32, y: i32) {
        let Some(frame) = self.frame.get_untracked() else { return };
        if self.touched.get_value() {
            return;
        }
        let percent = self.percent();
        frame.set_scroll_left(x * percent / 100 - frame.client_width() / 2);
        frame.set_scroll_top(y * percent / 100 - frame.client_height() / 2);
    }

    /// Brings a part of the content into the frame's middle: thousandths of its size.
    pub fn center(self, x: i32, y: i32) {
        self.touch();
        if let Some(frame) = self.frame.get_untracked() {
            frame.set_scroll_left(frame.scroll_width() * x / 1000 - frame.client_width() / 2);
            frame.set_scroll_top(frame.scroll_height() * y / 1000 - frame.client_height() / 2);
        }
    }

    /// A wheel with Ctrl or Cmd zooms, as a pinch on a touch pad does; without, the frame scrolls.
    pub fn on_wheel(self, event: &WheelEvent) {
        self.touch();
        if !(event.ctrl_key() || event.meta_key()) {
            return;
        }
        event.prevent_default();
        let now = self.percent();
        let by = (event.delta_y() as i32).clamp(-50, 50);
        // At least one percent, so that the smallest pinch counts.
        let step = (now * by / 200).abs().max(1);
        let next = if by < 0 { now + step } else { now - step };
        self.zoom_to(next, Some((event.client_x(), event.client_y())));
    }

    /// Begins a drag with the mouse; fingers scroll by themselves.
    pub fn press(self, event: &PointerEvent) {
        self.touch();
        self.dragged.set_value(false);
        if event.pointer_type() == "mouse"
            && matches!(event.button(), 0 | 1)
            && let Some(frame) = self.frame.get_untracked()
        {
            let (left, top) = (frame.scroll_left(), frame.scroll_top());
            self.press.set_value(Some(Press { x: event.client_x(), y: event.client_y(), left, top }));
        }
    }

    /// Goes on with a drag.
    pub fn drag(self, event: &PointerEvent) {
        let (Some(press), Some(frame)) = (self.press.get_value(), self.frame.get_untracked()) else { return };
        let (x, y) = (press.x - event.client_x(), press.y - event.client_y());
        if !self.dragged.get_value() {
            if x.abs().max(y.abs()) < DRAG {
                return;
            }
            self.dragged.set_value(true);
            // From now on the pointer is ours, also outside of the frame.
            let _ = frame.set_pointer_capture(event.pointer_id());
        }
        frame.set_scroll_left(press.left + x);
        frame.set_scroll_top(press.top + y);
    }

    /// Ends a drag.
    pub fn release(self) {
        self.press.set_value(None);
    }

    /// Whether the press that ends now was a drag, and no click.
    pub fn was_drag(self) -> bool {
        self.dragged.get_value()
    }

    /// The picture's place in the browser's window: left, top, width, height. Where its element has another shape than the
    /// picture, the picture stands in the element's middle.
    fn rect(self) -> Option<(i32, i32, i32, i32)> {
        let element = self.frame.try_get_untracked()??.first_element_child()?;
        let rect = element.get_bounding_client_rect();
        let (outer_width, outer_height) = (rect.width() as i32, rect.height() as i32);
        let (wide, tall) = self.picture.try_with_untracked(|picture| (picture.width.max(1), picture.height.max(1)))?;
        let width = outer_width.min(outer_height * wide / tall);
        let height = width * tall / wide;
        let left = rect.left() as i32 + (outer_width - width) / 2;
        let top = rect.top() as i32 + (outer_height - height) / 2;
        Some((left, top, width, height))
    }
}
