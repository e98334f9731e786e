//! Finding things by a few letters.

use launchway_domain::find::rank;
use launchway_domain::{Hit, HitKind, ListQuery, Visible};

use super::Store;
use super::error::Result;

/// How many of each noun are looked at before the best are chosen.
const LOOKED_AT: u32 = 50;
/// How many of each noun are answered.
const OF_EACH: usize = 6;

impl Store {
    /// What has a text in its name: projects, servers and releases, a few of each, the best first: those that begin
    /// with it, then those in which a word does, then the others.
    ///
    /// # Errors
    /// [`super::StoreError::Db`].
    pub async fn find(&self, q: &str, kinds: &[HitKind], visible: &Visible) -> Result<Vec<Hit>> {
        let typed = q.trim().to_lowercase();
        let mut hits = Vec::new();
        for kind in kinds {
            let mut found = self.find_kind(*kind, &typed, visible).await?;
            found.sort_by_key(|(rank, _)| *rank);
            hits.extend(found.into_iter().take(OF_EACH).map(|(_, hit)| hit));
        }
        Ok(hits)
    }

    async fn find_kind(&self, kind: HitKind, typed: &str, visible: &Visible) -> Result<Vec<(u8, Hit)>> {
        let query = ListQuery { q: typed.to_owned(), limit: Some(LOOKED_AT), ..Default::default() };
        // Those that begin with it come first also where there are more than are looked at.
        let first = ListQuery { limit: Some(OF_EACH as u32), ..query.clone() };
        let mut hits: Vec<(u8, Hit)> = Vec::new();
        match kind {
            HitKind::Project => {
                let mut items = self.beginning(kind, &first, visible).await?;
                items.extend(self.projects_list(&query, visible).await?.items.into_iter().map(|project| {
                    (rank(&project.title, typed), hit(kind, project.id.0, project.title, project.repo_url))
                }));
                hits.extend(items);
            }
            HitKind::Server => {
                let mut items = self.beginning(kind, &first, visible).await?;
                items.extend(self.servers_list(&query, visible).await?.items.into_iter().map(|server| {
                    let detail = match server.tags.is_empty() {
                        true => server.address,
                        false => format!("{} · {}", server.address, server.tags.join(", ")),
                    };
                    (rank(&server.hostname, typed), hit(kind, server.id.0, server.hostname, detail))
                }));
                hits.extend(items);
            }
            HitKind::Release => {
                hits.extend(self.releases_list(&query, visible).await?.items.into_iter().map(|release| {
                    let number = release.id.to_string();
                    let rank = match typed.trim_start_matches('#') == number {
                        true => 0,
                        false => rank(&release.git_ref.name, typed),
                    };
                    let detail = format!("{} / {}", release.project_title, release.environment_name);
                    (rank, hit(kind, release.id.0, format!("#{number} {}", release.git_ref.name), detail))
                }));
            }
        }
        let mut seen = Vec::new();
        hits.retain(|(_, hit)| {
            !seen.contains(&hit.id) && {
                seen.push(hit.id);
                true
            }
        });
        Ok(hits)
    }

    /// Those whose name begins with the text.
    async fn beginning(&self, kind: HitKind, query: &ListQuery, visible: &Visible) -> Result<Vec<(u8, Hit)>> {
        let pattern = format!("{}%", super::list::like(&self.inner.dialect.fold(&query.q)));
        let (sql, detail) = match kind {
            HitKind::Project => ("SELECT id, title AS name, repo_url AS detail FROM projects", "title"),
            HitKind::Server => ("SELECT id, hostname AS name, address AS detail FROM servers", "hostname"),
            HitKind::Release => return Ok(Vec::new()),
        };
        let within = match kind {
            HitKind::Server => super::servers::within(visible),
            HitKind::Project | HitKind::Release => super::list::seen_by(visible, "id"),
        };
        let within = within.map_or_else(String::new, |condition| format!("{condition} AND "));
        let sql =
            format!("{sql} WHERE {within}LOWER({detail}) LIKE $1 ESCAPE '!' ORDER BY LOWER({detail}), id LIMIT $2");
        let found = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(pattern)
            .bind(i64::from(query.rows()))
            .fetch_all(self.pool())
            .await?;
        found
            .iter()
            .map(|row| {
                use sqlx::Row;
                let name: String = row.try_get("name")?;
                Ok((rank(&name, &query.q), hit(kind, row.try_get("id")?, name, row.try_get("detail")?)))
            })
            .collect()
    }
}

fn hit(kind: HitKind, id: i64, title: String, detail: String) -> Hit {
    Hit { kind, id, title, detail }
}
