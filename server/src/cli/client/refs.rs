//! `launchway refs`.

use clap::Args;
use launchway_domain::{RefItem, RefKind, Text};
use serde_json::Value;

use super::api::read;
use super::follow::short;
use super::trouble::Outcome;
use super::{Client, On, print};

#[derive(Args)]
pub(in crate::cli) struct Refs {
    /// The project's title or id
    project: String,
    /// Branches instead of tags
    #[arg(long, conflicts_with = "branch")]
    branches: bool,
    /// The last 50 commits of this branch
    #[arg(long)]
    branch: Option<String>,
    #[command(flatten)]
    pub(super) on: On,
}

pub(super) async fn run(client: &Client, refs: &Refs) -> Outcome<()> {
    let project = client.project(&refs.project).await?;
    let kind = match (&refs.branch, refs.branches) {
        (Some(_), _) => RefKind::Commit,
        (None, true) => RefKind::Branch,
        (None, false) => RefKind::Tag,
    };
    let path = format!("/projects/{}/refs", project.id);
    let mut query = vec![("kind", kind.as_str())];
    query.extend(refs.branch.as_deref().map(|branch| ("branch", branch)));
    let items = client.api.list(&path, &query).await?;
    if client.json {
        print::json(&Value::Array(items));
        return Ok(());
    }
    let found: Vec<RefItem> = read(Value::Array(items))?;
    let headers = [
        Text::new("NAME", "名称"),
        Text::new("COMMIT", "提交"),
        Text::new("DATE", "日期"),
        Text::new("AUTHOR", "作者"),
        Text::new("SUMMARY", "说明"),
    ];
    let rows: Vec<_> = found
        .into_iter()
        .map(|item| {
            let name = if kind == RefKind::Commit { short(&item.name).to_owned() } else { item.name };
            vec![name, short(&item.commit).to_owned(), print::time(item.date), item.author, item.summary]
        })
        .collect();
    let none = match kind {
        RefKind::Tag => Text::new(
            "The repository has no tags. --branches lists its branches.",
            "仓库中没有标签，可用 --branches 列出分支。",
        ),
        _ => Text::new("There are none.", "没有内容。"),
    };
    print::table(&headers, &rows, &none);
    Ok(())
}
