//! What a release takes along, and what hooks are given.

super::texts! {
    TAKES: "What a release takes along", "发布携带的内容";
    EXCLUDE: "Left out", "排除的文件";
    EXCLUDE_HINT: "One pattern a line, as in a .gitignore. What fits is not packed and reaches no server.", "每行一个模式，写法同 .gitignore。匹配的文件不打包，也不会到达任何服务器。";
    SHARED_FOLDERS: "Shared folders", "共享文件夹";
    SHARED_FOLDERS_HINT: "One a line, such as storage. Each release has a link to shared/storage in their place. The first one brings what is in it.", "每行一个，例如 storage。每个发布在该位置链接到 shared/storage，内容来自首次发布。";
    SHARED_FILES: "Shared files", "共享文件";
    SHARED_FILES_HINT: "One a line, such as config/app.env. Where a server has no such file and the release brings none, nothing is switched.", "每行一个，例如 config/app.env。若服务器上没有该文件且发布内容中也没有，则不切换。";
    OWNER: "Owner", "所有者";
    OWNER_HINT: "user, user:group or :group. Only root may give files to somebody else.", "用户、用户:组 或 :组。只有 root 能将文件交给其他用户。";
    FILE_MODE: "Permissions of files", "文件权限";
    FILE_MODE_HINT: "In octal, such as 640. Programs stay executable.", "八进制，例如 640。可执行文件保持可执行。";
    FOLDER_MODE: "Permissions of folders", "文件夹权限";
    FOLDER_MODE_HINT: "In octal, such as 750.", "八进制，例如 750。";
    CACHE: "Build cache, in MiB", "构建缓存（MiB）";
    CACHE_HINT: "What LAUNCHWAY_CACHE names: a folder that local hooks keep between releases of this environment. 2048 where nothing is said; 0 for none. Larger ones are emptied.", "LAUNCHWAY_CACHE 所指的文件夹，本环境各次发布的本地钩子之间保留。默认 2048；0 表示不使用。超出后会被清空。";
    VARIABLES: "Variables of hooks", "钩子变量";
    VARIABLES_LEAD: "Every hook gets these, here and on the servers. Secret ones are sealed, shown to nobody again, and masked in logs.", "所有钩子（本机和服务器上）都会得到这些变量。密文加密保存，不再显示，并在日志中遮盖。";
    NAME: "Name", "名称";
    VALUE: "Value", "值";
    SECRET: "Kind", "类型";
    IS_SECRET: "secret: never shown again", "密文：不再显示";
    IS_PLAIN: "plain: everybody who sees the project sees it", "明文：能看到项目的人都能看到";
    HIDDEN: "secret", "密文";
    SET_AT: "Set", "设置时间";
    SET: "Set variable", "设置变量";
    REMOVE: "Remove", "移除";
    NONE: "No variables yet", "暂无变量";
}
