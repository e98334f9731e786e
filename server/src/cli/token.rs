//! `launchway token …`.

use clap::Subcommand;
use launchway_domain::{Actor, TokenForm, TokenId, TokenScope, text};
use secrecy::ExposeSecret;

use super::program::Ground;
use super::say::{self, Failure};
use super::user::project_named;
use crate::config::Config;

#[derive(Subcommand)]
pub(super) enum TokenCommand {
    /// Makes a token for a user and prints it; it is not shown again
    Create {
        /// Whose it is
        #[arg(long)]
        user: String,
        /// What it is for
        #[arg(long, value_name = "LABEL")]
        name: String,
        /// What it allows of what the user may
        #[arg(long, value_parser = scopes(), default_value = "administer")]
        scope: TokenScope,
        /// The title of the one project that it is for
        #[arg(long, value_name = "TITLE")]
        project: Option<String>,
        /// After how many days it ends
        #[arg(long, value_name = "DAYS")]
        expires: Option<u32>,
    },
    /// Lists a user's tokens: id, name, scope, end, last use
    List {
        /// Whose
        #[arg(long)]
        user: String,
    },
    /// Revokes a token
    Revoke {
        /// Its id, as `launchway token list` shows it
        id: TokenId,
    },
}

/// Takes the words of [`TokenScope`] and lists them in errors and help.
fn scopes() -> impl clap::builder::TypedValueParser<Value = TokenScope> {
    use clap::builder::{PossibleValuesParser, TypedValueParser};
    PossibleValuesParser::new(TokenScope::ALL.map(TokenScope::as_str))
        .try_map(|word| TokenScope::parse(&word).ok_or_else(|| format!("no such scope: {word}")))
}

pub(super) async fn run(config: Config, command: TokenCommand) -> Result<(), Failure> {
    let ground = Ground::open(&config).await?;
    let (accounts, tokens) = (ground.services.accounts(), ground.services.tokens());
    match command {
        TokenCommand::Create { user, name, scope, project, expires } => {
            let project_id = match project {
                Some(title) => Some(project_named(&ground, &title).await?),
                None => None,
            };
            let form = TokenForm { name, scope, project_id, expires_at: None, expires_in_days: expires };
            let token = accounts.create_token_as(&Actor::System, &user, form).await?;
            say::out(token.expose_secret());
        }
        TokenCommand::List { user } => {
            let account = accounts.named(&Actor::System, &user).await?;
            for token in tokens.list(&Actor::System, Some(account.id)).await? {
                let at = |time: Option<launchway_domain::Timestamp>| time.map_or("-".to_owned(), |at| at.rfc3339());
                let (ends, used) = (at(token.expires_at), at(token.last_used_at));
                say::out(&format!("{}\t{}\t{}\t{ends}\t{used}", token.id, token.name, token.scope.as_str()));
            }
        }
        TokenCommand::Revoke { id } => {
            tokens.delete(&Actor::System, id).await?;
            say::line(&text!("Revoked token {id}.", "已撤销令牌 {id}。"));
        }
    }
    Ok(())
}
