//! `launchway projects`.

use clap::{Args, Subcommand};
use launchway_domain::{Check, Credential, Project, Text, text};
use serde_json::json;

use super::api::read;
use super::trouble::Outcome;
use super::wire::bilingual;
use super::{Client, print};

#[derive(Subcommand, Default)]
pub(in crate::cli) enum Projects {
    /// Lists all projects
    #[default]
    List,
    /// Shows one project and its environments
    Show {
        /// Its title or id
        project: String,
    },
    /// Adds a project
    Create(Create),
    /// Asks its repository for its refs, and shows its host key
    Check {
        /// Its title or id
        project: String,
    },
    /// Trusts the host key of its repository from now on
    Pin {
        /// Its title or id
        project: String,
        /// The key as a check shows it: SHA256:…
        fingerprint: String,
    },
    /// Deletes a project that has no releases, with its environments
    Delete {
        /// Its title or id
        project: String,
    },
}

#[derive(Args)]
pub(in crate::cli) struct Create {
    /// What people call it
    #[arg(long)]
    title: String,
    /// Where Git finds it: https://…, ssh://…, git@host:path, or a path on Launchway's host
    #[arg(long, value_name = "URL")]
    repo: String,
    /// What opens it, by name or id, where it is not public
    #[arg(long)]
    credential: Option<String>,
}

pub(super) async fn run(client: &Client, command: Projects) -> Outcome<()> {
    match command {
        Projects::List => list(client).await,
        Projects::Show { project } => show(client, &project).await,
        Projects::Create(create) => make(client, create).await,
        Projects::Check { project } => {
            let project = client.project(&project).await?;
            let found = client.api.post(&format!("/projects/{}/check", project.id), None).await?;
            let check: Check = read(bilingual(found.clone()))?;
            print::check(client.json, &found, &check, &format!("projects pin '{}'", project.title))
        }
        Projects::Pin { project, fingerprint } => {
            let project = client.project(&project).await?;
            let body = json!({"fingerprint": fingerprint});
            let pinned = client.api.post(&format!("/projects/{}/host-key", project.id), Some(&body)).await?;
            let title = project.title;
            client.answer(&pinned, &text!("The host key of {title} is trusted.", "已信任 {title} 的主机密钥。"));
            Ok(())
        }
        Projects::Delete { project } => {
            let project = client.project(&project).await?;
            client.api.delete(&format!("/projects/{}", project.id)).await?;
            let title = &project.title;
            client.answer(&json!({"deleted": project.id}), &text!("Deleted {title}.", "已删除 {title}。"));
            Ok(())
        }
    }
}

async fn list(client: &Client) -> Outcome<()> {
    let (json, projects) = client.all::<Project>("/projects").await?;
    if client.json {
        print::json(&json);
        return Ok(());
    }
    let headers = [Text::verbatim("ID"), Text::new("TITLE", "名称"), Text::new("REPOSITORY", "仓库")];
    let rows: Vec<_> = projects.into_iter().map(|p| vec![p.id.to_string(), p.title, p.repo_url]).collect();
    print::table(
        &headers,
        &rows,
        &Text::new(
            "There are no projects that you can see. To add one: launchway projects create --title shop --repo URL",
            "目前没有可见的项目。添加项目：launchway projects create --title shop --repo URL",
        ),
    );
    Ok(())
}

async fn show(client: &Client, typed: &str) -> Outcome<()> {
    let id = client.project(typed).await?.id;
    let json = client.api.get(&format!("/projects/{id}"), &[]).await?;
    let (environments, found) =
        client.all::<launchway_domain::Environment>(&format!("/projects/{id}/environments")).await?;
    if client.json {
        let mut json = json;
        json["environments"] = environments;
        print::json(&json);
        return Ok(());
    }
    let project: Project = read(json)?;
    print::details(&[
        (Text::new("Project", "项目"), format!("{} (#{id})", project.title)),
        (Text::new("Repository", "仓库"), project.repo_url),
        (Text::new("Host key", "主机密钥"), project.host_key.unwrap_or_default()),
        (Text::new("Page", "页面"), client.api.page(&format!("/projects/{id}"))),
    ]);
    super::environments::table(&found);
    Ok(())
}

async fn make(client: &Client, create: Create) -> Outcome<()> {
    let credential = match &create.credential {
        Some(typed) => Some(client.find::<Credential>("/credentials", typed).await?.id),
        None => None,
    };
    let body = json!({"title": create.title, "repo_url": create.repo, "credential_id": credential});
    let made = client.api.post("/projects", Some(&body)).await?;
    let project: Project = read(made.clone())?;
    let (title, id) = (project.title, project.id);
    client.answer(
        &made,
        &text!(
            "Added project {title} (#{id}). Next: launchway projects check {id}",
            "已添加项目 {title}（#{id}）。下一步：launchway projects check {id}"
        ),
    );
    Ok(())
}
