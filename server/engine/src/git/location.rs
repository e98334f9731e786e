//! Where a repository is: a folder of this host, or somewhere behind a network.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use launchway_domain::text;

use super::error::GitError;

/// A repository's address, understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Location {
    /// A folder of this host. `file://` ends here as well: libgit2's own local transport is slow, and
    /// fails on broken objects that nobody asked for.
    Local(PathBuf),
    /// Behind HTTP(S) or SSH.
    Net {
        /// What libgit2 is given.
        url: String,
        /// How it is reached.
        scheme: Scheme,
        /// The host, in lower case.
        host: String,
        /// The port, where the address names one.
        port: Option<String>,
    },
}

/// How a repository is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scheme {
    Http,
    Https,
    Ssh,
}

impl Location {
    /// Reads an address: a `https`, `http`, `ssh` or `file` URL, `user@host:path`, or an absolute path.
    pub(super) fn parse(url: &str) -> Result<Self, GitError> {
        let bad = || {
            let url = shown(url);
            GitError::other(text!(
                "{url} is no address of a Git repository. Use https://…, ssh://…, user@host:path, file:///… or an absolute path.",
                "{url} 不是有效的 Git 仓库地址。请使用 https://…、ssh://…、user@host:path、file:///… 或绝对路径。"
            ))
        };
        if url.starts_with('/') {
            return Ok(Self::Local(PathBuf::from(url)));
        }
        if let Some((scheme, rest)) = url.split_once("://") {
            let scheme = match scheme.to_ascii_lowercase().as_str() {
                "file" => {
                    let path = rest.strip_prefix("localhost").unwrap_or(rest);
                    let path = if path.starts_with('/') { percent_decode(path) } else { return Err(bad()) };
                    return Ok(Self::Local(PathBuf::from(OsString::from_vec(path))));
                }
                "http" => Scheme::Http,
                "https" => Scheme::Https,
                "ssh" => Scheme::Ssh,
                _ => return Err(bad()),
            };
            let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
            let host_port = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
            let (host, port) = match host_port.rsplit_once(':') {
                Some((host, port)) if !port.contains(']') => (host, Some(port.to_owned())),
                _ => (host_port, None),
            };
            if host.is_empty() || host.starts_with('-') || authority.starts_with('-') {
                return Err(bad());
            }
            return Ok(Self::Net { url: url.to_owned(), scheme, host: host.to_ascii_lowercase(), port });
        }
        // scp-like: [user@]host:path
        match url.split_once(':') {
            Some((authority, path)) if !authority.contains('/') && !authority.starts_with('-') && !path.is_empty() => {
                let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
                if host.is_empty() || host.starts_with('-') {
                    return Err(bad());
                }
                Ok(Self::Net { url: url.to_owned(), scheme: Scheme::Ssh, host: host.to_ascii_lowercase(), port: None })
            }
            _ => Err(bad()),
        }
    }

    /// Whether both are served by one host, port and protocol, so that the credential and the pinned
    /// key of one hold for the other.
    pub(super) fn same_host(&self, other: &Location) -> bool {
        match (self, other) {
            (Self::Net { scheme, host, port, .. }, Self::Net { scheme: s, host: h, port: p, .. }) => {
                let default = match scheme {
                    Scheme::Http => "80",
                    Scheme::Https => "443",
                    Scheme::Ssh => "22",
                };
                scheme == s && host == h && port.as_deref().unwrap_or(default) == p.as_deref().unwrap_or(default)
            }
            _ => false,
        }
    }

    /// Whether a redirect from here to there may be given the credential: to the same place, or from
    /// HTTP to HTTPS on the same host.
    pub(super) fn trusts(&self, other: &Location) -> bool {
        match (self, other) {
            (Self::Net { scheme: Scheme::Http, host, .. }, Self::Net { scheme: Scheme::Https, host: h, .. }) => {
                host == h
            }
            _ => self.same_host(other),
        }
    }

    /// Whether it is a folder of this host.
    pub(super) fn is_local(&self) -> bool {
        matches!(self, Self::Local(_))
    }
}

