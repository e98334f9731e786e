//! Users, their passwords, and their API tokens.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use launchway_app::ports::Answer;
use launchway_domain::{
    Account, Actor, By, Fault, Form, JoinForm, PasswordForm, Permission, Person, Role, SetupForm, SignInForm, Text,
    TokenForm, User, UserId,
};
use launchway_engine::store::{SignIn, Store, StoreError};
use secrecy::{ExposeSecret, SecretString};

use super::fault::{noun, of_store};
use super::password::Passwords;
use super::people::{digest_of, invited, users};
use super::permission::permit;
use super::tries::Tries;
use super::{Core, key, tokens};

/// Failed tries for one name: so many at once, then one in the period.
const BY_NAME: (u32, Duration) = (10, Duration::from_secs(10));
/// Failed tries from one address. More, since an office shares one.
const BY_ADDRESS: (u32, Duration) = (50, Duration::from_secs(2));
/// Tries beyond those limits that are written down.
const NOTED: (u32, Duration) = (3, Duration::from_secs(60));

/// Users, their passwords, and their API tokens.
pub struct Accounts {
    core: Arc<Core>,
    store: Store,
    passwords: Passwords,
    by_name: Tries<String>,
    by_address: Tries<IpAddr>,
    /// Tries beyond the limits that are written into the audit, by address: nobody fills it with them.
    noted: Tries<IpAddr>,
}

impl Accounts {
    /// The accounts of one installation.
    ///
    /// # Errors
    /// Where the system has no random bytes.
    pub(super) fn new(core: Arc<Core>) -> Answer<Self> {
        Ok(Self {
            store: core.store.clone(),
            core,
            passwords: Passwords::new()?,
            by_name: Tries::new(BY_NAME.0, BY_NAME.1),
            by_address: Tries::new(BY_ADDRESS.0, BY_ADDRESS.1),
            noted: Tries::new(NOTED.0, NOTED.1),
        })
    }

