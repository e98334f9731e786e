//! Sessions of browsers: kept in the database, named by a cookie.

use std::collections::HashMap;
use std::net::IpAddr;

use async_trait::async_trait;
use launchway_app::ports::{Answer, BrowserSession};
use launchway_domain::{Actor, Fault, JoinForm, PasswordForm, SetupForm, SignInForm, Timestamp, User, UserId};
use launchway_engine::store::{NewSession, Store};
use secrecy::SecretString;
use sha2::{Digest, Sha256};
use time::Duration;
use tower_sessions::cookie::SameSite;
use tower_sessions::session::{Id, Record};
use tower_sessions::session_store::{Error, Result};
use tower_sessions::{Expiry, Session, SessionManagerLayer, SessionStore};

use super::problem::Problem;
use crate::AppState;

/// The cookie's name.
pub(crate) const COOKIE: &str = "launchway_session";
/// How long a session lives that nobody uses.
const IDLE: Duration = Duration::days(14);
/// How often a session in use is written again to live on, in milliseconds.
const RENEW_MS: i64 = 24 * 60 * 60 * 1000;
/// Whose session it is.
const USER: &str = "user";
/// When it was last written.
const SINCE: &str = "since";
/// From where it was begun, and what the browser called itself.
const FROM: &str = "from";
const AGENT: &str = "agent";
/// The longest name of a browser that is kept, in characters.
const MAX_AGENT: usize = 300;

/// The layer that gives every request its session.
pub(crate) fn layer(state: &AppState) -> SessionManagerLayer<Rows> {
    SessionManagerLayer::new(Rows(state.services.store().clone()))
        .with_name(COOKIE)
        .with_http_only(true)
        .with_same_site(SameSite::Lax)
        .with_secure(state.config.is_secure())
        .with_expiry(Expiry::OnInactivity(IDLE))
}

/// Sessions in our own table. The table has only a digest of the id: who reads the database cannot
/// take anybody's session over.
#[derive(Clone)]
pub(crate) struct Rows(Store);

impl std::fmt::Debug for Rows {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Rows")
    }
}

/// The row of a session.
fn row(id: &Id) -> String {
    hex::encode(Sha256::digest(id.to_string()))
}

fn backend(error: impl std::fmt::Display) -> Error {
    Error::Backend(error.to_string())
}

impl Rows {
    async fn write(&self, record: &Record) -> Result<()> {
        let data = serde_json::to_vec(&record.data).map_err(|e| Error::Encode(e.to_string()))?;
        let user = record.data.get(USER).and_then(serde_json::Value::as_i64).map(UserId);
        let expires = Timestamp((record.expiry_date.unix_timestamp_nanos() / 1_000_000) as i64);
        let text = |name: &str| record.data.get(name).and_then(serde_json::Value::as_str);
        let digest = row(&record.id);
        let new = NewSession { digest: &digest, data: &data, user, address: text(FROM), agent: text(AGENT), expires };
        self.0.session_save(&new).await.map_err(backend)
    }
}

#[async_trait]
impl SessionStore for Rows {
    async fn create(&self, record: &mut Record) -> Result<()> {
        // Ids are 128 random bits: nothing is there that this could overwrite.
        self.write(record).await
    }

    async fn save(&self, record: &Record) -> Result<()> {
        // A request that began before a sign-out must not bring the session back.
        match self.0.session_load(&row(&record.id)).await.map_err(backend)? {
            Some(_) => self.write(record).await,
            None => Ok(()),
        }
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let Some((data, expires)) = self.0.session_load(&row(id)).await.map_err(backend)? else { return Ok(None) };
        if expires <= Timestamp::now() {
            return Ok(None);
        }
        let data: HashMap<String, serde_json::Value> =
            serde_json::from_slice(&data).map_err(|e| Error::Decode(e.to_string()))?;
        Ok(Some(Record { id: *id, data, expiry_date: expires.utc() }))
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        self.0.session_delete(&row(id)).await.map_err(backend)
    }
}