/// Whether two addresses name one repository, however it is reached: host and path count, the scheme, the user, the port
/// and a `.git` at the end do not. Git services tell their addresses by HTTPS and by SSH, and a project knows one of them.
pub fn same_repository(one: &str, other: &str) -> bool {
    match (place(one), place(other)) {
        (Some(one), Some(other)) => one == other,
        _ => false,
    }
}

/// Host (none of a folder of this host) and path of a repository, as far as they tell it from others.
fn place(url: &str) -> Option<(Option<String>, String)> {
    let (host, path) = match Location::parse(url.trim()).ok()? {
        Location::Local(path) => (None, path.to_str()?.to_owned()),
        Location::Net { url, host, .. } => {
            let path = match url.split_once("://") {
                Some((_, rest)) => rest.split_once('/').map_or("", |(_, path)| path),
                None => url.split_once(':').map_or("", |(_, path)| path),
            };
            let path = path.split(['?', '#']).next().unwrap_or_default();
            (Some(host), String::from_utf8(percent_decode(path)).ok()?.to_lowercase())
        }
    };
    let path = path.trim_matches('/');
    let path = path.strip_suffix(".git").unwrap_or(path).trim_end_matches('/');
    (!path.is_empty()).then(|| (host, path.to_owned()))
}

/// An address for messages: a password in it (which the forms refuse) is left out.
pub(super) fn shown(url: &str) -> String {
    if let Some((scheme, rest)) = url.split_once("://") {
        let end = rest.find('/').unwrap_or(rest.len());
        if let Some((user, host)) = rest[..end].rsplit_once('@')
            && let Some((name, _)) = user.split_once(':')
        {
            return format!("{scheme}://{name}@{host}{}", &rest[end..]);
        }
    }
    url.to_owned()
}

/// Percent-encoded bytes decoded, as Git does for every URL; a stray `%` stays.
fn percent_decode(text: &str) -> Vec<u8> {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let digits = (bytes[at] == b'%').then(|| bytes.get(at + 1..at + 3)).flatten();
        let value = digits.and_then(|d| std::str::from_utf8(d).ok()).and_then(|d| u8::from_str_radix(d, 16).ok());
        match value {
            Some(value) => {
                out.push(value);
                at += 3;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_folders() {
        assert_eq!(Location::parse("file:///srv/a%20b").unwrap(), Location::Local("/srv/a b".into()));
        assert_eq!(Location::parse("/srv/a%20b").unwrap(), Location::Local("/srv/a%20b".into()));
    }

    #[test]
    fn hosts_are_told_apart() {
        let at = |url: &str| Location::parse(url).unwrap();
        assert!(at("git@example.com:a.git").same_host(&at("ssh://git@EXAMPLE.com:22/b.git")));
        assert!(!at("ssh://git@example.com:2222/b.git").same_host(&at("git@example.com:a.git")));
        assert!(!at("https://example.com/a").same_host(&at("http://example.com/a")));
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for url in ["", "nonsense", "ftp://example.com/a", "ssh://-oProxyCommand=x/a", "-oProxyCommand=x:a", "../up"] {
            assert!(Location::parse(url).is_err(), "{url}");
        }
    }

    #[test]
    fn a_repository_is_known_by_each_of_its_addresses() {
        let https = "https://git.example.com/Team/app.git";
        for same in [
            "git@GIT.example.com:team/app.git",
            "ssh://git@git.example.com:2222/team/app",
            "https://me@git.example.com/team/app/",
            "http://git.example.com:3000/team/app.git",
        ] {
            assert!(same_repository(https, same), "{same}");
        }
        for other in
            ["https://git.example.com/team/app2.git", "https://other.example.com/team/app.git", "", "/team/app"]
        {
            assert!(!same_repository(https, other), "{other}");
        }
        assert!(same_repository("/srv/shop.git", "file:///srv/shop"));
        assert!(!same_repository("/srv/Shop", "/srv/shop"));
    }

    #[test]
    fn a_password_is_not_shown() {
        assert_eq!(shown("https://me:pw@example.com/a"), "https://me@example.com/a");
        assert_eq!(shown("git@example.com:a"), "git@example.com:a");
    }
}