    /// Whether there is no user yet, so that the first visit makes the first administrator.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn needs_setup(&self) -> Answer<bool> {
        Ok(self.store.count_users().await.map_err(|e| of_store(e, &users()))? == 0)
    }

    /// Makes the first administrator, for somebody at an address.
    ///
    /// # Errors
    /// A conflict once there is any user; fields that are wrong.
    pub async fn setup(&self, form: SetupForm, client: IpAddr) -> Answer<User> {
        // Asked first as well: a stranger must not make us hash.
        if !self.needs_setup().await? {
            return Err(set_up());
        }
        let (name, hash) = self.checked(form).await?;
        let store = self.store.by(By::visitor(&name, client));
        let made = store.create_first_user(&name, &hash).await.map_err(|e| at_name(of_store(e, &users())))?;
        let user = made.ok_or_else(set_up)?;
        self.note(SignIn::Succeeded(&user), client).await?;
        Ok(user)
    }

    /// Writes a sign-in into the audit.
    async fn note(&self, sign_in: SignIn<'_>, client: IpAddr) -> Answer<()> {
        let user = match sign_in {
            SignIn::Succeeded(user) | SignIn::Left(user) => Some(user),
            SignIn::Failed(user) | SignIn::Limited(user) => user,
        };
        let by = By { user_id: user.map(|user| user.id), ..By::visitor(user.map_or("", |user| &user.name), client) };
        self.store.by(by).audit_sign_in(sign_in).await.map_err(|e| of_store(e, &users()))
    }

    /// Notes that somebody signed out.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn signed_out(&self, user: UserId, client: IpAddr) -> Answer<()> {
        match self.person(user).await? {
            Some(person) => self.note(SignIn::Left(&person.user), client).await,
            None => Ok(()),
        }
    }

    /// Notes that a try was not looked at; of those from one address, not more than a few.
    async fn note_limited(&self, name: &str, client: IpAddr) -> Answer<()> {
        if self.noted.take(network(client), Instant::now()).is_err() {
            return Ok(());
        }
        let found = self.store.user_with_hash(name).await.map_err(|e| of_store(e, &users()))?;
        self.note(SignIn::Limited(found.as_ref().map(|(user, _)| user)), client).await
    }

    /// Who that is. Wrong name and wrong password get one answer, after the same work.
    ///
    /// # Errors
    /// [`Fault::Invalid`] at `password` where they do not fit, [`Fault::TooMany`] after too many tries
    /// for the name or from the address.
    pub async fn sign_in(&self, form: SignInForm, client: IpAddr) -> Answer<User> {
        form.check()?;
        let name = form.name.trim().to_owned();
        let (key, address, now) = (name.to_lowercase(), network(client), Instant::now());
        if let Err(wait) = self.by_address.take(address, now).and_then(|()| self.by_name.take(key.clone(), now)) {
            self.note_limited(&name, client).await?;
            return Err(too_many(wait));
        }
        let password = SecretString::from(form.password);
        let found = self.store.user_with_hash(&name).await.map_err(|e| of_store(e, &users()))?;
        let (user, hash) = found.unzip();
        let fits = self.passwords.verify(password, hash).await?;
        match user {
            Some(user) if fits => {
                self.by_address.give_back(&address);
                self.by_name.give_back(&key);
                self.note(SignIn::Succeeded(&user), client).await?;
                Ok(user)
            }
            user => {
                self.note(SignIn::Failed(user.as_ref()), client).await?;
                Err(Fault::field("password", "wrong", Text::new("Name or password is wrong.", "用户名或密码错误。")))
            }
        }
    }

    /// Somebody by id, for a session; none where they were deleted or deactivated.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn person(&self, id: UserId) -> Answer<Option<Person>> {
        self.store.person(id).await.map_err(|e| of_store(e, &noun("user", "用户", id)))
    }

    /// Who is signed in with the session of a digest; none where it ended, or they were deleted or deactivated. Notes
    /// that it was used from an address, where one is given.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn session_person(&self, digest: &str, from: Option<IpAddr>) -> Answer<Option<Person>> {
        self.store.session_person(digest, from).await.map_err(|e| of_store(e, &users()))
    }

    /// Somebody by sign-in name.
    ///
    /// # Errors
    /// As every service call.
    pub async fn named(&self, actor: &Actor, name: &str) -> Answer<Account> {
        permit(actor, Permission::ManageUsers)?;
        let name = name.trim();
        let thing = launchway_domain::text!("user “{name}”", "用户“{name}”");
        self.store.account_named(name).await.map_err(|e| of_store(e, &thing))
    }

    /// Who a link is for; none where it was used, voided, or has expired.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn invited(&self, key: &SecretString) -> Answer<Option<User>> {
        invited(&self.store, key).await
    }

    /// Uses a link, for somebody at an address: its owner has this password from now on. Their sessions end.
    ///
    /// # Errors
    /// A conflict where the link opens nothing; a password that is wrong; [`Fault::TooMany`] after too many tries from
    /// the address.
    pub async fn join(&self, key: &SecretString, form: JoinForm, client: IpAddr) -> Answer<User> {
        form.check()?;
        let (address, now) = (network(client), Instant::now());
        self.by_address.take(address, now).map_err(too_many)?;
        // Asked first: a stranger must not make us hash.
        let (Some(digest), Some(user)) = (digest_of(key), self.invited(key).await?) else { return Err(no_link()) };
        let hash = self.passwords.hash(form.password.into()).await?;
        let store = self.store.by(By { user_id: Some(user.id), ..By::visitor(&user.name, client) });
        let used = store.invitation_use(&digest, &hash).await.map_err(|e| of_store(e, &users()))?;
        let user = used.ok_or_else(no_link)?;
        self.by_address.give_back(&address);
        self.note(SignIn::Succeeded(&user), client).await?;
        self.core.told(Ok(user))
    }

    /// Gives the actor another password, who knows the one that holds until now. Their sessions end, but the one that
    /// they are in.
    ///
    /// # Errors
    /// [`Fault::Invalid`] at `current_password` where it is wrong, [`Fault::TooMany`] after too many tries.
    pub async fn change_password(&self, actor: &Actor, form: PasswordForm, session: Option<&str>) -> Answer<()> {
        permit(actor, Permission::ManageSelf)?;
        form.check()?;
        let Actor::User(person) = actor else { return Err(Fault::Unauthenticated) };
        let key = person.user.name.to_lowercase();
        self.by_name.take(key.clone(), Instant::now()).map_err(too_many)?;
        let found = self.store.user_with_hash(&person.user.name).await.map_err(|e| of_store(e, &users()))?;
        let hash = found.map(|(_, hash)| hash);
        if !self.passwords.verify(form.current_password.into(), hash).await? {
            let text = Text::new("This is not your password.", "密码错误。");
            return Err(Fault::field("current_password", "wrong", text));
        }
        self.by_name.give_back(&key);
        let hash = self.passwords.hash(form.password.into()).await?;
        let set = self.store.by(actor).password_set(person.user.id, &hash, session).await;
        self.core.told(set.map_err(|e| of_store(e, &users())))
    }

    /// All users, by name.
    ///
    /// # Errors
    /// As every service call.
    pub async fn users(&self, actor: &Actor) -> Answer<Vec<User>> {
        permit(actor, Permission::ViewUsers)?;
        self.store.users().await.map_err(|e| of_store(e, &users()))
    }

    /// Adds a user.
    ///
    /// # Errors
    /// Fields that are wrong; `taken` at `name`.
    pub async fn create_user(&self, actor: &Actor, form: SetupForm, role: Role) -> Answer<User> {
        permit(actor, Permission::ManageUsers)?;
        let (name, hash) = self.checked(form).await?;
        self.store.by(actor).create_user(&name, &hash, role).await.map_err(|e| at_name(of_store(e, &users())))
    }

    /// Makes an API token for a user that allows what they may. It is shown this once: only its digest is kept.
    ///
    /// # Errors
    /// As [`Accounts::create_token_as`].
    pub async fn create_token(&self, actor: &Actor, user: &str, label: &str) -> Answer<SecretString> {
        self.create_token_as(actor, user, TokenForm { name: label.to_owned(), ..Default::default() }).await
    }

    /// Makes an API token for a user. It is shown this once: only its digest is kept.
    ///
    /// # Errors
    /// `name` or `user` at fault, and what else is wrong with the form.
    pub async fn create_token_as(&self, actor: &Actor, user: &str, form: TokenForm) -> Answer<SecretString> {
        let own = matches!(actor, Actor::User(person) if person.user.name == user);
        permit(actor, if own { Permission::ManageSelf } else { Permission::ManageUsers })?;
        form.check()?;
        let found = self.store.user_with_hash(user.trim()).await.map_err(|e| of_store(e, &users()))?;
        let Some((user, _)) = found else {
            let text = launchway_domain::text!("There is no user “{user}”.", "没有用户“{user}”。");
            return Err(Fault::field("user", "not_found", text));
        };
        Ok(tokens::create(&self.store, actor, user.id, form).await?.token.into())
    }

    /// Whose token that is, and what it allows.
    ///
    /// # Errors
    /// [`Fault::Unauthenticated`] where it is nobody's, expired, or its owner deactivated.
    pub async fn token_person(&self, token: SecretString) -> Answer<Person> {
        match self.store.token_person(&key::digest(token.expose_secret())).await {
            Ok(Some(found)) => Ok(found),
            Ok(None) | Err(StoreError::NotFound) => Err(Fault::Unauthenticated),
            Err(error) => Err(of_store(error, &users())),
        }
    }

    async fn checked(&self, form: SetupForm) -> Answer<(String, String)> {
        form.check()?;
        let hash = self.passwords.hash(form.password.into()).await?;
        Ok((form.name.trim().to_owned(), hash))
    }
}

