//! Keeps the last releases on a server and retires the others.

use std::collections::BTreeSet;

use super::error::{self, TargetError};
use super::{Site, ask, fields, scripts};
use crate::shell::{Command, Limits, Shell};

/// Removes all but the newest `keep` releases. Never removed, whatever their age: what `current`
/// names, what it named before (as noted on the server, and as `previous` says, such as
/// `releases/6`), and the site's own release. Only folders whose name is a number are ours; anything
/// else in `releases` stays. Also clears what interrupted uploads left more than a day ago.
///
/// Gives the ids that were removed.
///
/// # Errors
/// [`TargetError::Refused`] where something could not be removed (the rest has been).
pub fn prune(
    shell: &mut dyn Shell,
    site: &Site,
    keep: u32,
    previous: Option<&str>,
    limits: &Limits,
) -> Result<Vec<String>, TargetError> {
    let place = site.place();
    let answer = ask(shell, &place, &Command::script(scripts::RELEASES).arg(&site.base), limits)?;
    let retired = retired(&answer, site.release.0, keep, previous);
    let command = Command::script(scripts::PRUNE).arg(&site.base).args(retired.iter().map(i64::to_string));
    let output = shell.call(&command, limits)?;
    if !output.ok() {
        return Err(error::refusal(&place, &output));
    }
    Ok(fields(&output.stdout).iter().map(|id| String::from_utf8_lossy(id).into_owned()).collect())
}

/// The releases that a server holds, by id, oldest first. Whether they are whole is not looked at.
///
/// # Errors
/// [`TargetError::Refused`] where the folder cannot be read.
pub fn held(shell: &mut dyn Shell, site: &Site, limits: &Limits) -> Result<Vec<i64>, TargetError> {
    let answer = ask(shell, &site.place(), &Command::script(scripts::RELEASES).arg(&site.base), limits)?;
    let all: BTreeSet<i64> = answer.iter().skip(2).filter_map(|name| id_of(name)).collect();
    Ok(all.into_iter().collect())
}

/// The id that a folder's name is.
fn id_of(name: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(name).ok()?;
    // `07` and `+7` parse too, but are not names that we gave.
    text.parse::<i64>().ok().filter(|id| id.to_string() == text)
}

/// Which ids go, oldest first. `answer`: current, previous, then names.
fn retired(answer: &[Vec<u8>], own: i64, keep: u32, previous: Option<&str>) -> Vec<i64> {
    // Whoever set a link by hand may have written the whole path.
    let linked = |link: &[u8]| link.rsplit(|b| *b == b'/').find(|part| !part.is_empty()).and_then(id_of);
    let mut safe = BTreeSet::from([own]);
    safe.extend(answer.iter().take(2).filter_map(|link| linked(link)));
    safe.extend(previous.and_then(|link| linked(link.as_bytes())));
    let all: BTreeSet<i64> = answer.iter().skip(2).filter_map(|name| id_of(name)).collect();
    let newest: BTreeSet<i64> = all.iter().rev().take(keep as usize).copied().collect();
    all.into_iter().filter(|id| !newest.contains(id) && !safe.contains(id)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(fields: &[&str]) -> Vec<Vec<u8>> {
        fields.iter().map(|field| field.as_bytes().to_vec()).collect()
    }

    #[test]
    fn the_live_one_and_the_one_before_stay_however_old() {
        let answer = answer(&["releases/2", "releases/1", "1", "2", "3", "4", "10", "9"]);
        assert_eq!(retired(&answer, 10, 2, Some("releases/3")), [4]);
        assert_eq!(retired(&answer, 10, 1, None), [3, 4, 9]);
    }

    #[test]
    fn what_is_not_ours_stays() {
        let answer = answer(&["", "", "1", "02", "3 backup", "4"]);
        assert_eq!(retired(&answer, 4, 1, None), [1]);
    }

    #[test]
    fn a_link_set_by_hand_still_protects() {
        let answer = answer(&["/srv/app/releases/1/", "", "1", "2", "3"]);
        assert_eq!(retired(&answer, 3, 1, None), [2]);
    }
}
