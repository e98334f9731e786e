//! Looks at a server before anything is sent to it: folders, tools, what is live.
//!
//! The tools are not believed but tried: a tree of five entries goes through the very scripts that
//! carry the release.

use launchway_domain::{Text, text};

use super::error::{self, Refusal, TargetError, exit};
use super::verify::verify_at;
use super::{Site, ask, name, nonce, scripts};
use crate::artifact::sample;
use crate::shell::{Command, Limits, Shell};

/// What computes SHA-256 on a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Digest {
    /// `openssl dgst`: three to four times as fast as the others, so preferred.
    Openssl,
    /// GNU coreutils' or BusyBox' `sha256sum`.
    Sha256sum,
    /// Perl's `shasum`.
    Shasum,
}

impl Digest {
    /// The program's name.
    pub fn program(self) -> &'static str {
        match self {
            Digest::Openssl => "openssl",
            Digest::Sha256sum => "sha256sum",
            Digest::Shasum => "shasum",
        }
    }
}

/// How to work on a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tools {
    /// What computes digests.
    pub digest: Digest,
    /// Whether its `tar` can decompress; where not, the stream is sent uncompressed.
    pub gzip: bool,
}

/// What a server looks like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// How to work on it.
    pub tools: Tools,
    /// Equal for two servers that are one host and folder, whatever they are called.
    pub identity: String,
    /// Whether the release's folder is there.
    pub has_release: bool,
    /// What `current` names, such as `releases/7`; none where it is absent.
    pub current: Option<String>,
}

/// Looks at a server: makes `<path>`, `releases` and `.launchway` where they are absent, tries whether
/// they can be written to, and tries every tool that the release will need.
///
/// # Errors
/// [`Refusal::CurrentIsDirectory`] before anything is touched; [`Refusal::Tool`] names what is
/// missing; [`Refusal::Path`].
pub fn probe(shell: &mut dyn Shell, site: &Site, limits: &Limits) -> Result<Probe, TargetError> {
    let place = site.place();
    if !site.base.starts_with(b"/") {
        return Err(TargetError::refused(
            Refusal::Path,
            text!(
                "{place} is not an absolute path. Correct the environment's path.",
                "{place} 不是绝对路径，请修改环境的路径。"
            ),
        ));
    }
    let command = Command::script(scripts::PROBE).arg(&site.base).arg(nonce()).arg(site.release.to_string());
    let answer = ask(shell, &place, &command, limits)?;
    let [digest, host, inode, real, has_release, linked, current] = answer.as_slice() else {
        return Err(garbled(&place));
    };
    let digest = match digest.as_slice() {
        b"openssl" => Digest::Openssl,
        b"sha256sum" => Digest::Sha256sum,
        b"shasum" => Digest::Shasum,
        _ => return Err(garbled(&place)),
    };
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).split_whitespace().collect::<Vec<_>>().join(" ");
    // Device and inode see through links and bind mounts; the path stands in where `stat` is absent.
    let folder = if inode.contains(&b':') { text(inode) } else { format!("{} {}", text(inode), text(real)) };
    let identity = format!("{} {folder}", text(host));

    let tools = rehearse(shell, site, digest, limits)?;
    let current = if linked == b"1" { name(current) } else { None };
    Ok(Probe { tools, identity, has_release: has_release == b"1", current })
}

/// Sends the sample tree compressed and, where that does not come out right, uncompressed.
fn rehearse(shell: &mut dyn Shell, site: &Site, digest: Digest, limits: &Limits) -> Result<Tools, TargetError> {
    let place = site.place();
    let mut failure = None;
    for gzip in [true, false] {
        let tools = Tools { digest, gzip };
        let (stream, manifest) = sample(gzip);
        let side = format!("probe.{}", nonce());
        let unpack = super::stage::unpack(site, &side, gzip);
        let output = shell.run(&unpack, &mut stream.as_slice(), limits)?;
        let result = if output.ok() {
            let dir = site.below(format!(".launchway/incoming/{side}").as_bytes());
            let result = verify_at(shell, &place, &dir, tools, &manifest, limits);
            let discard = Command::script(scripts::DISCARD).arg(&site.base).arg(&side);
            ask(shell, &place, &discard, limits)?;
            result
        } else {
            Err(error::refusal(&place, &output))
        };
        match result {
            Ok(()) => return Ok(tools),
            Err(error @ TargetError::Shell(_)) => return Err(error),
            Err(error) if matches!(error.refusal(), Some(Refusal::DiskFull | Refusal::Path)) => return Err(error),
            Err(error) => failure = Some((error, output)),
        }
    }
    Err(match failure {
        Some((TargetError::Refused { kind, text: why }, output))
            if kind == Refusal::Mismatch || output.status == exit::UNPACK =>
        {
            TargetError::refused(
                Refusal::Tool,
                Text {
                    en: format!("The server's tar, find, readlink or digest tool does not do what a release needs: a small sample tree did not arrive as it was sent. Install GNU tools or BusyBox, then retry. {}", why.en).into(),
                    zh: format!("服务器的 tar、find、readlink 或摘要工具不符合发布要求：一个小的样例目录未能原样到达。请安装 GNU 工具或 BusyBox，然后重试。{}", why.zh).into(),
                },
            )
        }
        Some((error, _)) => error,
        None => garbled(&place),
    })
}

fn garbled(place: &str) -> TargetError {
    TargetError::refused(
        Refusal::Other,
        text!(
            "{place} gave an answer that cannot be read. Check that the user's shell is a POSIX shell and that its profile runs no program that takes over.",
            "无法解析 {place} 返回的内容。请检查该用户的 shell 是否为 POSIX shell，且其配置文件没有启动接管会话的程序。"
        ),
    )
}
