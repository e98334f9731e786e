//! Bodies: a limit on their size, and forms read so that every mistake is named at once.

use std::future::{Future, ready};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures::StreamExt;
use launchway_domain::{Fault, FieldError, Form, Text};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::hooks;
use super::problem::Problem;
use super::strict::Strict;

/// The longest body, in bytes: hooks of 64 KiB each and a key fit well within it.
pub(crate) const MAX_BODY: usize = 1024 * 1024;
/// How much of a body that is too long is still taken in, so that its sender, who writes first and
/// reads afterwards, gets to see the answer.
const MAX_DRAIN: usize = 128 * 1024 * 1024;
/// How long a body may take to arrive.
const ARRIVAL: Duration = Duration::from_secs(30);
/// The most mistakes that one answer names.
const MAX_ERRORS: usize = 50;

/// Middleware: takes the body in whole, so that a handler never waits for it and an answer never
/// overtakes it. Too long is 413, too slow 408.
pub(crate) async fn whole(request: Request, next: Next) -> Response {
    // What follows a CONNECT is a socket and no body; what webhooks take in has a limit of its own.
    if request.method() == Method::CONNECT || hooks::takes_in(&request) {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    match collect(&parts.headers, body, MAX_BODY, || ready(None::<()>)).await {
        Ok((bytes, _)) => next.run(Request::from_parts(parts, Body::from(bytes))).await,
        Err(status) => Problem::of_status(status).into_response(),
    }
}

/// Takes a body in, of `max` bytes at most. Once it turns out to be longer than [`MAX_BODY`], `place` is waited for: what it
/// gives stands for the memory, and where it gives nothing the body is taken in without being kept, and comes out blank.
///
/// # Errors
/// 413 where it is longer than `max`, 408 where it takes too long, 400 where it breaks off.
pub(super) async fn collect<P, F: Future<Output = Option<P>>>(
    headers: &HeaderMap,
    body: Body,
    max: usize,
    place: impl FnOnce() -> F,
) -> Result<(Bytes, Option<P>), StatusCode> {
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse::<u64>().ok());
    // Who asks first has sent nothing yet: then there is nothing to take in.
    if announced.is_some_and(|length| length > max as u64) && headers.contains_key(header::EXPECT) {
        return Err(StatusCode::PAYLOAD_TOO_LARGE);
    }
    let arrived = tokio::time::timeout(ARRIVAL, take_in(body, max, place)).await;
    arrived.unwrap_or(Err(StatusCode::REQUEST_TIMEOUT))
}

async fn take_in<P, F: Future<Output = Option<P>>>(
    body: Body,
    max: usize,
    place: impl FnOnce() -> F,
) -> Result<(Bytes, Option<P>), StatusCode> {
    let mut stream = body.into_data_stream();
    let (mut ask, mut held_by) = (Some(place), None);
    let mut held = Vec::new();
    let mut seen = 0;
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|_| StatusCode::BAD_REQUEST)?;
        seen += chunk.len();
        if seen > MAX_BODY
            && let Some(place) = ask.take()
        {
            held_by = place().await;
        }
        if seen <= MAX_BODY || (seen <= max && held_by.is_some()) {
            held.extend_from_slice(&chunk);
        } else {
            held = Vec::new();
        }
        if seen > MAX_DRAIN {
            break;
        }
    }
    if seen > max { Err(StatusCode::PAYLOAD_TOO_LARGE) } else { Ok((held.into(), held_by)) }
}

/// The body of a call that needs nothing: empty, or `{}`.
pub(crate) struct Nothing;

impl<S: Send + Sync> FromRequest<S> for Nothing {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let (headers, bytes) = take(request, state).await?;
        match object(&headers, &bytes)? {
            Value::Object(map) if map.is_empty() => Ok(Self),
            Value::Object(map) => {
                Err(Fault::Invalid { errors: map.keys().take(MAX_ERRORS).map(|key| unknown(key)).collect() }.into())
            }
            _ => Ok(Self),
        }
    }
}

/// A JSON object that is to become something.
pub(crate) struct Json(pub(crate) Value);

impl<S: Send + Sync> FromRequest<S> for Json {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let (headers, bytes) = take(request, state).await?;
        object(&headers, &bytes).map(Self)
    }
}

