//! `/me`

use launchway_domain::{Actor, Fault, Needs, Text, User};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::needs::needing;
use crate::AppState;
use crate::http::auth::Who;
use crate::http::problem::{ProblemBody, Reply, Result};

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(needing(Needs::SignIn, routes!(me)))
}

/// Who asks: whose token or session it is.
#[utoipa::path(
    get, path = "/me", tag = "account",
    responses((status = 200, body = User), (status = 401, body = ProblemBody, content_type = "application/problem+json"))
)]
async fn me(Who(actor): Who) -> Result<Reply<User>> {
    match actor {
        Actor::User(person) => Ok(Reply::ok(person.user)),
        Actor::Wall(_) | Actor::System => {
            Err(Fault::not_found(Text::new("This is no person.", "当前身份不是用户。")).into())
        }
    }
}
