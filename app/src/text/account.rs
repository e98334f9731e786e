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
    PASSWORD_HINT: "At least 8 characters.", "至少 8 个字符。";
}
