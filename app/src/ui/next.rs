//! Back to the page that was asked for.

/// The path after a sign-in: `next` where it is a path of this site, else the front page. Anything that a browser could
/// read as another site (`//host`, `/\host`, a scheme) is not followed.
pub fn safe(next: Option<&str>) -> &str {
    match next {
        Some(path)
            if path.starts_with('/')
                && !path.starts_with("//")
                && !path.contains('\\')
                && !path.contains(char::is_control) =>
        {
            path
        }
        _ => "/",
    }
}

/// A text as one value in a query.
pub fn encode(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for byte in value.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            byte => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// Reads [`encode`] back; what is no text becomes U+FFFD.
pub fn decode(value: &str) -> String {
    let bytes = value.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let digits = value.get(at + 1..at + 3).filter(|_| *byte == b'%');
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(decoded) => {
                out.push(decoded);
                at += 3;
            }
            None => {
                out.push(*byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_this_site_are_followed() {
        assert_eq!(safe(Some("/releases/7?node=start")), "/releases/7?node=start");
        for foreign in ["https://evil.example", "//evil.example", "/\\evil.example", "evil", "", "/\n/x"] {
            assert_eq!(safe(Some(foreign)), "/", "{foreign}");
        }
        assert_eq!(safe(None), "/");
    }

    #[test]
    fn a_value_stays_one_value() {
        assert_eq!(encode("/a?b=1&c=中"), "%2Fa%3Fb%3D1%26c%3D%E4%B8%AD");
        assert_eq!(decode(&encode("/a?b=1&c=中")), "/a?b=1&c=中");
        assert_eq!(decode("100%"), "100%");
        assert_eq!(decode("%e"), "%e");
    }
}
