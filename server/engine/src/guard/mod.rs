//! What keeps local hooks from the Launchway host.
//!
//! A local hook is code that a developer wrote, and it runs beside the database and the master key. So that it
//! makes nobody an administrator it is started through [`enter`], a hidden subcommand of Launchway itself, which
//! gives up everything that a hook must not have and then becomes the hook:
//!
//! * **As root** the hook gets another user. Where the kernel lets it, it also gets a view of the file system in
//!   which an empty folder lies over the data folder, with nothing but the release's own work folder in it
//!   ([`cover`]); where the kernel does not, the data folder is closed by its permissions.
//! * **Otherwise** the hook keeps Launchway's user, and Landlock keeps the data folder, that user's home and its
//!   processes out of reach ([`fence`]).
//!
//! Which of them holds is tried when the program starts, by a command that attempts what a hook must not be able
//! to; what was found is logged, and shown to administrators. The wrapper that records how a hook ended
//! (`process`) stays outside, with its folder: no hook can forge its own exit status, or name another process
//! group to be ended.

mod clean;
mod cover;
mod entry;
mod fence;
mod work;

use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use launchway_domain::{GuardKind, HookGuard, Text, text};
use nix::unistd::{Gid, Uid, User};
use tokio_util::sync::CancellationToken;

use crate::data::DataDir;
use crate::local::LocalShell;
use crate::shell::{Command, Limits, Shell};

pub use clean::clean;
use entry::{Entry, REFUSED};
pub use entry::{SUBCOMMAND, enter};
pub(crate) use work::merge;
pub use work::size_of;

/// The user that hooks run as where nobody named one and it exists.
const OWN_USER: &str = "launchway-hooks";
/// The user that every system has for what should own nothing.
const NOBODY: &str = "nobody";
/// The longest that the try-out at the start may take.
const TRYING: Duration = Duration::from_secs(20);
/// From this version on Landlock keeps signals within the sandbox (Linux 6.12).
const SCOPES_SIGNALS: i32 = 6;
/// From this version on Landlock keeps files from being emptied (Linux 6.2).
const KEEPS_LENGTHS: i32 = 3;

/// What keeps local hooks from the host. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Guard {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    way: Way,
    /// The program that has [`enter`] as a subcommand.
    helper: PathBuf,
    data: PathBuf,
    report: HookGuard,
}

/// How hooks are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// Not at all.
    Open,
    /// As another user, with or without a view of the file system of their own.
    User { uid: Uid, gid: Gid, cover: bool },
    /// As our own user, behind Landlock.
    Landlock,
}

impl Guard {
    /// Hooks run as Launchway does. For tests of what has nothing to do with it.
    pub fn off(data: &DataDir) -> Self {
        let detail = Text::new("Local hooks are not kept from anything.", "本地钩子未受任何隔离。");
        Self::with(Way::Open, Path::new(""), data, HookGuard { kind: GuardKind::None, user: None, detail })
    }

    /// Finds the best way that works here, by trying. `helper` is the program that has [`enter`] as a
    /// subcommand, `user` the name of the user that hooks are to run as. Blocks for a moment.
    ///
    /// # Errors
    /// What is wrong with `user`: there is none, it is root, or Launchway may not become it.
    pub fn choose(helper: &Path, user: Option<&str>, data: &DataDir) -> Result<Self, Text> {
        if !Uid::effective().is_root() {
            if let Some(name) = user {
                return Err(text!(
                    "Hooks cannot run as {name}: only root may start programs as another user. Leave --hook-user out, or run Launchway as root.",
                    "钩子无法以 {name} 运行：只有 root 才能以其他用户启动程序。请去掉 --hook-user，或以 root 运行 Launchway。"
                ));
            }
            return Ok(match attempt(Way::Landlock, helper, data) {
                Ok(abi) => Self::with(Way::Landlock, helper, data, behind_landlock(abi)),
                Err(why) => Self::with(Way::Open, helper, data, nothing(&why)),
            });
        }
        let user = hook_user(user)?;
        let mut reasons = Vec::new();
        for cover in [true, false] {
            let way = Way::User { uid: user.uid, gid: user.gid, cover };
            match attempt(way, helper, data) {
                Ok(abi) => return Ok(Self::with(way, helper, data, as_user(&user.name, cover, abi))),
                Err(why) => reasons.push(why),
            }
        }
        reasons.dedup();
        Ok(Self::with(Way::Open, helper, data, nothing_as_root(&user.name, &reasons.join("; "))))
    }

