//! From what somebody typed to the thing that is meant: a name, or an id as `7` or `#7`.

use std::fmt::Write;

use launchway_domain::find::rank;
use launchway_domain::{Account, Credential, Environment, HookTemplate, Project, Server, Text, text};

use super::trouble::{Outcome, Trouble};
use crate::cli::say;

/// How alike two names are that one may be meant by the other, from 0 to 1.
const ALIKE: f64 = 0.75;
/// How many names are offered.
const OFFERED: usize = 3;

/// What has a name and an id.
pub(super) trait Named {
    /// What it is called.
    const NOUN: Noun;
    /// Its id.
    fn id(&self) -> i64;
    /// Its name.
    fn name(&self) -> &str;
}

/// A kind of thing, and the command that lists all of them.
pub(super) struct Noun {
    /// One of them.
    pub(super) one: Text,
    /// The command.
    pub(super) command: &'static str,
}

macro_rules! named {
    ($($record:ty, $field:ident, $en:literal, $zh:literal, $command:literal;)*) => {$(
        impl Named for $record {
            const NOUN: Noun = Noun { one: Text::new($en, $zh), command: $command };
            fn id(&self) -> i64 {
                self.id.0
            }
            fn name(&self) -> &str {
                &self.$field
            }
        }
    )*};
}
named! {
    Project, title, "project", "项目", "projects";
    Server, hostname, "server", "服务器", "servers";
    Credential, name, "credential", "凭据", "credentials";
    Environment, name, "environment", "环境", "environments";
    HookTemplate, name, "hook template", "钩子模板", "templates";
    Account, name, "user", "用户", "user list";
}

/// The one of `items` that is meant. A name counts more than an id; `#7` is always an id.
///
/// # Errors
/// Where none is meant, or several are: with what to type instead.
pub(super) fn choose<T: Named>(items: Vec<T>, typed: &str) -> Outcome<T> {
    let typed = typed.trim();
    let by_id = |items: &[T], id: &str| id.parse::<i64>().ok().and_then(|id| items.iter().position(|i| i.id() == id));
    if let Some(id) = typed.strip_prefix('#') {
        let found = by_id(&items, id);
        return taken(items, found, typed);
    }
    let lower = typed.to_lowercase();
    let same = positions(&items, |item| item.name() == typed);
    let found = match same[..] {
        [one] => Some(one),
        [] => match by_id(&items, typed) {
            Some(one) => Some(one),
            None => match positions(&items, |item| item.name().to_lowercase() == lower)[..] {
                [one] => Some(one),
                [] => None,
                ref several => return Err(ambiguous(&items, several, typed)),
            },
        },
        ref several => return Err(ambiguous(&items, several, typed)),
    };
    taken(items, found, typed)
}

fn positions<T>(items: &[T], is: impl Fn(&T) -> bool) -> Vec<usize> {
    items.iter().enumerate().filter(|(_, item)| is(item)).map(|(at, _)| at).collect()
}

fn taken<T: Named>(mut items: Vec<T>, found: Option<usize>, typed: &str) -> Outcome<T> {
    match found {
        Some(at) => Ok(items.swap_remove(at)),
        None => Err(unknown(&T::NOUN, typed, items.iter().map(T::name))),
    }
}

fn ambiguous<T: Named>(items: &[T], several: &[usize], typed: &str) -> Trouble {
    let ids: Vec<String> = several.iter().map(|at| format!("#{}", items[*at].id())).collect();
    let (ids, first, noun) = (ids.join(", "), &ids[0], T::NOUN.one);
    Trouble::Usage(text!(
        "More than one {} is called “{typed}”: {ids}. Name it by its id, such as '{first}'.",
        "有多个{}名为“{typed}”：{ids}。请改用编号，例如 '{first}'。"; noun
    ))
}

