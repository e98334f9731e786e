//! Whether the audit is what was written: entry by entry, in memory that does not grow with it.

use serde::Serialize;
use sqlx::{AnyConnection, AssertSqlSafe, Row as _};

use super::chain::{self, COLUMNS, GENESIS, Row};
use crate::secret::Vault;
use crate::store::Store;
use crate::store::error::Result;

/// How many entries are read at once.
const PAGE: i64 = 200;

/// The first thing that is wrong with the audit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// The entry is not what was written.
    Changed(
        /// Its number.
        i64,
    ),
    /// The entry was written by somebody without the master key, who made its hash fit.
    Forged(
        /// Its number.
        i64,
    ),
    /// The entry was put in.
    Inserted(
        /// Its number.
        i64,
    ),
    /// Under this number stands another entry: two were swapped.
    Moved {
        /// The number under which it stands.
        seq: i64,
        /// The number under which it was written.
        was: i64,
    },
    /// Entries are missing.
    Removed {
        /// The first of them.
        from: i64,
        /// The last of them.
        to: i64,
    },
    /// There is no entry at all, although there are users.
    Emptied,
    /// The row that names the last entry was changed.
    Head,
    /// An entry has not the hash that somebody wrote down elsewhere: the audit was written anew, or is an old copy.
    Anchor(
        /// Its number.
        i64,
    ),
}

/// The last entry as somebody wrote it down elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Anchor {
    /// Its number.
    pub seq: i64,
    /// Its hash, in hexadecimal.
    pub hash: String,
}

impl std::fmt::Display for Anchor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.seq, self.hash)
    }
}

impl std::str::FromStr for Anchor {
    type Err = &'static str;

    fn from_str(text: &str) -> std::result::Result<Self, Self::Err> {
        let anchor = text.split_once(':').and_then(|(seq, hash)| {
            let hash = hash.to_ascii_lowercase();
            let is_hash = hash.len() == 64 && hash.bytes().all(|b| b.is_ascii_hexdigit());
            Some(Anchor { seq: seq.parse().ok().filter(|seq| *seq > 0)?, hash }).filter(|_| is_hash)
        });
        anchor.ok_or("it looks like 1042:5f0c…, a number and the 64 digits of a hash")
    }
}

/// What verifying found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Verified {
    /// How many entries are good, from the first on.
    pub entries: u64,
    /// The last good one.
    pub last: Anchor,
    /// The first thing that is wrong; none where nothing is.
    pub finding: Option<Finding>,
}

/// The row that names the last entry.
pub(super) struct Head {
    pub(super) seq: i64,
    hash: String,
    seal: Option<Vec<u8>>,
}

/// What is to be said of one entry.
enum Step {
    Good,
    Bad(Finding),
    /// It does not fit; [`Walk::tell`] knows why.
    Odd,
}

/// How far it has come.
struct Walk<'a> {
    vault: Option<&'a Vault>,
    anchor: Option<&'a Anchor>,
    entries: u64,
    last: Anchor,
}

impl Store {
    /// The row that names the last entry; a missing one names none.
    pub(super) async fn audit_head(&self) -> Result<Head> {
        head(&mut *self.pool().acquire().await?).await
    }

    /// Verifies every entry from the first on, while others may go on writing. Without the vault of the store
    /// ([`Store::seal_with`]) nobody's seal is looked at.
    ///
    /// # Errors
    /// [`super::StoreError::Db`].
    pub async fn audit_verify(&self, anchor: Option<&Anchor>) -> Result<Verified> {
        let vault = self.inner.vault.get();
        let mut walk = Walk { vault, anchor, entries: 0, last: Anchor { seq: 0, hash: GENESIS.to_owned() } };
        let mut after = i64::MIN;
        let finding = loop {
            // Head and entries as of one commit: what others add meanwhile comes with the next page.
            let mut tx = self.read().await?;
            let head = head(&mut tx).await?;
            let rows = page(&mut tx, after).await?;
            let Some(last) = rows.last() else { break walk.end(&mut tx, &head).await? };
            after = last.seq;
            // One more is known than is looked at: it tells what was put in from what was changed.
            let next = page_row(&mut tx, after).await?;
            let mut found = None;
            for (i, row) in rows.iter().enumerate() {
                found = match walk.step(row, &head) {
                    Step::Good => None,
                    Step::Bad(finding) => Some(finding),
                    Step::Odd => Some(walk.tell(&mut tx, row, rows.get(i + 1).or(next.as_ref()), &head).await?),
                };
                if found.is_some() {
                    break;
                }
            }
            if found.is_some() {
                break found;
            }
        };
        Ok(Verified { entries: walk.entries, last: walk.last, finding })
    }
}

