//! A release that runs, in one line: the chain on the Launchway host, then each phase counted over the servers.

use launchway_domain::{NodeStatus, Running};
use leptos::prelude::*;

use crate::text::{CurrentLang, board};

/// The strip of a running release. Follows what happens.
#[component]
pub fn Strip(
    /// The release and how far it has come.
    running: Memo<Option<Running>>,
) -> impl IntoView {
    let lang = CurrentLang::find();
    let host = move || {
        let steps = running.with(|running| running.as_ref().map(|running| running.host.clone())).unwrap_or_default();
        steps
            .into_iter()
            .map(|step| {
                let said = board::step(&step.kind.label(), &step.status.label()).get(lang.get()).to_owned();
                view! {
                    <li class="strip-step" data-status=step.status.as_str()>
                        <span class="strip-name" aria-hidden="true">
                            {step.kind.label().get(lang.get()).to_owned()}
                        </span>
                        <span class="strip-count" aria-hidden="true">
                            {sign(step.status)}
                        </span>
                        <span class="unseen">{said}</span>
                    </li>
                }
            })
            .collect_view()
    };
    let phases = move || {
        let phases = running.with(|running| running.as_ref().map(|running| running.phases.clone())).unwrap_or_default();
        phases
            .into_iter()
            .map(|phase| {
                let said = board::phase(&phase.kind.label(), phase.done, phase.all, phase.failed).get(lang.get()).to_owned();
                let part = |servers: u32| match phase.all {
                    0 => String::from("width:0"),
                    all => share(servers, all),
                };
                view! {
                    <li class="strip-phase" data-status=phase.status().as_str()>
                        <span class="strip-name" aria-hidden="true">
                            {phase.kind.label().get(lang.get()).to_owned()}
                        </span>
                        <span class="strip-count" aria-hidden="true">
                            {phase.done.to_string()}"/"{phase.all.to_string()}
                            {(phase.failed > 0).then(|| view! { <b class="strip-failed">" ✕" {phase.failed.to_string()}</b> })}
                        </span>
                        <span class="strip-bar" aria-hidden="true">
                            <i data-part="done" style=part(phase.done)></i>
                            <i data-part="failed" style=part(phase.failed)></i>
                            <i data-part="running" style=part(phase.running)></i>
                            <i data-part="dropped" style=part(phase.dropped)></i>
                        </span>
                        <span class="unseen">{said}</span>
                    </li>
                }
            })
            .collect_view()
    };
    view! { <ol class="strip">{host} {phases}</ol> }.into_any()
}

/// A width in hundredths of a percent, without the code that writes floating-point numbers.
fn share(part: u32, all: u32) -> String {
    let share = u64::from(part) * 10_000 / u64::from(all.max(1));
    let mut style = String::from("width:");
    style.push_str(&(share / 100).to_string());
    style.push('.');
    if share % 100 < 10 {
        style.push('0');
    }
    style.push_str(&(share % 100).to_string());
    style.push('%');
    style
}

/// The sign of a status, for those who do not see colours.
fn sign(status: NodeStatus) -> &'static str {
    match status {
        NodeStatus::Pending => "○",
        NodeStatus::Waiting => "…",
        NodeStatus::Running => "▶",
        NodeStatus::Succeeded => "✓",
        NodeStatus::Failed => "✕",
        NodeStatus::Skipped | NodeStatus::Canceled => "–",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_written_in_hundredths() {
        assert_eq!(share(1, 3), "width:33.33%");
        assert_eq!(share(1, 1000), "width:0.10%");
        assert_eq!(share(3, 3), "width:100.00%");
    }
}
