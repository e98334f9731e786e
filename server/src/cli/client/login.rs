//! `launchway login`, `logout` and `whoami`.

use std::io::{IsTerminal, Read};
use std::path::Path;

use clap::Args;
use launchway_domain::{Text, text};
use secrecy::SecretString;
use serde_json::{Value, json};
use url::Url;

use super::api::Api;
use super::logins::Logins;
use super::trouble::{Outcome, Trouble};
use super::{Client, On, print};
use crate::cli::{say, secret};
use crate::config;

pub(super) const AFTER: &str = "The token is read from the terminal, or from standard input where that is a pipe: \
\n  launchway login https://launchway.example <token-file\nIt is kept, readable by you alone, in \
$XDG_CONFIG_HOME/launchway/logins.json (~/.config where that is not set). In CI nobody signs in: set LAUNCHWAY_URL and \
LAUNCHWAY_TOKEN instead.";

/// The longest token that is read.
const TOKEN: u64 = 4096;

#[derive(Args)]
pub(in crate::cli) struct Login {
    /// Where it is: https://launchway.example
    #[arg(value_name = "SERVER", value_parser = config::public_url)]
    server: Option<Url>,
    /// Reads the token from standard input; there is no other way to give it, since options show in lists of processes
    #[arg(long, value_name = "-", value_parser = ["-"])]
    token: Option<String>,
    #[command(flatten)]
    pub(super) on: On,
}

#[derive(Args)]
pub(in crate::cli) struct Logout {
    /// Which server [default: that of the last login]
    #[arg(value_name = "SERVER", value_parser = config::public_url)]
    server: Option<Url>,
    /// Forgets all logins
    #[arg(long, conflicts_with = "server")]
    all: bool,
}

pub(super) async fn login(login: Login) -> Outcome<()> {
    let Some(url) = login.server.or(login.on.url) else {
        return Err(Trouble::Usage(Text::new(
            "Where? launchway login https://launchway.example",
            "请指定地址：launchway login https://launchway.example",
        )));
    };
    if url.scheme() == "http" && !is_here(&url) {
        say::error(
            text!(
                "Warning: {url} is not encrypted; whoever is on the way reads the token.",
                "警告：{url} 未加密，途中任何人都能读到令牌。"
            )
            .get(say::lang()),
        );
    }
    let piped = login.token.is_some() || !std::io::stdin().is_terminal();
    let asked = url.clone();
    let reading = Text::new("reading the token", "读取令牌");
    let token = tokio::task::spawn_blocking(move || read_token(&asked, piped))
        .await
        .map_err(|e| Trouble::new(&reading, e))?
        .map_err(|e| Trouble::new(&reading, e))?;
    if token.is_empty() {
        return Err(Trouble::Usage(Text::new(
            "There is no token on standard input. Make one on your account's page, or by: launchway token create",
            "标准输入中没有令牌。可在账户页面创建，或运行：launchway token create",
        )));
    }
    let authority = login.on.ca_file.as_deref().map(std::path::absolute).transpose();
    let authority = authority.map_err(|e| Trouble::new(&Text::verbatim("--ca-file"), e))?;
    let token = SecretString::from(token);
    let who = ask(&url, &token, authority.as_deref()).await?;
    let mut logins = Logins::load()?;
    logins.keep(&url, &token, authority.as_deref());
    logins.save()?;
    if login.on.json {
        print::json(&json!({"url": url, "user": who}));
    } else {
        let name = name(&who);
        say::line(&text!("Signed in to {url} as {name}.", "已以 {name} 登录 {url}。"));
    }
    Ok(())
}

/// The token on a terminal, without echo; else what standard input holds.
fn read_token(url: &Url, piped: bool) -> std::io::Result<String> {
    if piped {
        let mut text = String::new();
        std::io::stdin().lock().take(TOKEN).read_to_string(&mut text)?;
        return Ok(text.trim().to_owned());
    }
    let prompt = text!("API token for {url}: ", "{url} 的 API 令牌：");
    Ok(secret::line(&prompt)?.trim().to_owned())
}

/// Whether a server is on this machine.
fn is_here(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

async fn ask(url: &Url, token: &SecretString, authority: Option<&Path>) -> Outcome<Value> {
    Api::new(url, token, authority)?.get("/me", &[]).await
}

pub(super) fn logout(logout: Logout) -> Outcome<()> {
    let mut logins = Logins::load()?;
    let servers: Vec<Url> = match (logout.all, logout.server) {
        (true, _) => logins.servers().filter_map(|url| Url::parse(url).ok()).collect(),
        (false, Some(url)) => vec![url],
        (false, None) => logins.default.iter().cloned().collect(),
    };
    let gone: Vec<&Url> = servers.iter().filter(|url| logins.forget(url)).collect();
    if gone.is_empty() {
        say::line(&Text::new("Nobody was signed in.", "没有登录信息。"));
        return Ok(());
    }
    logins.save()?;
    for url in gone {
        say::line(&text!(
            "The token for {url} is forgotten here. It stays good until somebody revokes it.",
            "已在本机删除 {url} 的令牌。令牌在被撤销前仍然有效。"
        ));
    }
    Ok(())
}

pub(super) async fn whoami(client: &Client) -> Outcome<()> {
    let who = client.api.get("/me", &[]).await?;
    let url = client.api.url();
    if client.json {
        print::json(&json!({"url": url, "user": who}));
        return Ok(());
    }
    let text = |field: &str| who.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
    print::details(&[
        (Text::new("Server", "服务器"), url.to_string()),
        (Text::new("User", "用户"), name(&who)),
        (Text::new("Role", "角色"), text("role")),
        (Text::new("Token", "令牌"), token(&who)),
    ]);
    Ok(())
}

/// What the token is called and what it allows.
fn token(who: &Value) -> String {
    let text = |field: &str| who.pointer(&format!("/token/{field}")).and_then(Value::as_str);
    match (text("label"), text("scope")) {
        (Some(label), Some(scope)) => format!("{label} ({scope})"),
        _ => String::new(),
    }
}

fn name(who: &Value) -> String {
    who.get("name").and_then(Value::as_str).unwrap_or("?").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_reached_without_encryption_in_silence() {
        for (url, here) in [
            ("http://localhost:3000", true),
            ("http://127.0.0.1:3000", true),
            ("http://[::1]:3000", true),
            ("http://launchway.example", false),
            ("http://10.0.0.1", false),
        ] {
            assert_eq!(is_here(&Url::parse(url).unwrap()), here, "{url}");
        }
    }
}