impl Json {
    /// A form that is all here.
    ///
    /// # Errors
    /// 422 that names every field that is missing, unknown, of the wrong type or against the rules.
    pub(crate) fn form<T: DeserializeOwned + Serialize + Default + Form>(self) -> Result<T, Problem> {
        read(self.0, T::errors)
    }

    /// Like [`Json::form`], with rules of the caller's.
    ///
    /// # Errors
    /// As there.
    pub(crate) fn form_by<T: DeserializeOwned + Serialize + Default>(
        self,
        rules: impl Fn(&T) -> Vec<FieldError>,
    ) -> Result<T, Problem> {
        read(self.0, rules)
    }

    /// A thing as it was, changed by a merge patch (RFC 7396): absent stays, null takes away.
    ///
    /// # Errors
    /// As for [`Json::form`].
    pub(crate) fn patch<T: DeserializeOwned + Serialize + Default + Form>(&self, was: &T) -> Result<T, Problem> {
        let mut value = serde_json::to_value(was).map_err(Problem::internal)?;
        json_patch::merge(&mut value, &self.0);
        read(value, T::errors)
    }

    /// The one field of a small body.
    ///
    /// # Errors
    /// 422 where it is missing, no string or blank, or where there are others.
    pub(crate) fn only_text(self, field: &str) -> Result<String, Problem> {
        let mut errors = Vec::new();
        let mut found = None;
        if let Value::Object(map) = self.0 {
            for (key, value) in map {
                match value {
                    Value::String(text) if key == field && !text.trim().is_empty() => found = Some(text),
                    Value::String(_) if key == field => {}
                    _ if key == field => errors.push(wrong_type(field)),
                    _ => errors.push(unknown(&key)),
                }
            }
        }
        match found {
            Some(text) if errors.is_empty() => Ok(text),
            None if errors.iter().all(|e| e.field != field) => {
                errors.push(required(field));
                Err(Fault::Invalid { errors }.into())
            }
            _ => Err(Fault::Invalid { errors }.into()),
        }
    }
}

async fn take<S: Send + Sync>(request: Request, state: &S) -> Result<(HeaderMap, Bytes), Problem> {
    let headers = request.headers().clone();
    let bytes = Bytes::from_request(request, state).await.map_err(|e| Problem::of_status(e.status()))?;
    Ok((headers, bytes))
}

/// The object in a body; an empty body is one without fields.
fn object(headers: &HeaderMap, bytes: &[u8]) -> Result<Value, Problem> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Ok(Value::Object(serde_json::Map::new()));
    }
    // Who does not say what it is means JSON: nothing else is spoken here.
    if let Some(kind) = headers.get(header::CONTENT_TYPE) {
        let essence =
            kind.to_str().unwrap_or_default().split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        if essence != "application/json" && !(essence.starts_with("application/") && essence.ends_with("+json")) {
            return Err(Problem::of_status(StatusCode::UNSUPPORTED_MEDIA_TYPE));
        }
    }
    match serde_json::from_slice::<Value>(bytes) {
        Ok(value @ Value::Object(_)) => Ok(value),
        Ok(_) => Err(Problem::malformed(Text::new("The body has to be a JSON object.", "请求体必须是 JSON 对象。"))),
        Err(error) => {
            let (line, column) = (error.line(), error.column());
            Err(Problem::malformed(launchway_domain::text!(
                "The body is not JSON that can be read: look at line {line}, column {column}.",
                "请求体不是可读取的 JSON：请检查第 {line} 行第 {column} 列。"
            )))
        }
    }
}

fn required(field: &str) -> FieldError {
    FieldError::new(field, "required", Text::new("Fill this in.", "请填写此项。"))
}

fn unknown(field: &str) -> FieldError {
    FieldError::new(field, "unknown", Text::new("There is no such field. Take it out.", "没有这个字段，请去掉。"))
}

fn wrong_type(field: &str) -> FieldError {
    FieldError::new(
        field,
        "type",
        Text::new("This is not the kind of value that belongs here.", "此处的值类型不正确。"),
    )
}