    fn with(way: Way, helper: &Path, data: &DataDir, report: HookGuard) -> Self {
        let inner = Inner { way, helper: helper.to_owned(), data: data.root().to_owned(), report };
        Self { inner: Arc::new(inner) }
    }

    /// What administrators and the log are told.
    pub fn report(&self) -> &HookGuard {
        &self.inner.report
    }

    /// Makes everything in a release's folder that a hook needs, and hands it over: the work folder with all that
    /// is in it, a home and a folder for temporary files.
    ///
    /// # Errors
    /// Where the disk refuses.
    pub fn prepare(&self, work: &Path) -> io::Result<()> {
        // Enough to pass through, not to look into: what lies there has permissions of its own.
        for folder in [work.to_owned(), work.join("hooks")] {
            make(&folder, 0o711)?;
        }
        make(&work.join("tree"), 0o755)?;
        for folder in ["home", "tmp"] {
            make(&work.join(folder), 0o700)?;
        }
        if let Way::User { uid, gid, .. } = self.inner.way {
            for folder in ["tree", "home", "tmp"] {
                work::hand_over(&work.join(folder), uid, gid)?;
            }
        }
        Ok(())
    }

    /// Hands a tree that no hook has seen to the user that hooks run as, where the one that it will be merged into
    /// was handed over before.
    ///
    /// # Errors
    /// Where the disk refuses.
    pub(crate) fn adopt(&self, fresh: &Path, tree: &Path) -> io::Result<()> {
        match self.inner.way {
            Way::User { uid, gid, .. } if work::belongs(tree, uid)? => work::hand_over(fresh, uid, gid),
            _ => Ok(()),
        }
    }

    /// Makes the folder that hooks of an environment keep, and hands it over; one that is of no use to who hooks run as
    /// now is begun anew.
    ///
    /// # Errors
    /// Where the disk refuses.
    pub fn prepare_cache(&self, cache: &Path) -> io::Result<()> {
        if let Some(above) = cache.parent() {
            make(above, 0o711)?;
        }
        let owners = match self.inner.way {
            Way::User { uid, .. } => vec![uid, Uid::effective()],
            Way::Open | Way::Landlock => vec![Uid::effective()],
        };
        if cache.exists() && !owners.iter().any(|owner| work::belongs(cache, *owner).unwrap_or(false)) {
            clean(cache)?;
        }
        make(cache, 0o700)?;
        if let Way::User { uid, gid, .. } = self.inner.way {
            work::hand_over(cache, uid, gid)?;
        }
        // When it was last used: hooks may change what lies deeper in it only.
        fs::File::open(cache)?.set_modified(std::time::SystemTime::now())
    }

    /// The words before a hook's own: the program that keeps it, told how. Empty where nothing does. `cache` is the
    /// folder that [`Guard::prepare_cache`] made, where the hook has one.
    pub fn words(&self, work: &Path, run: &Path, cache: Option<&Path>) -> Vec<Vec<u8>> {
        let Inner { way, helper, data, .. } = &*self.inner;
        way.words(helper, &Entry { cache: cache.map(Path::to_owned), ..Entry::new(data, work, run, false) })
    }
}

impl Way {
    fn words(self, helper: &Path, entry: &Entry) -> Vec<Vec<u8>> {
        let entry = match self {
            Way::Open => return Vec::new(),
            Way::User { uid, gid, cover } => Entry { user: Some((uid.as_raw(), gid.as_raw())), cover, ..entry.clone() },
            Way::Landlock => entry.clone(),
        };
        let helper = helper.as_os_str().as_encoded_bytes().to_vec();
        vec![helper, SUBCOMMAND.into(), entry.to_word().into_bytes()]
    }
}