/// Nothing has that name: what may be meant, or where to look.
fn unknown<'a>(noun: &Noun, typed: &str, names: impl Iterator<Item = &'a str>) -> Trouble {
    let names: Vec<&str> = names.collect();
    let (one, command) = (&noun.one, noun.command);
    let mut text = text!("There is no {} “{typed}”. ", "没有名为“{typed}”的{}。"; one);
    let near = near(typed, names.iter().copied());
    let next = if names.is_empty() {
        text!(
            "There are none that you can see; 'launchway {command} create --help' says how to add one.",
            "目前没有可见的条目；添加方法见 'launchway {command} create --help'。"
        )
    } else if near.is_empty() {
        text!("'launchway {command}' lists what there is.", "'launchway {command}' 可列出全部。")
    } else {
        did_you_mean(&near)
    };
    text.en.to_mut().push_str(&next.en);
    text.zh.to_mut().push_str(&next.zh);
    Trouble::Said(text)
}

/// “Did you mean …?”
pub(super) fn did_you_mean(names: &[&str]) -> Text {
    let quoted = |or: &str| {
        let mut list = String::new();
        for (at, name) in names.iter().enumerate() {
            let between = match at {
                0 => "",
                _ if at + 1 == names.len() => or,
                _ => ", ",
            };
            let _ = write!(list, "{between}“{name}”");
        }
        list
    };
    text!("Did you mean {}?", "您是指{}吗？"; Text { en: quoted(" or ").into(), zh: quoted("、").into() })
}

/// The names that are most like what was typed, the nearest first.
pub(super) fn near<'a>(typed: &str, names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let typed = typed.to_lowercase();
    let mut near: Vec<(f64, &str)> = names
        .map(|name| {
            let lower = name.to_lowercase();
            let part = if typed.len() > 1 && rank(name, &typed) < 4 { 1.0 } else { 0.0 };
            (strsim::jaro_winkler(&lower, &typed).max(part), name)
        })
        .filter(|(alike, _)| *alike >= ALIKE)
        .collect();
    near.sort_by(|a, b| b.0.total_cmp(&a.0));
    near.truncate(OFFERED);
    near.into_iter().map(|(_, name)| name).collect()
}

/// An id as people type it: `7` or `#7`.
///
/// # Errors
/// A sentence for clap.
pub(super) fn id(typed: &str) -> Result<i64, String> {
    typed
        .trim_start_matches('#')
        .parse()
        .ok()
        .filter(|id| *id > 0)
        .ok_or_else(|| Text::new("a number, such as 7 or '#7'", "应为编号，例如 7 或 '#7'").get(say::lang()).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Thing(i64, &'static str);

    impl Named for Thing {
        const NOUN: Noun = Noun { one: Text::new("thing", "东西"), command: "things" };
        fn id(&self) -> i64 {
            self.0
        }
        fn name(&self) -> &str {
            self.1
        }
    }

    fn things() -> Vec<Thing> {
        vec![Thing(1, "shop"), Thing(2, "Blog"), Thing(3, "4"), Thing(4, "twice"), Thing(5, "twice")]
    }

    fn said(typed: &str) -> String {
        match choose(things(), typed).map(|thing| thing.0) {
            Err(Trouble::Said(text) | Trouble::Usage(text)) => text.en.into_owned(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_name_counts_more_than_an_id() {
        for (typed, id) in [("shop", 1), ("2", 2), ("blog", 2), (" SHOP ", 1), ("4", 3), ("#4", 4)] {
            assert_eq!(choose(things(), typed).unwrap().0, id, "{typed}");
        }
    }

    #[test]
    fn what_is_ambiguous_or_unknown_says_what_to_type() {
        assert_eq!(said("twice"), "More than one thing is called “twice”: #4, #5. Name it by its id, such as '#4'.");
        assert_eq!(said("shp"), "There is no thing “shp”. Did you mean “shop”?");
        assert_eq!(said("zzz"), "There is no thing “zzz”. 'launchway things' lists what there is.");
        assert!(said("#9").starts_with("There is no thing “#9”."));
    }

    #[test]
    fn several_near_names_are_offered_together() {
        let near = near("v1.2", ["v1.20", "v1.2.1", "main", "v1.3"].into_iter());
        assert!(near.contains(&"v1.20") && near.contains(&"v1.2.1") && !near.contains(&"main"), "{near:?}");
        assert_eq!(did_you_mean(&["a", "b", "c"]).en, "Did you mean “a”, “b” or “c”?");
    }
}
