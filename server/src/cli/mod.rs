//! The command line: a thin face on the services, like the pages and the API.

mod argv;
mod audit;
mod client;
mod demo;
mod needs;
mod program;
mod say;
mod secret;
mod serve;
mod token;
mod user;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, CommandFactory, Parser, Subcommand};
use ipnet::IpNet;
use launchway_domain::Needs;
use launchway_engine::guard;
use secrecy::SecretString;
use tracing_subscriber::EnvFilter;
use url::Url;

use crate::config::{self, Config, DEFAULT_LISTEN, TlsFiles};
use crate::notify::{Outward, sender};
use say::Failure;

/// How long blocking work may go on after everything else has ended.
const LINGER: Duration = Duration::from_secs(5);

/// Launchway releases code: from a Git tag to real servers, in sight of everyone.
#[derive(Parser)]
#[command(name = "launchway", version, about, max_term_width = 100)]
struct Cli {
    #[command(flatten)]
    place: Place,
    #[command(subcommand)]
    command: Command,
}

/// Which installation it is about.
#[derive(Args)]
struct Place {
    /// The data folder; made where there is none [default: ./data]
    #[arg(long, global = true, value_name = "DIR", env = "LAUNCHWAY_DATA", help_heading = ON_THE_HOST)]
    data: Option<PathBuf>,
    /// The database: postgres://… or sqlite:/path [default: SQLite in the data folder]
    #[arg(long, global = true, value_name = "URL", env = "LAUNCHWAY_DATABASE_URL", hide_env_values = true,
          help_heading = ON_THE_HOST)]
    database_url: Option<SecretString>,
}

const ON_THE_HOST: &str = "On Launchway's own host";

#[derive(Subcommand)]
enum Command {
    /// Serves pages and API, and runs releases
    #[command(after_help = AFTER_SERVE)]
    Serve(Serve),
    /// Adds people who may sign in
    #[command(subcommand)]
    User(user::UserCommand),
    /// Makes API tokens
    #[command(subcommand)]
    Token(token::TokenCommand),
    /// Verifies and exports who changed what
    #[command(subcommand)]
    Audit(audit::AuditCommand),
    /// Shows a release from a sample repository to three throw-away SSH servers on this machine
    Demo(Listen),
    #[command(flatten)]
    Client(client::ClientCommand),
}

const AFTER_SERVE: &str = "LAUNCHWAY_MASTER_KEY, where set, is what secrets are sealed with: 32 bytes in base64 or \
hexadecimal. Otherwise a key is made and kept in the data folder.";

/// How it serves.
#[derive(Args)]
struct Serve {
    #[command(flatten)]
    listen: Listen,
    /// A proxy in front, as an address or a network; only its word is taken for who asks (X-Forwarded-For, Forwarded).
    /// May be given more than once
    #[arg(long = "trusted-proxy", value_name = "CIDR", env = "LAUNCHWAY_TRUSTED_PROXIES", value_delimiter = ',',
          value_parser = config::network)]
    trusted_proxies: Vec<IpNet>,
    /// Speaks HTTPS by itself, with this certificate and those between it and its authority (PEM); read anew when it
    /// changes
    #[arg(long, value_name = "FILE", env = "LAUNCHWAY_TLS_CERT", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// The certificate's private key (PEM)
    #[arg(long, value_name = "FILE", env = "LAUNCHWAY_TLS_KEY", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// How long a hook may run, in seconds [default: 1800]
    #[arg(long, value_name = "SECONDS", env = "LAUNCHWAY_HOOK_TIMEOUT",
          value_parser = clap::value_parser!(u64).range(1..=7 * 24 * 3600))]
    hook_timeout: Option<u64>,
    /// How many servers are worked on at once [default: 64]
    #[arg(long, value_name = "N", env = "LAUNCHWAY_PARALLEL", value_parser = clap::value_parser!(u16).range(1..=512))]
    parallel: Option<u16>,
    /// How often to look on the servers what is live there, in seconds; 0 for never [default: 300]
    #[arg(long, value_name = "SECONDS", env = "LAUNCHWAY_LIVE_CHECK_INTERVAL",
          value_parser = clap::value_parser!(u64).range(0..=24 * 3600))]
    live_check_interval: Option<u64>,
    /// The user that local hooks run as, where Launchway runs as root [default: launchway-hooks, else nobody]
    #[arg(long, value_name = "NAME", env = "LAUNCHWAY_HOOK_USER")]
    hook_user: Option<String>,
    #[command(flatten)]
    notify: Notify,
}

