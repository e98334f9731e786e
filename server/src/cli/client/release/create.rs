//! `launchway release create`.

use std::io::Read;

use clap::{ArgGroup, Args};
use launchway_domain::{HookPoint, HookTemplate, Project, RefKind, Text, text};
use reqwest::Method;
use serde_json::{Map, Value, json};

use super::super::names::{did_you_mean, near};
use super::super::trouble::{Outcome, Trouble};
use super::super::{Client, names};
use super::{Settled, Wait, done, read_release, start};
use crate::cli::say;

pub(super) const AFTER: &str = "Examples:
  launchway release create --project shop --env test --tag v1.2 --start --wait
  launchway release create --project shop --env prod --branch main --hook after_deploy=@reload.sh --start
  git push && launchway release create --project shop --env test --commit \"$(git rev-parse HEAD)\" --start --wait

Exit status with --wait: 0 succeeded; 1 failed; 3 canceled; 4 not signed in, or not allowed; 5 the server was lost, or \
--timeout is over: the release goes on then.";

/// The most that is read of a script, in bytes: more than any hook may have, so that the server says which is too long.
const SCRIPT: u64 = 256 * 1024;

#[derive(Args)]
#[command(group(ArgGroup::new("ref").required(true).args(["tag", "branch", "commit"])))]
pub(in crate::cli) struct Create {
    /// The project's title or id
    #[arg(long)]
    project: String,
    /// The environment's name or id
    #[arg(long, value_name = "ENVIRONMENT")]
    env: String,
    /// Releases a tag
    #[arg(long)]
    tag: Option<String>,
    /// Releases a branch as it is now
    #[arg(long)]
    branch: Option<String>,
    /// Releases a commit
    #[arg(long)]
    commit: Option<String>,
    /// A script at one of before_download, after_download, before_deploy and after_deploy: a text, or a file after @
    #[arg(long = "hook", value_name = "POINT=TEXT|@FILE", value_parser = pair)]
    hooks: Vec<(HookPoint, String)>,
    /// The same from a hook template, by its name or id
    #[arg(long = "template", value_name = "POINT=TEMPLATE", value_parser = pair)]
    templates: Vec<(HookPoint, String)>,
    /// Starts with the project's own scripts, as the page for a new release does
    #[arg(long)]
    project_hooks: bool,
    /// A word about it
    #[arg(long)]
    note: Option<String>,
    /// Starts it at once
    #[arg(long)]
    start: bool,
    #[command(flatten)]
    settled: Settled,
    #[command(flatten)]
    wait: Wait,
    /// Says that this is the same call as an earlier one with the same key, so that there is one release and not two
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<String>,
}

/// Reads `point=value`.
fn pair(text: &str) -> Result<(HookPoint, String), String> {
    let points = || HookPoint::ALL.map(HookPoint::as_str).join(", ");
    let (point, value) = text.split_once('=').ok_or_else(|| format!("POINT=… with POINT one of {}", points()))?;
    let parsed = HookPoint::parse(&point.replace('-', "_")).ok_or_else(|| {
        let near = near(point, HookPoint::ALL.map(HookPoint::as_str).into_iter());
        match near.first() {
            Some(near) => format!("“{point}” is none of {}; did you mean {near}?", points()),
            None => format!("“{point}” is none of {}", points()),
        }
    })?;
    Ok((parsed, value.to_owned()))
}

