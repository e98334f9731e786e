//! Looking through the audit.

use launchway_domain::{
    AuditEntry, AuditFacts, AuditFilter, AuditRow, AuditWho, ListQuery, Listed, Outcome, Page, ProjectId, Thing,
    Timestamp, UserId, Via, Visible,
};
use serde_json::value::{RawValue, to_raw_value};

use super::chain::{COLUMNS, Row};
use super::things::changes;
use crate::store::Store;
use crate::store::error::Result;
use crate::store::list::{Conditions, Key, Listing};

/// What a search looks through.
const SEARCHED: [&str; 9] = [
    "who",
    "what",
    "kind",
    "name",
    "COALESCE(token, '')",
    "COALESCE(address, '')",
    "outcome",
    "COALESCE(before_json, '')",
    "COALESCE(after_json, '')",
];

/// The entries, by their numbers.
fn listing(descending: bool) -> Listing<'static> {
    Listing { columns: COLUMNS, from: "audit", keys: vec![Key::number("seq")], descending }
}

impl Store {
    /// A page of entries, the newest first; `visible` are the projects that they may be about, where not everything
    /// may be seen; what is about none is then left out. Of `query` the place and the size of the page count.
    ///
    /// # Errors
    /// [`crate::store::StoreError::Db`].
    pub async fn audit_list(
        &self,
        filter: &AuditFilter,
        visible: Option<&Visible>,
        query: &ListQuery,
    ) -> Result<Listed<AuditRow>> {
        let conditions = self.audit_conditions(filter, visible);
        conditions.page(self, &listing(true), query, |row| Ok(Row::read_any(row)?.into_row())).await
    }

    /// The `limit` newest entries before the one with the number `before`; their order is `seq`, turned around.
    ///
    /// # Errors
    /// [`crate::store::StoreError::Db`].
    pub async fn audit_before(
        &self,
        filter: &AuditFilter,
        visible: Option<&Visible>,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Page<AuditEntry>> {
        let mut conditions = self.audit_conditions(filter, visible);
        if let Some(before) = before {
            let n = conditions.number(before);
            conditions.add(format!("seq < ${n}"));
        }
        let mut items = self.audit_rows(&conditions, true, limit.saturating_add(1)).await?;
        let more = items.len() > limit as usize;
        items.truncate(limit as usize);
        let next = items.last().filter(|_| more).map(|last| last.facts.seq.to_string());
        Ok(Page { items, next })
    }

    /// The `limit` oldest entries after the one with the number `after`, in their order: an export goes on from there.
    ///
    /// # Errors
    /// [`crate::store::StoreError::Db`].
    pub async fn audit_after(
        &self,
        filter: &AuditFilter,
        visible: Option<&Visible>,
        after: i64,
        limit: u32,
    ) -> Result<Vec<AuditEntry>> {
        let mut conditions = self.audit_conditions(filter, visible);
        let n = conditions.number(after);
        conditions.add(format!("seq > ${n}"));
        self.audit_rows(&conditions, false, limit).await
    }

    async fn audit_rows(&self, conditions: &Conditions, descending: bool, limit: u32) -> Result<Vec<AuditEntry>> {
        conditions.rows(self, &listing(descending), limit, |row| Row::read_any(row)?.into_entry()).await
    }

    fn audit_conditions(&self, filter: &AuditFilter, visible: Option<&Visible>) -> Conditions {
        let mut conditions = self.conditions();
        conditions.words(&filter.q, &SEARCHED, Some("seq"));
        if let Some(who) = &filter.who {
            let n = conditions.folded(who);
            // A deleted user's entries keep their name, and a renamed one's their id.
            match who.parse::<i64>() {
                Ok(id) => {
                    let id = conditions.number(id);
                    conditions.add(format!("(user_id = ${id} OR LOWER(who) = ${n})"));
                }
                Err(_) => conditions.add(format!("LOWER(who) = ${n}")),
            }
        }
        if let Some(what) = &filter.what {
            match what.contains('.') {
                true => {
                    let n = conditions.text(what.as_str());
                    conditions.add(format!("what = ${n}"));
                }
                false => {
                    let n = conditions.text(format!("{}.%", crate::store::list::like(what)));
                    conditions.add(format!("what LIKE ${n} ESCAPE '!'"));
                }
            }
        }
        if let Some(thing) = &filter.thing {
            let of = thing.split_once(':').and_then(|(kind, id)| Some((kind, id.parse::<i64>().ok()?)));
            match of {
                Some((kind, id)) => {
                    let (kind, id) = (conditions.text(kind), conditions.number(id));
                    conditions.add(format!("kind = ${kind} AND thing_id = ${id}"));
                }
                None => {
                    let n = conditions.folded(thing);
                    conditions.add(format!("(kind = ${n} OR LOWER(name) = ${n})"));
                }
            }
        }
        if let Some(ProjectId(project)) = filter.project {
            let n = conditions.number(project);
            conditions.add(format!("project_id = ${n}"));
        }
        if let Some(outcome) = filter.outcome {
            let n = conditions.text(outcome.as_str());
            conditions.add(format!("outcome = ${n}"));
        }
        if let Some(Timestamp(since)) = filter.since {
            let n = conditions.number(since);
            conditions.add(format!("at >= ${n}"));
        }
        if let Some(Timestamp(until)) = filter.until {
            let n = conditions.number(until);
            conditions.add(format!("at < ${n}"));
        }
        match visible {
            None => {}
            Some(Visible::All) => conditions.add("project_id IS NOT NULL"),
            Some(Visible::Only(projects)) if projects.is_empty() => conditions.add("1 = 0"),
            Some(Visible::Only(projects)) => {
                let of: Vec<String> = projects.iter().map(|id| format!("${}", conditions.number(id.0))).collect();
                conditions.add(format!("project_id IN ({})", of.join(", ")));
            }
        }
        conditions
    }
}

impl Row {
    fn facts(&self) -> AuditFacts {
        AuditFacts {
            seq: self.seq,
            at: Timestamp(self.at),
            who: AuditWho {
                user_id: self.user_id.map(UserId),
                name: self.who.clone(),
                // A word that somebody wrote over by hand must not hide the entry, or the others.
                via: Via::parse(&self.via).unwrap_or(Via::System),
                token: self.token.clone(),
                from: self.address.clone(),
            },
            what: self.what.clone(),
            outcome: Outcome::parse(&self.outcome).unwrap_or_default(),
            thing: Thing {
                kind: self.kind.clone(),
                id: self.thing_id,
                name: self.name.clone(),
                project_id: self.project_id.map(ProjectId),
            },
        }
    }

    fn into_entry(self) -> Result<AuditEntry> {
        let facts = self.facts();
        Ok(AuditEntry {
            facts,
            before: raw(self.before)?,
            after: raw(self.after)?,
            version: self.version,
            prev: self.prev,
            hash: self.hash,
        })
    }

    fn into_row(self) -> AuditRow {
        AuditRow { facts: self.facts(), changes: changes(self.before.as_deref(), self.after.as_deref()) }
    }
}

/// The stored text as it is, since that is what was hashed; what is no JSON any more, as a text.
fn raw(text: Option<String>) -> Result<Option<Box<RawValue>>> {
    let raw = |text: String| RawValue::from_string(text.clone()).or_else(|_| to_raw_value(&text));
    Ok(text.map(raw).transpose()?)
}