/// Whose session it is, and its row; none where nobody has signed in. A session in use is renewed.
///
/// # Errors
/// Where the database does not answer.
pub(crate) async fn user_of(session: &Session) -> std::result::Result<Option<(UserId, String)>, Problem> {
    let Some(user) = session.get::<i64>(USER).await.map_err(Problem::internal)? else { return Ok(None) };
    let Some(id) = session.id() else { return Ok(None) };
    let now = Timestamp::now().millis();
    let since = session.get::<i64>(SINCE).await.map_err(Problem::internal)?.unwrap_or(0);
    if now - since > RENEW_MS {
        session.insert(SINCE, now).await.map_err(Problem::internal)?;
    }
    Ok(Some((UserId(user), row(&id))))
}

/// The session of the browser that makes one request, as the pages see it.
pub(crate) struct Browser {
    /// The program.
    pub(crate) state: AppState,
    /// The session that came with the request, or a new, unwritten one.
    pub(crate) session: Session,
    /// Who asks, for the limit on tries.
    pub(crate) client: IpAddr,
    /// What the browser calls itself.
    pub(crate) agent: String,
    /// The key of the invitation that the browser came by.
    pub(crate) invitation: Option<SecretString>,
}

impl Browser {
    /// Signs a user in under a new id, so that an id that somebody planted before is worth nothing.
    async fn begin(&self, user: &User) -> Answer<()> {
        let begun = async {
            self.session.clear().await;
            self.session.cycle_id().await?;
            self.session.insert(USER, user.id.0).await?;
            self.session.insert(FROM, self.client.to_canonical().to_string()).await?;
            self.session.insert(AGENT, self.agent.chars().take(MAX_AGENT).collect::<String>()).await?;
            self.session.insert(SINCE, Timestamp::now().millis()).await
        };
        begun.await.map_err(|e| fault(&e))?;
        // People sign in now and then: a good time to throw away what nobody came back to.
        if let Err(error) = self.state.services.store().sessions_delete_expired().await {
            tracing::warn!("old sessions stay: {error}");
        }
        Ok(())
    }
}

fn fault(error: &tower_sessions::session::Error) -> Fault {
    internal(error)
}

fn internal(error: &dyn std::fmt::Display) -> Fault {
    let reference = hex::encode(rand::random::<[u8; 6]>());
    tracing::error!(%reference, "the session: {error}");
    Fault::Internal { reference }
}

#[async_trait]
impl BrowserSession for Browser {
    async fn needs_setup(&self) -> Answer<bool> {
        self.state.services.accounts().needs_setup().await
    }

    async fn setup(&self, form: SetupForm) -> Answer<()> {
        let user = self.state.services.accounts().setup(form, self.client).await?;
        self.begin(&user).await
    }

    async fn sign_in(&self, form: SignInForm) -> Answer<()> {
        let user = self.state.services.accounts().sign_in(form, self.client).await?;
        self.begin(&user).await
    }

    async fn sign_out(&self) -> Answer<()> {
        let user = self.session.get::<i64>(USER).await.map_err(|e| fault(&e))?;
        self.session.flush().await.map_err(|e| fault(&e))?;
        if let Some(user) = user {
            self.state.services.accounts().signed_out(UserId(user), self.client).await?;
        }
        self.state.feed.somebody_left();
        Ok(())
    }

    async fn invited(&self) -> Answer<Option<String>> {
        let Some(key) = &self.invitation else { return Ok(None) };
        Ok(self.state.services.accounts().invited(key).await?.map(|user| user.name))
    }

    async fn join(&self, form: JoinForm) -> Answer<()> {
        // A key that is none opens nothing, in the same words.
        let key = self.invitation.clone().unwrap_or_default();
        let user = self.state.services.accounts().join(&key, form, self.client).await?;
        self.begin(&user).await
    }

    async fn change_password(&self, actor: &Actor, form: PasswordForm) -> Answer<()> {
        let row = user_of(&self.session).await.map_err(|problem| internal(&problem.detail))?.map(|(_, row)| row);
        self.state.services.accounts().change_password(actor, form, row.as_deref()).await
    }
}