pub(super) async fn run(client: &Client, create: Create) -> Outcome<u8> {
    if create.wait.wait && !create.start {
        return Err(Trouble::Usage(Text::new(
            "A release that nobody starts does not end: add --start to --wait.",
            "未启动的发布不会结束：请在 --wait 之外加上 --start。",
        )));
    }
    let project = client.project(&create.project).await?;
    let environment = client.environment(&project, &create.env).await?;
    let (kind, name) = match (&create.tag, &create.branch, &create.commit) {
        (Some(tag), ..) => (RefKind::Tag, tag),
        (_, Some(branch), _) => (RefKind::Branch, branch),
        (.., commit) => (RefKind::Commit, commit.as_ref().unwrap_or(&create.project)),
    };
    let body = json!({
        "project_id": project.id, "environment_id": environment.id, "ref": {"kind": kind, "name": name},
        "hooks": hooks(client, &project, &create).await?, "note": create.note
    });
    let mut request = client.api.request(Method::POST, "/releases").json(&body);
    if let Some(key) = &create.idempotency_key {
        request = request.header("idempotency-key", key);
    }
    let made = match client.api.json(request).await {
        Err(Trouble::Answered(problem)) if problem.is_at("ref.name") => {
            Trouble::Answered(problem).tell(client.json);
            suggest(client, &project, kind, name).await;
            return Err(Trouble::Ended(super::super::trouble::FAILED));
        }
        outcome => outcome?,
    };
    let release = read_release(&made)?;
    if !create.start {
        return done(client, &made, &release, &create.wait).await;
    }
    let id = release.id;
    let started = start(client, "start", id.0, &create.settled).await;
    let started = match started {
        // The same call as before: it runs, or ran, already.
        Err(Trouble::Answered(problem)) if problem.status == 409 && create.idempotency_key.is_some() => {
            client.api.get(&format!("/releases/{id}"), &[]).await?
        }
        Err(trouble) => {
            say::error(
                text!("Release #{id} is created, but not started.", "发布 #{id} 已创建，但未启动。").get(say::lang()),
            );
            return Err(trouble);
        }
        Ok(started) => started,
    };
    done(client, &started, &read_release(&started)?, &create.wait).await
}

/// The scripts of the release: of the project where asked for, then of templates, then of the command line.
async fn hooks(client: &Client, project: &Project, create: &Create) -> Outcome<Value> {
    let mut hooks = Map::new();
    if create.project_hooks {
        let whole: Project = client.api.read(&format!("/projects/{}", project.id), &[]).await?;
        for point in HookPoint::ALL {
            if let Some(body) = whole.hooks.as_ref().and_then(|hooks| hooks.at(point)) {
                hooks.insert(point.as_str().to_owned(), body.into());
            }
        }
    }
    if !create.templates.is_empty() {
        for (point, typed) in &create.templates {
            let known: Vec<HookTemplate> = client.all("/hook-templates").await?.1;
            hooks.insert(point.as_str().to_owned(), names::choose(known, typed)?.body.into());
        }
    }
    for (point, text) in &create.hooks {
        hooks.insert(point.as_str().to_owned(), script(text)?.into());
    }
    Ok(Value::Object(hooks))
}

/// A script: the text itself, or what the file after `@` holds; `@-` is standard input.
pub(in crate::cli::client) fn script(text: &str) -> Outcome<String> {
    let Some(file) = text.strip_prefix('@') else { return Ok(text.to_owned()) };
    let mut script = String::new();
    let outcome = if file == "-" {
        std::io::stdin().lock().take(SCRIPT).read_to_string(&mut script)
    } else {
        std::fs::File::open(file).and_then(|file| file.take(SCRIPT).read_to_string(&mut script))
    };
    outcome.map_err(|e| Trouble::new(&text!("the script in {file}", "脚本 {file}"), e))?;
    Ok(script)
}

/// The refs that may be meant by one that is unknown. Where they cannot be had, the refusal has said enough.
async fn suggest(client: &Client, project: &Project, kind: RefKind, typed: &str) {
    let title = &project.title;
    let (query, list) = match kind {
        RefKind::Tag => ("tag", ""),
        RefKind::Branch => ("branch", " --branches"),
        RefKind::Commit => return,
    };
    let path = format!("/projects/{}/refs", project.id);
    let Ok(items) = client.api.list(&path, &[("kind", query)]).await else { return };
    let names = items.iter().filter_map(|item| item.get("name").and_then(Value::as_str));
    let near = near(typed, names);
    let next = if near.is_empty() {
        text!("'launchway refs {title}{list}' lists what there is.", "'launchway refs {title}{list}' 可列出全部。")
    } else {
        did_you_mean(&near)
    };
    say::error(next.get(say::lang()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hook_names_its_point() {
        assert_eq!(pair("before_deploy=@x=y"), Ok((HookPoint::BeforeDeploy, "@x=y".into())));
        assert_eq!(pair("after-deploy=true"), Ok((HookPoint::AfterDeploy, "true".into())));
        assert!(pair("befor_deploy=x").unwrap_err().contains("did you mean before_deploy"));
        assert!(pair("true").unwrap_err().contains("before_download"));
    }

    #[test]
    fn a_script_is_a_text_or_a_file() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "echo hi\n").unwrap();
        assert_eq!(script(&format!("@{}", file.path().display())).unwrap(), "echo hi\n");
        assert_eq!(script("echo @home").unwrap(), "echo @home");
        assert!(script("@/nowhere").is_err());
    }
}
