//! What toasts say: that something was done.

use launchway_domain::Text;

use crate::said::{Did, Said, Thing};

super::texts! {
    SHOW: "Show", "查看";
}

fn thing(thing: Thing) -> Text {
    match thing {
        Thing::Server => Text::new("Server", "服务器"),
        Thing::Project => Text::new("Project", "项目"),
        Thing::Environment => Text::new("Environment", "环境"),
        Thing::Credential => Text::new("Credential", "凭据"),
        Thing::Release => Text::new("Release", "发布"),
        Thing::Template => Text::new("Hook template", "钩子模板"),
        Thing::WallLink => Text::new("Wall link", "看板链接"),
        Thing::Webhook => Text::new("Webhook", "Webhook"),
        Thing::Delivery => Text::new("Delivery", "投递"),
        Thing::Channel => Text::new("Channel", "通知渠道"),
        Thing::Notification => Text::new("Notification", "通知"),
        Thing::User => Text::new("User", "用户"),
        Thing::Member => Text::new("Member", "成员"),
        Thing::Token => Text::new("Token", "令牌"),
        Thing::Session => Text::new("Session", "会话"),
        Thing::Sessions => Text::new("Other sessions of", "其他会话："),
        Thing::Variable => Text::new("Variable", "变量"),
        Thing::Housekeeping => Text::new("Housekeeping", "清理设置"),
        Thing::BuildCache => Text::new("Build cache of", "构建缓存："),
        Thing::Password => Text::new("The password of", "密码："),
        Thing::HostKey => Text::new("Host key of", "主机密钥"),
    }
}

fn did(did: Did) -> Text {
    match did {
        Did::Created => Text::new("was created", "已创建"),
        Did::Saved => Text::new("was saved", "已保存"),
        Did::Deleted => Text::new("was deleted", "已删除"),
        Did::Started => Text::new("was started", "已开始"),
        Did::Canceled => Text::new("is being canceled", "正在取消"),
        Did::Continued => Text::new("goes on", "已继续"),
        Did::Retried => Text::new("was queued again", "已重新排队"),
        Did::Pinned => Text::new("was pinned", "已固定"),
        Did::Revoked => Text::new("was revoked", "已撤销"),
        Did::Ended => Text::new("ended", "已退出"),
        Did::Invited => Text::new("was invited", "已邀请"),
        Did::Deactivated => Text::new("was deactivated", "已停用"),
        Did::Reactivated => Text::new("can sign in again", "可重新登录"),
        Did::Removed => Text::new("was removed", "已移除"),
        Did::Locked => Text::new("was locked", "已锁定"),
        Did::Unlocked => Text::new("was unlocked", "已解锁"),
        Did::Scheduled => Text::new("was scheduled", "已安排时间"),
    }
}

/// What was done, in a sentence.
pub fn sentence(said: &Said) -> Text {
    let (thing, did, name) = (thing(said.thing), did(said.did), &said.name);
    if name.is_empty() {
        return launchway_domain::text!("{} {}.", "{}{}。"; thing, did);
    }
    // A number needs no quotes.
    if name.starts_with('#') {
        return launchway_domain::text!("{} {name} {}.", "{} {name} {}。"; thing, did);
    }
    launchway_domain::text!("{} “{name}” {}.", "{}“{name}”{}。"; thing, did)
}
