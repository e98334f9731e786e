//! Webhooks in and notifications out.

use launchway_domain::{Text, text};

super::texts! {
    WEBHOOKS: "Webhooks", "Webhook";
    WEBHOOKS_LEAD: "A Git service calls a webhook when somebody pushes, and a release is made.", "有人推送代码时，代码托管平台调用 Webhook，由此创建发布。";
    WEBHOOKS_EMPTY: "No webhooks yet", "还没有 Webhook";
    WEBHOOKS_EMPTY_LEAD: "Add one, then enter its address and secret at GitHub, GitLab, Gitea or Gitee.", "新建后，将其地址和密钥填到 GitHub、GitLab、Gitea 或 Gitee。";
    NEW_WEBHOOK: "New webhook", "新建 Webhook";
    SETTINGS: "Settings", "设置";
    SERVICE: "Git service", "代码托管平台";
    ENVIRONMENT: "Environment", "环境";
    ENVIRONMENT_HINT: "Where its releases go.", "发布到哪个环境。";
    NO_ENVIRONMENTS: "Add an environment to the project first.", "请先为项目添加环境。";
    EVENTS: "Releases of", "发布对象";
    BRANCHES: "Branches", "分支";
    TAGS: "Tags", "标签";
    GLOBS_HINT: "Patterns such as main, release/*; blank means all.", "匹配模式，例如 main、release/*；留空表示全部。";
    TAG_GLOBS_HINT: "Patterns such as v*; blank means all.", "匹配模式，例如 v*；留空表示全部。";
    REPOSITORY: "Repository at the service", "平台上的仓库地址";
    REPOSITORY_HINT: "Only where it differs from the project's address.", "仅当与项目的仓库地址不同时填写。";
    START: "Its releases", "发布方式";
    START_YES: "start by themselves, where the environment allows it", "自动开始（需环境允许）";
    START_NO: "wait until somebody starts them", "等待人工开始";
    STATE: "State", "状态";
    ON: "on", "启用";
    OFF: "off", "停用";
    SECRET: "Secret", "密钥";
    SECRET_NEW_HINT: "Leave it blank, and one is made and shown once. Without JavaScript, type one of your own.", "留空则自动生成并仅显示一次。未启用 JavaScript 时请自行填写。";
    SECRET_KEEP_HINT: "Leave it blank to keep the one that there is.", "留空则保持不变。";
    MADE: "Enter both at the Git service. The secret is shown this once.", "请将两者填到代码托管平台。密钥仅显示这一次。";
    ADDRESS: "Address", "地址";
    ROTATE: "Make a new secret", "生成新密钥";
    ROTATE_LEAD: "The one before opens nothing any more.", "原密钥立即失效。";
    TO_WEBHOOK: "To the webhook", "查看 Webhook";
    DELIVERIES: "Deliveries", "投递记录";
    DELIVERIES_EMPTY: "Nothing was delivered yet", "还没有投递记录";
    DELIVERIES_EMPTY_LEAD: "The service's own test shows up here as well.", "平台的连通测试也会显示在此。";
    WHEN: "When", "时间";
    WHAT: "What", "内容";
    OUTCOME: "Outcome", "结果";
    REPEAT: "Repeat", "重复";
    RELEASE: "Release", "发布";
    NOTIFICATIONS: "Notifications", "通知";
    NOTIFICATIONS_LEAD: "Channels tell people and programs what happens to the project's releases.", "通过通知渠道，将项目发布的动态告知人员和程序。";
    CHANNELS_EMPTY: "No channels yet", "还没有通知渠道";
    CHANNELS_EMPTY_LEAD: "A chat, an e-mail address or a program of your own.", "聊天群、邮箱或自己的程序。";
    NEW_CHANNEL: "New channel", "新建通知渠道";
    KIND: "Kind", "类型";
    URL: "Address", "地址";
    URL_NEW_HINT: "As the chat shows it, or that of your program; not for e-mail.", "聊天工具给出的地址，或自己程序的地址；电子邮件不填。";
    URL_KEEP_HINT: "Leave it blank to keep the one that there is; it is not shown.", "留空则保持不变；现有地址不显示。";
    TO: "Recipients", "收件人";
    TO_HINT: "For e-mail: addresses, separated by commas.", "仅用于电子邮件：邮箱地址，用逗号分隔。";
    CHANNEL_SECRET: "Signing secret", "签名密钥";
    CHANNEL_SECRET_HINT: "For webhooks, DingTalk and Feishu.", "用于 Webhook、钉钉和飞书。";
    TELLS: "It tells", "通知内容";
    ENVIRONMENTS: "Of environments", "环境范围";
    ENVIRONMENTS_HINT: "None chosen means all.", "不选表示全部。";
    LANGUAGE: "Language of the messages", "消息语言";
    TEST: "Send a test", "发送测试";
    TEST_LEAD: "One message, now.", "立即发送一条消息。";
    TEST_SENT: "The test arrived.", "测试消息已送达。";
    MESSAGES: "Messages", "消息记录";
    MESSAGES_EMPTY: "Nothing was sent yet", "还没有发送消息";
    TRIES: "Tries", "尝试次数";
    RETRY: "Send again", "重新发送";
    A_TEST: "test", "测试";
    WHERE: "Where to", "发往";
}

/// The question before a webhook goes.
pub fn delete_webhook_title(name: &str) -> Text {
    text!("Delete the webhook “{name}” with its deliveries?", "删除 Webhook“{name}”及其投递记录？")
}

/// The question before a channel goes.
pub fn delete_channel_title(name: &str) -> Text {
    text!("Delete the channel “{name}” with its messages?", "删除通知渠道“{name}”及其消息记录？")
}

/// Why a test did not arrive.
pub fn test_failed(error: Text) -> Text {
    text!("The test did not arrive. {}", "测试消息未送达。{}"; error)
}
