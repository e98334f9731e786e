//! Throw-away OpenSSH servers on loopback, run by whoever runs the demo.
//!
//! Each stands behind a small shell that waits for the end of its input, which only this program
//! holds open. However the program ends, the shell then ends the server and whatever was started
//! through it, so that nothing stays behind.

use std::fs;
use std::io;
use std::net::TcpListener;
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use launchway_domain::{Text, text};
use launchway_engine::ssh;
use nix::unistd::{User, getuid};
use secrecy::SecretString;

use super::super::say::Failure;

/// How long a server may take until it answers.
const PATIENCE: Duration = Duration::from_secs(20);
/// How often a port is chosen anew, where another program took it in between.
const TRIES: usize = 5;
/// Marks the processes that were started through a server of ours.
const MARK: &str = "LAUNCHWAY_DEMO";
/// `$1` sshd, `$2` its configuration, `$3` its log, `$4` the mark.
const KEEPER: &str = r#"
"$1" -D -e -f "$2" 2>>"$3" &
child=$!
while read -r _; do :; done
kill "$child" 2>/dev/null
wait "$child" 2>/dev/null
for environ in /proc/[0-9]*/environ; do
  if grep -qas -- "$4" "$environ"; then
    pid=${environ#/proc/}
    kill -9 "${pid%/environ}" 2>/dev/null
  fi
done
"#;

/// One of the servers.
pub(super) struct ThrowAway {
    pub(super) hostname: String,
    pub(super) port: u16,
    /// Of its host key: `SHA256:…`.
    pub(super) fingerprint: String,
    keeper: Child,
}

impl Drop for ThrowAway {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        if let Err(error) = self.keeper.wait() {
            tracing::warn!("ending {}: {error}", self.hostname);
        }
    }
}

/// All of them, and what opens them.
pub(super) struct ThrowAways {
    pub(super) username: String,
    pub(super) private_key: SecretString,
    pub(super) servers: Vec<ThrowAway>,
}

impl ThrowAways {
    /// Starts servers by these names, with their files in `folder`. Blocks until all answer.
    pub(super) fn start(folder: &Path, hostnames: &[&str]) -> Result<Self, Failure> {
        let (Some(sshd), Some(_)) = (program("sshd"), program("ssh-keygen")) else { return Err(missing()) };
        let doing = Text::new("starting SSH servers on loopback", "在本机启动 SSH 服务器");
        Self::start_with(&sshd, folder, hostnames).map_err(|e| Failure::new(&doing, e))
    }

    fn start_with(sshd: &Path, folder: &Path, hostnames: &[&str]) -> io::Result<Self> {
        if getuid().is_root() {
            // Privilege separation wants this folder, which packages make when their service starts.
            fs::create_dir_all("/run/sshd")?;
        }
        let user = User::from_uid(getuid())?.ok_or_else(|| io::Error::other("the current user has no name"))?;
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder.join("home"))?;
        keygen(&folder.join("key"))?;
        fs::copy(folder.join("key.pub"), folder.join("authorized_keys"))?;
        let mark = format!("{MARK}={:016x}", rand::random::<u64>());
        let servers =
            hostnames.iter().map(|hostname| start(sshd, folder, hostname, &mark)).collect::<io::Result<_>>()?;
        let private_key = fs::read_to_string(folder.join("key"))?.into();
        Ok(Self { username: user.name, private_key, servers })
    }
}

fn start(sshd: &Path, folder: &Path, hostname: &str, mark: &str) -> io::Result<ThrowAway> {
    let host_key = folder.join(format!("{hostname}.key"));
    keygen(&host_key)?;
    let fingerprint = fingerprint(&host_key)?;
    let (config, log) = (folder.join(format!("{hostname}.conf")), folder.join(format!("{hostname}.log")));
    for _ in 0..TRIES {
        let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        fs::write(&config, configuration(folder, &host_key, port, mark))?;
        let keeper = Command::new("sh")
            .args(["-c", KEEPER, "launchway"])
            .args([sshd, &config, &log])
            .arg(mark)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // Ctrl-C is for the program, which ends this one in its own time.
            .process_group(0)
            .spawn()?;
        let server = ThrowAway { hostname: hostname.to_owned(), port, fingerprint: fingerprint.clone(), keeper };
        if answers(&server) {
            return Ok(server);
        }
    }
    Err(io::Error::other(format!("{hostname}: {}", fs::read_to_string(&log).unwrap_or_default().trim())))
}

