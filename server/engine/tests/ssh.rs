//! Sessions against a real OpenSSH server.
#![allow(clippy::unwrap_used)]

mod common;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use common::{LONG, connect, endpoint, is_alive, limits, until};
use launchway_domain::text::Lang;
use launchway_engine::shell::{Command, Limits, Shell, ShellError};
use launchway_engine::ssh::{Auth, Endpoint, Session, SshError, SshErrorKind, check, fingerprint};
use launchway_engine::testing::Sshd;
use tokio_util::sync::CancellationToken;

fn refused(endpoint: &Endpoint, deadline: Duration) -> SshError {
    let error = Session::connect(endpoint, deadline, &CancellationToken::new()).unwrap_err();
    // Whoever reads it learns which server it is about, in both languages.
    if !matches!(error.kind, SshErrorKind::Auth) {
        assert!(error.text.get(Lang::En).contains("web-1"), "{error}");
        assert!(error.text.get(Lang::Zh).contains("web-1"), "{error}");
    }
    error
}

#[test]
fn an_unpinned_server_gets_no_credential() {
    let server = Sshd::start();
    let mut to = endpoint(&server);
    to.host_key = None;
    let error = refused(&to, LONG);
    assert_eq!(error.kind, SshErrorKind::Unpinned { fingerprint: server.fingerprint() });
    assert!(error.text.en.contains(&server.fingerprint()));
    until("the server notices the end", || {
        server.log().contains("Connection closed") || server.log().contains("Received disconnect")
    });
    assert!(
        !server.log().contains("Accepted") && !server.log().contains("Postponed") && !server.log().contains("Failed"),
        "{}",
        server.log()
    );
    let found = check(&to, LONG);
    assert!(!found.ok && !found.pinned);
    assert_eq!(
        (found.host_key.as_deref(), found.code.as_deref()),
        (Some(server.fingerprint().as_str()), Some("unpinned"))
    );
    assert_eq!(fingerprint(server.address(), server.port(), LONG).unwrap(), server.fingerprint());
}

#[test]
fn a_changed_key_gets_no_credential() {
    let mut server = Sshd::start();
    let to = endpoint(&server);
    server.rotate_host_key();
    let error = refused(&to, LONG);
    assert_eq!(error.kind, SshErrorKind::KeyChanged { fingerprint: server.fingerprint() });
    assert!(!server.log().contains("Accepted"));
    assert_eq!(check(&to, LONG).code.as_deref(), Some("key_changed"));
}

#[test]
fn a_good_server_is_said_to_be_good() {
    let server = Sshd::start();
    let found = check(&endpoint(&server), LONG);
    assert!(found.ok && found.pinned && found.error.is_none(), "{found:?}");
    assert_eq!(found.host_key, Some(server.fingerprint()));
}

#[test]
fn a_wrong_key_is_said_to_be_one() {
    let (server, other) = (Sshd::start(), Sshd::start());
    let mut to = endpoint(&server);
    to.auth = Auth::Key { private_key: other.private_key().into(), passphrase: None };
    let error = refused(&to, LONG);
    assert_eq!(error.kind, SshErrorKind::Auth);
    assert!(error.text.en.contains("authorized_keys"), "{error}");
    let found = check(&to, LONG);
    assert_eq!((found.code.as_deref(), found.pinned), (Some("auth"), true));
}

#[test]
fn a_password_where_none_is_taken_says_what_is() {
    let server = Sshd::start();
    let mut to = endpoint(&server);
    to.auth = Auth::Password("hunter2".to_owned().into());
    let error = refused(&to, LONG);
    assert_eq!(error.kind, SshErrorKind::Auth);
    assert!(error.text.en.contains("publickey"), "{error}");
}

#[test]
fn a_locked_key_wants_its_passphrase() {
    let server = Sshd::start();
    let locked = server.another_key("correct horse");
    let mut to = endpoint(&server);
    let with = |passphrase: Option<&str>| Auth::Key {
        private_key: locked.clone().into(),
        passphrase: passphrase.map(|p| p.to_owned().into()),
    };
    for missing in [None, Some("")] {
        to.auth = with(missing);
        let error = refused(&to, LONG);
        assert_eq!(error.kind, SshErrorKind::Passphrase);
        assert!(error.text.en.contains("passphrase is missing"), "{error}");
    }
    to.auth = with(Some("wrong"));
    let error = refused(&to, LONG);
    assert_eq!(error.kind, SshErrorKind::Passphrase);
    assert!(error.text.en.contains("does not unlock"), "{error}");
    to.auth = with(Some("correct horse"));
    Session::connect(&to, LONG, &CancellationToken::new()).unwrap();
}

