//! Everything that Launchway remembers, and every SQL statement.
//!
//! One SQL text serves SQLite and PostgreSQL; what they say differently stands in [`dialect`]. Times are
//! milliseconds as BIGINT, flags are 0 or 1, structured values are JSON text.
//!
//! Invariants, kept here and nowhere else:
//! * What happens to a release is written together with its event, in one transaction.
//! * Events are numbered as the last step of a transaction, under the lock of the one row of
//!   `feed_head`: the order of the numbers is the order of the commits, and whoever sees an event
//!   has seen all before it.
//! * What a person changes is written together with its entry in the audit, in one transaction.
//! * What a runner writes carries its lease; a lost lease writes nothing ([`StoreError::Stale`]).
//! * One release at a time runs in an environment: a unique index says so.

mod audit;
mod bell;
mod channels;
mod commands;
mod counts;
mod credentials;
pub mod cursor;
mod dialect;
mod environments;
mod error;
mod events;
mod find;
mod holds;
mod housekeeping;
pub mod idempotency;
mod inbox;
mod list;
mod live;
mod locks;
mod log_index;
mod log_lines;
mod logs;
mod members;
mod nodes;
mod outbox;
mod overview;
mod people;
mod projects;
mod queue;
mod releases;
mod retry;
mod rows;
mod runs;
mod servers;
mod sessions;
mod templates;
mod tokens;
mod transitions;
mod tx;
mod users;
mod variables;
mod walls;
mod ways;
mod webhooks;

use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use launchway_domain::By;
use launchway_domain::IfVersion;
use sqlx::AnyPool;
use sqlx::any::AnyPoolOptions;
use sqlx::migrate::Migrator;
use tokio::sync::{Mutex, watch};

use crate::secret::Vault;
pub use audit::{Anchor, Finding, SignIn, Verified};
use bell::Bells;
pub use channels::SealedAddress;
pub use commands::CommandResult;
pub use counts::{Connections, Counts};
use dialect::Dialect;
pub use error::{Result, StoreError};
pub use holds::Holding;
pub use housekeeping::{Leftover, LogSize};
pub use inbox::{NewDelivery, Push, Received};
pub use live::{Found, History, Looked};
pub use locks::Locking;
pub use outbox::{Due, LiveNotice, LiveOn, Notice};
pub use people::{NewLink, NewUser};
pub use releases::NewRelease;
pub use runs::Lease;
pub use sessions::NewSession;
pub use tokens::NewToken;
pub use transitions::Start;
pub use variables::Kept;
pub use ways::Tests;

static SQLITE_MIGRATIONS: Migrator = sqlx::migrate!("../../migrations/sqlite");
static POSTGRES_MIGRATIONS: Migrator = sqlx::migrate!("../../migrations/postgres");

/// How long one SQLite connection waits for another process's transaction.
const SQLITE_BUSY: Duration = Duration::from_secs(20);

/// The database. Cheap to clone; all clones are one, and each says for whom it writes.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
    /// Who acts, as the audit writes it down.
    by: Arc<By>,
    /// The versions that a thing may have for it to be changed.
    only: Arc<IfVersion>,
}

struct Inner {
    pool: AnyPool,
    dialect: Dialect,
    /// SQLite has one writer: this process's writers queue here, in order, instead of in its busy loop.
    writer: Arc<Mutex<()>>,
    bells: Arc<Bells>,
    /// Seals the entries of the audit.
    vault: OnceLock<Vault>,
    /// Listens for other processes' commits; ends with the store.
    _listener: bell::Listener,
}

impl std::fmt::Debug for Store {
    // The URL may hold a password: not shown.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").field("dialect", &self.inner.dialect).finish_non_exhaustive()
    }
}

impl Store {
    /// Opens `sqlite:/path/launchway.db` (made where absent; see [`Store::sqlite_url`]) or
    /// `postgres://…`, and brings its tables up to date.
    ///
    /// # Errors
    /// [`StoreError::Db`] where it cannot be reached or is newer than this program.
    pub async fn open(url: &str) -> Result<Store> {
        sqlx::any::install_default_drivers();
        let (dialect, url) = if url.starts_with("sqlite:") {
            (Dialect::Sqlite, with_create(url))
        } else if url.starts_with("postgres:") || url.starts_with("postgresql:") {
            (Dialect::Postgres, url.to_owned())
        } else {
            let message = "a database URL begins with sqlite: or postgres:";
            return Err(StoreError::Db(sqlx::Error::Configuration(message.into())));
        };
        let pool = pool(dialect, &url).await?;
        migrate(dialect, &pool).await?;
        let head = events::head(&mut *pool.acquire().await?).await?;
        let bells = Arc::new(Bells::new(head));
        let listener = bell::listen(dialect, url, pool.clone(), bells.clone());
        Ok(Store {
            inner: Arc::new(Inner {
                pool,
                dialect,
                writer: Arc::new(Mutex::new(())),
                bells,
                vault: OnceLock::new(),
                _listener: listener,
            }),
            by: Arc::new(By::system()),
            only: Arc::default(),
        })
    }

    /// From now on the entries of the audit are sealed with the master key, by this store and all its clones. Once.
    pub fn seal_with(&self, vault: &Vault) {
        // A second vault would have the same key.
        let _ = self.inner.vault.set(vault.clone());
    }

