//! Links into what is shared, whose the files are, and their permissions: with GNU tools and with BusyBox alone.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;

use launchway_domain::Takes;
use launchway_engine::artifact::{Artifact, Packing, Tree, pack};
use launchway_engine::target::{Lay, Refusal, TargetError, probe, stage, switch};
use tokio_util::sync::CancellationToken;

use crate::host::{Fixture, Host, limits, names};
use crate::staging::hosts;

fn takes(folders: &[&str], files: &[&str]) -> Takes {
    let list = |items: &[&str]| items.iter().map(|item| (*item).to_owned()).collect();
    Takes { shared_folders: list(folders), shared_files: list(files), ..Takes::default() }
}

fn packed(fixture: &Fixture, takes: &Takes) -> Artifact {
    let tree = Tree::open(&fixture.tree()).unwrap();
    let dir = fixture.dir.path().join("artifacts/7");
    pack(&tree, &dir, &Packing::new(takes).unwrap(), &CancellationToken::new(), &mut |_, _| {}).unwrap()
}

fn staged(host: &mut Host, fixture: &Fixture, id: i64, takes: &Takes) -> Result<(), TargetError> {
    let site = fixture.site(id);
    let tools = probe(host, &site, &limits()).unwrap().tools;
    stage(host, &site, &tools, &packed(fixture, takes), &Lay::new(takes), &mut |_, _| {}, &limits()).map(drop)
}

