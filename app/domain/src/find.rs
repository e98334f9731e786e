//! Finding something by a few letters of its name.

use serde::{Deserialize, Serialize};

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum HitKind {
    /// A project.
    Project,
    /// A server.
    Server,
    /// A release.
    Release,
}

/// One thing that was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Hit {
    /// What it is.
    pub kind: HitKind,
    /// Its id.
    pub id: i64,
    /// What people call it: a title, a hostname, `#12 v1.4`.
    pub title: String,
    /// What tells it from others of that name: a repository, an address, where a release goes.
    pub detail: String,
}

impl Hit {
    /// Its page.
    pub fn href(&self) -> String {
        let noun = match self.kind {
            HitKind::Project => "/projects/",
            HitKind::Server => "/servers/",
            HitKind::Release => "/releases/",
        };
        let mut href = String::from(noun);
        href.push_str(&self.id.to_string());
        href
    }
}

/// How well a title fits what was typed (lower-case): 0 the same, 1 it begins so, 2 a word in it does, 3 it is in
/// there; 4 where it is not.
pub fn rank(title: &str, typed: &str) -> u8 {
    let title = title.to_lowercase();
    if title == typed {
        return 0;
    }
    match title.find(typed) {
        Some(0) => 1,
        None => 4,
        Some(_) => {
            let begins = |(at, _): (usize, &str)| title[..at].chars().next_back().is_some_and(|c| !c.is_alphanumeric());
            if title.match_indices(typed).any(begins) { 2 } else { 3 }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_beginning_counts_more_than_the_middle() {
        assert_eq!(rank("Shop", "shop"), 0);
        assert_eq!(rank("Shop front", "shop"), 1);
        assert_eq!(rank("Web shop", "shop"), 2);
        assert_eq!(rank("web-shop-1", "shop"), 2);
        assert_eq!(rank("workshop", "shop"), 3);
        assert_eq!(rank("商店", "店"), 3);
        assert_eq!(rank("blog", "shop"), 4);
    }
}
