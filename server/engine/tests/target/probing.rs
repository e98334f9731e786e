//! What is wrong with a server is found before anything is sent, and named.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;

use launchway_engine::target::{Digest, Lay, Refusal, probe, stage};

use crate::host::{Fixture, Host, limits, names, picture};

/// What a GNU server needs for everything.
const NEEDED: [&str; 14] = [
    "sh",
    "cat",
    "chmod",
    "find",
    "gzip",
    "ln",
    "mkdir",
    "mv",
    "readlink",
    "rm",
    "rmdir",
    "setsid",
    "sha256sum",
    "tar",
];

#[test]
fn nothing_but_the_named_tools_is_needed() {
    let fixture = Fixture::hard();
    let artifact = fixture.pack();
    let site = fixture.site(7);
    let mut host = Host::only(&NEEDED);
    let seen = probe(&mut host, &site, &limits()).unwrap();
    assert_eq!((seen.tools.digest, seen.tools.gzip), (Digest::Sha256sum, true));
    stage(&mut host, &site, &seen.tools, &artifact, &Lay::default(), &mut |_, _| {}, &limits()).unwrap();
}

#[test]
fn what_is_missing_is_named() {
    let fixture = Fixture::new();
    for missing in ["tar", "find", "mv", "readlink", "setsid", "sha256sum"] {
        let mut host = Host::only(&NEEDED.into_iter().filter(|tool| *tool != missing).collect::<Vec<_>>());
        let error = probe(&mut host, &fixture.site(7), &limits()).unwrap_err();
        assert_eq!(error.refusal(), Some(Refusal::Tool), "{missing}: {error}");
        let text = error.text();
        assert!(text.en.contains(&format!(": {missing}")) && text.zh.contains(missing), "{missing}: {error}");
        assert!(!fixture.base().exists(), "nothing is made where a tool is missing");
    }
    let mut host = Host::only(&["sh", "rm"]);
    let text = probe(&mut host, &fixture.site(7), &limits()).unwrap_err().text().en;
    assert!(text.contains(": cat, chmod, find, ln, mkdir, mv, readlink, setsid, tar, sha256sum (or"), "{text}");
}

#[test]
fn a_tool_that_does_not_do_its_part_is_refused() {
    let fixture = Fixture::new();
    for (tool, script, words) in [
        (
            "mv",
            "#!/bin/sh\n[ \"$1\" != -T ] || { echo 'mv: illegal option -- T' >&2; exit 64; }\nexec /bin/mv \"$@\"",
            "(mv -T)",
        ),
        ("mv", "#!/bin/sh\nshift\nexec /bin/mv \"$@\"", "(mv -T)"),
        ("tar", "#!/bin/sh\ncat >/dev/null\necho 'tar: cannot' >&2\nexit 2", "tar: cannot"),
        ("tar", "#!/bin/sh\ncat >/dev/null", "is missing"),
    ] {
        let mut host = Host::gnu();
        host.plant(tool, script);
        let error = probe(&mut host, &fixture.site(7), &limits()).unwrap_err();
        assert_eq!(error.refusal(), Some(Refusal::Tool), "{tool}: {error}");
        assert!(error.text().en.contains(words), "{tool}: {error}");
        let inside = names(&fixture.base());
        assert_eq!(inside, [".launchway", "releases"], "{tool}");
        assert_eq!(names(&fixture.base().join(".launchway")), ["incoming"], "{tool}");
        assert_eq!(names(&fixture.base().join(".launchway/incoming")), [""; 0], "{tool}");
    }
}

#[test]
fn the_fastest_digest_that_works_is_taken() {
    let fixture = Fixture::hard();
    let artifact = fixture.pack();
    let lying = "#!/bin/sh\necho 0000000000000000000000000000000000000000000000000000000000000000";
    let mut host = Host::gnu();
    for (id, expected) in [(1, Digest::Openssl), (2, Digest::Sha256sum), (3, Digest::Shasum)] {
        let site = fixture.site(id);
        let seen = probe(&mut host, &site, &limits()).unwrap();
        assert_eq!(seen.tools.digest, expected);
        stage(&mut host, &site, &seen.tools, &artifact, &Lay::default(), &mut |_, _| {}, &limits()).unwrap();
        host.plant(expected.program(), lying);
    }
    let error = probe(&mut host, &fixture.site(4), &limits()).unwrap_err();
    assert!(error.text().en.contains(": sha256sum (or shasum, or openssl)"), "{error}");
}

