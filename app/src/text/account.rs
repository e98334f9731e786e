//! Signing in, and the first administrator.

super::texts! {
    SIGN_IN: "Sign in", "登录";
    SIGN_IN_LEAD: "Releases, in sight of everyone.", "让每一次发布清晰可见。";
    USER: "Name", "用户名";
    PASSWORD: "Password", "密码";
    WRONG: "The name or the password is wrong.", "用户名或密码不正确。";
    SETUP: "Welcome to Launchway", "欢迎使用 Launchway";
    SETUP_LEAD: "Nobody can sign in yet. Make the first administrator.", "还没有任何用户，请先创建首位管理员。";
    SETUP_DO: "Create administrator", "创建管理员";
    JOIN: "Welcome to Launchway", "欢迎使用 Launchway";
    JOIN_LEAD: "Choose the password that you will sign in with.", "请设置登录密码。";
    JOIN_DO: "Save and sign in", "保存并登录";
    NEW_PASSWORD: "New password", "新密码";
    NO_LINK: "This link opens nothing any more", "此链接已失效";
    NO_LINK_LEAD: "It was used, replaced by a newer one, or has expired. Ask an administrator for a new link.", "链接已使用、已被新链接替换或已过期，请向管理员索取新链接。";
    TO_SIGN_IN: "Sign in instead", "前往登录";
    PASSWORD_HINT: "At least 8 characters.", "至少 8 个字符。";
}
