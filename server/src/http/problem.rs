//! What a call that was not carried out answers: RFC 9457, in the reader's language.
//!
//! A handler does not know who reads. It answers a [`Problem`], which waits in the extensions of the
//! response until [`super::render`] writes it in the language of the request.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use launchway_domain::{Fault, FieldError, Lang, Text};
use serde::Serialize;
use utoipa::ToSchema;

/// The media type of RFC 9457.
pub(crate) const PROBLEM_JSON: &str = "application/problem+json";

/// A call that was not carried out.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    /// The HTTP status.
    pub(crate) status: StatusCode,
    /// What went wrong this time and what to do.
    pub(crate) detail: Text,
    /// What is wrong with which field, for bad input.
    pub(crate) errors: Vec<FieldError>,
    /// Seconds after which another try makes sense.
    pub(crate) retry_after: Option<u64>,
}

/// The answer of every handler of the API.
pub(crate) type Result<T> = std::result::Result<T, Problem>;

/// A problem as it is sent.
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct ProblemBody<'a> {
    /// A URI reference that names the kind of problem.
    #[serde(rename = "type")]
    kind: &'a str,
    /// The kind of problem in words.
    title: &'a str,
    /// The HTTP status.
    status: u16,
    /// What went wrong this time and what to do.
    detail: &'a str,
    /// For bad input: what is wrong with which field.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldProblem<'a>>,
}

/// What is wrong with one field.
#[derive(Serialize, ToSchema)]
pub(crate) struct FieldProblem<'a> {
    /// The field's name, with dots for what is nested.
    field: &'a str,
    /// A stable word for scripts.
    code: &'a str,
    /// What to do about it.
    message: &'a str,
}

impl Problem {
    /// A problem without field errors.
    pub(crate) fn new(status: StatusCode, detail: Text) -> Self {
        Self { status, detail, errors: Vec::new(), retry_after: None }
    }

    /// The body is not what the call takes (400).
    pub(crate) fn malformed(detail: Text) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }

    /// Nothing has this address (404).
    pub(crate) fn no_route() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            Text::new(
                "Nothing has this address. /api/v1/openapi.json lists what there is.",
                "没有这个地址。可用的接口见 /api/v1/openapi.json。",
            ),
        )
    }

    /// The problem for a status that arose outside our handlers, such as the router's 405.
    pub(crate) fn of_status(status: StatusCode) -> Self {
        let detail = match status {
            StatusCode::NOT_FOUND => return Self::no_route(),
            StatusCode::METHOD_NOT_ALLOWED => Text::new(
                "This address does not take that method. The Allow header names those it takes.",
                "此地址不支持该方法，可用的方法见 Allow 头。",
            ),
            StatusCode::PAYLOAD_TOO_LARGE => {
                Text::new("The body is too large; 1 MiB is the most.", "请求体太大，最多 1 MiB。")
            }
            StatusCode::UNSUPPORTED_MEDIA_TYPE => {
                Text::new("Send the body as application/json.", "请以 application/json 发送请求体。")
            }
            StatusCode::REQUEST_TIMEOUT => {
                Text::new("The request did not arrive in time. Send it again.", "请求没有及时到达，请重新发送。")
            }
            StatusCode::UNAUTHORIZED => return Fault::Unauthenticated.into(),
            status if status.is_server_error() => Text::new(
                "Something broke inside Launchway. Its log has the cause.",
                "Launchway 内部出错，原因记录在日志中。",
            ),
            _ => Text::new("The request could not be understood.", "无法理解该请求。"),
        };
        Self::new(status, detail)
    }

    /// A defect or a broken database (500): the cause goes to the log under a reference, and the
    /// reference to the reader.
    pub(crate) fn internal(cause: impl std::fmt::Display) -> Self {
        let reference = hex::encode(rand::random::<[u8; 6]>());
        tracing::error!(%reference, "{cause}");
        Fault::Internal { reference }.into()
    }

    /// The JSON in one language.
    pub(crate) fn body(&self, lang: Lang) -> Vec<u8> {
        let title = self.title();
        let body = ProblemBody {
            kind: self.kind(),
            title: title.get(lang),
            status: self.status.as_u16(),
            detail: self.detail.get(lang),
            errors: self
                .errors
                .iter()
                .map(|e| FieldProblem { field: &e.field, code: &e.code, message: e.message.get(lang) })
                .collect(),
        };
        // Strings and numbers only: there is nothing in it that cannot be written as JSON.
        serde_json::to_vec(&body).unwrap_or_default()
    }

    fn kind(&self) -> &'static str {
        match self.status.as_u16() {
            401 => "/problems/unauthenticated",
            403 => "/problems/forbidden",
            404 => "/problems/not-found",
            409 => "/problems/conflict",
            410 => "/problems/gone",
            412 => "/problems/changed",
            422 => "/problems/invalid",
            429 => "/problems/too-many",
            500 => "/problems/internal",
            502 => "/problems/upstream",
            _ => "about:blank",
        }
    }

    fn title(&self) -> Text {
        match self.status.as_u16() {
            400 => Text::new("Bad request", "请求有误"),
            401 => Text::new("Not signed in", "未登录"),
            403 => Text::new("Not allowed", "没有权限"),
            404 => Text::new("Not found", "未找到"),
            405 => Text::new("Method not allowed", "不支持该方法"),
            408 => Text::new("Request timed out", "请求超时"),
            409 => Text::new("Not possible now", "当前状态不允许"),
            410 => Text::new("Removed", "已被清理"),
            412 => Text::new("Changed by somebody else", "已被他人修改"),
            413 => Text::new("Too large", "内容太大"),
            415 => Text::new("Unsupported media type", "不支持的媒体类型"),
            422 => Text::new("Invalid input", "输入有误"),
            426 => Text::new("Upgrade required", "需要升级协议"),
            429 => Text::new("Too many tries", "尝试次数过多"),
            502 => Text::new("Another system failed", "其他系统出错"),
            503 => Text::new("Not ready", "尚未就绪"),
            status if status >= 500 => Text::new("Internal error", "内部错误"),
            _ => Text::new("Request failed", "请求失败"),
        }
    }
}

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        let status = StatusCode::from_u16(fault.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let detail = fault.detail();
        let (errors, retry_after) = match fault {
            Fault::Invalid { errors } | Fault::Conflict { errors, .. } => (errors, None),
            Fault::TooMany { retry_after } => (Vec::new(), Some(retry_after)),
            _ => (Vec::new(), None),
        };
        Self { status, detail, errors, retry_after }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        if self.status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response.extensions_mut().insert(self);
        response
    }
}

