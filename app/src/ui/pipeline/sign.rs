//! A sign per status: nobody has to tell colours apart.

use launchway_domain::{NodeStatus, ReleaseStatus};
use leptos::prelude::*;

/// A disc of 16 × 16.
const DISC: &str = "M8 1.2a6.8 6.8 0 1 0 0 13.6 6.8 6.8 0 0 0 0-13.6Z";
/// An octagon of 16 × 16.
const OCTAGON: &str = "M5.2 1.2h5.6l4 4v5.6l-4 4H5.2l-4-4V5.2Z";
/// A ring that is not closed.
const ARC: &str = "M8 2.2a5.8 5.8 0 1 1-5.8 5.8";
/// A ring.
const RING: &str = "M8 2.2a5.8 5.8 0 1 0 0 11.6 5.8 5.8 0 0 0 0-11.6Z";

/// What is filled, and what is drawn over it, as SVG path data in 16 × 16.
pub type Shape = (&'static str, &'static str);

/// The sign of a node's status.
pub fn of_node(status: NodeStatus) -> Shape {
    match status {
        NodeStatus::Pending => ("", RING),
        NodeStatus::Waiting => (DISC, "M8 4.6V8l2.2 1.8"),
        NodeStatus::Running => ("", ARC),
        NodeStatus::Succeeded => (DISC, "M4.8 8.3l2.2 2.2 4.2-4.8"),
        NodeStatus::Failed => (OCTAGON, "M5.6 5.6l4.8 4.8M10.4 5.6l-4.8 4.8"),
        NodeStatus::Skipped => ("", "M3.5 4.5 7 8l-3.5 3.5M8.5 4.5 12 8l-3.5 3.5"),
        NodeStatus::Canceled => ("", "M8 2.2a5.8 5.8 0 1 0 0 11.6 5.8 5.8 0 0 0 0-11.6ZM4 12 12 4"),
    }
}

/// The sign of a release's status.
pub fn of_release(status: ReleaseStatus) -> Shape {
    of_node(match status {
        ReleaseStatus::Pending => NodeStatus::Pending,
        ReleaseStatus::AwaitingApproval | ReleaseStatus::Queued => NodeStatus::Waiting,
        ReleaseStatus::Running => NodeStatus::Running,
        ReleaseStatus::Succeeded => NodeStatus::Succeeded,
        ReleaseStatus::Failed => NodeStatus::Failed,
        ReleaseStatus::Canceled => NodeStatus::Canceled,
    })
}

/// A sign for the flow of text.
#[component]
pub fn Sign(
    /// What it shows.
    #[prop(into)]
    shape: Signal<Shape>,
) -> impl IntoView {
    view! {
        <svg class="pipe-sign" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
            <path class="pipe-sign-fill" d=move || shape.get().0></path>
            <path class="pipe-sign-line" d=move || shape.get().1></path>
        </svg>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_statuses_share_a_sign() {
        for (index, a) in NodeStatus::ALL.into_iter().enumerate() {
            for b in NodeStatus::ALL.into_iter().skip(index + 1) {
                assert_ne!(of_node(a), of_node(b), "{a:?} and {b:?}");
            }
        }
    }
}
