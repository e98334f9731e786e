//! How outputs of one script differ from that of most servers.

use std::time::Duration;

use launchway_domain::OutputGroup;
use similar::TextDiff;

/// How long one comparison may take; what is not found by then is told as replaced.
const PATIENCE: Duration = Duration::from_millis(300);
/// The longest difference that is kept, in bytes.
const MAX_DIFF: usize = 64 * 1024;

/// Writes into every group but the first how its output differs from that of the first.
pub fn compare(groups: &mut [OutputGroup]) {
    let Some((most, others)) = groups.split_first_mut() else { return };
    for other in others {
        other.diff = Some(diff(&most.output, &other.output, name(most), name(other)));
    }
}

fn name(group: &OutputGroup) -> &str {
    group.hosts.first().map(String::as_str).unwrap_or_default()
}

/// A unified diff of two outputs, of at most 64 KiB, headed by whose they are; empty where the texts are the same (and only the exit status differs).
pub fn diff(before: &str, after: &str, before_name: &str, after_name: &str) -> String {
    let compared = TextDiff::configure().timeout(PATIENCE).diff_lines(before, after);
    let mut text = compared.unified_diff().context_radius(3).header(before_name, after_name).to_string();
    if text.len() > MAX_DIFF {
        let end = (0..=MAX_DIFF).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        text.truncate(end);
        text.push_str("\n…\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_others_are_held_against_the_largest_group() {
        let outcome = |host: &str, output: &str| (host.to_owned(), Some(0), output.to_owned());
        let mut groups = OutputGroup::of([outcome("a", "1\n2\n"), outcome("b", "1\n3\n"), outcome("c", "1\n2\n")]);
        compare(&mut groups);
        assert_eq!(groups[0].diff, None);
        assert_eq!(groups[1].diff.as_deref(), Some("--- a\n+++ b\n@@ -1,2 +1,2 @@\n 1\n-2\n+3\n"));
    }

    #[test]
    fn a_long_difference_is_cut_between_characters() {
        let long: String = (0..40_000).map(|line| format!("行{line}\n")).collect();
        let text = diff("", &long, "a", "b");
        assert!(text.len() <= MAX_DIFF + 8 && text.ends_with("…\n"));
    }
}
