//! Git over a real OpenSSH server.

use std::sync::atomic::{AtomicU64, Ordering};

use launchway_engine::git::{self, GitAuth, GitErrorKind, Mirror, Remote};
use launchway_engine::testing::Sshd;
use secrecy::SecretString;

use crate::repo::{Repo, bounds, branch, commit, tag};

fn remote(sshd: &Sshd, path: &str, key: &str, passphrase: Option<&str>) -> Remote {
    Remote {
        url: format!("ssh://{}@{}:{}{path}", sshd.username(), sshd.address(), sshd.port()),
        auth: Some(GitAuth::Key {
            username: sshd.username().to_owned(),
            private_key: SecretString::from(key),
            passphrase: passphrase.map(SecretString::from),
        }),
        host_key: Some(sshd.fingerprint()),
    }
}

#[test]
fn a_repository_behind_ssh() {
    let sshd = Sshd::start();
    let repo = Repo::small();
    let path = repo.path.display().to_string();
    let theirs = remote(&sshd, &path, &sshd.private_key(), None);
    let (seen, refs) = git::check(&theirs, &bounds());
    assert_eq!((seen, refs.unwrap()), (Some(sshd.fingerprint()), 3));
    let first = repo.head();
    for i in 0..3 {
        repo.write("file", format!("{i}\n"));
        repo.commit("more");
    }
    let middle = repo.git(["rev-parse", "HEAD~1"]);
    assert_eq!(git::resolve(&theirs, &tag("v1.0"), None, &bounds()).unwrap(), first);
    assert_eq!(git::resolve(&theirs, &branch("main"), None, &bounds()).unwrap(), repo.head());
    // No ref names this commit, and a plain server does not give it out by name: the mirror finds it.
    let path_here = repo.aside("mirror");
    assert_eq!(git::resolve(&theirs, &commit(&middle), None, &bounds()).unwrap_err().kind, GitErrorKind::UnknownRef);
    assert_eq!(git::resolve(&theirs, &commit(&middle[..8]), Some(&path_here), &bounds()).unwrap(), middle);
    // Where the server does give it out, no mirror is needed.
    repo.git(["config", "uploadpack.allowReachableSHA1InWant", "true"]);
    assert_eq!(git::resolve(&theirs, &commit(&middle), None, &bounds()).unwrap(), middle);

    let received = AtomicU64::new(0);
    let mirror = Mirror::open(&repo.aside("other"), &theirs).unwrap();
    mirror.fetch(&theirs, &bounds(), &mut |p| received.store(p.received_objects, Ordering::Relaxed)).unwrap();
    assert_eq!(mirror.commits("main", 50).unwrap().len(), 4);
    assert!(received.into_inner() > 0);
    // A second fetch finds nothing new, a third one a forced push and a tag on a commit that is known.
    mirror.fetch(&theirs, &bounds(), &mut |_| {}).unwrap();
    repo.git(["reset", "-q", "--hard", &middle]);
    repo.git(["tag", "late", &first]);
    repo.git(["tag", "-a", "later", "-m", "x", &middle]);
    mirror.fetch(&theirs, &bounds(), &mut |_| {}).unwrap();
    assert_eq!(mirror.branches().unwrap()[0].commit, middle);
    let tags = mirror.tags().unwrap();
    let names: Vec<_> = tags.iter().map(|item| item.name.as_str()).collect();
    assert_eq!(names, ["later", "v1.0", "v1", "late"]);
    assert_eq!(tags[0].commit, middle);
}

#[test]
fn an_address_without_a_name_takes_the_credentials() {
    let sshd = Sshd::start();
    let repo = Repo::small();
    let mut theirs = remote(&sshd, "", &sshd.private_key(), None);
    theirs.url = format!("ssh://{}:{}{}", sshd.address(), sshd.port(), repo.path.display());
    assert_eq!(git::check(&theirs, &bounds()).1.unwrap(), 3);
}

#[test]
fn a_key_that_is_not_pinned_sees_no_credential() {
    let mut sshd = Sshd::start();
    let repo = Repo::small();
    let path = repo.path.display().to_string();
    let mut theirs = remote(&sshd, &path, &sshd.private_key(), None);
    theirs.host_key = None;
    let (seen, result) = git::check(&theirs, &bounds());
    let fingerprint = sshd.fingerprint();
    assert_eq!(seen.as_deref(), Some(fingerprint.as_str()));
    assert_eq!(result.unwrap_err().kind, GitErrorKind::Unpinned { fingerprint: fingerprint.clone() });
    theirs.host_key = Some(fingerprint.clone());
    assert!(git::check(&theirs, &bounds()).1.is_ok());

    sshd.rotate_host_key();
    let changed = sshd.fingerprint();
    assert_ne!(changed, fingerprint);
    let accepted = sshd.log().matches("Accepted").count();
    for error in [
        git::check(&theirs, &bounds()).1.unwrap_err(),
        git::resolve(&theirs, &tag("v1"), None, &bounds()).unwrap_err(),
        Mirror::open(&repo.aside("m"), &theirs).unwrap().fetch(&theirs, &bounds(), &mut |_| {}).unwrap_err(),
    ] {
        assert_eq!(error.kind, GitErrorKind::KeyChanged { fingerprint: changed.clone() });
    }
    assert_eq!(sshd.log().matches("Accepted").count(), accepted);
}

#[test]
fn keys_and_passphrases() {
    let sshd = Sshd::start();
    let repo = Repo::small();
    let path = repo.path.display().to_string();
    let kind = |remote: &Remote| git::check(remote, &bounds()).1.unwrap_err().kind;
    let locked = sshd.another_key("right");
    assert_eq!(kind(&remote(&sshd, &path, &locked, None)), GitErrorKind::Passphrase);
    assert_eq!(kind(&remote(&sshd, &path, &locked, Some("wrong"))), GitErrorKind::Passphrase);
    assert!(git::check(&remote(&sshd, &path, &locked, Some("right")), &bounds()).1.is_ok());
    // Pasted with other line ends, and a passphrase that the key does not need.
    let pasted = format!("  {}", sshd.private_key().replace('\n', "\r\n").trim_end());
    assert!(git::check(&remote(&sshd, &path, &pasted, Some("x")), &bounds()).1.is_ok());
    let stranger = Sshd::start();
    assert_eq!(kind(&remote(&sshd, &path, &stranger.private_key(), None)), GitErrorKind::Auth);
    assert_eq!(kind(&remote(&sshd, &path, "no key at all", None)), GitErrorKind::Auth);
    let mut nobody = remote(&sshd, &path, "", None);
    nobody.auth = None;
    assert_eq!(kind(&nobody), GitErrorKind::Auth);
    let secret = SecretString::from("password");
    nobody.auth = Some(GitAuth::Password { username: sshd.username().into(), password: secret });
    assert_eq!(kind(&nobody), GitErrorKind::Auth);
    let nowhere = remote(&sshd, "/nowhere/at/all", &sshd.private_key(), None);
    assert_eq!(kind(&nowhere), GitErrorKind::NotFound);
    let empty = Repo::empty();
    let empty = remote(&sshd, &empty.path.display().to_string(), &sshd.private_key(), None);
    assert_eq!(kind(&empty), GitErrorKind::Empty);
}
