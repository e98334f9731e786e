//! What happens on a server between "here is an artifact" and "it is live": probe, stage, verify,
//! switch, prune. Everything goes through [`crate::shell::Shell`], so this host and a server over SSH
//! are the same to it.
//!
//! ```text
//! <path>/releases/<release id>/   exactly the artifact, and links to what is shared
//! <path>/current -> releases/<release id>
//! <path>/shared/                  what releases have in common: theirs, and never removed
//! <path>/.launchway/              ours: incoming/ (uploads, retired releases), previous, hooks/
//! ```
//!
//! No lock is held on the server, since one could get stuck. Instead every step is safe beside another
//! of its kind: each upload has a side folder of its own, releases and `current` change by one rename,
//! and whoever comes second finds the work done and verifies it.

mod error;
mod files;
mod lay;
mod live;
mod probe;
mod prune;
mod scripts;
mod stage;
mod switch;
mod verify;

use launchway_domain::ReleaseId;

use crate::artifact::shown;
use crate::shell::{Command, Limits, Shell};

pub use error::{Refusal, TargetError};
pub use files::{Extent, Pulled, Wanted, extent, pull};
pub use lay::Lay;
pub use live::{Expected, Files, How, Look, look, other_release};
pub use probe::{Digest, Probe, Tools, probe};
pub use prune::{held, prune};
pub use stage::{Staged, stage};
pub use switch::{Back, current_link, switch, switch_back};
pub use verify::verify;

/// One release on one server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// The environment's absolute folder, `{hostname}` filled in.
    pub base: Vec<u8>,
    /// The release.
    pub release: ReleaseId,
    /// The server's name, for messages.
    pub hostname: String,
}

impl Site {
    /// The release's folder on the server.
    pub fn release_dir(&self) -> Vec<u8> {
        self.below(format!("releases/{}", self.release).as_bytes())
    }

    /// The link that names the live release.
    pub fn current(&self) -> Vec<u8> {
        self.below(b"current")
    }

    /// A path below [`Site::base`].
    pub fn below(&self, path: &[u8]) -> Vec<u8> {
        let base = self.base.strip_suffix(b"/").unwrap_or(&self.base);
        [base, b"/", path].concat()
    }

    /// For messages: `web-1:/srv/app`.
    fn place(&self) -> String {
        format!("{}:{}", self.hostname, shown(&self.base))
    }

    /// What `current` holds when this release is live.
    fn link(&self) -> String {
        format!("releases/{}", self.release)
    }
}

/// Runs one of our scripts and gives back the fields that it printed.
fn ask(shell: &mut dyn Shell, place: &str, command: &Command, limits: &Limits) -> Result<Vec<Vec<u8>>, TargetError> {
    let output = shell.call(command, limits)?;
    if !output.ok() {
        return Err(error::refusal(place, &output));
    }
    Ok(fields(&output.stdout))
}

/// The NUL-terminated fields after the mark; a last one without its NUL was cut off and is dropped.
fn fields(stdout: &[u8]) -> Vec<Vec<u8>> {
    let mark = scripts::MARK;
    let start = stdout.windows(mark.len()).position(|window| window == mark).map_or(stdout.len(), |at| at + mark.len());
    let mut fields: Vec<Vec<u8>> = stdout[start..].split(|byte| *byte == 0).map(<[u8]>::to_vec).collect();
    fields.pop();
    fields
}

/// A word that no other upload or probe uses at the same time.
fn nonce() -> String {
    hex::encode(rand::random::<[u8; 6]>())
}

/// A link's content as callers keep it: releases' names are ASCII, anything else is shown as it can be.
fn name(bytes: &[u8]) -> Option<String> {
    (!bytes.is_empty()).then(|| String::from_utf8_lossy(bytes).into_owned())
}