/// The user that hooks run as.
fn hook_user(named: Option<&str>) -> Result<User, Text> {
    let find = |name: &str| User::from_name(name).ok().flatten();
    let user = match named {
        Some(name) => find(name).ok_or_else(|| {
            text!(
                "There is no user {name} on this host. Add it (useradd --system {name}), or name another one by --hook-user.",
                "本机没有用户 {name}。请添加（useradd --system {name}），或用 --hook-user 指定其他用户。"
            )
        })?,
        None => find(OWN_USER).or_else(|| find(NOBODY)).ok_or_else(|| {
            Text::new(
                "There is no user for hooks on this host. Add one: useradd --system launchway-hooks",
                "本机没有可用于运行钩子的用户。请添加：useradd --system launchway-hooks",
            )
        })?,
    };
    if user.uid.is_root() {
        return Err(Text::new(
            "Hooks do not run as root: name another user by --hook-user.",
            "钩子不能以 root 运行，请用 --hook-user 指定其他用户。",
        ));
    }
    Ok(user)
}

fn as_user(name: &str, cover: bool, abi: i32) -> HookGuard {
    let detail = if cover || abi > 0 {
        text!(
            "Local hooks run as the user {name}, without Launchway's rights; the data folder and other releases are out of their sight.",
            "本地钩子以用户 {name} 运行，没有 Launchway 的权限，也看不到数据目录和其他发布。"
        )
    } else {
        text!(
            "Local hooks run as the user {name}, without Launchway's rights; the data folder is closed to them. Hooks of different releases can reach each other's work folders: this kernel has no Landlock, and Launchway may not mount.",
            "本地钩子以用户 {name} 运行，没有 Launchway 的权限，无法进入数据目录。不同发布的钩子之间可以访问彼此的工作目录：该内核没有 Landlock，且 Launchway 无权挂载。"
        )
    };
    HookGuard { kind: GuardKind::User, user: Some(name.to_owned()), detail }
}

fn behind_landlock(abi: i32) -> HookGuard {
    let detail = if abi >= SCOPES_SIGNALS {
        text!(
            "Local hooks run as Launchway's own user behind Landlock (version {abi}): the data folder, that user's home and Launchway's processes are out of their reach.",
            "本地钩子以 Launchway 自己的用户运行，由 Landlock（版本 {abi}）隔离：无法触及数据目录、该用户的主目录和 Launchway 的进程。"
        )
    } else {
        let more = if abi >= KEEPS_LENGTHS {
            Text::new("", "")
        } else {
            Text::new(" and empty its files", "并清空其文件")
        };
        text!(
            "Local hooks run as Launchway's own user behind Landlock (version {abi}), which keeps the data folder and that user's home from being read. On this kernel they can still end Launchway's processes{}; Linux 6.12 mends that, or run Launchway as root, so that hooks get a user of their own.",
            "本地钩子以 Launchway 自己的用户运行，由 Landlock（版本 {abi}）隔离，无法读取数据目录和该用户的主目录。在此内核上它们仍可终止 Launchway 的进程{}；请升级到 Linux 6.12，或以 root 运行 Launchway，使钩子拥有自己的用户。",
            more
        )
    };
    HookGuard { kind: GuardKind::Landlock, user: None, detail }
}

fn nothing(why: &str) -> HookGuard {
    let detail = text!(
        "Local hooks are kept from nothing: whoever may write one can read the database, the master key and every project's files. Run Launchway as root, so that hooks get a user of their own, or on Linux 6.12 or newer with Landlock. What was tried: {why}",
        "本地钩子未受隔离：能够编写它的人可以读取数据库、主密钥以及所有项目的文件。请以 root 运行 Launchway，使钩子拥有自己的用户；或使用启用了 Landlock 的 Linux 6.12 及以上版本。尝试结果：{why}"
    );
    HookGuard { kind: GuardKind::None, user: None, detail }
}

