//! A real OpenSSH server on a loopback port, for one test. Commands run as whoever runs the test, with an
//! empty home folder.

use std::fs;
use std::io;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::{Pid, User, getuid};
use tempfile::TempDir;

/// Where a server program may stand that is not on everyone's PATH.
const SSHD: [&str; 4] = ["/usr/sbin/sshd", "/usr/local/sbin/sshd", "/sbin/sshd", "/usr/bin/sshd"];
/// How long it may take until it listens.
const PATIENCE: Duration = Duration::from_secs(30);
/// The variable by which a process is known to have come from one fixture, whatever became of its parents.
const MARK: &str = "LAUNCHWAY_TEST_SSHD";

/// What differs from the plain server.
#[derive(Debug, Default)]
pub struct Builder {
    path: Option<String>,
    tools: Option<Vec<(String, PathBuf)>>,
    force_command: Option<String>,
    host_keys: Vec<String>,
    directives: Vec<String>,
}

impl Builder {
    /// Commands see this `PATH`.
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.path = Some(path.into());
        self
    }

    /// Commands find these tools of this host and no others (`PATH` is a folder of links to them); a
    /// tool that this host lacks is left out.
    pub fn only_tools<'a>(mut self, names: impl IntoIterator<Item = &'a str>) -> Self {
        let found = names.into_iter().filter_map(|name| Some((name.to_owned(), find(name)?)));
        self.tools.get_or_insert_default().extend(found);
        self
    }

    /// Commands find BusyBox under these names, `sh` among them where it is asked for, and no others.
    pub fn busybox<'a>(mut self, names: impl IntoIterator<Item = &'a str>) -> Self {
        let busybox = find("busybox").unwrap_or_else(|| PathBuf::from("/bin/busybox"));
        let links = names.into_iter().map(|name| (name.to_owned(), busybox.clone()));
        self.tools.get_or_insert_default().extend(links);
        self
    }

    /// Every command is replaced by this one (`ForceCommand`); what was asked for is in its
    /// `SSH_ORIGINAL_COMMAND`.
    pub fn force_command(mut self, command: impl Into<String>) -> Self {
        self.force_command = Some(command.into());
        self
    }

    /// Another host key beside the ed25519 one: `rsa` or `ecdsa`.
    pub fn host_key(mut self, kind: &str) -> Self {
        self.host_keys.push(kind.to_owned());
        self
    }

    /// One more line for `sshd_config`. It stands before ours, and the first value of a keyword holds.
    pub fn directive(mut self, line: impl Into<String>) -> Self {
        self.directives.push(line.into());
        self
    }

    /// Starts it and waits until it listens.
    ///
    /// # Panics
    /// Where OpenSSH is missing or does not start; the message holds its log.
    pub fn start(self) -> Sshd {
        Sshd::launch(self).unwrap_or_else(|error| panic!("the test's sshd did not start: {error}"))
    }
}

/// A running server. Ended, with everything that was started through it, when it is dropped.
#[derive(Debug)]
pub struct Sshd {
    dir: TempDir,
    port: u16,
    username: String,
    mark: String,
    options: Builder,
    generation: u32,
    child: Option<Child>,
}

impl Sshd {
    /// A plain server.
    ///
    /// # Panics
    /// As [`Builder::start`].
    pub fn start() -> Self {
        Self::builder().start()
    }

    /// A server with something special about it.
    pub fn builder() -> Builder {
        Builder::default()
    }

    fn launch(mut options: Builder) -> io::Result<Self> {
        let dir = tempfile::Builder::new().prefix("launchway-sshd-").tempdir()?;
        if getuid().is_root() {
            // Privilege separation wants this folder; packages make it when their service starts.
            let _ = fs::create_dir_all("/run/sshd");
        }
        let username = User::from_uid(getuid())?.map_or_else(|| "root".to_owned(), |user| user.name);
        fs::create_dir(dir.path().join("home"))?;
        keygen(&dir.path().join("host"), "ed25519", "")?;
        for kind in &options.host_keys {
            keygen(&dir.path().join(format!("host-{kind}")), kind, "")?;
        }
        keygen(&dir.path().join("user"), "ed25519", "")?;
        fs::copy(dir.path().join("user.pub"), dir.path().join("authorized_keys"))?;
        if let Some(tools) = &options.tools {
            let bin = dir.path().join("bin");
            fs::create_dir(&bin)?;
            for (name, target) in tools {
                symlink(target, bin.join(name))?;
            }
            options.path = Some(bin.display().to_string());
        }
        let mark = dir.path().file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut this = Self { dir, port: 0, username, mark, options, generation: 0, child: None };
        // Between our asking for a free port and sshd's taking it, another program may.
        let mut attempts = 0;
        loop {
            this.port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
            match this.spawn() {
                Err(error) if error.kind() == io::ErrorKind::AddrInUse && attempts < 10 => attempts += 1,
                outcome => return outcome.map(|()| this),
            }
        }
    }

