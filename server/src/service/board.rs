//! What goes on, for the front page and the wall; and finding things for the palette.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use launchway_app::ports::{Answer, Board};
use launchway_domain::list::MAX_SEARCH;
use launchway_domain::{Actor, Hit, HitKind, Overview, Permission, Text, Visible};
use tokio::sync::Mutex;

use super::fault::of_store;
use super::permission::permit;
use super::{Core, lists};

/// How long one look is good for where no event came since. Many pages ask at the same moment, after every event;
/// one look serves them all. Short, since what is registered (environments, projects) changes without an event.
const FRESH: Duration = Duration::from_millis(300);

pub(super) struct BoardService {
    core: Arc<Core>,
    /// The last look of those who see everything. Whoever asks while another looks waits for that one's answer.
    last: Mutex<Option<(Instant, Overview)>>,
}

impl BoardService {
    pub(super) fn new(core: Arc<Core>) -> Self {
        Self { core, last: Mutex::new(None) }
    }
}

#[async_trait]
impl Board for BoardService {
    async fn overview(&self, actor: &Actor) -> Answer<Overview> {
        permit(actor, Permission::ViewWall)?;
        let to_fault = |e| of_store(e, &Text::new("overview", "总览"));
        let visible = actor.visible();
        if visible != Visible::All {
            return self.core.store.overview(&visible).await.map_err(to_fault);
        }
        let mut last = self.last.lock().await;
        let head = self.core.store.head().await.map_err(to_fault)?;
        if let Some((at, overview)) = last.as_ref()
            && overview.seq == head
            && at.elapsed() < FRESH
        {
            return Ok(overview.clone());
        }
        let overview = self.core.store.overview(&visible).await.map_err(to_fault)?;
        *last = Some((Instant::now(), overview.clone()));
        Ok(overview)
    }

    async fn find(&self, actor: &Actor, q: String) -> Answer<Vec<Hit>> {
        // Somebody who may see none of them is refused; who may see some finds those.
        let kinds: Vec<HitKind> = [
            (HitKind::Project, Permission::ViewProjects),
            (HitKind::Release, Permission::ViewReleases),
            (HitKind::Server, Permission::ViewServers),
        ]
        .into_iter()
        .filter(|(_, permission)| permit(actor, *permission).is_ok())
        .map(|(kind, _)| kind)
        .collect();
        if kinds.is_empty() {
            permit(actor, Permission::ViewReleases)?;
        }
        let q: String = lists::tidy(&q).chars().take(MAX_SEARCH).collect();
        if q.is_empty() {
            return Ok(Vec::new());
        }
        self.core.store.find(&q, &kinds, &actor.visible()).await.map_err(|e| of_store(e, &Text::new("search", "搜索")))
    }
}
