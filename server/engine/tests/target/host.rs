//! This host as a server: a shell over `std::process` with its own `PATH`, and trees to send to it.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{Read, Write};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use launchway_domain::ReleaseId;
use launchway_engine::artifact::{Artifact, Packing, Tree, pack};
use launchway_engine::shell::{Command, Limits, Output, Shell, ShellError};
use launchway_engine::target::Site;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

/// The user and group that own nothing.
const NOBODY: u32 = 65534;

/// Runs a command line as sshd does: by a shell, in an environment of its own.
pub struct Host {
    path: OsString,
    /// Put before every command line, such as `ulimit -f 8;`.
    pub before: &'static str,
    /// Every command that was run.
    pub log: Vec<String>,
    /// Breaks the next upload off after so many bytes, as a lost connection does.
    pub cut_upload: Option<usize>,
    /// Whether to give root's privileges up.
    pub unprivileged: bool,
    _bin: Option<TempDir>,
}

impl Host {
    /// With this machine's own tools (GNU, on Debian).
    pub fn gnu() -> Self {
        Self {
            path: std::env::var_os("PATH").unwrap(),
            before: "",
            log: Vec::new(),
            cut_upload: None,
            unprivileged: false,
            _bin: None,
        }
    }

    /// With BusyBox' applets and nothing else.
    pub fn busybox() -> Self {
        let busybox = find("busybox");
        let applets = std::process::Command::new(&busybox).arg("--list").output().unwrap().stdout;
        let applets = String::from_utf8(applets).unwrap();
        Self::with(applets.lines().map(|name| (name.to_owned(), busybox.clone())))
    }

    /// With these of this machine's tools and nothing else.
    pub fn only(tools: &[&str]) -> Self {
        Self::with(tools.iter().map(|name| ((*name).to_owned(), find(name))))
    }

    fn with(tools: impl Iterator<Item = (String, PathBuf)>) -> Self {
        let bin = tempfile::tempdir().unwrap();
        fs::set_permissions(bin.path(), fs::Permissions::from_mode(0o755)).unwrap();
        for (name, target) in tools {
            symlink(target, bin.path().join(name)).unwrap();
        }
        Self { path: bin.path().into(), _bin: Some(bin), ..Self::gnu() }
    }

    /// Puts a program of ours first.
    pub fn plant(&mut self, name: &str, script: &str) {
        let bin = self._bin.get_or_insert_with(|| tempfile::tempdir().unwrap());
        let file = bin.path().join(name);
        fs::write(&file, script).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
        let mut path = OsString::from(bin.path());
        path.push(":");
        path.push(&self.path);
        self.path = path;
    }
}

impl Shell for Host {
    fn run(&mut self, command: &Command, input: &mut dyn Read, limits: &Limits) -> Result<Output, ShellError> {
        if limits.cancel.is_cancelled() {
            return Err(ShellError::Canceled);
        }
        self.log.push(String::from_utf8_lossy(&command.line()).into_owned());
        let line = [self.before.as_bytes(), &command.line()].concat();
        let shell = std::env::split_paths(&self.path).map(|dir| dir.join("sh")).find(|sh| sh.exists()).unwrap();
        let mut program = std::process::Command::new(shell);
        if self.unprivileged && nix::unistd::getuid().is_root() {
            program.uid(NOBODY).gid(NOBODY);
        }
        let mut child = program
            .arg("-c")
            .arg(OsStr::from_bytes(&line))
            .env_clear()
            .env("PATH", &self.path)
            .env("LANG", "C.UTF-8")
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let outputs = std::thread::spawn(move || child.wait_with_output().unwrap());
        let cut = if line.windows(6).any(|w| w == b"tar -x") { self.cut_upload.take() } else { None };
        let mut sent = 0;
        let mut buffer = vec![0; 1 << 16];
        let failed = loop {
            if limits.cancel.is_cancelled() {
                break Some(ShellError::Canceled);
            }
            let room = cut.map_or(buffer.len(), |cut| buffer.len().min(cut - sent));
            let count = match input.read(&mut buffer[..room]) {
                Ok(0) => break None,
                Ok(count) => count,
                Err(error) => break Some(ShellError::Input(error)),
            };
            sent += count;
            // A command may end without reading all of its input.
            if stdin.write_all(&buffer[..count]).is_err() {
                break None;
            }
        };
        drop(stdin);
        let output = outputs.join().unwrap();
        if let Some(error) = failed {
            return Err(error);
        }
        if cut.is_some() {
            return Err(ShellError::Lost(launchway_domain::Text::new("connection lost", "连接中断")));
        }
        let status = output.status.code().unwrap_or_else(|| 128 + output.status.signal().unwrap());
        Ok(Output { status, stdout: output.stdout, stderr: output.stderr })
    }
}

fn find(name: &str) -> PathBuf {
    std::env::split_paths(&std::env::var_os("PATH").unwrap()).map(|dir| dir.join(name)).find(|p| p.exists()).unwrap()
}

/// A minute for each command.
pub fn limits() -> Limits {
    Limits::within(Duration::from_secs(60), &CancellationToken::new())
}

/// A folder with everything in it that a name can be.
pub struct Fixture {
    pub dir: TempDir,
}

impl Fixture {
    pub fn new() -> Self {
        let fixture = Self { dir: tempfile::tempdir().unwrap() };
        fs::create_dir(fixture.tree()).unwrap();
        fixture
    }

