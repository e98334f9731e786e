//! Secrets never reach a log or a screen.
//!
//! A [`Redactor`] knows the secrets of one release; a [`Masker`] carries it along one stream of
//! bytes, so that a secret printed in two writes is found all the same, and turns the bytes into text
//! on the way.

mod forms;
mod patterns;

use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};

use forms::{broken, forms};
use patterns::{Look, Patterns, lines};

/// What stands in a log where a secret stood.
pub const MASK: &str = "••••••";
/// Shorter secrets are not looked for: masking every `a` would hide the log and tell the secret. In bytes.
const SHORTEST: usize = 4;

/// The secrets of one release, in every form in which they are looked for.
#[derive(Clone, Default)]
pub struct Redactor {
    patterns: Arc<Patterns>,
}

impl std::fmt::Debug for Redactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Redactor({} patterns)", self.patterns.count())
    }
}

impl Redactor {
    /// Looks for each secret, for each line of one that has several, as private keys do, and for the forms that a secret
    /// takes when it is encoded: base64 wherever it begins and however it is broken into lines, URLs, JSON, HTML, a shell's
    /// quotes, hexadecimal digits.
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a SecretString>) -> Self {
        let mut found: Vec<SecretString> = Vec::new();
        let mut over_lines: Vec<SecretString> = Vec::new();
        for secret in secrets {
            let secret = secret.expose_secret();
            let whole = secret.trim();
            if whole.len() < SHORTEST {
                continue;
            }
            let mut is_covered = true;
            for line in whole.lines().map(str::trim).filter(|line| !line.is_empty()) {
                // The first and last line of a private key are the same for everyone.
                if !line.starts_with("-----") {
                    is_covered &= line.len() >= SHORTEST;
                    found.push(line.into());
                }
            }
            if !is_covered {
                found.push(whole.into());
            }
            for text in [whole, secret] {
                found.extend(forms(text).iter().map(|form| SecretString::from(form.as_str())));
                over_lines.extend(broken(text).iter().map(|form| SecretString::from(form.as_str())));
                if whole == secret {
                    break;
                }
            }
        }
        Self { patterns: Arc::new(Patterns::new(found, over_lines)) }
    }

    /// Masks a text that is known whole.
    pub fn mask(&self, text: &str) -> String {
        let mut masker = Masker::new(self.clone());
        let mut out = masker.push(text.as_bytes());
        out.push_str(&masker.finish());
        out
    }
}

/// Masks one stream of bytes and decodes it: bytes that are not UTF-8 become U+FFFD. What comes out
/// does not depend on how the stream was cut.
#[derive(Debug)]
pub struct Masker {
    redactor: Redactor,
    held: Vec<u8>,
}

impl Masker {
    /// A masker at the beginning of a stream.
    pub fn new(redactor: Redactor) -> Self {
        Self { redactor, held: Vec::new() }
    }

    /// The next bytes; gives the text that is certain by now.
    pub fn push(&mut self, bytes: &[u8]) -> String {
        self.held.extend_from_slice(bytes);
        self.take(false)
    }

    /// The end of the stream; gives what was held back.
    pub fn finish(&mut self) -> String {
        self.take(true)
    }

    fn take(&mut self, at_end: bool) -> String {
        let patterns = &self.redactor.patterns;
        let mut masked = Vec::with_capacity(self.held.len());
        let mut position = 0;
        while position < self.held.len() {
            let rest = &self.held[position..];
            let harmless = patterns.harmless(rest);
            if harmless > 0 {
                masked.extend_from_slice(&rest[..harmless]);
                position += harmless;
                continue;
            }
            match patterns.look(rest) {
                Look { may_go_on: true, .. } if !at_end => break,
                Look { longest: Some(length), is_broken: true, .. } => {
                    lines(&rest[..length]).for_each(|part| masked.extend_from_slice(part));
                    position += length;
                }
                Look { longest: Some(length), is_broken: false, .. } => {
                    masked.extend_from_slice(MASK.as_bytes());
                    position += length;
                }
                Look { longest: None, .. } => {
                    masked.push(rest[0]);
                    position += 1;
                }
            }
        }
        // A character cut in two waits for its other half.
        let whole = if at_end || position < self.held.len() { masked.len() } else { complete(&masked) };
        let tail = masked.split_off(whole);
        self.held.drain(..position);
        self.held.splice(0..0, tail);
        // NUL is legal UTF-8 and not storable as text in PostgreSQL.
        String::from_utf8_lossy(&masked).replace('\0', "\u{fffd}")
    }
}