fn write(path: &Path, content: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

#[test]
fn releases_share_what_the_first_one_brought() {
    for (name, mut host) in hosts() {
        let fixture = Fixture::new();
        write(&fixture.tree().join("storage/kept"), "first");
        write(&fixture.tree().join("config/app.env"), "A=1");
        write(&fixture.tree().join("src/main"), "code");
        let takes = takes(&["storage", "a/b/up loads"], &["config/app.env"]);
        staged(&mut host, &fixture, 7, &takes).unwrap_or_else(|e| panic!("{name}: {e}"));
        let base = fixture.base();
        let release = base.join("releases/7");
        assert_eq!(fs::read_link(release.join("storage")).unwrap(), Path::new("../../shared/storage"), "{name}");
        assert_eq!(
            fs::read_link(release.join("a/b/up loads")).unwrap(),
            Path::new("../../../../shared/a/b/up loads"),
            "{name}"
        );
        switch(&mut host, &fixture.site(7), &limits()).unwrap();
        // What the program writes, it writes for all releases.
        fs::write(base.join("current/storage/upload"), "picture").unwrap();
        fs::write(base.join("current/a/b/up loads/x"), "y").unwrap();
        fs::write(base.join("shared/config/app.env"), "A=2").unwrap();
        assert_eq!(names(&base.join("shared")), ["a", "config", "storage"], "{name}");

        // The next one finds it, whatever it brings itself.
        write(&fixture.tree().join("storage/kept"), "second");
        staged(&mut host, &fixture, 8, &takes).unwrap_or_else(|e| panic!("{name}: {e}"));
        switch(&mut host, &fixture.site(8), &limits()).unwrap();
        assert_eq!(fs::read_to_string(base.join("current/storage/kept")).unwrap(), "first", "{name}");
        assert_eq!(fs::read_to_string(base.join("current/storage/upload")).unwrap(), "picture", "{name}");
        assert_eq!(fs::read_to_string(base.join("current/config/app.env")).unwrap(), "A=2", "{name}");

        // Staged again, nothing is sent: a release is right with its links, and with these alone.
        host.log.clear();
        staged(&mut host, &fixture, 8, &takes).unwrap();
        assert!(host.log.iter().all(|line| !line.contains("tar -x") || line.contains("probe.")), "{name}");
        for spoil in [
            |place: &Path| symlink("/etc", place).unwrap(),
            |place: &Path| fs::create_dir(place).unwrap(),
            |place: &Path| symlink("../../shared/storage/", place).unwrap(),
        ] {
            fs::remove_file(base.join("releases/7/storage")).unwrap();
            spoil(&base.join("releases/7/storage"));
            staged(&mut host, &fixture, 7, &takes).unwrap_or_else(|e| panic!("{name}: {e}"));
            assert_eq!(fs::read_link(release.join("storage")).unwrap(), Path::new("../../shared/storage"), "{name}");
        }
        assert_eq!(names(&base.join(".launchway/incoming")), [""; 0], "{name}");
    }
}

#[test]
fn what_is_missing_or_of_another_kind_is_named_and_nothing_is_staged() {
    for (name, mut host) in hosts() {
        let fixture = Fixture::new();
        write(&fixture.tree().join("plain"), "x");
        let shared = fixture.base().join("shared");
        let mut refused = |takes: &Takes, words: &str| {
            let error = staged(&mut host, &fixture, 7, takes).unwrap_err();
            assert_eq!(error.refusal(), Some(Refusal::Other), "{name}: {error}");
            assert!(error.text().en.contains(words), "{name}: {words}: {error}");
            assert_eq!(names(&fixture.base().join("releases")), [""; 0], "{name}: {words}");
            assert_eq!(names(&fixture.base().join(".launchway/incoming")), [""; 0], "{name}: {words}");
        };
        refused(&takes(&[], &["config/app.env"]), "shared/config/app.env, and the release brings none");
        write(&shared.join("storage"), "a file");
        refused(&takes(&["storage"], &[]), "shared/storage is of another kind");
        fs::create_dir(shared.join("folder")).unwrap();
        refused(&takes(&[], &["folder"]), "shared/folder is of another kind");
        symlink("nowhere", shared.join("dangling")).unwrap();
        refused(&takes(&[], &["dangling"]), "shared/dangling is of another kind");
        symlink("/etc", fixture.tree().join("out")).unwrap();
        refused(&takes(&[], &["out/passwd"]), "out is no folder");
        assert_eq!(names(&shared), ["config", "dangling", "folder", "storage"], "{name}");
        assert!(Path::new("/etc/passwd").exists());
    }
}

#[test]
fn a_link_of_the_host_into_another_disk_is_followed() {
    for (name, mut host) in hosts() {
        let fixture = Fixture::new();
        write(&fixture.tree().join("plain"), "x");
        let disk = fixture.dir.path().join("disk");
        fs::create_dir(&disk).unwrap();
        fs::create_dir_all(fixture.base().join("shared")).unwrap();
        symlink(&disk, fixture.base().join("shared/storage")).unwrap();
        staged(&mut host, &fixture, 7, &takes(&["storage"], &[])).unwrap_or_else(|e| panic!("{name}: {e}"));
        fs::write(fixture.base().join("releases/7/storage/x"), "").unwrap();
        assert_eq!(names(&disk), ["x"], "{name}");
    }
}

#[test]
fn files_are_given_to_whoever_the_policy_names() {
    if !nix::unistd::getuid().is_root() {
        return;
    }
    for (name, mut host) in hosts() {
        let fixture = Fixture::new();
        let outside = fixture.dir.path().join("outside");
        fs::write(&outside, "").unwrap();
        write(&fixture.tree().join("storage/kept"), "");
        write(&fixture.tree().join("bin/run"), "");
        fs::set_permissions(fixture.tree().join("bin/run"), fs::Permissions::from_mode(0o755)).unwrap();
        symlink(&outside, fixture.tree().join("link")).unwrap();
        let takes = Takes {
            owner: Some("nobody:65534".into()),
            file_mode: Some("640".into()),
            folder_mode: Some("750".into()),
            ..takes(&["storage"], &[])
        };
        staged(&mut host, &fixture, 7, &takes).unwrap_or_else(|e| panic!("{name}: {e}"));
        let of = |path: &str| {
            let meta = fs::symlink_metadata(fixture.base().join(path)).unwrap();
            (meta.uid(), meta.gid(), meta.mode() & 0o7777)
        };
        assert_eq!(of("releases/7"), (65534, 65534, 0o750), "{name}");
        assert_eq!(of("releases/7/bin"), (65534, 65534, 0o750), "{name}");
        assert_eq!(of("releases/7/bin/run"), (65534, 65534, 0o750), "{name}");
        assert_eq!(of("shared/storage/kept"), (65534, 65534, 0o640), "{name}");
        assert_eq!(of("releases/7/link").0, 65534, "{name}");
        assert_eq!(fs::metadata(&outside).unwrap().uid(), 0, "{name}: what a link names is somebody else's");
        // What is there stays whose it is.
        fs::write(fixture.base().join("shared/storage/upload"), "").unwrap();
        staged(&mut host, &fixture, 8, &takes).unwrap();
        assert_eq!(of("shared/storage/upload").0, 0, "{name}");
        // Verified with them, it is not sent again.
        host.log.clear();
        staged(&mut host, &fixture, 8, &takes).unwrap();
        assert!(host.log.iter().all(|line| !line.contains("tar -x") || line.contains("probe.")), "{name}");
    }
}

#[test]
fn who_may_not_give_files_away_is_told_so() {
    for (name, mut host) in hosts() {
        let fixture = Fixture::new();
        write(&fixture.tree().join("plain"), "x");
        let (yours, _) = fixture.yours_and_mine();
        host.unprivileged = true;
        let site =
            launchway_engine::target::Site { base: yours.into_os_string().into_encoded_bytes(), ..fixture.site(7) };
        for owner in ["root", "no-such-user-at-all"] {
            let takes = Takes { owner: Some(owner.into()), ..Takes::default() };
            let tools = probe(&mut host, &site, &limits()).unwrap().tools;
            let artifact = packed(&fixture, &takes);
            let error =
                stage(&mut host, &site, &tools, &artifact, &Lay::new(&takes), &mut |_, _| {}, &limits()).unwrap_err();
            assert!(error.text().en.contains(&format!("cannot be given to {owner}")), "{name}: {error}");
            assert!(error.text().en.contains("Nothing was switched"), "{name}: {error}");
        }
        assert_eq!(names(Path::new(std::str::from_utf8(&site.below(b"releases")).unwrap())), [""; 0], "{name}");
    }
}

#[test]
fn what_the_policy_leaves_out_arrives_nowhere() {
    let fixture = Fixture::new();
    write(&fixture.tree().join("node_modules/x/y.js"), "");
    write(&fixture.tree().join("app.map"), "");
    write(&fixture.tree().join("keep/app.js"), "");
    let takes = Takes { exclude: vec!["node_modules/".into(), "*.map".into()], ..Takes::default() };
    staged(&mut Host::gnu(), &fixture, 7, &takes).unwrap();
    assert_eq!(names(&fixture.base().join("releases/7")), ["keep"]);
    let nothing = Takes { exclude: vec!["*".into()], ..Takes::default() };
    let tree = Tree::open(&fixture.tree()).unwrap();
    let dir = fixture.dir.path().join("artifacts/8");
    let error = pack(&tree, &dir, &Packing::new(&nothing).unwrap(), &CancellationToken::new(), &mut |_, _| {});
    assert!(error.unwrap_err().text().en.starts_with("Nothing is left to be packed"));
}