/// How notifications leave.
#[derive(Args)]
struct Notify {
    /// Lets notifications go to addresses that are not on the internet; may be given more than once
    #[arg(long, value_name = "CIDR", env = "LAUNCHWAY_ALLOW_ADDRESS", value_delimiter = ',',
          value_parser = config::network)]
    allow_address: Vec<IpNet>,
    /// The server that e-mail goes through: smtps://user:password@host, smtp://host:587?tls=required
    #[arg(long, value_name = "URL", env = "LAUNCHWAY_SMTP_URL", hide_env_values = true)]
    smtp_url: Option<SecretString>,
    /// Who e-mail comes from: "Launchway <ship@example.com>"
    #[arg(long, value_name = "ADDRESS", env = "LAUNCHWAY_SMTP_FROM", value_parser = sender)]
    smtp_from: Option<String>,
}

impl Notify {
    fn into_outward(self) -> Outward {
        Outward { allow: self.allow_address, smtp_url: self.smtp_url, smtp_from: self.smtp_from, ..Outward::default() }
    }
}

/// Where it is found.
#[derive(Args)]
struct Listen {
    /// The address to listen on [default: 127.0.0.1:3000]
    #[arg(long, value_name = "ADDR", env = "LAUNCHWAY_LISTEN")]
    listen: Option<SocketAddr>,
    /// Where browsers find it, where that is not the address: https://launchway.example
    #[arg(long, value_name = "URL", env = "LAUNCHWAY_PUBLIC_URL", value_parser = config::public_url)]
    public_url: Option<Url>,
}

impl Place {
    /// The data folder.
    fn data(&self) -> PathBuf {
        self.data.clone().unwrap_or_else(|| PathBuf::from("data"))
    }

    fn config(self, listen: Option<Listen>) -> Config {
        let data = self.data();
        let (address, public_url) = listen.map_or((None, None), |listen| (listen.listen, listen.public_url));
        Config {
            database_url: self.database_url,
            listen: address.unwrap_or(DEFAULT_LISTEN),
            public_url,
            master_key: config::master_key(),
            ..Config::new(data)
        }
    }
}

/// Reads the command line and does what it says.
pub fn main() -> ExitCode {
    // What a hook becomes itself through, before anything else: it is to inherit nothing of a program.
    let mut args = std::env::args_os().skip(1);
    if args.next().is_some_and(|first| first == guard::SUBCOMMAND) {
        return guard::enter(args);
    }
    argv::keep_password_out();
    // What this process holds is nobody's to read, its own user's other programs included.
    if let Err(error) = nix::sys::prctl::set_dumpable(false) {
        eprintln!("launchway: keeping its memory to itself: {error}");
    }
    let cli = Cli::parse();
    tell_the_log(matches!(cli.command, Command::Serve(_)));
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("launchway: starting threads: {error}");
            return ExitCode::FAILURE;
        }
    };
    let outcome = runtime.block_on(run(cli));
    // Blocking work cannot be interrupted; what it holds is safe to leave at any moment.
    runtime.shutdown_timeout(LINGER);
    match outcome {
        Ok(status) => status,
        Err(failure) => {
            say::failure(&failure);
            ExitCode::FAILURE
        }
    }
}

async fn run(cli: Cli) -> Result<ExitCode, Failure> {
    if cli.command.needs() == Needs::DataFolder {
        needs::data_folder(&cli.place.data())?;
    }
    match cli.command {
        Command::Client(command) => return Ok(client::run(command, Cli::command()).await),
        Command::Serve(serve) => {
            let mut config = cli.place.config(Some(serve.listen));
            config.trusted_proxies = serve.trusted_proxies;
            config.tls = serve.tls_cert.zip(serve.tls_key).map(|(certificate, key)| TlsFiles { certificate, key });
            config.hook_timeout = serve.hook_timeout.map_or(config.hook_timeout, Duration::from_secs);
            config.hook_user = serve.hook_user.filter(|name| !name.is_empty());
            config.notify = serve.notify.into_outward();
            if let Some(seconds) = serve.live_check_interval {
                config.live_check = (seconds > 0).then(|| Duration::from_secs(seconds));
            }
            config.parallel = serve.parallel.map_or(config.parallel, usize::from);
            serve::run(config).await?;
        }
        Command::User(command) => user::run(cli.place.config(None), command).await?,
        Command::Token(command) => token::run(cli.place.config(None), command).await?,
        Command::Audit(command) => audit::run(cli.place.config(None), command).await?,
        Command::Demo(listen) => demo::run(cli.place, listen).await?,
    }
    Ok(ExitCode::SUCCESS)
}

