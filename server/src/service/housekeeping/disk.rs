//! What Launchway takes up on its host. Measuring walks many files, so it is done by one at a time, on a thread of its
//! own, and what was found is told for some minutes.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use launchway_app::ports::Answer;
use launchway_domain::{DiskUse, EnvironmentId, ProjectUsage, Timestamp, Usage, Visible};
use launchway_engine::data::Kept;
use launchway_engine::disk::{self, Measured};
use launchway_engine::guard;
use tokio::sync::Mutex;

use super::super::Core;
use super::super::fault::of_store;
use super::thing;
use super::tidy::blocking;

/// How long what was measured is told.
const FRESH: Duration = Duration::from_secs(300);

/// What was measured, and who tidies up.
#[derive(Default)]
pub(in crate::service) struct Disk {
    whole: Mutex<Option<(Instant, DiskUse)>>,
    /// The build caches, by environment.
    caches: Mutex<HashMap<i64, (Instant, u64)>>,
    /// Held by the one who tidies up.
    pub(super) tidying: Mutex<()>,
}

impl Disk {
    /// Forgets what was measured, since it has changed.
    pub(in crate::service) async fn forget(&self) {
        *self.whole.lock().await = None;
        self.caches.lock().await.clear();
    }
}

impl Core {
    /// What Launchway takes up, as it was measured not long ago, or now.
    pub(super) async fn disk_use(&self, fresh: bool) -> Answer<DiskUse> {
        let mut known = self.disk.whole.lock().await;
        if let Some((_, found)) = known.as_ref().filter(|(at, _)| !fresh && at.elapsed() < FRESH) {
            return Ok(found.clone());
        }
        let found = self.measure().await?;
        *known = Some((Instant::now(), found.clone()));
        Ok(found)
    }

    /// How many bytes the build cache of an environment holds, as it was measured not long ago.
    pub(in crate::service) async fn cache_bytes(&self, id: EnvironmentId) -> Answer<u64> {
        if let Some((at, bytes)) = self.disk.caches.lock().await.get(&id.0)
            && at.elapsed() < FRESH
        {
            return Ok(*bytes);
        }
        let folder = self.data.cache(id);
        let bytes = blocking(move || Ok(guard::size_of(&folder))).await?;
        self.disk.caches.lock().await.insert(id.0, (Instant::now(), bytes));
        Ok(bytes)
    }

    async fn measure(&self) -> Answer<DiskUse> {
        let failed = |error| of_store(error, &thing());
        let data = self.data.clone();
        let folders = blocking(move || {
            let mut folders = Vec::new();
            for of in [Kept::Artifacts, Kept::Mirrors, Kept::Work, Kept::Caches] {
                folders.extend(disk::numbered(&data.all(of))?.into_iter().map(|(id, folder)| (of, id, folder)));
            }
            Ok(folders)
        })
        .await?;
        let ids = |wanted: &[Kept]| -> Vec<i64> {
            folders.iter().filter(|(of, ..)| wanted.contains(of)).map(|(_, id, _)| *id).collect()
        };
        let of_releases =
            self.store.projects_of_releases(&ids(&[Kept::Artifacts, Kept::Work])).await.map_err(failed)?;
        let of_environments = self.store.projects_of_environments(&ids(&[Kept::Caches])).await.map_err(failed)?;
        let by_id = |all: Vec<launchway_engine::store::Leftover>| -> HashMap<i64, i64> {
            all.into_iter().map(|of| (of.id, of.project.0)).collect()
        };
        let (of_releases, of_environments) = (by_id(of_releases), by_id(of_environments));
        let owned: Vec<(Kept, Option<i64>, PathBuf)> = folders
            .into_iter()
            .map(|(of, id, folder)| {
                let project = match of {
                    Kept::Mirrors => Some(id),
                    Kept::Artifacts | Kept::Work => of_releases.get(&id).copied(),
                    Kept::Caches => of_environments.get(&id).copied(),
                };
                (of, project, folder)
            })
            .collect();
        let (database, database_free) = self.store.database_size().await.map_err(failed)?;
        let logs = self.store.logs_by_project().await.map_err(failed)?;
        let projects = self.store.projects(&Visible::All).await.map_err(failed)?;
        let root = self.data.root().to_owned();
        let (mut used, mut by_project, free, total) = blocking(move || {
            let (used, by_project) = usage(owned);
            let (free, total) = disk::space(&root)?;
            Ok((used, by_project, free, total))
        })
        .await?;
        for (project, bytes) in logs {
            used.logs += bytes;
            by_project.entry(Some(project.0)).or_default().logs = bytes;
        }
        let mut projects: Vec<ProjectUsage> = projects
            .into_iter()
            .map(|project| ProjectUsage {
                project_id: project.id,
                title: project.title,
                used: by_project.remove(&Some(project.id.0)).unwrap_or_default(),
            })
            .collect();
        projects.sort_by_key(|project| std::cmp::Reverse(project.used.files() + project.used.logs));
        Ok(DiskUse { at: Timestamp::now(), free, total, database, database_free, used, projects })
    }
}

/// What folders take up, in all and by project. Blocks.
fn usage(folders: Vec<(Kept, Option<i64>, PathBuf)>) -> (Usage, BTreeMap<Option<i64>, Usage>) {
    let mut by_project: BTreeMap<Option<i64>, Usage> = BTreeMap::new();
    let mut artifacts: BTreeMap<Option<i64>, Measured> = BTreeMap::new();
    let mut all_artifacts = Measured::default();
    for (of, project, folder) in folders {
        let used = by_project.entry(project).or_default();
        match of {
            Kept::Artifacts => {
                artifacts.entry(project).or_default().add(&folder);
                all_artifacts.add(&folder);
            }
            Kept::Mirrors => used.mirrors += guard::size_of(&folder),
            Kept::Work => used.work += guard::size_of(&folder),
            Kept::Caches => used.caches += guard::size_of(&folder),
        }
    }
    for (project, measured) in artifacts {
        by_project.entry(project).or_default().artifacts = measured.bytes();
    }
    let mut all = Usage::default();
    by_project.values().for_each(|used| all.add(*used));
    // What two projects share is there once.
    all.artifacts = all_artifacts.bytes();
    (all, by_project)
}
