//! Who changed what, when, and from where. The entries are the store's to write, with each change.

use std::sync::Arc;

use async_trait::async_trait;
use launchway_app::ports::{Answer, Audits};
use launchway_domain::audit::FILTERS;
use launchway_domain::list::{MAX_ROWS, PAGE_ROWS};
use launchway_domain::{
    Actor, AuditEntry, AuditFilter, AuditRow, Fault, ListQuery, Listed, Page, Permission, Text, text,
};

use super::fault::of_store;
use super::permission::permit;
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

#[async_trait]
impl Audits for AuditService {
    async fn search(&self, actor: &Actor, query: ListQuery) -> Answer<Listed<AuditRow>> {
        permit(actor, Permission::ViewAudit)?;
        let query = lists::checked(query, &[], &FILTERS)?;
        let filter = AuditFilter::read(query.q.clone(), |name| query.filter(name).map(str::to_owned))
            .map_err(|errors| Fault::Invalid { errors })?;
        self.0.store.audit_list(&filter, None, &query).await.map_err(|e| of_store(e, &entries()))
    }

    async fn list(
        &self,
        actor: &Actor,
        filter: AuditFilter,
        cursor: Option<String>,
        limit: Option<u32>,
    ) -> Answer<Page<AuditEntry>> {
        permit(actor, Permission::ViewAudit)?;
        let limit = limit.unwrap_or(PAGE_ROWS);
        if !(1..=MAX_ROWS).contains(&limit) {
            let message = text!("A number from 1 to {MAX_ROWS}.", "应为 1 到 {MAX_ROWS} 的数字。");
            return Err(Fault::field("limit", "out_of_range", message));
        }
        let before = cursor.map(|cursor| cursor.parse::<i64>()).transpose().map_err(|_| {
            let message = Text::new("Take `next` of the page before.", "请使用上一页返回的 next。");
            Fault::field("cursor", "invalid", message)
        })?;
        let page = self.0.store.audit_before(&tidy(filter), None, before, limit).await;
        page.map_err(|e| of_store(e, &entries()))
    }

    async fn after(&self, actor: &Actor, filter: &AuditFilter, after: i64) -> Answer<Vec<AuditEntry>> {
        permit(actor, Permission::ViewAudit)?;
        let found = self.0.store.audit_after(&tidy(filter.clone()), None, after, EXPORT_PAGE).await;
        found.map_err(|e| of_store(e, &entries()))
    }
}
