//! Who changed what, when, and from where. The entries are the store's to write, with each change.

use std::sync::Arc;

use async_trait::async_trait;
use launchway_app::ports::{Answer, Audits};
use launchway_domain::audit::FILTERS;
use launchway_domain::list::{MAX_ROWS, PAGE_ROWS};
use launchway_domain::{
    Actor, AuditEntry, AuditFilter, AuditRow, Fault, ListQuery, Listed, Page, Permission, ProjectId, Text, Visible,
    text,
};

use super::fault::of_store;
use super::permission::{permit, permit_in, permit_of};
use super::{Core, lists};

/// How many entries an export reads at once.
const EXPORT_PAGE: u32 = 200;

pub(super) struct AuditService(pub(super) Arc<Core>);

fn entries() -> Text {
    Text::new("entries of the audit", "审计记录")
}

/// Without what nothing has that is looked for.
fn tidy(mut filter: AuditFilter) -> AuditFilter {
    filter.q = lists::tidy(&filter.q);
    for value in [&mut filter.who, &mut filter.what, &mut filter.thing].into_iter().flatten() {
        *value = lists::tidy(value);
    }
    filter
}

/// Which entries somebody may read; none means all. Whoever manages a project reads what is about it, and whoever
/// manages all of them what is about any: not who signed in, nor what concerns the installation.
fn scope(actor: &Actor) -> Answer<Option<Visible>> {
    permit(actor, Permission::ViewAudit)?;
    if permit(actor, Permission::ViewWholeAudit).is_ok() {
        return Ok(None);
    }
    if permit_of(actor, Permission::ViewAudit, None).is_ok() {
        return Ok(Some(Visible::All));
    }
    let projects = match (actor.visible(), actor) {
        (Visible::Only(projects), _) => projects,
        // Somebody who sees every project, and manages those of their memberships.
        (Visible::All, Actor::User(person)) => person.memberships.iter().map(|m| m.project_id).collect(),
        (Visible::All, _) => Vec::new(),
    };
    let theirs = |id: &ProjectId| permit_in(actor, Permission::ViewAudit, *id).is_ok();
    Ok(Some(Visible::Only(projects.into_iter().filter(theirs).collect())))
}

#[async_trait]
impl Audits for AuditService {
    async fn search(&self, actor: &Actor, query: ListQuery) -> Answer<Listed<AuditRow>> {
        let visible = scope(actor)?;
        let query = lists::checked(query, &[], &FILTERS)?;
        let filter = AuditFilter::read(query.q.clone(), |name| query.filter(name).map(str::to_owned))
            .map_err(|errors| Fault::Invalid { errors })?;
        self.0.store.audit_list(&filter, visible.as_ref(), &query).await.map_err(|e| of_store(e, &entries()))
    }

    async fn list(
        &self,
        actor: &Actor,
        filter: AuditFilter,
        cursor: Option<String>,
        limit: Option<u32>,
    ) -> Answer<Page<AuditEntry>> {
        let visible = scope(actor)?;
        let limit = limit.unwrap_or(PAGE_ROWS);
        if !(1..=MAX_ROWS).contains(&limit) {
            let message = text!("A number from 1 to {MAX_ROWS}.", "应为 1 到 {MAX_ROWS} 的数字。");
            return Err(Fault::field("limit", "out_of_range", message));
        }
        let before = cursor.map(|cursor| cursor.parse::<i64>()).transpose().map_err(|_| {
            let message = Text::new("Take `next` of the page before.", "请使用上一页返回的 next。");
            Fault::field("cursor", "invalid", message)
        })?;
        let page = self.0.store.audit_before(&tidy(filter), visible.as_ref(), before, limit).await;
        page.map_err(|e| of_store(e, &entries()))
    }

    async fn after(&self, actor: &Actor, filter: &AuditFilter, after: i64) -> Answer<Vec<AuditEntry>> {
        let visible = scope(actor)?;
        let found = self.0.store.audit_after(&tidy(filter.clone()), visible.as_ref(), after, EXPORT_PAGE).await;
        found.map_err(|e| of_store(e, &entries()))
    }
}
