//! One release: its page, its pipeline, its log.

use launchway_domain::{Lang, NodeKind, Text};

super::texts! {
    START: "Start", "开始";
    CANCEL: "Cancel", "取消";
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
    CHANGES: "Changes", "变更";
    PEOPLE: "People", "人员";
    PANELS: "About this release", "关于此发布";
    HOOKS_NONE: "This release runs no hooks.", "此发布没有钩子脚本。";
    FULL: "Fill the window", "铺满窗口";
    FULL_LEAVE: "Back to the whole page", "返回完整页面";
    HOOKS: "Hooks", "钩子脚本";
    PIPELINE: "Pipeline", "流水线";
    PIPELINE_EMPTY: "The steps appear here once the release starts.", "发布开始后，步骤会显示在这里。";
    PIPELINE_QUEUED: "Waiting until the environment is free; the steps appear here then.", "正在等待环境空闲，届时步骤会显示在这里。";
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
    LIVE: "live", "实时";
    RECONNECTING: "reconnecting…", "正在重新连接…";
    SIGNED_OUT: "signed out", "已退出登录";
    SIGN_IN_AGAIN: "Sign in again", "重新登录";
    BACK: "All releases", "全部发布";
}

/// The page's title.
pub fn title(id: i64) -> Text {
    launchway_domain::text!("Release #{id}", "发布 #{id}")
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

/// A node's name and status, for those who cannot see the picture: `upload on web-1: running`.
pub fn node_state(name: &Text, status: &Text) -> Text {
    Text { en: format!("{}: {}", name.en, status.en).into(), zh: format!("{}：{}", name.zh, status.zh).into() }
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
    fn a_node_is_named_with_its_server() {
        let name = node_name(NodeKind::Upload, Some("web-1"));
        assert_eq!(node_state(&name, &Text::new("running", "进行中")).en, "upload on web-1: running");
        assert_eq!(node_name(NodeKind::Server, Some("web-1")).en, "web-1");
    }
}
