//! The rules that the forms are made of. Each names a code; `super::message` has the sentence.

use garde::Error;

/// The longest name or title, in characters.
pub(super) const MAX_NAME: usize = 100;
/// The longest path, in bytes: well below Linux' `PATH_MAX` of 4096, which has to hold what we append.
pub(super) const MAX_PATH: usize = 512;

fn fail(code: &str) -> garde::Result {
    Err(Error::new(code))
}

/// Control characters, and those that nobody sees: two names that read alike are one to whoever reads an audit.
fn has_control(text: &str) -> bool {
    text.chars().any(|c| c.is_control() || is_invisible(c))
}

/// Marks of direction, spaces without a width, and the byte order mark (Unicode, general category Cf). The joiners
/// U+200C and U+200D are letters of some scripts' spelling, and stay.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// A name that people read: not blank, one line, at most [`MAX_NAME`] characters.
pub(super) fn name(value: &str, _: &()) -> garde::Result {
    if value.trim().is_empty() {
        fail("required")
    } else if value.chars().count() > MAX_NAME {
        fail("too_long")
    } else if has_control(value) {
        fail("control")
    } else {
        Ok(())
    }
}

/// A hostname: 1 to 63 of `[A-Za-z0-9._-]`, beginning with a letter or digit. It becomes part of
/// paths, which is why `.`, `..` and `-x` must not pass.
pub(super) fn hostname(value: &str, _: &()) -> garde::Result {
    if value.is_empty() {
        fail("required")
    } else if value.len() > 63 {
        fail("too_long")
    } else if !value.starts_with(|c: char| c.is_ascii_alphanumeric())
        || !value.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
    {
        fail("hostname")
    } else {
        Ok(())
    }
}

/// A DNS name or an IP address, IPv6 with or without brackets; at most 253 bytes (RFC 1035).
pub(super) fn address(value: &str, _: &()) -> garde::Result {
    let bare = value.strip_prefix('[').and_then(|v| v.strip_suffix(']')).unwrap_or(value);
    let is_name =
        !value.starts_with('-') && value.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'));
    if value.trim().is_empty() {
        fail("required")
    } else if value.len() > 253 {
        fail("too_long")
    } else if is_name || bare.parse::<std::net::IpAddr>().is_ok() {
        Ok(())
    } else {
        fail("address")
    }
}

/// A TCP port that can be connected to.
pub(super) fn port(value: &u16, _: &()) -> garde::Result {
    if *value == 0 { fail("port") } else { Ok(()) }
}

/// An id that a person chose from a list; 0 is the form's "nothing chosen".
pub(super) fn chosen<T: Copy + Into<i64>>(value: &T, _: &()) -> garde::Result {
    if (*value).into() <= 0 { fail("required") } else { Ok(()) }
}

/// Tags: at most 20, each a name of at most 50 characters, none twice.
pub(super) fn tags(value: &[String], _: &()) -> garde::Result {
    if value.len() > 20 {
        return fail("too_many");
    }
    for (index, tag) in value.iter().enumerate() {
        name(tag, &())?;
        if tag.chars().count() > 50 {
            return fail("too_long");
        }
        if value[..index].contains(tag) {
            return fail("duplicate");
        }
    }
    Ok(())
}

pub(crate) fn parts(path: &str) -> garde::Result {
    if path.len() > MAX_PATH {
        fail("too_long")
    } else if has_control(path) {
        fail("control")
    } else if path.split('/').any(|part| part == "." || part == "..") {
        fail("path_dots")
    } else {
        Ok(())
    }
}

/// An environment's folder on the servers: absolute, below the root, with `{hostname}` at most.
pub(super) fn target_path(value: &str, _: &()) -> garde::Result {
    if value.trim().is_empty() {
        return fail("required");
    }
    if !value.starts_with('/') {
        return fail("path_absolute");
    }
    if value.split('/').all(str::is_empty) {
        return fail("path_root");
    }
    parts(value)?;
    if value.replace("{hostname}", "").contains(['{', '}']) { fail("placeholder") } else { Ok(()) }
}

/// A folder within the tree.
pub(super) fn package_root(value: &Option<String>, _: &()) -> garde::Result {
    match value.as_deref() {
        None | Some("") => Ok(()),
        Some(path) if path.starts_with('/') => fail("path_relative"),
        Some(path) => parts(path),
    }
}

/// How many releases stay on a server. The live one and the one before always do.
pub(super) fn keep(value: &Option<u32>, _: &()) -> garde::Result {
    match value {
        Some(n) if !(1..=100).contains(n) => fail("out_of_range"),
        _ => Ok(()),
    }
}

