//! `launchway serve`.

use launchway_domain::text;

use super::program::{Ending, Program, listen};
use super::say::{self, Failure};
use crate::config::Config;

pub(super) async fn run(config: Config) -> Result<(), Failure> {
    let public_url = config.public_url.clone();
    let scheme = if config.tls.is_some() { "https" } else { "http" };
    if public_url.is_some() && config.tls.is_none() && config.trusted_proxies.is_empty() {
        tracing::warn!(
            "no proxy is trusted to say who asks: behind one, all people share its address for the limit on tries to sign \
             in, and in the audit. Name it by --trusted-proxy"
        );
    }
    let listener = listen(config.listen).await?;
    let mut program = Program::start(config, listener).await?;
    // Before anybody is told that it is there.
    let ending = Ending::listen()?;
    let url = public_url.map_or_else(|| format!("{scheme}://{}/", program.address), |url| url.to_string());
    say::line(&text!("Launchway is at {url}", "Launchway 运行于 {url}"));
    if program.services.accounts().needs_setup().await? {
        say::line(&text!(
            "Open it to choose the first administrator's name and password.",
            "请打开该地址，设置首位管理员的用户名和密码。"
        ));
    }
    let outcome = program.wait(&ending).await;
    program.stop().await;
    outcome
}