fn set_up() -> Fault {
    Fault::conflict(Text::new(
        "The first administrator is there already. Sign in instead.",
        "首位管理员已存在，请直接登录。",
    ))
}

fn no_link() -> Fault {
    Fault::conflict(Text::new(
        "This link was used, replaced, or has expired. Ask an administrator for a new one.",
        "此链接已使用、已被替换或已过期，请向管理员索取新链接。",
    ))
}

fn too_many(wait: Duration) -> Fault {
    Fault::TooMany { retry_after: wait.as_secs() + u64::from(wait.subsec_nanos() > 0) }
}

/// Whatever the store calls the constraint: the form's field is `name`.
fn at_name(fault: Fault) -> Fault {
    match fault {
        Fault::Invalid { mut errors } => {
            errors.iter_mut().for_each(|error| error.field = "name".to_owned());
            Fault::Invalid { errors }
        }
        other => other,
    }
}

/// What one client can choose freely: with IPv6, any address of a /64.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from(u128::from(v6) & !u128::from(u64::MAX))),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_in_one_ipv6_network_count_as_one() {
        let net = |text: &str| network(text.parse().unwrap());
        assert_eq!(net("2001:db8::1"), net("2001:db8::ffff"));
        assert_ne!(net("2001:db8::1"), net("2001:db8:0:1::1"));
        assert_eq!(net("::ffff:10.0.0.1"), net("10.0.0.1"));
        assert_ne!(net("10.0.0.1"), net("10.0.0.2"));
    }

    #[test]
    fn a_part_of_a_second_is_waited_out() {
        assert_eq!(too_many(Duration::from_millis(1200)), Fault::TooMany { retry_after: 2 });
        assert_eq!(too_many(Duration::from_secs(3)), Fault::TooMany { retry_after: 3 });
    }
}