/// The log goes to standard error: standard output is for answers. `RUST_LOG` chooses what it holds.
fn tell_the_log(chatty: bool) {
    let quiet = if chatty { "warn,launchway=info,launchway_engine=info" } else { "warn" };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(quiet));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_says_what_it_takes() {
        let lines = [
            ("serve", Needs::DataFolder),
            ("user add kim --role viewer", Needs::DataFolder),
            ("token create --user kim --name ci", Needs::DataFolder),
            ("audit verify", Needs::DataFolder),
            ("demo", Needs::DataFolder),
            ("login https://launchway.example", Needs::Nothing),
            ("logout", Needs::Nothing),
            ("completions bash", Needs::Nothing),
            ("whoami", Needs::SignIn),
            ("projects", Needs::SignIn),
            ("servers", Needs::SignIn),
            ("environments list --project shop", Needs::SignIn),
            ("credentials", Needs::SignIn),
            ("templates", Needs::SignIn),
            ("variables list --project shop --env live", Needs::SignIn),
            ("refs shop", Needs::SignIn),
            ("release list", Needs::SignIn),
            ("rollback --project shop --env live", Needs::SignIn),
            ("promote --project shop --env live", Needs::SignIn),
            ("lock live --project shop --reason stocktaking", Needs::SignIn),
            ("unlock live --project shop", Needs::SignIn),
            ("queue live --project shop", Needs::SignIn),
            ("live", Needs::SignIn),
            ("run --env live uptime", Needs::SignIn),
            ("files size --env live --path log", Needs::SignIn),
            ("sessions", Needs::SignIn),
            ("history", Needs::SignIn),
            ("housekeeping show", Needs::SignIn),
        ];
        let mut left: Vec<String> = Cli::command().get_subcommands().map(|one| one.get_name().to_owned()).collect();
        for (line, needs) in lines {
            let words = std::iter::once("launchway").chain(line.split(' '));
            let cli = Cli::try_parse_from(words).unwrap_or_else(|e| panic!("{line}: {e}"));
            assert_eq!(cli.command.needs(), needs, "{line}");
            left.retain(|name| Some(name.as_str()) != line.split(' ').next());
        }
        assert!(left.is_empty(), "not walked: {left:?}");
    }

    #[test]
    fn data_and_database_are_taken_on_both_sides_of_every_subcommand() {
        for line in [
            "launchway --data d --database-url sqlite:x serve",
            "launchway serve --data d --database-url sqlite:x",
            "launchway user add kim --role viewer --data d --database-url sqlite:x",
            "launchway token create --user kim --name ci --data d --database-url sqlite:x",
            "launchway demo --data d --database-url sqlite:x",
        ] {
            let cli = Cli::try_parse_from(line.split(' ')).unwrap_or_else(|e| panic!("{line}: {e}"));
            assert_eq!(cli.place.data, Some(PathBuf::from("d")), "{line}");
            assert!(cli.place.database_url.is_some(), "{line}");
        }
    }

    #[test]
    fn several_networks_are_allowed_by_one_option_or_by_many() {
        let line = "launchway serve --allow-address 10.0.0.0/8,::1 --allow-address 127.0.0.1";
        let cli = Cli::try_parse_from(line.split(' ')).unwrap();
        let Command::Serve(serve) = cli.command else { panic!("another command") };
        assert_eq!(serve.notify.into_outward().allow.len(), 3);
    }

    #[test]
    fn an_unknown_role_is_refused_by_name() {
        let error = Cli::try_parse_from(["launchway", "user", "add", "kim", "--role", "king"]).err().unwrap();
        assert!(error.to_string().contains("viewer"), "{error}");
    }
}
