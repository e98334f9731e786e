//! Asking twice before something goes.

use launchway_domain::Text;
use leptos::prelude::*;

use super::form::{Complaints, FormState};
use crate::api::ApiError;
use crate::text::{CurrentLang, common, t};

/// Why an action was refused, where it was, beside what asks for it.
#[component]
pub fn Refused(
    /// Why, where it was.
    #[prop(into)]
    of: Signal<Option<ApiError>>,
) -> impl IntoView {
    let lang = CurrentLang::find();
    view! {
        <div class="complaints" role="alert">
            {move || of.get().map(|error| view! { <p>{error.detail().get(lang.get()).to_owned()}</p> })}
        </div>
    }
    .into_any()
}

/// The end of a page: deleting what it is about. The form in it is the caller's.
#[component]
pub fn DangerZone(
    /// The question that is asked before.
    question: Text,
    /// Why it was refused, where it was.
    #[prop(into)]
    refusal: Signal<Option<ApiError>>,
    /// The form that deletes, with a [`ConfirmButton`] in it.
    children: Children,
) -> impl IntoView {
    view! {
        <section class="danger-zone">
            <h2>{t(common::DANGER)}</h2>
            <Confirm id="delete" question refusal>
                {children()}
            </Confirm>
        </section>
    }
    .into_any()
}

/// A button that opens a question; the question's own button does it. It is a popover, so it opens and closes without
/// JavaScript, and Escape closes it.
#[component]
pub fn Confirm(
    /// An id that is unique on the page.
    id: &'static str,
    /// The question.
    question: Text,
    /// Why it was refused, where it was.
    #[prop(into)]
    refusal: Signal<Option<ApiError>>,
    /// What the button that asks says.
    #[prop(default = common::DELETE_ASK)]
    ask: Text,
    /// What to know before.
    #[prop(default = common::DELETE_SURE)]
    lead: Text,
    /// The form that does it, with a [`ConfirmButton`] in it.
    children: Children,
) -> impl IntoView {
    let current = CurrentLang::find();
    let (title, labelled) = (format!("{id}-title"), format!("{id}-title"));
    view! {
        <button type="button" class="button danger" popovertarget=id>{t(ask)}</button>
        <div id=id class="dialog" popover="auto" role="alertdialog" aria-labelledby=labelled>
            <h2 id=title>{t(question)}</h2>
            <p>{t(lead)}</p>
            <Refused of=refusal />
            <div class="row end">
                <button type="button" class="button" popovertarget=id popovertargetaction="hide" autofocus>
                    {t(common::CANCEL)}
                </button>
                {children()}
            </div>
        </div>
        // Without JavaScript the answer comes with a new page, where the question is closed.
        <div class="complaints no-script">
            {move || refusal.get().map(|error| view! { <p>{error.detail().get(current.get()).to_owned()}</p> })}
        </div>
    }
    .into_any()
}

/// The end of a form that is sent only after a question. Without JavaScript the question is asked as well, and the backend
/// checks what was typed.
#[component]
pub fn AskFirst(
    /// The form.
    form: FormState,
    /// An id that is unique on the page.
    id: &'static str,
    /// The question.
    #[prop(into)]
    question: Signal<Text>,
    /// What to know before.
    lead: Text,
    /// What the button that asks says.
    ask: Text,
    /// What the button that does it says.
    yes: Text,
    /// Whether the answer is being waited for.
    #[prop(into)]
    pending: Signal<bool>,
) -> impl IntoView {
    let lang = CurrentLang::find();
    let (title, labelled) = (format!("{id}-title"), format!("{id}-title"));
    let dialog = NodeRef::<leptos::html::Div>::new();
    // Nobody is asked about what could not be sent.
    let check = move |event: leptos::ev::MouseEvent| {
        if !form.check() {
            event.prevent_default();
        }
    };
    let close = move |_| {
        #[cfg(feature = "hydrate")]
        if let Some(dialog) = dialog.get_untracked() {
            let _ = dialog.hide_popover();
        }
    };
    view! {
        <div class="form-end">
            <Complaints form />
            <div class="row">
                <button
                    type="button"
                    class="button primary"
                    popovertarget=id
                    aria-disabled=move || pending.get().then_some("true")
                    on:click=check
                >
                    {t(ask)}
                </button>
            </div>
            <div
                id=id
                class="dialog"
                popover="auto"
                role="alertdialog"
                aria-labelledby=labelled
                node_ref=dialog
            >
                <h2 id=title>{move || question.get().get(lang.get()).to_owned()}</h2>
                <p>{t(lead)}</p>
                <div class="row end">
                    <button type="button" class="button" popovertarget=id popovertargetaction="hide" autofocus>
                        {t(common::CANCEL)}
                    </button>
                    // After the form was sent: what is hidden sends nothing.
                    <span on:click=close>
                        <ConfirmButton pending label=yes />
                    </span>
                </div>
            </div>
        </div>
    }
    .into_any()
}

/// The button that does it.
#[component]
pub fn ConfirmButton(
    /// Whether the answer is being waited for.
    #[prop(into)]
    pending: Signal<bool>,
    /// What it says.
    #[prop(default = common::DELETE_YES)]
    label: Text,
) -> impl IntoView {
    view! {
        <button type="submit" class="button danger solid" aria-disabled=move || pending.get().then_some("true")>
            {t(label)}
        </button>
    }
}

/// Why an action was refused, where it was; tracked.
pub fn refusal_of<S>(action: ServerAction<S>) -> Signal<Option<ApiError>>
where
    S: leptos::server_fn::ServerFn<Error = ApiError> + Clone + Send + Sync + 'static,
    S::Output: Send + Sync + Clone + 'static,
{
    let value = action.value();
    Signal::derive(move || value.with(|value| value.as_ref().and_then(|answer| answer.as_ref().err().cloned())))
}