/// A repository's address: `https`, `http`, `ssh` or `file` URL, `user@host:path`, or an absolute path.
/// A URL with a password in it is refused: addresses are shown, credentials are not.
pub(super) fn repo_url(value: &str, _: &()) -> garde::Result {
    if value.trim().is_empty() {
        return fail("required");
    }
    if value.len() > 1024 {
        return fail("too_long");
    }
    if has_control(value) {
        return fail("control");
    }
    if value.starts_with('/') {
        return Ok(());
    }
    if let Some((scheme, rest)) = value.split_once("://") {
        let authority = rest.split('/').next().unwrap_or_default();
        return match scheme {
            "file" if rest.starts_with('/') => Ok(()),
            "https" | "http" | "ssh" if authority.is_empty() || authority.starts_with('-') => fail("repo_url"),
            "https" | "http" | "ssh" => match authority.rsplit_once('@') {
                Some((user, _)) if user.contains(':') => fail("url_password"),
                Some((_, host)) if host.is_empty() || host.starts_with('-') => fail("repo_url"),
                _ => Ok(()),
            },
            _ => fail("repo_url"),
        };
    }
    // scp-like: [user@]host:path
    match value.split_once(':') {
        // A remote helper (`ext::sh -c …`), and a password (`user:password@host:path`).
        Some((_, path)) if path.starts_with(':') => fail("repo_url"),
        Some((host, path))
            if !host.contains(['@', '/']) && path.split('/').next().unwrap_or_default().contains('@') =>
        {
            fail("url_password")
        }
        Some((host, path)) if !host.is_empty() && !host.starts_with('-') && !host.contains('/') && !path.is_empty() => {
            Ok(())
        }
        _ => fail("repo_url"),
    }
}

/// A secret: anything but blank, at most 64 KiB (the largest private keys are about 13 KiB), no NUL.
/// A blank one is the caller's to judge: on a change it means "as it was".
pub(super) fn secret(value: &Option<String>, _: &()) -> garde::Result {
    match value.as_deref() {
        Some(text) if text.len() > 64 * 1024 => fail("too_long"),
        Some(text) if text.contains('\0') => fail("nul"),
        _ => Ok(()),
    }
}

/// A new password: 8 characters at least (NIST SP 800-63B, 5.1.1), 1024 bytes at most, since hashing
/// it costs time.
pub(super) fn new_password(value: &str, _: &()) -> garde::Result {
    if value.is_empty() {
        fail("required")
    } else if value.chars().count() < 8 {
        fail("too_short")
    } else if value.len() > 1024 {
        fail("too_long")
    } else {
        Ok(())
    }
}

/// The short name of a ref. What Git itself forbids is found when the remote is asked; this only
/// keeps out what could never be one.
pub(crate) fn ref_name(value: &str, _: &()) -> garde::Result {
    if value.trim().is_empty() {
        fail("required")
    } else if value.len() > 255 {
        fail("too_long")
    } else if has_control(value) || value.starts_with('-') {
        fail("ref_name")
    } else {
        Ok(())
    }
}

/// A release's note: at most 2,000 characters.
pub(crate) fn note(value: &Option<String>, _: &()) -> garde::Result {
    match value {
        Some(text) if text.chars().count() > 2_000 => fail("too_long"),
        Some(text) if text.contains('\0') => fail("nul"),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(result: garde::Result) -> String {
        result.err().map(|e| e.message().to_owned()).unwrap_or_default()
    }

    #[test]
    fn hostnames_cannot_leave_their_folder() {
        for bad in [".", "..", "-rf", "a/b", "a b", "a;b", "$(x)", "主机"] {
            assert_eq!(code(hostname(bad, &())), "hostname", "{bad}");
        }
        for good in ["web-1", "10.0.0.1", "a_b.c"] {
            assert_eq!(code(hostname(good, &())), "", "{good}");
        }
    }

    #[test]
    fn target_paths() {
        for (path, expected) in [
            ("", "required"),
            ("srv/x", "path_absolute"),
            ("/", "path_root"),
            ("//", "path_root"),
            ("/srv/../etc", "path_dots"),
            ("/srv/a\nb", "control"),
            ("/srv/{host}", "placeholder"),
            ("/srv/{hostname}/app", ""),
            ("/srv/with space'\"$(x)", ""),
        ] {
            assert_eq!(code(target_path(path, &())), expected, "{path}");
        }
    }

    #[test]
    fn repository_addresses() {
        for (url, expected) in [
            ("https://example.com/a.git", ""),
            ("ssh://git@example.com:2222/a.git", ""),
            ("git@example.com:a/b.git", ""),
            ("/srv/a.git", ""),
            ("file:///srv/a.git", ""),
            ("https://me:pw@example.com/a.git", "url_password"),
            ("ext::sh -c touch% owned", "repo_url"),
            ("me:pw@example.com:a.git", "url_password"),
            ("example.com:a/b@2.git", ""),
            ("ssh://-oProxyCommand=x/a", "repo_url"),
            ("-oProxyCommand=x:a", "repo_url"),
            ("ftp://example.com/a", "repo_url"),
            ("nonsense", "repo_url"),
        ] {
            assert_eq!(code(repo_url(url, &())), expected, "{url}");
        }
    }

    #[test]
    fn addresses() {
        for good in ["example.com", "127.0.0.1", "::1", "[::1]", "host_1"] {
            assert_eq!(code(address(good, &())), "", "{good}");
        }
        for bad in ["a b", "a:b", "-x", "a/b"] {
            assert_eq!(code(address(bad, &())), "address", "{bad}");
        }
    }
}