#[test]
fn keys_of_every_usual_kind_open_it() {
    let server = Sshd::start();
    let mut to = endpoint(&server);
    for kind in ["ed25519", "ecdsa", "rsa", "ecdsa-pem", "rsa-pem"] {
        for passphrase in ["", "correct horse"] {
            let private_key = server.another_key_of(kind, passphrase);
            to.auth = Auth::Key {
                private_key: private_key.clone().into(),
                passphrase: (!passphrase.is_empty()).then(|| passphrase.to_owned().into()),
            };
            let outcome = Session::connect(&to, LONG, &CancellationToken::new());
            assert!(outcome.is_ok(), "{kind} {passphrase:?}: {outcome:?}");
            if !passphrase.is_empty() {
                for wrong in [None, Some("wrong".to_owned().into())] {
                    to.auth = Auth::Key { private_key: private_key.clone().into(), passphrase: wrong };
                    assert_eq!(refused(&to, LONG).kind, SshErrorKind::Passphrase, "{kind}");
                }
            }
        }
    }
}

#[test]
fn any_of_a_servers_keys_may_be_the_pinned_one() {
    let server = Sshd::builder().host_key("rsa").host_key("ecdsa").start();
    let mut to = endpoint(&server);
    for fingerprint in [server.fingerprint(), server.fingerprint_of("rsa"), server.fingerprint_of("ecdsa")] {
        to.host_key = Some(fingerprint.clone());
        let session = Session::connect(&to, LONG, &CancellationToken::new()).unwrap();
        assert_eq!(session.host_key(), fingerprint);
    }
    to.host_key = Some(format!("SHA256:{}", "A".repeat(43)));
    assert_eq!(refused(&to, LONG).kind, SshErrorKind::KeyChanged { fingerprint: server.fingerprint() });
}

#[test]
fn a_key_may_come_with_a_forms_line_ends() {
    let server = Sshd::start();
    let mut to = endpoint(&server);
    let pasted = format!("\r\n{}", server.private_key().trim_end().replace('\n', "\r\n"));
    to.auth = Auth::Key { private_key: pasted.into(), passphrase: None };
    Session::connect(&to, LONG, &CancellationToken::new()).unwrap();
    to.auth = Auth::Key { private_key: "not a key".to_owned().into(), passphrase: None };
    assert_eq!(refused(&to, LONG).kind, SshErrorKind::Auth);
    let cut = server.private_key().replace("-----END OPENSSH PRIVATE KEY-----", "");
    to.auth = Auth::Key { private_key: cut[..cut.len() / 2].to_owned().into(), passphrase: None };
    assert_eq!(refused(&to, LONG).kind, SshErrorKind::Auth);
}

#[test]
fn nobody_there_is_said_at_once() {
    let mut server = Sshd::start();
    let to = endpoint(&server);
    server.stop();
    assert_eq!(refused(&to, LONG).kind, SshErrorKind::Refused);
    assert_eq!(check(&to, LONG).code.as_deref(), Some("refused"));
    let unknown = Endpoint { address: "no-such-host.invalid".into(), ..to };
    assert_eq!(refused(&unknown, LONG).kind, SshErrorKind::Dns);
}

#[test]
fn silence_times_out() {
    let mute = TcpListener::bind("127.0.0.1:0").unwrap();
    let server = Sshd::start();
    let mut to = endpoint(&server);
    to.port = mute.local_addr().unwrap().port();
    let error = refused(&to, Duration::from_millis(300));
    assert_eq!(error.kind, SshErrorKind::Timeout);
    assert!(error.text.en.contains("says nothing"), "{error}");
    let cancel = CancellationToken::new();
    let waiting = {
        let (to, cancel) = (to.clone(), cancel.clone());
        std::thread::spawn(move || Session::connect(&to, LONG * 100, &cancel))
    };
    cancel.cancel();
    assert_eq!(waiting.join().unwrap().unwrap_err().kind, SshErrorKind::Canceled);
}

#[test]
fn a_server_that_stops_in_the_middle_of_the_greeting_times_out() {
    let mute = TcpListener::bind("127.0.0.1:0").unwrap();
    let server = Sshd::start();
    let mut to = endpoint(&server);
    to.port = mute.local_addr().unwrap().port();
    let talker = std::thread::spawn(move || {
        let (mut stream, _) = mute.accept().unwrap();
        stream.write_all(b"SSH-2.0-Odd\r\n").unwrap();
        // Until the other side goes.
        let _ = stream.read_to_end(&mut Vec::new());
    });
    assert_eq!(refused(&to, Duration::from_millis(500)).kind, SshErrorKind::Timeout);
    talker.join().unwrap();
}

