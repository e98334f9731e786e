//! The list of releases, and making one.

super::texts! {
    EMPTY: "No releases yet", "还没有发布";
    EMPTY_LEAD: "Pick a tag, a branch or a commit, and say where it should go.", "选择标签、分支或提交，再选择发布到哪里。";
    NEW: "New release", "新建发布";
    RELEASE: "Release", "发布";
    STATUS: "Status", "状态";
    WHERE: "Where", "目标";
    WHO: "By", "操作人";
    WHEN: "When", "时间";
    PROJECT: "Project", "项目";
    ENVIRONMENT: "Environment", "环境";
    CREATE: "Create release", "创建发布";
    CREATE_HINT: "Creates it without starting it: the next page has the Start button.", "仅创建，不会立即执行；下一页可点击“开始”。";
    SHOW: "Show", "显示";
    NO_PROJECTS: "Register a project first.", "请先添加项目。";
    NO_ENVIRONMENTS: "This project has no environment yet.", "此项目还没有环境。";
    REF_HINT: "Type a name, or pick from the list.", "输入名称，或从列表中选择。";
    NOTE: "Note", "备注";
    NOTE_HINT: "A word about it, for those who look at it later.", "给之后查看的人一点说明。";
    HOOKS: "Hooks", "钩子脚本";
    HOOK_BEFORE_DOWNLOAD: "On the Launchway host, in the empty work folder.", "在 Launchway 主机的空工作目录中执行。";
    HOOK_AFTER_DOWNLOAD: "On the Launchway host, in the work folder with the tree: build here.", "在 Launchway 主机的代码目录中执行，可在此构建。";
    HOOK_BEFORE_DEPLOY: "On each server, before the switch.", "切换之前，在每台服务器上执行。";
    HOOK_AFTER_DEPLOY: "On each server, after the switch.", "切换之后，在每台服务器上执行。";
    EXCEPTION: "exception", "破例";
    ROLLBACK: "rollback", "回滚";
}
