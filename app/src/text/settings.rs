//! The settings of the installation.

super::texts! {
    TITLE: "Settings", "设置";
    INSTALLATION: "Installation", "系统信息";
    VERSION: "Version", "版本";
    DATABASE: "Database", "数据库";
    HOOKS: "Local hooks", "本地钩子";
    HOOKS_LEAD: "before_download and after_download run on the Launchway host. They are code of whoever may create releases.", "before_download 和 after_download 在 Launchway 主机上运行，其内容由能够创建发布的人编写。";
    KEPT_BY: "Kept from this host by", "隔离方式";
    USER: "a user of their own", "独立用户";
    LANDLOCK: "Landlock", "Landlock 沙箱";
    NOTHING: "nothing", "无隔离";
}
