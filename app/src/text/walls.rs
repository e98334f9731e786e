//! The wall, the links that open it, and who watches.

use launchway_domain::Text;

super::texts! {
    TITLE: "Wall", "看板";
    RUNNING: "Running", "进行中";
    WAITING: "Waiting", "等待中";
    RESULTS: "Last results", "最近结果";
    LIVE: "Live", "线上版本";
    NOTHING_RUNS: "Nothing is running", "当前没有发布";
    NOTHING_WAITS: "Nothing waits", "没有等待中的发布";
    NO_RESULTS: "No results yet", "还没有结果";
    CONNECTED: "connected", "已连接";
    CONNECTING: "connecting…", "正在连接…";
    RECONNECTING: "connection lost, trying again…", "连接中断，正在重试…";
    LAST_UPDATE: "last update", "最后更新";
    ENDED: "This wall is not open to this screen", "此屏幕无权查看看板";
    ENDED_LEAD: "The link was revoked, or nobody is signed in here. A manager can make a new link.", "链接已被撤销，或尚未登录。管理员可以创建新的链接。";
    FAILED: "Launchway does not answer. The screen tries again by itself.", "Launchway 没有响应，屏幕会自动重试。";
    SIGN_IN: "Sign in", "登录";
    LINKS: "Wall links", "看板链接";
    LINKS_LEAD: "A link opens the wall for a screen that cannot sign in, and nothing else. Whoever has it sees the wall, until it is revoked.", "链接可在无法登录的屏幕上打开看板，且仅限看板。撤销之前，持有链接者均可查看。";
    LABEL: "Where the screen hangs", "屏幕位置";
    LABEL_HINT: "So that you know which one to revoke.", "便于日后辨认和撤销。";
    MAKE: "Make a link", "创建链接";
    MADE: "Open this address on the screen. It is shown this once.", "请在屏幕上打开此地址。地址仅显示这一次。";
    ADDRESS: "Address", "地址";
    COPIED: "Copied.", "已复制。";
    NEEDS_SCRIPT: "Making a link needs JavaScript here; a script can use POST /api/v1/wall-links.", "在此创建链接需要 JavaScript；脚本可使用 POST /api/v1/wall-links。";
    EMPTY: "No wall links yet", "还没有看板链接";
    EMPTY_LEAD: "Make one for each screen.", "为每块屏幕创建一个链接。";
    MADE_BY: "Made by", "创建人";
    MADE_AT: "Made", "创建时间";
    LAST_USED: "Last used", "最近使用";
    NEVER_USED: "never", "从未使用";
    REVOKE: "Revoke", "撤销";
    SHOW_WALL: "Show the wall", "显示看板";
}

/// How many people have a release open.
pub fn watching(people: u32) -> Text {
    match people {
        0 => Text::new("Nobody else is watching", "暂无人观看"),
        1 => Text::new("1 person watching", "1 人正在观看"),
        n => launchway_domain::text!("{n} people watching", "{n} 人正在观看"),
    }
}

/// How many screens show the wall.
pub fn walls(walls: u32) -> Text {
    match walls {
        1 => Text::new("wall", "看板"),
        n => launchway_domain::text!("{n} walls", "{n} 块看板"),
    }
}

/// Which page of how many is shown.
pub fn page(n: usize, all: usize) -> Text {
    launchway_domain::text!("{n} / {all}", "{n} / {all}")
}

/// How many servers are done.
pub fn percent(n: u32) -> Text {
    launchway_domain::text!("{n} %", "{n}%")
}
