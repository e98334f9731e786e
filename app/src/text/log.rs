//! The log of a release.

use launchway_domain::Text;

super::texts! {
    ALL: "All steps", "全部步骤";
    SCOPE: "Whose log", "日志范围";
    ALL_RUNS: "all", "全部";
    EMPTY: "Nothing was said yet.", "暂无输出。";
    NONE: "Nothing was said.", "没有输出。";
    SEARCH: "Search the log", "搜索日志";
    PREVIOUS: "Previous match (Shift+Enter)", "上一个匹配（Shift+Enter）";
    NEXT: "Next match (Enter)", "下一个匹配（Enter）";
    NO_MATCH: "no match", "无匹配";
    SEARCHING: "searching…", "正在搜索…";
    SEARCH_FAILED: "not searched: no connection", "搜索失败：无法连接";
    FIRST_ERROR: "First error", "首个错误";
    NO_ERROR: "No line looks like an error.", "没有看起来像错误的行。";
    WRAP: "Wrap lines", "自动换行";
    TIMES: "Times", "时间";
    FOLLOW: "Follow", "跟随";
    TO_START: "To the first line", "到第一行";
    TO_END: "To the latest lines", "到最新内容";
    COPY: "Copy", "复制";
    COPY_TITLE: "Copy what is selected, the marked lines, or the whole log", "复制所选内容、标记的行或全部日志";
    COPIED: "Copied.", "已复制。";
    COPY_FAILED: "It could not be copied. Download it instead.", "无法复制，请下载日志。";
    COPY_TOO_LONG: "It is too long to be copied. Download it instead.", "日志过长，无法复制，请下载。";
    DOWNLOAD: "Download", "下载";
    PLAIN: "Plain text", "纯文本";
    LOAD_FAILED: "Some lines could not be loaded. Trying again…", "部分内容无法加载，正在重试…";
    KEYS: "Press / to search.", "按 / 键搜索。";
}

/// How many lines there are.
pub fn lines(total: u64) -> Text {
    let (en, zh) = (grouped(total), grouped(total));
    if total == 1 { Text::new("1 line", "1 行") } else { launchway_domain::text!("{en} lines", "{zh} 行") }
}

/// How many lines came since somebody was last told.
pub fn came(lines: u64) -> Text {
    launchway_domain::text!("{lines} new lines in the log", "日志新增 {lines} 行")
}

/// The name of the link to a line.
pub fn line(number: u64) -> Text {
    launchway_domain::text!("Line {number}", "第 {number} 行")
}

/// Which of the lines that hold what was searched for is shown; `at` none where none was gone to yet.
pub fn found(at: Option<u64>, matched: u64) -> String {
    match at {
        Some(at) => format!("{}/{}", grouped(at), grouped(matched)),
        None => grouped(matched),
    }
}

/// The same at length, with how often it stands there.
pub fn found_long(matched: u64, matches: u64) -> Text {
    let (matched, matches) = (grouped(matched), grouped(matches));
    launchway_domain::text!("{matches} matches in {matched} lines", "共 {matched} 行、{matches} 处匹配")
}

/// A number with a comma for every thousand.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        assert_eq!(
            ["0", "999", "1,000", "1,234,567"],
            [0, 999, 1000, 1_234_567].map(grouped).each_ref().map(String::as_str)
        );
        assert_eq!(found(Some(3), 1200), "3/1,200");
        assert_eq!(lines(1).en, "1 line");
    }
}
