//! Where a submodule's repository is.

use std::collections::HashMap;

type Value = Option<Vec<u8>>;

/// The addresses in a `.gitmodules` file, by path.
pub(super) fn addresses(content: &[u8]) -> HashMap<Vec<u8>, Vec<u8>> {
    let mut sections: HashMap<Vec<u8>, (Value, Value)> = HashMap::new();
    let mut section: Option<Vec<u8>> = None;
    // A backslash at the end of a line continues it (git-config(1)).
    let joined = join_lines(content);
    for line in joined.split(|byte| *byte == b'\n') {
        let line = line.trim_ascii();
        if line.starts_with(b"[") {
            let name = line.strip_prefix(b"[").and_then(|l| l.strip_suffix(b"]")).map(<[u8]>::trim_ascii);
            section = name.and_then(|name| {
                let (word, rest) = name.split_at(name.iter().position(|b| matches!(b, b' ' | b'\t'))?);
                word.eq_ignore_ascii_case(b"submodule").then(|| value(rest))
            });
            continue;
        }
        let (Some(section), Some(sign)) = (&section, line.iter().position(|byte| *byte == b'=')) else { continue };
        let entry = sections.entry(section.clone()).or_default();
        let text = value(&line[sign + 1..]);
        match line[..sign].trim_ascii().to_ascii_lowercase().as_slice() {
            b"path" => entry.0 = Some(text),
            b"url" => entry.1 = Some(text),
            _ => {}
        }
    }
    sections.into_values().filter_map(|(path, url)| path.zip(url)).collect()
}

fn join_lines(content: &[u8]) -> Vec<u8> {
    let mut out: Vec<u8> = Vec::with_capacity(content.len());
    for line in content.split(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let slashes = line.iter().rev().take_while(|byte| **byte == b'\\').count();
        if slashes % 2 == 1 {
            out.extend_from_slice(&line[..line.len() - 1]);
        } else {
            out.extend_from_slice(line);
            out.push(b'\n');
        }
    }
    out
}

/// A value as git-config(1) reads it: quotes, escapes, comments, blanks at both ends.
fn value(raw: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut keep = 0;
    let mut quoted = false;
    let mut bytes = raw.trim_ascii_start().iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => quoted = !quoted,
            b'\\' => match bytes.next() {
                Some(b'n') => out.push(b'\n'),
                Some(b't') => out.push(b'\t'),
                Some(b'b') => out.push(8),
                Some(other) => out.push(*other),
                None => {}
            },
            b'#' | b';' if !quoted => break,
            byte => out.push(*byte),
        }
        if quoted || !out.last().is_some_and(u8::is_ascii_whitespace) {
            keep = out.len();
        }
    }
    out.truncate(keep);
    out
}

/// A submodule's address, seen from its superproject's: `./` and `../` are relative to that one
/// (git-submodule(1)). None where it would leave the host.
pub(super) fn absolute(address: &str, superproject: &str) -> Option<String> {
    if !address.starts_with("./") && !address.starts_with("../") {
        return Some(address.to_owned());
    }
    let mut base = superproject.trim_end_matches('/').to_owned();
    // What must stay: `scheme://host`, `user@host:`, or the root.
    let floor = match base.find("://") {
        Some(scheme) => {
            let host = scheme + 3;
            base[host..].find('/').map_or(base.len(), |slash| host + slash)
        }
        None if base.starts_with('/') => 0,
        None => base.find(':')? + 1,
    };
    let mut rest = address;
    loop {
        if let Some(next) = rest.strip_prefix("./") {
            rest = next;
        } else if let Some(next) = rest.strip_prefix("../") {
            rest = next;
            if base.len() <= floor {
                return None;
            }
            let cut = base[floor..].rfind('/').map_or(floor, |slash| floor + slash);
            base.truncate(cut);
        } else {
            break;
        }
    }
    let slash = if base.ends_with(':') { "" } else { "/" };
    Some(format!("{base}{slash}{}", rest.trim_end_matches('/')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_git_reads_them() {
        let found = addresses(
            b"[submodule \"a b\"]\n\tpath = libs/a b  # here\n\turl = \"../a.git\"\n[Submodule \"c\"]\r\n  URL=https://x/;y\n path = \"c\\\\d\"\n[core]\n path = x\n url = y\n",
        );
        assert_eq!(found.len(), 2);
        assert_eq!(found[&b"libs/a b".to_vec()], b"../a.git");
        assert_eq!(found[&b"c\\d".to_vec()], b"https://x/");
    }

    #[test]
    fn relative_addresses() {
        for (address, base, expected) in [
            ("../b.git", "/srv/a.git", Some("/srv/b.git")),
            ("../b.git", "https://h/team/a.git/", Some("https://h/team/b.git")),
            ("../../o/b", "https://h/team/a.git", Some("https://h/o/b")),
            ("../b.git", "git@h:team/a.git", Some("git@h:team/b.git")),
            ("../b.git", "git@h:a.git", Some("git@h:b.git")),
            ("./b", "ssh://h/a", Some("ssh://h/a/b")),
            ("../../../b", "https://h/a", None),
            ("https://x/y", "/srv/a", Some("https://x/y")),
        ] {
            assert_eq!(absolute(address, base).as_deref(), expected, "{address} {base}");
        }
    }
}
