//! `launchway servers`.

use clap::{Args, Subcommand};
use launchway_domain::{Check, Credential, Server, Text, text};
use serde_json::json;

use super::api::read;
use super::trouble::Outcome;
use super::wire::bilingual;
use super::{Client, print};

#[derive(Subcommand, Default)]
pub(in crate::cli) enum Servers {
    /// Lists all servers
    #[default]
    List,
    /// Shows one server
    Show {
        /// Its hostname or id
        server: String,
    },
    /// Adds a server
    Create(Create),
    /// Connects to it and shows its host key
    Check {
        /// Its hostname or id
        server: String,
    },
    /// Trusts its host key from now on
    Pin {
        /// Its hostname or id
        server: String,
        /// The key as a check shows it: SHA256:…
        fingerprint: String,
    },
    /// Deletes a server that no environment uses
    Delete {
        /// Its hostname or id
        server: String,
    },
}

#[derive(Args)]
pub(in crate::cli) struct Create {
    /// Its name in Launchway: letters, digits, dots, hyphens and underscores
    #[arg(long)]
    hostname: String,
    /// Its DNS name or IP address
    #[arg(long)]
    address: String,
    /// Its SSH port
    #[arg(long, default_value_t = 22)]
    port: u16,
    /// What opens it, by name or id
    #[arg(long)]
    credential: String,
    /// A word to find it by; may be given more than once
    #[arg(long = "tag", value_name = "TAG")]
    tags: Vec<String>,
}

pub(super) async fn run(client: &Client, command: Servers) -> Outcome<()> {
    match command {
        Servers::List => list(client).await,
        Servers::Show { server } => show(client, &server).await,
        Servers::Create(create) => make(client, create).await,
        Servers::Check { server } => {
            let server = client.server(&server).await?;
            let found = client.api.post(&format!("/servers/{}/check", server.id), None).await?;
            let check: Check = read(bilingual(found.clone()))?;
            print::check(client.json, &found, &check, &format!("servers pin {}", server.hostname))
        }
        Servers::Pin { server, fingerprint } => {
            let server = client.server(&server).await?;
            let body = json!({"fingerprint": fingerprint});
            let pinned = client.api.post(&format!("/servers/{}/host-key", server.id), Some(&body)).await?;
            let name = server.hostname;
            client.answer(&pinned, &text!("The host key of {name} is trusted.", "已信任 {name} 的主机密钥。"));
            Ok(())
        }
        Servers::Delete { server } => {
            let server = client.server(&server).await?;
            client.api.delete(&format!("/servers/{}", server.id)).await?;
            let name = &server.hostname;
            client.answer(&json!({"deleted": server.id}), &text!("Deleted {name}.", "已删除 {name}。"));
            Ok(())
        }
    }
}

async fn list(client: &Client) -> Outcome<()> {
    let (json, servers) = client.all::<Server>("/servers").await?;
    if client.json {
        print::json(&json);
        return Ok(());
    }
    let headers = [
        Text::verbatim("ID"),
        Text::new("HOSTNAME", "主机名"),
        Text::new("ADDRESS", "地址"),
        Text::new("HOST KEY", "主机密钥"),
        Text::new("TAGS", "标签"),
    ];
    let (pinned, missing) = (Text::new("pinned", "已信任"), Text::new("missing", "未信任"));
    let lang = crate::cli::say::lang();
    let rows: Vec<_> = servers
        .into_iter()
        .map(|server| {
            let key = if server.host_key.is_some() { &pinned } else { &missing };
            let address = format!("{}:{}", server.address, server.port);
            vec![server.id.to_string(), server.hostname, address, key.get(lang).to_owned(), server.tags.join(", ")]
        })
        .collect();
    print::table(
        &headers,
        &rows,
        &Text::new(
            "There are no servers that you can see. 'launchway servers create --help' says how to add one.",
            "目前没有可见的服务器，添加方法见 'launchway servers create --help'。",
        ),
    );
    Ok(())
}

async fn show(client: &Client, typed: &str) -> Outcome<()> {
    let id = client.server(typed).await?.id;
    let json = client.api.get(&format!("/servers/{id}"), &[]).await?;
    if client.json {
        print::json(&json);
        return Ok(());
    }
    let server: Server = read(json)?;
    print::details(&[
        (Text::new("Server", "服务器"), format!("{} (#{id})", server.hostname)),
        (Text::new("Address", "地址"), format!("{}:{}", server.address, server.port)),
        (Text::new("Host key", "主机密钥"), server.host_key.unwrap_or_default()),
        (Text::new("Tags", "标签"), server.tags.join(", ")),
        (Text::new("Page", "页面"), client.api.page(&format!("/servers/{id}"))),
    ]);
    Ok(())
}

async fn make(client: &Client, create: Create) -> Outcome<()> {
    let credential: Credential = client.find("/credentials", &create.credential).await?;
    let body = json!({
        "hostname": create.hostname, "address": create.address, "port": create.port,
        "credential_id": credential.id, "tags": create.tags
    });
    let made = client.api.post("/servers", Some(&body)).await?;
    let server: Server = read(made.clone())?;
    let (name, id) = (server.hostname, server.id);
    client.answer(
        &made,
        &text!(
            "Added server {name} (#{id}). Next: launchway servers check {name}",
            "已添加服务器 {name}（#{id}）。下一步：launchway servers check {name}"
        ),
    );
    Ok(())
}
