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
