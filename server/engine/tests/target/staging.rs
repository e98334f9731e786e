//! What is packed arrives, whatever its names; what does not arrive whole does not arrive at all.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use launchway_engine::artifact::Entry;
use launchway_engine::shell::ShellError;
use launchway_engine::target::{Lay, Refusal, TargetError, probe, prune, stage, switch, verify};

use crate::disk::SmallDisk;
use crate::host::{Fixture, Host, limits, names, picture};

pub fn hosts() -> [(&'static str, Host); 2] {
    [("GNU", Host::gnu()), ("BusyBox", Host::busybox())]
}

#[test]
fn every_name_kind_and_mode_arrives() {
    let fixture = Fixture::hard();
    let artifact = fixture.pack();
    let mut expected = picture(&fixture.tree());
    expected.retain(|(path, ..)| !path.starts_with(".git"));
    for (_, mode, _) in &mut expected {
        *mode &= !0o7000;
    }
    for (index, (name, mut host)) in hosts().into_iter().enumerate() {
        let site = fixture.site(7 + index as i64);
        let seen = probe(&mut host, &site, &limits()).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert!(!seen.has_release && seen.current.is_none());
        let mut last = (0, 0);
        stage(
            &mut host,
            &site,
            &seen.tools,
            &artifact,
            &Lay::default(),
            &mut |sent, total| last = (sent, total),
            &limits(),
        )
        .unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(last, (artifact.archive_bytes, artifact.archive_bytes));
        let release = fixture.base().join(format!("releases/{}", site.release));
        assert_eq!(picture(&release), expected, "{name}");
        verify(&mut host, &site.release_dir(), &seen.tools, &artifact.manifest, &limits()).unwrap();
        assert_eq!(names(&fixture.base()), [".launchway", "releases"], "{name}");
        assert_eq!(names(&fixture.base().join(".launchway/incoming")), [""; 0], "{name}");
        assert_eq!(names(&fixture.base().join(".launchway")), ["incoming"], "{name}");
    }
}

#[test]
fn a_second_stage_sends_nothing() {
    let fixture = Fixture::hard();
    let artifact = fixture.pack();
    let site = fixture.site(7);
    let mut host = Host::gnu();
    let tools = probe(&mut host, &site, &limits()).unwrap().tools;
    stage(&mut host, &site, &tools, &artifact, &Lay::default(), &mut |_, _| {}, &limits()).unwrap();
    let before = picture(&fixture.base());
    host.log.clear();
    let mut last = (0, 0);
    stage(&mut host, &site, &tools, &artifact, &Lay::default(), &mut |sent, total| last = (sent, total), &limits())
        .unwrap();
    assert_eq!(last.0, last.1);
    assert!(host.log.iter().all(|line| !line.contains("tar -x")), "{:?}", host.log);
    assert_eq!(picture(&fixture.base()), before);
    assert!(probe(&mut host, &site, &limits()).unwrap().has_release);
}

#[test]
fn a_copy_that_differs_is_named_and_removed() {
    type Spoil = fn(&mut Vec<Entry>);
    fn entry<'a>(entries: &'a mut [Entry], path: &[u8]) -> &'a mut Entry {
        entries.iter_mut().find(|e| e.path == path).unwrap()
    }
    // The manifest is changed instead of the archive: what arrives then differs in exactly one thing.
    let spoils: [(&str, Spoil); 11] = [
        ("\"plain.txt\" has other content", |all| entry(all, b"plain.txt").sha256 = Some([1; 32])),
        ("\"new\\nline\" has other content", |all| entry(all, b"new\nline").sha256 = Some([1; 32])),
        ("\"with space\" has other content", |all| entry(all, b"with space").sha256 = Some([1; 32])),
        ("\"run.sh\" is no file with mode 775", |all| entry(all, b"run.sh").mode = 0o775),
        ("\"closed\" is no folder with mode 755", |all| entry(all, b"closed").mode = 0o755),
        ("\"dangling\" links to something else", |all| {
            entry(all, b"dangling").target = Some(b"no/such/thing2".to_vec())
        }),
        ("\"odd link\\n\" links to something else", |all| {
            entry(all, b"odd link\n").target = Some(b"new\nline".to_vec())
        }),
        ("\"中文/文件.txt\" does not belong there", |all| all.retain(|e| e.path != "中文/文件.txt".as_bytes())),
        ("\"empty dir/and another\" does not belong there", |all| all.retain(|e| e.path != b"empty dir/and another")),
        ("\"zzz\" is missing", |all| {
            let mut extra = entry(all, b"empty").clone();
            extra.path = b"zzz".to_vec();
            all.push(extra);
        }),
        ("\"link\" is no file with mode 644", |all| {
            let mut file = entry(all, b"empty").clone();
            file.path = b"link".to_vec();
            *entry(all, b"link") = file;
        }),
    ];
    let fixture = Fixture::hard();
    let artifact = fixture.pack();
    let site = fixture.site(7);
    for (name, mut host) in hosts() {
        let tools = probe(&mut host, &site, &limits()).unwrap().tools;
        for (words, spoil) in &spoils {
            let mut other = artifact.clone();
            spoil(&mut other.manifest.entries);
            let error =
                stage(&mut host, &site, &tools, &other, &Lay::default(), &mut |_, _| {}, &limits()).unwrap_err();
            assert_eq!(error.refusal(), Some(Refusal::Mismatch), "{name}: {error}");
            assert!(
                error.text().en.contains(words) && error.text().en.contains("(1 differences"),
                "{name}: {words}: {error}"
            );
            assert_eq!(names(&fixture.base().join("releases")), [""; 0], "{name}: {words}");
            assert_eq!(names(&fixture.base().join(".launchway/incoming")), [""; 0], "{name}: {words}");
        }
    }
}