/// An answer whose texts are in the reader's language only once it is sent.
#[derive(Clone, Debug)]
pub(crate) struct Told(pub(crate) serde_json::Value);

/// An answer in JSON. Every `Text` in it becomes a plain string in the reader's language.
pub(crate) struct Reply<T>(pub(crate) StatusCode, pub(crate) T);

impl<T: Serialize> Reply<T> {
    /// 200.
    pub(crate) fn ok(body: T) -> Self {
        Self(StatusCode::OK, body)
    }

    /// 201: the thing was made.
    pub(crate) fn created(body: T) -> Self {
        Self(StatusCode::CREATED, body)
    }

    /// 202: what was asked will be done.
    pub(crate) fn accepted(body: T) -> Self {
        Self(StatusCode::ACCEPTED, body)
    }
}

impl<T: Serialize> IntoResponse for Reply<T> {
    fn into_response(self) -> Response {
        match serde_json::to_value(&self.1) {
            Ok(value) => {
                let mut response = self.0.into_response();
                response.extensions_mut().insert(Told(value));
                response
            }
            Err(error) => Problem::internal(error).into_response(),
        }
    }
}

/// Puts one language in the place of every `Text`, which in JSON is an object of `en` and `zh` alone.
fn in_language(value: &mut serde_json::Value, lang: Lang) {
    match value {
        serde_json::Value::Object(map) => {
            let is_text = map.len() == 2
                && map.get("en").is_some_and(serde_json::Value::is_string)
                && map.get("zh").is_some_and(serde_json::Value::is_string);
            if is_text {
                *value = map.remove(lang.code()).unwrap_or_default();
            } else {
                map.values_mut().for_each(|v| in_language(v, lang));
            }
        }
        serde_json::Value::Array(items) => items.iter_mut().for_each(|v| in_language(v, lang)),
        _ => {}
    }
}

/// Writes what waits in the response's extensions, in one language. `api` says whether a bare error
/// status (the router's 404 and 405, say) is to become a problem as well.
pub(crate) fn write(mut response: Response, lang: Lang, api: bool) -> Response {
    if let Some(Told(mut value)) = response.extensions_mut().remove::<Told>() {
        in_language(&mut value, lang);
        return dress(response, Json(value).into_response(), lang);
    }
    let problem = response.extensions_mut().remove::<Problem>().or_else(|| {
        let status = response.status();
        let bare = api && (status.is_client_error() || status.is_server_error());
        bare.then(|| Problem::of_status(status))
    });
    match problem {
        Some(problem) => {
            let body = ([(header::CONTENT_TYPE, PROBLEM_JSON)], problem.body(lang)).into_response();
            dress(response, body, lang)
        }
        None => response,
    }
}

/// The status and headers of one response with the body of another.
fn dress(mut response: Response, told: Response, lang: Lang) -> Response {
    let (parts, body) = told.into_parts();
    *response.body_mut() = body;
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_LENGTH);
    if let Some(content_type) = parts.headers.get(header::CONTENT_TYPE) {
        headers.insert(header::CONTENT_TYPE, content_type.clone());
    }
    headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(lang.tag()));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.append(header::VARY, HeaderValue::from_static("Accept-Language, Cookie"));
    response
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_text_becomes_a_string_wherever_it_is() {
        let mut value = json!({"items": [{"error": {"en": "no", "zh": "不"}, "hooks": {"en": "x"}}]});
        in_language(&mut value, Lang::Zh);
        assert_eq!(value, json!({"items": [{"error": "不", "hooks": {"en": "x"}}]}));
    }

    #[test]
    fn field_errors_are_written_in_the_readers_language() {
        let problem = Problem::from(Fault::field("name", "required", Text::new("Fill this in.", "请填写此项。")));
        let body: serde_json::Value = serde_json::from_slice(&problem.body(Lang::Zh)).unwrap();
        assert_eq!(body["status"], 422);
        assert_eq!(body["errors"][0], json!({"field": "name", "code": "required", "message": "请填写此项。"}));
    }
}
