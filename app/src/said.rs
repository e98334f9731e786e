//! What a server function has done, on its way to whoever asked for it.
//!
//! It travels in a cookie, since the answer may be a redirect: the page that comes next takes it and shows it, whether
//! that page is rendered by the server or by the browser, with JavaScript or without.

use crate::ui::next::{decode, encode};

/// The cookie. It lives for a few seconds.
pub const COOKIE: &str = "said";
/// How long it waits for a page, in seconds.
#[cfg(feature = "ssr")]
const MAX_AGE: u32 = 20;
/// The longest name that is told, in characters.
#[cfg(feature = "ssr")]
const MAX_NAME: usize = 80;

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$of:meta])* $one:ident: $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $($(#[$of])* $one,)* }

        impl $name {
            fn word(self) -> &'static str {
                match self { $(Self::$one => $word,)* }
            }

            fn parse(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$one),)* _ => None }
            }
        }
    };
}

words! {
    /// To what something was done.
    Thing {
        /// A server.
        Server: "server",
        /// A project.
        Project: "project",
        /// An environment.
        Environment: "environment",
        /// A credential.
        Credential: "credential",
        /// A release.
        Release: "release",
        /// A hook template.
        Template: "template",
        /// A link that opens the wall.
        WallLink: "wall_link",
        /// An address that a Git service calls.
        Webhook: "webhook",
        /// One call of it.
        Delivery: "delivery",
        /// Where a project tells what happens.
        Channel: "channel",
        /// One message of it.
        Notification: "notification",
        /// A person.
        User: "user",
        /// Somebody who has a role in a project.
        Member: "member",
        /// An API token.
        Token: "token",
        /// A browser that somebody is signed in with.
        Session: "session",
        /// All of somebody's but the one that asks.
        Sessions: "sessions",
        /// Somebody's password.
        Password: "password",
        /// What hooks are given.
        Variable: "variable",
        /// How long things are kept.
        Housekeeping: "housekeeping",
        /// What local hooks keep between releases.
        BuildCache: "build_cache",
        /// The host key of a server or a project.
        HostKey: "host_key",
    }
}

words! {
    /// What was done.
    Did {
        /// It is new.
        Created: "created",
        /// It was changed.
        Saved: "saved",
        /// It is gone.
        Deleted: "deleted",
        /// It was put into the queue.
        Started: "started",
        /// It was asked to stop.
        Canceled: "canceled",
        /// It was put into the queue again.
        Retried: "retried",
        Continued: "continued",
        /// It is trusted from now on.
        Pinned: "pinned",
        /// It opens nothing any more.
        Revoked: "revoked",
        /// Nobody is signed in by it any more.
        Ended: "ended",
        /// Has a link to come in by.
        Invited: "invited",
        /// Was shut out.
        Deactivated: "deactivated",
        /// Was let in again.
        Reactivated: "reactivated",
        /// Has no place there any more.
        Removed: "removed",
        /// Nothing new starts there.
        Locked: "locked",
        /// Its lock was lifted.
        Unlocked: "unlocked",
        /// It has a time at which it starts.
        Scheduled: "scheduled",
    }
}

/// What was done to what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// To what.
    pub thing: Thing,
    /// What.
    pub did: Did,
    /// What people call it; `#7` for a release.
    pub name: String,
    /// Its page, where it has one.
    pub href: Option<String>,
}

impl Said {
    /// What was done to something.
    pub fn new(thing: Thing, did: Did, name: impl Into<String>) -> Self {
        Self { thing, did, name: name.into(), href: None }
    }

    /// The same, with the page of it.
    pub fn at(self, href: impl Into<String>) -> Self {
        Self { href: Some(href.into()), ..self }
    }

    /// As the value of a cookie.
    pub fn write(&self) -> String {
        let href = self.href.as_deref().unwrap_or_default();
        [self.thing.word(), self.did.word(), &encode(&self.name), &encode(href)].join("|")
    }

    /// Reads [`Said::write`] back. Of addresses only those of this site are taken.
    pub fn read(value: &str) -> Option<Self> {
        let mut parts = value.split('|');
        let thing = parts.next().and_then(Thing::parse)?;
        let did = parts.next().and_then(Did::parse)?;
        let name = decode(parts.next()?);
        let href = decode(parts.next()?);
        let href = (!href.is_empty() && crate::ui::next::safe(Some(&href)) == href).then_some(href);
        Some(Self { thing, did, name, href })
    }
}

/// Tells whoever made this request what was done.
#[cfg(feature = "ssr")]
pub(crate) fn tell(said: Said) {
    use http::HeaderValue;
    use http::header::SET_COOKIE;
    let said = Said { name: said.name.chars().take(MAX_NAME).collect(), ..said };
    let cookie = format!("{COOKIE}={}; Path=/; Max-Age={MAX_AGE}; SameSite=Lax", said.write());
    let response = leptos::prelude::use_context::<leptos_axum::ResponseOptions>();
    if let (Some(response), Ok(value)) = (response, HeaderValue::from_str(&cookie)) {
        response.append_header(SET_COOKIE, value);
    }
}

/// What the request brings to be shown on the page that is rendered now; it is shown once.
#[cfg(feature = "ssr")]
pub(crate) fn take() -> Option<Said> {
    use http::HeaderValue;
    use http::header::{COOKIE as HEADER, SET_COOKIE};
    let parts = leptos::prelude::use_context::<http::request::Parts>()?;
    let header = parts.headers.get_all(HEADER).iter().filter_map(|value| value.to_str().ok());
    let said = header.filter_map(|header| crate::ui::prefs::cookie(header, COOKIE)).find_map(Said::read)?;
    if let Some(response) = leptos::prelude::use_context::<leptos_axum::ResponseOptions>() {
        response.append_header(SET_COOKIE, HeaderValue::from_static("said=; Path=/; Max-Age=0; SameSite=Lax"));
    }
    Some(said)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_survives_its_way() {
        let said = Said::new(Thing::Server, Did::Saved, "web|1; 商店=\"x\"").at("/servers/7?a=b");
        let written = said.write();
        assert!(written.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b';' | b',' | b'"' | b'\\')), "{written}");
        assert_eq!(Said::read(&written), Some(said));
    }

    #[test]
    fn what_somebody_made_up_leads_nowhere() {
        for made_up in ["", "server", "server|exploded|x|", "server|saved|x"] {
            assert_eq!(Said::read(made_up), None, "{made_up}");
        }
        let away = Said::read("server|saved|x|%2F%2Fevil.example").unwrap();
        assert_eq!(away.href, None);
    }
}
