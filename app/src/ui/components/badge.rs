//! Small marks: statuses and kinds. Each has a sign beside its colour, for those who do not see colours.

use launchway_domain::{EnvironmentKind, ReleaseStatus, Text};
use leptos::prelude::*;

use crate::text::t;

/// A release's status.
#[component]
pub fn StatusBadge(
    /// Where it stands; follows a change.
    #[prop(into)]
    status: Signal<ReleaseStatus>,
) -> impl IntoView {
    let current = crate::text::CurrentLang::find();
    view! {
        <span class="badge" data-status=move || status.get().as_str()>
            <span class="sign" aria-hidden="true">{move || sign(status.get())}</span>
            {move || status.get().label().get(current.get()).to_owned()}
        </span>
    }
}

/// What became of something that is no release, in the colours of a release's status.
#[component]
pub fn OutcomeBadge(
    /// The word of the status whose colours it has.
    status: &'static str,
    /// The sign beside the colour.
    sign: &'static str,
    /// The words.
    label: Text,
) -> impl IntoView {
    view! {
        <span class="badge" data-status=status>
            <span class="sign" aria-hidden="true">{sign}</span>
            {t(label)}
        </span>
    }
}

/// The sign of a status.
fn sign(status: ReleaseStatus) -> &'static str {
    match status {
        ReleaseStatus::Pending => "○",
        ReleaseStatus::AwaitingApproval => "?",
        ReleaseStatus::Queued => "…",
        ReleaseStatus::Running => "▶",
        ReleaseStatus::Succeeded => "✓",
        ReleaseStatus::Failed => "✕",
        ReleaseStatus::Canceled => "–",
    }
}

/// Whether an environment is for trying out or for customers. An environment for trying out that is called `test` needs
/// no mark that says so again; one for customers always has it.
#[component]
pub fn KindBadge(
    /// Which.
    kind: EnvironmentKind,
    /// The environment's name, which the mark stands beside.
    name: String,
) -> impl IntoView {
    let said = kind == EnvironmentKind::Test && name.eq_ignore_ascii_case(kind.as_str());
    (!said).then(|| view! { <span class="tag" data-kind=kind.as_str()>{t(kind.label())}</span> })
}
