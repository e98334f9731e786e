//! Who reads the answer: cookies and the language.

use axum::http::{HeaderMap, header};
use launchway_domain::Lang;

/// The value of a cookie.
pub(crate) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(key, value)| (key == name).then_some(value))
}

/// The reader's language: what they chose (the `lang` cookie), else what their browser prefers.
pub(crate) fn lang(headers: &HeaderMap) -> Lang {
    cookie(headers, "lang").and_then(Lang::parse).unwrap_or_else(|| {
        headers.get(header::ACCEPT_LANGUAGE).and_then(|v| v.to_str().ok()).map(Lang::accept).unwrap_or_default()
    })
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn headers(name: header::HeaderName, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_static(value))])
    }

    #[test]
    fn the_chosen_language_beats_the_browsers() {
        let mut both = headers(header::COOKIE, "id=x; lang=zh");
        both.insert(header::ACCEPT_LANGUAGE, HeaderValue::from_static("en"));
        assert_eq!(lang(&both), Lang::Zh);
        assert_eq!(lang(&headers(header::ACCEPT_LANGUAGE, "zh-CN,en;q=0.5")), Lang::Zh);
        assert_eq!(lang(&HeaderMap::new()), Lang::En);
    }
}