fn nothing_as_root(user: &str, why: &str) -> HookGuard {
    let detail = text!(
        "Local hooks are kept from nothing and run as root: whoever may write one can read and change everything on this host. Let the user {user} pass through every folder above the data folder (chmod o+x), or move the data folder to where it can. What was tried: {why}",
        "本地钩子未受隔离，并以 root 运行：能够编写它的人可以读取和修改本机的一切。请允许用户 {user} 通过数据目录的各级上级目录（chmod o+x），或将数据目录移至该用户可达之处。尝试结果：{why}"
    );
    HookGuard { kind: GuardKind::None, user: None, detail }
}

/// What the try-out does as a hook: reading `$1` has to fail, writing here has to work.
const TRY: &str = r#"
if cat -- "$1" >/dev/null 2>&1; then echo "the data folder can be read" >&2; exit 3; fi
: >tried && rm -f tried || exit 4
"#;

/// Starts a command as a hook would be started. The version of Landlock that it got, 0 for none; or why this way is
/// not to be had.
fn attempt(way: Way, helper: &Path, data: &DataDir) -> Result<i32, String> {
    if helper.as_os_str().as_encoded_bytes().contains(&b'=') {
        return Err("the path of the program holds an equals sign".to_owned());
    }
    let said = |what: &'static str| move |error: io::Error| format!("{what}: {error}");
    if let Way::User { gid, cover: false, .. } = way {
        open_the_way(data, gid).map_err(said("the data folder"))?;
    }
    let work = data.root().join("work").join(".guard");
    clean(&work).map_err(said("the work folder"))?;
    let guard = Guard::with(way, helper, data, nothing(""));
    guard.prepare(&work).map_err(said("the work folder"))?;
    let secret = data.root().join("work").join(".guard-secret");
    fs::write(&secret, "x")
        .and_then(|()| fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)))
        .map_err(said("the work folder"))?;
    let run = work.join("hooks");
    let mut words = way.words(helper, &Entry::new(data.root(), &work, &run, true)).into_iter();
    let program = words.next().unwrap_or_default();
    let command = Command::new(&String::from_utf8_lossy(&program))
        .args(words)
        .args(["sh", "-c", TRY, "launchway"])
        .arg(secret.as_os_str().as_encoded_bytes());
    let result = LocalShell::new().call(&command, &Limits::within(TRYING, &CancellationToken::new()));
    // Tidied up whatever came of it; a leftover is replaced by the next start.
    let _ = (fs::remove_file(&secret), clean(&work));
    let output = result.map_err(|error| error.to_string())?;
    if !output.ok() {
        let why = output.complaint();
        let why = why.strip_prefix(REFUSED).map_or(why.as_str(), |rest| rest.trim_start_matches([':', ' ']));
        return Err(if why.is_empty() { format!("exit status {}", output.status) } else { why.to_owned() });
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().parse().unwrap_or(0))
}

/// For a user that has to pass through the data folder to its work folder: it may pass, and everything else in there
/// is closed to it.
fn open_the_way(data: &DataDir, gid: Gid) -> io::Result<()> {
    let root = data.root();
    for folder in ["mirrors", "artifacts"] {
        make(&root.join(folder), 0o700)?;
    }
    for folder in ["work", "cache"] {
        make(&root.join(folder), 0o711)?;
    }
    for entry in fs::read_dir(root)? {
        let entry = entry?;
        let meta = entry.metadata()?;
        if !["work", "cache"].iter().any(|name| entry.file_name() == *name) && !meta.is_symlink() {
            fs::set_permissions(entry.path(), fs::Permissions::from_mode(meta.permissions().mode() & 0o700))?;
        }
    }
    nix::unistd::chown(root, None, Some(gid))?;
    fs::set_permissions(root, fs::Permissions::from_mode(0o710))
}

/// Makes a folder where there is none, with these permissions in any case, unless it is somebody else's by now.
fn make(folder: &Path, mode: u32) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(mode).create(folder)?;
    match fs::set_permissions(folder, fs::Permissions::from_mode(mode)) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(()),
        outcome => outcome,
    }
}
