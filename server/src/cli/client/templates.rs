//! `launchway templates`.

use clap::{Args, Subcommand};
use launchway_domain::{HookPoint, HookTemplate, Text, text};
use serde_json::json;

use super::api::read;
use super::trouble::Outcome;
use super::{Client, print, release};
use crate::cli::say;

#[derive(Subcommand, Default)]
pub(in crate::cli) enum Templates {
    /// Lists all hook templates
    #[default]
    List,
    /// Prints the script of one
    Show {
        /// Its name or id
        template: String,
    },
    /// Adds a hook template
    Create(Create),
    /// Deletes a hook template; releases that were made with it keep their scripts
    Delete {
        /// Its name or id
        template: String,
    },
}

#[derive(Args)]
pub(in crate::cli) struct Create {
    /// What people call it
    #[arg(long)]
    name: String,
    /// The script: a text, or @FILE; @- for standard input
    #[arg(long, value_name = "TEXT|@FILE")]
    body: String,
    /// What it does, in a sentence
    #[arg(long)]
    description: Option<String>,
    /// The point that it is written for [default: any]
    #[arg(long, value_parser = HookPoint::ALL.map(HookPoint::as_str))]
    point: Option<String>,
}

pub(super) async fn run(client: &Client, command: Templates) -> Outcome<()> {
    match command {
        Templates::List => list(client).await,
        Templates::Show { template } => {
            let found: HookTemplate = client.find("/hook-templates", &template).await?;
            let json = client.api.get(&format!("/hook-templates/{}", found.id), &[]).await?;
            if client.json {
                print::json(&json);
            } else {
                say::out(found.body.trim_end_matches('\n'));
            }
            Ok(())
        }
        Templates::Create(create) => {
            let script = release::script(&create.body)?;
            let body = json!({
                "name": create.name, "description": create.description, "point": create.point, "body": script
            });
            let made = client.api.post("/hook-templates", Some(&body)).await?;
            let template: HookTemplate = read(made.clone())?;
            let (name, id) = (template.name, template.id);
            client.answer(&made, &text!("Added hook template {name} (#{id}).", "已添加钩子模板 {name}（#{id}）。"));
            Ok(())
        }
        Templates::Delete { template } => {
            let found: HookTemplate = client.find("/hook-templates", &template).await?;
            client.api.delete(&format!("/hook-templates/{}", found.id)).await?;
            let name = &found.name;
            client.answer(&json!({"deleted": found.id}), &text!("Deleted {name}.", "已删除 {name}。"));
            Ok(())
        }
    }
}

async fn list(client: &Client) -> Outcome<()> {
    let (json, templates) = client.all::<HookTemplate>("/hook-templates").await?;
    if client.json {
        print::json(&json);
        return Ok(());
    }
    let headers =
        [Text::verbatim("ID"), Text::new("NAME", "名称"), Text::new("POINT", "位置"), Text::new("DESCRIPTION", "说明")];
    let rows: Vec<_> = templates
        .into_iter()
        .map(|t| {
            let point = t.point.map(HookPoint::as_str).unwrap_or_default().to_owned();
            vec![t.id.to_string(), t.name, point, t.description.unwrap_or_default()]
        })
        .collect();
    print::table(&headers, &rows, &Text::new("There are no hook templates.", "目前没有钩子模板。"));
    Ok(())
}
