//! Git's pattern matching (wildmatch.c), on bytes.

/// How one attempt ended; the two aborts spare attempts that cannot succeed either.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Match,
    NoMatch,
    AbortAll,
    AbortToStarStar,
}

/// Whether a text matches a pattern of `*`, `?`, `[…]` and `\`. With `path`, `*` and `?` stop at
/// slashes, and `**` crosses them.
pub(super) fn matches(pattern: &[u8], text: &[u8], path: bool) -> bool {
    attempt(pattern, 0, text, path) == Outcome::Match
}

fn at(bytes: &[u8], index: usize) -> u8 {
    bytes.get(index).copied().unwrap_or(0)
}

fn attempt(pattern: &[u8], start: usize, mut text: &[u8], path: bool) -> Outcome {
    let mut p = start;
    while p < pattern.len() {
        let mut wanted = pattern[p];
        if text.is_empty() && wanted != b'*' {
            return Outcome::AbortAll;
        }
        let found = at(text, 0);
        match wanted {
            b'?' => {
                if path && found == b'/' {
                    return Outcome::NoMatch;
                }
            }
            b'*' => {
                let first = p;
                p += 1;
                let mut cross = !path;
                if at(pattern, p) == b'*' {
                    while at(pattern, p) == b'*' {
                        p += 1;
                    }
                    let opens = first == 0 || pattern[first - 1] == b'/';
                    let closes = p >= pattern.len() || pattern[p] == b'/' || pattern[p..].starts_with(b"\\/");
                    if path && opens && closes {
                        // `**/` may stand for nothing at all.
                        if at(pattern, p) == b'/' && attempt(pattern, p + 1, text, path) == Outcome::Match {
                            return Outcome::Match;
                        }
                        cross = true;
                    }
                }
                if p >= pattern.len() {
                    return if !cross && text.contains(&b'/') { Outcome::AbortToStarStar } else { Outcome::Match };
                }
                if !cross && pattern[p] == b'/' {
                    // One star before a slash: exactly the rest of this folder's name.
                    match text.iter().position(|b| *b == b'/') {
                        Some(slash) => text = &text[slash + 1..],
                        None => return Outcome::AbortAll,
                    }
                    p += 1;
                    continue;
                }
                while !text.is_empty() {
                    match attempt(pattern, p, text, path) {
                        Outcome::NoMatch => {
                            if !cross && text[0] == b'/' {
                                return Outcome::AbortToStarStar;
                            }
                        }
                        Outcome::AbortToStarStar if cross => {}
                        outcome => return outcome,
                    }
                    text = &text[1..];
                }
                return Outcome::AbortAll;
            }
            b'[' => match class(pattern, &mut p, found) {
                None => return Outcome::AbortAll,
                Some(inside) => {
                    if !inside || (path && found == b'/') {
                        return Outcome::NoMatch;
                    }
                }
            },
            _ => {
                if wanted == b'\\' {
                    p += 1;
                    wanted = at(pattern, p);
                }
                if found != wanted {
                    return Outcome::NoMatch;
                }
            }
        }
        text = &text[1..];
        p += 1;
    }
    if text.is_empty() { Outcome::Match } else { Outcome::NoMatch }
}

/// A bracket expression; `p` stands at `[` before and at `]` after. None where it never closes.
fn class(pattern: &[u8], p: &mut usize, found: u8) -> Option<bool> {
    *p += 1;
    let negated = matches!(at(pattern, *p), b'!' | b'^');
    if negated {
        *p += 1;
    }
    let mut previous = 0;
    let mut inside = false;
    let mut first = true;
    loop {
        let mut c = at(pattern, *p);
        if *p >= pattern.len() {
            return None;
        }
        if c == b']' && !first {
            return Some(inside != negated);
        }
        first = false;
        if c == b'\\' {
            *p += 1;
            c = at(pattern, *p);
            if *p >= pattern.len() {
                return None;
            }
            inside |= found == c;
        } else if c == b'-' && previous != 0 && !matches!(at(pattern, *p + 1), 0 | b']') {
            *p += 1;
            c = at(pattern, *p);
            if c == b'\\' {
                *p += 1;
                c = at(pattern, *p);
                if *p >= pattern.len() {
                    return None;
                }
            }
            inside |= (previous..=c).contains(&found);
            c = 0;
        } else if c == b'[' && at(pattern, *p + 1) == b':' {
            let name_at = *p + 2;
            match pattern[name_at..].windows(2).position(|w| w == b":]") {
                Some(len) => {
                    inside |= named_class(&pattern[name_at..name_at + len], found)?;
                    *p = name_at + len + 1;
                    c = 0;
                }
                None => inside |= found == b'[',
            }
        } else {
            inside |= found == c;
        }
        previous = c;
        *p += 1;
    }
}

