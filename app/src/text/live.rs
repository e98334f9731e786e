//! What is live where.

use launchway_domain::Text;

super::texts! {
    TITLE: "Live", "线上状态";
    LEAD: "What every server says is live on it: read from the servers themselves, and held against what was released.", "每台服务器上实际生效的版本：直接从服务器读取，并与发布记录核对。";
    SEARCH: "Search environments and servers", "搜索环境和服务器";
    STATE: "State", "状态";
    ANY_STATE: "Any state", "全部状态";
    SERVER: "Server", "服务器";
    LIVE: "Live", "线上版本";
    SINCE: "Live since", "上线时间";
    LOOKED: "Last looked", "上次检查";
    LOOK: "Look now", "立即检查";
    LOOKING: "Looking…", "正在检查…";
    NOT_YET: "not yet", "尚未检查";
    NOTHING: "nothing", "无";
    UNKNOWN: "not a release of this environment", "不是此环境的发布";
    LINK_ONLY: "link only", "仅链接";
    FILES_TOO: "with all files", "含全部文件";
    FILES_AT: "files compared", "文件比对于";
    EMPTY: "No environments yet", "还没有环境";
    EMPTY_LEAD: "Register a project and its environments; then this page says what is live on each server.", "添加项目及其环境后，此页将显示每台服务器上的线上版本。";
    NO_SERVERS: "This environment has no servers yet.", "此环境还没有服务器。";
    TO_LIVE: "What is live", "线上状态";
}

/// On how many servers a version is.
pub fn on(servers: u32) -> Text {
    launchway_domain::text!("on {servers}", "{servers} 台")
}

/// That a release runs, and nobody looks meanwhile.
pub fn running(id: i64) -> Text {
    launchway_domain::text!("Release #{id} is running here", "发布 #{id} 正在执行")
}

/// What should be live.
pub fn should_be(id: i64, name: &str) -> Text {
    launchway_domain::text!("should be #{id} {name}", "应为 #{id} {name}")
}

/// How many servers stand below, folded.
pub fn more(count: usize) -> Text {
    match count {
        1 => Text::new("1 more server", "另有 1 台服务器"),
        count => launchway_domain::text!("{count} more servers", "另有 {count} 台服务器"),
    }
}
