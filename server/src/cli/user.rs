//! `launchway user …`.

use clap::Subcommand;
use launchway_app::ports::{Members, People};
use launchway_domain::{
    Account, Actor, IfVersion, InviteForm, ListQuery, MemberForm, Membership, ProjectId, Role, RoleForm, SetupForm,
    Text, text,
};
use url::Url;

use super::program::Ground;
use super::say::{self, Failure};
use super::secret;
use crate::config::{self, Config};

/// People on a page while all of them are listed.
const PAGE: u32 = 200;

#[derive(Subcommand)]
pub(super) enum UserCommand {
    /// Adds a user; reads the password as one line from standard input
    Add {
        /// The sign-in name
        name: String,
        /// What the user is trusted with: everywhere, or in the project that --project names
        #[arg(long, value_parser = roles())]
        role: Role,
        /// The title of the one project where the role counts
        #[arg(long, value_name = "TITLE")]
        project: Option<String>,
    },
    /// Makes a link by which somebody chooses a password, and prints it; adds them where there is no such user
    Invite {
        /// The sign-in name
        name: String,
        /// What a new user is trusted with: everywhere, or in the project that --project names
        #[arg(long, value_parser = roles())]
        role: Option<Role>,
        /// The title of the one project where the role counts
        #[arg(long, value_name = "TITLE", requires = "role")]
        project: Option<String>,
        /// Where browsers find Launchway [default: http:// and the default address]
        #[arg(long, value_name = "URL", env = "LAUNCHWAY_PUBLIC_URL", value_parser = config::public_url)]
        public_url: Option<Url>,
    },
    /// Lists users: name, role, state
    List,
    /// Gives a user another role everywhere
    Role {
        /// The sign-in name
        name: String,
        /// The role
        #[arg(value_parser = roles())]
        role: Role,
    },
    /// Shuts a user out: sessions, tokens and sockets end
    Deactivate {
        /// The sign-in name
        name: String,
    },
    /// Lets a user in again
    Reactivate {
        /// The sign-in name
        name: String,
    },
}

/// Takes the words of [`Role`] and lists them in errors and help.
fn roles() -> impl clap::builder::TypedValueParser<Value = Role> {
    use clap::builder::{PossibleValuesParser, TypedValueParser};
    PossibleValuesParser::new(Role::ALL.map(Role::as_str))
        .try_map(|word| Role::parse(&word).ok_or_else(|| format!("no such role: {word}")))
}

pub(super) async fn run(config: Config, command: UserCommand) -> Result<(), Failure> {
    let ground = Ground::open(&config).await?;
    let (people, accounts) = (ground.services.people(), ground.services.accounts());
    match command {
        UserCommand::Add { name, role, project } => add(&ground, name, role, project).await,
        UserCommand::Invite { name, role, project, public_url } => {
            let path = match (accounts.named(&Actor::System, &name).await, role) {
                (Ok(account), _) => people.invite_again(&Actor::System, account.id).await?.path,
                (Err(fault), None) => return Err(fault.into()),
                (Err(_), Some(role)) => invite(&ground, name, role, project).await?,
            };
            let origin = public_url.map_or_else(|| format!("http://{}", config.listen), String::from);
            say::out(&format!("{}{path}", origin.trim_end_matches('/')));
            Ok(())
        }
        UserCommand::List => list(people).await,
        UserCommand::Role { name, role } => {
            let account = accounts.named(&Actor::System, &name).await?;
            let account = people.set_role(&Actor::System, account.id, RoleForm { role }, &IfVersion::Any).await?;
            tell(&account);
            Ok(())
        }
        UserCommand::Deactivate { name } => {
            let account = accounts.named(&Actor::System, &name).await?;
            tell(&people.deactivate(&Actor::System, account.id).await?);
            Ok(())
        }
        UserCommand::Reactivate { name } => {
            let account = accounts.named(&Actor::System, &name).await?;
            tell(&people.reactivate(&Actor::System, account.id).await?);
            Ok(())
        }
    }
}

async fn add(ground: &Ground, name: String, role: Role, project: Option<String>) -> Result<(), Failure> {
    let project = match project {
        Some(title) => Some(project_named(ground, &title).await?),
        None => None,
    };
    let password = tokio::task::spawn_blocking(|| secret::line(&Text::new("Password: ", "密码：")))
        .await
        .map_err(|e| Failure::new(&reading(), e))?
        .map_err(|e| Failure::new(&reading(), e))?;
    let form = SetupForm { name, password: password.as_str().to_owned() };
    let everywhere = if project.is_some() { Role::Member } else { role };
    let user = ground.services.accounts().create_user(&Actor::System, form, everywhere).await?;
    if let Some(project) = project {
        let members: &dyn Members = ground.services.members();
        members.set(&Actor::System, project, user.id, MemberForm { role }).await?;
    }
    let (name, role) = (user.name, role.as_str());
    say::line(&text!("Added {name} as {role}.", "已添加 {name}，角色为 {role}。"));
    Ok(())
}

/// Adds somebody without a password; where their link leads.
async fn invite(ground: &Ground, name: String, role: Role, project: Option<String>) -> Result<String, Failure> {
    let form = match project {
        None => InviteForm { name, role, ..Default::default() },
        Some(title) => {
            let project_id = project_named(ground, &title).await?;
            InviteForm { name, role: Role::Member, memberships: vec![Membership { project_id, role }] }
        }
    };
    Ok(ground.services.people().invite(&Actor::System, form).await?.path)
}

async fn list(people: &dyn People) -> Result<(), Failure> {
    let mut query = ListQuery { limit: Some(PAGE), ..Default::default() };
    loop {
        let found = people.search(&Actor::System, query.clone()).await?;
        found.items.iter().for_each(tell);
        query.offset += PAGE;
        if u64::from(query.offset) >= found.total {
            return Ok(());
        }
    }
}

/// One line of fields with tabs between them: for scripts too.
fn tell(account: &Account) {
    say::out(&format!("{}\t{}\t{}", account.name, account.role.as_str(), account.state.as_str()));
}

/// The project with a title.
pub(super) async fn project_named(ground: &Ground, title: &str) -> Result<ProjectId, Failure> {
    let projects = ground.services.projects().list(&Actor::System).await?;
    let found = projects.into_iter().find(|project| project.title == title.trim());
    found.map(|project| project.id).ok_or_else(|| {
        Failure::Said(text!(
            "There is no project “{title}”. Its title is what its page shows.",
            "没有项目“{title}”，请使用项目页面上显示的标题。"
        ))
    })
}

fn reading() -> Text {
    Text::new("reading the password from standard input", "从标准输入读取密码")
}
