//! Answers on standard output: tables for people, JSON for programs.

use console::{Alignment, measure_text_width, pad_str, style};
use launchway_domain::{Check, Text, Timestamp, text};
use serde_json::Value;

use super::follow::clean;
use super::trouble::{Outcome, Trouble};
use crate::cli::say;

/// One JSON document.
pub(super) fn json(value: &Value) {
    say::out(&format!("{value:#}"));
}

/// A table; a sentence where it has no rows.
pub(super) fn table(headers: &[Text], rows: &[Vec<String>], none: &Text) {
    if rows.is_empty() {
        say::line(none);
        return;
    }
    for line in aligned(headers, rows) {
        say::out(&line);
    }
}

fn aligned(headers: &[Text], rows: &[Vec<String>]) -> Vec<String> {
    let head: Vec<String> = headers.iter().map(|header| header.get(say::lang()).to_owned()).collect();
    let rows: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(|cell| clean(cell)).collect()).collect();
    let mut widths = vec![0; head.len()];
    for row in rows.iter().chain([&head]) {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(measure_text_width(cell));
        }
    }
    let line = |row: &[String]| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| pad_str(cell, *width, Alignment::Left, None));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    let mut lines = vec![style(line(&head)).bold().to_string()];
    lines.extend(rows.iter().map(|row| line(row)));
    lines
}

/// What is known of one thing, a line each; what is blank is left out.
pub(super) fn details(pairs: &[(Text, String)]) {
    let lang = say::lang();
    let wide = pairs.iter().map(|(name, _)| measure_text_width(name.get(lang))).max().unwrap_or(0);
    for (name, value) in pairs.iter().filter(|(_, value)| !value.is_empty()) {
        let name = pad_str(name.get(lang), wide, Alignment::Left, None);
        say::out(&format!("{}  {}", style(name).bold(), clean(value)));
    }
}

/// A point in time, to the second.
pub(super) fn time(at: Timestamp) -> String {
    let text = at.rfc3339();
    format!("{} {}Z", &text[..10], &text[11..19])
}

/// What a check found. One that is not well is a failure: scripts go on only after a good one.
///
/// # Errors
/// Where it is not well; everything is said then.
pub(super) fn check(is_json: bool, document: &Value, check: &Check, pin: &str) -> Outcome<()> {
    if is_json {
        json(document);
    } else {
        for line in check_lines(check, pin) {
            say::line(&line);
        }
    }
    if check.ok { Ok(()) } else { Err(Trouble::Ended(super::trouble::FAILED)) }
}

fn check_lines(check: &Check, pin: &str) -> Vec<Text> {
    let mut lines = Vec::new();
    let latency = check.latency_ms;
    if check.ok {
        lines.push(text!("Good ({latency} ms).", "正常（{latency} 毫秒）。"));
    }
    if let Some(error) = &check.error {
        lines.push(error.clone());
    }
    for server in &check.servers {
        let (name, latency) = (clean(&server.hostname), server.check.latency_ms);
        lines.push(match &server.check.error {
            Some(error) => text!("{name}: {}", "{name}：{}"; error),
            None if server.check.ok => text!("{name}: good ({latency} ms)", "{name}：正常（{latency} 毫秒）"),
            None => text!("{name}: not good", "{name}：异常"),
        });
    }
    if let (Some(key), false) = (&check.host_key, check.pinned) {
        let key = clean(key);
        lines.push(text!(
            "Host key: {key}. Compare it with that of the host itself; where they are the same: launchway {pin} {key}",
            "主机密钥：{key}。请与主机上的密钥核对，一致后执行：launchway {pin} {key}"
        ));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_what_is_in_them() {
        let headers = [Text::verbatim("ID"), Text::verbatim("TITLE"), Text::verbatim("X")];
        let rows =
            [vec!["7".into(), "商店".into(), "a".into()], vec!["10".into(), "shop\u{1b}[31m".into(), "b".into()]];
        let lines: Vec<_> =
            aligned(&headers, &rows).iter().map(|l| console::strip_ansi_codes(l).into_owned()).collect();
        assert_eq!(lines, ["ID  TITLE  X", "7   商店   a", "10  shop   b"]);
    }

    #[test]
    fn an_unpinned_key_says_how_to_pin_it() {
        let check = Check { host_key: Some("SHA256:abc".into()), ..Check::default() };
        let lines = check_lines(&check, "servers pin web-1");
        assert!(lines[0].en.ends_with("launchway servers pin web-1 SHA256:abc"), "{lines:?}");
        assert!(check_lines(&Check { ok: true, pinned: true, ..check }, "x")[0].en.starts_with("Good"));
    }
}
