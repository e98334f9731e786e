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
    }
}
