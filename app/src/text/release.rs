//! One release: its page, its pipeline, its log.

use launchway_domain::{Lang, NodeKind, NodeStatus, Text, Wait};

super::texts! {
    START: "Start", "开始";
    CANCEL: "Cancel release…", "取消发布…";
    CANCEL_LEAD: "Its running steps are stopped. Servers that have switched by then keep it, the others stay on what they have.", "将停止正在执行的步骤。届时已切换的服务器保留此发布，其余保持不变。";
    CANCEL_UNBEGUN: "It has not begun: nothing changes on the servers.", "尚未开始，服务器不会有任何变化。";
    CANCEL_YES: "Yes, cancel it", "确认取消";
    CANCEL_NO: "Let it go on", "继续发布";
    ROLLBACK_NO: "Leave it as it is", "保持现状";
    LIVE_NOW: "live now", "当前线上版本";
    CANCELING: "Stopping…", "正在停止…";
    RETRY: "Retry", "重试";
    ROLLBACK: "Roll back to this…", "回滚到此版本…";
    ROLLBACK_LEAD: "A new release brings this one back on every server of the environment.", "将新建一次发布，在该环境的每台服务器上恢复此版本。";
    ROLLBACK_YES: "Yes, roll back", "确认回滚";
    PROJECT: "Project", "项目";
    ENVIRONMENT: "Environment", "环境";
    REF: "Ref", "版本";
    COMMIT: "Commit", "提交";
    BY: "Created by", "创建人";
    CREATED: "Created", "创建时间";
    STARTED: "Started", "开始时间";
    TOOK: "Duration", "用时";
    NOTE: "Note", "备注";
    ROLLBACK_KIND: "rollback", "回滚";
    STATUS: "Status", "状态";
    PIPELINE_KEYS: "Arrow keys go from step to step, Enter opens a log, + and - zoom, 0 fits the picture in, Shift with an arrow moves it.", "方向键在步骤间移动，回车打开日志，+ 和 - 缩放，0 适应窗口，Shift 加方向键平移。";
    ZOOM: "Zoom", "缩放";
    ZOOM_IN: "Zoom in", "放大";
    ZOOM_OUT: "Zoom out", "缩小";
    ZOOM_FULL: "Actual size", "实际大小";
    ZOOM_FIT: "Fit in", "适应窗口";
    CONNECT: "connect to", "连接";
    SLOWEST: "Slowest path:", "最慢路径：";
    FIND_SERVER: "Find a server", "查找服务器";
    STEPS_HIDE: "Hide their steps", "收起步骤";
    CHANGES: "Changes", "变更";
    PEOPLE: "People", "人员";
    PANELS: "About this release", "关于此发布";
    HOOKS_NONE: "This release runs no hooks.", "此发布没有钩子脚本。";
    FULL: "Fill the window", "铺满窗口";
    FULL_LEAVE: "Back to the whole page", "返回完整页面";
    HOOKS: "Hooks", "钩子脚本";
    PIPELINE: "Pipeline", "流水线";
    PIPELINE_EMPTY: "The steps appear here once the release starts.", "发布开始后，步骤会显示在这里。";
    PIPELINE_QUEUED: "It is about to start; the steps appear here then.", "即将开始，届时步骤会显示在这里。";
    STEPS: "Steps", "步骤";
    LOG: "Log", "日志";
    LOG_HINT: "Choose a step to read its log.", "选择一个步骤以查看日志。";
    LOG_EMPTY: "Nothing was said yet.", "暂无输出。";
    LOG_NONE: "This step said nothing.", "此步骤没有输出。";
    LOG_CUT: "Earlier lines are not shown.", "较早的内容未显示。";
    LOG_FROM_START: "Read from the beginning", "从头查看";
    LOG_NEXT_PART: "Next part", "下一部分";
    LOG_LIVE: "Back to the latest lines", "返回最新内容";
    LOG_FOLLOW: "Follow", "跟随";
    LOG_CLOSE: "Close the log", "关闭日志";
    LOG_SYSTEM: "Launchway", "系统";
    LOG_OF_FAILED: "Read the log of the step that failed", "查看失败步骤的日志";
    NO_SUCH_STEP: "This release has no such step.", "此发布没有该步骤。";
    ATTEMPT: "Attempt", "执行次数";
    CONNECTING: "connecting…", "正在连接…";
    LIVE: "Connected: this page follows by itself.", "已连接：此页面自动更新。";
    STILL_RUNNING: "not ended yet", "尚未结束";
    RECONNECTING: "reconnecting…", "正在重新连接…";
    SIGNED_OUT: "signed out", "已退出登录";
    SIGN_IN_AGAIN: "Sign in again", "重新登录";
    BACK: "All releases", "全部发布";
}

