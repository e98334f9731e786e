//! From where a request comes: the address that asks, and whether it came by HTTPS. The one place that reads what
//! proxies say, and only what those say that the configuration trusts.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::extract::{ConnectInfo, Request, State};
use axum::http::{Extensions, HeaderMap, header};
use axum::middleware::Next;
use axum::response::Response;

use crate::AppState;
use crate::config::Config;

/// The most hops that are looked at: whoever names more has made them up.
const HOPS: usize = 32;

/// From where a request comes; in the extensions of every request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Client {
    /// The address that asks.
    pub(crate) address: IpAddr,
    /// Whether a trusted proxy says that it came by HTTPS, or it came by our own.
    pub(crate) is_secure: bool,
}

/// Middleware, before all that ask: notes from where the request comes.
pub(crate) async fn note(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    let client = Client::find(request.extensions(), request.headers(), &state.config);
    request.extensions_mut().insert(client);
    next.run(request).await
}

/// The address that asks.
pub(crate) fn address(extensions: &Extensions) -> IpAddr {
    extensions.get::<Client>().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |client| client.address)
}

impl Client {
    fn find(extensions: &Extensions, headers: &HeaderMap, config: &Config) -> Self {
        let peer = extensions
            .get::<ConnectInfo<SocketAddr>>()
            .map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |ConnectInfo(address)| address.ip().to_canonical());
        if !config.trusts(peer) {
            return Self { address: peer, is_secure: config.tls.is_some() };
        }
        let (address, is_secure) = forwarded(peer, headers, config);
        Self { address, is_secure: is_secure || config.tls.is_some() }
    }
}

/// What a trusted proxy says. Proxies write `X-Forwarded-For` or `Forwarded` (RFC 7239), and pass the other on as the
/// client sent it: where both are there and differ, nobody can tell which is the proxy's, and neither is believed.
fn forwarded(peer: IpAddr, headers: &HeaderMap, config: &Config) -> (IpAddr, bool) {
    let common: Vec<Option<IpAddr>> = values(headers, "x-forwarded-for").map(|hop| address_of(&hop)).collect();
    let standard: Vec<(Option<IpAddr>, Option<String>)> = values(headers, header::FORWARDED.as_str())
        .map(|hop| (pair(&hop, "for").and_then(|v| address_of(&v)), pair(&hop, "proto")))
        .collect();
    let by_common = nearest(peer, common.iter().copied(), config);
    let by_standard = nearest(peer, standard.iter().map(|(address, _)| *address), config);
    let address = match (common.is_empty(), standard.is_empty()) {
        (false, true) => by_common,
        (true, false) => by_standard,
        (false, false) if by_common == by_standard => by_common,
        _ => peer,
    };
    // The last one is what the proxy in front of us says.
    let proto = values(headers, "x-forwarded-proto").last();
    let proto = proto.or_else(|| standard.into_iter().next_back().and_then(|(_, proto)| proto));
    (address, proto.is_some_and(|proto| proto.eq_ignore_ascii_case("https")))
}

/// The right-most address that is no trusted proxy's: what stands to the left of it may be made up.
fn nearest(peer: IpAddr, hops: impl DoubleEndedIterator<Item = Option<IpAddr>>, config: &Config) -> IpAddr {
    let mut nearest = peer;
    for hop in hops.rev().take(HOPS) {
        // `unknown`, a name, or rubbish: nothing behind it can be followed.
        let Some(address) = hop else { return nearest };
        nearest = address;
        if !config.trusts(address) {
            return nearest;
        }
    }
    nearest
}

/// The elements of a header that may come several times, and each time with several elements.
fn values(headers: &HeaderMap, name: &str) -> impl Iterator<Item = String> {
    let lines = headers.get_all(name).iter().map(|value| value.to_str().unwrap_or("?"));
    lines.flat_map(|line| line.split(',')).map(|part| part.trim().to_owned()).collect::<Vec<_>>().into_iter()
}

