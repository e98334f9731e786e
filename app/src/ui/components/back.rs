//! The button that brings an earlier release back, and the question before it.

use launchway_domain::{LivePart, ReleaseId, Text};
use leptos::prelude::*;

use super::rules::ExceptionField;
use crate::api::releases::RollbackRelease;
use crate::text::{release, t, ways as words};

/// What going back means for the servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Back {
    /// All of them have something else.
    Roll,
    /// Some of them have it already.
    All,
    /// A release stopped half-way, and this is what was there before it.
    Left,
}

/// The button and the question: a popover, which works without JavaScript, and which Escape closes.
#[component]
pub fn BackButton(
    /// What it does.
    action: ServerAction<RollbackRelease>,
    /// The release that comes back.
    target: ReleaseId,
    /// What that means.
    how: Back,
    /// What the servers have now.
    #[prop(optional)]
    parts: Vec<LivePart>,
    /// What else to know before.
    #[prop(optional_no_strip)]
    warning: Option<Text>,
    /// Whether it takes a reason now.
    #[prop(into)]
    asks_why: Signal<bool>,
    /// Whether it stands in a row of a table.
    #[prop(optional)]
    small: bool,
) -> impl IntoView {
    let id = target.0;
    let (ask, title, lead, yes) = match how {
        Back::Roll => (release::ROLLBACK, release::rollback_title(id), release::ROLLBACK_LEAD, release::ROLLBACK_YES),
        Back::All => (words::BACK_ALL, words::back_title(target), words::back_lead(target), words::BACK_YES),
        Back::Left => (words::back_to(target), words::back_title(target), words::back_lead(target), words::BACK_YES),
    };
    let now = (how != Back::Roll && !parts.is_empty()).then(|| view! { <p>{t(words::parts(&parts))}</p> });
    let (dialog, heading) = (format!("back-{id}"), format!("back-{id}-title"));
    let (opens, closes, labelled) = (dialog.clone(), dialog.clone(), heading.clone());
    let pending = action.pending();
    view! {
        <button type="button" class="button" class:small=small popovertarget=opens>
            {t(ask)}
            {(how != Back::Left).then(|| view! { <span class="visually-hidden">{format!(" #{id}")}</span> })}
        </button>
        <div id=dialog class="dialog" popover="auto" role="alertdialog" aria-labelledby=labelled>
            <h2 id=heading>{t(title)}</h2>
            {now}
            <p>{t(lead)}</p>
            {warning.map(|text| view! { <p class="changes-said is-warning">{t(text)}</p> })}
            <ActionForm action=action attr:class="form">
                <input type="hidden" name="id" value=id.to_string() />
                <Show when=move || asks_why.get()>
                    <ExceptionField id=format!("back-{id}-why") name="settled[exception]" />
                </Show>
                <div class="row end">
                    <button type="button" class="button" popovertarget=closes popovertargetaction="hide" autofocus>
                        {t(release::ROLLBACK_NO)}
                    </button>
                    <button type="submit" class="button danger solid" disabled=move || pending.get()>
                        {t(yes)}
                    </button>
                </div>
            </ActionForm>
        </div>
    }
    .into_any()
}
