//! The feed: the tail of the events, over WebSocket, SSE and long polling.
//!
//! An event is in the store before anybody is told, so a listener is no more than a position: it
//! reads what lies behind its position whenever the bell rings. Nobody is sent anything from memory
//! that the store does not have, except for progress, which may be lost.

mod message;
mod presence;
mod progress;
mod socket;
mod sse;
mod subscription;
mod tail;
mod watch;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use launchway_domain::{Actor, Event, Permission, ProjectId, ReleaseId, Topic, Visible};
use launchway_engine::store::{Store, StoreError};
use tokio::sync::{broadcast, watch as tokio_watch};
use tokio_util::sync::CancellationToken;

use message::Line;
use presence::Presence;
use tail::Tail;

use crate::http::problem::Problem;
use crate::service::{permit, permit_in};

pub(crate) use message::topics;
pub(crate) use socket::{__path_connect, connect};
pub(crate) use sse::stream;
pub(crate) use subscription::Subscription;

/// How often a listener is shown to be there, and shows that it is.
const PING: Duration = Duration::from_secs(20);
/// How often the proof of a listener is asked for again: another process may have revoked it.
pub(crate) const RECHECK: Duration = Duration::from_secs(2);
/// How many releases' projects are remembered.
const MAX_PROJECTS: usize = 10_000;

/// What all listeners share. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Feed {
    shared: Arc<Shared>,
}

/// A tail by what is listened to: the topics, and what of them is seen.
type Tails = HashMap<(Vec<Topic>, Visible), Weak<Tail>>;

struct Shared {
    store: Store,
    progress: broadcast::Sender<Event>,
    /// One tail per list of topics that somebody listens to, and what of them they see: the store is read once for all
    /// of them.
    tails: Mutex<Tails>,
    /// Whose a release is, for progress, which does not say.
    projects: Mutex<HashMap<ReleaseId, ProjectId>>,
    /// Who has a release open.
    presence: Presence,
    /// Counts what may concern a listener's session, so that they look at once whether it was theirs.
    left: tokio_watch::Sender<u64>,
    stopping: CancellationToken,
}

impl Feed {
    /// A feed over a store. `progress` brings what is not written down; `stopping` ends every listener.
    /// `left` rings where somebody may be gone, or may see more or less.
    pub(crate) fn new(
        store: Store,
        progress: broadcast::Sender<Event>,
        left: tokio_watch::Sender<u64>,
        stopping: CancellationToken,
    ) -> Self {
        let shared = Shared {
            store,
            progress,
            tails: Mutex::default(),
            projects: Mutex::default(),
            presence: Presence::new(),
            left,
            stopping,
        };
        Self { shared: Arc::new(shared) }
    }

    /// Lets every listener look whether its session is still there.
    pub(crate) fn somebody_left(&self) {
        self.shared.left.send_modify(|count| *count += 1);
    }

    /// How many listen now, over sockets and streams of this process.
    pub(crate) fn listeners(&self) -> usize {
        self.shared.left.receiver_count()
    }

    /// What it takes to listen to a topic: a screen on a wall hears what the wall shows.
    pub(crate) fn permission(topic: Topic) -> Permission {
        match topic {
            Topic::Wall => Permission::ViewWall,
            Topic::Release(_) | Topic::Project(_) => Permission::ViewReleases,
        }
    }

    /// Whether somebody may listen to these topics.
    ///
    /// # Errors
    /// 403, 404 for what they do not see; where the database does not answer.
    pub(crate) async fn permit(&self, actor: &Actor, topics: &[Topic]) -> Result<(), Problem> {
        let sees_all = actor.visible() == Visible::All;
        for topic in topics {
            let permission = Self::permission(*topic);
            permit(actor, permission)?;
            let project = match topic {
                Topic::Wall => continue,
                Topic::Project(id) => Some(*id),
                // A release that is not there yet may be listened to by whoever would see it.
                Topic::Release(_) if sees_all => continue,
                Topic::Release(id) => self.project_of(*id).await,
            };
            permit_in(actor, permission, project.unwrap_or(ProjectId(0)))?;
        }
        Ok(())
    }

    /// Begins to listen: after an event, from the beginning (0), or from now (none).
    ///
    /// # Errors
    /// Where the database does not answer.
    pub(crate) async fn subscribe(
        &self,
        topics: Vec<Topic>,
        visible: Visible,
        after: Option<i64>,
    ) -> Result<Subscription, StoreError> {
        let store = &self.shared.store;
        let head = store.head().await?;
        let mut first = Vec::new();
        let after = match after {
            None => head,
            Some(0) => 0,
            // Older than what is kept; or ahead of the head, which is another database's number.
            Some(after) if after + 1 < store.oldest().await? || after > head => {
                first.push(Line::reset(&topics, after, head));
                head
            }
            Some(after) => after,
        };
        let tail = self.tail((topics, visible)).await?;
        Ok(Subscription::new(store.clone(), tail, after, first))
    }

    async fn tail(&self, heard: (Vec<Topic>, Visible)) -> Result<Arc<Tail>, StoreError> {
        if let Some(tail) = self.tails().get(&heard).and_then(Weak::upgrade) {
            return Ok(tail);
        }
        // The bell first: what is committed after it was taken rings it.
        let bell = self.shared.store.bell();
        let head = self.shared.store.head().await?;
        let mut tails = self.tails();
        if let Some(tail) = tails.get(&heard).and_then(Weak::upgrade) {
            return Ok(tail);
        }
        tails.retain(|_, tail| tail.strong_count() > 0);
        let tail = Tail::start(self.shared.store.clone(), heard.clone(), head, bell);
        tails.insert(heard, Arc::downgrade(&tail));
        Ok(tail)
    }

    fn tails(&self) -> MutexGuard<'_, Tails> {
        self.shared.tails.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn projects(&self) -> MutexGuard<'_, HashMap<ReleaseId, ProjectId>> {
        self.shared.projects.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The topic among those that somebody listens to by which they hear of a progress tick.
    async fn topic_of(&self, tick: &Event, topics: &[Topic], visible: &Visible) -> Option<Topic> {
        let release = tick.data.release_id()?;
        if *visible != Visible::All && !self.project_of(release).await.is_some_and(|project| visible.has(project)) {
            return None;
        }
        for topic in topics {
            let fits = match topic {
                Topic::Release(id) => *id == release,
                Topic::Project(id) => self.project_of(release).await == Some(*id),
                Topic::Wall => true,
            };
            if fits {
                return Some(*topic);
            }
        }
        None
    }

    async fn project_of(&self, release: ReleaseId) -> Option<ProjectId> {
        if let Some(project) = self.projects().get(&release) {
            return Some(*project);
        }
        let project = self.shared.store.release(release).await.ok()?.project_id;
        let mut projects = self.projects();
        if projects.len() >= MAX_PROJECTS {
            projects.clear();
        }
        projects.insert(release, project);
        Some(project)
    }
}
