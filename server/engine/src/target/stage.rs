//! Brings an artifact to a server: beside, verified, then renamed into `releases`.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::time::Duration;

use flate2::bufread::GzDecoder;
use launchway_domain::Text;
use tokio_util::sync::CancellationToken;

use super::error::{self, Refusal, TargetError};
use super::lay::Lay;
use super::probe::Tools;
use super::verify::{differences, mismatch, verify_at};
use super::{Site, ask, nonce, scripts};
use crate::artifact::{Artifact, Manifest};
use crate::shell::{Command, Limits, Shell, ShellError};

/// How a release came to lie on a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Staged {
    /// It was there already, and is right: nothing was sent.
    There,
    /// It was sent.
    Sent,
    /// What was there was not right any more; it was sent again in its place.
    Replaced,
}

/// Uploads the artifact into a side folder, verifies it there entry by entry, lays it as `lay` says, and renames it to
/// `releases/<id>`. Where that folder is already there and right, nothing is sent; where it is there
/// and wrong, it is replaced. A live release is never touched: files that its hooks added are well,
/// anything else is an error. `progress` gets compressed bytes sent and in all.
///
/// Whatever the failure, `releases` holds either the whole verified copy or nothing of it, and the
/// side folder is removed (by the server itself where the connection broke, else by the next try).
///
/// # Errors
/// [`Refusal::Mismatch`] names the first path that differs; [`Refusal::DiskFull`], [`Refusal::Path`].
pub fn stage(
    shell: &mut dyn Shell,
    site: &Site,
    tools: &Tools,
    artifact: &Artifact,
    lay: &Lay,
    progress: &mut dyn FnMut(u64, u64),
    limits: &Limits,
) -> Result<Staged, TargetError> {
    let place = site.place();
    let expected = lay.expected(&artifact.manifest)?;
    let look = Command::script(scripts::LOOK).arg(&site.base).arg(site.release.to_string());
    let answer = ask(shell, &place, &look, limits)?;
    let there = answer.first().is_some_and(|field| field == b"1");
    let live = answer.get(1).is_some_and(|field| *field == site.link().into_bytes());
    if there {
        let mut found = differences(shell, &place, &site.release_dir(), *tools, &expected, limits)?;
        if live {
            // Its own hooks and processes may have added to it.
            found.retain(|difference| !difference.extra);
        }
        if found.is_empty() {
            progress(artifact.archive_bytes, artifact.archive_bytes);
            return Ok(Staged::There);
        }
        if live {
            return mismatch(&place, &found).map(|()| Staged::There).map_err(|error| {
                let why = error.text();
                TargetError::refused(
                    Refusal::Mismatch,
                    Text {
                        en: format!("{place}: this release is live and was changed on the server, so it is not replaced. Look at what is live, then roll back to it: it is laid anew beside. {}", why.en).into(),
                        zh: format!("{place}：该发布正在使用且已在服务器上被修改，因此不会替换。请先检查线上状态，再回滚到该发布：将在旁边重新部署。{}", why.zh).into(),
                    },
                )
            });
        }
        let side = format!("{}.{}", site.release, nonce());
        let aside = Command::script(scripts::SET_ASIDE).arg(&site.base).arg(side).arg(site.release.to_string());
        ask(shell, &place, &aside, limits)?;
    }

    let side = format!("{}.{}", site.release, nonce());
    let what = Upload { artifact, lay, expected: &expected };
    let result = upload(shell, site, *tools, &what, &side, progress, limits);
    if result.is_err() {
        // Its own short limits: the caller's may be what ended the upload. Where the connection is
        // gone, this fails too, and the script on the server cleans up by itself.
        let limits = Limits::within(Duration::from_secs(20), &CancellationToken::new());
        let discard = Command::script(scripts::DISCARD).arg(&site.base).arg(&side);
        if let Err(error) = ask(shell, &place, &discard, &limits) {
            tracing::debug!(%error, place, side, "the side folder stays until the next upload");
        }
    }
    result.map(|()| if there { Staged::Replaced } else { Staged::Sent })
}

/// What is sent, and what has to come of it.
struct Upload<'a> {
    artifact: &'a Artifact,
    lay: &'a Lay,
    expected: &'a Manifest,
}

fn upload(
    shell: &mut dyn Shell,
    site: &Site,
    tools: Tools,
    what: &Upload<'_>,
    side: &str,
    progress: &mut dyn FnMut(u64, u64),
    limits: &Limits,
) -> Result<(), TargetError> {
    let place = site.place();
    let Upload { artifact, lay, expected } = *what;
    let file = File::open(&artifact.archive).map_err(ShellError::Input)?;
    let counted = Counted { file, sent: 0, total: artifact.archive_bytes, progress };
    let command = unpack(site, side, tools.gzip);
    let output = if tools.gzip {
        shell.run(&command, &mut { counted }, limits)?
    } else {
        shell.run(&command, &mut GzDecoder::new(BufReader::with_capacity(1 << 16, counted)), limits)?
    };
    if !output.ok() {
        return Err(error::refusal(&place, &output));
    }
    let dir = site.below(format!(".launchway/incoming/{side}").as_bytes());
    verify_at(shell, &place, &dir, tools, &artifact.manifest, limits)?;

    // Only what is known to be right may become what all releases share.
    lay.carry_out(shell, site, side, &artifact.manifest, limits)?;

    let mode = format!("{:o}", lay.folder_mode());
    let accept = Command::script(scripts::ACCEPT).arg(&site.base).arg(side).arg(site.release.to_string()).arg(mode);
    match ask(shell, &place, &accept, limits) {
        Ok(_) => Ok(()),
        // Another instance that had lost its lease may have finished the same upload: then its copy
        // is as good as ours, once it is verified.
        Err(error @ TargetError::Refused { .. }) => {
            match verify_at(shell, &place, &site.release_dir(), tools, expected, limits) {
                Ok(()) => {
                    let discard = Command::script(scripts::DISCARD).arg(&site.base).arg(side);
                    ask(shell, &place, &discard, limits).map(drop)
                }
                Err(_) => Err(error),
            }
        }
        Err(error) => Err(error),
    }
}

/// The command that unpacks its standard input into a new side folder.
pub(super) fn unpack(site: &Site, side: &str, gzip: bool) -> Command {
    Command::script(scripts::UNPACK).arg(&site.base).arg(side).arg(if gzip { "gzip" } else { "plain" })
}

/// The archive on its way, reporting how much of it was read.
struct Counted<'a> {
    file: File,
    sent: u64,
    total: u64,
    progress: &'a mut dyn FnMut(u64, u64),
}

impl Read for Counted<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(buf)?;
        self.sent += count as u64;
        (self.progress)(self.sent.min(self.total), self.total);
        Ok(count)
    }
}
