//! The data folder: what lies where on the Launchway host.
//!
//! ```text
//! <data>/launchway.db        the embedded database, where no other is named
//! <data>/master.key          what secrets are sealed with
//! <data>/instance            this instance's name; locked while a program serves the folder
//! <data>/mirrors/<project>/  a bare mirror of each project's repository
//! <data>/work/<release>/     tree/ (the work folder) and hooks/ (local hooks as they ran)
//! <data>/artifacts/<release>/ what was packed, with its manifest
//! <data>/cache/<environment>/ what local hooks keep from one release of it to the next
//! ```

use std::fs;
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use launchway_domain::{EnvironmentId, ProjectId, ReleaseId};
use nix::fcntl::{Flock, FlockArg};
use tokio::sync::{OwnedRwLockWriteGuard, RwLock};

/// The data folder. Cheap to clone.
#[derive(Clone, Debug)]
pub struct DataDir {
    root: PathBuf,
    /// Held while things are taken away that a release may want.
    tidying: Arc<RwLock<()>>,
}

impl DataDir {
    /// Opens the folder, making it (mode 0700) where there is none.
    ///
    /// # Errors
    /// Where it cannot be made or resolved.
    pub fn open(root: &Path) -> io::Result<Self> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(root)?;
        Ok(Self { root: root.canonicalize()?, tidying: Arc::default() })
    }

    /// Whether a folder is where some Launchway that has served keeps what belongs to projects and releases.
    pub fn is_part(folder: &Path) -> bool {
        let named = ["mirrors", "work", "artifacts"].iter().any(|name| folder.ends_with(name));
        named && folder.with_file_name("instance").is_file()
    }

    /// The folder itself, absolute.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The embedded database.
    pub fn database(&self) -> PathBuf {
        self.root.join("launchway.db")
    }

    /// A project's mirror.
    pub fn mirror(&self, project: ProjectId) -> PathBuf {
        self.root.join("mirrors").join(project.to_string())
    }

    /// Everything that a release needs on this host while it runs.
    pub fn work(&self, release: ReleaseId) -> PathBuf {
        self.root.join("work").join(release.to_string())
    }

    /// The work folder of a release's local hooks.
    pub fn tree(&self, release: ReleaseId) -> PathBuf {
        self.work(release).join("tree")
    }

    /// What a release's `package` made.
    pub fn artifact(&self, release: ReleaseId) -> PathBuf {
        self.root.join("artifacts").join(release.to_string())
    }

    /// What an environment's local hooks keep from one release to the next.
    pub fn cache(&self, environment: EnvironmentId) -> PathBuf {
        self.root.join("cache").join(environment.to_string())
    }

    /// Waits until nobody takes anything away. A release that was claimed before this returns is known to whoever takes
    /// things away next, so what it needs stays from then on.
    pub(crate) async fn settled(&self) {
        drop(self.tidying.read().await);
    }

    /// Keeps releases of this folder from beginning to run until the guard is dropped: for as long as it takes to see
    /// what none of them needs, and to put that out of the way.
    pub async fn tidying(&self) -> OwnedRwLockWriteGuard<()> {
        Arc::clone(&self.tidying).write_owned().await
    }

    /// The folder of all artifacts, mirrors, work folders or build caches.
    pub fn all(&self, of: Kept) -> PathBuf {
        self.root.join(match of {
            Kept::Artifacts => "artifacts",
            Kept::Mirrors => "mirrors",
            Kept::Work => "work",
            Kept::Caches => "cache",
        })
    }

    /// Takes this folder for the one program that serves it.
    ///
    /// # Errors
    /// [`io::ErrorKind::WouldBlock`] while another program has it.
    pub fn lock(&self) -> io::Result<Instance> {
        let path = self.root.join("instance");
        let file = fs::OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)?;
        let mut file =
            Flock::lock(file, FlockArg::LockExclusiveNonblock).map_err(|(_, errno)| io::Error::from(errno))?;
        let mut name = String::new();
        file.read_to_string(&mut name)?;
        if name.trim().is_empty() {
            name = format!("{:032x}", rand::random::<u128>());
            file.rewind()?;
            file.write_all(name.as_bytes())?;
            file.sync_all()?;
        }
        Ok(Instance { name: name.trim().to_owned(), _file: file })
    }
}

/// What is kept in a folder of its own for each release, project or environment, named by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// By release.
    Artifacts,
    /// By project.
    Mirrors,
    /// By release.
    Work,
    /// By environment.
    Caches,
}

/// Proof that no other program serves the folder, with the name by which leases are held. The name
/// outlives the program: whoever holds the lock may take over the leases of the name at once, since
/// the one who held them is gone.
#[derive(Debug)]
pub struct Instance {
    name: String,
    _file: Flock<fs::File>,
}

impl Instance {
    /// 32 hexadecimal digits.
    pub fn name(&self) -> &str {
        &self.name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_parts_are_known_once_it_was_served() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::open(folder.path()).unwrap();
        let mirrors = data.mirror(ProjectId(1)).parent().unwrap().to_owned();
        assert!(!DataDir::is_part(&mirrors));
        data.lock().unwrap();
        assert!(DataDir::is_part(&mirrors));
        assert!(!DataDir::is_part(&data.root().join("demo")) && !DataDir::is_part(data.root()));
    }

    #[test]
    fn one_program_at_a_time_and_the_name_stays() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::open(folder.path()).unwrap();
        let first = data.lock().unwrap();
        assert_eq!(data.lock().unwrap_err().kind(), io::ErrorKind::WouldBlock);
        let name = first.name().to_owned();
        drop(first);
        assert_eq!(data.lock().unwrap().name(), name);
    }
}
