//! `/users`

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use launchway_domain::{Account, InviteForm, NewInvitation, Permission, RoleForm, Timestamp, UserId};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::needs::permitted;
use super::versions::{IfMatch, IfNoneMatch, tagged, whole};
use super::{List, created, list_query};
use crate::AppState;
use crate::http::auth::Who;
use crate::http::body::{Json, Nothing};
use crate::http::params::{Id, Query};
use crate::http::problem::{ProblemBody, Reply, Result};

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(permitted(Permission::ViewUsers, routes!(list)))
        .routes(permitted(Permission::ManageUsers, routes!(invite)))
        .routes(permitted(Permission::ViewUsers, routes!(one)))
        .routes(permitted(Permission::ManageUsers, routes!(update, delete)))
        .routes(permitted(Permission::ManageUsers, routes!(deactivate)))
        .routes(permitted(Permission::ManageUsers, routes!(reactivate)))
        .routes(permitted(Permission::ManageUsers, routes!(invite_again)))
}

/// Somebody, with the link by which they choose a password.
#[derive(Serialize, ToSchema)]
struct Invited {
    #[serde(flatten)]
    user: Account,
    /// The link: in this answer and nowhere else.
    invitation: Invitation,
}

/// A link that opens once.
#[derive(Serialize, ToSchema)]
struct Invitation {
    /// Its address. Who has it chooses the password and is signed in.
    #[schema(example = "https://launchway.example/join?key=lwi_…")]
    url: String,
    /// Until when it opens: seven days from now.
    expires_at: Timestamp,
}

fn invited(state: &AppState, headers: &HeaderMap, made: NewInvitation) -> Response {
    let NewInvitation { account, path, expires_at } = made;
    let url = match &state.config.public_url {
        Some(public) => public.join(&path).map_or_else(|_| path.clone(), String::from),
        // Whoever asks found us by this name.
        None => match headers.get(header::HOST).and_then(|host| host.to_str().ok()) {
            Some(host) => format!("http://{host}{path}"),
            None => path,
        },
    };
    let (id, version) = (account.id, account.version);
    tagged(created("users", id, Invited { user: account, invitation: Invitation { url, expires_at } }), version)
}

/// Everybody, by name; or a page of what is looked for, where anything is. Where nothing is asked for, the first 1000.
#[utoipa::path(
    get, path = "/users", tag = "users",
    params(
        ("q" = Option<String>, Query, description = "Words that must all be found in the name"),
        ("sort" = Option<String>, Query, description = "`name`, `role`, `state`, `seen` or `added`; with a minus before it, the greatest first"),
        ("role" = Option<String>, Query, description = "Only those with this role everywhere"),
        ("state" = Option<String>, Query, description = "`invited`, `active` or `deactivated`"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
        ("limit" = Option<u32>, Query, description = "1 to 200; 50 where absent and anything else is given")
    ),
    responses((status = 200, body = List<Account>), (status = 422, body = ProblemBody, content_type = "application/problem+json"))
)]
async fn list(State(state): State<AppState>, Who(actor): Who, mut query: Query) -> Result<Reply<List<Account>>> {
    let asked = list_query(&mut query, &["role", "state"]);
    query.done()?;
    Ok(List::found(state.ports.people.search(&actor, asked).await?))
}

/// Adds somebody. They choose a password by the link in this answer, which opens once, within seven days.
#[utoipa::path(
    post, path = "/users", tag = "users", request_body = InviteForm,
    responses((status = 201, body = Invited), (status = 422, body = ProblemBody, content_type = "application/problem+json"))
)]
async fn invite(State(state): State<AppState>, Who(actor): Who, headers: HeaderMap, json: Json) -> Result<Response> {
    let form = json.form::<InviteForm>()?;
    let made = state.ports.people.invite(&actor, form).await?;
    Ok(invited(&state, &headers, made))
}

/// One of them, with what they are trusted with in the projects that you see.
#[utoipa::path(
    get, path = "/users/{id}", tag = "users", params(("id" = i64, Path)),
    responses((status = 200, body = Account), (status = 404, body = ProblemBody, content_type = "application/problem+json"))
)]
async fn one(
    State(state): State<AppState>,
    Who(actor): Who,
    Id(id): Id<UserId>,
    known: IfNoneMatch,
) -> Result<Response> {
    Ok(known.answer(state.ports.people.get(&actor, id).await?))
}

/// Gives somebody another role everywhere. The last administrator keeps theirs (409).
#[utoipa::path(
    patch, path = "/users/{id}", tag = "users", params(("id" = i64, Path)), request_body = RoleForm,
    responses((status = 200, body = Account), (status = 409, body = ProblemBody, content_type = "application/problem+json"))
)]
async fn update(
    State(state): State<AppState>,
    Who(actor): Who,
    Id(id): Id<UserId>,
    when: IfMatch,
    json: Json,
) -> Result<Response> {
    let mut patch = when.patch();
    loop {
        let was = state.ports.people.get(&actor, id).await?;
        let only = patch.only(was.version);
        let form = json.patch(&RoleForm { role: was.role })?;
        match state.ports.people.set_role(&actor, id, form, &only).await {
            Err(fault) if patch.again(&fault) => {}
            changed => return Ok(whole(changed?)),
        }
    }
}

/// The same as `/users/{id}/deactivate`: people are never deleted, since history names them.
#[utoipa::path(
    delete, path = "/users/{id}", tag = "users", params(("id" = i64, Path)),
    responses((status = 204), (status = 409, body = ProblemBody, content_type = "application/problem+json"))
)]
async fn delete(State(state): State<AppState>, Who(actor): Who, Id(id): Id<UserId>, _: Nothing) -> Result<StatusCode> {
    state.ports.people.deactivate(&actor, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Shuts somebody out: their sessions, tokens, link and sockets end at once. The last administrator stays (409).
#[utoipa::path(
    post, path = "/users/{id}/deactivate", tag = "users", params(("id" = i64, Path)),
    responses((status = 200, body = Account), (status = 409, body = ProblemBody, content_type = "application/problem+json"))
)]
async fn deactivate(
    State(state): State<AppState>,
    Who(actor): Who,
    Id(id): Id<UserId>,
    _: Nothing,
) -> Result<Response> {
    Ok(whole(state.ports.people.deactivate(&actor, id).await?))
}

/// Lets somebody in again, with the password that they had. Their tokens stay revoked.
#[utoipa::path(
    post, path = "/users/{id}/reactivate", tag = "users", params(("id" = i64, Path)),
    responses((status = 200, body = Account), (status = 404, body = ProblemBody, content_type = "application/problem+json"))
)]
async fn reactivate(
    State(state): State<AppState>,
    Who(actor): Who,
    Id(id): Id<UserId>,
    _: Nothing,
) -> Result<Response> {
    Ok(whole(state.ports.people.reactivate(&actor, id).await?))
}

/// Makes a new link for somebody who lost theirs, or their password. The old link opens nothing any more; the old
/// password holds until the new link is used.
#[utoipa::path(
    post, path = "/users/{id}/invitation", tag = "users", params(("id" = i64, Path)),
    responses((status = 201, body = Invited), (status = 409, body = ProblemBody, content_type = "application/problem+json"))
)]
async fn invite_again(
    State(state): State<AppState>,
    Who(actor): Who,
    Id(id): Id<UserId>,
    headers: HeaderMap,
    _: Nothing,
) -> Result<Response> {
    let made = state.ports.people.invite_again(&actor, id).await?;
    Ok(invited(&state, &headers, made))
}
