//! The switch: one rename of a link.

use super::error::TargetError;
use super::{Site, ask, name, scripts};
use crate::shell::{Command, Limits, Shell};

/// Makes the release live by renaming a link over `current`: there is never a moment without
/// `current`. Gives what was live before, such as `releases/6`; none where nothing was. Asked again
/// after it succeeded, it changes nothing and gives the same answer.
///
/// # Errors
/// [`super::Refusal::CurrentIsDirectory`] where `current` is no link, [`super::Refusal::Other`] where
/// the release was not staged; both touch nothing.
pub fn switch(shell: &mut dyn Shell, site: &Site, limits: &Limits) -> Result<Option<String>, TargetError> {
    let command = Command::script(scripts::SWITCH).arg(&site.base).arg(site.release.to_string());
    let answer = ask(shell, &site.place(), &command, limits)?;
    Ok(match answer.as_slice() {
        [was, before] if was == b"1" => name(before),
        _ => None,
    })
}

/// What `current` names, such as `releases/6`; none where it is absent or no link. Touches nothing.
///
/// # Errors
/// [`TargetError::Shell`]; [`TargetError::Refused`] where the server's shell does not do its part.
pub fn current_link(shell: &mut dyn Shell, site: &Site, limits: &Limits) -> Result<Option<String>, TargetError> {
    let answer = ask(shell, &site.place(), &Command::script(scripts::CURRENT).arg(&site.base), limits)?;
    Ok(linked(&answer))
}

/// What came of switching back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Back {
    /// Whether this call did it; not so where the release was not live (any more).
    pub done: bool,
    /// What `current` names now; none where it is absent.
    pub current: Option<String>,
}

/// Takes a switch back: `current` names `before` again, by one rename, or is gone where nothing was live before. Asked
/// again after it succeeded, or where something else is live by now, it changes nothing.
///
/// # Errors
/// [`super::Refusal::Other`] where what was live before is gone; that touches nothing.
pub fn switch_back(
    shell: &mut dyn Shell,
    site: &Site,
    before: Option<&str>,
    limits: &Limits,
) -> Result<Back, TargetError> {
    let command = Command::script(scripts::SWITCH_BACK)
        .arg(&site.base)
        .arg(site.release.to_string())
        .arg(if before.is_some() { "1" } else { "0" })
        .arg(before.unwrap_or_default());
    let answer = ask(shell, &site.place(), &command, limits)?;
    let (done, rest) = answer.split_first().map_or((false, answer.as_slice()), |(done, rest)| (done == b"1", rest));
    Ok(Back { done, current: linked(rest) })
}

fn linked(answer: &[Vec<u8>]) -> Option<String> {
    match answer {
        [is_link, link] if is_link == b"1" => name(link),
        _ => None,
    }
}
