//! Channels: where a project tells what happens. Addresses and secrets are sealed by others and kept here.

use launchway_domain::{Channel, ChannelForm, ChannelId, ChannelKind, Lang, ProjectId, Text, Timestamp};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::error::{Result, StoreError, in_terms_of};
use super::{Store, rows};

/// The columns of [`channel`].
macro_rules! select_channel {
    ($rest:literal) => {
        concat!(
            "SELECT id, project_id, kind, name, host, has_secret, recipients, events, environments, lang, enabled, \
             version, created_at, updated_at, sealed FROM channels ",
            $rest
        )
    };
}

/// The sealed part of a channel, and what of it may be shown.
#[derive(Clone, Debug)]
pub struct SealedAddress {
    /// Address and secret, sealed; none for e-mail.
    pub sealed: Option<Vec<u8>>,
    /// Scheme and host of the address.
    pub host: Option<String>,
    /// Whether there is a secret.
    pub has_secret: bool,
}

impl Store {
    /// A project's channels, by name.
    ///
    /// # Errors
    /// [`StoreError::Db`].
    pub async fn channels(&self, project: ProjectId) -> Result<Vec<Channel>> {
        of_project(&mut *self.pool().acquire().await?, project).await
    }

    /// One of them.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn channel(&self, id: ChannelId) -> Result<Channel> {
        get(&mut *self.pool().acquire().await?, id).await
    }

    /// One of them with its sealed part.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn channel_sealed(&self, id: ChannelId) -> Result<(Channel, Option<Vec<u8>>)> {
        let row = sqlx::query(select_channel!("WHERE id = $1")).bind(id.0).fetch_one(self.pool()).await?;
        Ok((channel(&row)?, row.try_get("sealed")?))
    }

    /// Adds one to a project. Address and secret of the form come sealed.
    ///
    /// # Errors
    /// [`StoreError::Missing`] for `project_id`, [`StoreError::Taken`] for `name`.
    pub async fn channel_create(
        &self,
        project: ProjectId,
        form: &ChannelForm,
        address: &SealedAddress,
    ) -> Result<Channel> {
        let mut w = self.write().await?;
        let id: i64 = sqlx::query_scalar(
            "INSERT INTO channels (project_id, kind, name, host, sealed, has_secret, recipients, events, environments, \
             lang, enabled, created_at, updated_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12) RETURNING id",
        )
        .bind(project.0)
        .bind(form.kind.as_str())
        .bind(form.name.as_str())
        .bind(address.host.clone())
        .bind(address.sealed.clone())
        .bind(i64::from(address.has_secret))
        .bind(serde_json::to_string(&form.to)?)
        .bind(serde_json::to_string(&form.events)?)
        .bind(serde_json::to_string(&form.environments)?)
        .bind(form.lang.code())
        .bind(i64::from(form.enabled))
        .bind(Timestamp::now().0)
        .fetch_one(w.conn())
        .await
        .map_err(in_terms_of("name", "project_id"))?;
        let made = get(w.conn(), ChannelId(id)).await?;
        w.audit_made(&made)?;
        w.commit().await?;
        Ok(made)
    }

    /// Changes one. Switched off, its messages that wait are given up: nobody wants them all at once later.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::Taken`] for `name`.
    pub async fn channel_update(&self, id: ChannelId, form: &ChannelForm, address: &SealedAddress) -> Result<Channel> {
        let mut w = self.write().await?;
        w.take_up("channels", id.0).await?;
        let before = get(w.conn(), id).await?;
        let now = Timestamp::now();
        sqlx::query(
            "UPDATE channels SET kind = $2, name = $3, host = $4, sealed = $5, has_secret = $6, recipients = $7, \
             events = $8, environments = $9, lang = $10, enabled = $11, updated_at = $12 WHERE id = $1",
        )
        .bind(id.0)
        .bind(form.kind.as_str())
        .bind(form.name.as_str())
        .bind(address.host.clone())
        .bind(address.sealed.clone())
        .bind(i64::from(address.has_secret))
        .bind(serde_json::to_string(&form.to)?)
        .bind(serde_json::to_string(&form.events)?)
        .bind(serde_json::to_string(&form.environments)?)
        .bind(form.lang.code())
        .bind(i64::from(form.enabled))
        .bind(now.0)
        .execute(w.conn())
        .await
        .map_err(in_terms_of("name", "name"))?;
        if !form.enabled {
            let off = Text::new("The channel was switched off.", "通知渠道已停用。");
            sqlx::query(
                "UPDATE notifications SET status = 'dead', error = $2, finished_at = $3 \
                 WHERE channel_id = $1 AND status = 'waiting'",
            )
            .bind(id.0)
            .bind(serde_json::to_string(&off)?)
            .bind(now.0)
            .execute(w.conn())
            .await?;
        }
        let changed = get(w.conn(), id).await?;
        w.audit_changed("update", &before, &changed)?;
        w.commit().await?;
        Ok(changed)
    }

    /// Deletes one with its messages.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn channel_delete(&self, id: ChannelId) -> Result<()> {
        let mut w = self.write().await?;
        w.take_up("channels", id.0).await?;
        let before = get(w.conn(), id).await?;
        let gone = sqlx::query("DELETE FROM channels WHERE id = $1").bind(id.0).execute(w.conn()).await?;
        if gone.rows_affected() == 0 {
            return Err(StoreError::NotFound);
        }
        w.audit_gone(&before)?;
        w.commit().await
    }
}

/// A project's channels, within a transaction.
pub(super) async fn of_project(conn: &mut AnyConnection, project: ProjectId) -> Result<Vec<Channel>> {
    let found =
        sqlx::query(select_channel!("WHERE project_id = $1 ORDER BY name, id")).bind(project.0).fetch_all(conn).await?;
    found.iter().map(channel).collect()
}

async fn get(conn: &mut AnyConnection, id: ChannelId) -> Result<Channel> {
    channel(&sqlx::query(select_channel!("WHERE id = $1")).bind(id.0).fetch_one(conn).await?)
}

fn channel(row: &AnyRow) -> Result<Channel> {
    Ok(Channel {
        id: ChannelId(row.try_get("id")?),
        project_id: ProjectId(row.try_get("project_id")?),
        kind: rows::word(row, "kind", ChannelKind::parse)?,
        name: row.try_get("name")?,
        host: row.try_get("host")?,
        to: rows::json(row, "recipients")?,
        has_secret: rows::flag(row, "has_secret")?,
        events: rows::json(row, "events")?,
        environments: rows::json(row, "environments")?,
        lang: rows::word(row, "lang", Lang::parse)?,
        enabled: rows::flag(row, "enabled")?,
        version: row.try_get("version")?,
        created_at: rows::time(row, "created_at")?,
        updated_at: rows::time(row, "updated_at")?,
    })
}
