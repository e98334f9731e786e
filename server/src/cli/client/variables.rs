//! `launchway variables`.

use std::io::{IsTerminal, Read};

use clap::{Args, Subcommand};
use launchway_domain::variable::MAX_VALUE;
use launchway_domain::{Environment, Text, Variable, text};
use serde_json::json;
use zeroize::Zeroizing;

use super::api::read;
use super::trouble::{Outcome, Trouble};
use super::{Client, print, release};
use crate::cli::secret;

#[derive(Subcommand)]
pub(in crate::cli) enum Variables {
    /// Lists what the hooks of an environment are given; secret ones without their values
    List(Place),
    /// Gives a variable a value, or another one
    Set(Set),
    /// Takes a variable away
    Unset {
        /// What hooks call it
        name: String,
        #[command(flatten)]
        place: Place,
    },
}

/// Which environment.
#[derive(Args)]
pub(in crate::cli) struct Place {
    /// The project's title or id
    #[arg(long)]
    project: String,
    /// The environment's name or id
    #[arg(long, value_name = "ENVIRONMENT")]
    env: String,
}

#[derive(Args)]
pub(in crate::cli) struct Set {
    /// What hooks call it
    name: String,
    #[command(flatten)]
    place: Place,
    /// Seals it: it is never shown again, and masked in every log
    #[arg(long)]
    secret: bool,
    /// The value: a text, or @FILE; @- for standard input [default: asked for, or standard input]
    #[arg(long, value_name = "TEXT|@FILE")]
    value: Option<String>,
}

impl Place {
    async fn find(&self, client: &Client) -> Outcome<Environment> {
        let project = client.project(&self.project).await?;
        client.environment(&project, &self.env).await
    }
}

pub(super) async fn run(client: &Client, command: Variables) -> Outcome<()> {
    match command {
        Variables::List(place) => list(client, &place).await,
        Variables::Set(set) => {
            let environment = set.place.find(client).await?;
            let value = value(&set)?;
            let path = format!("/environments/{}/variables/{}", environment.id, set.name);
            let made = client.api.put(&path, &json!({"value": value.as_str(), "secret": set.secret})).await?;
            let (name, place) = (set.name, environment.name);
            client.answer(&made, &text!("Set {name} in {place}.", "已在 {place} 中设置 {name}。"));
            Ok(())
        }
        Variables::Unset { name, place } => {
            let environment = place.find(client).await?;
            client.api.delete(&format!("/environments/{}/variables/{name}", environment.id)).await?;
            client.answer(&json!({"deleted": name}), &text!("Removed {name}.", "已移除 {name}。"));
            Ok(())
        }
    }
}

/// The value that is meant. A secret on a command line would stand in the list of processes and in the shell's history.
fn value(set: &Set) -> Outcome<Zeroizing<String>> {
    match &set.value {
        Some(text) if set.secret && !text.starts_with('@') => Err(Trouble::Usage(Text::new(
            "A secret does not go on the command line, where others can read it. Leave --value out and type it, or use --value @FILE.",
            "请不要在命令行中写密文，他人可以看到。请省略 --value 后输入，或使用 --value @文件。",
        ))),
        Some(text) => Ok(Zeroizing::new(release::script(text)?)),
        None if std::io::stdin().is_terminal() => {
            let prompt = text!("Value of {}: ", "{} 的值："; Text::verbatim(set.name.clone()));
            secret::line(&prompt).map_err(unread)
        }
        None => {
            let mut value = Zeroizing::new(String::new());
            // One more than allowed, so that too much is told and not cut.
            std::io::stdin().lock().take(MAX_VALUE as u64 + 3).read_to_string(&mut value).map_err(unread)?;
            // What `echo` and editors put at the end is not part of it.
            let end = value.trim_end_matches(['\n', '\r']).len();
            value.truncate(end);
            Ok(value)
        }
    }
}

fn unread(error: std::io::Error) -> Trouble {
    Trouble::new(&Text::new("standard input", "标准输入"), error)
}

async fn list(client: &Client, place: &Place) -> Outcome<()> {
    let environment = place.find(client).await?;
    let json = client.api.get(&format!("/environments/{}/variables", environment.id), &[]).await?;
    if client.json {
        print::json(&json["items"]);
        return Ok(());
    }
    let variables: Vec<Variable> = read(json["items"].clone())?;
    let headers = [Text::new("NAME", "名称"), Text::new("VALUE", "值"), Text::new("SET BY", "设置者")];
    let rows: Vec<_> = variables
        .into_iter()
        .map(|variable| {
            let value = variable.value.map_or_else(|| "(secret)".to_owned(), |value| value.replace('\n', "↵"));
            vec![variable.name, value, variable.updated_by_name]
        })
        .collect();
    print::table(&headers, &rows, &Text::new("There are no variables.", "目前没有变量。"));
    Ok(())
}
