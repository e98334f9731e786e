//! Making a release.

use launchway_domain::{Lang, Text, text};

super::texts! {
    LEAD: "Pick a tag, a branch or a commit, and say where it should go.", "选择标签、分支或提交，再选择发布到哪里。";
    REF: "Tag, branch or commit", "标签、分支或提交";
    REF_HINT: "Type to filter. Any other name or a whole commit hash works as well.", "输入即可筛选，也可输入其他名称或完整的提交哈希。";
    REF_IS: "Take it as", "类型";
    FETCHING: "Fetching from the repository…", "正在从仓库获取…";
    FETCH_AGAIN: "Fetch again", "重新获取";
    NOTHING: "No match in the list. The name is asked for at the repository as it stands.", "列表中没有匹配项，将按所输入的名称向仓库查询。";
    MORE: "The list is longer: type to find the rest.", "列表未完全显示，请输入以查找其余项。";
    LIVE: "live now", "当前线上";
    LIST: "Tags, branches and commits", "标签、分支和提交";
    NOTE: "Note", "备注";
    NOTE_HINT: "A word about it, for those who look at it later.", "给之后查看的人一点说明。";
    HOOKS: "Hooks", "钩子脚本";
    NEW_FROM: "New release from this one", "以此新建发布";
    FILLED_FROM: "Filled in from release", "已按以下发布填写：";
    TAKE_OVER: "Take them over", "沿用这些钩子";
    HOOKS_LEAD: "Shell scripts that run at four points of the release.", "在发布的四个时间点执行的 Shell 脚本。";
    MANAGE: "Manage templates", "管理模板";
    CREATE_AND_START: "Create and start", "创建并开始";
    CREATE: "Create", "仅创建";
    CREATE_AND_SCHEDULE: "Create and schedule", "创建并定时";
    CREATE_HINT: "“Create” writes it down without starting it.", "“仅创建”不会立即执行。";
    AT_HINT: "Blank: as soon as it can. It stands in the queue until then.", "留空：尽快开始。在此之前它会在队列中等待。";
    AT_NEEDS_START: "A time was chosen: press “Create and schedule”, or empty this field.", "已选择时间：请按“创建并定时”，或清空此字段。";
    EXCEPTION: "Why it starts although the policy says no", "不满足发布策略仍要开始的理由";
    EXCEPTION_HINT: "For administrators. Stays with the release, for everybody to read. Without it, it can be created and not started.", "仅限管理员。理由将与发布一同保存，所有人可见。不填写则只能创建，不能开始。";
}

/// What is live ran hooks, and the form has none.
pub fn live_hooks(hooks: usize) -> Text {
    match hooks {
        1 => Text::new("The live release ran a hook; this one has none.", "线上发布执行了 1 个钩子，此发布没有。"),
        n => text!("The live release ran {n} hooks; this one has none.", "线上发布执行了 {n} 个钩子，此发布没有。"),
    }
}

/// How many the list shows, of how many.
pub fn shown(shown: usize, all: usize) -> Text {
    text!("{shown} of {all}", "{shown} / {all}")
}

/// What is about to happen.
pub fn summary(name: &str, place: &str, servers: usize) -> Text {
    let on = match servers {
        0 => Text::new("no server yet", "尚无服务器"),
        1 => Text::new("1 server", "1 台服务器"),
        n => text!("{n} servers", "{n} 台服务器"),
    };
    let (en, zh) = (on.get(Lang::En), on.get(Lang::Zh));
    text!("{name} → {place}, {en}", "{name} → {place}，{zh}")
}
