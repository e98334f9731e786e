//! The command line as everybody on this host can read it.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::process::CommandExt;
use std::process::Command;

/// The option whose value may hold a password.
const OPTION: &str = "--database-url";
/// What it can be given by instead, which only its own user can read, and not even that one's hooks.
const VARIABLE: &str = "LAUNCHWAY_DATABASE_URL";

/// Starts the program anew in its own place where the command line holds a database's password: the list of processes
/// is everybody's. Returns where there is nothing to hide, or that failed.
pub(super) fn keep_password_out() {
    let Some((args, url)) = without_password(std::env::args_os().skip(1)) else { return };
    let error = match std::env::current_exe() {
        Ok(program) => Command::new(program).args(args).env(VARIABLE, url).exec(),
        Err(error) => error,
    };
    eprintln!("launchway: the password in {OPTION} stays in the list of processes ({error}); use {VARIABLE} instead");
}

/// The arguments without the option, and its value; none where it is not there, or holds no password.
fn without_password(args: impl Iterator<Item = OsString>) -> Option<(Vec<OsString>, OsString)> {
    let (mut rest, mut found) = (Vec::new(), Vec::new());
    let mut args = args;
    while let Some(arg) = args.next() {
        if arg == "--" {
            rest.push(arg);
            rest.extend(args.by_ref());
        } else if arg == OPTION {
            found.push(args.next()?);
        } else if let Some(url) = arg.as_bytes().strip_prefix(OPTION.as_bytes()).and_then(|url| url.strip_prefix(b"="))
        {
            found.push(OsString::from_vec(url.to_vec()));
        } else {
            rest.push(arg);
        }
    }
    // Twice is a mistake, which is told by whoever reads the options.
    match <[OsString; 1]>::try_from(found) {
        Ok([url]) if holds_password(&url) => Some((rest, url)),
        _ => None,
    }
}

/// `user:password@` in an address, or a parameter of that name.
fn holds_password(url: &OsString) -> bool {
    url.to_str().is_none_or(|url| {
        let authority = url.split_once("://").map_or("", |(_, rest)| rest.split('/').next().unwrap_or_default());
        authority.rsplit_once('@').is_some_and(|(user, _)| user.contains(':')) || url.contains("password=")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(line: &str) -> Option<(Vec<String>, String)> {
        let text = |word: OsString| word.into_string().unwrap();
        let found = without_password(line.split(' ').map(OsString::from))?;
        Some((found.0.into_iter().map(text).collect(), text(found.1)))
    }

    #[test]
    fn a_password_leaves_the_command_line_and_the_rest_stays() {
        let url = "postgres://lw:hunter2@db/launchway";
        for line in [
            format!("serve --database-url {url} --listen 127.0.0.1:1"),
            format!("serve --database-url={url} --listen 127.0.0.1:1"),
        ] {
            let (rest, found) = split(&line).unwrap();
            assert_eq!((rest.join(" ").as_str(), found.as_str()), ("serve --listen 127.0.0.1:1", url), "{line}");
        }
        assert!(split("serve --database-url postgres://db/l?user=lw&password=x").is_some());
    }

    #[test]
    fn what_holds_none_is_left_alone() {
        for line in [
            "serve",
            "serve --database-url sqlite:/srv/a.db",
            "serve --database-url postgres://lw@db:5432/launchway",
            "serve --database-url",
            "serve -- --database-url postgres://lw:hunter2@db/l",
            "serve --database-url postgres://a:b@c/d --database-url postgres://a:b@c/d",
        ] {
            assert_eq!(split(line), None, "{line}");
        }
    }
}
