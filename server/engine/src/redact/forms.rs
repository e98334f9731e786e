//! How a secret looks once a program has written it in another way: what people do to look past a mask by accident.
//!
//! A hook that prints its configuration prints it as JSON, a request that fails prints its address, and a header for
//! basic authentication is base64. Whoever encodes a secret to get at it has other ways too; a hook may read what it is
//! given.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use zeroize::Zeroizing;

/// After how many characters tools break base64 into lines: OpenSSL and PEM, coreutils and MIME.
const WRAPS: [usize; 2] = [64, 76];
/// Shorter pieces of base64 are not looked for by themselves: they are words of other texts too. In bytes.
const SHORTEST_PIECE: usize = 8;
/// What stands bare in a URL, for different tools, and whether a space becomes a plus.
const BARE: [(&str, bool); 6] = [
    ("-_.~", false),
    ("-_.~/", false),
    ("-_.!~*'()", false),
    ("-_.!~*'();/?:@&=+$,#", false),
    ("-_.*", true),
    ("-_.", true),
];
/// What has a meaning within a shell's double quotes, and what has one in a bare word (bash's `printf %q`).
const DOUBLE_QUOTED: &str = "\"$`\\";
const BARE_WORD: &str = " !\"$&'()*,;<>?[\\]^`{|}";

/// The forms of a secret that tools break into lines wherever a line is full: base64 and hexadecimal digits.
pub(super) fn broken(secret: &str) -> Vec<Zeroizing<String>> {
    let mut found = Vec::new();
    base64(secret.as_bytes(), &mut found);
    let hex = Zeroizing::new(hex::encode(secret));
    found.push(Zeroizing::new(hex.to_uppercase()));
    found.push(hex);
    found
}

/// Every other form of a secret but the plain one, and single lines of what is [`broken`].
pub(super) fn forms(secret: &str) -> Vec<Zeroizing<String>> {
    let mut found = Vec::new();
    lines(secret.as_bytes(), &mut found);
    for (bare, plus) in BARE {
        let upper = percent(secret, bare, plus);
        found.push(Zeroizing::new(lower_escapes(&upper)));
        found.push(Zeroizing::new(upper));
    }
    let before = found.len();
    json(secret, &mut found);
    // A log that is itself JSON holds an answer that was JSON.
    for text in found.split_off(before) {
        json(&text, &mut found);
        found.push(text);
    }
    shell(secret, &mut found);
    html(secret, &mut found);
    found.retain(|form| form.as_str() != secret);
    found
}

/// As base64 at each of the three places where it may begin within what is encoded: as much as depends on the secret
/// alone, and as the end of it, with or without a line break.
fn base64(secret: &[u8], found: &mut Vec<Zeroizing<String>>) {
    for engine in [&STANDARD, &URL_SAFE] {
        for (lead, skip) in [(0, 0), (1, 2), (2, 3)] {
            for end in [b"".as_slice(), b"\n", b"\r\n"] {
                let bytes = Zeroizing::new([&[0, 0][..lead], secret, end].concat());
                let text = Zeroizing::new(engine.encode(bytes.as_slice()));
                let whole = (lead + secret.len()) * 8 / 6;
                let bare = text.trim_end_matches('=').len();
                found.extend([whole, bare, text.len()].map(|upto| Zeroizing::new(text[skip..upto].to_owned())));
            }
        }
    }
}

/// The lines of base64 that is nothing but the secret: some tools print something before each.
fn lines(secret: &[u8], found: &mut Vec<Zeroizing<String>>) {
    for engine in [&STANDARD, &URL_SAFE] {
        for end in [b"".as_slice(), b"\n", b"\r\n"] {
            let text = Zeroizing::new(engine.encode(Zeroizing::new([secret, end].concat()).as_slice()));
            for wrap in WRAPS.into_iter().filter(|wrap| text.len() > *wrap) {
                let pieces = (0..text.len()).step_by(wrap).map(|at| &text[at..text.len().min(at + wrap)]);
                let long = pieces.filter(|piece| piece.len() >= SHORTEST_PIECE);
                found.extend(long.map(|piece| Zeroizing::new(piece.to_owned())));
            }
        }
    }
}

fn percent(secret: &str, bare: &str, plus: bool) -> String {
    let mut out = String::with_capacity(3 * secret.len());
    for byte in secret.bytes() {
        match byte {
            b' ' if plus => out.push('+'),
            byte if byte.is_ascii_alphanumeric() || bare.as_bytes().contains(&byte) => out.push(char::from(byte)),
            byte => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// The same with small letters in the escapes.
fn lower_escapes(text: &str) -> String {
    let mut parts = text.split('%');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (escape, rest) = part.split_at(part.len().min(2));
        out.push('%');
        out.push_str(&escape.to_ascii_lowercase());
        out.push_str(rest);
    }
    out
}

/// As a string in JSON, as several libraries write it.
fn json(secret: &str, found: &mut Vec<Zeroizing<String>>) {
    let quoted = Zeroizing::new(serde_json::Value::from(secret).to_string());
    let plain = quoted.get(1..quoted.len() - 1).unwrap_or_default();
    let ascii = |upper: bool| -> String {
        let mut out = String::with_capacity(2 * plain.len());
        for c in plain.chars() {
            if c.is_ascii() {
                out.push(c);
                continue;
            }
            for unit in c.encode_utf16(&mut [0; 2]) {
                out.push_str(&if upper { format!("\\u{unit:04X}") } else { format!("\\u{unit:04x}") });
            }
        }
        out
    };
    let html = plain.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026");
    for text in [plain.to_owned(), ascii(false), ascii(true), html] {
        found.push(Zeroizing::new(text.replace('/', "\\/")));
        found.push(Zeroizing::new(text));
    }
}

/// As shells quote it: in a trace, by `set`, `export -p` and `declare -p`, and by `printf %q`.
fn shell(secret: &str, found: &mut Vec<Zeroizing<String>>) {
    let quoted = ["'\\''", "'\"'\"'"].map(|quote| secret.replace('\'', quote));
    let escaped = |special: &str| -> String {
        let escape = |(at, c): (usize, char)| {
            // These two mean something at the beginning of a word alone.
            let is_special = special.contains(c) || at == 0 && special != DOUBLE_QUOTED && matches!(c, '#' | '~');
            is_special.then_some('\\').into_iter().chain([c])
        };
        secret.char_indices().flat_map(escape).collect()
    };
    let mut control = String::with_capacity(2 * secret.len());
    for c in secret.chars() {
        match c {
            '\\' | '\'' => control.extend(['\\', c]),
            '\n' => control.push_str("\\n"),
            '\t' => control.push_str("\\t"),
            '\r' => control.push_str("\\r"),
            '\x1b' => control.push_str("\\E"),
            c => control.push(c),
        }
    }
    found.extend(quoted.into_iter().chain([escaped(DOUBLE_QUOTED), escaped(BARE_WORD), control]).map(Zeroizing::new));
}

/// As text in a page: the five characters that have a meaning there, as several libraries write them.
fn html(secret: &str, found: &mut Vec<Zeroizing<String>>) {
    let tags = Zeroizing::new(secret.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;"));
    for double in ["\"", "&quot;", "&#34;", "&#x22;"] {
        for single in ["'", "&#39;", "&#x27;", "&#039;", "&apos;"] {
            found.push(Zeroizing::new(tags.replace('"', double).replace('\'', single)));
        }
    }
}
