//! The same over real SSH: a GNU server, one with BusyBox alone, and one whose connection breaks.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::Command;

use launchway_engine::local::LocalShell;
use launchway_engine::shell::{Shell, ShellError};
use launchway_engine::target::{Digest, Lay, Refusal, TargetError, probe, prune, stage, switch, verify};
use launchway_engine::testing::Sshd;

use crate::common::{connect, until};
use crate::disk::SmallDisk;
use crate::host::{Fixture, limits, names, picture};

fn applets() -> Vec<String> {
    let output = Command::new("busybox").arg("--list").output().unwrap().stdout;
    String::from_utf8(output).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn a_release_arrives_goes_live_and_is_pruned() {
    let fixture = Fixture::hard();
    let artifact = fixture.pack();
    let mut expected = picture(&fixture.tree());
    expected.retain(|(path, ..)| !path.starts_with(".git"));
    for (_, mode, _) in &mut expected {
        *mode &= !0o7000;
    }
    let gnu = Sshd::start();
    let applets = applets();
    let busybox = Sshd::builder().busybox(applets.iter().map(String::as_str)).start();
    let shells: [(&str, Box<dyn Shell>, Option<Digest>); 3] = [
        ("GNU", Box::new(connect(&gnu)), None),
        ("BusyBox", Box::new(connect(&busybox)), Some(Digest::Sha256sum)),
        ("this host", Box::new(LocalShell::new()), None),
    ];
    let mut before = None;
    for (index, (name, mut shell, digest)) in shells.into_iter().enumerate() {
        let site = fixture.site(7 + index as i64);
        let seen = probe(&mut *shell, &site, &limits()).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert!(digest.is_none_or(|digest| digest == seen.tools.digest), "{name}");
        stage(&mut *shell, &site, &seen.tools, &artifact, &Lay::default(), &mut |_, _| {}, &limits())
            .unwrap_or_else(|e| panic!("{name}: {e}"));
        verify(&mut *shell, &site.release_dir(), &seen.tools, &artifact.manifest, &limits()).unwrap();
        assert_eq!(switch(&mut *shell, &site, &limits()).unwrap(), before, "{name}");
        assert_eq!(picture(&fixture.base().join("current/.")), expected, "{name}");
        before = Some(format!("releases/{}", site.release));
        let removed = prune(&mut *shell, &site, 1, None, &limits()).unwrap();
        assert_eq!(removed, if index == 2 { vec!["7"] } else { vec![] }, "{name}");
    }
}

#[test]
fn a_connection_that_breaks_in_an_upload_leaves_nothing() {
    let fixture = Fixture::new();
    noise(&fixture.tree().join("noise"), 12 << 20);
    let artifact = fixture.pack();
    let site = fixture.site(7);
    let server = Sshd::start();
    let mut shell = connect(&server);
    let tools = probe(&mut shell, &site, &limits()).unwrap().tools;
    let incoming = fixture.base().join(".launchway/incoming");
    let mut dropped = false;
    let error = stage(
        &mut shell,
        &site,
        &tools,
        &artifact,
        &Lay::default(),
        &mut |sent, total| {
            if sent > total / 2 && !dropped {
                dropped = true;
                // The upload is under way on the server, not only in our buffers.
                until("unpacking has begun", || !names(&incoming).is_empty());
                server.drop_connections();
            }
        },
        &limits(),
    )
    .unwrap_err();
    assert!(matches!(error, TargetError::Shell(ShellError::Lost(_))), "{error:?}");
    assert_eq!(names(&fixture.base().join("releases")), [""; 0]);
    until("the server has cleaned up by itself", || names(&incoming).is_empty());
    let mut shell = connect(&server);
    stage(&mut shell, &site, &tools, &artifact, &Lay::default(), &mut |_, _| {}, &limits()).unwrap();
    assert_eq!(picture(&fixture.base().join("releases/7")), picture(&fixture.tree()));
}

#[test]
fn a_full_disk_is_told_over_ssh_too() {
    let fixture = Fixture::new();
    // More than any window or buffer on the way, so that sending goes on when `tar` has given up.
    noise(&fixture.tree().join("noise"), 12 << 20);
    let artifact = fixture.pack();
    let Some(disk) = SmallDisk::mount(&fixture) else { return };
    let base = disk.path.join("app");
    let mut site = fixture.site(7);
    site.base = base.as_os_str().as_bytes().to_vec();
    let server = Sshd::start();
    let mut shell = connect(&server);
    let tools = probe(&mut shell, &site, &limits()).unwrap().tools;
    for _ in 0..2 {
        let error =
            stage(&mut shell, &site, &tools, &artifact, &Lay::default(), &mut |_, _| {}, &limits()).unwrap_err();
        assert_eq!(error.refusal(), Some(Refusal::DiskFull), "{error:?}");
        assert_eq!(names(&base.join("releases")), [""; 0]);
        assert_eq!(names(&base.join(".launchway/incoming")), [""; 0]);
    }
}

#[test]
fn a_missing_tool_is_named_over_ssh_too() {
    let fixture = Fixture::new();
    let server =
        Sshd::builder().only_tools(["sh", "cat", "chmod", "find", "ln", "mkdir", "mv", "readlink", "rm"]).start();
    let error = probe(&mut connect(&server), &fixture.site(7), &limits()).unwrap_err();
    assert_eq!(error.refusal(), Some(Refusal::Tool));
    assert!(error.text().en.contains(": setsid, tar, sha256sum (or shasum, or openssl)."), "{error}");
}

/// Bytes that no compression makes fewer.
fn noise(path: &Path, bytes: usize) {
    let mut noise = vec![0; bytes];
    rand::fill(&mut noise[..]);
    fs::write(path, noise).unwrap();
}
