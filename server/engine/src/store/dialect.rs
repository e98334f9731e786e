//! The few statements that SQLite and PostgreSQL say differently. Everything else is one SQL text.

use launchway_domain::Timestamp;
use sqlx::AnyConnection;

use super::error::Result;

/// Which database it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// Embedded; one writer at a time.
    Sqlite,
    /// A server; many writers, ordered by row locks.
    Postgres,
}

/// Turns that are taken one at a time where no single row could be locked for them.
#[derive(Clone, Copy, Debug)]
pub(super) enum Turn {
    /// Making the first user.
    FirstUser = 1,
    /// Choosing a release to run.
    Claim = 2,
    /// Choosing a delivery to work off.
    Inbox = 3,
    /// Choosing a message to send.
    Outbox = 4,
    /// Taking an administrator away.
    Admins = 5,
}

/// The channel of PostgreSQL's doorbell. The payload is `<seq>` or `<seq> queue`.
pub(super) const CHANNEL: &str = "launchway";

/// Namespace of our advisory locks (the first of the two keys): "lnch" in ASCII.
const LOCK_SPACE: i64 = 0x6c6e_6368;

/// The release under a lease, if the lease still holds.
const FENCE: &str = "SELECT project_id, environment_id FROM releases \
    WHERE id = $1 AND instance = $2 AND epoch = $3 AND status = 'running'";

/// The same, and nobody else writes to the release until our transaction ends.
const FENCE_POSTGRES: &str = "SELECT project_id, environment_id FROM releases \
    WHERE id = $1 AND instance = $2 AND epoch = $3 AND status = 'running' FOR NO KEY UPDATE";

impl Dialect {
    /// Begins a transaction that will write. SQLite must say so at once: a transaction that turns into
    /// a writer half-way fails when another one wrote in between. PostgreSQL must see what it waited
    /// for, whatever the database's default is.
    pub(super) fn begin_write(self) -> &'static str {
        match self {
            Dialect::Sqlite => "BEGIN IMMEDIATE",
            Dialect::Postgres => "BEGIN ISOLATION LEVEL READ COMMITTED",
        }
    }

    /// A text as `LOWER` would have it: SQLite's knows no letters but ASCII's.
    pub(super) fn fold(self, text: &str) -> String {
        match self {
            Dialect::Sqlite => text.to_ascii_lowercase(),
            Dialect::Postgres => text.to_lowercase(),
        }
    }

    /// Begins a transaction whose reads all see the database as of one commit.
    pub(super) fn begin_read(self) -> &'static str {
        match self {
            Dialect::Sqlite => "BEGIN",
            Dialect::Postgres => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        }
    }

    /// Finds and locks the release under a lease: `$1` release, `$2` instance, `$3` epoch.
    pub(super) fn fence(self) -> &'static str {
        match self {
            Dialect::Sqlite => FENCE,
            Dialect::Postgres => FENCE_POSTGRES,
        }
    }

    /// Waits for a turn, which ends with the transaction. On SQLite a writing transaction is the turn.
    pub(super) async fn take_turn(self, conn: &mut AnyConnection, turn: Turn) -> Result<()> {
        if self == Dialect::Postgres {
            sqlx::query("SELECT CAST(pg_advisory_xact_lock(CAST($1 AS INT), CAST($2 AS INT)) AS TEXT)")
                .bind(LOCK_SPACE)
                .bind(turn as i64)
                .execute(conn)
                .await?;
        }
        Ok(())
    }

    /// Rings the doorbell of the other processes when the transaction commits. On SQLite they look for
    /// themselves.
    pub(super) async fn notify(self, conn: &mut AnyConnection, seq: i64, queue: bool) -> Result<()> {
        if self == Dialect::Postgres {
            let payload = if queue { format!("{seq} queue") } else { seq.to_string() };
            sqlx::query("SELECT CAST(pg_notify($1, $2) AS TEXT)").bind(CHANNEL).bind(payload).execute(conn).await?;
        }
        Ok(())
    }

    /// The time by which leases are judged: one clock for all instances, which is the database's
    /// where they may be on different hosts.
    pub(super) async fn lease_clock(self, conn: &mut AnyConnection) -> Result<i64> {
        match self {
            Dialect::Sqlite => Ok(Timestamp::now().millis()),
            Dialect::Postgres => {
                Ok(sqlx::query_scalar("SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)")
                    .fetch_one(conn)
                    .await?)
            }
        }
    }
}
