//! An environment's policy.

super::texts! {
    TITLE: "Policy", "发布策略";
    LEAD: "How releases proceed here, and when they may.", "此环境的发布方式与时机。";
    READ_ONLY: "You may read this policy. Changing it takes a manager of the project.", "您可以查看此发布策略。修改需要项目的管理者权限。";
    PARTS: "Parts of the policy", "发布策略的各部分";
    UNSAVED: "Leave without saving? What was changed on this page would be lost.", "未保存就离开？此页上的修改将会丢失。";
    RULES: "Before a release starts", "开始发布之前";
    TESTED_FIRST: "Tested first", "先经测试";
    TESTED_FIRST_HINT: "Whether the same commit must have succeeded in a test environment of the project. An administrator may make an exception, for a written reason.", "同一提交是否必须先在本项目的测试环境中发布成功。管理员可以书面说明理由后破例。";
    TESTED_FIRST_DEFAULT: "as usual: in production, where the project has a test environment", "默认：生产环境且项目有测试环境时需要";
    TESTED_FIRST_YES: "needed", "需要";
    TESTED_FIRST_NO: "not needed", "不需要";
}
