//! The front page: what goes on.

use launchway_domain::Text;

super::texts! {
    TITLE: "Overview", "总览";
    RUNNING: "Running", "进行中";
    NOTHING_RUNS: "Nothing is running.", "当前没有正在执行的发布。";
    WAITING: "Waiting for you", "待处理";
    NOTHING_WAITS: "Nothing waits: no release to start, to approve, to continue or to retry.", "没有待启动、待审批、待继续或需要重试的发布。";
    QUEUE: "In the queue", "排队中";
    FORBIDDEN: "A rule forbids this now: see the release.", "规则暂不允许，请查看发布。";
    RECENT: "Lately", "最近结果";
    NOTHING_ENDED: "No release has ended yet.", "还没有已结束的发布。";
    FAILED_ONES: "Only failed", "只看失败";
    LIVE: "Live", "线上版本";
    ALL_RELEASES: "All releases", "全部发布";
    NEVER: "nothing yet", "尚未发布";
    PROJECT: "Project", "项目";
    ENVIRONMENT: "Environment", "环境";
    RELEASE: "Release", "发布";
    COMMIT: "Commit", "提交";
    SINCE: "Since", "上线时间";
    BY: "By", "操作人";
    RELEASE_HERE: "Release", "发布";
    START: "Start", "开始";
    RETRY: "Retry", "重试";
    STEPS_LEAD: "Four steps, and your first release is on its way.", "四步即可完成首次发布。";
    STEP_CREDENTIAL: "Add a credential", "添加凭据";
    STEP_CREDENTIAL_HINT: "What opens your servers: an SSH key or a password.", "用于登录服务器的 SSH 密钥或密码。";
    STEP_SERVER: "Add a server", "添加服务器";
    STEP_SERVER_HINT: "Check it, and pin its host key.", "检查连接并固定主机密钥。";
    STEP_PROJECT: "Add a project and an environment", "添加项目和环境";
    STEP_PROJECT_HINT: "The repository, and which servers it goes to.", "代码仓库，以及要发布到的服务器。";
    STEP_RELEASE: "Make a release", "新建发布";
    STEP_RELEASE_HINT: "Pick a tag, and press Start.", "选择标签，点击“开始”。";
    SERVERS_DONE: "servers done", "台服务器已完成";
    HOST_STEPS: "On the Launchway host", "Launchway 主机";
    MORE: "more", "更多";
    CANCELING: "canceling…", "取消中…";
}

/// That servers are not as they were released, by their names.
pub fn drifted(hostnames: &[String]) -> Text {
    let first = hostnames.first().map_or("", String::as_str);
    match hostnames.len() {
        0 | 1 => launchway_domain::text!("{first} is not as released", "{first} 与发布不一致"),
        2 => {
            let second = &hostnames[1];
            launchway_domain::text!("{first} and {second} are not as released", "{first}、{second} 与发布不一致")
        }
        n => {
            let rest = n - 1;
            launchway_domain::text!("{first} and {rest} more are not as released", "{first} 等 {n} 台与发布不一致")
        }
    }
}

/// How many more there are than are shown.
pub fn more(n: u64) -> Text {
    launchway_domain::text!("{n} more", "另有 {n} 条")
}

/// How far a phase is, for those who hear the page.
pub fn phase(name: &Text, done: u32, all: u32, failed: u32) -> Text {
    if failed > 0 {
        return launchway_domain::text!(
            "{}: {done} of {all} servers, {failed} failed", "{}：{done}/{all} 台服务器，{failed} 台失败"; name
        );
    }
    launchway_domain::text!("{}: {done} of {all} servers", "{}：{done}/{all} 台服务器"; name)
}

/// A step and where it stands, for those who hear the page.
pub fn step(name: &Text, status: &Text) -> Text {
    launchway_domain::text!("{}: {}", "{}：{}"; name, status)
}

/// How far a release has come, for those who hear the page.
pub fn progress(id: i64) -> Text {
    launchway_domain::text!("Progress of release {id}", "发布 {id} 的进度")
}
