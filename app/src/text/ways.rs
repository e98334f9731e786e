//! Back to an earlier release, on to another environment, and what has to be true before a release starts.

use launchway_domain::{LivePart, ReleaseId, Standing, Text, Upload, text};

/// How many servers a sentence names; of more it says how many they are.
const NAMED: usize = 4;

super::texts! {
    ROLLBACKS: "Roll back", "回滚";
    ROLLBACKS_ASK: "Roll back…", "回滚…";
    ROLLBACKS_LEAD: "Earlier releases that succeeded here, each tree once. What a server still holds is verified there and not sent again.", "此环境中成功过的发布，同一内容只列一次。服务器上仍保留的内容只校验，不会重新传输。";
    ROLLBACKS_EMPTY: "Nothing has succeeded here yet.", "此环境尚无成功的发布。";
    ROLLBACKS_EMPTY_LEAD: "Once two releases have, there is something to go back to.", "有两次成功的发布后即可回滚。";
    RELEASE: "Release", "发布";
    WHO: "Who", "创建人";
    WHEN: "When", "时间";
    HELD: "On the servers", "服务器上";
    LOOK: "Ask the servers what they hold", "查询各服务器保留的版本";
    NOT_ASKED: "not asked", "未查询";
    STORED: "artifact stored", "制品已保存";
    REBUILT: "would be built again from the commit", "将从该提交重新构建";
    BACK_ALL: "Put all servers back to this…", "将所有服务器恢复到此版本…";
    BACK_YES: "Yes, put them back", "确认恢复";
    MIXED: "The servers do not have the same:", "各服务器的版本不一致：";
    UNASKED: "These servers could not be asked:", "以下服务器无法查询：";
    MORE: "Earlier ones", "更早的发布";
    PROMOTE: "Promote", "提升";
    PROMOTE_ASK: "Promote…", "提升…";
    PROMOTE_LEAD: "Takes what is live in a test environment to this one, at once.", "将测试环境的线上版本直接发布到此环境。";
    PROMOTE_FROM: "From", "来源";
    PROMOTE_YES: "Promote it now", "立即提升";
    PROMOTE_NONE: "The project has no other environment for test, so there is nothing to promote.", "本项目没有其他测试环境，无法提升。";
    SAME: "The same artifact, byte for byte: nothing is built.", "使用同一制品，逐字节相同，不重新构建。";
    RULES: "Policy", "发布策略";
    RULE_OK: "holds", "满足";
    RULE_BROKEN: "does not hold", "不满足";
    EXCEPTION: "Exception", "破例理由";
    EXCEPTION_HINT: "Stays with the release, for everybody to read.", "将与此发布一同保存，所有人可见。";
    EXCEPTION_ASK: "Start all the same…", "仍然开始…";
    EXCEPTION_TITLE: "Start although the policy says no?", "不满足发布策略，仍要开始？";
    EXCEPTION_YES: "Yes, start it", "确认开始";
    RETRY_ASK: "Retry all the same…", "仍然重试…";
    RETRY_TITLE: "Retry although the policy says no?", "不满足发布策略，仍要重试？";
    RETRY_YES: "Yes, retry it", "确认重试";
    EXCEPTION_ADMIN: "An administrator may start it all the same, with a written reason.", "管理员可以书面说明理由后仍然开始。";
    EXCEPTION_REASON: "Why", "理由";
    PROMOTED_FROM: "Promoted from", "提升自";
    ROLLBACK_OF: "Brings back", "恢复自";
    PROMOTE_REBUILDS: "What is promoted", "提升时";
    PROMOTE_REBUILDS_HINT: "The same artifact is taken over where the same folder is packed and no script that builds mentions LAUNCHWAY_ENVIRONMENT or a variable of the environments.", "若打包内容相同，且构建脚本未使用 LAUNCHWAY_ENVIRONMENT 或环境变量，则沿用同一制品。";
    PROMOTE_REBUILDS_NO: "the same artifact where that is possible", "尽可能沿用同一制品";
    PROMOTE_REBUILDS_YES: "built again every time", "每次重新构建";
}

/// How many of the servers hold it.
pub fn held(held: u32, servers: u32) -> Text {
    text!("{held} of {servers}", "{held} / {servers} 台")
}

/// On how many of the servers it is live.
pub fn live_on(on: u32, servers: u32) -> Text {
    text!("live on {on} of {servers} servers", "{servers} 台服务器中的 {on} 台已上线")
}

/// The button that takes all servers back to what they had.
pub fn back_to(id: ReleaseId) -> Text {
    text!("Put back to #{id}…", "恢复到 #{id}…")
}

/// The question before all servers are taken back to a release.
pub fn back_title(id: ReleaseId) -> Text {
    text!("Put all servers back to release #{id}?", "将所有服务器恢复到发布 #{id}？")
}

/// What that does.
pub fn back_lead(id: ReleaseId) -> Text {
    text!(
        "A new release brings #{id} to every server of the environment. Where it is live already, it is only verified.",
        "将新建一次发布，在该环境的每台服务器上恢复 #{id}。已是此版本的服务器只校验。"
    )
}

