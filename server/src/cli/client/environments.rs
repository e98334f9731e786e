//! `launchway environments`.

use clap::{Args, Subcommand};
use launchway_domain::{BuildCache, Check, Environment, EnvironmentKind, Project, Server, Text, text};
use serde_json::{Value, json};

use super::api::read;
use super::housekeeping::size;
use super::trouble::Outcome;
use super::wire::bilingual;
use super::{Client, names, print};
use crate::cli::say;

#[derive(Subcommand)]
pub(in crate::cli) enum Environments {
    /// Lists the environments of one project, or of all
    List {
        /// A project's title or id
        #[arg(long)]
        project: Option<String>,
    },
    /// Shows one environment
    Show(One),
    /// Adds an environment to a project
    Create(Create),
    /// Probes its path on every server
    Check(One),
    /// Shows its build cache: what local hooks keep between releases
    Cache {
        /// Empties it
        #[arg(long)]
        clear: bool,
        #[command(flatten)]
        one: One,
    },
    /// Deletes an environment that has no releases
    Delete(One),
}

impl Default for Environments {
    fn default() -> Self {
        Self::List { project: None }
    }
}

#[derive(Args)]
pub(in crate::cli) struct One {
    /// Its project's title or id
    #[arg(long)]
    project: String,
    /// Its name or id
    environment: String,
}

#[derive(Args)]
pub(in crate::cli) struct Create {
    /// The project's title or id
    #[arg(long)]
    project: String,
    /// What people call it
    #[arg(long)]
    name: String,
    /// How much care it needs
    #[arg(long, value_parser = ["test", "prod"])]
    kind: String,
    /// The absolute folder on every server; may hold {hostname}
    #[arg(long)]
    path: String,
    /// One of its servers, by hostname or id; may be given more than once
    #[arg(long = "server", value_name = "SERVER")]
    servers: Vec<String>,
    /// The folder of the tree that is packed [default: the whole tree]
    #[arg(long)]
    package_root: Option<String>,
    /// How many releases stay on each server
    #[arg(long)]
    keep: Option<u32>,
}

pub(super) async fn run(client: &Client, command: Environments) -> Outcome<()> {
    match command {
        Environments::List { project } => list(client, project.as_deref()).await,
        Environments::Show(one) => show(client, &one).await,
        Environments::Create(create) => make(client, create).await,
        Environments::Check(one) => {
            let (project, environment) = find(client, &one).await?;
            let found = client.api.post(&format!("/environments/{}/check", environment.id), None).await?;
            let check: Check = read(bilingual(found.clone()))?;
            print::check(client.json, &found, &check, &format!("projects show '{}'", project.title))
        }
        Environments::Cache { clear, one } => cache(client, &one, clear).await,
        Environments::Delete(one) => {
            let environment = find(client, &one).await?.1;
            client.api.delete(&format!("/environments/{}", environment.id)).await?;
            let name = &environment.name;
            client.answer(&json!({"deleted": environment.id}), &text!("Deleted {name}.", "已删除 {name}。"));
            Ok(())
        }
    }
}

async fn cache(client: &Client, one: &One, clear: bool) -> Outcome<()> {
    let environment = find(client, one).await?.1;
    let path = format!("/environments/{}/cache", environment.id);
    let json = client.api.get(&path, &[]).await?;
    let cache: BuildCache = read(json.clone())?;
    let (name, held) = (&environment.name, size(cache.bytes));
    if clear {
        client.api.delete(&path).await?;
        let said = text!("Cleared the build cache of {name}: {held}.", "已清空 {name} 的构建缓存：{held}。");
        client.answer(&json!({"cleared": environment.id, "bytes": cache.bytes}), &said);
    } else if client.json {
        print::json(&json);
    } else {
        let none = Text::new("none", "无");
        print::details(&[
            (Text::new("Holds", "占用"), held),
            (Text::new("At most", "上限"), cache.limit.map_or_else(|| none.get(say::lang()).to_owned(), size)),
            (Text::new("Last used", "最近使用"), cache.used_at.map(print::time).unwrap_or_default()),
        ]);
    }
    Ok(())
}

async fn find(client: &Client, one: &One) -> Outcome<(Project, Environment)> {
    let project = client.project(&one.project).await?;
    let environment = client.environment(&project, &one.environment).await?;
    Ok((project, environment))
}

