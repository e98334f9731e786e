//! Short messages that need no answer.

use launchway_domain::Text;
use leptos::prelude::*;

use crate::text::{CurrentLang, common, t};

/// How long a message stays, in milliseconds: time enough to read two lines.
const STAY_MS: u64 = 6_000;

#[derive(Clone, Debug)]
struct Toast {
    id: u64,
    text: Text,
}

/// The messages that are shown now, in the context of every page.
#[derive(Clone, Copy, Debug)]
pub struct Toasts {
    shown: RwSignal<Vec<Toast>>,
    next: StoredValue<u64>,
}

impl Toasts {
    /// Puts an empty list in the context.
    pub fn provide() {
        provide_context(Self { shown: RwSignal::new(Vec::new()), next: StoredValue::new(0) });
    }

    /// The list in the context; one that nobody sees where there is none.
    pub fn find() -> Self {
        use_context().unwrap_or_else(|| Self { shown: RwSignal::new(Vec::new()), next: StoredValue::new(0) })
    }

    /// Shows a message for a while. For event handlers and effects.
    pub fn say(self, text: Text) {
        let id = self.next.get_value();
        self.next.set_value(id + 1);
        self.shown.update(|shown| shown.push(Toast { id, text }));
        set_timeout(move || self.dismiss(id), std::time::Duration::from_millis(STAY_MS));
    }

    fn dismiss(self, id: u64) {
        self.shown.try_update(|shown| shown.retain(|toast| toast.id != id));
    }
}

/// Where the messages appear.
#[component]
pub fn ToastArea() -> impl IntoView {
    let toasts = Toasts::find();
    let current = CurrentLang::find();
    view! {
        <div class="toasts" role="status" aria-live="polite">
            <For each=move || toasts.shown.get() key=|toast| toast.id let:toast>
                <p class="toast">
                    <span>{move || toast.text.get(current.get()).to_owned()}</span>
                    <button
                        type="button"
                        class="button quiet small"
                        aria-label=t(common::DISMISS)
                        on:click=move |_| toasts.dismiss(toast.id)
                    >
                        "✕"
                    </button>
                </p>
            </For>
        </div>
    }
}