#[test]
fn an_archive_that_was_damaged_is_found_out() {
    let fixture = Fixture::hard();
    let artifact = fixture.pack();
    let bytes = fs::read(&artifact.archive).unwrap();
    let site = fixture.site(7);
    for (name, mut host) in hosts() {
        let tools = probe(&mut host, &site, &limits()).unwrap().tools;
        for at in [bytes.len() / 3, bytes.len() / 2, bytes.len() - 6] {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0x55;
            fs::write(&artifact.archive, damaged).unwrap();
            let error =
                stage(&mut host, &site, &tools, &artifact, &Lay::default(), &mut |_, _| {}, &limits()).unwrap_err();
            assert!(error.refusal().is_some(), "{name}: {error:?}");
            assert_eq!(names(&fixture.base().join("releases")), [""; 0], "{name}");
            assert_eq!(names(&fixture.base().join(".launchway/incoming")), [""; 0], "{name}");
        }
    }
}

#[test]
fn an_interrupted_upload_leaves_nothing_and_can_be_repeated() {
    let fixture = Fixture::hard();
    let artifact = fixture.pack();
    let site = fixture.site(7);
    for (name, mut host) in hosts() {
        let tools = probe(&mut host, &site, &limits()).unwrap().tools;
        // What a server that crashed in the middle of it holds.
        let leftover = fixture.base().join(".launchway/incoming/7.dead/sub");
        fs::create_dir_all(leftover).unwrap();
        host.cut_upload = Some(artifact.archive_bytes as usize / 2);
        let error = stage(&mut host, &site, &tools, &artifact, &Lay::default(), &mut |_, _| {}, &limits()).unwrap_err();
        assert!(matches!(error, TargetError::Shell(ShellError::Lost(_))), "{name}: {error:?}");
        assert_eq!(names(&fixture.base().join("releases")), [""; 0], "{name}");
        assert_eq!(names(&fixture.base().join(".launchway/incoming")), [""; 0], "{name}");
        stage(&mut host, &site, &tools, &artifact, &Lay::default(), &mut |_, _| {}, &limits()).unwrap();
        fs::remove_dir_all(fixture.base()).unwrap();
    }
}

#[test]
fn a_spoiled_copy_is_replaced_unless_it_is_live() {
    let fixture = Fixture::hard();
    let artifact = fixture.pack();
    let site = fixture.site(7);
    for (name, mut host) in hosts() {
        let tools = probe(&mut host, &site, &limits()).unwrap().tools;
        stage(&mut host, &site, &tools, &artifact, &Lay::default(), &mut |_, _| {}, &limits()).unwrap();
        let whole = picture(&fixture.base());
        let release = fixture.base().join("releases/7");
        fs::write(release.join("extra"), "by hand").unwrap();
        fs::remove_file(release.join("plain.txt")).unwrap();
        stage(&mut host, &site, &tools, &artifact, &Lay::default(), &mut |_, _| {}, &limits()).unwrap();
        assert_eq!(picture(&fixture.base()), whole, "{name}");

        switch(&mut host, &site, &limits()).unwrap();
        fs::write(release.join("cache"), "by a hook").unwrap();
        let live = picture(&fixture.base());
        stage(&mut host, &site, &tools, &artifact, &Lay::default(), &mut |_, _| {}, &limits()).unwrap();
        assert_eq!(picture(&fixture.base()), live, "{name}: what a live release wrote stays");

        fs::write(release.join("plain.txt"), "by hand").unwrap();
        let live = picture(&fixture.base());
        let error = stage(&mut host, &site, &tools, &artifact, &Lay::default(), &mut |_, _| {}, &limits()).unwrap_err();
        assert_eq!(error.refusal(), Some(Refusal::Mismatch));
        let text = error.text().en;
        assert!(text.contains("is live") && text.contains("\"plain.txt\""), "{error}");
        assert_eq!(picture(&fixture.base()), live, "{name}");
        fs::remove_dir_all(fixture.base()).unwrap();
    }
}

