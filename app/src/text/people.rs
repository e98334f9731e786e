//! People, their roles in projects, their account and tokens.

use launchway_domain::Text;

super::texts! {
    USERS: "Users", "用户";
    USERS_LEAD: "Who may sign in, and what they are trusted with.", "谁可以登录，以及拥有哪些权限。";
    SEARCH: "Search users", "搜索用户";
    EMPTY: "Nobody yet", "还没有用户";
    INVITE: "Invite somebody", "邀请用户";
    INVITE_DO: "Make the link", "生成邀请链接";
    INVITE_LEAD: "They choose their password by a link that opens once, within seven days.", "对方通过一次性链接设置密码，链接七天内有效。";
    NEEDS_SCRIPT: "Showing a link once needs JavaScript here; on the host, use launchway user invite.", "在此显示一次性链接需要 JavaScript；也可在主机上使用 launchway user invite。";
    NAME: "Sign-in name", "登录名";
    ROLE: "Role", "角色";
    ROLE_EVERYWHERE: "Role everywhere", "全局角色";
    ROLE_HINT: "A member sees only the projects that they have a role in.", "“成员”只能看到自己有角色的项目。";
    ROLE_THERE: "Role in the project", "项目角色";
    IN_PROJECT: "And in the project", "另在项目中";
    NO_PROJECT: "no project", "不指定项目";
    STATE: "State", "状态";
    LAST_SEEN: "Last seen", "最近活动";
    NEVER: "never", "从未";
    ANY_ROLE: "All roles", "全部角色";
    ANY_STATE: "All states", "全部状态";
    LINK_MADE: "Send this link to them. It is shown this once and opens once.", "请将此链接发送给对方。链接仅显示一次，且只能使用一次。";
    LINK: "Invitation link", "邀请链接";
    COPIED: "Copied.", "已复制。";
    LINK_AGAIN: "New link", "重新生成链接";
    LINK_AGAIN_LEAD: "For somebody who lost the first one or forgot the password. The old link opens nothing any more.", "用于链接遗失或忘记密码的情况，旧链接将失效。";
    DEACTIVATE: "Deactivate", "停用";
    DEACTIVATE_LEAD: "Signs them out everywhere at once and revokes their tokens. Nobody is deleted: history names them.", "立即在所有位置退出登录并撤销其令牌。用户不会被删除，历史记录会保留其姓名。";
    REACTIVATE: "Reactivate", "重新启用";
    REACTIVATE_LEAD: "Lets them sign in again with the password that they had. Their tokens stay revoked.", "允许其使用原密码重新登录，已撤销的令牌不会恢复。";
    MEMBERSHIPS: "Roles in projects", "项目角色";
    MEMBERS: "Members", "成员";
    MEMBERS_LEAD: "Who is trusted with more here than everywhere.", "在本项目中拥有额外权限的用户。";
    NO_MEMBERS: "Nobody has a role of their own here", "还没有项目成员";
    NO_MEMBERS_LEAD: "People with a role everywhere have it here too.", "拥有全局角色的用户在此同样有效。";
    ADD_MEMBER: "Give somebody a role", "添加成员";
    PERSON: "Person", "用户";
    REMOVE: "Remove", "移除";
    ACCOUNT: "Your account", "我的账户";
    PASSWORD: "Password", "密码";
    CURRENT: "Current password", "当前密码";
    CHANGE: "Change password", "修改密码";
    CHANGE_LEAD: "Your other sessions end; tokens stay.", "其他会话将退出登录，令牌不受影响。";
    CHANGED: "Your password was changed.", "密码已修改。";
    TOKENS: "API tokens", "API 令牌";
    TOKENS_LEAD: "A token lets a script act for you, and do no more than its scope allows.", "脚本可凭令牌以您的身份操作，且不超出令牌的权限范围。";
    NO_TOKENS: "No tokens yet", "还没有令牌";
    TOKEN_NAME: "What it is for", "用途";
    SCOPE: "Scope", "权限范围";
    SCOPE_FOR: "For", "适用项目";
    ALL_PROJECTS: "all projects", "全部项目";
    EVERYBODYS: "everybody’s", "所有人共用";
    PROJECT: "Project", "项目";
    PROJECT_HINT: "Those who manage a project manage what is its own.", "项目管理者可管理本项目专属的内容。";
    EXPIRES: "Ends", "到期";
    EXPIRED: "ended", "已到期";
    NO_END: "when it is revoked", "撤销前一直有效";
    TOKEN_MAKE: "Make a token", "创建令牌";
    TOKEN_MADE: "Keep this token now: it is shown this once.", "请立即保存此令牌，它仅显示这一次。";
    TOKEN: "Token", "令牌";
    TOKEN_SCRIPT: "Showing a token once needs JavaScript here; on the host, use launchway token create.", "在此显示一次性令牌需要 JavaScript；也可在主机上使用 launchway token create。";
    LAST_USED: "Last used", "最近使用";
    REVOKE: "Revoke", "撤销";
    SESSIONS: "Browsers", "浏览器";
    SESSIONS_LEAD: "Where you are signed in. One that you do not know: end it, and change your password.", "您已登录的浏览器。如有不认识的，请将其退出并修改密码。";
    SESSIONS_OF_LEAD: "Where they are signed in. Ending one closes what they have open there at once.", "该用户已登录的浏览器。退出后，其中打开的页面会立即断开。";
    NO_SESSIONS: "Signed in nowhere", "未在任何浏览器登录";
    BROWSER: "Browser", "浏览器";
    ADDRESS: "Address", "地址";
    SIGNED_IN: "Signed in", "登录时间";
    THIS_BROWSER: "this one", "当前浏览器";
    NOT_KNOWN: "not known", "未知";
    END: "Sign out", "退出";
    END_OTHERS: "Sign out all others", "退出其他所有浏览器";
    END_ALL: "Sign out everywhere", "全部退出";
}

/// A number of days.
pub fn days(days: u32) -> Text {
    launchway_domain::text!("in {days} days", "{days} 天后")
}

/// A browser in words: what it is, and on what.
pub fn browser(browser: Option<&str>, system: Option<&str>) -> Text {
    match (browser, system) {
        (Some(browser), Some(system)) => launchway_domain::text!("{browser} on {system}", "{system} 上的 {browser}"),
        (Some(only), None) | (None, Some(only)) => Text::verbatim(only.to_owned()),
        (None, None) => Text::new("Unknown browser", "未知浏览器"),
    }
}
