//! Signing in and out, and the first administrator.

use launchway_domain::{JoinForm, PasswordForm, SetupForm, SignInForm, User};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
use crate::said::{Did, Said, Thing, tell};

use super::codec::Json;
use super::{ApiError, needs};

/// Who looks at the page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Visitor {
    /// The person, where one is signed in.
    pub user: Option<User>,
    /// Whether there is no user at all yet.
    pub needs_setup: bool,
}

/// Who looks at the page; never a refusal, since this is what decides whether to ask for a sign-in.
#[server(prefix = "/api/fn", input = GetUrl, output = Json)]
pub async fn get_visitor() -> Result<Visitor, ApiError> {
    use launchway_domain::Actor;
    match super::host::actor() {
        Ok(Actor::User(person)) => Ok(Visitor { user: Some(person.user), needs_setup: false }),
        _ => {
            let needs_setup = super::host::answer(super::host::session()?.needs_setup().await)?;
            Ok(Visitor { user: None, needs_setup })
        }
    }
}
needs!(GetVisitor, Nothing);

/// Signs in, then leads to `next`, a path of ours.
#[server(prefix = "/api/fn", output = Json)]
pub async fn sign_in(form: SignInForm, next: Option<String>) -> Result<(), ApiError> {
    super::host::answer(super::host::session()?.sign_in(form).await)?;
    leptos_axum::redirect(crate::ui::next::safe(next.as_deref()));
    Ok(())
}
needs!(SignIn, Nothing);

/// Ends the session.
#[server(prefix = "/api/fn", output = Json)]
pub async fn sign_out() -> Result<(), ApiError> {
    super::host::answer(super::host::session()?.sign_out().await)?;
    leptos_axum::redirect("/sign-in");
    Ok(())
}
needs!(SignOut, Nothing);

/// Makes the first administrator and signs them in.
#[server(prefix = "/api/fn", output = Json)]
pub async fn setup(form: SetupForm) -> Result<(), ApiError> {
    super::host::answer(super::host::session()?.setup(form).await)?;
    leptos_axum::redirect("/");
    Ok(())
}
needs!(Setup, Nothing);

/// Who the link is for that the browser came by; none where it opens nothing (any more).
#[server(prefix = "/api/fn", input = GetUrl, output = Json)]
pub async fn get_invitation() -> Result<Option<String>, ApiError> {
    super::host::answer(super::host::session()?.invited().await)
}
needs!(GetInvitation, Nothing);

/// Uses the link that the browser came by: gives its owner a password and signs them in.
#[server(prefix = "/api/fn", output = Json)]
pub async fn join(form: JoinForm) -> Result<(), ApiError> {
    super::host::answer(super::host::session()?.join(form).await)?;
    leptos_axum::redirect("/");
    Ok(())
}
needs!(Join, Nothing);

/// Gives whoever asks another password; their other sessions end.
#[server(prefix = "/api/fn", output = Json)]
pub async fn change_password(form: PasswordForm) -> Result<(), ApiError> {
    let actor = super::host::actor()?;
    super::host::answer(super::host::session()?.change_password(&actor, form).await)?;
    tell(Said::new(Thing::Password, Did::Saved, actor.name()));
    Ok(())
}
needs!(ChangePassword, ManageSelf);

/// Remembers the language or the colours of a browser without JavaScript; with it, the page does so by itself.
#[server(prefix = "/api/fn", output = Json)]
pub async fn prefer(lang: Option<String>, theme: Option<String>) -> Result<(), ApiError> {
    use crate::ui::prefs::{LANG_COOKIE, THEME_COOKIE, Theme, remember};
    use http::{HeaderValue, header::SET_COOKIE};
    let lang = lang.as_deref().and_then(launchway_domain::Lang::parse).map(|lang| remember(LANG_COOKIE, lang.code()));
    let theme = theme.as_deref().and_then(Theme::parse).map(|theme| remember(THEME_COOKIE, theme.as_str()));
    if let Some(response) = use_context::<leptos_axum::ResponseOptions>() {
        for cookie in [lang, theme].into_iter().flatten() {
            if let Ok(value) = HeaderValue::from_str(&cookie) {
                response.append_header(SET_COOKIE, value);
            }
        }
    }
    Ok(())
}
needs!(Prefer, Nothing);
