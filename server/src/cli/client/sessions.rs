//! `launchway sessions`.

use clap::Subcommand;
use launchway_domain::{Account, Session, Text, UserId, text};
use serde_json::json;

use super::trouble::Outcome;
use super::{Client, print};

#[derive(Subcommand)]
pub(in crate::cli) enum Sessions {
    /// Lists the browsers that you are signed in with
    List {
        /// Somebody else's, by name or id: for administrators
        #[arg(long, value_name = "NAME|ID")]
        user: Option<String>,
    },
    /// Signs out of one browser; what is open there is closed at once
    End {
        /// Its id
        #[arg(required_unless_present = "all")]
        id: Option<i64>,
        /// Of every browser; tokens stay
        #[arg(long, conflicts_with = "id")]
        all: bool,
        /// Somebody else's, by name or id: for administrators
        #[arg(long, value_name = "NAME|ID")]
        user: Option<String>,
    },
}

impl Default for Sessions {
    fn default() -> Self {
        Sessions::List { user: None }
    }
}

pub(super) async fn run(client: &Client, command: Sessions) -> Outcome<()> {
    match command {
        Sessions::List { user } => list(client, &path(client, user).await?).await,
        Sessions::End { id: Some(id), user, .. } => {
            client.api.delete(&format!("{}/{id}", path(client, user).await?)).await?;
            client.answer(&json!({"ended": id}), &text!("Ended session #{id}.", "已退出会话 #{id}。"));
            Ok(())
        }
        Sessions::End { id: None, user, .. } => {
            client.api.delete(&path(client, user).await?).await?;
            client.answer(&json!({"ended": "all"}), &Text::new("Ended all sessions.", "已退出所有会话。"));
            Ok(())
        }
    }
}

/// Where the sessions stand that are meant.
async fn path(client: &Client, user: Option<String>) -> Outcome<String> {
    let Some(user) = user else { return Ok("/me/sessions".to_owned()) };
    let UserId(id) = client.find::<Account>("/users", &user).await?.id;
    Ok(format!("/users/{id}/sessions"))
}

async fn list(client: &Client, path: &str) -> Outcome<()> {
    let (json, sessions) = client.all::<Session>(path).await?;
    if client.json {
        print::json(&json);
        return Ok(());
    }
    let headers = [
        Text::verbatim("ID"),
        Text::new("BROWSER", "浏览器"),
        Text::new("ADDRESS", "地址"),
        Text::new("SIGNED IN", "登录时间"),
        Text::new("LAST USED", "最近使用"),
    ];
    let rows: Vec<_> = sessions
        .into_iter()
        .map(|session| {
            let browser = [session.browser, session.system].into_iter().flatten().collect::<Vec<_>>().join(", ");
            let used = session.last_used_at.map(print::time).unwrap_or_default();
            let address = session.address.unwrap_or_default();
            vec![session.id.to_string(), browser, address, print::time(session.created_at), used]
        })
        .collect();
    print::table(&headers, &rows, &Text::new("Signed in nowhere.", "未在任何浏览器登录。"));
    Ok(())
}