#[test]
fn what_is_no_ssh_server_is_said_not_to_be_one() {
    let web = TcpListener::bind("127.0.0.1:0").unwrap();
    let server = Sshd::start();
    let mut to = endpoint(&server);
    to.port = web.local_addr().unwrap().port();
    let port = to.port;
    let talker = std::thread::spawn(move || {
        for stream in web.incoming() {
            let mut stream: TcpStream = stream.unwrap();
            let mut first = [0_u8; 4];
            if stream.read_exact(&mut first).is_ok() && &first == b"stop" {
                return;
            }
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        }
    });
    let error = refused(&to, Duration::from_secs(2));
    assert!(error.text.en.contains("SSH server"), "{error}");
    TcpStream::connect(("127.0.0.1", port)).unwrap().write_all(b"stop").unwrap();
    talker.join().unwrap();
}

#[test]
fn a_command_has_outputs_a_status_and_signals() {
    let server = Sshd::start();
    let mut session = connect(&server);
    let output = session.call(&Command::script("echo out; echo err >&2; exit 7"), &limits()).unwrap();
    assert_eq!((output.status, output.stdout.as_slice(), output.stderr.as_slice()), (7, &b"out\n"[..], &b"err\n"[..]));
    for (name, status) in [("TERM", 143), ("KILL", 137)] {
        let output = session.call(&Command::script("kill -\"$1\" $$").arg(name), &limits()).unwrap();
        assert_eq!(output.status, status);
    }
    let output = session.run(&Command::new("cat"), &mut &b"\0\xff\n"[..], &limits()).unwrap();
    assert_eq!(output.stdout, b"\0\xff\n");
    // Paths need not be UTF-8.
    let output = session.call(&Command::new("printf").arg("%s").arg(b"a'\xfe\n\\"), &limits()).unwrap();
    assert_eq!(output.stdout, b"a'\xfe\n\\");
    let output = session.call(&Command::new("no-such-program"), &limits()).unwrap();
    assert_eq!(output.status, 127);
    // Its outputs are closed, it reads on all the same, and its status still comes.
    let file = server.dir().join("late");
    let command = Command::script("exec >&- 2>&-; cat >\"$1\"; exit 9").arg(file.to_str().unwrap());
    let big = vec![b'x'; 5_000_000];
    assert_eq!(session.run(&command, &mut big.as_slice(), &limits()).unwrap().status, 9);
    assert_eq!(std::fs::metadata(&file).unwrap().len(), 5_000_000);
    assert!(!session.is_broken());
}

#[test]
fn fifty_megabytes_go_in_and_out() {
    let server = Sshd::start();
    let mut session = connect(&server);
    let size = 50 * 1024 * 1024_u64;
    let mut input = std::io::repeat(b'z').take(size);
    let output = session.run(&Command::script("wc -c"), &mut input, &limits()).unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap().trim(), size.to_string());
    // Both ways at once: what goes in comes out twice.
    let mut input = std::io::repeat(b'z').take(size);
    let wide = limits().max_output(usize::MAX);
    let output = session.run(&Command::script("tee /dev/stderr"), &mut input, &wide).unwrap();
    assert_eq!((output.stdout.len() as u64, output.stderr.len() as u64), (size, size));
    // A command that does not want it all ends all the same.
    let mut input = std::io::repeat(b'z').take(size);
    let output = session.run(&Command::script("head -c 3; exit 4"), &mut input, &limits()).unwrap();
    assert_eq!((output.status, output.stdout.as_slice()), (4, &b"zzz"[..]));
    assert!(session.call(&Command::new("true"), &limits()).unwrap().ok());
}

#[test]
fn a_flood_of_both_outputs_is_kept_to_its_limit() {
    let server = Sshd::start();
    let mut session = connect(&server);
    let script =
        "dd if=/dev/zero bs=1000 count=20000 2>/dev/null & dd if=/dev/zero bs=1000 count=20000 >&2 2>/dev/null; wait";
    let output = session.call(&Command::script(script), &limits().max_output(1_000)).unwrap();
    assert_eq!((output.status, output.stdout.len(), output.stderr.len()), (0, 1_000, 1_000));
}