    /// One whose tree has all that is hard.
    pub fn hard() -> Self {
        let fixture = Self::new();
        let tree = fixture.tree();
        let long = "n".repeat(210);
        let deep = format!("{0}/{0}/{0}", "deep".repeat(30));
        let names: Vec<Vec<u8>> = vec![
            b"plain.txt".to_vec(),
            b"with space".to_vec(),
            b" lead and trail ".to_vec(),
            b"new\nline".to_vec(),
            b"ends with newline\n".to_vec(),
            b"'single' \"double\"".to_vec(),
            b"back\\slash\\n".to_vec(),
            "中文/文件.txt".into(),
            b"-rf".to_vec(),
            b"--help".to_vec(),
            b"not utf8 \xff\xfe".to_vec(),
            b"$(touch owned)`touch owned`;&|*?[a]{}~#!".to_vec(),
            b"tab\there\r".to_vec(),
            b"a/b".to_vec(),
            b"a-b".to_vec(),
            b"a.git/.git/kept".to_vec(),
            long.into_bytes(),
            format!("{deep}/leaf").into_bytes(),
            format!("{deep}/odd leaf").into_bytes(),
        ];
        for name in &names {
            let file = tree.join(OsString::from_vec(name.clone()));
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(&file, [b"content of ".as_slice(), name].concat()).unwrap();
        }
        fs::write(tree.join("empty"), "").unwrap();
        fs::write(tree.join("binary"), (0..200_000_u32).flat_map(u32::to_le_bytes).collect::<Vec<u8>>()).unwrap();
        for (name, mode) in
            [("run.sh", 0o755), ("secret", 0o600), ("group", 0o664), ("setuid", 0o4755), ("odd mode", 0o751)]
        {
            fs::write(tree.join(name), name).unwrap();
            fs::set_permissions(tree.join(name), fs::Permissions::from_mode(mode)).unwrap();
        }
        fs::create_dir_all(tree.join("empty dir/and another")).unwrap();
        fs::create_dir(tree.join("closed")).unwrap();
        fs::set_permissions(tree.join("closed"), fs::Permissions::from_mode(0o700)).unwrap();
        for (name, target) in [
            ("link", "plain.txt".as_bytes().to_vec()),
            ("dangling", b"no/such/thing".to_vec()),
            ("absolute", b"/etc/hostname".to_vec()),
            ("up", b"../../outside".to_vec()),
            ("to folder", b"a//b/.././".to_vec()),
            ("odd link\n", b"new\nline\n".to_vec()),
            ("not utf8 link", b"\xff".to_vec()),
            ("long link", vec![b't'; 300]),
            ("self", b"self".to_vec()),
        ] {
            symlink(OsString::from_vec(target), tree.join(name)).unwrap();
        }
        fs::create_dir(tree.join(".git")).unwrap();
        fs::write(tree.join(".git/HEAD"), "left out").unwrap();
        fixture
    }

    /// A folder for the "server" that [`Host::unprivileged`] may write to, and one that it may not.
    pub fn yours_and_mine(&self) -> (PathBuf, PathBuf) {
        fs::set_permissions(self.dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let folders = (self.dir.path().join("yours"), self.dir.path().join("mine"));
        fs::create_dir_all(&folders.0).unwrap();
        fs::create_dir_all(&folders.1).unwrap();
        if nix::unistd::getuid().is_root() {
            std::os::unix::fs::chown(&folders.0, Some(NOBODY), Some(NOBODY)).unwrap();
        }
        fs::set_permissions(&folders.1, fs::Permissions::from_mode(0o555)).unwrap();
        folders
    }

    /// What is packed.
    pub fn tree(&self) -> PathBuf {
        self.dir.path().join("tree")
    }

    /// Packs it as release 7.
    pub fn pack(&self) -> Artifact {
        pack(
            &Tree::open(&self.tree()).unwrap(),
            &self.dir.path().join("artifacts/7"),
            &Packing::default(),
            &CancellationToken::new(),
            &mut |_, _| {},
        )
        .unwrap()
    }

    /// The folder on the "server"; its name is as hostile as a form lets through.
    pub fn base(&self) -> PathBuf {
        self.dir.path().join("srv/it's $(touch owned) \"app\"")
    }

    /// Release `id` there.
    pub fn site(&self, id: i64) -> Site {
        Site { base: self.base().as_os_str().as_bytes().to_vec(), release: ReleaseId(id), hostname: "web-1".into() }
    }
}

/// Every path below `root` with what it is: kind and mode, content or target.
pub fn picture(root: &Path) -> Vec<(PathBuf, u32, Vec<u8>)> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for item in fs::read_dir(folder).unwrap() {
            let path = item.unwrap().path();
            let meta = fs::symlink_metadata(&path).unwrap();
            let content = if meta.is_symlink() {
                fs::read_link(&path).unwrap().into_os_string().into_vec()
            } else if meta.is_dir() {
                folders.push(path.clone());
                Vec::new()
            } else {
                fs::read(&path).unwrap()
            };
            found.push((path.strip_prefix(root).unwrap().to_owned(), meta.permissions().mode(), content));
        }
    }
    found.sort();
    found
}

/// The names in a folder; none where it is absent.
pub fn names(dir: &Path) -> Vec<String> {
    let Ok(items) = fs::read_dir(dir) else { return Vec::new() };
    let mut names: Vec<String> = items.map(|i| i.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}
