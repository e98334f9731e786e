//! Projects and environments.

use launchway_domain::Text;

super::texts! {
    LEAD: "Repositories, and the environments that they run in.", "代码仓库及其运行环境。";
    EMPTY: "No projects yet", "还没有项目";
    EMPTY_LEAD: "A project is a repository and the environments it is released to.", "项目由一个代码仓库和若干发布环境组成。";
    NEW: "New project", "新建项目";
    EDIT: "Edit project", "编辑项目";
    TITLE: "Title", "名称";
    REPOSITORY: "Repository", "代码仓库";
    REPOSITORY_HINT: "https, ssh or file URL, git@host:path, or an absolute path on the Launchway host.", "https、ssh 或 file 地址，git@host:path，或 Launchway 主机上的绝对路径。";
    CREDENTIAL: "Credential", "凭据";
    CREDENTIAL_HINT: "Only where the repository is not public.", "仅私有仓库需要。";
    NO_CREDENTIAL: "none: public", "无（公开仓库）";
    CHECK_LEAD: "Asks the repository for its branches and tags.", "向仓库查询分支和标签。";
    ENVIRONMENTS: "Environments", "环境";
    ENVIRONMENTS_EMPTY: "No environments yet", "还没有环境";
    ENVIRONMENTS_EMPTY_LEAD: "An environment says which servers a release goes to, and where on them.", "环境决定发布到哪些服务器以及服务器上的路径。";
    ENVIRONMENT: "Environment", "环境";
    NEW_ENVIRONMENT: "New environment", "新建环境";
    SETTINGS: "Settings", "设置";
    KIND: "Kind", "类型";
    PATH: "Path", "路径";
    PATH_HINT: "An absolute folder on every server; may hold {hostname}. Releases go below it, and “current” points at the live one.", "每台服务器上的绝对路径，可包含 {hostname}。发布内容放在其下，current 指向当前版本。";
    SERVERS: "Servers", "服务器";
    SERVERS_HINT: "A release goes to all of these.", "发布会送达所选的全部服务器。";
    NO_SERVERS: "There are no servers yet.", "还没有服务器。";
    PACKAGE_ROOT: "Package root", "打包目录";
    PACKAGE_ROOT_HINT: "The folder of the tree that is packed, such as dist; the whole tree where empty.", "要打包的子目录，例如 dist；留空则打包整个目录。";
    KEEP: "Releases to keep", "保留版本数";
    KEEP_HINT: "On each server, 1 to 100. The live one and the one before always stay.", "每台服务器保留 1 到 100 个；当前版本和上一版本始终保留。";
    AUTO_START: "Releases by webhooks", "Webhook 发布";
    AUTO_START_DEFAULT: "as usual: in test yes, in production no", "默认：测试环境可以，生产环境不可以";
    AUTO_START_YES: "may start by themselves", "可自动开始";
    AUTO_START_NO: "wait until somebody starts them", "等待人工开始";
    AUTO_START_HINT: "Where they may, a webhook still says for itself whether its releases start.", "允许时，仍由各 Webhook 自行决定是否开始。";
    CHECK_ENVIRONMENT: "Probes the path and the tools on every server.", "在每台服务器上检查路径和所需工具。";
    RELEASE_HERE: "Release", "发布";
    RECENT: "Latest releases", "最近发布";
}

/// The question before a project goes.
pub fn delete_title(name: &str) -> Text {
    launchway_domain::text!("Delete the project “{name}” with its environments?", "删除项目“{name}”及其环境？")
}

/// The question before an environment goes.
pub fn delete_environment_title(name: &str) -> Text {
    launchway_domain::text!("Delete the environment “{name}”?", "删除环境“{name}”？")
}

/// How many servers.
pub fn servers(n: usize) -> Text {
    match n {
        1 => Text::new("1 server", "1 台服务器"),
        n => launchway_domain::text!("{n} servers", "{n} 台服务器"),
    }
}