#[test]
fn a_full_disk_is_told_and_leaves_nothing() {
    let fixture = Fixture::new();
    // Random bytes, so that the archive is no smaller.
    let mut noise = vec![0; 3 << 20];
    rand::fill(&mut noise[..]);
    fs::write(fixture.tree().join("noise"), noise).unwrap();
    let artifact = fixture.pack();
    let check = |name: &str, host: &mut Host, base: &Path| {
        let mut site = fixture.site(7);
        site.base = base.as_os_str().as_encoded_bytes().to_vec();
        let tools = probe(&mut Host::gnu(), &site, &limits()).unwrap().tools;
        let error = stage(host, &site, &tools, &artifact, &Lay::default(), &mut |_, _| {}, &limits()).unwrap_err();
        assert_eq!(error.refusal(), Some(Refusal::DiskFull), "{name}: {error}");
        assert_eq!(names(&base.join("releases")), [""; 0], "{name}");
        assert_eq!(names(&base.join(".launchway/incoming")), [""; 0], "{name}");
    };
    for (name, mut host) in hosts() {
        // Only root may mount one; a limit on the size of files is the next best thing, for anybody.
        if let Some(disk) = SmallDisk::mount(&fixture) {
            check(name, &mut host, &disk.path.join("app"));
        }
        host.before = "ulimit -f 64; ";
        check(name, &mut host, &fixture.base());
    }
}

#[test]
fn a_canceled_upload_leaves_nothing() {
    let fixture = Fixture::hard();
    let artifact = fixture.pack();
    let site = fixture.site(7);
    let mut host = Host::gnu();
    let tools = probe(&mut host, &site, &limits()).unwrap().tools;
    let limits = limits();
    let error =
        stage(&mut host, &site, &tools, &artifact, &Lay::default(), &mut |_, _| limits.cancel.cancel(), &limits)
            .unwrap_err();
    assert!(matches!(error, TargetError::Shell(ShellError::Canceled)), "{error:?}");
    assert_eq!(names(&fixture.base().join("releases")), [""; 0]);
    assert_eq!(names(&fixture.base().join(".launchway/incoming")), [""; 0]);
}

#[test]
fn a_set_group_id_folder_and_a_narrow_umask_do_not_matter() {
    let fixture = Fixture::hard();
    let artifact = fixture.pack();
    for (index, (name, mut host)) in hosts().into_iter().enumerate() {
        let site = fixture.site(index as i64);
        fs::create_dir_all(fixture.base()).unwrap();
        fs::set_permissions(fixture.base(), fs::Permissions::from_mode(0o2775)).unwrap();
        host.before = "umask 077; ";
        let tools = probe(&mut host, &site, &limits()).unwrap().tools;
        stage(&mut host, &site, &tools, &artifact, &Lay::default(), &mut |_, _| {}, &limits())
            .unwrap_or_else(|e| panic!("{name}: {e}"));
        let mode = |path: &str| fs::metadata(fixture.base().join(path)).unwrap().permissions().mode() & 0o777;
        // Web servers run as somebody else: what is released must be theirs to read, what is ours not.
        assert_eq!((mode(&format!("releases/{index}")), mode("releases"), mode(".launchway")), (0o755, 0o755, 0o700));
    }
}

#[test]
fn a_user_without_privileges_can_do_it_all() {
    let fixture = Fixture::hard();
    let artifact = fixture.pack();
    let (yours, mine) = fixture.yours_and_mine();
    for (name, mut host) in hosts() {
        host.unprivileged = true;
        let at = |base: &Path, id| {
            let mut site = fixture.site(id);
            site.base = base.as_os_str().as_encoded_bytes().to_vec();
            site
        };
        for base in [mine.clone(), mine.join("app")] {
            let error = probe(&mut host, &at(&base, 7), &limits()).unwrap_err();
            assert_eq!(error.refusal(), Some(Refusal::Path), "{name}: {error}");
            assert!(error.text().en.contains("Permission denied"), "{name}: {error}");
        }
        for id in [7, 8] {
            let site = at(&yours.join("app"), id);
            let tools = probe(&mut host, &site, &limits()).unwrap().tools;
            stage(&mut host, &site, &tools, &artifact, &Lay::default(), &mut |_, _| {}, &limits())
                .unwrap_or_else(|e| panic!("{name}: {e}"));
            switch(&mut host, &site, &limits()).unwrap();
        }
        switch(&mut host, &at(&yours.join("app"), 8), &limits()).unwrap();
        // What a hook may have done to it.
        let old = yours.join("app/releases/6/locked");
        fs::create_dir_all(&old).unwrap();
        fs::write(old.join("file"), "").unwrap();
        for path in [old.join("file"), old.clone(), yours.join("app/releases/6")] {
            std::os::unix::fs::chown(&path, Some(65534), Some(65534)).ok();
        }
        fs::set_permissions(&old, fs::Permissions::from_mode(0o500)).unwrap();
        assert_eq!(prune(&mut host, &at(&yours.join("app"), 8), 1, None, &limits()).unwrap(), ["6"], "{name}");
        assert_eq!(names(&yours.join("app/.launchway/incoming")), [""; 0], "{name}");
        fs::remove_dir_all(yours.join("app")).unwrap();
    }
}
