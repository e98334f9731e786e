//! Secrets never reach a log or a screen.
//!
//! A [`Redactor`] knows the secrets of one release; a [`Masker`] carries it along one stream of
//! bytes, so that a secret printed in two writes is found all the same, and turns the bytes into text
//! on the way.

use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};

/// What stands in a log where a secret stood.
pub const MASK: &str = "••••••";
/// Shorter secrets are not looked for: masking every `a` would hide the log and tell the secret.
const SHORTEST: usize = 4;

/// The secrets of one release.
#[derive(Clone, Default)]
pub struct Redactor {
    /// Longest first, so that of two secrets that begin alike the whole one is masked.
    patterns: Arc<Vec<SecretString>>,
    /// The bytes with which one of them begins: most bytes of a log are settled by this alone.
    firsts: Arc<Firsts>,
}

/// Which bytes begin a pattern.
struct Firsts([bool; 256]);

impl Default for Firsts {
    fn default() -> Self {
        Self([false; 256])
    }
}

impl Firsts {
    /// How many bytes come before the first that begins a pattern.
    fn harmless(&self, bytes: &[u8]) -> usize {
        bytes.iter().position(|byte| self.0[usize::from(*byte)]).unwrap_or(bytes.len())
    }
}

impl std::fmt::Debug for Redactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Redactor({} patterns)", self.patterns.len())
    }
}

impl Redactor {
    /// Looks for each secret, and for each line of one that has several, as private keys do.
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a SecretString>) -> Self {
        let mut found: Vec<String> = Vec::new();
        for secret in secrets {
            for line in secret.expose_secret().lines() {
                let line = line.trim();
                // The first and last line of a private key are the same for everyone.
                if line.len() >= SHORTEST && !line.starts_with("-----") && !found.iter().any(|f| f == line) {
                    found.push(line.to_owned());
                }
            }
        }
        found.sort_by_key(|line| std::cmp::Reverse(line.len()));
        let mut firsts = Firsts([false; 256]);
        for line in &found {
            firsts.0[usize::from(line.as_bytes()[0])] = true;
        }
        Self { patterns: Arc::new(found.into_iter().map(SecretString::from).collect()), firsts: Arc::new(firsts) }
    }

    /// Masks a text that is known whole.
    pub fn mask(&self, text: &str) -> String {
        let mut masker = Masker::new(self.clone());
        let mut out = masker.push(text.as_bytes());
        out.push_str(&masker.finish());
        out
    }

    /// The secret that begins here, by its length.
    fn at(&self, bytes: &[u8]) -> Option<usize> {
        self.patterns.iter().map(|p| p.expose_secret().as_bytes()).find(|p| bytes.starts_with(p)).map(<[u8]>::len)
    }

    /// Whether what is left could be the beginning of a secret whose end has not come yet.
    fn may_begin(&self, bytes: &[u8]) -> bool {
        self.patterns
            .iter()
            .map(|p| p.expose_secret().as_bytes())
            .any(|p| p.len() > bytes.len() && p.starts_with(bytes))
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
        let mut masked = Vec::with_capacity(self.held.len());
        let mut position = 0;
        while position < self.held.len() {
            let rest = &self.held[position..];
            let harmless = self.redactor.firsts.harmless(rest);
            if harmless > 0 {
                masked.extend_from_slice(&rest[..harmless]);
                position += harmless;
                continue;
            }
            if !at_end && self.redactor.may_begin(rest) {
                break;
            }
            match self.redactor.at(rest) {
                Some(length) => {
                    masked.extend_from_slice(MASK.as_bytes());
                    position += length;
                }
                None => {
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
        assert_eq!(format!("{:?}", redactor(&["hunter2"])), "Redactor(1 patterns)");
    }
}
