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
/// What stands bare in a URL, for different tools, and whether a space becomes a plus.
const BARE: [(&str, bool); 6] = [
    ("-_.~", false),
    ("-_.~/", false),
    ("-_.!~*'()", false),
    ("-_.!~*'();/?:@&=+$,#", false),
    ("-_.*", true),
    ("-_.", true),
];
/// The base64 of a line break alone, which is in many a log.
const BREAK: &str = "Cg==";

/// Every form of a secret but the plain one.
pub(super) fn forms(secret: &str) -> Vec<Zeroizing<String>> {
    let mut found = Vec::new();
    base64(secret.as_bytes(), &mut found);
    for (bare, plus) in BARE {
        let upper = percent(secret, bare, plus);
        found.push(Zeroizing::new(lower_escapes(&upper)));
        found.push(Zeroizing::new(upper));
    }
    json(secret, &mut found);
    if secret.contains('\'') {
        // As a shell that traces its commands quotes it.
        found.extend(["'\\''", "'\"'\"'"].map(|quoted| Zeroizing::new(secret.replace('\'', quoted))));
    }
    let hex = Zeroizing::new(hex::encode(secret));
    found.push(Zeroizing::new(hex.to_uppercase()));
    found.push(hex);
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
                if lead == 0 {
                    found.extend(WRAPS.iter().filter(|wrap| text.len() > **wrap).flat_map(|wrap| lines(&text, *wrap)));
                }
            }
        }
    }
}

fn lines(text: &str, wrap: usize) -> impl Iterator<Item = Zeroizing<String>> + '_ {
    (0..text.len())
        .step_by(wrap)
        .map(move |at| &text[at..text.len().min(at + wrap)])
        .filter(|line| *line != BREAK)
        .map(|line| Zeroizing::new(line.to_owned()))
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
