//! What all lists have in common: a query is checked before it is asked.

use launchway_domain::{Fault, ListQuery};

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
