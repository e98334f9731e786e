//! A real PostgreSQL on a Unix socket, for tests.

use std::fs;
use std::io::{self, Error};
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, User, geteuid};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tempfile::TempDir;

/// How long it may take until it answers.
const PATIENCE: Duration = Duration::from_secs(60);
/// Names the socket's file; nothing listens on TCP.
const PORT: u16 = 5432;

/// A running PostgreSQL with a folder of its own. Ended when it is dropped; also when the test's process
/// is killed, where `setpriv` is there.
#[derive(Debug)]
pub struct Postgres {
    dir: TempDir,
    databases: AtomicU32,
    stop: Option<mpsc::Sender<()>>,
    keeper: Option<JoinHandle<()>>,
}

impl Postgres {
    /// Starts one and waits until it answers.
    ///
    /// # Panics
    /// Where PostgreSQL is missing or does not start; the message holds its log.
    pub fn start() -> Self {
        Self::launch().unwrap_or_else(|error| panic!("the test's PostgreSQL did not start: {error}"))
    }

    /// The one that the tests of this process share; it ends with the last of those that hold it.
    ///
    /// # Panics
    /// As [`Postgres::start`].
    pub fn shared() -> Arc<Self> {
        static SHARED: Mutex<Weak<Postgres>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        shared.upgrade().unwrap_or_else(|| {
            let started = Arc::new(Self::start());
            *shared = Arc::downgrade(&started);
            started
        })
    }

    /// Makes a new, empty database; its URL.
    ///
    /// # Panics
    /// Where the server refuses.
    pub fn database(&self) -> String {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.execute(&format!("CREATE DATABASE {name}"))
            .unwrap_or_else(|error| panic!("the test's PostgreSQL made no database: {error}"));
        self.url(&name)
    }

    fn url(&self, database: &str) -> String {
        let mut url = format!("postgres://launchway@localhost:{PORT}/{database}?sslmode=disable&host=");
        url.extend(url::form_urlencoded::byte_serialize(self.dir.path().as_os_str().as_encoded_bytes()));
        url
    }

    /// One statement as administrator, on a thread of its own: callers may be in an async runtime.
    fn execute(&self, statement: &str) -> Result<(), sqlx::Error> {
        let (url, statement) = (self.url("postgres"), statement.to_owned());
        let work = move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(async {
                let mut connection = PgConnection::connect(&url).await?;
                sqlx::query(AssertSqlSafe(statement)).execute(&mut connection).await?;
                connection.close().await
            })
        };
        std::thread::spawn(work).join().unwrap_or_else(|_| Err(sqlx::Error::WorkerCrashed))
    }

    fn launch() -> io::Result<Self> {
        let bin = bin()?;
        let account = account()?;
        let dir = tempfile::Builder::new().prefix("launchway-pg-").tempdir()?;
        if let Some(user) = &account {
            chown(dir.path(), Some(user.uid.as_raw()), Some(user.gid.as_raw()))?;
        }
        let made = command(&bin.join("initdb"), account.as_ref(), dir.path(), false)
            .args(["--auth=trust", "--username=launchway", "--encoding=UTF8", "--no-locale", "--no-sync", "-D"])
            .arg(dir.path().join("data"))
            .output()?;
        if !made.status.success() {
            return Err(Error::other(format!("initdb: {}", String::from_utf8_lossy(&made.stderr))));
        }

        let mut postgres = command(&bin.join("postgres"), account.as_ref(), dir.path(), true);
        postgres.arg("-D").arg(dir.path().join("data")).arg("-k").arg(dir.path());
        // A test's data outlives no crash: nothing is forced to the disk.
        for setting in [
            "listen_addresses=",
            &format!("port={PORT}"),
            "fsync=off",
            "synchronous_commit=off",
            "full_page_writes=off",
            "max_connections=300",
            "shared_buffers=32MB",
        ] {
            postgres.arg("-c").arg(setting);
        }
        let log = dir.path().join("log");
        let file = fs::File::create(&log)?;
        postgres.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file);

        let (stop, keeper) = keep(postgres)?;
        let started = Self { dir, databases: AtomicU32::new(0), stop: Some(stop), keeper: Some(keeper) };
        let deadline = Instant::now() + PATIENCE;
        while let Err(error) = started.execute("SELECT 1") {
            let ended = started.keeper.as_ref().is_none_or(JoinHandle::is_finished);
            if ended || Instant::now() > deadline {
                let log = fs::read_to_string(&log).unwrap_or_default();
                return Err(Error::other(format!("it does not answer ({error}); its log:\n{log}")));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(started)
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(keeper) = self.keeper.take() {
            let _ = keeper.join();
        }
    }
}

