//! What one script printed on many servers, said once.

use launchway_domain::Text;

super::texts! {
    TAB: "Outputs", "输出对比";
    LEAD: "What a hook printed on each server, identical outputs together: failures first, then what differs, then what most servers said.", "钩子在各服务器上的输出，相同的合在一起：先是失败的，再是不同的，最后是多数服务器的输出。";
    HOOK: "Which hook", "选择钩子";
    NOWHERE: "No server has ended this hook yet. The outputs appear here as soon as one has.", "还没有服务器执行完此钩子。一旦有服务器完成，输出会显示在这里。";
    NO_HOOK: "No hook of this release runs on servers.", "此发布没有在服务器上运行的钩子。";
    CUT: "Some servers printed more than is compared; their logs have all of it.", "部分服务器的输出超出了比较范围；完整内容见其日志。";
    MOST: "most servers", "多数";
    SAME_TEXT: "It printed the same as most servers.", "输出与多数服务器相同。";
    EXIT: "exit status", "退出状态";
    NOT_ENDED: "did not end", "未结束";
    NO_OUTPUT: "no output", "无输出";
    DIFFERENCE: "Difference from the largest group", "与最大一组的差异";
    OUTPUT: "Output", "输出";
    COMPARE: "Compare with the other servers", "与其他服务器对比";
}

/// On how many servers.
pub fn on(count: usize) -> Text {
    match count {
        1 => Text::new("1 server", "1 台服务器"),
        count => launchway_domain::text!("{count} servers", "{count} 台服务器"),
    }
}

/// How many servers are not named at once.
pub fn more(count: usize) -> Text {
    launchway_domain::text!("and {count} more", "另外 {count} 台")
}

/// On how many servers it has not ended.
pub fn open(count: usize) -> Text {
    match count {
        1 => Text::new("not ended on 1 server", "1 台服务器尚未完成"),
        count => launchway_domain::text!("not ended on {count} servers", "{count} 台服务器尚未完成"),
    }
}
