//! `/me`

use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use launchway_domain::{
    Actor, Fault, Membership, Needs, PasswordForm, Permission, ProjectId, Role, Text, TokenScope, UserId,
};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::needs::{needing, permitted};
use crate::AppState;
use crate::http::auth::{Identity, Proof, Who};
use crate::http::body::Json;
use crate::http::problem::{ProblemBody, Reply, Result};

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(needing(Needs::SignIn, routes!(me)))
        .routes(permitted(Permission::ManageSelf, routes!(password)))
}

/// Who asks.
#[derive(Serialize, ToSchema)]
struct Me {
    /// The id.
    id: UserId,
    /// The sign-in name.
    name: String,
    /// What they are trusted with everywhere.
    role: Role,
    /// What they are trusted with in projects, where that is more.
    memberships: Vec<Membership>,
    /// The token that asks; null where a session does.
    token: Option<Token>,
}

/// What a token narrows its owner to.
#[derive(Serialize, ToSchema)]
struct Token {
    /// What its owner called it.
    label: String,
    /// What it allows.
    scope: TokenScope,
    /// The one project that it is for; null for all that its owner sees.
    project_id: Option<ProjectId>,
}

/// Who asks: whose token or session it is, and what they are trusted with.
#[utoipa::path(
    get, path = "/me", tag = "account",
    responses((status = 200, body = Me), (status = 401, body = ProblemBody, content_type = "application/problem+json"))
)]
async fn me(Who(actor): Who) -> Result<Reply<Me>> {
    let Actor::User(person) = actor else {
        return Err(Fault::not_found(Text::new("This is no person.", "当前身份不是用户。")).into());
    };
    Ok(Reply::ok(Me {
        id: person.user.id,
        name: person.user.name,
        role: person.user.role,
        memberships: person.memberships,
        token: person.grant.map(|grant| Token { label: grant.label, scope: grant.scope, project_id: grant.project }),
    }))
}

/// Changes your password. Your other sessions end; tokens stay.
#[utoipa::path(
    post, path = "/me/password", tag = "account", request_body = PasswordForm,
    responses((status = 204), (status = 422, body = ProblemBody, content_type = "application/problem+json"))
)]
async fn password(
    State(state): State<AppState>,
    Extension(Identity { actor, proof }): Extension<Identity>,
    json: Json,
) -> Result<StatusCode> {
    let form = json.form::<PasswordForm>()?;
    let session = match &proof {
        Proof::Session(row) => Some(row.as_str()),
        Proof::Token(_) | Proof::Wall(_) => None,
    };
    state.services.accounts().change_password(&actor, form, session).await?;
    Ok(StatusCode::NO_CONTENT)
}
