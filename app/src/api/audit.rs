//! Who changed what.

use launchway_domain::{AuditRow, ListQuery, Listed};
use leptos::prelude::*;

use super::codec::Json;
#[cfg(feature = "ssr")]
use super::host::{actor, answer, ports};
use super::{ApiError, needs};

/// A page of what is looked for. In JSON, since an empty query would leave nothing of a form.
#[server(prefix = "/api/fn", input = Json, output = Json)]
pub async fn search_audit(query: ListQuery) -> Result<Listed<AuditRow>, ApiError> {
    answer(ports()?.audits.search(&actor()?, query).await)
}
needs!(SearchAudit, ViewAudit);
