//! What the palette offers for what is typed.

use launchway_domain::find::rank;
use launchway_domain::{Hit, HitKind, Text};

use crate::text::palette as words;

/// So many are offered.
const MANY: usize = 14;
/// How well something fits that fits in no way.
const NOT: u8 = 4;

/// What an item does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// Opens a page.
    Page(&'static str),
    /// Opens what was found, and remembers it.
    Hit(Hit),
    /// Presses a button of the page.
    Press(&'static str),
    /// Shows the keys.
    Keys,
}

/// One line of the palette.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) title: Text,
    pub(super) detail: String,
    pub(super) kind: Text,
    pub(super) target: Target,
}

/// What can be done, the most usual first.
fn actions() -> [(Text, Target); 18] {
    use Target::{Keys, Page, Press};
    [
        (words::NEW_RELEASE, Page("/releases/new")),
        (words::GO_HOME, Page("/")),
        (words::GO_RELEASES, Page("/releases")),
        (words::GO_PROJECTS, Page("/projects")),
        (words::GO_SERVERS, Page("/servers")),
        (words::NEW_PROJECT, Page("/projects/new")),
        (words::NEW_SERVER, Page("/servers/new")),
        (words::NEW_CREDENTIAL, Page("/credentials/new")),
        (words::GO_CREDENTIALS, Page("/credentials")),
        (words::GO_TEMPLATES, Page("/hook-templates")),
        (words::GO_WALL, Page("/wall")),
        (words::GO_WALL_LINKS, Page("/wall-links")),
        (words::GO_SETTINGS, Page("/settings")),
        (words::GO_AUDIT, Page("/audit")),
        (words::SWITCH_THEME, Press("[data-press=theme]")),
        (words::SWITCH_LANG, Press("[data-press=lang]")),
        (words::SHOW_KEYS, Keys),
        (words::SIGN_OUT, Press("[data-press=sign-out]")),
    ]
}

fn action(title: Text, target: Target) -> Item {
    Item { title, detail: String::new(), kind: words::KIND_ACTION, target }
}

fn found(hit: &Hit, kind: Option<Text>) -> Item {
    let kind = kind.unwrap_or(match hit.kind {
        HitKind::Project => words::KIND_PROJECT,
        HitKind::Server => words::KIND_SERVER,
        HitKind::Release => words::KIND_RELEASE,
    });
    Item {
        title: Text::verbatim(hit.title.clone()),
        detail: hit.detail.clone(),
        kind,
        target: Target::Hit(hit.clone()),
    }
}

/// How well a hit fits: a release also by its number and by its ref.
fn rank_of(hit: &Hit, typed: &str) -> u8 {
    let title = hit.title.trim_start_matches('#');
    let typed = typed.trim_start_matches('#');
    match hit.kind {
        HitKind::Release => match title.split_once(' ') {
            Some((number, _)) if number == typed => 0,
            Some((_, name)) => rank(name, typed).min(rank(title, typed)),
            None => rank(title, typed),
        },
        _ => rank(title, typed),
    }
}

/// What is offered while `typed` stands there. `hits` were found for the text `of`: where that is another one, only
/// those that fit what is typed now are offered, so that nobody opens what they did not ask for.
pub(super) fn of(typed: &str, of: &str, hits: &[Hit], recent: &[Hit]) -> Vec<Item> {
    let typed = typed.trim();
    let is_answer = typed == of;
    let typed = typed.to_lowercase();
    if typed.is_empty() {
        let recent = recent.iter().map(|hit| found(hit, Some(words::KIND_RECENT)));
        return recent.chain(actions().into_iter().map(|(title, target)| action(title, target))).collect();
    }
    let mut ranked: Vec<(u8, Item)> = Vec::new();
    for hit in hits {
        let rank = rank_of(hit, &typed);
        if rank < NOT || is_answer {
            ranked.push((rank, found(hit, None)));
        }
    }
    for (title, target) in actions() {
        // In either language: people know commands by both.
        let rank = rank(&title.en, &typed).min(rank(&title.zh, &typed));
        if rank < NOT {
            ranked.push((rank, action(title, target)));
        }
    }
    // Stable: of equals the program's order holds, and things come before actions.
    ranked.sort_by_key(|(rank, _)| *rank);
    ranked.into_iter().take(MANY).map(|(_, item)| item).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hit(kind: HitKind, id: i64, title: &str) -> Hit {
        Hit { kind, id, title: title.into(), detail: String::new() }
    }

    fn titles(items: &[Item]) -> Vec<&str> {
        items.iter().map(|item| item.title.en.as_ref()).collect()
    }

    #[test]
    fn the_beginning_comes_before_the_middle() {
        let hits =
            [hit(HitKind::Project, 1, "Workshop"), hit(HitKind::Server, 2, "shop-1"), hit(HitKind::Project, 3, "Shop")];
        assert_eq!(titles(&of("shop", "shop", &hits, &[])), ["Shop", "shop-1", "Workshop"]);
    }

    #[test]
    fn an_answer_to_something_else_offers_only_what_fits() {
        let hits = [hit(HitKind::Server, 1, "web-1"), hit(HitKind::Server, 2, "web-2"), hit(HitKind::Server, 3, "eu")];
        assert_eq!(titles(&of("web-2", "web", &hits, &[])), ["web-2"]);
        // One that was found by its tag fits in no visible way, and is offered all the same.
        assert_eq!(titles(&of("blue", "blue", &hits[2..], &[])), ["eu"]);
    }

    #[test]
    fn a_number_finds_its_release_first() {
        let hits = [
            hit(HitKind::Server, 1, "web-12"),
            hit(HitKind::Release, 12, "#12 v1.4"),
            hit(HitKind::Release, 9, "#9 v12"),
        ];
        for typed in ["12", "#12"] {
            assert_eq!(titles(&of(typed, typed, &hits, &[]))[0], "#12 v1.4", "{typed}");
        }
    }

    #[test]
    fn what_can_be_done_is_found_in_both_languages() {
        assert_eq!(titles(&of("sign", "", &[], &[])), ["Sign out"]);
        assert_eq!(titles(&of("退出", "", &[], &[])), ["Sign out"]);
        assert_eq!(titles(&of("", "", &[], &[hit(HitKind::Project, 1, "Shop")]))[..2], ["Shop", "New release"]);
    }
}
