//! Where the tokens of logins are kept: one file that nobody else reads.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

use launchway_domain::{Text, text};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use url::Url;

use super::trouble::{Outcome, Trouble};
use crate::cli::say;

/// The file's name, below `$XDG_CONFIG_HOME/launchway`.
const FILE: &str = "logins.json";

/// All logins of a person on this machine.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct Logins {
    /// The server that is meant where none is named: the one of the last login.
    #[serde(default)]
    pub(super) default: Option<Url>,
    /// By server.
    #[serde(default)]
    servers: BTreeMap<String, Login>,
}

/// One login.
#[derive(Serialize, Deserialize)]
struct Login {
    token: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ca_file: Option<PathBuf>,
}

impl Logins {
    /// What is kept; nothing where there is no file.
    pub(super) fn load() -> Outcome<Self> {
        let Some(path) = path() else { return Ok(Self::default()) };
        Self::load_from(&path)
    }

    fn load_from(path: &Path) -> Outcome<Self> {
        let shown = path.display();
        let doing = text!("reading the logins in {shown}", "读取登录信息 {shown}");
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(Trouble::new(&doing, error)),
        };
        if fs::metadata(path).is_ok_and(|meta| meta.permissions().mode() & 0o077 != 0) {
            say::error(
                text!(
                    "Others can read {shown}. Run: chmod 600 {shown}",
                    "其他人可以读取 {shown}，请运行：chmod 600 {shown}"
                )
                .get(say::lang()),
            );
        }
        serde_json::from_str(&text).map_err(|error| {
            // Not the parser's own words: they may hold a piece of the file.
            let line = error.line();
            Trouble::Said(text!(
                "{shown} is damaged at line {line}. Remove it and sign in again.",
                "{shown} 第 {line} 行已损坏，请删除后重新登录。"
            ))
        })
    }

    /// The token for a server, and the authority that its certificate is checked by.
    pub(super) fn of(&self, url: &Url) -> Option<(SecretString, Option<PathBuf>)> {
        self.servers.get(url.as_str()).map(|login| (login.token.clone().into(), login.ca_file.clone()))
    }

    /// The servers, in the order of their names.
    pub(super) fn servers(&self) -> impl Iterator<Item = &str> {
        self.servers.keys().map(String::as_str)
    }

    /// Keeps a login and makes its server the one that is meant where none is named.
    pub(super) fn keep(&mut self, url: &Url, token: &SecretString, authority: Option<&Path>) {
        let login = Login { token: token.expose_secret().to_owned(), ca_file: authority.map(Path::to_owned) };
        self.servers.insert(url.to_string(), login);
        self.default = Some(url.clone());
    }

    /// Forgets a login; whether there was one.
    pub(super) fn forget(&mut self, url: &Url) -> bool {
        let was_there = self.servers.remove(url.as_str()).is_some();
        if self.default.as_ref() == Some(url) {
            self.default = self.servers.keys().next().and_then(|next| Url::parse(next).ok());
        }
        was_there
    }

    /// Writes the file anew, for its owner alone.
    pub(super) fn save(&self) -> Outcome<()> {
        let path = path().ok_or_else(|| {
            Trouble::Said(Text::new(
                "There is no home folder to keep the login in. Set HOME or XDG_CONFIG_HOME, or use LAUNCHWAY_URL and \
                 LAUNCHWAY_TOKEN.",
                "没有可保存登录信息的主目录。请设置 HOME 或 XDG_CONFIG_HOME，或使用 LAUNCHWAY_URL 和 LAUNCHWAY_TOKEN。",
            ))
        })?;
        let shown = path.display();
        let doing = text!("keeping the login in {shown}", "保存登录信息到 {shown}");
        self.save_to(&path).map_err(|e| Trouble::new(&doing, e))
    }

    fn save_to(&self, path: &Path) -> io::Result<()> {
        let folder = path.parent().unwrap_or(Path::new("."));
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        // 0600 from the beginning, and never half written.
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        serde_json::to_writer_pretty(&mut file, self)?;
        file.write_all(b"\n")?;
        file.as_file().sync_all()?;
        file.persist(path).map(drop).map_err(|error| error.error)
    }
}

/// Where the file is (XDG Base Directory Specification).
fn path() -> Option<PathBuf> {
    let absolute = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let config = absolute("XDG_CONFIG_HOME").or_else(|| Some(absolute("HOME")?.join(".config")))?;
    Some(config.join("launchway").join(FILE))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn a_login_is_found_again_and_nobody_else_reads_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("launchway").join(FILE);
        let mut logins = Logins::load_from(&path).unwrap();
        logins.keep(&url("https://one.example"), &"lw_1".into(), None);
        logins.keep(&url("https://two.example"), &"lw_2".into(), Some(Path::new("/ca.pem")));
        logins.save_to(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::metadata(path.parent().unwrap()).unwrap().permissions().mode() & 0o777, 0o700);

        let mut logins = Logins::load_from(&path).unwrap();
        assert_eq!(logins.default, Some(url("https://two.example")));
        let (token, authority) = logins.of(&url("https://two.example/")).unwrap();
        assert_eq!((token.expose_secret(), authority), ("lw_2", Some("/ca.pem".into())));
        assert!(logins.of(&url("http://two.example")).is_none(), "another scheme is another server");
        assert!(logins.forget(&url("https://two.example")) && !logins.forget(&url("https://two.example")));
        assert_eq!(logins.default, Some(url("https://one.example")));
    }

    #[test]
    fn a_damaged_file_is_named_without_what_is_in_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        fs::write(&path, "{\"servers\": lw_secret").unwrap();
        let Err(Trouble::Said(text)) = Logins::load_from(&path).map(drop) else { panic!("it was read") };
        assert!(text.en.contains("logins.json") && !text.en.contains("lw_secret"), "{text}");
    }
}
