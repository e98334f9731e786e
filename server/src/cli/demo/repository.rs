//! The sample repository: a small shop whose page looks different with every tag.

use std::fs;
use std::io;
use std::path::Path;
use std::process::Command;

use super::servers::output;

/// One state of the shop.
struct Version {
    /// The tag, or none for what is only on the branch.
    tag: Option<&'static str>,
    summary: &'static str,
    headline: &'static str,
    /// CSS colours of the page and its banner.
    colors: (&'static str, &'static str),
    goods: &'static [(&'static str, &'static str)],
    /// Days ago.
    age: i64,
}

const VERSIONS: [Version; 3] = [
    Version {
        tag: Some("v1.0"),
        summary: "Open the shop",
        headline: "Tea, plain and good",
        colors: ("#f4f1ea", "#5b7553"),
        goods: &[("Green tea", "4.20"), ("Black tea", "3.90")],
        age: 30,
    },
    Version {
        tag: Some("v1.1"),
        summary: "Sell oolong, and say so in Chinese",
        headline: "Now with oolong 乌龙茶",
        colors: ("#eef4f7", "#2f6690"),
        goods: &[("Green tea", "4.20"), ("Black tea", "3.90"), ("Oolong 乌龙茶", "6.50")],
        age: 14,
    },
    Version {
        tag: Some("v2.0"),
        summary: "Move to the new look",
        headline: "A new leaf",
        colors: ("#1d1f27", "#e4572e"),
        goods: &[("Green tea", "4.50"), ("Black tea", "4.10"), ("Oolong 乌龙茶", "6.50"), ("Teapot", "24.00")],
        age: 3,
    },
];

/// Not released yet: on the branch `spring-sale`.
const SALE: Version = Version {
    tag: None,
    summary: "Try the spring sale",
    headline: "Spring sale: everything a third off",
    colors: ("#fff5f8", "#d81e5b"),
    goods: &[("Green tea", "3.00"), ("Black tea", "2.70"), ("Oolong 乌龙茶", "4.30"), ("Teapot", "16.00")],
    age: 1,
};

/// The tag of the first release.
pub(super) const FIRST: &str = "v1.0";

const BUILD: &str = "#!/bin/sh
# Runs as the after_download hook: stamps the page with what is released.
set -eu
printf '%s %s\\n' \"${LAUNCHWAY_REF:-unknown}\" \"${LAUNCHWAY_COMMIT:-unknown}\" > version.txt
echo \"stamped version.txt: $(cat version.txt)\"
";

/// Makes the repository. Blocks.
pub(super) fn make(at: &Path) -> io::Result<()> {
    fs::create_dir_all(at)?;
    git(at, 0, &["init", "-q"])?;
    git(at, 0, &["symbolic-ref", "HEAD", "refs/heads/main"])?;
    for version in &VERSIONS {
        commit(at, version)?;
    }
    git(at, SALE.age, &["checkout", "-q", "-b", "spring-sale"])?;
    commit(at, &SALE)?;
    git(at, 0, &["checkout", "-q", "main"])
}

fn commit(at: &Path, version: &Version) -> io::Result<()> {
    fs::write(at.join("index.html"), page(version))?;
    fs::write(at.join("style.css"), style(version))?;
    fs::write(at.join("build.sh"), BUILD)?;
    git(at, version.age, &["add", "--all"])?;
    git(at, version.age, &["commit", "-q", "-m", version.summary])?;
    match version.tag {
        Some(tag) => git(at, version.age, &["tag", "-a", "-m", version.headline, tag]),
        None => Ok(()),
    }
}

fn page(version: &Version) -> String {
    let goods: String =
        version.goods.iter().map(|(name, price)| format!("      <li>{name} <b>{price}</b></li>\n")).collect();
    let (headline, tag) = (version.headline, version.tag.unwrap_or("spring sale"));
    format!(
        "<!doctype html>\n<html lang=\"en\">\n  <head>\n    <meta charset=\"utf-8\">\n    <title>The tea shop, {tag}</title>\n    \
         <link rel=\"stylesheet\" href=\"style.css\">\n  </head>\n  <body>\n    <h1>{headline}</h1>\n    <ul>\n{goods}    </ul>\n    \
         <footer>{tag}</footer>\n  </body>\n</html>\n"
    )
}

fn style(version: &Version) -> String {
    let (page, banner) = version.colors;
    format!(
        "body {{ margin: 0; font: 18px/1.6 system-ui, sans-serif; background: {page}; color: color-mix(in srgb, {banner}, gray); }}\n\
         h1 {{ margin: 0; padding: 3rem; background: {banner}; color: white; }}\nul {{ padding: 2rem 4rem; }}\nfooter {{ padding: 3rem; }}\n"
    )
}

/// Runs git with nobody's configuration, at a date some days ago.
fn git(at: &Path, days_ago: i64, arguments: &[&str]) -> io::Result<()> {
    let now = launchway_domain::Timestamp::now().millis() / 1000;
    let date = format!("{} +0000", now - days_ago * 24 * 60 * 60);
    let mut command = Command::new("git");
    command.arg("-C").arg(at).args(arguments);
    command.envs([("GIT_CONFIG_GLOBAL", "/dev/null"), ("GIT_CONFIG_NOSYSTEM", "1"), ("GIT_TERMINAL_PROMPT", "0")]);
    for role in ["AUTHOR", "COMMITTER"] {
        command.env(format!("GIT_{role}_NAME"), "Mei Lin").env(format!("GIT_{role}_EMAIL"), "mei@shop.example");
        command.env(format!("GIT_{role}_DATE"), &date);
    }
    // A hook or shell that the demo is started from may point git somewhere else.
    for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY"] {
        command.env_remove(name);
    }
    output(&mut command).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_and_branches_differ_in_what_people_see() {
        let folder = tempfile::tempdir().unwrap();
        make(folder.path()).unwrap();
        let show = |what: &str| {
            output(Command::new("git").arg("-C").arg(folder.path()).args(["show", &format!("{what}:index.html")]))
                .unwrap()
        };
        let pages = ["v1.0", "v1.1", "v2.0", "spring-sale"].map(show);
        for (index, page) in pages.iter().enumerate() {
            assert!(pages[index + 1..].iter().all(|other| other != page));
        }
        assert!(pages[1].contains("乌龙茶"));
    }
}
