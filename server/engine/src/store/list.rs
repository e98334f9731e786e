//! Searching, sorting and paging, for every list that people look through; which lists there are is in `things`.

mod things;

use sqlx::any::{AnyArguments, AnyRow};
use sqlx::query::Query;
use sqlx::{Any, AssertSqlSafe, Row};

use launchway_domain::{ListQuery, Listed, Visible};

use serde_json::Value;

use super::Store;
use super::cursor::Cursor;
use super::dialect::Dialect;
use super::error::{Result, StoreError};

/// So many words of a search count.
const MAX_WORDS: usize = 6;
/// One value of a condition.
enum Bind {
    Text(String),
    Number(i64),
}

/// The conditions of a list. The text has nothing in it but what stands in this file; values are bound.
pub(super) struct Conditions {
    dialect: Dialect,
    parts: Vec<String>,
    binds: Vec<Bind>,
}

/// What a list of one noun is made of.
pub(super) struct Listing<'a> {
    /// The columns that its rows are made of, as after `SELECT`.
    pub(super) columns: &'a str,
    /// Where they come from, as after `FROM`.
    pub(super) from: &'a str,
    /// What they are sorted by, the id last, which tells equals apart.
    pub(super) keys: Vec<Key<'a>>,
    /// Whether the greatest comes first.
    pub(super) descending: bool,
}

/// Something that rows are sorted by. Never NULL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Key<'a> {
    /// The expression.
    sql: &'a str,
    /// Whether it is a number; else it is a text.
    is_number: bool,
}

impl<'a> Key<'a> {
    /// A number.
    pub(super) fn number(sql: &'a str) -> Self {
        Self { sql, is_number: true }
    }
}

impl Listing<'_> {
    fn kinds(&self) -> Vec<bool> {
        self.keys.iter().map(|key| key.is_number).collect()
    }

    /// As after `ORDER BY`: the list turns around as a whole.
    fn order(&self) -> String {
        let way = if self.descending { "DESC" } else { "ASC" };
        self.keys.iter().map(|key| format!("{} {way}", key.sql)).collect::<Vec<_>>().join(", ")
    }

    /// The columns that say where a row stands.
    fn places(&self) -> String {
        self.keys.iter().enumerate().map(|(i, key)| format!(", {} AS place_{i}", key.sql)).collect()
    }

    /// Where a row stands.
    fn place(&self, row: &AnyRow) -> Result<Vec<Value>> {
        let keys = self.keys.iter().enumerate().map(|(i, key)| {
            let column = format!("place_{i}");
            Ok(match key.is_number {
                true => Value::from(row.try_get::<i64, _>(column.as_str())?),
                false => Value::from(row.try_get::<String, _>(column.as_str())?),
            })
        });
        keys.collect()
    }
}

impl Conditions {
    pub(super) fn new(dialect: Dialect) -> Self {
        Self { dialect, parts: Vec::new(), binds: Vec::new() }
    }

    fn bind(&mut self, bind: Bind) -> usize {
        self.binds.push(bind);
        self.binds.len()
    }

    /// Binds a text; the number of its placeholder.
    pub(super) fn text(&mut self, text: impl Into<String>) -> usize {
        self.bind(Bind::Text(text.into()))
    }

    /// Binds a text as `LOWER` would have it; the number of its placeholder.
    pub(super) fn folded(&mut self, text: &str) -> usize {
        let text = self.dialect.fold(text);
        self.text(text)
    }

    /// Binds a number; the number of its placeholder.
    pub(super) fn number(&mut self, number: i64) -> usize {
        self.bind(Bind::Number(number))
    }

    /// Adds a condition.
    pub(super) fn add(&mut self, condition: impl Into<String>) {
        self.parts.push(condition.into());
    }

    /// Adds the condition that something is seen, where there is one.
    pub(super) fn within(&mut self, condition: Option<String>) {
        self.parts.extend(condition);
    }

    /// Every word of `q` must be in one of the columns; a word for which `number` finds a number may also be the
    /// number in the column `id`.
    pub(super) fn words(&mut self, q: &str, columns: &[&str], id: Option<&str>) {
        for word in q.split_whitespace().take(MAX_WORDS) {
            let pattern = format!("%{}%", like(&self.dialect.fold(word)));
            let n = self.text(pattern);
            let mut any: Vec<String> =
                columns.iter().map(|column| format!("LOWER({column}) LIKE ${n} ESCAPE '!'")).collect();
            if let (Some(id), Ok(number)) = (id, word.trim_start_matches('#').parse::<i64>()) {
                let n = self.number(number);
                any.push(format!("{id} = ${n}"));
            }
            self.add(format!("({})", any.join(" OR ")));
        }
    }

    fn sql(&self) -> String {
        if self.parts.is_empty() { String::new() } else { format!(" WHERE {}", self.parts.join(" AND ")) }
    }

