//! The command palette, and the keys.

super::texts! {
    OPEN: "Search", "搜索";
    TITLE: "Find or do something", "查找或执行操作";
    PLACEHOLDER: "A project, a server, #12, a tag, or what to do…", "项目、服务器、#12、标签，或要执行的操作…";
    NOTHING: "Nothing is called that.", "没有找到匹配项。";
    RESULTS: "Results", "结果";
    HINT: "↑ ↓ choose · Enter opens · Esc closes", "↑ ↓ 选择 · Enter 打开 · Esc 关闭";
    KIND_PROJECT: "project", "项目";
    KIND_SERVER: "server", "服务器";
    KIND_RELEASE: "release", "发布";
    KIND_ACTION: "action", "操作";
    KIND_RECENT: "recent", "最近使用";
    NEW_RELEASE: "New release", "新建发布";
    NEW_SERVER: "Add a server", "添加服务器";
    NEW_PROJECT: "Add a project", "添加项目";
    NEW_CREDENTIAL: "Add a credential", "添加凭据";
    GO_HOME: "Go to the overview", "前往总览";
    GO_RELEASES: "Go to releases", "前往发布列表";
    GO_PROJECTS: "Go to projects", "前往项目";
    GO_SERVERS: "Go to servers", "前往服务器";
    GO_CREDENTIALS: "Go to credentials", "前往凭据";
    GO_TEMPLATES: "Go to hook templates", "前往钩子模板";
    GO_WALL: "Show the wall", "显示看板";
    GO_WALL_LINKS: "Manage wall links", "管理看板链接";
    GO_SETTINGS: "Go to the settings", "前往设置";
    GO_LIVE: "Go to what is live", "前往线上状态";
    GO_USERS: "Go to users", "前往用户";
    GO_ACCOUNT: "Go to your account", "前往我的账户";
    MEMBERS: "Members", "成员";
    WEBHOOKS: "Webhooks", "Webhook";
    NOTIFICATIONS: "Notifications", "通知";
    GO_AUDIT: "Go to the audit", "前往审计";
    SWITCH_THEME: "Switch between light and dark", "切换浅色或深色";
    SWITCH_LANG: "Switch language: 中文", "切换语言：English";
    SIGN_OUT: "Sign out", "退出登录";
    SHOW_KEYS: "Show the keys", "显示快捷键";
    KEYS: "Keys", "快捷键";
    KEY_PALETTE: "Find or do something", "查找或执行操作";
    KEY_SEARCH: "Search the list, or everything", "搜索当前列表或全部内容";
    KEY_NEW: "New release", "新建发布";
    KEY_HOME: "Overview", "总览";
    KEY_RELEASES: "Releases", "发布";
    KEY_PROJECTS: "Projects", "项目";
    KEY_SERVERS: "Servers", "服务器";
    KEY_HELP: "These keys", "显示本列表";
    KEYS_ON: "Single keys do something (never while you type)", "启用单键快捷键（输入文字时不生效）";
}
