//! Makes what is in a database older than it is.

use sqlx::{AnyConnection, Connection};

/// Lets every release, with its nodes and its log, have happened so many days earlier.
///
/// # Panics
/// Where the database does not answer.
#[expect(clippy::unwrap_used, reason = "a fixture")]
pub async fn age(url: &str, days: u32) {
    sqlx::any::install_default_drivers();
    let mut conn = AnyConnection::connect(url).await.unwrap();
    let by = i64::from(days) * 24 * 3600 * 1000;
    for sql in [
        "UPDATE releases SET created_at = created_at - $1, queued_at = queued_at - $1, \
         started_at = started_at - $1, finished_at = finished_at - $1",
        "UPDATE nodes SET started_at = started_at - $1, finished_at = finished_at - $1",
        "UPDATE log_chunks SET at = at - $1",
    ] {
        sqlx::query(sql).bind(by).execute(&mut conn).await.unwrap();
    }
    conn.close().await.unwrap();
}