impl Walk<'_> {
    /// Looks at one entry.
    fn step(&mut self, row: &Row, head: &Head) -> Step {
        let seq = self.last.seq + 1;
        if row.seq > seq {
            return Step::Bad(Finding::Removed { from: seq, to: (row.seq - 1).min(head.seq.max(seq)) });
        }
        if row.seq < seq {
            return Step::Bad(Finding::Inserted(row.seq));
        }
        if !row.fits(&self.last.hash) {
            return Step::Odd;
        }
        if !self.is_sealed(&chain::entry_purpose(&row.hash), row.seal.as_deref()) {
            return Step::Bad(Finding::Forged(seq));
        }
        if self.anchor.is_some_and(|anchor| anchor.seq == seq && anchor.hash != row.hash) {
            return Step::Bad(Finding::Anchor(seq));
        }
        self.last = Anchor { seq, hash: row.hash.clone() };
        self.entries += 1;
        Step::Good
    }

    /// Says of an entry that does not fit, and that `next` follows, how that came about.
    async fn tell(&self, conn: &mut AnyConnection, row: &Row, next: Option<&Row>, head: &Head) -> Result<Finding> {
        let (seq, prev) = (row.seq, self.last.hash.as_str());
        Ok(match self.home(row, head) {
            // A copy: the one that was written stands at its place, and is good.
            Some(was) if was < seq => Finding::Inserted(seq),
            Some(was) if was > seq => {
                let elsewhere: Option<i64> =
                    sqlx::query_scalar("SELECT MIN(seq) FROM audit WHERE prev = $1 AND seq > $2")
                        .bind(prev)
                        .bind(seq)
                        .fetch_one(conn)
                        .await?;
                match elsewhere {
                    Some(_) => Finding::Moved { seq, was },
                    None => Finding::Removed { from: seq, to: was - 1 },
                }
            }
            // What it says is what was written, behind another entry than the one that stands before it now.
            Some(_) if self.entries > 0 => Finding::Changed(seq - 1),
            // The entry that should stand here comes next.
            None if next.is_some_and(|next| next.prev == prev) => Finding::Inserted(seq),
            None if seq > head.seq => Finding::Inserted(seq),
            _ => Finding::Changed(seq),
        })
    }

    /// The number under which an entry was written, where what it says is what was written.
    fn home(&self, row: &Row, head: &Head) -> Option<i64> {
        // Numbers are part of the hash: the right one is found by trying them all.
        let known = (1..=head.seq.max(row.seq)).find(|seq| row.hash == row.hash_as(*seq, &row.prev));
        known.filter(|_| self.is_sealed(&chain::entry_purpose(&row.hash), row.seal.as_deref()))
    }

    /// Looks at what should come after the last entry: nothing.
    async fn end(&self, conn: &mut AnyConnection, head: &Head) -> Result<Option<Finding>> {
        if self.last.seq < head.seq {
            return Ok(Some(Finding::Removed { from: self.last.seq + 1, to: head.seq }));
        }
        if self.entries == 0 {
            // Whoever adds a user leaves an entry.
            let users: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM users").fetch_one(conn).await?;
            return Ok((users > 0).then_some(Finding::Emptied));
        }
        let purpose = chain::head_purpose(head.seq, &head.hash);
        let is_last = head.seq == self.last.seq && head.hash == self.last.hash;
        if !is_last || !self.is_sealed(&purpose, head.seal.as_deref()) {
            return Ok(Some(Finding::Head));
        }
        let missing = self.anchor.filter(|anchor| anchor.seq > self.last.seq);
        Ok(missing.map(|anchor| Finding::Removed { from: self.last.seq + 1, to: anchor.seq }))
    }

    fn is_sealed(&self, purpose: &str, seal: Option<&[u8]>) -> bool {
        self.vault.is_none_or(|vault| seal.is_some_and(|seal| vault.unseal(purpose, seal).is_ok()))
    }
}

async fn head(conn: &mut AnyConnection) -> Result<Head> {
    let row = sqlx::query("SELECT seq, hash, seal FROM audit_head WHERE id = 1").fetch_optional(conn).await?;
    let Some(row) = row else { return Ok(Head { seq: 0, hash: String::new(), seal: None }) };
    Ok(Head { seq: row.try_get("seq")?, hash: row.try_get("hash")?, seal: row.try_get("seal")? })
}

async fn page(conn: &mut AnyConnection, after: i64) -> Result<Vec<Row>> {
    let sql = format!("SELECT {COLUMNS} FROM audit WHERE seq > $1 ORDER BY seq LIMIT $2");
    let found = sqlx::query(AssertSqlSafe(sql)).bind(after).bind(PAGE).fetch_all(conn).await?;
    found.iter().map(Row::read_any).collect()
}

async fn page_row(conn: &mut AnyConnection, after: i64) -> Result<Option<Row>> {
    let sql = format!("SELECT {COLUMNS} FROM audit WHERE seq > $1 ORDER BY seq LIMIT 1");
    let found = sqlx::query(AssertSqlSafe(sql)).bind(after).fetch_optional(conn).await?;
    found.as_ref().map(Row::read_any).transpose()
}
