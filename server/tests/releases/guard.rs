//! Local hooks are code on the Launchway host: what they cannot reach, and that builds still work.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Command;

use launchway_engine::data::DataDir;
use launchway_engine::guard::Guard;
use launchway_engine::testing::sshd::Sshd;
use launchway_engine::{local::LocalShell, shell};
use nix::unistd::Uid;
use serde_json::json;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use crate::program::{Program, binary};
use crate::repository::Repository;
use crate::world::World;

/// The number of `nobody` where these tests run, to run Launchway as somebody who is not root.
const NOBODY: u32 = 65_534;

/// Tries whatever a hook must not be able to, and prints a line for each: `open` or `shut`, and what it was. `$1` is
/// the data folder, `$2` the number of Launchway's process, `$3` another release, `$4` a project.
const ATTACK: &str = r#"
data=$1 pid=$2 other=$3 project=$4
try() { name=$1; shift; if "$@" >/dev/null 2>&1; then echo "open $name"; else echo "shut $name"; fi; }
add() { echo x >>"$1"; }
try key cat "$data/master.key"
try database cat "$data/launchway.db"
try wal head -c 1 "$data/launchway.db-wal"
try instance cat "$data/instance"
try listing ls "$data"
try works ls "$data/work"
try work ls "$data/work/$other/tree"
try mirror ls "$data/mirrors/$project"
try artifact cat "$data/artifacts/$other/manifest.jsonl"
try writing add "$data/planted"
try changing add "$data/launchway.db"
try moving mv "$data/instance" moved
try hardlink ln "$data/master.key" hard
ln -s "$data/master.key" soft
try link cat soft
rm -f soft hard
try root cat "/proc/$pid/root$data/master.key"
try cwd ls "/proc/$pid/cwd/"
try environ cat "/proc/$pid/environ"
try files ls "/proc/$pid/fd"
try memory head -c 1 "/proc/$pid/mem"
try signal kill -0 "$pid"
try wrapper kill -0 "$PPID"
"#;

/// What builds do.
const BUILD: &str = r#"
set -e
umask | grep -q 22
echo one >made && cp made again && mv again moved && ln -s made link && ln made hard && chmod 750 moved
mkdir -p deep/er && touch deep/er/file && find . -name file | grep -q file
t=$(mktemp) && echo x >"$t" && mv "$t" from-temp
echo x >"$HOME/.cache" && test -w "$TMPDIR"
git init -q repo && git -C repo -c user.name=a -c user.email=a@b commit -q --allow-empty -m first
git -C repo rev-parse HEAD >/dev/null
tar cf - deep made | tar tf - >/dev/null
echo aaa | sed s/a/b/ | gzip -c | gunzip -c | grep -q baa
echo '#!/bin/sh
echo ran' >tool && chmod +x tool && ./tool | grep -q ran
(sleep 0.01; echo late >late) & wait && grep -q late late
if command -v cc >/dev/null; then
  echo 'int main(void) { return 0; }' >a.c && cc -o a.out a.c && ./a.out
fi
if command -v perl >/dev/null; then
  perl -MIO::Socket::INET -e '
    my $s = IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1") or die "listen: $!";
    my $c = IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => $s->sockport) or die "connect: $!";
    socketpair(my $a, my $b, 1, 1, 0) or die "pair: $!";'
fi
cat /proc/self/status >/dev/null; cat /etc/passwd >/dev/null; ls /usr/bin >/dev/null; head -c 1 /dev/urandom >/dev/null
echo built
"#;

/// A data folder with something in every place, of nobody's making but ours.
struct Folder {
    data: DataDir,
    _dir: TempDir,
}

impl Folder {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let data = DataDir::open(&dir.path().join("data")).unwrap();
        for (path, text) in [
            ("master.key", "key"),
            ("launchway.db", "rows"),
            ("launchway.db-wal", "rows"),
            ("instance", "name"),
            ("work/8/tree/a", "other"),
            ("mirrors/1/HEAD", "ref"),
            ("artifacts/8/manifest.jsonl", "{}"),
        ] {
            let path = data.root().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        Self { data, _dir: dir }
    }

    /// Runs a script as a hook of release 7 would be run; what it printed.
    fn run(&self, guard: &Guard, script: &str) -> String {
        let work = self.data.root().join("work/7");
        guard.prepare(&work).unwrap();
        let mut words = guard.words(&work, &work.join("hooks"), None);
        words.extend(["sh", "-c", script, "hook"].map(Into::into));
        words.push(self.data.root().as_os_str().as_encoded_bytes().to_vec());
        words.extend([std::process::id().to_string().into_bytes(), b"8".to_vec(), b"1".to_vec()]);
        let command = shell::Command::new("env").arg("-C").arg(work.join("tree").to_str().unwrap());
        let environment = ["HOME=home", "TMPDIR=tmp"].map(|pair| {
            let (name, folder) = pair.split_once('=').unwrap();
            format!("{name}={}", work.join(folder).display())
        });
        let command = command.args(environment).args(words);
        let limits = shell::Limits::within(crate::program::PATIENCE, &CancellationToken::new());
        let output = shell::Shell::call(&mut LocalShell::new(), &command, &limits).unwrap();
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status, 0, "{printed}{}", output.complaint());
        printed
    }
}