/// Reads a form. serde stops at the first mistake, people want to know all of them: each is noted,
/// repaired with what an empty form has there, and the reading begins again.
fn read<T: DeserializeOwned + Serialize + Default>(
    mut value: Value,
    rules: impl Fn(&T) -> Vec<FieldError>,
) -> Result<T, Problem> {
    let blank = serde_json::to_value(T::default()).map_err(Problem::internal)?;
    let mut errors = straighten(&mut value, &blank);
    let form = loop {
        // By value: serde_json's own errors have no path for what is read from a tree.
        match serde_path_to_error::deserialize::<_, T>(Strict(value.clone())) {
            Ok(form) => break Some(form),
            Err(_) if errors.len() >= MAX_ERRORS => break None,
            Err(error) => {
                let (path, error) = mistake(&error);
                let repaired = repair(&mut value, &blank, &path, error.code == "unknown");
                errors.push(error);
                if !repaired {
                    break None;
                }
            }
        }
    };
    if let Some(form) = form {
        // A field that serde refused holds a repair, whose rules are nobody's business.
        let ruled = rules(&form).into_iter().filter(|e| errors.iter().all(|had| !stands_at(e, &had.field)));
        let ruled: Vec<_> = ruled.collect();
        errors.extend(ruled);
        if errors.is_empty() {
            return Ok(form);
        }
    }
    Err(Fault::Invalid { errors }.into())
}

