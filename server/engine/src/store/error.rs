//! Why the store did not do what it was asked.

use launchway_domain::{ReleaseId, ReleaseStatus};

/// Why the store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no such row.
    #[error("there is no such thing")]
    NotFound,
    /// Another row has that value already.
    #[error("{field} is taken")]
    Taken {
        /// The form's field.
        field: String,
    },
    /// Something that the form names does not exist (any more).
    #[error("{field} names something that does not exist")]
    Missing {
        /// The form's field.
        field: String,
    },
    /// It cannot be deleted while other things use it.
    #[error("in use by {}", .0.join(", "))]
    InUse(
        /// Their names, the first few; empty where a user of it appeared at the last moment.
        Vec<String>,
    ),
    /// It is not of the version that it was to have ([`super::Store::only`]).
    #[error("it was changed since; it is at version {0} now")]
    Changed(
        /// The version that it has.
        i64,
    ),
    /// The next page is to begin where this list has no page.
    #[error("no page of this list begins there")]
    Cursor,
    /// Nobody would be left who may do everything.
    #[error("this is the last administrator")]
    LastAdmin,
    /// Somebody who was shut out.
    #[error("the user is deactivated")]
    Deactivated,
    /// There are as many as there may be.
    #[error("there are too many")]
    Full,
    /// The lease was lost: another instance runs the release, or it has ended.
    #[error("the lease on the release was lost")]
    Stale,
    /// The release's status does not allow the transition.
    #[error("the release is {}", .0.as_str())]
    State(
        /// The status that it has.
        ReleaseStatus,
    ),
    /// Another release has switched servers of the environment since.
    #[error("release {0} went live since")]
    Overtaken(
        /// Which, the latest of several.
        ReleaseId,
    ),
    /// The database refused or could not be reached.
    #[error("database: {0}")]
    Db(#[source] sqlx::Error),
    /// A row, or what should become one, makes no sense.
    #[error("corrupt data: {0}")]
    Corrupt(String),
}

/// The answer of every call to the store.
pub type Result<T> = std::result::Result<T, StoreError>;

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::RowNotFound => StoreError::NotFound,
            error => StoreError::Db(error),
        }
    }
}

impl From<sqlx::migrate::MigrateError> for StoreError {
    fn from(error: sqlx::migrate::MigrateError) -> Self {
        StoreError::Db(error.into())
    }
}

impl From<serde_json::Error> for StoreError {
    fn from(error: serde_json::Error) -> Self {
        StoreError::Corrupt(error.to_string())
    }
}

/// Reads constraint violations of an INSERT or UPDATE in the form's terms: the one field that must be
/// unique, the one that refers to something else.
pub(super) fn in_terms_of(unique: &'static str, reference: &'static str) -> impl Fn(sqlx::Error) -> StoreError {
    move |error| match error.as_database_error() {
        Some(db) if db.is_unique_violation() => StoreError::Taken { field: unique.to_owned() },
        Some(db) if db.is_foreign_key_violation() => StoreError::Missing { field: reference.to_owned() },
        _ => error.into(),
    }
}

/// Reads a foreign key violation of a DELETE: something began to use the row after we looked.
pub(super) fn in_use(error: sqlx::Error) -> StoreError {
    match error.as_database_error() {
        Some(db) if db.is_foreign_key_violation() => StoreError::InUse(Vec::new()),
        _ => error.into(),
    }
}
