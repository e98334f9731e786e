//! Back to an earlier release, on to another environment, and what has to be true before a release starts.

use launchway_domain::{Text, Upload, text};

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
    BACK_TO: "Roll back to this…", "回滚到此版本…";
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
