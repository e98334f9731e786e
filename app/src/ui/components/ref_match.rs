//! Finding a ref by what somebody typed: pure.

use launchway_domain::{RefChoice, RefKind};

/// The longest list that is drawn; what is further down is found by typing.
pub const MOST: usize = 60;

/// What a choice is called in a release: a commit by its whole hash, so that it is the same one tomorrow.
pub fn name_of(choice: &RefChoice) -> &str {
    match choice.kind {
        RefKind::Commit => &choice.item.commit,
        RefKind::Tag | RefKind::Branch => &choice.item.name,
    }
}

/// Whether it is called exactly what was typed.
pub fn is_exactly(choice: &RefChoice, typed: &str) -> bool {
    let typed = typed.trim();
    name_of(choice) == typed || choice.item.name == typed
}

/// The places of those that hold every word that was typed, [`MOST`] at most, and how many there are. What is called
/// exactly that stands first, as what [`kind_of`] takes it for: Enter means it.
pub fn matching(all: &[RefChoice], typed: &str) -> (Vec<usize>, usize) {
    let words: Vec<String> = typed.split_whitespace().map(str::to_lowercase).collect();
    let fits = |choice: &RefChoice| {
        let item = &choice.item;
        let held = [item.name.to_lowercase(), item.summary.to_lowercase(), item.author.to_lowercase()];
        let has = |word: &String| held.iter().any(|text| text.contains(word)) || item.commit.starts_with(word);
        words.iter().all(has)
    };
    let mut found: Vec<_> = all.iter().enumerate().filter(|(_, choice)| fits(choice)).collect();
    let count = found.len();
    if !words.is_empty() {
        found.sort_by_key(|(_, choice)| {
            let kind = RefKind::ALL.iter().position(|kind| *kind == choice.kind);
            if is_exactly(choice, typed) { (0, kind) } else { (1, None) }
        });
    }
    (found.into_iter().take(MOST).map(|(place, _)| place).collect(), count)
}

/// What a typed name is: a tag or branch that is listed, a whole hash; none where only its author knows.
pub fn kind_of(all: &[RefChoice], typed: &str) -> Option<RefKind> {
    let typed = typed.trim();
    let listed = |kind: RefKind| all.iter().any(|choice| choice.kind == kind && choice.item.name == typed);
    if listed(RefKind::Tag) {
        Some(RefKind::Tag)
    } else if listed(RefKind::Branch) {
        Some(RefKind::Branch)
    } else if listed(RefKind::Commit) || (typed.len() == 40 && typed.bytes().all(|b| b.is_ascii_hexdigit())) {
        Some(RefKind::Commit)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use launchway_domain::{RefItem, Timestamp};

    use super::*;

    fn choice(kind: RefKind, name: &str, summary: &str) -> RefChoice {
        let commit = "0123456789abcdef0123456789abcdef01234567".to_owned();
        let item =
            RefItem { name: name.into(), commit, author: "Ada".into(), summary: summary.into(), date: Timestamp(0) };
        RefChoice { kind, item }
    }

    fn list() -> Vec<RefChoice> {
        vec![
            choice(RefKind::Tag, "v1.0", "First"),
            choice(RefKind::Branch, "main", "Fix the gate"),
            choice(RefKind::Commit, "0123456", "Fix the gate"),
        ]
    }

    #[test]
    fn typing_narrows_the_list_and_a_whole_name_stands_first() {
        let found = |typed: &str| matching(&list(), typed).0;
        assert_eq!(found(""), [0, 1, 2]);
        assert_eq!(found("GATE fix"), [1, 2]);
        assert_eq!(found("gate main"), [1]);
        assert_eq!(found("01234567"), [0, 1, 2]);
        assert_eq!(found("v1.0"), [0]);
        assert_eq!(found(" main "), [1]);
        assert_eq!(found("0123456"), [2, 0, 1]);
        assert!(is_exactly(&list()[2], "0123456") && !is_exactly(&list()[0], "v1"));
        // Newest first in the repository: the last one is what was typed, and a tag comes before a branch of its name.
        let named = [(RefKind::Tag, "v2.0.1"), (RefKind::Branch, "v2.0"), (RefKind::Tag, "v2.0")];
        let named: Vec<_> = named.into_iter().map(|(kind, name)| choice(kind, name, "x")).collect();
        assert_eq!(matching(&named, "v2.0").0, [2, 1, 0]);
        assert!(found("v9").is_empty());
        let many: Vec<_> = (0..100).map(|n| choice(RefKind::Tag, &format!("v{n}"), "x")).collect();
        assert_eq!((matching(&many, "v").0.len(), matching(&many, "v").1), (MOST, 100));
    }

    #[test]
    fn a_name_says_what_it_is() {
        for (typed, kind) in [
            ("v1.0", Some(RefKind::Tag)),
            (" main ", Some(RefKind::Branch)),
            ("0123456", Some(RefKind::Commit)),
            ("ABCDEF0123456789abcdef0123456789abcdef01", Some(RefKind::Commit)),
            ("abcdef0", None),
            ("feature/x", None),
        ] {
            assert_eq!(kind_of(&list(), typed), kind, "{typed}");
        }
    }
}
