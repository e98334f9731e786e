//! Hook templates, and the editor of hooks.

use launchway_domain::Text;

super::texts! {
    TEMPLATES: "Hook templates", "钩子模板";
    LEAD: "Scripts to fill a hook from. A hook that was filled is a copy: changing the template changes no release.", "用于填充钩子的脚本。填充后即为副本，修改模板不影响任何发布。";
    EMPTY: "No hook templates yet", "还没有钩子模板";
    EMPTY_LEAD: "Keep a script that you use in many releases under a name. Any hook can be saved as a template, too.", "将常用脚本命名保存，也可以把任意钩子另存为模板。";
    NEW: "New hook template", "新建钩子模板";
    EDIT: "Edit hook template", "编辑钩子模板";
    DESCRIPTION: "Description", "说明";
    DESCRIPTION_HINT: "What it does, for those who choose it.", "它做什么，供选择时参考。";
    POINT: "Written for", "适用时机";
    POINT_HINT: "It is offered first there; it can be used at every point.", "在该时机优先列出，其他时机也可使用。";
    ALL_POINTS: "All points", "全部时机";
    ANY_POINT: "any point", "任意时机";
    BODY: "Script", "脚本";
    BODY_HINT: "Run by sh. A failing command does not end it unless the script says set -e.", "由 sh 执行。除非脚本中写明 set -e，否则命令失败不会中止。";
    SEARCH: "Search templates", "搜索模板";
    CHANGED: "Changed", "修改时间";
    VARIABLES: "Variables that a hook finds", "钩子可用的变量";
    VAR_PROJECT: "the project's title", "项目名称";
    VAR_ENVIRONMENT: "the environment's name", "环境名称";
    VAR_REF: "the tag, branch or commit that was chosen", "所选的标签、分支或提交";
    VAR_COMMIT: "the commit, 40 digits", "提交哈希（40 位）";
    VAR_RELEASE_ID: "the release's number", "发布编号";
    VAR_RELEASE_PATH: "the new release's folder; before the packaging, the work folder", "新版本的目录；打包之前为工作目录";
    VAR_CURRENT_PATH: "the link to the live release (on servers)", "指向当前版本的链接（仅服务器上）";
    VAR_SERVER: "the server's hostname (on servers)", "服务器主机名（仅服务器上）";
    VAR_ATTEMPT: "1 on the first run, 2 after a retry…", "首次为 1，重试后为 2…";
    FILL: "Fill from a template", "从模板填充";
    FILL_NONE: "Fill from a template…", "从模板填充…";
    FILLED: "Filled from the template.", "已从模板填充。";
    UNDO: "Undo", "撤销";
    SAVE_AS: "Save as template", "保存为模板";
    SAVE_AS_NAME: "Name of the template", "模板名称";
    SAVE_AS_HINT: "With a name, this script is saved as a template in the moment in which the release is created.", "填写名称后，创建发布时将此脚本一并保存为模板。";
    ON_THIS_HOST: "Launchway host", "Launchway 主机";
    DEFAULT_HOOKS: "Default hooks", "默认钩子";
    DEFAULT_HOOKS_HINT: "A new release starts with these; they can be changed there.", "新建发布时自动填入，可在发布时修改。";
}

/// The question before a template goes.
pub fn delete_title(name: &str) -> Text {
    launchway_domain::text!("Delete the hook template “{name}”?", "删除钩子模板“{name}”？")
}

/// How long a script is.
pub fn lines(n: usize) -> Text {
    match n {
        0 => Text::new("none", "无"),
        1 => Text::new("1 line", "1 行"),
        n => launchway_domain::text!("{n} lines", "{n} 行"),
    }
}
