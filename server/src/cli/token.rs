//! `launchway token …`.

use clap::Subcommand;
use launchway_domain::Actor;
use secrecy::ExposeSecret;

use super::program::Ground;
use super::say::Failure;
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
    },
}

pub(super) async fn run(config: Config, command: TokenCommand) -> Result<(), Failure> {
    let TokenCommand::Create { user, name } = command;
    let ground = Ground::open(&config).await?;
    let token = ground.services.accounts().create_token(&Actor::System, &user, &name).await?;
    println!("{}", token.expose_secret());
    Ok(())
}