/// Which servers have what: "web-1 has #7; web-2 and web-3 have #4."
pub fn parts(parts: &[LivePart]) -> Text {
    sentence(parts.iter().map(|part| {
        let one = part.servers == 1;
        let has = if one { "has" } else { "have" };
        let (Text { en: who, zh: who_zh }, Text { en, zh }) = (names(part), what(part));
        let text = text!("{who} {has} {en}", "{who_zh}为 {zh}");
        match part.changed {
            0 => text,
            changed if changed == part.servers => text!("{}, with changed files", "{}（文件有改动）"; text),
            changed => text!("{}, {changed} of them with changed files", "{}（其中 {changed} 台文件有改动）"; text),
        }
    }))
}

/// What servers have once a release has stopped: "web-1 keeps #7; web-2 and web-3 stay on #4."
pub fn stopped(standing: &Standing) -> Text {
    let keeps = |part: &&LivePart| part.release_id == Some(standing.tree);
    let (kept, others): (Vec<_>, Vec<_>) = standing.parts.iter().partition(keeps);
    sentence(kept.into_iter().chain(others).map(|part| {
        let (Text { en: who, zh: who_zh }, Text { en, zh }) = (names(part), what(part));
        match (keeps(&part), part.servers == 1) {
            (true, true) => text!("{who} keeps {en}", "{who_zh}保留 {zh}"),
            (true, false) => text!("{who} keep {en}", "{who_zh}保留 {zh}"),
            (false, true) => text!("{who} stays on {en}", "{who_zh}仍为 {zh}"),
            (false, false) => text!("{who} stay on {en}", "{who_zh}仍为 {zh}"),
        }
    }))
}

/// What can be done once a release has stopped half-way.
pub fn back_afterwards(id: ReleaseId) -> Text {
    text!(
        "Afterwards “Put back to #{id}…” on this page takes all servers back to it, and Retry takes the others on.",
        "之后可在本页用“恢复到 #{id}…”将所有服务器恢复，或用“重试”继续其余服务器。"
    )
}

/// Parts as one sentence.
fn sentence(parts: impl Iterator<Item = Text>) -> Text {
    let (en, zh): (Vec<_>, Vec<_>) = parts.map(|part| (part.en, part.zh)).unzip();
    Text { en: format!("{}.", en.join("; ")).into(), zh: format!("{}。", zh.join("；")).into() }
}

/// Servers by name, or how many they are.
fn names(part: &LivePart) -> Text {
    match part.hostnames.as_slice() {
        [one] if part.servers == 1 => text!("{one}", "{one} "),
        [first @ .., last] if part.servers as usize <= NAMED => {
            text!("{} and {last}", "{}、{last} "; Text { en: first.join(", ").into(), zh: first.join("、").into() })
        }
        _ => {
            let count = part.servers;
            text!("{count} servers", "{count} 台服务器")
        }
    }
}

/// What servers have.
fn what(part: &LivePart) -> Text {
    match part.release_id {
        Some(id) => text!("#{id}", "#{id}"),
        None => Text::new("nothing of Launchway’s", "非 Launchway 发布的内容"),
    }
}

/// What a retry touches.
pub fn retry(servers: usize) -> Text {
    match servers {
        0 => Text::new("Retry", "重试"),
        1 => Text::new("Retry (1 server)", "重试（1 台服务器）"),
        n => text!("Retry ({n} servers)", "重试（{n} 台服务器）"),
    }
}

/// Where what is live goes next.
pub fn promote_to(environment: &str) -> Text {
    text!("Promote to {environment}…", "提升到 {environment}…")
}

/// What has to go over the wire.
pub fn upload(upload: Upload) -> Text {
    let size = super::release::bytes(upload.bytes, 0);
    let files = match upload.files {
        1 => Text::new("1 file", "1 个文件"),
        n => text!("{n} files", "{n} 个文件"),
    };
    let servers = match upload.servers {
        1 => Text::new("1 server", "1 台服务器"),
        n => text!("{n} servers", "{n} 台服务器"),
    };
    match upload.exact {
        true => {
            text!("To upload: {size} ({}), packed, to {}.", "需上传：{size}（{}，已打包），共 {}。"; files, servers)
        }
        false => text!(
            "To upload: about {size} ({}) before it is built and packed, to {}.",
            "需上传：约 {size}（{}，构建和打包之前），共 {}。";
            files, servers
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(id: i64, hostnames: &[&str]) -> LivePart {
        let hostnames: Vec<String> = hostnames.iter().map(|name| (*name).to_owned()).collect();
        let servers = u32::try_from(hostnames.len()).unwrap_or_default();
        LivePart { release_id: Some(ReleaseId(id)), servers, changed: 0, hostnames }
    }

    #[test]
    fn a_stop_says_what_each_server_is_left_with() {
        let all = vec![part(4, &["web-2", "web-3"]), part(7, &["web-1"])];
        let standing = Standing { tree: ReleaseId(7), parts: all.clone(), ..Standing::default() };
        assert_eq!(stopped(&standing).en, "web-1 keeps #7; web-2 and web-3 stay on #4.");
        assert_eq!(stopped(&standing).zh, "web-1 保留 #7；web-2、web-3 仍为 #4。");
        assert_eq!(parts(&all).en, "web-2 and web-3 have #4; web-1 has #7.");
    }

    #[test]
    fn many_servers_are_counted_and_not_named() {
        let many = part(4, &["a", "b", "c", "d", "e"]);
        let other = LivePart { release_id: None, changed: 1, ..part(1, &["f"]) };
        assert_eq!(parts(&[many, other]).en, "5 servers have #4; f has nothing of Launchway’s, with changed files.");
    }
}