#[test]
fn a_tar_that_cannot_decompress_gets_a_plain_stream() {
    let fixture = Fixture::hard();
    let artifact = fixture.pack();
    let site = fixture.site(7);
    let mut host = Host::only(&NEEDED.into_iter().filter(|tool| *tool != "gzip").collect::<Vec<_>>());
    let seen = probe(&mut host, &site, &limits()).unwrap();
    assert!(!seen.tools.gzip);
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
    .unwrap();
    assert_eq!(last, (artifact.archive_bytes, artifact.archive_bytes));
}

#[test]
fn a_profile_that_prints_does_no_harm() {
    let fixture = Fixture::hard();
    let artifact = fixture.pack();
    let site = fixture.site(7);
    let mut host = Host::gnu();
    host.before = "echo 'Welcome to web-1!'; ";
    let seen = probe(&mut host, &site, &limits()).unwrap();
    stage(&mut host, &site, &seen.tools, &artifact, &Lay::default(), &mut |_, _| {}, &limits()).unwrap();
}

#[test]
fn a_path_that_cannot_be_made_is_told() {
    let fixture = Fixture::new();
    let file = fixture.dir.path().join("file");
    fs::write(&file, "not a folder").unwrap();
    for (base, mut host) in [(file.join("app"), Host::gnu()), ("/proc/launchway".into(), Host::busybox())] {
        let mut site = fixture.site(7);
        site.base = base.as_os_str().as_bytes().to_vec();
        let error = probe(&mut host, &site, &limits()).unwrap_err();
        assert_eq!(error.refusal(), Some(Refusal::Path), "{error}");
        assert!(error.text().en.starts_with(&format!("web-1:{} cannot be", base.display())), "{error}");
    }
    let mut site = fixture.site(7);
    site.base = b"relative".to_vec();
    assert_eq!(probe(&mut Host::gnu(), &site, &limits()).unwrap_err().refusal(), Some(Refusal::Path));
}

#[test]
fn a_real_current_stops_the_probe_before_it_touches_anything() {
    for busy in [true, false] {
        let fixture = Fixture::new();
        let mut host = if busy { Host::busybox() } else { Host::gnu() };
        fs::create_dir_all(fixture.base().join("current/precious")).unwrap();
        let before = picture(&fixture.base());
        let error = probe(&mut host, &fixture.site(7), &limits()).unwrap_err();
        assert_eq!(error.refusal(), Some(Refusal::CurrentIsDirectory), "{error}");
        assert!(error.text().en.contains("Nothing was touched"), "{error}");
        assert_eq!(picture(&fixture.base()), before);
    }
}

#[test]
fn one_host_and_folder_has_one_identity() {
    let fixture = Fixture::new();
    let mut host = Host::gnu();
    let mut seen = |base: &std::path::Path, hostname: &str| {
        let mut site = fixture.site(7);
        site.base = base.as_os_str().as_bytes().to_vec();
        site.hostname = hostname.into();
        probe(&mut host, &site, &limits()).unwrap().identity
    };
    let one = seen(&fixture.base(), "web-1");
    symlink(fixture.base(), fixture.dir.path().join("alias")).unwrap();
    assert_eq!(one, seen(&fixture.base(), "web-2"));
    assert_eq!(one, seen(&fixture.dir.path().join("alias"), "web-3"));
    assert_eq!(one, seen(&fixture.base().join("releases").join(".."), "web-4"));
    assert_ne!(one, seen(&fixture.dir.path().join("other"), "web-1"));
    // Which tools looked makes no difference.
    let mut busybox = Host::busybox();
    assert_eq!(one, probe(&mut busybox, &fixture.site(7), &limits()).unwrap().identity);
}
