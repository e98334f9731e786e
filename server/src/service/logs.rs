//! The logs of releases, as lines.

use std::sync::Arc;

use async_trait::async_trait;
use launchway_app::ports::{Answer, Logs, MAX_LOG_LINES};
use launchway_domain::log::find::{NEEDLE_MAX, Needle};
use launchway_domain::log::groups::Outputs;
use launchway_domain::{Actor, Fault, LogFound, LogLines, LogScope, NodeKind, ReleaseId, Text, text};
use launchway_engine::store::StoreError;

use super::Core;
use super::fault::{noun, of_store};

/// How much text one call of a search looks through, in bytes.
const SEARCH_BUDGET: u64 = 64 << 20;
/// How many lines one call of a search names; the others are counted.
const SEARCH_LISTED: usize = 20_000;

pub(super) struct LogService(pub(super) Arc<Core>);

/// Whatever the scope names is not there.
fn missing(id: ReleaseId, scope: &LogScope) -> impl Fn(StoreError) -> Fault {
    let what = match scope {
        LogScope::Node(node, _) => noun("step", "步骤", format_args!("{node} ({id})")),
        LogScope::Server(server) => noun("server", "服务器", format_args!("{server} ({id})")),
        LogScope::All => noun("release", "发布", id),
    };
    move |error| of_store(error, &what)
}

#[async_trait]
impl Logs for LogService {
    async fn lines(
        &self,
        actor: &Actor,
        id: ReleaseId,
        scope: LogScope,
        from: Option<u64>,
        limit: u32,
    ) -> Answer<LogLines> {
        self.0.release_with_log(actor, id).await?;
        if !(1..=MAX_LOG_LINES).contains(&limit) {
            let message = text!("A number from 1 to {MAX_LOG_LINES}.", "应为 1 到 {MAX_LOG_LINES} 的数字。");
            return Err(Fault::field("limit", "out_of_range", message));
        }
        if from == Some(0) {
            let message = Text::new("The first line is 1.", "第一行的行号为 1。");
            return Err(Fault::field("from_line", "out_of_range", message));
        }
        self.0.store.log_lines(id, &scope, from, limit).await.map_err(missing(id, &scope))
    }

    async fn search(&self, actor: &Actor, id: ReleaseId, scope: LogScope, text: String, from: u64) -> Answer<LogFound> {
        self.0.release_with_log(actor, id).await?;
        let needle = Needle::new(&text).ok_or_else(|| {
            let message = text!(
                "Search for something, of at most {NEEDLE_MAX} bytes.",
                "请输入搜索内容，最多 {NEEDLE_MAX} 字节。"
            );
            Fault::field("q", if text.is_empty() { "required" } else { "too_long" }, message)
        })?;
        let store = &self.0.store;
        store
            .log_search(id, &scope, &needle, from.max(1), SEARCH_LISTED, SEARCH_BUDGET)
            .await
            .map_err(missing(id, &scope))
    }

    async fn outputs(&self, actor: &Actor, id: ReleaseId, kind: NodeKind) -> Answer<Outputs> {
        self.0.outputs(actor, id, kind).await
    }

    async fn first_error(&self, actor: &Actor, id: ReleaseId, scope: LogScope) -> Answer<Option<u64>> {
        self.0.release_with_log(actor, id).await?;
        self.0.store.log_first_error(id, &scope).await.map_err(missing(id, &scope))
    }
}