/// Every line is a door that is shut, and all of them were tried.
fn assert_shut(printed: &str) {
    let doors = ATTACK.matches("\ntry ").count();
    assert_eq!(printed.lines().filter(|line| line.starts_with("shut ")).count(), doors, "{printed}");
    assert!(!printed.contains("open "), "{printed}");
}

#[test]
fn the_doors_are_shut_by_the_guard_and_by_nothing_else() {
    let folder = Folder::new();
    let guard = Guard::choose(Path::new(binary()), None, &folder.data).unwrap();
    assert_shut(&folder.run(&guard, ATTACK));
    assert_eq!(fs::read_to_string(folder.data.root().join("launchway.db")).unwrap(), "rows");

    let folder = Folder::new();
    let printed = folder.run(&Guard::off(&folder.data), ATTACK);
    for door in ["key", "database", "wal", "works", "work", "mirror", "artifact", "writing", "changing", "link", "root"]
    {
        assert!(printed.contains(&format!("open {door}\n")), "{door} is no door: {printed}");
    }
    for door in ["cwd", "environ", "files", "signal", "wrapper", "moving", "hardlink"] {
        assert!(printed.contains(&format!("open {door}\n")), "{door} is no door: {printed}");
    }
}

#[test]
fn builds_work_and_what_they_leave_can_be_removed() {
    let folder = Folder::new();
    let guard = Guard::choose(Path::new(binary()), None, &folder.data).unwrap();
    assert!(folder.run(&guard, BUILD).ends_with("built\n"));
    folder.run(&guard, "mkdir -p shut/inner && : >shut/inner/file && chmod 0 shut/inner/file shut/inner shut");
    // Once more, in a folder that was handed over before.
    assert!(folder.run(&guard, "rm -rf repo; echo more >>made; cat made").contains("more"));
}

#[test]
fn a_user_for_hooks_has_to_be_there_and_not_root() {
    let folder = Folder::new();
    let choose = |name| Guard::choose(Path::new(binary()), Some(name), &folder.data).map(|_| ()).unwrap_err();
    if Uid::effective().is_root() {
        assert!(choose("no-such-user-here").en.contains("no-such-user-here"));
        assert!(choose("root").en.contains("do not run as root"));
    } else {
        assert!(choose("nobody").en.contains("only root"));
    }
}

