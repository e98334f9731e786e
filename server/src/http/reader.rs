//! Who reads the answer: the language, and the address that asks.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::extract::ConnectInfo;
use axum::http::{Extensions, HeaderMap, header};
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

/// The address that asks, for the limit on tries. Behind a proxy on this host (`proxied`: a public
/// URL was given) it is the one that the proxy appended last; whatever stands before that, the
/// client may have made up.
pub(crate) fn client(extensions: &Extensions, headers: &HeaderMap, proxied: bool) -> IpAddr {
    let peer = extensions
        .get::<ConnectInfo<SocketAddr>>()
        .map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |ConnectInfo(address)| address.ip());
    if !proxied || !peer.is_loopback() {
        return peer;
    }
    headers
        .get_all("x-forwarded-for")
        .iter()
        .next_back()
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.rsplit(',').next())
        .and_then(|last| last.trim().parse().ok())
        .unwrap_or(peer)
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

    #[test]
    fn only_a_proxy_on_this_host_is_believed() {
        let sent = headers(header::HeaderName::from_static("x-forwarded-for"), "6.6.6.6, 198.51.100.7");
        let mut extensions = Extensions::new();
        extensions.insert(ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 9))));
        assert_eq!(client(&extensions, &sent, true), IpAddr::from([198, 51, 100, 7]));
        assert_eq!(client(&extensions, &sent, false), IpAddr::from([127, 0, 0, 1]));
        extensions.insert(ConnectInfo(SocketAddr::from(([203, 0, 113, 5], 9))));
        assert_eq!(client(&extensions, &sent, true), IpAddr::from([203, 0, 113, 5]));
    }
}