/// The value of a parameter of an element of `Forwarded`.
fn pair(element: &str, name: &str) -> Option<String> {
    element.split(';').find_map(|part| {
        let (key, value) = part.trim().split_once('=')?;
        key.trim().eq_ignore_ascii_case(name).then(|| value.trim().trim_matches('"').to_owned())
    })
}

/// An address as proxies write it: alone, with a port, in brackets.
fn address_of(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|text| text.split_once(']')).map(|(address, _)| address);
    bare.unwrap_or(text)
        .parse::<IpAddr>()
        .ok()
        .or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()))
        .map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderName;

    use super::*;

    fn seen(peer: [u8; 4], sent: &[(&str, &str)]) -> (String, bool) {
        let trusted_proxies = vec!["127.0.0.0/8".parse().unwrap(), "10.1.0.0/16".parse().unwrap()];
        let config = Config { trusted_proxies, ..Config::new("data") };
        let mut extensions = Extensions::new();
        extensions.insert(ConnectInfo(SocketAddr::from((peer, 9))));
        let mut headers = HeaderMap::new();
        for (name, value) in sent {
            headers.append(HeaderName::from_bytes(name.as_bytes()).unwrap(), value.parse().unwrap());
        }
        let client = Client::find(&extensions, &headers, &config);
        (client.address.to_string(), client.is_secure)
    }

    const PROXY: [u8; 4] = [127, 0, 0, 1];

    #[test]
    fn the_right_most_address_that_is_no_proxys_counts() {
        for (value, address) in [
            ("198.51.100.7", "198.51.100.7"),
            ("6.6.6.6, 198.51.100.7", "198.51.100.7"),
            ("6.6.6.6, 198.51.100.7, 10.1.2.3", "198.51.100.7"),
            ("10.1.2.3", "10.1.2.3"),
            ("198.51.100.7:4711", "198.51.100.7"),
            ("2001:db8::1", "2001:db8::1"),
            ("[2001:db8::1]:4711", "2001:db8::1"),
            ("::ffff:198.51.100.7", "198.51.100.7"),
            ("6.6.6.6, unknown", "127.0.0.1"),
            ("6.6.6.6, unknown, 10.1.2.3", "10.1.2.3"),
            ("", "127.0.0.1"),
        ] {
            assert_eq!(seen(PROXY, &[("x-forwarded-for", value)]).0, address, "{value}");
        }
        let twice = [("x-forwarded-for", "6.6.6.6"), ("x-forwarded-for", "198.51.100.7")];
        assert_eq!(seen(PROXY, &twice).0, "198.51.100.7", "the last line is the proxy's");
    }

    #[test]
    fn whoever_is_not_trusted_is_not_believed() {
        let sent = [("x-forwarded-for", "6.6.6.6"), ("forwarded", "for=6.6.6.6"), ("x-forwarded-proto", "https")];
        assert_eq!(seen([203, 0, 113, 5], &sent), ("203.0.113.5".into(), false));
    }

    #[test]
    fn the_standard_header_is_read_too() {
        let sent = |value| seen(PROXY, &[("forwarded", value)]);
        assert_eq!(sent("for=6.6.6.6, For=\"[2001:db8::1]:4711\";proto=https"), ("2001:db8::1".into(), true));
        assert_eq!(sent("for=198.51.100.7;proto=http;by=10.1.0.1"), ("198.51.100.7".into(), false));
        assert_eq!(sent("for=_hidden"), ("127.0.0.1".into(), false));
    }

    #[test]
    fn where_the_two_headers_differ_one_of_them_is_made_up() {
        let both = |common, standard| seen(PROXY, &[("x-forwarded-for", common), ("forwarded", standard)]).0;
        assert_eq!(both("198.51.100.7", "for=6.6.6.6"), "127.0.0.1");
        assert_eq!(both("198.51.100.7", "for=198.51.100.7"), "198.51.100.7");
    }

    #[test]
    fn the_scheme_is_what_the_nearest_proxy_says() {
        assert!(seen(PROXY, &[("x-forwarded-proto", "https")]).1);
        assert!(!seen(PROXY, &[("x-forwarded-proto", "https, http")]).1);
    }
}
