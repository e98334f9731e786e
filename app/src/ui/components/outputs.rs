//! Outcomes of one script on many servers: each once, and how it differs from that of most.

use launchway_domain::log::screen::visible;
use launchway_domain::{OutputGroup, text};
use leptos::prelude::*;

use crate::text::{outputs as words, t};

/// How many servers of a group are named at once.
const NAMED: usize = 12;

/// The groups in the order in which people look at them, the largest first in what is given: those that failed, the
/// smallest first, then those that differ, then what most servers said. Beside each, whether it is the last.
pub fn notable_first(groups: Vec<OutputGroup>) -> Vec<(OutputGroup, bool)> {
    let mut ordered: Vec<_> = groups.into_iter().enumerate().map(|(place, group)| (group, place == 0)).collect();
    ordered.sort_by_key(|(group, is_most)| (*is_most, group.exit_status == Some(0), group.hosts.len()));
    ordered
}

/// Servers with one outcome.
#[component]
pub fn Group(
    /// They.
    group: OutputGroup,
    /// Whether it is the group that the others are held against, and there are others.
    #[prop(optional)]
    is_most: bool,
    /// Where a server's log is, by its name.
    #[prop(optional, into)]
    href: Option<Callback<String, Option<String>>>,
) -> impl IntoView {
    let count = words::on(group.hosts.len());
    let exit = match group.exit_status {
        Some(0) => None,
        Some(status) => Some(text!("{} {status}", "{} {status}"; words::EXIT)),
        None => Some(words::NOT_ENDED),
    };
    let has_failed = exit.is_some();
    let failed = has_failed.then_some("");
    let name = move |host: String| {
        let found = href.and_then(|href| href.run(host.clone()));
        view! { <li>{found.map_or_else(|| host.clone().into_any(), |href| view! { <a href=href>{host.clone()}</a> }.into_any())}</li> }
    };
    let mut hosts = group.hosts;
    let rest = hosts.split_off(hosts.len().min(NAMED));
    let rest = (!rest.is_empty()).then(|| {
        let more = t(words::more(rest.len()));
        let names = rest.into_iter().map(name).collect_view();
        view! {
            <details class="hosts-rest">
                <summary>{more}</summary>
                <ul class="hosts">{names}</ul>
            </details>
        }
    });
    let names = hosts.into_iter().map(name).collect_view();
    let body = match group.diff {
        // Why something failed stands in its own words first.
        Some(diff) if !diff.is_empty() && has_failed => view! {
            <Printed text=group.output />
            <Difference diff />
        }
        .into_any(),
        Some(diff) if !diff.is_empty() => view! { <Difference diff /> }.into_any(),
        Some(_) => view! { <p class="quiet">{t(words::SAME_TEXT)}</p> }.into_any(),
        None => view! { <Printed text=group.output /> }.into_any(),
    };
    view! {
        <div class="ran-group" data-failed=failed>
            <p>
                <b>{t(count)}</b>
                {is_most.then(|| view! { <span class="tag">{t(words::MOST)}</span> })}
                {exit.map(|exit| view! { <span class="tag" data-kind="warn">{t(exit)}</span> })}
            </p>
            <ul class="hosts">{names}</ul>
            {rest}
            {body}
        </div>
    }
    .into_any()
}

/// What was printed.
#[component]
fn Printed(text: String) -> impl IntoView {
    if text.is_empty() {
        return view! { <p class="quiet">{t(words::NO_OUTPUT)}</p> }.into_any();
    }
    view! { <pre class="printed" tabindex="0" role="region" aria-label=t(words::OUTPUT)>{shown(&text)}</pre> }
        .into_any()
}

/// A unified diff. Its signs say what its colours say.
#[component]
fn Difference(diff: String) -> impl IntoView {
    let lines = diff
        .lines()
        .enumerate()
        .map(|(number, line)| {
            let kind = kind_of(number, line);
            let line = format!("{}\n", visible(line));
            view! { <span data-line=kind>{line}</span> }
        })
        .collect_view();
    view! {
        <pre class="printed difference" tabindex="0" role="region" aria-label=t(words::DIFFERENCE)>
            {lines}
        </pre>
    }
    .into_any()
}

/// What a line of a unified diff is; the first two name whose outputs they are.
fn kind_of(number: usize, line: &str) -> Option<&'static str> {
    match line.bytes().next() {
        _ if number < 2 => Some("head"),
        Some(b'+') => Some("added"),
        Some(b'-') => Some("removed"),
        Some(b'@' | b'\\') => Some("head"),
        _ => None,
    }
}

/// What a terminal would show, without its colours.
fn shown(text: &str) -> String {
    text.lines().flat_map(|line| [visible(line), "\n".into()]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(hosts: usize, exit_status: i32) -> OutputGroup {
        let hosts = (0..hosts).map(|host| host.to_string()).collect();
        OutputGroup { hosts, exit_status: Some(exit_status), ..OutputGroup::default() }
    }

    #[test]
    fn failures_come_first_and_what_most_said_last() {
        let order: Vec<_> = notable_first(vec![group(9, 0), group(3, 0), group(2, 7), group(1, 0), group(1, 1)])
            .into_iter()
            .map(|(group, is_most)| (group.hosts.len(), group.exit_status, is_most))
            .collect();
        let expected =
            [(1, Some(1), false), (2, Some(7), false), (1, Some(0), false), (3, Some(0), false), (9, Some(0), true)];
        assert_eq!(order, expected);
    }

    #[test]
    fn lines_of_a_difference_are_told_apart() {
        let diff = "--- a\n+++ b\n@@ -1,2 +1,2 @@\n 1\n-2\n+--3\n";
        let kinds: Vec<_> = diff.lines().enumerate().map(|(number, line)| kind_of(number, line)).collect();
        assert_eq!(kinds, [Some("head"), Some("head"), Some("head"), None, Some("removed"), Some("added")]);
    }

    #[test]
    fn what_would_move_a_terminal_is_not_shown() {
        assert_eq!(shown("\u{1b}[31mred\u{1b}[0m\nplain"), "red\nplain\n");
    }
}
