//! Lists: what is looked for, in which order, from where on.

use serde::{Deserialize, Serialize};

use crate::fault::FieldError;
use crate::text::Text;

/// The longest text that is looked for, in characters.
pub const MAX_SEARCH: usize = 100;
/// Rows on a page where nothing else is asked for.
pub const PAGE_ROWS: u32 = 50;
/// Rows on a page, at most.
pub const MAX_ROWS: u32 = 200;
/// Rows of a list that is asked for as it is: the whole of all but the longest.
pub const WHOLE_ROWS: u32 = 1000;

/// What a list shows. Which columns can be sorted and what filters there are is the list's own affair.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ListQuery {
    /// Words, all of which must be found somewhere in a row; blank for every row.
    pub q: String,
    /// The column to sort by, in the list's own words; blank for the list's own order.
    pub sort: String,
    /// Whether the greatest comes first.
    pub descending: bool,
    /// What the rows must be: a filter's name and its value.
    pub filters: Vec<(String, String)>,
    /// How many rows are left out at the beginning.
    pub offset: u32,
    /// Behind which row it begins: [`Listed::next`] of the page before. Then nothing is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// How many there are at most, 1 to 200, or 1000; 50 where absent.
    pub limit: Option<u32>,
}

impl ListQuery {
    /// The list as it is, from its beginning.
    pub fn whole() -> Self {
        Self { limit: Some(WHOLE_ROWS), ..Self::default() }
    }

    /// The order in one word: the column, with a minus before it where the greatest comes first.
    pub fn order(&self) -> String {
        format!("{}{}", if self.descending { "-" } else { "" }, self.sort)
    }

    /// The value of a filter, where it is set.
    pub fn filter(&self, name: &str) -> Option<&str> {
        self.filters.iter().find(|(known, value)| known == name && !value.is_empty()).map(|(_, value)| value.as_str())
    }

    /// Whether it leaves rows out that the list has.
    pub fn is_narrow(&self) -> bool {
        !self.q.trim().is_empty() || self.filters.iter().any(|(_, value)| !value.is_empty())
    }

    /// How many rows a page has.
    pub fn rows(&self) -> u32 {
        self.limit.unwrap_or(PAGE_ROWS).clamp(1, WHOLE_ROWS)
    }

    /// What is wrong with it for a list that has these columns to sort by and these filters.
    pub fn errors(&self, sorts: &[&str], filters: &[&str]) -> Vec<FieldError> {
        let mut errors = Vec::new();
        if self.q.chars().count() > MAX_SEARCH {
            let message = crate::text!("At most {MAX_SEARCH} characters.", "最多 {MAX_SEARCH} 个字符。");
            errors.push(FieldError::new("q", "too_long", message));
        }
        if !self.sort.is_empty() && !sorts.contains(&self.sort.as_str()) {
            errors.push(FieldError::new("sort", "invalid", unknown()));
        }
        for (name, _) in &self.filters {
            if !filters.contains(&name.as_str()) {
                errors.push(FieldError::new(name.as_str(), "unknown", unknown()));
            }
        }
        if self.limit.is_some_and(|limit| !(1..=MAX_ROWS).contains(&limit) && limit != WHOLE_ROWS) {
            let message = crate::text!("A number from 1 to {MAX_ROWS}.", "应为 1 到 {MAX_ROWS} 的数字。");
            errors.push(FieldError::new("limit", "out_of_range", message));
        }
        errors
    }
}

fn unknown() -> Text {
    Text::new("This parameter has a value that is not known here.", "此参数的值无法识别。")
}

/// One page of a list, and how much there is in all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed<T> {
    /// The page's rows.
    pub items: Vec<T>,
    /// How many rows match, on all pages.
    pub total: u64,
    /// Where the next page begins; none on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_list_does_not_know_is_named() {
        let query = ListQuery {
            q: "x".repeat(101),
            sort: "colour".into(),
            filters: vec![("tag".into(), "eu".into()), ("size".into(), "9".into())],
            limit: Some(201),
            ..Default::default()
        };
        let fields: Vec<_> = query.errors(&["name"], &["tag"]).into_iter().map(|error| error.field).collect();
        assert_eq!(fields, ["q", "sort", "size", "limit"]);
        let good =
            ListQuery { sort: "name".into(), filters: vec![("tag".into(), String::new())], ..Default::default() };
        assert!(good.errors(&["name"], &["tag"]).is_empty());
    }

    #[test]
    fn a_blank_filter_leaves_nothing_out() {
        let mut query = ListQuery { filters: vec![("tag".into(), String::new())], q: " ".into(), ..Default::default() };
        assert!(!query.is_narrow());
        assert_eq!(query.filter("tag"), None);
        query.filters[0].1 = "eu".into();
        assert!(query.is_narrow());
        assert_eq!(query.filter("tag"), Some("eu"));
    }
}
