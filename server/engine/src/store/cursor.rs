//! Where the next page of a list begins: behind a row, by what the list is sorted by, so that nothing is skipped or shown
//! twice when rows come and go between two pages.

use serde_json::Value;

/// A place in a list: behind the row that has these keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// The order in which the list is.
    order: String,
    /// What the row is sorted by, in that order; numbers or texts.
    pub keys: Vec<Value>,
}

impl Cursor {
    /// The place behind a row in a list of this order.
    pub fn new(order: impl Into<String>, keys: Vec<Value>) -> Self {
        Self { order: order.into(), keys }
    }

    /// As it is handed out. Nobody is to read it: what is in it may change.
    pub fn text(&self) -> String {
        hex::encode(Value::from(vec![Value::from(self.order.clone()), Value::from(self.keys.clone())]).to_string())
    }

    /// Reads [`Cursor::text`] back; none where it is of no list in this order with keys of these kinds (`true` for a
    /// number).
    pub fn read(text: &str, order: &str, kinds: &[bool]) -> Option<Self> {
        let (found, keys): (String, Vec<Value>) = serde_json::from_slice(&hex::decode(text).ok()?).ok()?;
        let fits = |key: &Value, is_number: bool| match key {
            Value::Number(number) => is_number && number.is_i64(),
            // PostgreSQL takes no NUL.
            Value::String(text) => !is_number && !text.contains('\0'),
            _ => false,
        };
        let all_fit = keys.len() == kinds.len() && keys.iter().zip(kinds).all(|(key, kind)| fits(key, *kind));
        (found == order && all_fit).then_some(Self { order: found, keys })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_of_one_order_and_its_kinds() {
        let cursor = Cursor::new("-name", vec!["字 ' \"".into(), 7.into()]);
        let text = cursor.text();
        assert_eq!(Cursor::read(&text, "-name", &[false, true]), Some(cursor));
        assert_eq!(Cursor::read(&text, "name", &[false, true]), None);
        assert_eq!(Cursor::read(&text, "-name", &[true, true]), None);
        assert_eq!(Cursor::read(&text, "-name", &[false]), None);
        for bad in [
            "",
            "50",
            "zz",
            "5b5d",
            &hex::encode("[\"-name\",[\"a\\u0000\",7]]"),
            &hex::encode("[\"-name\",[\"a\",7.5]]"),
        ] {
            assert_eq!(Cursor::read(bad, "-name", &[false, true]), None, "{bad}");
        }
    }
}
