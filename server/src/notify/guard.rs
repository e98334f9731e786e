//! Where nothing may be sent to: everything that is not a place on the internet, unless the administrator allows it.
//!
//! Whoever sets up a channel names an address, and Launchway stands where that person may not: beside databases, cloud
//! metadata and routers. So a name is looked up here, every address that it has is judged, and the connection goes to
//! one that was judged and to no other.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// The networks of IPv4 that are not on the internet (the registry of RFC 6890, and multicast).
const SPECIAL_V4: [Ipv4Net; 15] = [
    v4([0, 0, 0, 0], 8),
    v4([10, 0, 0, 0], 8),
    v4([100, 64, 0, 0], 10),
    v4([127, 0, 0, 0], 8),
    v4([169, 254, 0, 0], 16),
    v4([172, 16, 0, 0], 12),
    v4([192, 0, 0, 0], 24),
    v4([192, 0, 2, 0], 24),
    v4([192, 88, 99, 0], 24),
    v4([192, 168, 0, 0], 16),
    v4([198, 18, 0, 0], 15),
    v4([198, 51, 100, 0], 24),
    v4([203, 0, 113, 0], 24),
    v4([224, 0, 0, 0], 4),
    v4([240, 0, 0, 0], 4),
];

/// The one network of IPv6 that is on the internet, and what of it is not: special protocols (Teredo among them),
/// documentation twice, and 6to4, which hides an address of IPv4.
const GLOBAL_V6: Ipv6Net = v6([0x2000, 0], 3);
const SPECIAL_V6: [Ipv6Net; 4] =
    [v6([0x2001, 0], 23), v6([0x2001, 0xdb8], 32), v6([0x2002, 0], 16), v6([0x3fff, 0], 20)];

const fn v4(octets: [u8; 4], prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(octets[0], octets[1], octets[2], octets[3]), prefix)
}

const fn v6(first: [u16; 2], prefix: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(first[0], first[1], 0, 0, 0, 0, 0, 0), prefix)
}

/// An address that nothing may be sent to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} is not on the internet")]
pub(crate) struct NotAllowed(pub(crate) IpAddr);

/// Judges addresses.
#[derive(Clone, Debug)]
pub(crate) struct Guard {
    allow: Arc<[IpNet]>,
}

impl Guard {
    /// One that also lets these networks pass.
    pub(crate) fn new(allow: Vec<IpNet>) -> Self {
        Self { allow: allow.into() }
    }

    /// Whether something may be sent there.
    ///
    /// # Errors
    /// [`NotAllowed`].
    pub(crate) fn check(&self, address: IpAddr) -> Result<(), NotAllowed> {
        // ::ffff:127.0.0.1 is 127.0.0.1.
        let address = address.to_canonical();
        let special = match address {
            IpAddr::V4(v4) => SPECIAL_V4.iter().any(|net| net.contains(&v4)),
            IpAddr::V6(v6) => !GLOBAL_V6.contains(&v6) || SPECIAL_V6.iter().any(|net| net.contains(&v6)),
        };
        if special && !self.allow.iter().any(|net| net.contains(&address)) { Err(NotAllowed(address)) } else { Ok(()) }
    }
}

/// Looks names up for the client, which connects to nothing but what is answered here.
impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = self.clone();
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            // Every one: a name with a good and a bad address is a bad name.
            for address in &found {
                guard.check(address.ip())?;
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_on_the_internet_is_refused() {
        let guard = Guard::new(Vec::new());
        for bad in [
            "127.0.0.1",
            "0.0.0.0",
            "10.1.2.3",
            "172.31.255.255",
            "192.168.0.1",
            "169.254.169.254",
            "100.100.100.200",
            "224.0.0.1",
            "255.255.255.255",
            "198.18.0.1",
            "::1",
            "::",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "fe80::1",
            "fc00::1",
            "fd00:ec2::254",
            "ff02::1",
            "2002:7f00:1::",
            "2001:0:7f00:1::",
            "2001:db8::1",
        ] {
            assert!(guard.check(bad.parse().unwrap()).is_err(), "{bad}");
        }
        for good in ["1.1.1.1", "172.32.0.1", "8.8.8.8", "2606:4700:4700::1111", "::ffff:1.1.1.1"] {
            assert!(guard.check(good.parse().unwrap()).is_ok(), "{good}");
        }
    }

    #[test]
    fn the_administrator_lets_a_network_pass() {
        let guard = Guard::new(vec!["10.1.0.0/16".parse().unwrap(), "::1/128".parse().unwrap()]);
        assert!(guard.check("10.1.2.3".parse().unwrap()).is_ok());
        assert!(guard.check("::ffff:10.1.2.3".parse().unwrap()).is_ok());
        assert!(guard.check("::1".parse().unwrap()).is_ok());
        assert!(guard.check("10.2.0.1".parse().unwrap()).is_err());
    }

    #[tokio::test]
    async fn a_name_of_this_host_is_looked_up_and_refused() {
        let resolve =
            |guard: Guard| async move { guard.resolve("localhost".parse().unwrap()).await.map(|found| found.count()) };
        let refused = resolve(Guard::new(Vec::new())).await.unwrap_err();
        assert!(refused.downcast_ref::<NotAllowed>().is_some(), "{refused}");
        let allowed = Guard::new(vec!["127.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()]);
        assert!(resolve(allowed).await.unwrap() > 0);
    }
}