    /// The same store for somebody: what they change through it stands in the audit under their name. The program
    /// itself acts for whom this store acts.
    pub fn by(&self, by: impl Into<By>) -> Store {
        let by: By = by.into();
        if by.via == launchway_domain::Via::System {
            return self.clone();
        }
        Store { by: Arc::new(by), ..self.clone() }
    }

    /// The same store for one change: made where the thing has one of these versions, refused with
    /// [`StoreError::Changed`] where not.
    pub fn only(&self, versions: &IfVersion) -> Store {
        Store { only: Arc::new(versions.clone()), ..self.clone() }
    }

    /// Which database it is: `sqlite` or `postgres`.
    pub fn database(&self) -> &'static str {
        match self.inner.dialect {
            Dialect::Sqlite => "sqlite",
            Dialect::Postgres => "postgres",
        }
    }

    /// The URL of an SQLite database file, whatever characters its path holds; a relative path is
    /// taken from the current folder.
    ///
    /// # Errors
    /// Where the current folder is gone, or the path cannot be written as a URL.
    pub fn sqlite_url(path: &Path) -> std::io::Result<String> {
        let path = std::path::absolute(path)?;
        let url = url::Url::from_file_path(&path)
            .map_err(|()| std::io::Error::new(std::io::ErrorKind::InvalidInput, "not a path of a file"))?;
        Ok(format!("sqlite://{}", url.path()))
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// [`StoreError::Db`] where it does not.
    pub async fn ping(&self) -> Result<()> {
        self.head().await.map(drop)
    }

    /// The number of the last event after every commit, of this process and of others (SQLite: of others
    /// within a second). Do not hold what `borrow` gives across an await: writers would wait for it.
    pub fn bell(&self) -> watch::Receiver<i64> {
        self.inner.bells.feed()
    }

    /// Changes whenever there may be something to claim, or somebody asked a running release to stop.
    pub fn queue_bell(&self) -> watch::Receiver<i64> {
        self.inner.bells.queue()
    }

    /// Changes whenever this process put something into the inbox or the outbox. What other processes put there is found
    /// by looking.
    pub fn post_bell(&self) -> watch::Receiver<i64> {
        self.inner.bells.post()
    }

    fn pool(&self) -> &AnyPool {
        &self.inner.pool
    }
}

/// An SQLite URL that makes the file where it is absent, unless it says something else.
fn with_create(url: &str) -> String {
    match url.split_once('?') {
        None => format!("{url}?mode=rwc"),
        Some((_, query)) if query.split('&').any(|pair| pair.starts_with("mode=")) => url.to_owned(),
        Some(_) => format!("{url}&mode=rwc"),
    }
}

async fn pool(dialect: Dialect, url: &str) -> Result<AnyPool> {
    let options = AnyPoolOptions::new().acquire_timeout(Duration::from_secs(30));
    let options = match dialect {
        Dialect::Postgres => options.max_connections(16),
        Dialect::Sqlite => options.max_connections(8).idle_timeout(None).max_lifetime(None).after_connect(|conn, _| {
            Box::pin(async move {
                let busy = format!("PRAGMA busy_timeout = {}", SQLITE_BUSY.as_millis());
                sqlx::query(sqlx::AssertSqlSafe(busy)).execute(&mut *conn).await?;
                sqlx::query("PRAGMA foreign_keys = ON").execute(&mut *conn).await?;
                // Kept in the file: it changes something for the first connection ever only.
                sqlx::query("PRAGMA journal_mode = WAL").execute(&mut *conn).await?;
                Ok(())
            })
        }),
    };
    Ok(options.connect(url).await?)
}

async fn migrate(dialect: Dialect, pool: &AnyPool) -> Result<()> {
    let migrations = match dialect {
        Dialect::Sqlite => &SQLITE_MIGRATIONS,
        Dialect::Postgres => &POSTGRES_MIGRATIONS,
    };
    let mut tries = 0;
    loop {
        match migrations.run(pool).await {
            Ok(()) => return Ok(()),
            // sqlx locks PostgreSQL while it migrates, SQLite not: where two programs open a new file at
            // once, one of them fails, and finds the other's tables when it looks again.
            Err(error) if dialect == Dialect::Sqlite && tries < 5 => {
                tries += 1;
                tracing::debug!(%error, tries, "migration failed; looking again");
                tokio::time::sleep(Duration::from_millis(100 * tries)).await;
            }
            Err(error) => return Err(error.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_migration_has_its_twin() {
        let names =
            |migrator: &Migrator| migrator.iter().map(|m| (m.version, m.description.to_string())).collect::<Vec<_>>();
        assert_eq!(names(&SQLITE_MIGRATIONS), names(&POSTGRES_MIGRATIONS));
    }

    #[test]
    fn a_new_file_is_made_unless_the_url_says_otherwise() {
        assert_eq!(with_create("sqlite:/a/b.db"), "sqlite:/a/b.db?mode=rwc");
        assert_eq!(with_create("sqlite:/a/b.db?cache=private"), "sqlite:/a/b.db?cache=private&mode=rwc");
        assert_eq!(with_create("sqlite:/a/b.db?mode=rw"), "sqlite:/a/b.db?mode=rw");
    }
}
