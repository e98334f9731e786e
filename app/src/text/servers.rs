//! Servers.

use launchway_domain::Text;

super::texts! {
    LEAD: "The hosts that releases go to, over SSH. A server gets releases once its host key is pinned.", "通过 SSH 发布的目标主机。固定主机密钥后才能接收发布。";
    EMPTY: "No servers yet", "还没有服务器";
    EMPTY_LEAD: "Add the first host that a release should go to.", "添加第一台要发布到的主机。";
    NEW: "New server", "新建服务器";
    EDIT: "Edit server", "编辑服务器";
    HOSTNAME: "Hostname", "主机名";
    HOSTNAME_HINT: "Its name in Launchway, and {hostname} in paths.", "在 Launchway 中的名称，也用于路径中的 {hostname}。";
    ADDRESS: "Address", "地址";
    ADDRESS_HINT: "A DNS name or an IP address.", "域名或 IP 地址。";
    PORT: "SSH port", "SSH 端口";
    CREDENTIAL: "Credential", "凭据";
    NO_CREDENTIAL: "There is no credential for servers yet.", "还没有可用于服务器的凭据。";
    TAGS: "Tags", "标签";
    TAGS_HINT: "Words to find it by, separated by commas.", "便于查找的词，用逗号分隔。";
    PICK: "Tick each, or all of them.", "逐台勾选，或选择全部。";
    NONE_CHOSEN: "Choose servers, or tick “All servers”.", "请选择服务器，或勾选“全部服务器”。";
    ADD_TAGGED: "Add all with", "添加全部带有标签的：";
    CHECK_LEAD: "Connects, shows the host key, and signs in once that key is pinned.", "连接服务器并显示主机密钥；固定密钥后会进一步验证登录。";
    NEXT_CHECK: "Now check it, so that its host key can be pinned.", "接下来请检查连接，以便固定主机密钥。";
}

/// The box for all servers of an environment.
pub fn all(count: usize) -> Text {
    launchway_domain::text!("All servers ({count})", "全部服务器（{count} 台）")
}

/// The question before a server goes.
pub fn delete_title(name: &str) -> Text {
    launchway_domain::text!("Delete the server “{name}”?", "删除服务器“{name}”？")
}
