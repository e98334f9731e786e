//! The chain: what an entry is hashed as. Pure.
//!
//! Version 1 is SHA-256 over the line `launchway audit 1`, then every field in the order of [`Row::fields`]: a byte 0
//! for none; a byte 1 and the number, eight bytes, the greatest first; or a byte 2, the length in bytes written like a
//! number, and the text in UTF-8. Lengths come first, so no two entries have one form.

use sha2::{Digest, Sha256};
use sqlx::Row as _;
use sqlx::any::AnyRow;

use crate::store::error::Result;

/// The form that new entries are hashed in.
pub(super) const VERSION: i64 = 1;

/// What comes before the first entry.
pub(super) const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// The columns of a [`Row`], as after `SELECT`.
pub(super) const COLUMNS: &str = "seq, version, at, user_id, who, via, token, address, what, outcome, kind, thing_id, \
    name, project_id, before_json, after_json, prev, hash, seal";

/// An entry exactly as its row has it.
#[derive(Clone, Debug, Default)]
pub(super) struct Row {
    pub(super) seq: i64,
    pub(super) version: i64,
    pub(super) at: i64,
    pub(super) user_id: Option<i64>,
    pub(super) who: String,
    pub(super) via: String,
    pub(super) token: Option<String>,
    pub(super) address: Option<String>,
    pub(super) what: String,
    pub(super) outcome: String,
    pub(super) kind: String,
    pub(super) thing_id: Option<i64>,
    pub(super) name: String,
    pub(super) project_id: Option<i64>,
    pub(super) before: Option<String>,
    pub(super) after: Option<String>,
    pub(super) prev: String,
    pub(super) hash: String,
    pub(super) seal: Option<Vec<u8>>,
}

/// One field as it is hashed.
enum Field<'a> {
    None,
    Number(i64),
    Text(&'a str),
}

impl<'a> From<Option<i64>> for Field<'a> {
    fn from(number: Option<i64>) -> Self {
        number.map_or(Field::None, Field::Number)
    }
}

impl<'a> From<&'a Option<String>> for Field<'a> {
    fn from(text: &'a Option<String>) -> Self {
        text.as_deref().map_or(Field::None, Field::Text)
    }
}

impl Row {
    /// Reads a row of [`COLUMNS`]; one with a value that its column cannot have as one that fits nowhere.
    pub(super) fn read_any(row: &AnyRow) -> Result<Self> {
        Self::read(row).or_else(|_| Ok(Self { seq: row.try_get("seq")?, ..Self::default() }))
    }

    fn read(row: &AnyRow) -> Result<Self> {
        Ok(Self {
            seq: row.try_get("seq")?,
            version: row.try_get("version")?,
            at: row.try_get("at")?,
            user_id: row.try_get("user_id")?,
            who: row.try_get("who")?,
            via: row.try_get("via")?,
            token: row.try_get("token")?,
            address: row.try_get("address")?,
            what: row.try_get("what")?,
            outcome: row.try_get("outcome")?,
            kind: row.try_get("kind")?,
            thing_id: row.try_get("thing_id")?,
            name: row.try_get("name")?,
            project_id: row.try_get("project_id")?,
            before: row.try_get("before_json")?,
            after: row.try_get("after_json")?,
            prev: row.try_get("prev")?,
            hash: row.try_get("hash")?,
            seal: row.try_get("seal")?,
        })
    }

    /// The hash that the entry has at a place in the chain: under a number, behind an entry with the hash `prev`.
    pub(super) fn hash_as(&self, seq: i64, prev: &str) -> String {
        let mut sha = Sha256::new();
        sha.update(format!("launchway audit {}\n", self.version));
        for field in self.fields(seq, prev) {
            match field {
                Field::None => sha.update([0]),
                Field::Number(number) => {
                    sha.update([1]);
                    sha.update(number.to_be_bytes());
                }
                Field::Text(text) => {
                    sha.update([2]);
                    sha.update((text.len() as u64).to_be_bytes());
                    sha.update(text);
                }
            }
        }
        hex::encode(sha.finalize())
    }

    /// Whether the entry is what was hashed when it was written, at the place where it stands.
    pub(super) fn fits(&self, prev: &str) -> bool {
        self.prev == prev && self.hash == self.hash_as(self.seq, prev)
    }

    fn fields<'a>(&'a self, seq: i64, prev: &'a str) -> [Field<'a>; 16] {
        [
            Field::Text(prev),
            Field::Number(seq),
            Field::Number(self.at),
            self.user_id.into(),
            Field::Text(&self.who),
            Field::Text(&self.via),
            (&self.token).into(),
            (&self.address).into(),
            Field::Text(&self.what),
            Field::Text(&self.outcome),
            Field::Text(&self.kind),
            self.thing_id.into(),
            Field::Text(&self.name),
            self.project_id.into(),
            (&self.before).into(),
            (&self.after).into(),
        ]
    }
}

/// What the seal of an entry is made for.
pub(super) fn entry_purpose(hash: &str) -> String {
    format!("audit entry {hash}")
}

/// What the seal of the head is made for.
pub(super) fn head_purpose(seq: i64, hash: &str) -> String {
    format!("audit head {seq} {hash}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row() -> Row {
        Row {
            seq: 2,
            version: VERSION,
            at: 1_777_624_200_250,
            user_id: Some(1),
            who: "kim".into(),
            via: "session".into(),
            token: None,
            address: Some("192.0.2.7".into()),
            what: "server.update".into(),
            outcome: "done".into(),
            kind: "server".into(),
            thing_id: Some(7),
            name: "web-1".into(),
            project_id: None,
            before: Some("{}".into()),
            after: None,
            prev: GENESIS.into(),
            hash: String::new(),
            seal: None,
        }
    }

    #[test]
    fn the_form_of_an_entry_does_not_change() {
        // Reckoned apart from this program: entries that were written must verify for ever.
        assert_eq!(row().hash_as(2, GENESIS), "46f567955d8c29bcafe5ccb56cb7d2b68870d49d16ff39a3e335d1e8b2c9dc4a");
    }

    #[test]
    fn every_field_and_every_border_between_fields_counts() {
        let first = row().hash_as(2, GENESIS);
        let mut seen = vec![first, row().hash_as(3, GENESIS), row().hash_as(2, &"1".repeat(64))];
        let mut with = |change: fn(&mut Row)| {
            let mut row = row();
            change(&mut row);
            seen.push(row.hash_as(2, GENESIS));
        };
        with(|row| row.version = 2);
        with(|row| row.at += 1);
        with(|row| row.user_id = None);
        with(|row| row.user_id = Some(0));
        with(|row| row.who.push('s'));
        with(|row| row.via = "token".into());
        with(|row| row.token = Some(String::new()));
        with(|row| row.address = None);
        with(|row| row.what = "server.delete".into());
        with(|row| row.outcome = "refused".into());
        with(|row| row.kind = "serve".into());
        with(|row| row.thing_id = Some(8));
        with(|row| row.name = "web-2".into());
        with(|row| row.project_id = Some(7));
        with(|row| (row.before, row.after) = (row.after.take(), row.before.take()));
        with(|row| row.after = Some("null".into()));
        // What is moved over a border.
        with(|row| (row.kind, row.name) = ("serverw".into(), "eb-1".into()));
        let count = seen.len();
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), count);
    }
}
