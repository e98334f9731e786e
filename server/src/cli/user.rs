//! `launchway user …`.

use clap::Subcommand;
use launchway_domain::{Actor, Role, SetupForm, Text, text};

use super::program::Ground;
use super::say::{self, Failure};
use super::secret;
use crate::config::Config;

#[derive(Subcommand)]
pub(super) enum UserCommand {
    /// Adds a user; reads the password as one line from standard input
    Add {
        /// The sign-in name
        name: String,
        /// What the user is trusted with
        #[arg(long, value_parser = roles())]
        role: Role,
    },
}

/// Takes the words of [`Role`] and lists them in errors and help.
fn roles() -> impl clap::builder::TypedValueParser<Value = Role> {
    use clap::builder::{PossibleValuesParser, TypedValueParser};
    PossibleValuesParser::new(Role::ALL.map(Role::as_str))
        .try_map(|word| Role::parse(&word).ok_or_else(|| format!("no such role: {word}")))
}

pub(super) async fn run(config: Config, command: UserCommand) -> Result<(), Failure> {
    let UserCommand::Add { name, role } = command;
    let ground = Ground::open(&config).await?;
    let password = tokio::task::spawn_blocking(|| secret::line(&Text::new("Password: ", "密码：")))
        .await
        .map_err(|e| Failure::new(&reading(), e))?
        .map_err(|e| Failure::new(&reading(), e))?;
    let form = SetupForm { name, password: password.as_str().to_owned() };
    let user = ground.services.accounts().create_user(&Actor::System, form, role).await?;
    let (name, role) = (user.name, user.role.as_str());
    say::line(&text!("Added {name} as {role}.", "已添加 {name}，角色为 {role}。"));
    Ok(())
}

fn reading() -> Text {
    Text::new("reading the password from standard input", "从标准输入读取密码")
}
