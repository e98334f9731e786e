//! What a form knows while somebody fills it in: which fields are wrong, and what the backend said.

use std::collections::BTreeSet;

use launchway_domain::{Fault, FieldError, Text};
use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;

use crate::api::ApiError;
use crate::text::{common, t};

/// The state of one form. The browser's own check runs on every key; the backend's answer counts until the field that
/// it complains about is edited.
#[derive(Clone, Copy)]
pub struct FormState {
    local: Signal<Vec<FieldError>>,
    refusal: Signal<Option<ApiError>>,
    /// Fields that somebody has typed in; the others are not blamed before the form is sent.
    touched: RwSignal<BTreeSet<&'static str>>,
    /// Fields that were edited since the backend complained about them.
    mended: RwSignal<BTreeSet<&'static str>>,
    sent: RwSignal<bool>,
    shown: StoredValue<BTreeSet<&'static str>>,
}

impl FormState {
    /// A form that is sent by `action`; `local` runs the domain's rules on what is typed now.
    pub fn new<S>(action: ServerAction<S>, local: impl Fn() -> Vec<FieldError> + Send + Sync + 'static) -> Self
    where
        S: ServerFn<Error = ApiError> + Clone + Send + Sync + 'static,
        S::Output: Send + Sync + Clone + 'static,
    {
        let value = action.value();
        let refusal = Signal::derive(move || {
            value.with(|value| value.as_ref().and_then(|answer| answer.as_ref().err().cloned()))
        });
        let mended = RwSignal::new(BTreeSet::new());
        Effect::new(move |_| {
            action.version().track();
            mended.set(BTreeSet::new());
        });
        // What the backend complains about may be out of sight: the focus goes there.
        #[cfg(feature = "hydrate")]
        Effect::new(move |_| {
            let complains = |error: &ApiError| matches!(error.fault(), Some(Fault::Invalid { .. }));
            if refusal.with(|refusal| refusal.as_ref().is_some_and(complains))
                && let Some(root) = document().document_element()
            {
                focus_first_error(root);
            }
        });
        Self {
            local: Signal::derive(local),
            refusal,
            touched: RwSignal::new(BTreeSet::new()),
            mended,
            sent: RwSignal::new(false),
            shown: StoredValue::new(BTreeSet::new()),
        }
    }

    /// Makes errors of `field` appear at a field of that name, and not above the button.
    pub fn register(self, field: &'static str) {
        self.shown.update_value(|shown| {
            shown.insert(field);
        });
    }

    /// Notes that somebody typed in `field`.
    pub fn edited(self, field: &'static str) {
        self.touched.update(|touched| {
            touched.insert(field);
        });
        self.mended.update(|mended| {
            mended.insert(field);
        });
    }

    /// What is wrong with `field` now; tracked.
    pub fn error(self, field: &'static str) -> Option<Text> {
        let due = self.sent.get() || self.touched.with(|touched| touched.contains(field));
        let local = if due { self.local.with(|errors| find(errors, field)) } else { None };
        local.or_else(|| {
            let mended = self.mended.with(|mended| mended.contains(field));
            self.refusal.with(|refusal| match refusal.as_ref().and_then(ApiError::fault) {
                Some(Fault::Invalid { errors }) if !mended => find(errors, field),
                _ => None,
            })
        })
    }

    /// What is wrong with the form as a whole: everything that has no field to stand at; tracked.
    pub fn complaints(self) -> Vec<Text> {
        self.refusal.with(|refusal| match refusal {
            None => Vec::new(),
            Some(ApiError::Fault(Fault::Invalid { errors })) => {
                let is_shown =
                    |error: &&FieldError| self.shown.with_value(|shown| shown.iter().any(|field| names(error, field)));
                errors.iter().filter(|error| !is_shown(error)).map(|error| error.message.clone()).collect()
            }
            Some(error @ ApiError::Fault(Fault::Changed { .. })) => vec![error.detail(), common::SAVE_OVER],
            Some(error) => vec![error.detail()],
        })
    }

    /// The version that the next try is for: the one that the form was filled in from, until somebody else's change was
    /// shown; tracked.
    fn version(self, was: i64) -> i64 {
        self.refusal.with(|refusal| match refusal.as_ref().and_then(ApiError::fault) {
            Some(Fault::Changed { version, .. }) => was.max(*version),
            _ => was,
        })
    }

    /// Whether the browser's own check finds nothing; where it does, the focus moves to the first such field. For
    /// buttons that do not send the form.
    pub fn check(self) -> bool {
        self.sent.set(true);
        let is_right = self.local.with_untracked(Vec::is_empty);
        #[cfg(feature = "hydrate")]
        if let Some(root) = document().document_element().filter(|_| !is_right) {
            focus_first_error(root);
        }
        is_right
    }

    /// For `on:submit:capture`: keeps the form here while the browser's own check finds something, and moves the focus
    /// to the first such field.
    pub fn guard(self) -> impl Fn(SubmitEvent) + Clone {
        move |event| {
            // A form that was made anew in the place of another may still be heard by what listened to that one.
            let Some(is_right) = self.local.try_with_untracked(Vec::is_empty) else { return };
            self.sent.set(true);
            if is_right {
                return;
            }
            event.prevent_default();
            #[cfg(feature = "hydrate")]
            if let Some(form) = event.target().and_then(|target| wasm_bindgen::JsCast::dyn_into(target).ok()) {
                focus_first_error(form);
            }
        }
    }
}

fn names(error: &FieldError, field: &str) -> bool {
    // `tags[3]` and `tags.3` stand at `tags`.
    error.field.strip_prefix(field).is_some_and(|rest| rest.is_empty() || rest.starts_with(['[', '.']))
}

fn find(errors: &[FieldError], field: &str) -> Option<Text> {
    errors.iter().find(|error| names(error, field)).map(|error| error.message.clone())
}

#[cfg(feature = "hydrate")]
fn focus_first_error(within: web_sys::Element) {
    use wasm_bindgen::JsCast;
    // The marks are set when the effects have run.
    request_animation_frame(move || {
        let field = within.query_selector("[aria-invalid=true]").ok().flatten();
        if let Some(field) = field.and_then(|field| field.dyn_into::<web_sys::HtmlElement>().ok()) {
            // Nothing in a closed fold can have the focus.
            if let Ok(Some(fold)) = field.closest("details") {
                let _ = fold.set_attribute("open", "");
            }
            let _ = field.focus();
        }
    });
}

/// How often a form was saved: changes with every success, and not with a refusal, after which what was typed has to stay.
pub fn times_saved<S>(action: ServerAction<S>) -> Memo<usize>
where
    S: ServerFn<Error = ApiError> + Clone + Send + Sync + 'static,
    S::Output: Send + Sync + Clone + 'static,
{
    let (value, version) = (action.value(), action.version());
    Memo::new(move |before: Option<&usize>| {
        let now = version.get();
        let refused = value.with_untracked(|value| matches!(value, Some(Err(_))));
        before.copied().filter(|_| refused).unwrap_or(now)
    })
}

/// The version of the thing that a form was filled in from: what somebody else changes meanwhile is not overwritten unseen.
#[component]
pub fn VersionField(
    /// The form.
    form: FormState,
    /// The version; where several forms change the same thing, it follows what the others saved.
    #[prop(into)]
    version: Signal<i64>,
) -> impl IntoView {
    view! { <input type="hidden" name="version" value=move || form.version(version.get()).to_string() /> }.into_any()
}

/// What is wrong with a form as a whole.
#[component]
pub fn Complaints(
    /// The form.
    form: FormState,
) -> impl IntoView {
    let lang = crate::text::CurrentLang::find();
    view! {
        <div class="complaints" role="alert">
            {move || {
                form.complaints().into_iter().map(|text| view! { <p>{text.get(lang.get()).to_owned()}</p> }).collect_view()
            }}
        </div>
    }
    .into_any()
}

/// The end of a form: what is wrong with it as a whole, then its buttons.
#[component]
pub fn FormEnd(
    /// The form.
    form: FormState,
    /// What the button says.
    submit: Text,
    /// Whether the answer is being waited for.
    #[prop(into)]
    pending: Signal<bool>,
    /// Where `Cancel` leads; without it there is no such link.
    #[prop(optional, into)]
    cancel: Option<String>,
    /// Whether another button of the row is the one that matters.
    #[prop(optional)]
    secondary: bool,
    /// More buttons.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    let label = t(submit);
    let working = t(common::WORKING);
    view! {
        <div class="form-end">
            <Complaints form />
            <div class="row">
                <button
                    type="submit"
                    class="button"
                    class:primary=!secondary
                    aria-disabled=move || pending.get().then_some("true")
                >
                    {move || if pending.get() { working() } else { label() }}
                </button>
                {cancel.map(|href| view! { <a class="button" href=href>{t(common::CANCEL)}</a> })}
                {children.map(|children| children())}
            </div>
        </div>
    }
    .into_any()
}
