//! The audit: who did what, as a sentence.

use launchway_domain::{AuditFacts, Outcome, Text, Via, text};

super::texts! {
    TITLE: "Audit", "审计";
    LEAD: "Every change and every sign-in: who, when, from where, and what it was before. Entries are chained: “launchway audit verify” finds any that was changed, removed or inserted by hand.", "每次修改和登录：谁、何时、从何处、修改前后的内容。记录以哈希相连，运行 launchway audit verify 可发现任何被手工修改、删除或插入的记录。";
    OF_PROJECTS: "You see what is about the projects that you manage.", "您可查看所管理项目的相关记录。";
    SEARCH: "Search the audit", "搜索审计";
    EXPORT: "Export as JSON Lines", "导出为 JSON Lines";
    WHEN: "When", "时间";
    WHO: "Who", "操作者";
    WHAT: "What", "操作";
    SOURCE: "Source", "来源";
    ANY_WHAT: "Anything", "全部操作";
    OUTCOME: "Outcome", "结果";
    ANY_OUTCOME: "Any outcome", "全部结果";
    WHO_HINT: "Name or id", "名称或编号";
    SINCE: "From", "起始日期";
    UNTIL: "To", "截止日期";
    FIELD: "Field", "字段";
    BEFORE: "Before", "修改前";
    AFTER: "After", "修改后";
    NOTHING: "nothing", "无";
    EMPTY: "Nothing has been written down yet", "尚无审计记录";
    EMPTY_LEAD: "The next change or sign-in will stand here.", "下一次修改或登录将记录在此。";
    SOMEBODY: "Somebody", "某人";
    ALL_OF_IT: "Everything about this", "与此相关的全部记录";
    COMMAND_LINE: "command line", "命令行";
    WEBHOOK: "webhook", "Webhook";
    SYSTEM: "Launchway itself", "Launchway 自身";
    SESSION: "browser", "浏览器";
}

/// The nouns that can be looked for.
pub const NOUNS: [&str; 16] = [
    "release",
    "server",
    "project",
    "environment",
    "credential",
    "hook_template",
    "user",
    "member",
    "token",
    "session",
    "wall_link",
    "webhook",
    "channel",
    "variable",
    "housekeeping",
    "call",
];

/// What people call a kind of thing.
pub fn noun(kind: &str) -> Text {
    match kind {
        "release" => Text::new("release", "发布"),
        "server" => Text::new("server", "服务器"),
        "project" => Text::new("project", "项目"),
        "environment" => Text::new("environment", "环境"),
        "credential" => Text::new("credential", "凭据"),
        "hook_template" => Text::new("hook template", "钩子模板"),
        "user" => Text::new("user", "用户"),
        "token" => Text::new("API token", "API 令牌"),
        "session" => Text::new("session", "会话"),
        "wall_link" => Text::new("wall link", "看板链接"),
        "member" => Text::new("member", "成员"),
        "delivery" => Text::new("delivery", "投递"),
        "notification" => Text::new("notification", "通知"),
        "webhook" => Text::new("webhook", "Webhook"),
        "channel" => Text::new("notification channel", "通知渠道"),
        "variable" => Text::new("variable of hooks", "钩子变量"),
        "housekeeping" => Text::new("housekeeping", "清理设置"),
        "call" => Text::new("refused call", "被拒绝的调用"),
        other => Text::verbatim(other.replace('_', " ")),
    }
}

/// The noun at the beginning of a filter.
pub fn noun_alone(kind: &str) -> Text {
    match kind {
        "release" => Text::new("Releases", "发布"),
        "server" => Text::new("Servers", "服务器"),
        "project" => Text::new("Projects", "项目"),
        "environment" => Text::new("Environments", "环境"),
        "credential" => Text::new("Credentials", "凭据"),
        "hook_template" => Text::new("Hook templates", "钩子模板"),
        "user" => Text::new("Users and sign-ins", "用户与登录"),
        "member" => Text::new("Roles in projects", "项目角色"),
        "token" => Text::new("API tokens", "API 令牌"),
        "session" => Text::new("Sessions", "会话"),
        "wall_link" => Text::new("Wall links", "看板链接"),
        "webhook" => Text::new("Webhooks", "Webhook"),
        "channel" => Text::new("Notification channels", "通知渠道"),
        "variable" => Text::new("Variables of hooks", "钩子变量"),
        "housekeeping" => Text::new("Housekeeping", "清理"),
        "call" => Text::new("Refused calls", "被拒绝的调用"),
        other => noun(other),
    }
}

