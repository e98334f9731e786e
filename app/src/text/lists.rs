//! Lists: searching, sorting, paging.

use launchway_domain::Text;

super::texts! {
    SEARCH: "Search", "搜索";
    APPLY: "Search", "搜索";
    CLEAR: "Clear", "清除条件";
    NOTHING: "Nothing matches", "没有匹配的结果";
    NOTHING_LEAD: "Nothing in this list has all of what was asked for.", "列表中没有同时满足这些条件的内容。";
    PREVIOUS: "Previous", "上一页";
    NEXT: "Next", "下一页";
    PAGES: "Pages", "分页";
    SORT_BY: "Sort", "排序";
    ANY: "All", "全部";
    ANY_TAG: "Any tag", "全部标签";
    TAG: "Tag", "标签";
    ANY_KEY: "Any host key", "全部主机密钥";
    HAS: "Environments", "环境";
    HAS_PROD: "with production", "有生产环境";
    HAS_TEST: "with test", "有测试环境";
    HAS_NONE: "without any", "没有环境";
    ANY_KIND: "All kinds", "全部类型";
    ANY_STATUS: "Any status", "全部状态";
    ANY_PROJECT: "All projects", "全部项目";
    ANY_ENVIRONMENT: "All environments", "全部环境";
    KIND: "Kind", "类型";
    KIND_RELEASE: "releases", "发布";
    KIND_ROLLBACK: "rollbacks", "回滚";
    SEARCH_SERVERS: "Search servers", "搜索服务器";
    SEARCH_PROJECTS: "Search projects", "搜索项目";
    SEARCH_CREDENTIALS: "Search credentials", "搜索凭据";
    SEARCH_RELEASES: "Search releases: #12, ref, commit, name", "搜索发布：#12、版本、提交、名称";
    RELEASES_LEAD: "Everything that was ever released, and what is about to be.", "所有已执行和待执行的发布。";
}

/// Which rows of how many are shown.
pub fn range(from: u64, to: u64, total: u64) -> Text {
    if from <= 1 && to == total {
        return launchway_domain::text!("{total} in all", "共 {total} 条");
    }
    launchway_domain::text!("{from} to {to} of {total}", "第 {from} 至 {to} 条，共 {total} 条")
}
