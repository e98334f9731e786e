//! How a release goes over its servers: on the policy page, and on a release's page while it waits.

use launchway_domain::{LiveChange, NodeLive, Text, text};

super::texts! {
    ROLLOUT: "Rollout", "推进方式";
    STRATEGY: "Order", "顺序";
    FIRST: "First batch", "首批";
    FIRST_HINT: "How many servers go first: a number, or a share such as 10%. Empty: one.", "首批服务器数：数字，或比例，例如 10%。留空为一台。";
    BATCH: "Servers in a batch", "每批服务器";
    BATCH_HINT: "A number such as 2, or a share such as 25%. Of a canary, empty means all the others at once.", "数字，例如 2，或比例，例如 25%。金丝雀留空表示其余同时进行。";
    WAIT: "Wait after the first batch", "首批之后等待";
    WAIT_HINT: "In minutes; 90s or 2h work too. Empty: until somebody presses Continue.", "单位为分钟，也可写 90s 或 2h。留空则等待有人点击“继续”。";
    BUDGET: "Servers that may fail", "允许失败的服务器";
    BUDGET_HINT: "A number, or a share such as 10%. Up to that, the release goes on to the others and ends as failed, naming those it left behind; a retry takes it there. 0: any failure stops it.", "数字，或比例，例如 10%。在此范围内发布会继续到其他服务器，最终状态为失败并列出未完成的服务器，重试即可补上。0 表示任何失败都会停止。";
    ON_FAILURE: "When more fail", "超出时";
    STOP: "stop; servers that have switched keep the release", "停止；已切换的服务器保留此发布";
    SWITCH_BACK: "switch every server back to what it had", "将所有服务器切换回原版本";
    GATE: "Health check", "健康检查";
    GATE_NONE: "none", "无";
    GATE_HINT: "Asked on each server after its switch, before the next batch. A server that fails it has failed.", "每台服务器切换后、下一批开始前进行。未通过即视为该服务器失败。";
    URL: "Address", "地址";
    URL_HINT: "Called from the Launchway host; redirects are not followed. {hostname}, {address}, {port} (of SSH), {environment}, {release} and {commit} are filled in.", "由 Launchway 主机访问，不跟随跳转。可用占位符：{hostname}、{address}、{port}（SSH 端口）、{environment}、{release}、{commit}。";
    PORT: "Port", "端口";
    COMMAND: "Command", "命令";
    COMMAND_HINT: "Run by a shell on the server, in the folder that current names.", "在服务器上由 shell 于 current 指向的目录中执行。";
    STATUS: "Expected status", "期望状态";
    STATUS_HINT: "Empty: 200 of an address, 0 of a command.", "留空：地址为 200，命令为 0。";
    TRIES: "Tries", "尝试次数";
    INTERVAL: "Pause between tries, in seconds", "尝试间隔（秒）";
    TIMEOUT: "Time limit of a try, in seconds", "每次时限（秒）";
    HELD: "waiting", "等待中";
    CONTINUE: "Continue", "继续";
    FOR_A_PERSON: "It goes on when somebody presses Continue.", "有人点击“继续”后才会继续。";
    BY_ITSELF: "It goes on by itself at ", "将自动继续于 ";
}

/// What stands above a release that waits.
pub fn holds(batch: u32, of: u32) -> Text {
    text!("Waiting after batch {batch} of {of}", "第 {batch}/{of} 批已完成，等待中")
}

/// How far a release has come that waits; `alone` says that it goes on by itself.
pub fn held(done: u32, of: u32, alone: bool) -> Text {
    if alone {
        return text!("canary: {done} of {of} done, goes on by itself", "金丝雀：已完成 {done}/{of}，将自动继续");
    }
    text!("canary: {done} of {of} done, waits for Continue", "金丝雀：已完成 {done}/{of}，等待继续")
}

/// Which batch a server is in.
pub fn batch(batch: u32, of: u32) -> Text {
    text!("batch {batch}/{of}", "第 {batch}/{of} 批")
}

/// How long until it goes on by itself, as a clock shows it.
pub fn left(millis: i64) -> String {
    let seconds = (millis.max(0) + 999) / 1_000;
    let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

/// Which release is live on a server.
pub fn live(live: &NodeLive) -> Text {
    let change = live.change.label();
    match (live.release_id, live.change) {
        (_, LiveChange::Unknown) => Text::new("live: not known", "生效版本未知"),
        (Some(id), LiveChange::Switched) => text!("live: #{id}", "生效：#{id}"),
        (Some(id), _) => text!("live: #{id} ({})", "生效：#{id}（{}）"; change),
        (None, _) => text!("live: nothing of Launchway's ({})", "没有生效的发布（{}）"; change),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_countdown_reads_as_a_clock() {
        assert_eq!((left(61_000).as_str(), left(3_600_001).as_str(), left(-5).as_str()), ("1:01", "1:00:01", "0:00"));
    }

    #[test]
    fn a_server_says_what_is_live() {
        let back = NodeLive::of_link(Some("releases/6"), LiveChange::SwitchedBack);
        assert_eq!(live(&back).en, "live: #6 (switched back)");
        assert_eq!(live(&NodeLive::of_link(None, LiveChange::Unchanged)).zh, "没有生效的发布（未变）");
    }
}
