//! `/audit`: who changed what.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures::TryStreamExt;
use launchway_app::ports::Audits;
use launchway_domain::{Actor, AuditEntry, AuditFilter, Fault, Permission};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::List;
use super::needs::permitted;
use crate::AppState;
use crate::http::auth::Who;
use crate::http::params::Query;
use crate::http::problem::{ProblemBody, Reply, Result};

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(permitted(Permission::ViewAudit, routes!(list)))
        .routes(permitted(Permission::ViewAudit, routes!(export)))
}

/// The filters, which both calls take.
fn filter(query: &mut Query) -> Result<AuditFilter> {
    let q = query.text("q").unwrap_or_default();
    AuditFilter::read(q, |name| query.text(name)).map_err(|errors| Fault::Invalid { errors }.into())
}

/// Every change and every sign-in, newest first: who, when, from where, what, and what was before and after, without
/// secrets. Whoever is no administrator reads what is about the projects that they manage. `prev` and `hash` chain the entries: each is hashed together with the hash of the one before.
#[utoipa::path(
    get, path = "/audit", tag = "audit",
    params(
        ("q" = Option<String>, Query, description = "Words that must all be found somewhere in an entry"),
        ("who" = Option<String>, Query, description = "A user's name or id"),
        ("what" = Option<String>, Query, description = "`noun.verb` such as `server.update`, or a noun alone"),
        ("thing" = Option<String>, Query, description = "`noun:id` such as `server:7`, or a noun, or a name"),
        ("project" = Option<i64>, Query, description = "What is about one project"),
        ("outcome" = Option<String>, Query, description = "`done`, `refused` or `limited`"),
        ("since" = Option<String>, Query, description = "From this day or time on"),
        ("until" = Option<String>, Query, description = "To the end of this day, or before this time"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
        ("limit" = Option<u32>, Query, description = "1 to 200; 50 where absent")
    ),
    responses(
        (status = 200, body = List<AuditEntry>),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json")
    )
)]
async fn list(State(state): State<AppState>, Who(actor): Who, mut query: Query) -> Result<Reply<List<AuditEntry>>> {
    let filter = filter(&mut query)?;
    let (cursor, limit) = (query.text("cursor"), query.parse("limit"));
    query.done()?;
    let page = state.ports.audits.list(&actor, filter, cursor, limit).await?;
    Ok(Reply::ok(List { items: page.items, next: page.next }))
}

/// The same as JSON Lines, oldest first, streamed: one entry a line, as it was hashed.
#[utoipa::path(
    get, path = "/audit/export", tag = "audit",
    params(
        ("q" = Option<String>, Query, description = "Words that must all be found somewhere in an entry"),
        ("who" = Option<String>, Query, description = "A user's name or id"),
        ("what" = Option<String>, Query, description = "`noun.verb` such as `server.update`, or a noun alone"),
        ("thing" = Option<String>, Query, description = "`noun:id` such as `server:7`, or a noun, or a name"),
        ("project" = Option<i64>, Query, description = "What is about one project"),
        ("outcome" = Option<String>, Query, description = "`done`, `refused` or `limited`"),
        ("since" = Option<String>, Query, description = "From this day or time on"),
        ("until" = Option<String>, Query, description = "To the end of this day, or before this time")
    ),
    responses(
        (status = 200, body = String, content_type = "application/jsonl", description = "An entry a line"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json")
    )
)]
async fn export(State(state): State<AppState>, Who(actor): Who, mut query: Query) -> Result<Response> {
    let filter = filter(&mut query)?;
    query.done()?;
    let export = Export { audits: state.ports.audits, actor, filter, after: 0 };
    // What is not allowed is said before the answer begins.
    let first = export.page().await?;
    let body = futures::stream::try_unfold((export, Some(first)), Export::step);
    let headers = [
        (header::CONTENT_TYPE, "application/jsonl; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"launchway-audit.jsonl\""),
    ];
    Ok((headers, Body::from_stream(body.into_stream())).into_response())
}

/// Reads the audit page by page while it is sent.
struct Export {
    audits: Arc<dyn Audits>,
    actor: Actor,
    filter: AuditFilter,
    after: i64,
}

type Step = (Export, Option<Vec<AuditEntry>>);

impl Export {
    async fn page(&self) -> std::result::Result<Vec<AuditEntry>, Fault> {
        self.audits.after(&self.actor, &self.filter, self.after).await
    }

    async fn step((mut this, page): Step) -> std::result::Result<Option<(Bytes, Step)>, Fault> {
        let page = match page {
            Some(first) => first,
            None => this.page().await?,
        };
        let Some(last) = page.last() else { return Ok(None) };
        this.after = last.facts.seq;
        let lines = lines(&page).map_err(|_| Fault::Internal { reference: "audit".to_owned() })?;
        Ok(Some((lines.into(), (this, None))))
    }
}

/// The entries as JSON Lines.
fn lines(page: &[AuditEntry]) -> serde_json::Result<Vec<u8>> {
    let mut lines = Vec::with_capacity(page.len() * 512);
    for entry in page {
        serde_json::to_writer(&mut lines, entry)?;
        lines.push(b'\n');
    }
    Ok(lines)
}