    fn bound<'q>(&self, mut query: Query<'q, Any, AnyArguments>) -> Query<'q, Any, AnyArguments> {
        for bind in &self.binds {
            query = match bind {
                Bind::Text(text) => query.bind(text.clone()),
                Bind::Number(number) => query.bind(*number),
            };
        }
        // A text per combination of conditions: not worth a place among the prepared ones.
        query.persistent(false)
    }

    /// The first rows, without asking how many there are.
    pub(super) async fn rows<T>(
        &self,
        store: &Store,
        listing: &Listing<'_>,
        limit: u32,
        row: impl Fn(&AnyRow) -> Result<T>,
    ) -> Result<Vec<T>> {
        let (columns, from, order) = (listing.columns, listing.from, listing.order());
        let (conditions, n) = (self.sql(), self.binds.len() + 1);
        let sql = format!("SELECT {columns} FROM {from}{conditions} ORDER BY {order} LIMIT ${n}");
        let found = self.bound(sqlx::query(AssertSqlSafe(sql))).bind(i64::from(limit)).fetch_all(store.pool()).await?;
        found.iter().map(row).collect()
    }

    /// One page, and how many rows there are in all; both as of one commit.
    pub(super) async fn page<T>(
        &self,
        store: &Store,
        listing: &Listing<'_>,
        query: &ListQuery,
        row: impl Fn(&AnyRow) -> Result<T>,
    ) -> Result<Listed<T>> {
        let (from, conditions) = (listing.from, self.sql());
        let mut tx = store.read().await?;
        let count = format!("SELECT COUNT(*) AS total FROM {from}{conditions}");
        let total: i64 = self.bound(sqlx::query(AssertSqlSafe(count))).fetch_one(&mut *tx).await?.try_get("total")?;
        let order = query.order();
        let after = match query.cursor.as_deref().filter(|cursor| !cursor.is_empty()) {
            Some(text) => Some(Cursor::read(text, &order, &listing.kinds()).ok_or(StoreError::Cursor)?),
            None => None,
        };
        let mut n = self.binds.len();
        let mut bound = |count: usize| {
            let first = n + 1;
            n += count;
            (first..=n).map(|n| format!("${n}")).collect::<Vec<_>>().join(", ")
        };
        let behind = after.as_ref().map_or(String::new(), |_| {
            let (word, way) =
                (if conditions.is_empty() { "WHERE" } else { "AND" }, if listing.descending { "<" } else { ">" });
            let keys = listing.keys.iter().map(|key| key.sql).collect::<Vec<_>>().join(", ");
            format!(" {word} ({keys}) {way} ({})", bound(listing.keys.len()))
        });
        let page = format!(
            "SELECT {}{} FROM {from}{conditions}{behind} ORDER BY {} LIMIT {} OFFSET {}",
            listing.columns,
            listing.places(),
            listing.order(),
            bound(1),
            bound(1)
        );
        let mut select = self.bound(sqlx::query(AssertSqlSafe(page)));
        for key in after.iter().flat_map(|after| &after.keys) {
            select = match key {
                Value::Number(number) => select.bind(number.as_i64().unwrap_or_default()),
                key => select.bind(key.as_str().unwrap_or_default().to_owned()),
            };
        }
        // One more than is shown says whether there is another page.
        let rows = query.rows() as usize;
        let offset = if after.is_some() { 0 } else { i64::from(query.offset) };
        let found = select.bind(rows as i64 + 1).bind(offset).fetch_all(&mut *tx).await?;
        let next = match found.get(rows.saturating_sub(1)) {
            Some(last) if found.len() > rows => Some(Cursor::new(order, listing.place(last)?).text()),
            _ => None,
        };
        let items = found.iter().take(rows).map(row).collect::<Result<Vec<_>>>()?;
        Ok(Listed { items, total: total.unsigned_abs(), next })
    }
}

/// The condition that something belongs to what somebody sees, made from the ids of their projects; none where they see
/// everything. Numbers of ours, so that they may stand in the text.
pub(super) fn seen(visible: &Visible, condition: impl FnOnce(&str) -> String) -> Option<String> {
    match visible {
        Visible::All => None,
        Visible::Only(projects) if projects.is_empty() => Some("1 = 0".to_owned()),
        Visible::Only(projects) => {
            let ids: Vec<String> = projects.iter().map(|id| id.0.to_string()).collect();
            Some(condition(&ids.join(", ")))
        }
    }
}

/// The same for a column that names the project.
pub(super) fn seen_by(visible: &Visible, column: &str) -> Option<String> {
    seen(visible, |ids| format!("{column} IN ({ids})"))
}

/// A text in a LIKE pattern that stands for itself; `!` escapes.
pub(super) fn like(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '%' | '_' | '!') {
            out.push('!');
        }
        out.push(c);
    }
    out
}

/// What a list is sorted by: expressions with ` | ` between them, those with a `#` before them numbers; then the id.
pub(super) fn keys<'a>(columns: &'a str, id: &'a str) -> Vec<Key<'a>> {
    let keys = columns.split(" | ").map(|column| match column.strip_prefix('#') {
        Some(sql) => Key::number(sql),
        None => Key { sql: column, is_number: false },
    });
    keys.chain([Key::number(id)]).collect()
}

impl Store {
    pub(super) fn conditions(&self) -> Conditions {
        Conditions::new(self.inner.dialect)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_typed_stands_for_itself() {
        assert_eq!(like("100%_a!"), "100!%!_a!!");
    }

    #[test]
    fn an_order_turns_around_as_a_whole() {
        let listing = |descending| Listing { columns: "a", from: "t", keys: keys("a | #b", "id"), descending };
        assert_eq!(listing(false).order(), "a ASC, b ASC, id ASC");
        assert_eq!(listing(true).order(), "a DESC, b DESC, id DESC");
        assert_eq!(listing(true).kinds(), [false, true, true]);
    }
}
