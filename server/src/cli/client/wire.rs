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
            // Elsewhere a `text` is a name, or a line of a log.
            let is_rule = map.contains_key("rule");
            let is_text =
                |name: &str| matches!(name, "message" | "error" | "detail" | "rebuilt") || (is_rule && name == "text");
            for (name, value) in map.iter_mut() {
                match value {
                    Value::String(text) if is_text(name) => {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_become_texts_and_names_stay() {
        let answer = json!({
            "rebuilt": "why", "rules": [{"rule": "freeze", "text": "open"}], "items": [{"key": "start", "text": "Start"}],
        });
        let both = |text: &str| json!({"en": text, "zh": text});
        let expected = json!({
            "rebuilt": both("why"), "rules": [{"rule": "freeze", "text": both("open")}],
            "items": [{"key": "start", "text": "Start"}],
        });
        assert_eq!(bilingual(answer), expected);
    }
}