/// Hooks that attack the program that runs them, as they would be written into a release.
async fn attack(world: &World, other: i64) {
    let (data, pid) = (world.program.data().display(), world.program.pid());
    let hook = format!("set -- '{data}' {pid} {other} {}\n{ATTACK}\nenv\n", world.project);
    let hooks = json!({"before_download": hook, "after_download": format!("{hook}\n{BUILD}")});
    let (release, status) = world.release("v1", hooks).await;
    for node in ["before_download", "after_download"] {
        let log = world.program.log_text(release, node).await;
        assert_shut(&log);
        let names = log.lines().filter_map(|line| line.split_once('=')).map(|(name, _)| name);
        for name in names {
            let known = ["HOME", "LANG", "PATH", "PWD", "OLDPWD", "SHLVL", "TMPDIR", "_"];
            assert!(name.starts_with("LAUNCHWAY_") || known.contains(&name), "{name} is not for hooks");
        }
        assert!(!log.contains("LAUNCHWAY_MASTER_KEY") && !log.contains("LAUNCHWAY_DATA="), "{log}");
    }
    assert_eq!(status, "succeeded");
    // What the hooks made was packed, and arrived.
    let current = world.site(1).join("current");
    assert_eq!(fs::read_to_string(current.join("made")).unwrap(), "one\n");
    assert!(!world.program.data().join(format!("work/{release}")).exists());
    let planted = world.program.data().join("planted");
    assert!(!planted.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hook_of_a_whole_release_reaches_nothing_of_launchways() {
    let world = World::with(1, Sshd::start(), Repository::new(), &[("LAUNCHWAY_MASTER_KEY", &"ab".repeat(32))]).await;
    fs::write(world.program.data().join("master.key"), "for the hook to find").unwrap();
    let (other, status) = world.release("v1", json!({"after_download": "exit 1"})).await;
    assert_eq!(status, "failed", "its work folder stays for the hook to find");
    let hooks = &world.program.get("/system").await["hooks"];
    let kind = if Uid::effective().is_root() { "user" } else { "landlock" };
    assert_eq!(hooks["kind"], kind, "{hooks}");
    assert!(world.program.log().contains(hooks["detail"].as_str().unwrap()));
    attack(&world, other).await;
}

/// A copy of the program that everybody can start: what was built may lie in a home.
fn program_for_all() -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let path = dir.path().join("launchway");
    fs::copy(binary(), &path).unwrap();
    (dir, path)
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_landlock_a_hook_of_launchways_own_user_reaches_nothing_either() {
    // Whoever is not root has shown it by the tests above.
    if !Uid::effective().is_root() {
        return;
    }
    let (_dir, path) = program_for_all();
    let (data, repository) = (tempfile::tempdir().unwrap(), Repository::new());
    assert!(Command::new("chown").arg("-R").arg(NOBODY.to_string()).arg(repository.path()).status().unwrap().success());
    chown(data.path(), Some(NOBODY), Some(NOBODY)).unwrap();
    let program = Program::start_as(data.path(), &[], Some((path, NOBODY))).await;
    let world = World::around(1, Sshd::start(), repository, program, data).await;
    assert_eq!(world.program.get("/system").await["hooks"]["kind"], "landlock");
    let (other, _) = world.release("v1", json!({"after_download": "exit 1"})).await;
    attack(&world, other).await;

    // Sockets of the file system lead to those who take us at our word: databases, session buses.
    let socket = "perl -MSocket -e 'socket(my $s, PF_UNIX, SOCK_STREAM, 0) or exit 3'; echo \"socket $?\"";
    let (release, _) = world.release("v1", json!({"after_download": socket})).await;
    let log = world.program.log_text(release, "after_download").await;
    assert!(log.contains("socket 3") || log.contains("socket 127"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_cannot_name_the_mirror_of_another() {
    let world = World::new(1).await;
    world.release("v1", json!({})).await;
    let mirror = world.program.data().join(format!("mirrors/{}", world.project));
    assert!(mirror.join("HEAD").exists());
    let outside = tempfile::tempdir().unwrap();
    let git = |args: &[&str]| assert!(Command::new("git").args(args).status().unwrap().success(), "{args:?}");
    let [link, pointer, borrower] = ["link", "pointer", "borrower"].map(|name| outside.path().join(name));
    std::os::unix::fs::symlink(&mirror, &link).unwrap();
    fs::create_dir(&pointer).unwrap();
    fs::write(pointer.join(".git"), format!("gitdir: {}\n", mirror.display())).unwrap();
    git(&["init", "-q", "--bare", borrower.to_str().unwrap()]);
    let objects = mirror.join("objects").display().to_string();
    fs::write(borrower.join("objects/info/alternates"), objects + "\n").unwrap();
    // One by one, by links in a repository of one's own; and by a link behind a link.
    let [refs, packs, chain] = ["refs", "packs", "chain"].map(|name| outside.path().join(name));
    for path in [&refs, &packs, &chain] {
        git(&["init", "-q", "--bare", path.to_str().unwrap()]);
    }
    let lend = |from: PathBuf, to: PathBuf| {
        fs::remove_dir_all(&to).unwrap();
        std::os::unix::fs::symlink(from, to).unwrap();
    };
    lend(mirror.join("refs"), refs.join("refs"));
    lend(mirror.join("objects/pack"), packs.join("objects/pack"));
    let aside = outside.path().join("aside");
    fs::create_dir(&aside).unwrap();
    std::os::unix::fs::symlink(mirror.join("objects/pack"), aside.join("pack")).unwrap();
    lend(aside, chain.join("objects"));
    for path in [&mirror, &link, &pointer, &borrower, &refs, &packs, &chain] {
        let url = path.display().to_string();
        let project = world.program.post("/projects", json!({"title": url, "repo_url": url})).await;
        let check = world.program.post(&format!("/projects/{}/check", project["id"]), json!({})).await;
        assert_eq!(check["ok"], false, "{check}");
        assert!(check["error"].as_str().unwrap().contains("data folder"), "{check}");
    }
    // The same by a submodule of a repository that is a folder of this host.
    world.repository.git(&[
        "-c",
        "protocol.file.allow=always",
        "submodule",
        "add",
        "-q",
        &mirror.display().to_string(),
        "theirs",
    ]);
    world.repository.commit("Look into another project");
    world.repository.tag("spy");
    let (release, status) = world.release("spy", json!({})).await;
    assert_eq!(status, "failed");
    let node = world.program.node(release, "download").await;
    assert!(node["message"].as_str().unwrap().contains("data folder"), "{node}");
}
