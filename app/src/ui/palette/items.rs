//! What the palette offers for what is typed.

use launchway_domain::find::rank;
use launchway_domain::{Hit, HitKind, ProjectId, Text};

use crate::text::palette as words;
use crate::ui::may::May;

/// So many are offered.
const MANY: usize = 14;
/// How well something fits that fits in no way.
const NOT: u8 = 4;

/// What an item does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// Opens a page.
    Page(&'static str),
    /// Opens a page of a project.
    Of(String),
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

/// Whether somebody is offered something.
type Offered = fn(&May) -> bool;

/// What can be done, the most usual first.
fn actions(may: &May) -> impl Iterator<Item = (Text, Target)> {
    use Target::{Keys, Page, Press};
    let anybody: Offered = |_| true;
    let actions: [(Text, Target, Offered); 21] = [
        (words::NEW_RELEASE, Page("/releases/new"), May::create_somewhere),
        (words::GO_HOME, Page("/"), anybody),
        (words::GO_RELEASES, Page("/releases"), May::see_people),
        (words::GO_LIVE, Page("/live"), May::see_people),
        (words::GO_PROJECTS, Page("/projects"), May::see_people),
        (words::GO_SERVERS, Page("/servers"), May::see_people),
        (words::NEW_PROJECT, Page("/projects/new"), |may| may.manage(None)),
        (words::NEW_SERVER, Page("/servers/new"), May::manage_somewhere),
        (words::NEW_CREDENTIAL, Page("/credentials/new"), May::manage_somewhere),
        (words::GO_CREDENTIALS, Page("/credentials"), May::see_people),
        (words::GO_TEMPLATES, Page("/hook-templates"), May::see_people),
        (words::GO_WALL, Page("/wall"), anybody),
        (words::GO_WALL_LINKS, Page("/wall-links"), |may| may.manage(None)),
        (words::GO_USERS, Page("/users"), May::see_people),
        (words::GO_ACCOUNT, Page("/account"), anybody),
        (words::GO_SETTINGS, Page("/settings"), May::administer),
        (words::GO_AUDIT, Page("/audit"), May::see_audit),
        (words::SWITCH_THEME, Press("[data-press=theme]"), anybody),
        (words::SWITCH_LANG, Press("[data-press=lang]"), anybody),
        (words::SHOW_KEYS, Keys, anybody),
        (words::SIGN_OUT, Press("[data-press=sign-out]"), anybody),
    ];
    let offered = actions.into_iter().filter(|(.., offered)| offered(may)).collect::<Vec<_>>();
    offered.into_iter().map(|(title, target, _)| (title, target))
}

/// The pages of a project that are not the first one that somebody looks for.
fn places(hit: &Hit, may: &May) -> Vec<Item> {
    let project = ProjectId(hit.id);
    let mut places = vec![("members", words::MEMBERS)];
    if may.manage(Some(project)) {
        places.extend([("webhooks", words::WEBHOOKS), ("notifications", words::NOTIFICATIONS)]);
    }
    let item = |(path, title): (&str, Text)| Item {
        title,
        detail: hit.title.clone(),
        kind: words::KIND_PROJECT,
        target: Target::Of(format!("/projects/{project}/{path}")),
    };
    places.into_iter().map(item).collect()
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
pub(super) fn of(typed: &str, of: &str, hits: &[Hit], recent: &[Hit], may: &May) -> Vec<Item> {
    let typed = typed.trim();
    let is_answer = typed == of;
    let typed = typed.to_lowercase();
    if typed.is_empty() {
        let recent = recent.iter().map(|hit| found(hit, Some(words::KIND_RECENT)));
        return recent.chain(actions(may).map(|(title, target)| action(title, target))).collect();
    }
    let mut ranked: Vec<(u8, Item)> = Vec::new();
    for hit in hits {
        let rank = rank_of(hit, &typed);
        if rank < NOT || is_answer {
            ranked.push((rank, found(hit, None)));
        }
    }
    // Of the project that fits best, after everything that is called so itself.
    let best = hits.iter().filter(|hit| hit.kind == HitKind::Project).min_by_key(|hit| rank_of(hit, &typed));
    if let Some(best) = best.filter(|best| rank_of(best, &typed) < NOT) {
        ranked.extend(places(best, may).into_iter().map(|item| (NOT, item)));
    }
    for (title, target) in actions(may) {
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

    fn admin() -> May {
        May::read("admin")
    }

    fn titles(items: &[Item]) -> Vec<&str> {
        items.iter().map(|item| item.title.en.as_ref()).collect()
    }

    #[test]
    fn the_beginning_comes_before_the_middle() {
        let hits =
            [hit(HitKind::Project, 1, "Workshop"), hit(HitKind::Server, 2, "shop-1"), hit(HitKind::Project, 3, "Shop")];
        assert_eq!(
            titles(&of("shop", "shop", &hits, &[], &admin())),
            ["Shop", "shop-1", "Workshop", "Members", "Webhooks", "Notifications"]
        );
    }

    #[test]
    fn an_answer_to_something_else_offers_only_what_fits() {
        let hits = [hit(HitKind::Server, 1, "web-1"), hit(HitKind::Server, 2, "web-2"), hit(HitKind::Server, 3, "eu")];
        assert_eq!(titles(&of("web-2", "web", &hits, &[], &admin())), ["web-2"]);
        // One that was found by its tag fits in no visible way, and is offered all the same.
        assert_eq!(titles(&of("blue", "blue", &hits[2..], &[], &admin())), ["eu"]);
    }

    #[test]
    fn a_number_finds_its_release_first() {
        let hits = [
            hit(HitKind::Server, 1, "web-12"),
            hit(HitKind::Release, 12, "#12 v1.4"),
            hit(HitKind::Release, 9, "#9 v12"),
        ];
        for typed in ["12", "#12"] {
            assert_eq!(titles(&of(typed, typed, &hits, &[], &admin()))[0], "#12 v1.4", "{typed}");
        }
    }

    #[test]
    fn what_can_be_done_is_found_in_both_languages() {
        assert_eq!(titles(&of("sign", "", &[], &[], &admin())), ["Sign out"]);
        assert_eq!(titles(&of("退出", "", &[], &[], &admin())), ["Sign out"]);
        assert_eq!(
            titles(&of("", "", &[], &[hit(HitKind::Project, 1, "Shop")], &admin()))[..2],
            ["Shop", "New release"]
        );
    }

    #[test]
    fn nobody_is_offered_what_they_may_not() {
        let all = |may: &str| of("", "", &[], &[], &May::read(may));
        let pages = |may: &str| {
            let page = |item: Item| if let Target::Page(page) = item.target { Some(page) } else { None };
            all(may).into_iter().filter_map(page).collect::<Vec<_>>()
        };
        assert_eq!(all("admin").len(), 21);
        assert_eq!(pages("member"), ["/", "/wall", "/account"]);
        let viewer = pages("viewer");
        assert!(viewer.contains(&"/users") && viewer.contains(&"/live"));
        for closed in ["/audit", "/settings", "/releases/new", "/wall-links", "/servers/new"] {
            assert!(!viewer.contains(&closed), "{closed}");
        }
        let manager = pages("member 3:manager");
        assert!(manager.contains(&"/audit") && !manager.contains(&"/settings") && !manager.contains(&"/projects/new"));
        let shop = [hit(HitKind::Project, 3, "Shop"), hit(HitKind::Project, 4, "Shopping")];
        let of_manager = of("shop", "shop", &shop, &[], &May::read("member 3:manager 4:viewer"));
        assert_eq!(of_manager[2].target, Target::Of("/projects/3/members".into()));
        let of_viewer = of("shop", "shop", &shop, &[], &May::read("viewer"));
        assert_eq!(titles(&of_viewer), ["Shop", "Shopping", "Members"]);
    }
}
