//! What says that a server is well after the switch.

use garde::{Error, Validate};
use serde::{Deserialize, Serialize};

use crate::word::words;

/// The longest address or command, in bytes.
const MAX_TEXT: usize = 2_000;
/// The longest pause between two tries, and the longest try, in seconds.
const MAX_SECONDS: i64 = 600;
/// How often it may be tried.
const MAX_TRIES: i64 = 100;

/// What an address may name, in braces.
pub const PLACEHOLDERS: [&str; 6] = ["hostname", "address", "port", "environment", "release", "commit"];

words! {
    /// How a server is asked whether it is well.
    HealthKind {
        /// An HTTP(S) address, called from the Launchway host.
        Http: "http", "HTTP(S) address", "HTTP(S) 地址";
        /// A TCP port of the server, connected to from the Launchway host.
        Tcp: "tcp", "TCP port", "TCP 端口";
        /// A command on the server.
        Command: "command", "command on the server", "服务器上的命令";
    }
}

/// What says that a server is well after the switch. A server that is not well in the last try has failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Validate)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = HealthGate))]
#[serde(default, deny_unknown_fields)]
pub struct Health {
    /// How it is asked.
    #[garde(skip)]
    pub kind: HealthKind,
    /// Of `http`: the address, called with GET; redirects are not followed. `{hostname}`, `{address}`, `{port}` (of SSH),
    /// `{environment}`, `{release}` and `{commit}` stand for those of the server and the release.
    #[garde(custom(good_url(self.kind)))]
    pub url: Option<String>,
    /// Of `tcp`: the port, 1 to 65535.
    #[garde(custom(good_port(self.kind)))]
    pub port: Option<i64>,
    /// Of `command`: what a shell on the server runs, in the folder that `current` names.
    #[garde(custom(good_command(self.kind)))]
    pub command: Option<String>,
    /// The HTTP status, or the command's exit status, of a server that is well; 200 and 0 where absent.
    #[garde(custom(good_status(self.kind)))]
    pub status: Option<i64>,
    /// The pause between two tries, in seconds.
    #[garde(custom(good_seconds(0)))]
    pub interval_seconds: i64,
    /// How often it is tried until the server has failed.
    #[garde(custom(good_tries))]
    pub tries: i64,
    /// How long one try may take, in seconds.
    #[garde(custom(good_seconds(1)))]
    pub timeout_seconds: i64,
}

impl Default for Health {
    fn default() -> Self {
        Self {
            kind: HealthKind::Http,
            url: None,
            port: None,
            command: None,
            status: None,
            interval_seconds: 5,
            tries: 6,
            timeout_seconds: 5,
        }
    }
}

impl Health {
    /// The status of a server that is well.
    pub fn expected(&self) -> i64 {
        self.status.unwrap_or(match self.kind {
            HealthKind::Http => 200,
            HealthKind::Tcp | HealthKind::Command => 0,
        })
    }
}

