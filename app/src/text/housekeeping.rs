//! How long things are kept, what they take up, and tidying up.

use launchway_domain::{Text, text};

super::texts! {
    TITLE: "Housekeeping", "清理";
    LEAD: "How long things are kept, and what they take up. What a rollback needs stays, however old it is.", "各类数据的保留期限和占用空间。回滚所需的内容无论多旧都会保留。";
    DISK: "Disk use", "磁盘占用";
    MEASURE: "Measure now", "重新测量";
    MEASURED: "Measured", "测量时间";
    FREE: "Free", "剩余空间";
    DATABASE: "Database", "数据库";
    FILES: "Files", "文件";
    PROJECT: "Project", "项目";
    ALL: "All", "全部";
    ARTIFACTS: "Artifacts", "制品";
    LOGS: "Logs", "日志";
    MIRRORS: "Mirrors", "仓库镜像";
    WORK: "Work folders", "工作目录";
    CACHES: "Build caches", "构建缓存";
    EVENTS: "Events", "事件";
    DELIVERIES: "Deliveries and notifications", "投递与通知";
    LOGS_HINT: "Logs are part of the database. Mirrors are copies of the Git repositories; they stay, so that anything can be built again.", "日志存放在数据库中。仓库镜像是 Git 仓库的副本，会一直保留，以便随时重新构建。";
    NEXT: "Goes next", "下次清理";
    NEXT_LEAD: "Once a day Launchway removes what is old enough. Never what is live on a server, what an environment can go back to, or what a release uses that has not ended.", "Launchway 每天清理一次到期的内容。服务器上正在使用的、环境可以回滚到的、以及未结束的发布所用的内容不会被清理。";
    NOTHING: "Nothing is old enough to go.", "没有到期的内容。";
    WHAT: "What", "内容";
    COUNT: "Count", "数量";
    SIZE: "Size", "大小";
    LAST: "Last removed", "上次清理";
    TIDY_ASK: "Tidy up now…", "立即清理…";
    TIDY_QUESTION: "Remove what is old enough?", "清理到期的内容？";
    TIDY_SURE: "Logs that go are gone for good. An artifact that goes can be built again from its commit.", "被清理的日志无法恢复；制品可以根据提交重新构建。";
    TIDY_YES: "Yes, tidy up", "确认清理";
    KEPT: "How long things are kept", "保留期限";
    LOG_DAYS: "Logs, in days", "日志（天）";
    LOG_DAYS_HINT: "After the end of their release. Blank: for ever.", "从发布结束起算。留空：永久保留。";
    ARTIFACT_DAYS: "Artifacts, in days", "制品（天）";
    ARTIFACT_DAYS_HINT: "After they were last used; also the work folders of releases that failed. Blank: for ever.", "从最近一次使用起算；失败发布的工作目录同样适用。留空：永久保留。";
    KEEP_ARTIFACTS: "Artifacts of each environment, at least", "每个环境至少保留的制品数";
    KEEP_ARTIFACTS_HINT: "The last ones that succeeded stay whatever their age; at least as many as the servers keep.", "最近成功的若干个无论多旧都保留，且不少于服务器上保留的版本数。";
    EVENT_DAYS: "Events, in days", "事件（天）";
    EVENT_DAYS_HINT: "1 to 365. Who was away for longer starts over.", "1 到 365。离线更久的客户端需要重新开始。";
    DELIVERY_DAYS: "Deliveries and notifications, in days", "投递与通知（天）";
    CACHE_DAYS: "Build caches, in days", "构建缓存（天）";
    CACHE_DAYS_HINT: "After a release last used them. Blank: for ever.", "从最近一次发布使用起算。留空：永久保留。";
    CACHE: "Build cache", "构建缓存";
    CACHE_LEAD: "What local hooks of this environment keep from one release to the next.", "本环境的本地钩子在各次发布之间保留的内容。";
    HOLDS: "Holds", "占用";
    AT_MOST: "At most", "上限";
    USED: "Last used", "最近使用";
    NEVER: "never", "从未";
    NO_CACHE: "This environment has none", "此环境没有构建缓存";
    CLEAR_ASK: "Clear…", "清空…";
    CLEAR_QUESTION: "Clear the build cache?", "清空构建缓存？";
    CLEAR_SURE: "The next release builds without it, which may take longer.", "下一次发布将在没有缓存的情况下构建，可能需要更长时间。";
    CLEAR_YES: "Yes, clear it", "确认清空";
}

/// How much is free of how much.
pub fn free_of(free: &str, total: &str) -> Text {
    text!("{free} of {total}", "{free}，共 {total}")
}

/// How large the database is, and how much of that is unused.
pub fn unused(size: &str, unused: &str) -> Text {
    text!("{size}, of which {unused} are free for what comes", "{size}，其中 {unused} 可供后续使用")
}
