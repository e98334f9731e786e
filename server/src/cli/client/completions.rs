//! `launchway completions`.

use std::io::Write;

use clap::{Args, Command};
use clap_complete::Shell;
use launchway_domain::Text;

use super::trouble::{Outcome, Trouble};

pub(super) const AFTER: &str =
    "For bash: launchway completions bash >~/.local/share/bash-completion/completions/launchway
For zsh, in a folder of $fpath: launchway completions zsh >~/.zfunc/_launchway
For fish: launchway completions fish >~/.config/fish/completions/launchway.fish";

#[derive(Args)]
pub(in crate::cli) struct Completions {
    /// For which shell
    shell: Shell,
}

pub(super) fn run(completions: &Completions, mut whole: Command) -> Outcome<()> {
    let mut script = Vec::new();
    clap_complete::generate(completions.shell, &mut whole, "launchway", &mut script);
    let written = std::io::stdout().lock().write_all(&script);
    written.map_err(|e| Trouble::new(&Text::new("writing", "写入"), e))
}
