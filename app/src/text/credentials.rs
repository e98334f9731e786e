//! Credentials.

use launchway_domain::Text;

super::texts! {
    LEAD: "Sealed secrets: what opens servers and repositories. They go in and never come back out.", "加密保存的密钥与密码，用于访问服务器和仓库。保存后不会再显示。";
    EMPTY: "No credentials yet", "还没有凭据";
    EMPTY_LEAD: "A server needs one; a private repository as well.", "服务器和私有仓库都需要凭据。";
    NEW: "New credential", "新建凭据";
    EDIT: "Edit credential", "编辑凭据";
    NAME_HINT: "What people call it, such as “deploy key”.", "便于识别的名称，例如“部署密钥”。";
    KIND: "Kind", "类型";
    USERNAME: "User name", "用户名";
    USERNAME_HINT: "Who it signs in as: the account on the servers, or the Git user.", "登录所用的账号：服务器账号或 Git 用户。";
    SECRET: "Secret", "密钥内容";
    SECRET_HINT: "The private key (OpenSSH or PEM text), the password or the access token.", "私钥（OpenSSH 或 PEM 文本）、密码或访问令牌。";
    SECRET_KEEP: "Leave it empty to keep the stored one.", "留空则保留已保存的内容。";
    PASSPHRASE: "Passphrase", "私钥口令";
    PASSPHRASE_HINT: "What opens the private key, where it is locked.", "私钥加密时的口令。";
    HAS_PASSPHRASE: "with passphrase", "带口令";
}

/// The question before a credential goes.
pub fn delete_title(name: &str) -> Text {
    launchway_domain::text!("Delete the credential “{name}”?", "删除凭据“{name}”？")
}