/// What somebody did, up to the name of the thing: “changed server”.
pub fn did(facts: &AuditFacts) -> Text {
    let (kind, verb) = facts.what.split_once('.').unwrap_or((facts.thing.kind.as_str(), facts.what.as_str()));
    match (kind, verb, facts.outcome) {
        ("user", "sign_in", Outcome::Done) => return Text::new("signed in", "登录"),
        ("user", "sign_in", Outcome::Refused) => return Text::new("was refused at sign-in", "登录被拒绝"),
        ("user", "sign_in", Outcome::Limited) => return Text::new("tried to sign in too often", "登录尝试过于频繁"),
        ("user", "sign_out", _) => return Text::new("signed out", "退出登录"),
        ("user", "join", _) => return Text::new("followed the invitation of", "接受了邀请："),
        ("user", "password", _) => return Text::new("changed the password of", "修改了密码："),
        ("member", "create", _) => return Text::new("gave a role to", "授予了角色："),
        ("member", "update", _) => return Text::new("gave another role to", "更改了角色："),
        ("member", "delete", _) => return Text::new("took the role of", "收回了角色："),
        ("session", "end", _) => return Text::new("ended a session of", "结束了会话："),
        ("housekeeping", "tidy", _) => return Text::new("tidied up", "执行了清理"),
        ("environment", "clear_cache", _) => return Text::new("cleared the build cache of", "清空了构建缓存："),
        ("call", _, _) => return Text::new("was refused", "被拒绝："),
        ("audit", "begin", _) => return Text::new("began the audit", "开始审计"),
        _ => {}
    }
    let noun = noun(kind);
    match verb {
        "create" => text!("added {}", "添加了{}"; noun),
        "update" => text!("changed {}", "修改了{}"; noun),
        "delete" => text!("deleted {}", "删除了{}"; noun),
        "pin" => text!("pinned the host key of {}", "固定了主机密钥：{}"; noun),
        "run_command" => text!("ran a command in {}", "执行了命令：{}"; noun),
        "cancel_command" => text!("canceled a command in {}", "取消了命令：{}"; noun),
        "fetch_files" => text!("fetched files from {}", "获取了文件：{}"; noun),
        "start" => text!("started {}", "启动了{}"; noun),
        "cancel" => text!("canceled {}", "取消了{}"; noun),
        "retry" => text!("retried {}", "重试了{}"; noun),
        "rollback" => text!("rolled back by {}", "回滚：{}"; noun),
        "revoke" => text!("revoked {}", "撤销了{}"; noun),
        "update_secret" => text!("replaced the secret of {}", "更换了密钥：{}"; noun),
        "test" => text!("tested {}", "测试了{}"; noun),
        "repeat" => text!("repeated {}", "重新处理了{}"; noun),
        "invite" => text!("invited {}", "邀请了{}"; noun),
        "reactivate" => text!("let back in {}", "重新启用了{}"; noun),
        "deactivate" => text!("deactivated {}", "停用了{}"; noun),
        other => {
            let verb = Text::verbatim(other.replace('_', " "));
            text!("{}: {}", "{}：{}"; noun, verb)
        }
    }
}

/// Whether the sentence names the thing after what was done: of a sign-in the person is the thing.
pub fn names_thing(facts: &AuditFacts) -> bool {
    !matches!(facts.what.as_str(), "user.sign_in" | "user.sign_out" | "audit.begin")
}

/// By what somebody acted; none where that goes without saying.
pub fn via(via: Via, token: Option<&str>) -> Text {
    match (via, token) {
        (Via::Token, Some(label)) => text!("token “{label}”", "令牌“{label}”"),
        (Via::Token, None) => Text::new("API token", "API 令牌"),
        (Via::Session, _) => SESSION,
        (Via::Webhook, _) => WEBHOOK,
        (Via::CommandLine, _) => COMMAND_LINE,
        (Via::System, _) => SYSTEM,
    }
}

/// How it ended.
pub fn outcome(outcome: Outcome) -> Text {
    match outcome {
        Outcome::Done => Text::new("Done", "已完成"),
        Outcome::Refused => Text::new("Refused", "被拒绝"),
        Outcome::Limited => Text::new("Too many tries", "尝试过多"),
    }
}

/// How many fields an entry changed.
pub fn fields(count: usize) -> Text {
    match count {
        1 => Text::new("1 field", "1 个字段"),
        _ => text!("{count} fields", "{count} 个字段"),
    }
}

#[cfg(test)]
mod tests {
    use launchway_domain::{AuditWho, Thing, Timestamp};

    use super::*;

    fn facts(what: &str, outcome: Outcome) -> AuditFacts {
        AuditFacts {
            seq: 1,
            at: Timestamp(0),
            who: AuditWho { user_id: None, name: "kim".into(), via: Via::Session, token: None, from: None },
            what: what.into(),
            outcome,
            thing: Thing { kind: "server".into(), id: Some(7), name: "web-1".into(), project_id: None },
        }
    }

    #[test]
    fn what_was_done_is_a_phrase_in_both_languages() {
        let did = |what: &str, outcome| {
            let text = did(&facts(what, outcome));
            (text.en.into_owned(), text.zh.into_owned())
        };
        assert_eq!(did("server.update", Outcome::Done), ("changed server".into(), "修改了服务器".into()));
        assert_eq!(did("user.sign_in", Outcome::Refused), ("was refused at sign-in".into(), "登录被拒绝".into()));
        // A word of a later version is still read.
        assert_eq!(did("backup_plan.take_over", Outcome::Done).0, "backup plan: take over");
        assert!(!names_thing(&facts("user.sign_out", Outcome::Done)));
    }
}
