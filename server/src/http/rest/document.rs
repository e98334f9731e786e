//! The description of the API: generated from the handlers, and held against what is asked.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use axum::Extension;
use axum::extract::{MatchedPath, Request};
use axum::http::header;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use launchway_domain::{Fault, FieldError, ServerCheck, Text};
use utoipa::openapi::path::{Operation, ParameterIn};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Object, RefOr, Schema, Type};
use utoipa::{Modify, OpenApi};

use super::{examples, rules};
use crate::http::problem::{Problem, ProblemBody};
use crate::http::session;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Launchway",
        description = "Release code from a Git ref to servers. Times are RFC 3339 in UTC, ids integers. Errors are \
                       application/problem+json (RFC 9457), in the language of Accept-Language or of the `lang` cookie."
    ),
    components(schemas(ProblemBody, ServerCheck)),
    modifiers(&Finish),
    security(("token" = []), ("session" = []))
)]
pub(super) struct Api;

/// What the handlers' annotations cannot say.
struct Finish;

impl Modify for Finish {
    fn modify(&self, api: &mut utoipa::openapi::OpenApi) {
        let components = api.components.get_or_insert_default();
        let token = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("Made by `launchway token create`."))
            .build();
        components.add_security_scheme("token", SecurityScheme::Http(token));
        components
            .add_security_scheme("session", SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new(session::COOKIE))));
    }
}

/// The finished description.
#[derive(Clone)]
pub(super) struct Document {
    /// As it is sent: it is the same for everybody.
    json: Bytes,
    /// The parameters in the query that a route knows, by its address and method.
    parameters: Arc<HashMap<(String, String), HashSet<String>>>,
}

impl Document {
    pub(super) fn new(mut api: utoipa::openapi::OpenApi) -> Self {
        if let Some(components) = &mut api.components {
            // Over REST a text is a string in the reader's language.
            let mut text = Object::with_type(Type::String);
            text.description = Some("A sentence in the reader's language.".into());
            components.schemas.insert("Text".into(), RefOr::T(Schema::Object(text)));
        }
        let mut parameters = HashMap::new();
        for (path, item) in &mut api.paths.paths {
            for (method, operation) in operations(item) {
                parameters.insert((path.clone(), method.to_owned()), query(operation));
            }
        }
        let mut document = serde_json::to_value(&api).unwrap_or_default();
        rules::add(&mut document);
        examples::add(&mut document);
        Self { json: document.to_string().into(), parameters: Arc::new(parameters) }
    }
}

#[cfg(test)]
impl Document {
    /// Every address that is described, sorted.
    pub(super) fn addresses(&self) -> Vec<String> {
        let mut addresses: Vec<String> = self.parameters.keys().map(|(path, _)| path.clone()).collect();
        addresses.sort();
        addresses.dedup();
        addresses
    }
}

/// What can be done at an address, with the method's name in capitals.
pub(super) fn operations(item: &mut utoipa::openapi::PathItem) -> impl Iterator<Item = (&'static str, &mut Operation)> {
    [
        ("GET", item.get.as_mut()),
        ("POST", item.post.as_mut()),
        ("PATCH", item.patch.as_mut()),
        ("PUT", item.put.as_mut()),
        ("DELETE", item.delete.as_mut()),
    ]
    .into_iter()
    .filter_map(|(method, operation)| Some((method, operation?)))
}

fn query(operation: &Operation) -> HashSet<String> {
    let parameters = operation.parameters.iter().flatten().filter_map(|one| match one {
        RefOr::T(parameter) => Some(parameter),
        RefOr::Ref(_) => None,
    });
    parameters.filter(|one| one.parameter_in == ParameterIn::Query).map(|one| one.name.clone()).collect()
}

/// This description: OpenAPI 3.1, generated from the handlers.
#[utoipa::path(get, path = "/openapi.json", tag = "description", responses((status = 200, body = Object)))]
pub(super) async fn document(Extension(document): Extension<Document>) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], document.json).into_response()
}

/// Middleware on routes: refuses parameters in the query that the description of the route does not have.
pub(super) async fn known_parameters(
    Extension(document): Extension<Document>,
    request: Request,
    next: Next,
) -> Response {
    match unknown_parameters(&document, &request) {
        errors if errors.is_empty() => next.run(request).await,
        errors => Problem::from(Fault::Invalid { errors }).into_response(),
    }
}

fn unknown_parameters(document: &Document, request: &Request) -> Vec<FieldError> {
    /// So many are named.
    const MOST: usize = 20;
    let Some(query) = request.uri().query().filter(|query| !query.is_empty()) else { return Vec::new() };
    let Some(path) = request.extensions().get::<MatchedPath>() else { return Vec::new() };
    let method = match request.method().as_str() {
        "HEAD" => "GET",
        method => method,
    };
    let Some(known) = document.parameters.get(&(path.as_str().to_owned(), method.to_owned())) else {
        return Vec::new();
    };
    let mut unknown: Vec<String> = url::form_urlencoded::parse(query.as_bytes())
        .map(|(name, _)| name.into_owned())
        .filter(|name| !known.contains(name))
        .collect();
    unknown.sort();
    unknown.dedup();
    unknown.truncate(MOST);
    let message = Text::new("There is no such parameter. Take it out.", "没有这个参数，请去掉。");
    unknown.into_iter().map(|name| FieldError::new(name, "unknown", message.clone())).collect()
}