/// Whether a mistake is at a field or within it.
fn stands_at(error: &FieldError, field: &str) -> bool {
    error.field.strip_prefix(field).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// Notes and repairs what serde would let pass: an object for the name of a variant.
fn straighten(value: &mut Value, blank: &Value) -> Vec<FieldError> {
    fn walk(value: &mut Value, blank: &Value, path: &str, errors: &mut Vec<FieldError>) {
        let (Value::Object(fields), Value::Object(blanks)) = (value, blank) else { return };
        for (key, field) in fields {
            let Some(blank) = blanks.get(key) else { continue };
            let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            if matches!((&*field, blank), (Value::Object(_), Value::String(_))) {
                errors.push(wrong_type(&path));
                *field = blank.clone();
            } else {
                walk(field, blank, &path, errors);
            }
        }
    }
    let mut errors = Vec::new();
    walk(value, blank, "", &mut errors);
    errors
}

/// Where a mistake is and what it is. serde says the name of a missing or unknown field in words only.
fn mistake(error: &serde_path_to_error::Error<serde_json::Error>) -> (Vec<String>, FieldError) {
    use serde_path_to_error::Segment;
    let mut path: Vec<String> = error
        .path()
        .iter()
        .filter_map(|segment| match segment {
            Segment::Seq { index } => Some(index.to_string()),
            Segment::Map { key } => Some(key.clone()),
            Segment::Enum { variant } => Some(variant.clone()),
            Segment::Unknown => None,
        })
        .collect();
    let message = error.inner().to_string();
    let quoted = |after: &str| message.strip_prefix(after)?.split('`').next().map(str::to_owned);
    let name = |path: &[String]| path.join(".");
    if let Some(field) = quoted("missing field `") {
        path.push(field);
        let error = required(&name(&path));
        return (path, error);
    }
    if let Some(field) = quoted("unknown field `") {
        if path.last() != Some(&field) {
            path.push(field);
        }
        let error = unknown(&name(&path));
        return (path, error);
    }
    let error = wrong_type(&name(&path));
    (path, error)
}

/// Puts the blank form's value in the place of a mistake, or takes an unknown field out. False where
/// that is not possible.
fn repair(value: &mut Value, blank: &Value, path: &[String], take_out: bool) -> bool {
    let Some((last, parents)) = path.split_last() else { return false };
    let pointer = |path: &[String]| {
        path.iter().map(|p| format!("/{}", p.replace('~', "~0").replace('/', "~1"))).collect::<String>()
    };
    let instead = blank.pointer(&pointer(path)).cloned();
    match value.pointer_mut(&pointer(parents)) {
        Some(Value::Object(map)) if take_out => map.remove(last).is_some(),
        Some(Value::Object(map)) => match instead {
            Some(instead) => map.insert(last.clone(), instead.clone()) != Some(instead),
            None => map.remove(last).is_some(),
        },
        Some(Value::Array(items)) => match last.parse::<usize>() {
            Ok(index) if index < items.len() => {
                items.remove(index);
                true
            }
            _ => false,
        },
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use launchway_domain::{EnvironmentForm, ReleaseForm, ServerForm};
    use serde_json::json;

    use super::*;

    fn wrong<T: DeserializeOwned + Serialize + Default + Form + std::fmt::Debug>(
        value: Value,
    ) -> Vec<(String, String)> {
        let problem = Json(value).form::<T>().unwrap_err();
        let mut found: Vec<_> = problem.errors.into_iter().map(|e| (e.field, e.code)).collect();
        found.sort();
        found
    }

    fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
        expected.iter().map(|(f, c)| ((*f).to_owned(), (*c).to_owned())).collect()
    }

    #[test]
    fn every_mistake_is_named_at_once() {
        assert_eq!(
            wrong::<ServerForm>(json!({"hostname": "a b", "port": "x", "colour": 1, "tags": ["a", 2]})),
            pairs(&[
                ("address", "required"),
                ("colour", "unknown"),
                ("credential_id", "required"),
                ("hostname", "hostname"),
                ("port", "type"),
                ("tags.1", "type"),
            ])
        );
    }

    #[test]
    fn what_is_nested_has_a_dotted_name() {
        assert_eq!(
            wrong::<ReleaseForm>(json!({
                "project_id": 1, "environment_id": 1, "ref": {"kind": "tree"}, "hooks": {"after_lunch": "x"}
            })),
            pairs(&[("hooks.after_lunch", "unknown"), ("ref.kind", "type"), ("ref.name", "required")])
        );
    }

    #[test]
    fn a_list_is_no_struct_and_an_object_no_name() {
        let ids = json!({"project_id": 1, "environment_id": 1, "hooks": []});
        let with = |git_ref: Value| {
            let mut value = ids.clone();
            value["ref"] = git_ref;
            value
        };
        assert_eq!(wrong::<ReleaseForm>(with(json!(["tag", "v1"]))), pairs(&[("hooks", "type"), ("ref", "type")]));
        assert_eq!(
            wrong::<ReleaseForm>(with(json!({"kind": {"tag": null}, "name": "v1"}))),
            pairs(&[("hooks", "type"), ("ref.kind", "type")])
        );
    }

    #[test]
    fn an_empty_list_is_not_a_struct_that_says_nothing() {
        let release = |start: Value| {
            let git_ref = json!({"kind": "tag", "name": "v1"});
            json!({"project_id": 1, "environment_id": 1, "ref": git_ref, "start": start})
        };
        assert_eq!(wrong::<ReleaseForm>(release(json!([]))), pairs(&[("start", "type")]));
        assert!(Json(release(json!({}))).form::<ReleaseForm>().unwrap().start.is_some());
        let was = EnvironmentForm { name: "live".into(), path: "/srv/x".into(), ..Default::default() };
        for (policy, field) in [
            (json!([]), "policy"),
            (json!({"calendar": []}), "policy.calendar"),
            (json!({"rollout": []}), "policy.rollout"),
            (json!({"rules": []}), "policy.rules"),
            (json!({"takes": []}), "policy.takes"),
            (json!({"calendar": {"weekly": [[]]}}), "policy.calendar.weekly.0"),
        ] {
            let refused = Json(json!({"policy": policy})).patch(&was).unwrap_err();
            let found: Vec<_> = refused.errors.iter().map(|e| (e.field.as_str(), e.code.as_str())).collect();
            assert_eq!(found, [(field, "type")]);
        }
    }

    #[test]
    fn a_patch_changes_what_it_names() {
        let was = EnvironmentForm {
            name: "live".into(),
            path: "/srv/x".into(),
            package_root: Some("dist".into()),
            keep: Some(3),
            ..Default::default()
        };
        let form = Json(json!({"path": "/srv/y", "package_root": null})).patch(&was).unwrap();
        assert_eq!(form, EnvironmentForm { path: "/srv/y".into(), package_root: None, ..was });
    }

    #[test]
    fn one_text() {
        assert_eq!(Json(json!({"fingerprint": "SHA256:x"})).only_text("fingerprint").unwrap(), "SHA256:x");
        for (body, code) in [(json!({}), "required"), (json!({"fingerprint": 7}), "type")] {
            assert_eq!(Json(body).only_text("fingerprint").unwrap_err().errors[0].code, code);
        }
    }
}
