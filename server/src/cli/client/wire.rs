//! What answers hold that the records do not: over REST a text is a string in the reader's language.

use serde_json::{Value, json};

/// Makes the sentences of an answer texts again, so that it reads as the record that it is.
pub(super) fn bilingual(mut json: Value) -> Value {
    make(&mut json);
    json
}

fn make(json: &mut Value) {
    match json {
        Value::Object(map) => {
            for (name, value) in map.iter_mut() {
                match value {
                    Value::String(text) if matches!(name.as_str(), "message" | "error" | "detail") => {
                        *value = json!({"en": text, "zh": text});
                    }
                    other => make(other),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(make),
        _ => {}
    }
}