/// What stands in the picture's place while it waits.
pub fn pipeline_waits(waits: &[Wait]) -> Text {
    let all = |lang: Lang, between: &str| {
        let named: Vec<String> = waits.iter().map(|wait| wait.text().get(lang).to_owned()).collect();
        named.join(between)
    };
    Text {
        en: format!("It waits for {}; the steps appear here then.", all(Lang::En, ", and for ")).into(),
        zh: format!("正在等待：{}。届时步骤会显示在这里。", all(Lang::Zh, "；")).into(),
    }
}

/// The page's title.
pub fn title(id: i64) -> Text {
    launchway_domain::text!("Release #{id}", "发布 #{id}")
}

/// The question before a release is stopped.
pub fn cancel_title(id: i64) -> Text {
    launchway_domain::text!("Cancel release #{id}?", "取消发布 #{id}？")
}

/// The question before a release is brought back.
pub fn rollback_title(id: i64) -> Text {
    launchway_domain::text!("Roll back to release #{id}?", "回滚到发布 #{id}？")
}

/// A node's name: what it does, and on which server.
pub fn node_name(kind: NodeKind, host: Option<&str>) -> Text {
    let label = kind.label();
    match (kind, host) {
        (NodeKind::Server, Some(host)) => Text::verbatim(host),
        (_, Some(host)) => {
            Text { en: format!("{} on {host}", label.en).into(), zh: format!("{host} · {}", label.zh).into() }
        }
        (_, None) => label,
    }
}

/// The step that took longest on the slowest path.
pub fn longest(step: &Text, took: &str) -> Text {
    launchway_domain::text!("longest step: {}, {took}", "最长的步骤：{}，{took}"; step)
}

/// What stands on the cell of a server below a heading that says its state already.
pub fn cell_name(host: &str, phase: NodeKind, status: NodeStatus) -> Text {
    match status {
        NodeStatus::Succeeded | NodeStatus::Pending => Text::verbatim(host),
        _ => {
            let phase = phase_name(phase);
            Text { en: format!("{host} · {}", phase.en).into(), zh: format!("{host} · {}", phase.zh).into() }
        }
    }
}

/// The step that connects to a server: its name alone would read as the server's own state.
pub fn connect(host: &Text) -> Text {
    launchway_domain::text!("{} {}", "{} {}"; CONNECT, host)
}

/// A node's name and status, for those who cannot see the picture: `upload on web-1: running`.
pub fn node_state(name: &Text, status: &Text) -> Text {
    Text { en: format!("{}: {}", name.en, status.en).into(), zh: format!("{}：{}", name.zh, status.zh).into() }
}

/// So many servers: all of them, or those that are not drawn.
pub fn servers(count: usize, all: bool) -> Text {
    let n = thousands(count);
    if all {
        launchway_domain::text!("{n} servers", "{n} 台服务器")
    } else {
        launchway_domain::text!("{n} more servers", "其余 {n} 台服务器")
    }
}

/// A group of servers and how many it has: `failed: 3`.
pub fn group(status: NodeStatus, count: usize) -> Text {
    let n = thousands(count);
    launchway_domain::text!("{}: {n}", "{}：{n}"; status.label())
}

/// One server of many: `web-7 · upload: failed`.
pub fn cell(host: &str, phase: NodeKind, status: NodeStatus) -> Text {
    let (phase, status) = (phase_name(phase), status.label());
    Text {
        en: format!("{host} · {}: {}", phase.en, status.en).into(),
        zh: format!("{host} · {}：{}", phase.zh, status.zh).into(),
    }
}

/// What a server does in a phase; a server node connects.
fn phase_name(kind: NodeKind) -> Text {
    match kind {
        NodeKind::Server => Text::new("connection", "连接"),
        kind => kind.label(),
    }
}

/// How many servers have ended a phase: `upload 640 / 1,000`.
pub fn phase_so_far(kind: NodeKind, done: u32, total: u32) -> Text {
    let (done, total) = (thousands(done as usize), thousands(total as usize));
    launchway_domain::text!("{} {done} / {total}", "{} {done} / {total}"; phase_name(kind))
}

/// So many failed.
pub fn failed(count: u32) -> Text {
    let n = thousands(count as usize);
    launchway_domain::text!("{n} failed", "{n} 个失败")
}

/// How many servers a search found.
pub fn matches(count: usize) -> Text {
    let n = thousands(count);
    launchway_domain::text!("{n} found", "找到 {n} 台")
}

/// Draws a group's chains: all of them, or the first.
pub fn steps_show(count: usize, room: usize) -> Text {
    if count > room {
        launchway_domain::text!("Show the steps of the first {room}", "展开前 {room} 台的步骤")
    } else {
        Text::new("Show their steps", "展开步骤")
    }
}

/// How far a node has come: `45 % · 13.2/29.3 MB`. Downloads count objects.
pub fn progress(kind: NodeKind, percent: Option<u64>, done: u64, total: u64, lang: Lang) -> String {
    let amount = if kind == NodeKind::Download {
        launchway_domain::text!("{done}/{total} objects", "{done}/{total} 个对象").get(lang).to_owned()
    } else {
        bytes(done, total)
    };
    match percent {
        Some(percent) => format!("{percent} % · {amount}"),
        None => amount,
    }
}

