//! `ETag`, `If-Match` and `If-None-Match`: a thing's version, and calls that mind it.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use launchway_domain::{
    Account, Channel, Credential, Environment, Fault, HookTemplate, Housekeeping, IfVersion, Project, Server, Text,
    Webhook,
};
use serde::Serialize;

use crate::http::problem::{Problem, Reply, Result};

/// So often a patch that names no version begins again where somebody else was faster.
const TRIES: u32 = 10;

/// A thing that has versions.
pub(super) trait Versioned: Serialize {
    /// How often it was written.
    fn version(&self) -> i64;
}

macro_rules! versioned {
    ($($thing:ty),+) => {
        $(impl Versioned for $thing {
            fn version(&self) -> i64 {
                self.version
            }
        })+
    };
}
versioned!(Account, Channel, Credential, Environment, HookTemplate, Housekeeping, Project, Server, Webhook);

/// An answer that names the version in `ETag`.
pub(super) fn tagged(mut response: Response, version: i64) -> Response {
    if let Ok(tag) = HeaderValue::from_str(&format!("\"{version}\"")) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}

/// 200 with a thing and its version.
pub(super) fn whole<T: Versioned>(thing: T) -> Response {
    let version = thing.version();
    tagged(Reply::ok(thing).into_response(), version)
}

/// The versions that a reader has already.
pub(super) struct IfNoneMatch(Option<IfVersion>);

impl IfNoneMatch {
    /// 200 with the thing; 304 where the reader has it.
    pub(super) fn answer<T: Versioned>(self, thing: T) -> Response {
        match self.0 {
            Some(known) if known.allows(thing.version()) => {
                tagged(StatusCode::NOT_MODIFIED.into_response(), thing.version())
            }
            _ => whole(thing),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IfNoneMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        // For reading, a weak tag is as good as a strong one.
        versions(&parts.headers, header::IF_NONE_MATCH, true).map(Self)
    }
}

/// The versions that a writer means.
pub(super) struct IfMatch(Option<IfVersion>);

impl IfMatch {
    /// For a call that needs nothing of the thing but its version.
    pub(super) fn only(self) -> IfVersion {
        self.0.unwrap_or_default()
    }

    /// For a patch.
    pub(super) fn patch(self) -> Patch {
        Patch { given: self.0, tries: TRIES }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        versions(&parts.headers, header::IF_MATCH, false).map(Self)
    }
}

/// A thing that is read, changed and written: of what was read, or begun again.
pub(super) struct Patch {
    given: Option<IfVersion>,
    tries: u32,
}

impl Patch {
    /// The versions for which a form counts that was made from a thing of this one.
    pub(super) fn only(&self, read: i64) -> IfVersion {
        match &self.given {
            // Whatever it is now: but what was read is what the patch was put upon.
            None | Some(IfVersion::Any) => IfVersion::In(vec![read]),
            Some(given) => given.clone(),
        }
    }

    /// Whether to begin again: a patch that names no version is put upon what is there now.
    pub(super) fn again(&mut self, fault: &Fault) -> bool {
        self.tries -= 1;
        matches!((&self.given, fault), (None | Some(IfVersion::Any), Fault::Changed { .. })) && self.tries > 0
    }
}

/// The versions in a header: `*`, or tags with commas between them. A tag that is not ours names none.
///
/// # Errors
/// 400 where it is neither.
fn versions(headers: &HeaderMap, name: HeaderName, weak: bool) -> Result<Option<IfVersion>> {
    let mut found = None;
    for value in headers.get_all(&name) {
        let text = value.to_str().map_err(|_| malformed(&name))?;
        if text.trim() == "*" {
            return Ok(Some(IfVersion::Any));
        }
        let versions = found.get_or_insert_with(Vec::new);
        for tag in text.split(',').map(str::trim).filter(|tag| !tag.is_empty()) {
            let (is_weak, tag) = tag.strip_prefix("W/").map_or((false, tag), |tag| (true, tag));
            let word = tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"')).ok_or_else(|| malformed(&name))?;
            let version = word.parse::<i64>().ok().filter(|version| version.to_string() == word);
            versions.extend(version.filter(|_| weak || !is_weak));
        }
    }
    Ok(found.map(IfVersion::In))
}

fn malformed(name: &HeaderName) -> Problem {
    let Text { en, zh } =
        Text::new("takes tags in quotation marks, as an ETag has them, or *.", "须为带引号的 ETag 值或 *。");
    Problem::malformed(launchway_domain::text!("{name} {en}", "{name} {zh}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(values: &[&'static str], weak: bool) -> Result<Option<IfVersion>> {
        let values = values.iter().map(|value| (header::IF_MATCH, HeaderValue::from_static(value)));
        versions(&values.collect(), header::IF_MATCH, weak)
    }

    #[test]
    fn tags_are_read_as_they_are_sent() {
        assert_eq!(read(&[], false).unwrap(), None);
        assert_eq!(read(&["*"], false).unwrap(), Some(IfVersion::Any));
        assert_eq!(read(&["\"3\""], false).unwrap(), Some(IfVersion::In(vec![3])));
        assert_eq!(read(&["\"3\", \"5\"", "\"x\", \"007\""], false).unwrap(), Some(IfVersion::In(vec![3, 5])));
        assert_eq!(read(&["W/\"3\""], false).unwrap(), Some(IfVersion::In(vec![])));
        assert_eq!(read(&["W/\"3\""], true).unwrap(), Some(IfVersion::In(vec![3])));
        for bad in ["3", "\"3", "W/3", "\"1\" \"2\" x"] {
            assert_eq!(read(&[bad], false).unwrap_err().status, StatusCode::BAD_REQUEST, "{bad}");
        }
    }

    #[test]
    fn a_patch_without_a_version_is_put_upon_what_is_there() {
        let changed = Fault::Changed { detail: Text::verbatim("changed"), version: 4 };
        let mut free = IfMatch(None).patch();
        assert_eq!(free.only(3), IfVersion::In(vec![3]));
        assert!(free.again(&changed) && !free.again(&Fault::Unauthenticated));
        let mut bound = IfMatch(Some(IfVersion::In(vec![3]))).patch();
        assert_eq!(bound.only(4), IfVersion::In(vec![3]));
        assert!(!bound.again(&changed));
        let mut tries = 1;
        while free.again(&changed) {
            tries += 1;
        }
        assert!(tries < 20, "not for ever");
    }
}