fn named_class(name: &[u8], c: u8) -> Option<bool> {
    Some(match name {
        b"alnum" => c.is_ascii_alphanumeric(),
        b"alpha" => c.is_ascii_alphabetic(),
        b"blank" => matches!(c, b' ' | b'\t'),
        b"cntrl" => c.is_ascii_control(),
        b"digit" => c.is_ascii_digit(),
        b"graph" => c.is_ascii_graphic(),
        b"lower" => c.is_ascii_lowercase(),
        b"print" => c.is_ascii_graphic() || c == b' ',
        b"punct" => c.is_ascii_punctuation(),
        b"space" => c.is_ascii_whitespace() || c == 0x0b,
        b"upper" => c.is_ascii_uppercase(),
        b"xdigit" => c.is_ascii_hexdigit(),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_matches_as_git_does() {
        // From Git's t3070-wildmatch.sh: (path mode, plain mode, text, pattern).
        for (path, plain, text, pattern) in [
            (true, true, "foo", "foo"),
            (false, false, "foo", "bar"),
            (true, true, "", ""),
            (true, true, "foo", "???"),
            (false, false, "foo", "??"),
            (true, true, "foo", "*"),
            (true, true, "foo", "f*"),
            (false, false, "foo", "*f"),
            (true, true, "foo", "*foo*"),
            (true, true, "foobar", "*ob*a*r*"),
            (true, true, "aaaaaaabababab", "*ab"),
            (true, true, "foo*", "foo\\*"),
            (false, false, "foobar", "foo\\*bar"),
            (true, true, "f\\oo", "f\\\\oo"),
            (true, true, "ball", "*[al]?"),
            (false, false, "ten", "[ten]"),
            (true, true, "ten", "**[!te]"),
            (false, false, "ten", "**[!ten]"),
            (true, true, "ten", "t[a-g]n"),
            (false, false, "ten", "t[!a-g]n"),
            (true, true, "ton", "t[!a-g]n"),
            (true, true, "a]b", "a[]]b"),
            (true, true, "a-b", "a[]-]b"),
            (true, true, "]", "]"),
            (false, true, "foo/baz/bar", "foo*bar"),
            (false, true, "foo/baz/bar", "foo**bar"),
            (true, true, "foobazbar", "foo**bar"),
            (true, true, "foo/baz/bar", "foo/**/bar"),
            (true, false, "foo/bar", "foo/**/bar"),
            (true, true, "foo/b/a/z/bar", "foo/**/bar"),
            (false, true, "foo/bar", "foo?bar"),
            (false, true, "foo/bar", "foo[/]bar"),
            (false, true, "foo/bar", "f[^eiu][^eiu][^eiu][^eiu][^eiu]r"),
            (true, true, "foo-bar", "f[^eiu][^eiu][^eiu][^eiu][^eiu]r"),
            (true, false, "foo", "**/foo"),
            (true, true, "bar/baz/foo", "**/foo"),
            (false, true, "bar/baz/foo", "*/foo"),
            (false, true, "foo/bar/baz", "**/bar*"),
            (true, true, "deep/foo/bar/baz", "**/bar/*"),
            (false, true, "deep/foo/bar/baz/", "**/bar/*"),
            (true, true, "deep/foo/bar/baz/", "**/bar/**"),
            (false, false, "deep/foo/bar", "**/bar/*"),
            (true, true, "5", "[[:xdigit:]]"),
            (true, true, "f", "[[:xdigit:]]"),
            (false, false, "D", "[[:xdigit:][:spaci:]]x"),
            (
                true,
                true,
                "_",
                "[[:alnum:][:alpha:][:blank:][:cntrl:][:digit:][:graph:][:lower:][:print:][:punct:][:space:][:upper:][:xdigit:]]",
            ),
            (true, true, "[ab]", "[[]ab]"),
            (true, true, "-adobe-courier-bold-o-normal--12-120-75-75-m-70-iso8859-1", "-*-*-*-*-*-*-12-*-*-*-m-*-*-*"),
            (
                false,
                false,
                "-adobe-courier-bold-o-normal--12-120-75-75-X-70-iso8859-1",
                "-*-*-*-*-*-*-12-*-*-*-m-*-*-*",
            ),
            (true, true, "abcd/abcdefg/abcdefghijk/abcdefghijklmnop.txt", "**/*a*b*g*n*t"),
            (true, false, "foo/bb/aa/rr", "**/**/**"),
        ] {
            assert_eq!(matches(pattern.as_bytes(), text.as_bytes(), true), path, "path: {text} {pattern}");
            if (text, pattern) != ("foo/bb/aa/rr", "**/**/**") {
                assert_eq!(matches(pattern.as_bytes(), text.as_bytes(), false), plain, "plain: {text} {pattern}");
            }
        }
    }
}
