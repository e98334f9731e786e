//! Words that many pages use.

use launchway_domain::Text;

super::texts! {
    MORE: "More", "更多";
    ACCOUNT: "Your account", "我的账户";
    RELEASES: "Releases", "发布";
    WALL: "Wall", "看板";
    PROJECTS: "Projects", "项目";
    SERVERS: "Servers", "服务器";
    CREDENTIALS: "Credentials", "凭据";
    MAIN_NAVIGATION: "Main", "主导航";
    SKIP: "Skip to the content", "跳到正文";
    SAVE: "Save", "保存";
    SAVED: "Saved.", "已保存。";
    ADD: "Add", "添加";
    EDIT: "Edit", "编辑";
    CANCEL: "Cancel", "取消";
    CLOSE: "Close", "关闭";
    DELETE: "Delete", "删除";
    DELETE_ASK: "Delete…", "删除…";
    DELETE_SURE: "This cannot be undone.", "此操作无法撤销。";
    DELETE_YES: "Yes, delete", "确认删除";
    NONE: "none", "无";
    OPTIONAL: "optional", "选填";
    LOADING: "Loading…", "加载中…";
    WORKING: "Working…", "处理中…";
    FILTER: "Filter", "筛选";
    ALL: "All", "全部";
    NEXT_PAGE: "Older", "更早";
    NAME: "Name", "名称";
    ADDED: "Added", "添加时间";
    CHOOSE: "Choose…", "请选择…";
    NOT_FOUND: "There is nothing at this address.", "此地址没有内容。";
    NOT_FOUND_TITLE: "Not found", "未找到";
    HOME: "To the overview", "返回总览";
    WENT_WRONG: "That did not work", "操作未完成";
    LOST: "Launchway did not answer. Check your connection, then try again.", "Launchway 没有响应，请检查网络后重试。";
    SAVE_OVER: "What you typed is still here. Save again to put it in the place of the other change.", "您填写的内容仍在此处。再次保存将覆盖对方的修改。";
    UNKNOWN_ANSWER: "The page does not understand the answer. Reload it, then try again.", "页面无法理解返回内容，请刷新后重试。";
    STALLED: "This page has stopped: its code did not arrive, or broke off.", "页面已停止：代码未能加载或已中断。";
    OPEN_AGAIN: "Open it again", "重新打开";
    CHECK: "Check", "检查";
    CHECKING: "Connecting…", "正在连接…";
    CHECK_OK: "Reachable. A release could go there now.", "连接正常，可以发布。";
    HOST_KEY: "Host key", "主机密钥";
    PINNED: "pinned", "已固定";
    NOT_PINNED: "not pinned", "未固定";
    HOST_KEY_SEEN: "It showed this host key:", "对方出示的主机密钥：";
    HOST_KEY_COMPARE: "Compare it with what the host itself says (ssh-keygen -lf on its public host key), then pin it.", "请与主机自身的指纹核对（在其主机公钥上运行 ssh-keygen -lf），确认后固定。";
    HOST_KEY_CHANGED: "This is not the pinned key. Pin it only if you know why it changed.", "与已固定的密钥不同。只有清楚更换原因时才可固定新密钥。";
    PIN: "Pin this key", "固定此密钥";
    LANGUAGE: "中文", "English";
    LANGUAGE_TITLE: "切换到中文", "Switch to English";
    THEME: "Light or dark", "浅色或深色";
    SIGN_OUT: "Sign out", "退出登录";
    DISMISS: "Dismiss", "关闭提示";
    COPY: "Copy", "复制";
    DANGER: "Danger zone", "危险操作";
}

/// How long a check took.
pub fn latency(ms: u64) -> Text {
    launchway_domain::text!("{ms} ms", "{ms} 毫秒")
}
