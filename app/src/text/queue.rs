//! What stands between releases and their runs.

use launchway_domain::{Lang, Text};

super::texts! {
    DOOR: "Queue", "队列";
    EMPTY: "Nothing waits here.", "没有等待中的发布。";
    RUNNING: "running", "正在执行";
    LOCKED: "locked", "已锁定";
    FROZEN: "frozen", "封网中";
    LOCK: "Lock", "锁定";
    LOCK_OPEN: "Lock this environment…", "锁定此环境…";
    LOCK_LEAD: "Nothing new starts here until the lock is lifted or ends. What runs goes on.", "锁定期间不会开始新的发布，正在执行的发布不受影响。";
    REASON: "Reason", "理由";
    UNTIL: "Until", "直到";
    UNTIL_HINT: "Blank: until somebody lifts it.", "留空：直到有人解锁。";
    ZONE: "Time zone", "时区";
    UNLOCK: "Unlock", "解锁";
    SINCE: "since", "始于";
    UNTIL_WORD: "until", "直到";
    UNTIL_LIFTED: "until somebody lifts it", "直到有人解锁";
    NOTHING_STARTS: "Nothing starts here now: a release that you start waits in the queue.", "目前不会开始任何发布：您开始的发布会在队列中等待。";
    FREEZE_REFUSES: "Nothing starts here now. Choose a time after the freeze.", "目前处于封网期，不能开始。请选择封网结束后的时间。";
    FREEZE_EXCEPTION: "Nothing starts here now. Choose a time after the freeze, or give a reason to start within it.", "目前处于封网期，不能开始。请选择封网结束后的时间，或填写理由后在封网期内开始。";
    ROLLBACK_FROZEN: "This environment is frozen now: going back takes an administrator's written reason.", "此环境处于封网期：回滚需要管理员书面说明理由。";
    NEXT_FREEZE: "Next freeze:", "下次封网：";
    WAITS_FOR: "Waits for", "等待";
    WOULD_WAIT: "Once started it waits for", "开始后将等待";
    SOON: "It starts any moment.", "即将开始。";
    SCHEDULE: "Start at a time…", "定时开始…";
    RESCHEDULE: "Change the time…", "更改时间…";
    AT: "Start at", "开始时间";
    AT_NOW_HINT: "Blank: as soon as it can.", "留空：尽快开始。";
    SCHEDULE_YES: "Schedule", "确认";
    START_NOW: "As soon as it can", "尽快开始";
    EXCEPTION: "Reason for an exception", "破例理由";
    EXCEPTION_HINT: "For administrators: why this release starts within the freeze. It stays with the release.", "仅限管理员：说明为何在封网期内开始，理由将保留在发布记录中。";
    PLACE: "Place", "位次";
    RELEASE: "Release", "发布";
    BY: "By", "创建人";
    FREEZES: "Freeze windows", "封网时段";
    FREEZES_LEAD: "No release starts in them; what runs goes on. An administrator may make an exception, for a written reason.", "封网期内不会开始发布，正在执行的发布不受影响。管理员可以书面说明理由后破例。";
    WEEKLY: "Every week", "每周";
    DATES: "Once", "一次性";
    DAYS: "Days", "日期";
    FROM: "From", "从";
    TO: "To", "至";
    LABEL: "Called", "名称";
    ZONE_HINT: "Such as Asia/Shanghai or Europe/Berlin; blank means UTC.", "例如 Asia/Shanghai；留空表示 UTC。";
    WEEKLY_HINT: "Hours such as 18:00 to 08:00; a window may go over midnight, and 24:00 is the end of the day. Empty rows are left out; to remove a window, empty its row.", "时刻如 18:00 至 08:00，可跨越午夜，24:00 表示当天结束。空行会被忽略；清空一行即可删除该时段。";
    MORE_WEEKLY: "+ weekly window", "+ 每周时段";
    MORE_DATES: "+ single window", "+ 一次性时段";
    MORE_ROWS: "Save to get more empty rows.", "保存后会出现更多空行。";
}

/// A row of the windows, for a screen reader and for what is wrong with it.
pub fn weekly_row(row: usize) -> Text {
    launchway_domain::text!("Weekly window {row}", "每周时段 {row}")
}

/// The same of a window that comes once.
pub fn date_row(row: usize) -> Text {
    launchway_domain::text!("Single window {row}", "一次性时段 {row}")
}

/// Where it stands.
pub fn place(place: u32, of: u32) -> Text {
    launchway_domain::text!("Place {place} of {of} in the queue", "队列第 {place} 位，共 {of} 个")
}

/// How long until something, to the second in the last minutes.
pub fn ahead(millis: i64, lang: Lang) -> String {
    let seconds = (millis.max(0) + 999) / 1000;
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    let text = match seconds {
        0 => Text::new("now", "现在"),
        1..60 => launchway_domain::text!("in {seconds} s", "{seconds} 秒后"),
        60..600 => {
            let rest = seconds % 60;
            launchway_domain::text!("in {minutes} min {rest:02} s", "{minutes} 分 {rest:02} 秒后")
        }
        600..3600 => launchway_domain::text!("in {minutes} min", "{minutes} 分钟后"),
        3600..172_800 => {
            let rest = minutes % 60;
            launchway_domain::text!("in {hours} h {rest} min", "{hours} 小时 {rest} 分后")
        }
        _ => launchway_domain::text!("in {days} days", "{days} 天后"),
    };
    text.get(lang).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_minutes_are_told_to_the_second() {
        let en = |seconds: i64| ahead(seconds * 1000, Lang::En);
        assert_eq!([en(0), en(1), en(61)], ["now", "in 1 s", "in 1 min 01 s"].map(str::to_owned));
        assert_eq!(
            [en(700), en(3 * 3600), en(3 * 86_400)],
            ["in 11 min", "in 3 h 0 min", "in 3 days"].map(str::to_owned)
        );
        assert_eq!(ahead(-5, Lang::Zh), "现在");
    }
}
