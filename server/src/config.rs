//! What the program is told when it starts: options, or environment variables in their place.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use launchway_engine::data::DataDir;
use launchway_engine::runner::DEFAULT_PARALLEL;
use launchway_engine::store::Store;
use secrecy::SecretString;
use url::Url;

use crate::notify::Outward;

/// The variable that holds the master key. An option would show in the list of processes.
pub const MASTER_KEY: &str = "LAUNCHWAY_MASTER_KEY";
/// Where the program listens unless told otherwise.
pub const DEFAULT_LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 3000);
/// How long a hook may run unless told otherwise.
pub const DEFAULT_HOOK_TIMEOUT: Duration = Duration::from_secs(30 * 60);

/// How often what is live is looked at unless told otherwise.
pub const DEFAULT_LIVE_CHECK: Duration = Duration::from_secs(5 * 60);

/// How often the API may be called by one token, by the sessions of one person.
pub const CALLER_RATE: Rate = Rate { burst: 600, per_second: 100 };
/// How often it may be called from one address by whoever is nobody.
pub const STRANGER_RATE: Rate = Rate { burst: 300, per_second: 30 };

/// How often something may be done.
#[derive(Clone, Copy, Debug)]
pub struct Rate {
    /// How many times at once.
    pub burst: u32,
    /// How many times a second, for long.
    pub per_second: u32,
}

/// Everything that a running program was told.
#[derive(Clone, Debug)]
pub struct Config {
    /// The data folder.
    pub data: PathBuf,
    /// The database's URL; SQLite in the data folder where absent.
    pub database_url: Option<SecretString>,
    /// Where to listen.
    pub listen: SocketAddr,
    /// Where browsers find it, behind a proxy; `https` makes cookies `Secure`.
    pub public_url: Option<Url>,
    /// Whose word about the address and the scheme of a request is taken: the proxies in front.
    pub trusted_proxies: Vec<IpNet>,
    /// Where TLS is spoken without a proxy: the files.
    pub tls: Option<TlsFiles>,
    /// What secrets are sealed with; a file in the data folder where absent.
    pub master_key: Option<SecretString>,
    /// How long a hook may run.
    pub hook_timeout: Duration,
    /// How many servers are worked on at once, over all releases.
    pub parallel: usize,
    /// How often what is live is looked at on the servers; never where absent.
    pub live_check: Option<Duration>,
    /// Where notifications may go, and how e-mail gets there.
    pub notify: Outward,
    /// How often one token, or the sessions of one person, may call the API.
    pub caller_rate: Rate,
    /// How often it may be called from one address by whoever is nobody.
    pub stranger_rate: Rate,
    /// The user that local hooks run as where the program is root's; otherwise one is looked for.
    pub hook_user: Option<String>,
}

impl Config {
    /// A program on one data folder with everything else as by default.
    pub fn new(data: impl Into<PathBuf>) -> Self {
        Self {
            data: data.into(),
            database_url: None,
            listen: DEFAULT_LISTEN,
            public_url: None,
            trusted_proxies: Vec::new(),
            tls: None,
            master_key: None,
            hook_timeout: DEFAULT_HOOK_TIMEOUT,
            parallel: DEFAULT_PARALLEL,
            live_check: Some(DEFAULT_LIVE_CHECK),
            notify: Outward::default(),
            caller_rate: CALLER_RATE,
            stranger_rate: STRANGER_RATE,
            hook_user: None,
        }
    }

    /// What notifications need to know of this installation.
    pub fn outward(&self) -> Outward {
        Outward { public_url: self.public_url.clone(), ..self.notify.clone() }
    }

    /// Whether browsers come by HTTPS.
    pub fn is_secure(&self) -> bool {
        match &self.public_url {
            Some(url) => url.scheme() == "https",
            None => self.tls.is_some(),
        }
    }

    /// Whether an address is that of a trusted proxy.
    pub fn trusts(&self, address: IpAddr) -> bool {
        self.trusted_proxies.iter().any(|network| network.contains(&address))
    }

    /// The database's URL. It may hold a password: not for logs.
    ///
    /// # Errors
    /// Where the data folder's path cannot be written as a URL.
    pub fn database(&self, data: &DataDir) -> std::io::Result<SecretString> {
        match &self.database_url {
            Some(url) => Ok(url.clone()),
            None => Store::sqlite_url(&data.database()).map(SecretString::from),
        }
    }
}

/// The files that TLS needs, in PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate, and those between it and its authority.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// Reads the master key from the environment; none where it is unset or blank.
pub fn master_key() -> Option<SecretString> {
    std::env::var(MASTER_KEY).ok().filter(|key| !key.trim().is_empty()).map(SecretString::from)
}

/// A network, of proxies or of where notifications may go, or one address: `10.1.0.0/16`, `127.0.0.1`.
///
/// # Errors
/// A sentence that says what is wrong.
pub fn network(text: &str) -> Result<IpNet, String> {
    let text = text.trim();
    text.parse::<IpNet>()
        .or_else(|_| text.parse::<IpAddr>().map(IpNet::from))
        .map_err(|_| "a network such as 10.1.0.0/16, or an address".to_owned())
}

/// A public URL: `http` or `https`, with a host, without anything after it.
///
/// # Errors
/// A sentence that says what is wrong.
pub fn public_url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|e| format!("{e}; write it as https://launchway.example"))?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        Err("it begins with http:// or https:// and a host".to_owned())
    } else if !url.username().is_empty() || url.password().is_some() {
        Err("without a user name or password".to_owned())
    } else if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
        Err("only scheme, host and port: Launchway is not served below a path".to_owned())
    } else {
        Ok(url)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_url_is_scheme_host_and_port() {
        assert!(public_url("https://launchway.example").is_ok());
        assert!(public_url("http://10.0.0.1:3000/").is_ok());
        for bad in ["launchway.example", "ftp://x", "https://x/app", "https://u:p@x/", "https://x/?q", "", "https://"] {
            assert!(public_url(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_network_may_be_one_address() {
        assert_eq!(network("127.0.0.1").unwrap().to_string(), "127.0.0.1/32");
        assert_eq!(network(" fd00::/8").unwrap().prefix_len(), 8);
        assert!(network("localhost").is_err() && network("10.0.0.0/33").is_err());
    }

    #[test]
    fn only_https_is_secure() {
        let with = |url| Config { public_url: Some(public_url(url).unwrap()), ..Config::new("data") };
        assert!(with("https://x").is_secure());
        assert!(!with("http://x").is_secure());
        assert!(!Config::new("data").is_secure());
        let files = TlsFiles { certificate: "cert.pem".into(), key: "key.pem".into() };
        assert!(Config { tls: Some(files), ..Config::new("data") }.is_secure());
    }

    #[test]
    fn only_the_proxies_that_are_named_are_trusted() {
        let config = Config { trusted_proxies: vec![network("10.0.0.0/8").unwrap()], ..Config::new("data") };
        assert!(config.trusts([10, 9, 8, 7].into()) && !config.trusts([127, 0, 0, 1].into()));
    }

    #[test]
    fn a_master_key_or_database_password_does_not_show_in_debug() {
        let mut config = Config::new("data");
        config.master_key = Some("hunter2".into());
        config.database_url = Some("postgres://u:hunter2@db/launchway".into());
        assert!(!format!("{config:?}").contains("hunter2"));
    }
}
