//! The examples in the description. A test sends each to the real router, in their order, and writes down what was
//! answered (`server/tests/http/api_v1_examples.rs`): what stands here is what happens.

use serde::Deserialize;
use serde_json::{Map, Value, json};

/// One call and its answer.
#[derive(Deserialize)]
struct Example {
    /// Method and address as in the description.
    call: String,
    /// The address with its values.
    address: String,
    #[serde(default)]
    headers: Map<String, Value>,
    request: Option<Value>,
    status: u16,
    response: Option<Value>,
    /// Whether it only prepares for others.
    #[serde(default)]
    hidden: bool,
}

/// Puts the examples into a description. Those that are for no call in it are left out.
pub(super) fn add(document: &mut Value) {
    // Read in a test: what does not parse does not get there.
    let examples: Vec<Example> = serde_json::from_str(include_str!("examples.json")).unwrap_or_default();
    for example in examples.into_iter().filter(|example| !example.hidden) {
        let Some((method, path)) = example.call.split_once(' ') else { continue };
        let Some(operation) = document["paths"].get_mut(path).and_then(|item| item.get_mut(method.to_lowercase()))
        else {
            continue;
        };
        parameters(operation, path, &example);
        if let Some(request) = &example.request
            // What is wrong with the one is no example of the other.
            && example.status != 422
        {
            content(&mut operation["requestBody"], request);
        }
        if let Some(response) = &example.response {
            content(&mut operation["responses"][example.status.to_string()], response);
        }
    }
}

/// The first example of a body.
fn content(body: &mut Value, example: &Value) {
    let kinds = body.get_mut("content").and_then(Value::as_object_mut).into_iter().flatten();
    for (kind, content) in kinds {
        // A bare text is an example of texts, anything else of JSON.
        let is_json = kind == "application/json" || kind.ends_with("+json");
        if is_json != example.is_string() && content.get("example").is_none() {
            content["example"] = example.clone();
        }
    }
}

fn parameters(operation: &mut Value, path: &str, example: &Example) {
    let (address, query) = example.address.split_once('?').unwrap_or((&example.address, ""));
    let in_path = path
        .split('/')
        .zip(address.split('/'))
        .filter_map(|(name, value)| Some((name.strip_prefix('{')?.strip_suffix('}')?.to_owned(), value.to_owned())));
    let in_query = url::form_urlencoded::parse(query.as_bytes()).into_owned();
    let in_headers =
        example.headers.iter().map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned()));
    let values: Vec<(String, String)> = in_path.chain(in_query).chain(in_headers).collect();
    for parameter in operation.get_mut("parameters").and_then(Value::as_array_mut).into_iter().flatten() {
        let name = parameter["name"].as_str().unwrap_or_default();
        let Some((_, value)) = values.iter().find(|(known, _)| known == name) else { continue };
        if parameter.get("example").is_none() {
            parameter["example"] = value.parse::<i64>().map_or_else(|_| json!(value), |number| json!(number));
        }
    }
}