/// Waits until the server shows its own host key; no, where it does not within [`PATIENCE`].
fn answers(server: &ThrowAway) -> bool {
    let started = Instant::now();
    while started.elapsed() < PATIENCE {
        match ssh::fingerprint("127.0.0.1", server.port, Duration::from_secs(5)) {
            Ok(shown) => return shown == server.fingerprint,
            Err(_) => std::thread::sleep(Duration::from_millis(50)),
        }
    }
    false
}

/// `sshd_config(5)`: keys alone, this user alone, loopback alone.
fn configuration(folder: &Path, host_key: &Path, port: u16, mark: &str) -> String {
    let (folder, host_key) = (folder.display(), host_key.display());
    format!(
        // A home of its own: hooks leave the user's alone, and a slow start of the user's shell does not
        // slow the demo.
        "ListenAddress 127.0.0.1\nPort {port}\nHostKey \"{host_key}\"\nAuthorizedKeysFile \"{folder}/authorized_keys\"\n\
         SetEnv {mark} \"HOME={folder}/home\"\nPidFile none\nUsePAM no\nUseDNS no\nStrictModes no\nPermitRootLogin prohibit-password\n\
         PubkeyAuthentication yes\nPasswordAuthentication no\nKbdInteractiveAuthentication no\nMaxStartups 100\n\
         MaxSessions 100\nPrintMotd no\nX11Forwarding no\nAllowTcpForwarding no\nAllowAgentForwarding no\n"
    )
}

fn keygen(path: &Path) -> io::Result<()> {
    let mut command = Command::new("ssh-keygen");
    command.args(["-q", "-t", "ed25519", "-N", "", "-C", "launchway-demo", "-f"]).arg(path);
    output(&mut command).map(drop)
}

fn fingerprint(host_key: &Path) -> io::Result<String> {
    let printed = output(Command::new("ssh-keygen").args(["-l", "-E", "sha256", "-f"]).arg(host_key))?;
    let word = printed.split_whitespace().nth(1);
    word.map(str::to_owned).ok_or_else(|| io::Error::other("ssh-keygen printed no fingerprint"))
}

/// What a program printed; an error with what it complained of, where it failed.
pub(super) fn output(command: &mut Command) -> io::Result<String> {
    let output = command.stdin(Stdio::null()).output()?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        let program = command.get_program().to_string_lossy().into_owned();
        let complaint = String::from_utf8_lossy(&output.stderr);
        Err(io::Error::other(format!("{program}: {}", complaint.trim())))
    }
}

/// Where a program is: on the PATH, or where servers stand that are not on everyone's PATH.
fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin", "/usr/local/sbin", "/sbin"].map(PathBuf::from));
    folders.map(|folder| folder.join(name)).find(|path| path.is_file())
}

fn missing() -> Failure {
    const INSTALLERS: [(&str, &str); 6] = [
        ("apt-get", "sudo apt-get install -y openssh-server openssh-client"),
        ("dnf", "sudo dnf install -y openssh-server openssh-clients"),
        ("zypper", "sudo zypper install -y openssh"),
        ("pacman", "sudo pacman -S --needed openssh"),
        ("apk", "sudo apk add openssh"),
        ("brew", "brew install openssh"),
    ];
    let command = INSTALLERS.iter().find(|(installer, _)| program(installer).is_some());
    let command = command.map_or(INSTALLERS[0].1, |(_, command)| command);
    Failure::Said(text!(
        "The demo needs an OpenSSH server (sshd) on this machine. Install it with: {command}",
        "演示需要本机上的 OpenSSH 服务器（sshd）。安装命令：{command}"
    ))
}