/// Starts the server from a thread that stays until it is stopped: a death signal counts from the
/// thread that asked for it, and a test's own thread ends with the test.
fn keep(mut postgres: Command) -> io::Result<(mpsc::Sender<()>, JoinHandle<()>)> {
    let (stop, stopped) = mpsc::channel::<()>();
    let (report, started) = mpsc::channel();
    let keeper = std::thread::spawn(move || {
        let mut child = match postgres.spawn() {
            Ok(child) => child,
            Err(error) => return drop(report.send(Err(error))),
        };
        let _ = report.send(Ok(()));
        loop {
            match stopped.recv_timeout(Duration::from_millis(200)) {
                Err(mpsc::RecvTimeoutError::Timeout) if matches!(child.try_wait(), Ok(None)) => {}
                Err(mpsc::RecvTimeoutError::Timeout) => return,
                Ok(()) | Err(mpsc::RecvTimeoutError::Disconnected) => return end(&mut child),
            }
        }
    });
    started.recv().map_err(Error::other)??;
    Ok((stop, keeper))
}

/// Ends the server at once, its children with it.
fn end(child: &mut Child) {
    if matches!(child.try_wait(), Ok(None)) {
        let _ = kill(Pid::from_raw(child.id().cast_signed()), Signal::SIGQUIT);
    }
    let _ = child.wait();
}

/// A program of PostgreSQL as the account that may run it; `bound` to our life where `setpriv` is there.
fn command(program: &Path, account: Option<&User>, dir: &Path, bound: bool) -> Command {
    let setpriv = find("setpriv").filter(|_| bound);
    let mut command = match (&setpriv, account) {
        (None, None) => Command::new(program),
        (None, Some(user)) => {
            let mut command = Command::new(program);
            command.uid(user.uid.as_raw()).gid(user.gid.as_raw());
            command
        }
        (Some(setpriv), account) => {
            let mut command = Command::new(setpriv);
            command.args(["--pdeathsig", "QUIT"]);
            if let Some(user) = account {
                command.arg(format!("--reuid={}", user.uid)).arg(format!("--regid={}", user.gid));
                command.arg("--clear-groups");
            }
            command.arg("--").arg(program);
            command
        }
    };
    // The account may not be allowed to stand where we do.
    command.current_dir(dir).env("LC_ALL", "C");
    command
}

/// PostgreSQL refuses to run as root: then as somebody else.
fn account() -> io::Result<Option<User>> {
    if !geteuid().is_root() {
        return Ok(None);
    }
    for name in ["postgres", "nobody"] {
        if let Some(user) = User::from_name(name)? {
            return Ok(Some(user));
        }
    }
    Err(Error::other("PostgreSQL does not run as root, and there is no account `postgres` or `nobody`"))
}

/// The folder with the server's programs: of the newest version, or where PATH finds them.
fn bin() -> io::Result<PathBuf> {
    let mut found: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|version| Some((version.file_name().to_str()?.parse().ok()?, version.path().join("bin"))))
        .filter(|(_, bin)| bin.join("initdb").is_file() && bin.join("postgres").is_file())
        .collect();
    found.sort();
    if let Some((_, bin)) = found.pop() {
        return Ok(bin);
    }
    // The programs look for each other beside themselves: the folder behind a link is the one.
    find("initdb")
        .and_then(|initdb| initdb.canonicalize().ok())
        .and_then(|initdb| initdb.parent().map(Path::to_path_buf))
        .filter(|bin| bin.join("postgres").is_file())
        .ok_or_else(|| Error::other("there is no PostgreSQL server here; on Debian: apt-get install postgresql"))
}

fn find(program: &str) -> Option<PathBuf> {
    std::env::split_paths(&std::env::var_os("PATH")?).map(|folder| folder.join(program)).find(|path| path.is_file())
}