#[test]
fn a_server_that_dies_is_noticed_while_sending_and_waiting() {
    for sending in [false, true] {
        let mut server = Sshd::start();
        let mut session = connect(&server);
        let mark = server.dir().join("begun");
        let command = Command::script("touch \"$1\"; cat >/dev/null; sleep 1000").arg(mark.to_str().unwrap());
        let running = std::thread::spawn(move || {
            let bytes = if sending { u64::MAX } else { 10 };
            let outcome = session.run(&command, &mut std::io::repeat(0).take(bytes), &limits_for_ever());
            (outcome, session)
        });
        until("the command runs", || mark.exists());
        server.stop();
        let (outcome, mut session) = running.join().unwrap();
        let ShellError::Lost(text) = outcome.unwrap_err() else { panic!("lost") };
        assert!(text.en.contains("web-1"), "{text}");
        assert!(session.is_broken());
        assert!(matches!(session.call(&Command::new("true"), &limits()), Err(ShellError::Lost(_))));
    }
}

/// A limit that no test reaches: what ends ends for another reason.
fn limits_for_ever() -> Limits {
    Limits::within(Duration::from_secs(1_000_000), &CancellationToken::new())
}

#[test]
fn a_command_is_canceled_and_has_a_deadline() {
    let server = Sshd::start();
    let mut session = connect(&server);
    let output = Limits::within(Duration::from_millis(200), &CancellationToken::new());
    let error = session.call(&Command::new("sleep").arg("1000"), &output).unwrap_err();
    assert!(matches!(error, ShellError::Deadline(_)), "{error}");
    assert!(session.is_broken());

    let mut session = connect(&server);
    let pid_file = server.dir().join("pid");
    let cancel = CancellationToken::new();
    let command = Command::script("echo $$ >\"$1.new\"; mv \"$1.new\" \"$1\"; cat").arg(pid_file.to_str().unwrap());
    let running = {
        let limits = Limits::within(Duration::from_secs(1_000_000), &cancel);
        // Input that never ends: `cat` ends because the server closes it, not because we did.
        std::thread::spawn(move || session.run(&command, &mut std::io::repeat(b'x'), &limits))
    };
    until("the command runs", || pid_file.exists());
    cancel.cancel();
    assert!(matches!(running.join().unwrap(), Err(ShellError::Canceled)));
    let pid = std::fs::read_to_string(&pid_file).unwrap().trim().parse().unwrap();
    until("the command ends with its connection", || !is_alive(pid));
}

#[test]
fn input_that_cannot_be_read_is_our_fault() {
    struct Bad;
    impl Read for Bad {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("disk"))
        }
    }
    let server = Sshd::start();
    let mut session = connect(&server);
    assert!(matches!(session.run(&Command::new("cat"), &mut Bad, &limits()), Err(ShellError::Input(_))));
}

#[test]
fn sixty_four_sessions_at_once_against_the_default_max_startups() {
    let server = Sshd::builder().directive("MaxStartups 10:30:100").start();
    let to = endpoint(&server);
    let threads: Vec<_> = (0..64)
        .map(|n| {
            let to = to.clone();
            std::thread::spawn(move || {
                let mut session = Session::connect(&to, LONG, &CancellationToken::new()).unwrap();
                session.call(&Command::new("echo").arg(n.to_string()), &limits()).unwrap().stdout
            })
        })
        .collect();
    for (n, thread) in threads.into_iter().enumerate() {
        assert_eq!(thread.join().unwrap(), format!("{n}\n").into_bytes());
    }
}

#[test]
fn a_login_without_commands_is_found_by_the_check() {
    let server = Sshd::builder().force_command("echo no commands here; exit 1").start();
    let found = check(&endpoint(&server), LONG);
    assert_eq!((found.ok, found.code.as_deref()), (false, Some("tool")));
    assert!(found.error.unwrap().en.contains("no commands here"));
}

#[test]
fn a_channel_that_closes_without_a_status_is_no_success() {
    // OpenSSH closes a quiet command's channel after this time, and says nothing about its end.
    let server = Sshd::builder().directive("ChannelTimeout session:command=1s").start();
    let mut session = connect(&server);
    let outcome = session.call(&Command::new("sleep").arg("1000"), &limits());
    assert!(matches!(outcome, Err(ShellError::Lost(_))), "{outcome:?}");
    // The same where the server runs something else than what was asked for.
    let server = Sshd::builder().force_command("true").start();
    let outcome = connect(&server).call(&Command::new("false"), &limits());
    assert!(matches!(outcome, Err(ShellError::Lost(_))), "{outcome:?}");
}
