//! What is packed arrives, whatever its names; what does not arrive whole does not arrive at all.

use launchway_engine::target::{probe, stage, verify};

use crate::host::{Fixture, Host, limits, names, picture};

fn hosts() -> [(&'static str, Host); 2] {
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
        stage(&mut host, &site, &seen.tools, &artifact, &mut |sent, total| last = (sent, total), &limits())
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
