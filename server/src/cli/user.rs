//! `launchway user …`.

use std::io::{BufRead, IsTerminal, Read, Write};

use clap::Subcommand;
use launchway_domain::{Actor, Role, SetupForm, Text, text};
use nix::sys::termios::{LocalFlags, SetArg, tcgetattr, tcsetattr};
use zeroize::Zeroizing;

use super::program::Ground;
use super::say::{self, Failure};
use crate::config::Config;

/// The most that is read: no password is longer.
const LINE: u64 = 4096;

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
    let password = tokio::task::spawn_blocking(read_password)
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

/// One line of standard input; at a terminal with a prompt, and unseen.
fn read_password() -> std::io::Result<Zeroizing<String>> {
    let stdin = std::io::stdin();
    let hidden = if stdin.is_terminal() {
        let before = tcgetattr(&stdin)?;
        let mut silent = before.clone();
        silent.local_flags.remove(LocalFlags::ECHO);
        tcsetattr(&stdin, SetArg::TCSAFLUSH, &silent)?;
        let prompt = Text::new("Password: ", "密码：");
        eprint!("{}", prompt.get(say::lang()));
        std::io::stderr().flush()?;
        Some(before)
    } else {
        None
    };
    let mut line = Zeroizing::new(String::new());
    let outcome = stdin.lock().take(LINE).read_line(&mut line);
    if let Some(before) = hidden {
        tcsetattr(&stdin, SetArg::TCSAFLUSH, &before)?;
        eprintln!();
    }
    outcome?;
    while line.ends_with(['\n', '\r']) {
        line.pop();
    }
    Ok(line)
}