/// How many of the bytes do not belong to a character that has begun and may still be completed.
fn complete(bytes: &[u8]) -> usize {
    for back in 1..=bytes.len().min(3) {
        let byte = bytes[bytes.len() - back];
        let needs = match byte {
            0xc2..=0xdf => 2,
            0xe0..=0xef => 3,
            0xf0..=0xf4 => 4,
            0x80..=0xbf => continue,
            _ => return bytes.len(),
        };
        return if needs > back { bytes.len() - back } else { bytes.len() };
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redactor(secrets: &[&str]) -> Redactor {
        let secrets: Vec<SecretString> = secrets.iter().map(|s| SecretString::from(s.to_string())).collect();
        Redactor::new(&secrets)
    }

    #[test]
    fn however_the_stream_is_cut_the_text_is_the_same() {
        let redactor = redactor(&["hunter2", "hunter2-long", "密码很长"]);
        let stream = "a hunter2 b hunter2-long 密码很长 中文 \u{1f600} hunte".as_bytes();
        let mut stream = stream.to_vec();
        stream.extend_from_slice(b"\xff\xfe\xe4 end hunter");
        let expected = "a •••••• b •••••• •••••• 中文 \u{1f600} hunte\u{fffd}\u{fffd}\u{fffd} end hunter";
        for size in 1..=stream.len() {
            let mut masker = Masker::new(redactor.clone());
            let mut text: String = stream.chunks(size).map(|chunk| masker.push(chunk)).collect();
            text.push_str(&masker.finish());
            assert_eq!(text, expected, "in pieces of {size}");
        }
    }

    #[test]
    fn every_line_of_a_key_is_masked() {
        let redactor = redactor(&["-----BEGIN X-----\nc2VjcmV0LWxpbmU=\nbW9yZQ==\n-----END X-----\n"]);
        assert_eq!(redactor.mask("x bW9yZQ== y c2VjcmV0LWxpbmU="), "x •••••• y ••••••");
    }

    #[test]
    fn a_line_is_not_held_back_without_reason() {
        let mut masker = Masker::new(redactor(&["hunter2"]));
        assert_eq!(masker.push(b"progress 10%\n"), "progress 10%\n");
    }

    #[test]
    fn debug_shows_no_secret() {
        assert!(!format!("{:?}", redactor(&["hunter2"])).contains("hunter2"));
    }

    /// What is printed, in a form that people come across, and as much of a secret as may be left of it.
    #[track_caller]
    fn assert_masked(redactor: &Redactor, printed: &str, rest: &str) {
        for size in [printed.len(), 1, 3, 7] {
            let mut masker = Masker::new(redactor.clone());
            let mut text: String = printed.as_bytes().chunks(size).map(|chunk| masker.push(chunk)).collect();
            text.push_str(&masker.finish());
            assert_eq!(text, rest, "in pieces of {size}");
        }
    }

    #[test]
    fn base64_is_masked_wherever_it_begins() {
        use base64::Engine as _;
        use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
        let secret = "S3cr3t?~>>ÿÿ-of-some-length";
        let redactor = redactor(&[secret]);
        for engine in [&STANDARD, &STANDARD_NO_PAD, &URL_SAFE, &URL_SAFE_NO_PAD] {
            for before in ["", "u", "us", "use", "user:", "a:", "bc:"] {
                for after in ["", "\n", "\r\n"] {
                    let text = engine.encode(format!("{before}{secret}{after}"));
                    let masked = redactor.mask(&text);
                    // Of the characters at its edges some bits may be seen.
                    let left = masked.replace(MASK, "");
                    assert!(masked.contains(MASK), "{before:?} {after:?}: {masked}");
                    let most = engine.encode(before).trim_end_matches('=').len();
                    assert!(left.len() <= most, "{before:?} {after:?}: {masked}");
                }
                let text = engine.encode(format!("{before}{secret}, and more"));
                let masked = redactor.mask(&text);
                assert!(masked.len() - MASK.len() <= text.len() - (secret.len() * 8 / 6 - 2), "{before:?}: {masked}");
            }
        }
    }

    #[test]
    fn base64_that_is_broken_into_lines_is_masked() {
        use base64::Engine as _;
        let secret: String = (0..200).map(|i| char::from(b'!' + (i * 7 % 90) as u8)).collect();
        let redactor = redactor(&[&secret]);
        for end in ["", "\n"] {
            let text = base64::engine::general_purpose::STANDARD.encode(format!("{secret}{end}"));
            for width in [64, 76] {
                let lines: Vec<&str> =
                    (0..text.len()).step_by(width).map(|at| &text[at..text.len().min(at + width)]).collect();
                let masked = redactor.mask(&lines.join("\n"));
                assert_eq!(masked, vec![MASK; lines.len()].join("\n"), "{width}");
            }
        }
    }

    #[test]
    fn base64_is_masked_wherever_it_begins_in_a_line_and_at_any_width() {
        use base64::Engine as _;
        let secret = "Zq9-hunter2-Canary+Secret=77";
        let redactor = redactor(&[secret]);
        let standard = base64::engine::general_purpose::STANDARD;
        for (width, line_break) in
            [(2, "\n"), (4, "\n"), (60, "\r\n"), (64, "\n"), (64, "\n    "), (76, "\n"), (76, "\r\n")]
        {
            for lead in 0..80 {
                let before = &"apiVersion: v1\nusers:\n- user:\n    name: somebody\n    certificate: none\n    password: "
                    [..lead];
                let lines = |text: &str| -> Vec<String> {
                    text.as_bytes().chunks(width).map(|line| String::from_utf8_lossy(line).into_owned()).collect()
                };
                let text = standard.encode(format!("{before}{secret}\n"));
                let printed = format!("{}\n", lines(&text).join(line_break));
                let mut whole = Masker::new(redactor.clone());
                let masked = whole.push(printed.as_bytes()) + &whole.finish();
                // What is seen of the secret are some bits of its first character.
                let left: String = masked.replace(MASK, "").replace(['\r', '\n', ' '], "");
                assert!(left.len() <= (lead * 8).div_ceil(6), "{width} {lead}: {masked}");
                assert_eq!(masked.matches('\n').count(), printed.matches('\n').count(), "{width} {lead}: {masked}");
                for size in [1, 3, 7, 65] {
                    let mut masker = Masker::new(redactor.clone());
                    let mut text: String = printed.as_bytes().chunks(size).map(|chunk| masker.push(chunk)).collect();
                    text.push_str(&masker.finish());
                    assert_eq!(text, masked, "{width} {lead} in pieces of {size}");
                }
            }
        }
        let dump = hex::encode(format!("a: {secret}"));
        let masked = redactor.mask(&format!("{}\n{}\n", &dump[..60], &dump[60..]));
        assert_eq!(masked, format!("{}{MASK}\n{MASK}\n", hex::encode("a: ")));
    }

    #[test]
    fn lines_that_are_no_base64_of_a_secret_stay() {
        let redactor = redactor(&["hunter2-long"]);
        let encoded = "aHVudGVyMi1sb25n";
        for text in [
            "aHVu\n\ndGVyMi1sb25n",
            "aHVu\n- dGVyMi1sb25n",
            "aHVu dGVyMi1sb25n",
            "aHVu\n",
            "aHVu\r",
            "aHVu\n   ",
            "hunter2\n-long",
        ] {
            assert_masked(&redactor, text, text);
        }
        let blanks = format!("aHVu\n{}dGVyMi1sb25n", " ".repeat(40));
        assert_masked(&redactor, &blanks, &blanks);
        assert_masked(&redactor, &format!("\n{encoded}\n"), &format!("\n{MASK}\n"));
        assert_masked(&redactor, "x: aHVu\r\ndGVy\n  Mi1sb25n\n", &format!("x: {MASK}\r\n{MASK}\n  {MASK}\n"));
    }

    #[test]
    fn what_is_held_back_is_bounded() {
        let secret = "s".repeat(300);
        let mut masker = Masker::new(redactor(&[&secret]));
        // Its base64 is one group of four over and over; a place that it begins at is found again and again.
        let line = format!("{}{}\n", "c3Nz".repeat(16), "ab");
        for _ in 0..1000 {
            masker.push(line.as_bytes());
            assert!(masker.held.len() < 1000);
        }
    }

    #[test]
    fn addresses_json_and_traces_are_masked() {
        let secret = "a/b+c \"d\" 'é' <&>\\ 100%";
        let redactor = redactor(&[secret]);
        for printed in [
            secret,
            "a%2Fb%2Bc%20%22d%22%20%27%C3%A9%27%20%3C%26%3E%5C%20100%25",
            "a%2fb%2bc%20%22d%22%20%27%c3%a9%27%20%3c%26%3e%5c%20100%25",
            "a/b%2Bc%20%22d%22%20%27%C3%A9%27%20%3C%26%3E%5C%20100%25",
            "a%2Fb%2Bc+%22d%22+%27%C3%A9%27+%3C%26%3E%5C+100%25",
            r#"a/b+c \"d\" 'é' <&>\\ 100%"#,
            r#"a\/b+c \"d\" 'é' <&>\\ 100%"#,
            r#"a/b+c \"d\" '\u00e9' <&>\\ 100%"#,
            r#"a\/b+c \"d\" '\u00E9' <&>\\ 100%"#,
            r#"a/b+c \"d\" 'é' \u003c\u0026\u003e\\ 100%"#,
            r#"a/b+c "d" '\''é'\'' <&>\ 100%"#,
            r#"a/b+c \\\"d\\\" 'é' <&>\\\\ 100%"#,
            r#"a/b+c &quot;d&quot; &#39;é&#39; &lt;&amp;&gt;\ 100%"#,
            r#"a/b+c &#34;d&#34; &#x27;é&#x27; &lt;&amp;&gt;\ 100%"#,
            r#"a/b+c "d" 'é' &lt;&amp;&gt;\ 100%"#,
        ] {
            assert_masked(&redactor, &format!("x={printed};"), "x=••••••;");
        }
        assert_masked(&redactor, &format!("x={};", hex::encode(secret)), "x=••••••;");
    }

    #[test]
    fn what_shells_quote_is_masked() {
        let every: String = (' '..='~').collect();
        for secret in [every.as_str(), "#a $b `c`", "~/it's \\ \"so\"", "one\ttwo 'three'\nfour"] {
            let redactor = redactor(&[secret]);
            for script in ["declare -p S", "printf %q \"$S\"", "set -x; : \"$S\""] {
                let mut shell = std::process::Command::new("bash");
                let output = shell.args(["-c", script]).env_clear().env("PATH", "/usr/bin:/bin").env("S", secret);
                let output = output.output().unwrap();
                let printed = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
                let masked = redactor.mask(&printed);
                let line =
                    masked.lines().find(|line| line.contains(MASK)).unwrap_or_else(|| panic!("{script}: {printed}"));
                let rest = line.replace(MASK, "");
                assert!(rest.trim_matches([' ', '\'', '"', '$']).len() <= "declare -x S=".len(), "{script}: {masked}");
            }
        }
    }

    #[test]
    fn of_secrets_that_begin_alike_the_longest_is_masked_whole() {
        let redactor = redactor(&["pass", "password", "password-of-production", "passing"]);
        assert_eq!(
            redactor.mask("pass password passwort password-of-production passing"),
            "•••••• •••••• ••••••wort •••••• ••••••"
        );
    }

    #[test]
    fn short_lines_do_not_open_a_secret() {
        let redactor = redactor(&["{\n\"k\": \"v\"\n}\n"]);
        assert_eq!(redactor.mask("{\n\"k\": \"v\"\n}"), MASK);
        assert_eq!(redactor.mask("{ }"), "{ }");
    }
}
