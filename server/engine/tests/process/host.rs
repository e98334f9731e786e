//! A host that hooks run on, of each kind there is.

use std::path::PathBuf;
use std::time::Duration;

use launchway_engine::local::LocalShell;
use launchway_engine::process::{self, Bounds, Poll, ProcessError, Spec, State};
use launchway_engine::shell::Shell;
use launchway_engine::testing::Sshd;
use tempfile::TempDir;

use crate::common::{connect, limits, until};

/// Everything that the scripts may use of a host, and what the hooks below need.
const TOOLS: [&str; 22] = [
    "sh", "mkdir", "cat", "mv", "setsid", "ln", "readlink", "env", "ls", "dd", "sleep", "tr", "grep", "rm", "touch",
    "head", "yes", "printf", "wc", "pwd", "true", "kill",
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Local,
    Ssh,
    BusyBox,
}

pub const EVERYWHERE: [Kind; 3] = [Kind::Local, Kind::Ssh, Kind::BusyBox];

/// A hook with nothing special about it.
pub fn spec<'a>(dir: &'a [u8], body: &'a str, cwd: &'a [u8]) -> Spec<'a> {
    Spec { dir, body, cwd, env: &[], clean_env: false, private: &[], through: &[], bounds: Bounds::default() }
}

/// A host, and a folder on it. What a test leaves running ends with it.
pub struct Host {
    pub shell: Box<dyn Shell>,
    pub server: Option<Sshd>,
    pub work: TempDir,
    pub kind: Kind,
}

impl Host {
    pub fn new(kind: Kind) -> Self {
        let work = tempfile::Builder::new().prefix("launchway hook-").tempdir().unwrap();
        let server = match kind {
            Kind::Local => None,
            Kind::Ssh => Some(Sshd::start()),
            Kind::BusyBox => Some(Sshd::builder().busybox(TOOLS).start()),
        };
        let mut this = Self { shell: Box::new(LocalShell::new()), server, work, kind };
        this.reconnect();
        this
    }

    pub fn reconnect(&mut self) {
        if let Some(server) = &self.server {
            self.shell = Box::new(connect(server));
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.work.path().join(name)
    }

    pub fn dir(&self) -> Vec<u8> {
        self.path("own/hook 7-1").into_os_string().into_encoded_bytes()
    }

    pub fn start_with(&mut self, body: &str, env: &[(String, String)], clean_env: bool) -> Result<(), ProcessError> {
        let (dir, cwd) = (self.dir(), self.work.path().to_str().unwrap().as_bytes().to_vec());
        let spec = Spec { env, clean_env, ..spec(&dir, body, &cwd) };
        process::start(&mut *self.shell, &spec, &limits())
    }

    /// Starts a hook that its own host ends.
    pub fn start_bound(&mut self, body: &str, bounds: Bounds) {
        let (dir, cwd) = (self.dir(), self.work.path().to_str().unwrap().as_bytes().to_vec());
        process::start(&mut *self.shell, &Spec { bounds, ..spec(&dir, body, &cwd) }, &limits()).unwrap();
    }

    pub fn start(&mut self, body: &str) {
        self.start_with(body, &[], false).unwrap_or_else(|error| panic!("{:?}: {error}", self.kind));
    }

    pub fn poll(&mut self, offset: u64, wait: Duration, max: usize) -> Poll {
        let dir = self.dir();
        process::poll(&mut *self.shell, &dir, offset, wait, max, &limits()).unwrap()
    }

    pub fn state(&mut self) -> State {
        self.poll(0, Duration::ZERO, 0).state
    }

    /// Follows to the end.
    pub fn follow(&mut self, mut offset: u64) -> (State, Vec<u8>) {
        let mut all = Vec::new();
        loop {
            let seen = self.poll(offset, Duration::from_secs(1), 100_000);
            all.extend(seen.output);
            offset = seen.next;
            if !matches!(seen.state, State::Running) && offset >= seen.size {
                return (seen.state, all);
            }
        }
    }

    pub fn stop(&mut self, grace: Duration) {
        let dir = self.dir();
        process::stop(&mut *self.shell, &dir, grace, &limits()).unwrap();
    }

    /// The number of the process that leads the hook's group.
    pub fn leader(&self) -> i32 {
        let run = std::fs::read_link(self.path("own/hook 7-1/run")).unwrap();
        run.to_str().unwrap().split(':').next().unwrap().parse().unwrap()
    }

    pub fn number_in(&self, name: &str) -> i32 {
        let path = self.path(name);
        let read = || std::fs::read_to_string(&path).ok().filter(|text| text.ends_with('\n'));
        until("a process writes its number", || read().is_some());
        read().unwrap().trim().parse().unwrap()
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        let dir = self.dir();
        let _ = process::stop(&mut *self.shell, &dir, Duration::ZERO, &limits());
    }
}
