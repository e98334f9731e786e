//! What is true of all calls, put into the description of each: the headers that they take, and how they refuse.

use serde_json::{Value, json};

use super::BASE;

/// The methods that we take.
const METHODS: [&str; 5] = ["get", "post", "patch", "put", "delete"];

/// Completes a description.
pub(super) fn add(document: &mut Value) {
    let schemas = document["components"]["schemas"].clone();
    for (path, item) in document["paths"].as_object_mut().into_iter().flatten() {
        let has_versions = item.get("patch").is_some_and(|patch| is_versioned(patch, &schemas));
        for method in METHODS {
            if let Some(operation) = item.get_mut(method) {
                complete(operation, method, path, has_versions);
            }
        }
    }
}

/// Whether what a call answers has a version.
fn is_versioned(operation: &Value, schemas: &Value) -> bool {
    let reference = &operation["responses"]["200"]["content"]["application/json"]["schema"]["$ref"];
    let name = reference.as_str().and_then(|reference| reference.rsplit('/').next());
    name.is_some_and(|name| !schemas[name]["properties"]["version"].is_null())
}

fn complete(operation: &mut Value, method: &str, path: &str, has_versions: bool) {
    operation["operationId"] = json!(operation_id(method, path));
    // Those that need no sign-in refuse nobody.
    if operation["security"] == json!([{}]) {
        return;
    }
    refusal(operation, 401, "Nobody is signed in, or the token is nobody's.");
    if path.starts_with(BASE) {
        refusal(operation, 403, "This is not allowed for who asks.");
        refusal(operation, 422, "Fields or parameters are unknown, missing or wrong; each is named.");
        let wait = json!({"Retry-After": {"description": "Seconds to wait", "schema": {"type": "integer"}}});
        refusal(operation, 429, "Too many calls at once.")["headers"] = wait;
    }
    if path.contains("{id}") {
        refusal(operation, 404, "There is no such thing, or none that who asks may see.");
    }
    if method == "post" {
        header(
            operation,
            "Idempotency-Key",
            "1 to 255 visible ASCII characters that name this call. Sent again with the \
            same key and body within 24 hours, it is answered as it was the first time and does nothing.",
        );
        refusal(operation, 400, "The body is no JSON, or the Idempotency-Key is none.");
        refusal(
            operation,
            409,
            "The state does not allow it; or a call with this Idempotency-Key is being carried out.",
        );
    }
    if !has_versions {
        return;
    }
    match method {
        "get" => {
            header(operation, "If-None-Match", "The `ETag` of what is there already: 304 where it is still that.");
            operation["responses"]["304"] = json!({"description": "It is still what the reader has."});
            tag(operation);
        }
        "patch" | "delete" => {
            header(
                operation,
                "If-Match",
                "The `ETag` of what was read, several with commas between them, or `*`: 412 \
                where somebody changed it since. Without it, whatever is there is changed.",
            );
            refusal(operation, 412, "Somebody changed it since.");
            refusal(operation, 400, "The body is no JSON, or If-Match holds no tags.");
            if method == "patch" {
                tag(operation);
            }
        }
        _ => {}
    }
}

/// Unique, and the same for as long as method and address are.
fn operation_id(method: &str, path: &str) -> String {
    let words = path.trim_start_matches(BASE).split(['/', '-', '.', '_']).filter(|word| !word.is_empty());
    let words = words.map(|word| word.trim_matches(['{', '}']));
    std::iter::once(method).chain(words).collect::<Vec<_>>().join("_")
}

fn header(operation: &mut Value, name: &str, description: &str) {
    let header = json!({"name": name, "in": "header", "required": false, "description": description,
        "schema": {"type": "string"}});
    match operation.get_mut("parameters").and_then(Value::as_array_mut) {
        Some(parameters) => parameters.push(header),
        None => operation["parameters"] = json!([header]),
    }
}

/// How a call may be refused; what its own annotation says of the status counts first.
fn refusal<'a>(operation: &'a mut Value, status: u16, description: &str) -> &'a mut Value {
    let response = &mut operation["responses"][status.to_string()];
    if response.is_null() {
        *response = json!({
            "description": description,
            "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
        });
    } else if response["description"] == "" {
        response["description"] = json!(description);
    }
    response
}

fn tag(operation: &mut Value) {
    operation["responses"]["200"]["headers"]["ETag"] =
        json!({"description": "Its version, in quotation marks", "schema": {"type": "string"}});
}