    fn config(&self, penalties: bool) -> String {
        let dir = self.dir.path().display();
        let mut lines = self.options.directives.clone();
        // An empty home: the profile of whoever runs the test is slow, prints, or takes locks that a
        // server which is killed in the middle would leave behind.
        let mut set = format!("SetEnv {MARK}={} \"HOME={dir}/home\"", self.mark);
        if let Some(path) = &self.options.path {
            set.push_str(&format!(" \"PATH={path}\""));
        }
        lines.push(set);
        if let Some(command) = &self.options.force_command {
            lines.push(format!("ForceCommand {command}"));
        }
        lines.extend(self.options.host_keys.iter().map(|kind| format!("HostKey {dir}/host-{kind}")));
        if penalties {
            lines.push("PerSourcePenalties no".into());
        }
        lines.push(format!(
            "ListenAddress 127.0.0.1\nPort {}\nHostKey {dir}/host\nAuthorizedKeysFile {dir}/authorized_keys\n\
             PidFile none\nStrictModes no\nUsePAM no\nUseDNS no\nPermitRootLogin yes\nPubkeyAuthentication yes\n\
             PasswordAuthentication no\nKbdInteractiveAuthentication no\nAuthenticationMethods publickey\n\
             MaxStartups 500\nMaxSessions 100\nMaxAuthTries 20\nLogLevel VERBOSE\nPrintMotd no\nX11Forwarding no\n",
            self.port
        ));
        lines.join("\n")
    }

    fn log_path(&self) -> PathBuf {
        self.dir.path().join(format!("log.{}", self.generation))
    }