/// An amount of a whole, both in the whole's unit: `13.2/29.3 MB`; only the amount where the whole is not known.
pub fn bytes(done: u64, total: u64) -> String {
    let (mut unit, mut size) = (0, done.max(total));
    while size >= 1000 && unit < 4 {
        size /= 1000;
        unit += 1;
    }
    let name = ["B", "KB", "MB", "GB", "TB"][unit];
    let scale = 1000_u64.pow(unit as u32);
    let short = |value: u64| {
        let (whole, tenths) = (value / scale, value % scale * 10 / scale);
        if unit == 0 || whole >= 100 { whole.to_string() } else { format!("{whole}.{tenths}") }
    };
    if total == 0 { format!("{} {name}", short(done)) } else { format!("{}/{} {name}", short(done), short(total)) }
}

/// A number with its thousands apart.
fn thousands(n: usize) -> String {
    if n < 1000 { n.to_string() } else { format!("{},{:03}", thousands(n / 1000), n % 1000) }
}

/// A hook's exit status.
pub fn exit_status(code: i32) -> Text {
    launchway_domain::text!("exit status {code}", "退出码 {code}")
}

/// Which run of a node this is.
pub fn attempt(n: u32) -> Text {
    launchway_domain::text!("attempt {n}", "第 {n} 次")
}

/// How long something has taken so far: in whole seconds, since that is how the page's clock ticks.
pub fn so_far(millis: i64, lang: Lang) -> String {
    let seconds = millis.max(0) / 1000;
    if seconds < 10 {
        return launchway_domain::text!("{seconds} s", "{seconds} 秒").get(lang).to_owned();
    }
    duration(millis, lang)
}

/// How long something took.
pub fn duration(millis: i64, lang: Lang) -> String {
    let millis = millis.max(0);
    let (seconds, minutes, hours) = (millis / 1000, millis / 60_000, millis / 3_600_000);
    let text = match seconds {
        // "0.0 s" would say that it took no time at all.
        0 if millis < 100 => Text::new("<0.1 s", "<0.1 秒"),
        0..10 => {
            let tenths = millis / 100;
            let (whole, rest) = (tenths / 10, tenths % 10);
            launchway_domain::text!("{whole}.{rest} s", "{whole}.{rest} 秒")
        }
        10..60 => launchway_domain::text!("{seconds} s", "{seconds} 秒"),
        60..3600 => {
            let rest = seconds % 60;
            launchway_domain::text!("{minutes} min {rest:02} s", "{minutes} 分 {rest:02} 秒")
        }
        _ => {
            let rest = minutes % 60;
            launchway_domain::text!("{hours} h {rest:02} min", "{hours} 小时 {rest:02} 分")
        }
    };
    text.get(lang).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_well() {
        for (millis, en) in [
            (-5, "<0.1 s"),
            (850, "0.8 s"),
            (9_999, "9.9 s"),
            (12_345, "12 s"),
            (65_000, "1 min 05 s"),
            (3_725_000, "1 h 02 min"),
        ] {
            assert_eq!(duration(millis, Lang::En), en);
        }
        assert_eq!(so_far(3_900, Lang::En), "3 s");
        assert_eq!(so_far(65_000, Lang::En), "1 min 05 s");
        assert_eq!(duration(65_000, Lang::Zh), "1 分 05 秒");
    }

    #[test]
    fn amounts_share_the_unit_of_the_whole() {
        assert_eq!(bytes(13_250_000, 29_310_000), "13.2/29.3 MB");
        assert_eq!(bytes(999, 1000), "0.9/1.0 KB");
        assert_eq!(bytes(12, 700), "12/700 B");
        assert_eq!(bytes(5_000_000_000, 123_000_000_000), "5.0/123 GB");
        assert_eq!(bytes(1500, 0), "1.5 KB");
        assert_eq!(progress(NodeKind::Upload, Some(45), 45, 100, Lang::En), "45 % · 45/100 B");
        assert_eq!(progress(NodeKind::Download, None, 3, 0, Lang::Zh), "3/0 个对象");
    }

    #[test]
    fn large_numbers_are_set_apart() {
        assert_eq!(servers(1000, true).en, "1,000 servers");
        assert_eq!(servers(997, false).zh, "其余 997 台服务器");
        assert_eq!(cell("web-7", NodeKind::Upload, NodeStatus::Failed).en, "web-7 · upload: failed");
    }

    #[test]
    fn a_node_is_named_with_its_server() {
        let name = node_name(NodeKind::Upload, Some("web-1"));
        assert_eq!(node_state(&name, &Text::new("running", "进行中")).en, "upload on web-1: running");
        assert_eq!(node_name(NodeKind::Server, Some("web-1")).en, "web-1");
    }
}