async fn list(client: &Client, project: Option<&str>) -> Outcome<()> {
    let projects = match project {
        Some(typed) => vec![client.project(typed).await?],
        None => client.all::<Project>("/projects").await?.1,
    };
    let (mut json, mut found) = (Vec::new(), Vec::new());
    for project in &projects {
        let (Value::Array(items), environments) =
            client.all::<Environment>(&format!("/projects/{}/environments", project.id)).await?
        else {
            continue;
        };
        json.extend(items);
        found.extend(environments.into_iter().map(|environment| (project.title.clone(), environment)));
    }
    if client.json {
        print::json(&Value::Array(json));
        return Ok(());
    }
    let mut headers = vec![Text::new("PROJECT", "项目")];
    headers.extend(columns());
    let rows: Vec<_> =
        found.iter().map(|(project, e)| std::iter::once(project.clone()).chain(cells(e)).collect()).collect();
    print::table(&headers, &rows, &none());
    Ok(())
}

fn columns() -> [Text; 5] {
    [
        Text::verbatim("ID"),
        Text::new("ENVIRONMENT", "环境"),
        Text::new("KIND", "类型"),
        Text::new("SERVERS", "服务器"),
        Text::new("PATH", "路径"),
    ]
}

fn cells(environment: &Environment) -> [String; 5] {
    [
        environment.id.to_string(),
        environment.name.clone(),
        environment.kind.label().get(crate::cli::say::lang()).to_owned(),
        environment.server_ids.len().to_string(),
        environment.path.clone(),
    ]
}

fn none() -> Text {
    Text::new(
        "There are no environments. 'launchway environments create --help' says how to add one.",
        "目前没有环境，添加方法见 'launchway environments create --help'。",
    )
}

/// The environments of one project.
pub(super) fn table(environments: &[Environment]) {
    let rows: Vec<_> = environments.iter().map(|environment| cells(environment).to_vec()).collect();
    print::table(&columns(), &rows, &none());
}

async fn show(client: &Client, one: &One) -> Outcome<()> {
    let (project, environment) = find(client, one).await?;
    let json = client.api.get(&format!("/environments/{}", environment.id), &[]).await?;
    if client.json {
        print::json(&json);
        return Ok(());
    }
    let servers: Vec<Server> = client.all("/servers").await?.1;
    let name = |id| servers.iter().find(|server| server.id == id).map_or(format!("#{id}"), |s| s.hostname.clone());
    let id = environment.id;
    print::details(&[
        (Text::new("Environment", "环境"), format!("{} (#{id})", environment.name)),
        (Text::new("Project", "项目"), project.title),
        (Text::new("Kind", "类型"), environment.kind.label().get(crate::cli::say::lang()).to_owned()),
        (Text::new("Path", "路径"), environment.path),
        (Text::new("Servers", "服务器"), environment.server_ids.into_iter().map(name).collect::<Vec<_>>().join(", ")),
        (Text::new("Packed", "打包目录"), environment.package_root.unwrap_or_default()),
        (Text::new("Kept", "保留版本数"), environment.keep.to_string()),
    ]);
    Ok(())
}

async fn make(client: &Client, create: Create) -> Outcome<()> {
    let project = client.project(&create.project).await?;
    let mut ids = Vec::new();
    if !create.servers.is_empty() {
        for typed in &create.servers {
            let known: Vec<Server> = client.all("/servers").await?.1;
            ids.push(names::choose(known, typed)?.id);
        }
    }
    let kind = EnvironmentKind::parse(&create.kind).unwrap_or_default();
    let body = json!({
        "name": create.name, "kind": kind, "path": create.path, "server_ids": ids,
        "package_root": create.package_root, "keep": create.keep
    });
    let made = client.api.post(&format!("/projects/{}/environments", project.id), Some(&body)).await?;
    let environment: Environment = read(made.clone())?;
    let (title, name, id) = (project.title, environment.name, environment.id);
    client.answer(
        &made,
        &text!(
            "Added environment {name} (#{id}) to {title}. Next: launchway environments check --project '{title}' '{name}'",
            "已为 {title} 添加环境 {name}（#{id}）。下一步：launchway environments check --project '{title}' '{name}'"
        ),
    );
    Ok(())
}