    fn spawn(&mut self) -> io::Result<()> {
        let sshd = SSHD.iter().map(Path::new).find(|path| path.exists());
        let sshd = sshd.ok_or_else(|| io::Error::other("no sshd here: install openssh-server"))?;
        let config = self.dir.path().join("sshd_config");
        // OpenSSH 9.8 and later shut out an address whose sign-ins fail; older ones do not know the word.
        fs::write(&config, self.config(true))?;
        if !Command::new(sshd).arg("-t").arg("-f").arg(&config).stderr(Stdio::null()).status()?.success() {
            fs::write(&config, self.config(false))?;
        }
        self.generation += 1;
        let log = fs::File::create(self.log_path())?;
        let mut child = Command::new(sshd)
            .args(["-D", "-e", "-f"])
            .arg(&config)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .process_group(0)
            .spawn()?;
        let started = Instant::now();
        loop {
            let log = fs::read_to_string(self.log_path()).unwrap_or_default();
            if log.contains(&format!("Server listening on 127.0.0.1 port {}.", self.port)) {
                self.child = Some(child);
                return Ok(());
            }
            let ended = child.try_wait()?.is_some();
            if ended && log.contains("Address already in use") {
                return Err(io::Error::new(io::ErrorKind::AddrInUse, log));
            }
            if ended || started.elapsed() > PATIENCE {
                let _ = child.kill();
                let _ = child.wait();
                return Err(io::Error::other(format!("port {}: {log}", self.port)));
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Where it listens.
    pub fn address(&self) -> &str {
        "127.0.0.1"
    }

    /// The port that it listens on, the same after a restart.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Who may sign in: whoever runs the test.
    pub fn username(&self) -> &str {
        &self.username
    }

    /// The private key that opens it, as text.
    pub fn private_key(&self) -> String {
        fs::read_to_string(self.private_key_path()).unwrap_or_default()
    }

    /// The same key as a file of mode 0600.
    pub fn private_key_path(&self) -> PathBuf {
        self.dir.path().join("user")
    }

    /// The fingerprint of its ed25519 host key: `SHA256:…`.
    ///
    /// # Panics
    /// Where ssh-keygen does not work.
    pub fn fingerprint(&self) -> String {
        fingerprint(&self.dir.path().join("host.pub"))
    }

    /// The fingerprint of another host key ([`Builder::host_key`]).
    ///
    /// # Panics
    /// Where there is none of that kind.
    pub fn fingerprint_of(&self, kind: &str) -> String {
        fingerprint(&self.dir.path().join(format!("host-{kind}.pub")))
    }

    /// A folder that is this server's alone; gone with it.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// What it has written to its log, through all restarts.
    pub fn log(&self) -> String {
        let path = |n| self.dir.path().join(format!("log.{n}"));
        (1..=self.generation).map(|n| fs::read_to_string(path(n)).unwrap_or_default()).collect()
    }

    /// A new ed25519 key pair that opens this server too, and whose private key (the answer) is locked
    /// with a passphrase. An empty passphrase means none.
    ///
    /// # Panics
    /// Where ssh-keygen does not work.
    pub fn another_key(&self, passphrase: &str) -> String {
        self.another_key_of("ed25519", passphrase)
    }

    /// The same of another kind: `rsa`, `ecdsa`; `rsa-pem` for one in the older PEM format.
    ///
    /// # Panics
    /// Where ssh-keygen does not work.
    pub fn another_key_of(&self, kind: &str, passphrase: &str) -> String {
        let name = self.dir.path().join(format!("key-{}", fs::read_dir(self.dir.path()).map_or(0, Iterator::count)));
        keygen(&name, kind, passphrase).expect("ssh-keygen runs");
        let mut all = fs::read_to_string(self.dir.path().join("authorized_keys")).expect("ours");
        all.push_str(&fs::read_to_string(name.with_extension("pub")).expect("just made"));
        fs::write(self.dir.path().join("authorized_keys"), all).expect("our own folder");
        fs::read_to_string(&name).expect("just made")
    }

    /// Whether it is running.
    pub fn is_running(&mut self) -> bool {
        self.child.as_mut().is_some_and(|child| matches!(child.try_wait(), Ok(None)))
    }

    /// Kills the server and every connection, as a crash would. What was running on it goes on.
    pub fn stop(&mut self) {
        let Some(mut child) = self.child.take() else { return };
        let connections = self.connections(child.id());
        let _ = killpg(Pid::from_raw(child.id() as i32), Signal::SIGKILL);
        for pid in connections {
            let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
        }
        let _ = child.wait();
    }

    /// Kills every connection; the server goes on, and so does what was running on it.
    pub fn drop_connections(&self) {
        let Some(child) = &self.child else { return };
        for pid in self.connections(child.id()) {
            let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
        }
    }

    /// Starts it again on the same port with the same keys.
    ///
    /// # Panics
    /// As [`Builder::start`].
    pub fn restart(&mut self) {
        self.stop();
        self.spawn().unwrap_or_else(|error| panic!("the test's sshd did not start again: {error}"));
    }

    /// Gives it another host key and starts it again.
    ///
    /// # Panics
    /// As [`Builder::start`].
    pub fn rotate_host_key(&mut self) {
        self.stop();
        let _ = fs::remove_file(self.dir.path().join("host"));
        let _ = fs::remove_file(self.dir.path().join("host.pub"));
        keygen(&self.dir.path().join("host"), "ed25519", "").expect("ssh-keygen runs");
        self.restart();
    }

    /// The sshd processes below the listening one: each connection has a session of its own, so that the
    /// listener's process group does not hold them.
    fn connections(&self, listener: u32) -> Vec<i32> {
        let all = processes();
        let mut found = vec![listener as i32];
        let mut next = 0;
        while let Some(parent) = found.get(next).copied() {
            // Names such as `sshd`, `sshd-session`: what is below them is the user's.
            found.extend(all.iter().filter(|p| p.parent == parent && p.name.starts_with("sshd")).map(|p| p.pid));
            next += 1;
        }
        found.split_off(1)
    }

    /// Whatever was started through this server and lives, daemons included.
    fn leftovers(&self) -> Vec<i32> {
        let mark = format!("{MARK}={}", self.mark);
        let all = processes();
        let marked = |pid: i32| {
            fs::read(format!("/proc/{pid}/environ"))
                .is_ok_and(|environ| environ.split(|b| *b == 0).any(|entry| entry == mark.as_bytes()))
        };
        let mut found: Vec<i32> = all.iter().map(|p| p.pid).filter(|pid| marked(*pid)).collect();
        let mut next = 0;
        while let Some(parent) = found.get(next).copied() {
            let below: Vec<i32> = all.iter().filter(|p| p.parent == parent).map(|p| p.pid).collect();
            found.extend(below.into_iter().filter(|pid| !found.contains(pid)).collect::<Vec<_>>());
            next += 1;
        }
        found
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        self.stop();
        for pid in self.leftovers() {
            let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
        }
    }
}

struct Process {
    pid: i32,
    parent: i32,
    name: String,
}

fn processes() -> Vec<Process> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    let pids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter_map(|pid: i32| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The name stands in parentheses and may hold any byte.
        let (open, close) = (stat.find('(')?, stat.rfind(')')?);
        let parent = stat.get(close + 1..)?.split_whitespace().nth(1)?.parse().ok()?;
        Some(Process { pid, parent, name: stat.get(open + 1..close)?.to_owned() })
    })
    .collect()
}

fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/sbin".into()]);
    folders
        .map(|folder| folder.join(program))
        .find(|path| fs::metadata(path).is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0))
}

fn fingerprint(public_key: &Path) -> String {
    let output = Command::new("ssh-keygen").arg("-lf").arg(public_key).output().expect("ssh-keygen runs");
    let text = String::from_utf8(output.stdout).expect("ssh-keygen prints text");
    text.split_whitespace().nth(1).expect("the second word is the fingerprint").to_owned()
}

fn keygen(path: &Path, kind: &str, passphrase: &str) -> io::Result<()> {
    let (kind, format) = match kind.strip_suffix("-pem") {
        Some(kind) => (kind, "PEM"),
        None => (kind, "RFC4716"),
    };
    let output = Command::new("ssh-keygen")
        .args(["-q", "-t", kind, "-m", format, "-C", "launchway-test", "-N", passphrase, "-f"])
        .arg(path)
        .stdin(Stdio::null())
        .output()?;
    if output.status.success() {
        Ok(())
    } else {
        Err(io::Error::other(String::from_utf8_lossy(&output.stderr).into_owned()))
    }
}
