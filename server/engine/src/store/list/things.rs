//! The lists of servers, projects, credentials and releases.

use launchway_domain::{Credential, ListQuery, Listed, Project, Release, Server, Visible};
use sqlx::AssertSqlSafe;

use super::{Listing, keys, like, seen_by};
use crate::store::error::Result;
use crate::store::{Store, credentials, rows, servers};

/// The most tags that are offered to filter by.
const MAX_TAGS: usize = 200;

impl Store {
    /// A page of servers. Sorts: `hostname`, `address`, `key`, `added`. Filters: `tag`, `key` (`pinned`, `missing`).
    ///
    /// # Errors
    /// [`crate::store::StoreError::Db`].
    pub async fn servers_list(&self, query: &ListQuery, visible: &Visible) -> Result<Listed<Server>> {
        let mut conditions = self.conditions();
        conditions.within(servers::within(visible));
        conditions.words(&query.q, &["hostname", "address", "tags"], None);
        if let Some(tag) = query.filter("tag") {
            // Tags are a JSON array of texts: one of them is found with its quotes.
            let quoted = serde_json::to_string(tag)?;
            let n = conditions.text(format!("%{}%", like(&quoted)));
            conditions.add(format!("tags LIKE ${n} ESCAPE '!'"));
        }
        match query.filter("key") {
            Some("pinned") => conditions.add("host_key IS NOT NULL"),
            Some(_) => conditions.add("host_key IS NULL"),
            None => {}
        }
        let column = match query.sort.as_str() {
            "address" => "LOWER(address) | #port",
            "key" => "#CASE WHEN host_key IS NULL THEN 1 ELSE 0 END | LOWER(hostname)",
            "added" => "#created_at",
            _ => "LOWER(hostname)",
        };
        let listing = Listing {
            columns: "id, hostname, address, port, credential_id, tags, host_key, project_id, version, created_at, updated_at",
            from: "servers",
            keys: keys(column, "id"),
            descending: query.descending,
        };
        conditions.page(self, &listing, query, rows::server).await
    }

    /// The tags that the servers have that somebody sees, each once, in alphabetical order; the first 200.
    ///
    /// # Errors
    /// [`crate::store::StoreError::Db`].
    pub async fn server_tags(&self, visible: &Visible) -> Result<Vec<String>> {
        let condition = servers::within(visible).unwrap_or_else(|| "1 = 1".to_owned());
        let sql = format!("SELECT DISTINCT tags FROM servers WHERE tags <> '[]' AND {condition}");
        let found: Vec<String> = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_all(self.pool()).await?;
        let mut tags = std::collections::BTreeSet::new();
        for json in &found {
            tags.extend(serde_json::from_str::<Vec<String>>(json)?);
        }
        Ok(tags.into_iter().take(MAX_TAGS).collect())
    }

    /// A page of projects. Sorts: `title`, `repository`, `added`. Filter: `has` (`prod`, `test`: an environment of that
    /// kind; `none`: no environment).
    ///
    /// # Errors
    /// [`crate::store::StoreError::Db`].
    pub async fn projects_list(&self, query: &ListQuery, visible: &Visible) -> Result<Listed<Project>> {
        let mut conditions = self.conditions();
        conditions.within(seen_by(visible, "projects.id"));
        conditions.words(&query.q, &["title", "repo_url"], None);
        match query.filter("has") {
            Some("none") => {
                conditions.add("NOT EXISTS (SELECT 1 FROM environments e WHERE e.project_id = projects.id)");
            }
            Some(kind) => {
                let n = conditions.text(kind);
                conditions.add(format!(
                    "EXISTS (SELECT 1 FROM environments e WHERE e.project_id = projects.id AND e.kind = ${n})"
                ));
            }
            None => {}
        }
        let column = match query.sort.as_str() {
            "repository" => "LOWER(repo_url)",
            "added" => "#created_at",
            _ => "LOWER(title)",
        };
        let listing = Listing {
            columns: "id, title, repo_url, credential_id, host_key, hooks, version, created_at, updated_at",
            from: "projects",
            keys: keys(column, "id"),
            descending: query.descending,
        };
        conditions.page(self, &listing, query, rows::project).await
    }

    /// A page of credentials. Sorts: `name`, `kind`, `username`, `added`. Filter: `kind`.
    ///
    /// # Errors
    /// [`crate::store::StoreError::Db`].
    pub async fn credentials_list(&self, query: &ListQuery, visible: &Visible) -> Result<Listed<Credential>> {
        let mut conditions = self.conditions();
        conditions.within(credentials::within(visible));
        conditions.words(&query.q, &["name", "username"], None);
        if let Some(kind) = query.filter("kind") {
            let n = conditions.text(kind);
            conditions.add(format!("kind = ${n}"));
        }
        let column = match query.sort.as_str() {
            "kind" => "kind | LOWER(name)",
            "username" => "LOWER(username) | LOWER(name)",
            "added" => "#created_at",
            _ => "LOWER(name)",
        };
        let listing = Listing {
            columns: "id, name, kind, username, has_passphrase, project_id, version, created_at, updated_at",
            from: "credentials",
            keys: keys(column, "id"),
            descending: query.descending,
        };
        conditions.page(self, &listing, query, rows::credential).await
    }

    /// A page of releases, without their hooks; the newest first where nothing else is asked for. Sorts: `number`,
    /// `status`, `where`, `who`, `when`. Filters: `status`, `project`, `environment` (ids), `kind`.
    ///
    /// # Errors
    /// [`crate::store::StoreError::Db`].
    pub async fn releases_list(&self, query: &ListQuery, visible: &Visible) -> Result<Listed<Release>> {
        let mut conditions = self.conditions();
        let columns = ["r.ref_name", "r.commit_hash", "p.title", "e.name", "r.created_by_name", "COALESCE(r.note, '')"];
        conditions.within(seen_by(visible, "r.project_id"));
        conditions.words(&query.q, &columns, Some("r.id"));
        for (filter, column) in [("status", "r.status"), ("kind", "r.kind")] {
            if let Some(word) = query.filter(filter) {
                let n = conditions.text(word);
                conditions.add(format!("{column} = ${n}"));
            }
        }
        for (filter, column) in [("project", "r.project_id"), ("environment", "r.environment_id")] {
            if let Some(id) = query.filter(filter) {
                let n = conditions.number(id.parse().unwrap_or(0));
                conditions.add(format!("{column} = ${n}"));
            }
        }
        let (column, descending) = match query.sort.as_str() {
            "number" => ("#r.id", query.descending),
            "status" => ("r.status", query.descending),
            "where" => ("LOWER(p.title) | LOWER(e.name)", query.descending),
            "who" => ("LOWER(r.created_by_name)", query.descending),
            "when" => ("#COALESCE(r.finished_at, r.started_at, r.created_at)", query.descending),
            _ => ("#r.id", true),
        };
        let listing =
            Listing { columns: rows::RELEASE_BRIEF, from: rows::RELEASE_FROM, keys: keys(column, "r.id"), descending };
        conditions.page(self, &listing, query, rows::release).await
    }
}