/// Puts values in the places of `{name}`. A name that is not among them stays as it stands.
pub fn fill(text: &str, values: &[(&str, &str)]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    // From left to right, so that a value with braces in it is not filled again.
    while let Some(open) = rest.find('{') {
        let (before, from) = rest.split_at(open);
        out.push_str(before);
        let known = from[1..].split_once('}').and_then(|(name, after)| {
            values.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value, after))
        });
        match known {
            Some((value, after)) => {
                out.push_str(value);
                rest = after;
            }
            None => {
                out.push('{');
                rest = &from[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

fn fail(code: &str) -> garde::Result {
    Err(Error::new(code))
}

fn given(value: &Option<String>) -> Option<&str> {
    value.as_deref().map(str::trim).filter(|text| !text.is_empty())
}

fn good_url(kind: HealthKind) -> impl Fn(&Option<String>, &()) -> garde::Result {
    move |value, _| {
        let text = match given(value) {
            None if kind == HealthKind::Http => return fail("required"),
            None => return Ok(()),
            Some(text) => text,
        };
        if text.len() > MAX_TEXT {
            return fail("too_long");
        }
        if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return fail("url");
        }
        // Filled in, nothing of the braces may be left, and it has to be an address.
        let filled = fill(text, &PLACEHOLDERS.map(|name| (name, "1")));
        if filled.contains(['{', '}']) {
            return fail("health_placeholder");
        }
        let Some(rest) = filled.strip_prefix("https://").or_else(|| filled.strip_prefix("http://")) else {
            return fail("url");
        };
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        if authority.contains('@') {
            return fail("health_password");
        }
        // An address of IPv6 has colons of its own, in brackets.
        let after = authority.rsplit_once(']').map_or(authority, |(_, after)| after);
        let port_is_good = match after.split_once(':') {
            Some((_, port)) => port.parse::<u16>().is_ok_and(|port| port > 0),
            None => true,
        };
        let has_host = !authority.is_empty() && !authority.starts_with(':');
        if has_host && port_is_good { Ok(()) } else { fail("url") }
    }
}

fn good_port(kind: HealthKind) -> impl Fn(&Option<i64>, &()) -> garde::Result {
    move |value, _| match value {
        None if kind == HealthKind::Tcp => fail("required"),
        Some(port) if !(1..=65_535).contains(port) => fail("port"),
        _ => Ok(()),
    }
}

fn good_command(kind: HealthKind) -> impl Fn(&Option<String>, &()) -> garde::Result {
    move |value, _| match given(value) {
        None if kind == HealthKind::Command => fail("required"),
        Some(text) if text.len() > MAX_TEXT => fail("too_long"),
        Some(text) if text.contains('\0') => fail("nul"),
        _ => Ok(()),
    }
}

fn good_status(kind: HealthKind) -> impl Fn(&Option<i64>, &()) -> garde::Result {
    move |value, _| match (kind, value) {
        (HealthKind::Http, Some(status)) if !(100..=599).contains(status) => fail("http_status"),
        (HealthKind::Command, Some(status)) if !(0..=255).contains(status) => fail("exit_status"),
        _ => Ok(()),
    }
}

fn good_seconds(least: i64) -> impl Fn(&i64, &()) -> garde::Result {
    move |value, _| if (least..=MAX_SECONDS).contains(value) { Ok(()) } else { fail("health_seconds") }
}

fn good_tries(value: &i64, _: &()) -> garde::Result {
    if (1..=MAX_TRIES).contains(value) { Ok(()) } else { fail("health_tries") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_filled_once_and_from_left_to_right() {
        let values = [("hostname", "web-{port}"), ("port", "22")];
        assert_eq!(fill("http://{hostname}:{port}/{other}/{", &values), "http://web-{port}:22/{other}/{");
    }

    fn codes(health: &Health) -> Vec<String> {
        health.validate().err().map_or_else(Vec::new, |report| {
            report.iter().map(|(path, error)| format!("{path} {}", error.message())).collect()
        })
    }

    #[test]
    fn what_is_not_a_gate_says_why() {
        let http = |url: &str| Health { url: Some(url.into()), ..Health::default() };
        for (url, expected) in [
            ("http://{address}:8080/healthz?v={release}", None),
            ("https://[::1]:8443/", None),
            ("https://{hostname}.example.com", None),
            ("", Some("url required")),
            ("ftp://host/", Some("url url")),
            ("http://", Some("url url")),
            ("http://:80/", Some("url url")),
            ("http://host:0/", Some("url url")),
            ("http://host:99999/", Some("url url")),
            ("http://a b/", Some("url url")),
            ("http://{host}/", Some("url health_placeholder")),
            ("http://me:pw@host/", Some("url health_password")),
        ] {
            assert_eq!(codes(&http(url)), expected.map(str::to_owned).into_iter().collect::<Vec<_>>(), "{url}");
        }
        let good = http("http://host/");
        for (health, expected) in [
            (Health { status: Some(99), ..good.clone() }, "status http_status"),
            (Health { tries: 0, ..good.clone() }, "tries health_tries"),
            (Health { timeout_seconds: 0, ..good.clone() }, "timeout_seconds health_seconds"),
            (Health { interval_seconds: 601, ..good.clone() }, "interval_seconds health_seconds"),
            (Health { kind: HealthKind::Tcp, ..good.clone() }, "port required"),
            (Health { kind: HealthKind::Tcp, port: Some(65_536), ..good.clone() }, "port port"),
            (Health { kind: HealthKind::Command, command: Some(" ".into()), ..good.clone() }, "command required"),
            (
                Health { kind: HealthKind::Command, command: Some("x".into()), status: Some(256), ..good },
                "status exit_status",
            ),
        ] {
            assert_eq!(codes(&health), [expected]);
        }
    }
}
