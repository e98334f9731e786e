//! Files from a server: how much there is below a path, and its bytes as a tar stream. Nothing outside the environment's
//! folder is read unless the caller may go there, whatever links lead to it.

use std::io::{self, Write};

use launchway_domain::{Text, text};

use super::error::TargetError;
use super::{Refusal, Site, fields, scripts};
use crate::artifact::shown;
use crate::shell::{Command, Limits, Output, Shell, ShellError};
use crate::ssh::Session;

/// How much a login profile may print before our mark, in bytes.
const MAX_NOISE: usize = 64 * 1024;

/// What to read.
#[derive(Clone, Debug)]
pub struct Wanted<'a> {
    /// The path: below the environment's folder, or absolute.
    pub path: &'a str,
    /// Whether it may lie (or its links may lead) anywhere on the server.
    pub anywhere: bool,
}

impl Wanted<'_> {
    fn command(&self, script: &'static str, site: &Site) -> Command {
        Command::script(script).arg(&site.base).arg(self.path).arg(if self.anywhere { "anywhere" } else { "below" })
    }
}

/// How much there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extent {
    /// Whether it is a folder.
    pub is_folder: bool,
    /// How many files.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// Counts what is there.
///
/// # Errors
/// A refusal where there is nothing, it cannot be read, or it lies outside.
pub fn extent(shell: &mut dyn Shell, site: &Site, wanted: &Wanted<'_>, limits: &Limits) -> Result<Extent, TargetError> {
    let output = shell.call(&wanted.command(scripts::EXTENT, site), limits)?;
    if !output.ok() {
        return Err(refusal(site, wanted, &output));
    }
    let answer = fields(&output.stdout);
    let number = |at: usize| answer.get(at).and_then(|field| std::str::from_utf8(field).ok()?.trim().parse().ok());
    Ok(Extent {
        is_folder: answer.first().is_some_and(|kind| kind == b"folder"),
        files: number(1).unwrap_or_default(),
        bytes: number(2).unwrap_or_default(),
    })
}

/// What a stream of files was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pulled {
    /// Whether it is a folder: its entries are named from there; else there is one file.
    pub is_folder: bool,
    /// What `tar` complained about, where some of it could not be read.
    pub complaint: Option<String>,
}

/// Writes a tar stream of what is there into `sink`, up to `max` bytes.
///
/// # Errors
/// As [`extent`]; a refusal where there is more than `max`.
pub fn pull(
    session: &mut Session,
    site: &Site,
    wanted: &Wanted<'_>,
    sink: &mut dyn Write,
    max: u64,
    limits: &Limits,
) -> Result<Pulled, TargetError> {
    let mut head = Head { held: Vec::new(), kind: None };
    let mut taken = 0_u64;
    let mut is_over = false;
    let mut take = |bytes: &[u8]| -> io::Result<()> {
        let Some(bytes) = head.take(bytes)? else { return Ok(()) };
        taken += bytes.len() as u64;
        if taken > max {
            is_over = true;
            return Err(io::Error::other("more than the limit"));
        }
        sink.write_all(&bytes)
    };
    let outcome = session.pull(&wanted.command(scripts::PULL, site), &mut take, limits);
    if is_over {
        let (place, path, most) = (site.place(), wanted.path, crate::log::size(max));
        return Err(TargetError::refused(
            Refusal::Other,
            text!(
                "{place}: {path} has more than {most}. Name something smaller in it.",
                "{place}：{path} 超过 {most}，请指定其中更小的部分。"
            ),
        ));
    }
    let output = match outcome {
        Err(ShellError::Input(error)) => {
            return Err(TargetError::refused(
                Refusal::Other,
                text!(
                    "Keeping what came failed on the Launchway host: {error}",
                    "在 Launchway 主机上保存时失败：{error}"
                ),
            ));
        }
        outcome => outcome?,
    };
    let Some(is_folder) = head.kind else { return Err(refusal(site, wanted, &output)) };
    // 1: something changed while it was read, as logs do; 2: something could not be read.
    if output.status > 2 {
        return Err(refusal(site, wanted, &output));
    }
    Ok(Pulled { is_folder, complaint: (output.status == 2 || passed_over(&output.stderr)).then(|| output.complaint()) })
}

/// Whether `tar` says of something that it is not in the stream, without calling that a failure: GNU's and BusyBox' words,
/// in the locale C.
fn passed_over(said: &[u8]) -> bool {
    let said = String::from_utf8_lossy(said);
    ["socket ignored", "unknown file type"].iter().any(|words| said.lines().any(|line| line.ends_with(words)))
}

/// What stands before the stream: noise, our mark, what it is.
struct Head {
    held: Vec<u8>,
    kind: Option<bool>,
}

impl Head {
    /// The bytes of the stream in what came.
    fn take<'a>(&mut self, bytes: &'a [u8]) -> io::Result<Option<std::borrow::Cow<'a, [u8]>>> {
        if self.kind.is_some() {
            return Ok(Some(bytes.into()));
        }
        self.held.extend_from_slice(bytes);
        let mark = scripts::MARK;
        if let Some(at) = self.held.windows(mark.len()).position(|window| window == mark) {
            let rest = &self.held[at + mark.len()..];
            if let Some(end) = rest.iter().position(|byte| *byte == 0) {
                self.kind = Some(&rest[..end] == b"folder");
                let stream = rest[end + 1..].to_vec();
                self.held = Vec::new();
                return Ok(Some(stream.into()));
            }
        }
        if self.held.len() > MAX_NOISE { Err(io::Error::other("no end of the greeting")) } else { Ok(None) }
    }
}

fn refusal(site: &Site, wanted: &Wanted<'_>, output: &Output) -> TargetError {
    let (place, path, said) = (site.place(), wanted.path, output.complaint());
    let (kind, text) = match output.status {
        scripts::NOTHING => (Refusal::Path, text!("{place}: there is no {path}.", "{place}：没有 {path}。")),
        scripts::NO_FILE => (
            Refusal::Path,
            text!(
                "{place}: {path} is neither a file nor a folder, but a device, a pipe or a socket.",
                "{place}：{path} 既不是文件也不是文件夹，而是设备、管道或套接字。"
            ),
        ),
        scripts::OUTSIDE => (
            Refusal::Other,
            text!(
                "{place}: {path} leads out of {}, or into Launchway's own folder. Only administrators may fetch from elsewhere, by the absolute path.",
                "{place}：{path} 指向 {} 之外，或指向 Launchway 自己的文件夹。只有管理员可用绝对路径获取其他位置的文件。"; Text::verbatim(shown(&site.base))
            ),
        ),
        _ => (Refusal::Other, text!("{place}: {path} cannot be read: {said}", "{place}：无法读取 {path}：{said}")),
    };
    TargetError::refused(kind, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stream_begins_after_the_mark_however_it_is_cut() {
        let all = [b"Welcome!\n".as_slice(), scripts::MARK, b"folder\0tar bytes"].concat();
        for at in 0..all.len() {
            let mut head = Head { held: Vec::new(), kind: None };
            let mut out = Vec::new();
            for part in [&all[..at], &all[at..]] {
                if let Some(bytes) = head.take(part).unwrap() {
                    out.extend_from_slice(&bytes);
                }
            }
            assert_eq!((out.as_slice(), head.kind), (b"tar bytes".as_slice(), Some(true)), "{at}");
        }
    }
}
