//! What a release changes.

use launchway_domain::{FileChange, FileTotals, Text, text};

super::texts! {
    TITLE: "What will change", "变更内容";
    COMPARING: "Comparing the commits…", "正在比较提交…";
    PICK: "Choose an environment and a ref to see which commits and files would change.", "选择环境和版本后，这里会显示将变更的提交和文件。";
    SAME: "The very commit that is live now. Nothing changes but the hooks that run.", "与当前线上为同一提交，除执行钩子外没有变更。";
    UNKNOWN: "The commit that is live is no longer in the repository, so the two cannot be compared.", "线上版本的提交已不在仓库中，无法比较。";
    COMES: "New commits", "新增的提交";
    GOES: "Commits that go away", "将移除的提交";
    FILES: "Files", "文件";
    NO_FILES: "No file changes.", "没有文件变更。";
    AGAINST: "against", "对比";
    LIVE_NOW: "live now", "当前线上";
    UNTITLED: "(no message)", "（无说明）";
}

fn commits(n: u64) -> Text {
    match n {
        1 => Text::new("1 commit", "1 个提交"),
        // The counting ends there.
        50_000 => Text::new("50,000 commits or more", "至少 50,000 个提交"),
        n => text!("{n} commits", "{n} 个提交"),
    }
}

fn files(n: u64) -> Text {
    match n {
        1 => Text::new("1 file", "1 个文件"),
        n => text!("{n} files", "{n} 个文件"),
    }
}

/// Nothing was live before.
pub fn first(commits_total: u64, files_total: u64) -> Text {
    text!(
        "The first release here: {}, {}.", "此环境的首次发布：{}，{}。";
        files(files_total), commits(commits_total)
    )
}

/// It holds all that is live, and more.
pub fn ahead(commits_total: u64, files_total: u64) -> Text {
    text!("Brings {} in {}.", "带来 {}，涉及 {}。"; commits(commits_total), files(files_total))
}

/// It is an ancestor of what is live.
pub fn behind(dropped: u64) -> Text {
    text!("Goes back {}.", "回退 {}。"; commits(dropped))
}

/// Each has commits that the other lacks.
pub fn diverged(comes: u64, goes: u64) -> Text {
    text!(
        "Has parted from what is live: {} come, {} go away.", "与线上版本已分叉：新增 {}，移除 {}。";
        commits(comes), commits(goes)
    )
}

/// How many there are beyond those that are listed.
pub fn more(n: u64) -> Text {
    text!("and {n} more", "另有 {n} 个")
}

/// How many files of each kind.
pub fn totals(totals: FileTotals) -> Text {
    let mut all = Text::new("", "");
    for (n, en, zh) in [
        (totals.added, "added", "新增"),
        (totals.changed, "changed", "修改"),
        (totals.removed, "removed", "删除"),
        (totals.renamed, "renamed", "重命名"),
    ] {
        if n > 0 {
            let comma = if all.en.is_empty() { ("", "") } else { (", ", "，") };
            all = text!(
                "{}{}{} {}", "{}{}{} {}";
                all, Text::new(comma.0, comma.1), text!("{n}", "{zh}"), text!("{en}", "{n}")
            );
        }
    }
    all
}

/// What becomes of a file.
pub fn change(change: FileChange) -> Text {
    match change {
        FileChange::Added => Text::new("added", "新增"),
        FileChange::Changed => Text::new("changed", "修改"),
        FileChange::Removed => Text::new("removed", "删除"),
        FileChange::Renamed => Text::new("renamed", "重命名"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_said_in_both_languages() {
        let all = totals(FileTotals { added: 2, changed: 0, removed: 1, renamed: 0 });
        assert_eq!((all.en.as_ref(), all.zh.as_ref()), ("2 added, 1 removed", "新增 2，删除 1"));
        assert_eq!(ahead(1, 3).en, "Brings 1 commit in 3 files.");
        assert_eq!(behind(2).zh, "回退 2 个提交。");
    }
}
