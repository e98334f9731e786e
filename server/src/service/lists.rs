//! What all lists have in common: a query is checked before it is asked.

use launchway_domain::{Fault, FieldError, ListQuery, Text};

/// The query of a list that has these columns to sort by and these filters, tidied up.
///
/// # Errors
/// [`Fault::Invalid`] that names what the list does not know.
pub(super) fn checked(mut query: ListQuery, sorts: &[&str], filters: &[&str]) -> Result<ListQuery, Fault> {
    let errors = query.errors(sorts, filters);
    if !errors.is_empty() {
        return Err(Fault::Invalid { errors });
    }
    query.q = tidy(&query.q);
    for (_, value) in &mut query.filters {
        *value = tidy(value);
    }
    Ok(query)
}

/// Where a page of a list begins whose newest come first, and how long it is.
///
/// # Errors
/// [`Fault::Invalid`] for a cursor that no page gave out, or a limit outside 1 to 200.
pub(super) fn newest_first(cursor: Option<String>, limit: Option<u32>) -> Result<(Option<i64>, u32), Fault> {
    let query = ListQuery { limit, ..ListQuery::default() };
    let mut errors = query.errors(&[], &[]);
    let before = cursor.map(|cursor| cursor.parse::<i64>());
    if matches!(before, Some(Err(_))) {
        let message = Text::new("Take `next` of the page before.", "请使用上一页返回的 next。");
        errors.push(FieldError::new("cursor", "invalid", message));
    }
    if errors.is_empty() { Ok((before.and_then(Result::ok), query.rows())) } else { Err(Fault::Invalid { errors }) }
}

/// Without control characters, which nothing that is looked for has (and PostgreSQL takes no NUL).
pub(super) fn tidy(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_is_tidied_up() {
        let query = ListQuery { q: " a\0b\n ".into(), ..Default::default() };
        assert_eq!(checked(query, &[], &[]).unwrap().q, "ab");
        let query = ListQuery { sort: "size".into(), ..Default::default() };
        assert_eq!(checked(query, &["name"], &[]).unwrap_err().status(), 422);
    }
}
