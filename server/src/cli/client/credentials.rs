//! `launchway credentials`.

use std::io::Read;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use launchway_domain::{Credential, CredentialKind, Text, text};
use serde_json::json;
use zeroize::Zeroizing;

use super::api::read;
use super::trouble::{Outcome, Trouble};
use super::{Client, print};
use crate::cli::secret;

/// The longest secret that is read, in bytes: no key is longer.
const SECRET: u64 = 64 * 1024;

#[derive(Subcommand, Default)]
pub(in crate::cli) enum Credentials {
    /// Lists all credentials, without their secrets
    #[default]
    List,
    /// Shows one credential, without its secret
    Show {
        /// Its name or id
        credential: String,
    },
    /// Seals a new credential
    Create(Create),
    /// Deletes a credential that nothing uses
    Delete {
        /// Its name or id
        credential: String,
    },
}

#[derive(Args)]
pub(in crate::cli) struct Create {
    /// What people call it
    #[arg(long)]
    name: String,
    /// What it is for
    #[arg(long, value_parser = ["ssh_key", "ssh_password", "git_https", "git_ssh"])]
    kind: String,
    /// Who it signs in as
    #[arg(long, value_name = "NAME")]
    username: String,
    /// The file with the private key, password or token; - for standard input [default: ask for it]
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
    /// The file with the passphrase of a locked key
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

pub(super) async fn run(client: &Client, command: Credentials) -> Outcome<()> {
    match command {
        Credentials::List => list(client).await,
        Credentials::Show { credential } => {
            let found: Credential = client.find("/credentials", &credential).await?;
            let json = client.api.get(&format!("/credentials/{}", found.id), &[]).await?;
            if client.json {
                print::json(&json);
                return Ok(());
            }
            print::details(&[
                (Text::new("Credential", "凭据"), format!("{} (#{})", found.name, found.id)),
                (Text::new("Kind", "类型"), found.kind.label().get(crate::cli::say::lang()).to_owned()),
                (Text::new("User", "用户"), found.username),
                (Text::new("Changed", "修改时间"), print::time(found.updated_at)),
            ]);
            Ok(())
        }
        Credentials::Create(create) => make(client, create).await,
        Credentials::Delete { credential } => {
            let found: Credential = client.find("/credentials", &credential).await?;
            client.api.delete(&format!("/credentials/{}", found.id)).await?;
            let name = &found.name;
            client.answer(&json!({"deleted": found.id}), &text!("Deleted {name}.", "已删除 {name}。"));
            Ok(())
        }
    }
}

async fn list(client: &Client) -> Outcome<()> {
    let (json, credentials) = client.all::<Credential>("/credentials").await?;
    if client.json {
        print::json(&json);
        return Ok(());
    }
    let headers =
        [Text::verbatim("ID"), Text::new("NAME", "名称"), Text::new("KIND", "类型"), Text::new("USER", "用户")];
    let row = |c: Credential| vec![c.id.to_string(), c.name, c.kind.as_str().to_owned(), c.username];
    let rows: Vec<_> = credentials.into_iter().map(row).collect();
    print::table(
        &headers,
        &rows,
        &Text::new(
            "There are no credentials that you can see. 'launchway credentials create --help' says how to add one.",
            "目前没有可见的凭据，添加方法见 'launchway credentials create --help'。",
        ),
    );
    Ok(())
}

async fn make(client: &Client, create: Create) -> Outcome<()> {
    let kind = CredentialKind::parse(&create.kind).unwrap_or_default();
    let (secret, passphrase) = tokio::task::spawn_blocking(move || {
        let secret = match &create.secret_file {
            Some(file) => from(file)?,
            None => {
                let prompt = Text::new("The password, token or key (one line): ", "密码、令牌或密钥（一行）：");
                secret::line(&prompt).map_err(|e| Trouble::new(&reading("stdin"), e))?
            }
        };
        let passphrase = create.passphrase_file.as_deref().map(from).transpose()?;
        Ok::<_, Trouble>((
            secret,
            passphrase.map(|text| Zeroizing::new(text.trim_end_matches(['\n', '\r']).to_owned())),
        ))
    })
    .await
    .map_err(|e| Trouble::new(&reading("stdin"), e))??;
    // A key ends with a line end; a password has none.
    let secret = if kind.is_key() { secret.as_str() } else { secret.trim_end_matches(['\n', '\r']) };
    let body = json!({
        "name": create.name, "kind": kind, "username": create.username,
        "secret": secret, "passphrase": passphrase.as_deref()
    });
    let made = client.api.post("/credentials", Some(&body)).await?;
    let credential: Credential = read(made.clone())?;
    let (name, id) = (credential.name, credential.id);
    client.answer(&made, &text!("Sealed credential {name} (#{id}).", "已保存凭据 {name}（#{id}）。"));
    Ok(())
}

fn reading(from: &str) -> Text {
    text!("reading the secret from {from}", "读取密钥 {from}")
}

/// What a file holds; `-` is standard input. Blocks.
fn from(file: &Path) -> Outcome<Zeroizing<String>> {
    let shown = file.display().to_string();
    let mut text = Zeroizing::new(String::new());
    let outcome = if file == Path::new("-") {
        std::io::stdin().lock().take(SECRET).read_to_string(&mut text)
    } else {
        std::fs::File::open(file).and_then(|file| file.take(SECRET).read_to_string(&mut text))
    };
    outcome.map_err(|e| Trouble::new(&reading(&shown), e))?;
    Ok(text)
}
