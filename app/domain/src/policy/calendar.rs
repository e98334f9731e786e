//! When releases may start.
//!
//! Here stands what a calendar says and what is wrong with it. What it means at a point in time takes the database of
//! time zones, which a browser does not carry: that is the engine's `calendar`.

use garde::Validate;
use serde::{Deserialize, Serialize};
use time::{Date, Month};

use crate::text::Text;

/// The most windows of each kind.
pub const MAX_WINDOWS: usize = 50;
/// The longest label, in characters.
const MAX_LABEL: usize = 100;
/// The longest name of a time zone, in bytes; the longest that there is has 32.
const MAX_ZONE: usize = 64;

/// When releases may start in an environment: at any time but in its freeze windows. What runs when one begins goes on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, Validate)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Calendar {
    /// The time zone in which the windows are meant, by its IANA name (`Europe/Berlin`); UTC where absent.
    #[garde(custom(zone_name))]
    pub time_zone: Option<String>,
    /// Hours in which nothing starts, every week; at most 50.
    #[garde(custom(not_too_many), dive)]
    pub weekly: Vec<WeeklyFreeze>,
    /// Days or times in which nothing starts, once; at most 50.
    #[garde(custom(not_too_many), dive)]
    pub dates: Vec<DateFreeze>,
}

impl Calendar {
    /// The name of its time zone.
    pub fn zone(&self) -> &str {
        self.time_zone.as_deref().map(str::trim).filter(|zone| !zone.is_empty()).unwrap_or("UTC")
    }

    /// Whether releases may start at any time.
    pub fn is_open(&self) -> bool {
        self.weekly.is_empty() && self.dates.is_empty()
    }
}

/// Hours in which nothing starts, every week.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, Validate)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct WeeklyFreeze {
    /// The days on which it begins.
    #[garde(custom(some_days))]
    pub days: Vec<Weekday>,
    /// The time of day at which it begins: `18:00`.
    #[garde(custom(begin))]
    pub from: String,
    /// The time of day at which it ends, up to `24:00`; where it is earlier than `from`, on the day after.
    #[garde(custom(end_of_day(&self.from)))]
    pub to: String,
    /// What it is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[garde(custom(short_label))]
    pub label: Option<String>,
}

/// Days or times in which nothing starts, once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, Validate)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct DateFreeze {
    /// When it begins, in the calendar's time zone: a day (`2026-12-24`) or a time (`2026-12-24T18:00`).
    #[garde(custom(local))]
    pub from: String,
    /// When it ends: a time, or the last day.
    #[garde(custom(end_after(&self.from)))]
    pub to: String,
    /// What it is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[garde(custom(short_label))]
    pub label: Option<String>,
}

/// A day of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Weekday {
    /// Monday.
    Mon,
    /// Tuesday.
    Tue,
    /// Wednesday.
    Wed,
    /// Thursday.
    Thu,
    /// Friday.
    Fri,
    /// Saturday.
    Sat,
    /// Sunday.
    Sun,
}

impl Weekday {
    /// The days, from Monday on.
    pub const ALL: [Weekday; 7] =
        [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri, Weekday::Sat, Weekday::Sun];

    /// The word in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Weekday::Mon => "mon",
            Weekday::Tue => "tue",
            Weekday::Wed => "wed",
            Weekday::Thu => "thu",
            Weekday::Fri => "fri",
            Weekday::Sat => "sat",
            Weekday::Sun => "sun",
        }
    }

    /// What people read.
    pub fn label(self) -> Text {
        match self {
            Weekday::Mon => Text::new("Mon", "周一"),
            Weekday::Tue => Text::new("Tue", "周二"),
            Weekday::Wed => Text::new("Wed", "周三"),
            Weekday::Thu => Text::new("Thu", "周四"),
            Weekday::Fri => Text::new("Fri", "周五"),
            Weekday::Sat => Text::new("Sat", "周六"),
            Weekday::Sun => Text::new("Sun", "周日"),
        }
    }
}

/// Reads a time of day, `08:30`, as minutes since midnight; up to `24:00`.
pub fn minutes_of(text: &str) -> Option<u16> {
    let (hours, minutes) = text.split_once(':')?;
    let two = |part: &str| {
        (part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit())).then(|| part.parse::<u16>().ok()).flatten()
    };
    let (hours, minutes) = (two(hours)?, two(minutes)?);
    (minutes < 60 && hours * 60 + minutes <= 24 * 60).then_some(hours * 60 + minutes)
}

/// Reads a day, `2026-12-24`, or a local time, `2026-12-24T18:00`: the day, and the minutes since its midnight where they
/// are named.
pub fn local_of(text: &str) -> Option<(Date, Option<u16>)> {
    let (day, clock) = match text.split_once(['T', ' ']) {
        Some((day, clock)) => (day, Some(minutes_of(clock).filter(|minutes| *minutes < 24 * 60)?)),
        None => (text, None),
    };
    let mut parts = day.split('-');
    let mut number = |digits: usize| {
        let part = parts.next()?;
        (part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit())).then(|| part.parse::<u16>().ok())?
    };
    let (year, month, day) = (number(4)?, number(2)?, number(2)?);
    if parts.next().is_some() {
        return None;
    }
    let month = Month::try_from(u8::try_from(month).ok()?).ok()?;
    let date = Date::from_calendar_date(i32::from(year), month, u8::try_from(day).ok()?).ok()?;
    Some((date, clock))
}

/// Whether it may be the name of a time zone. Whether there is such a one, the server knows.
pub fn may_be_zone(name: &str) -> bool {
    (1..=MAX_ZONE).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'_' | b'-' | b'+'))
}

fn fail(code: &str) -> garde::Result {
    Err(garde::Error::new(code))
}

fn zone_name(value: &Option<String>, _: &()) -> garde::Result {
    match value.as_deref().map(str::trim) {
        Some(zone) if !zone.is_empty() && !may_be_zone(zone) => fail("time_zone"),
        _ => Ok(()),
    }
}

fn not_too_many<T>(value: &[T], _: &()) -> garde::Result {
    if value.len() > MAX_WINDOWS { fail("too_many") } else { Ok(()) }
}

fn some_days(value: &[Weekday], _: &()) -> garde::Result {
    if value.is_empty() { fail("no_days") } else { Ok(()) }
}

fn begin(value: &str, _: &()) -> garde::Result {
    match minutes_of(value) {
        Some(minutes) if minutes < 24 * 60 => Ok(()),
        _ => fail("clock"),
    }
}

fn end_of_day(from: &str) -> impl FnOnce(&str, &()) -> garde::Result + '_ {
    move |to, _| match (minutes_of(from), minutes_of(to)) {
        (_, None) => fail("clock"),
        (Some(from), Some(to)) if from == to => fail("empty_window"),
        _ => Ok(()),
    }
}

fn local(value: &str, _: &()) -> garde::Result {
    if local_of(value).is_some() { Ok(()) } else { fail("local_time") }
}

fn end_after(from: &str) -> impl FnOnce(&str, &()) -> garde::Result + '_ {
    move |to, _| match (local_of(from), local_of(to)) {
        (_, None) => fail("local_time"),
        // A day is meant to its end.
        (Some((from, at)), Some((to, until))) if (to, until.unwrap_or(24 * 60)) <= (from, at.unwrap_or_default()) => {
            fail("before_begin")
        }
        _ => Ok(()),
    }
}

fn short_label(value: &Option<String>, _: &()) -> garde::Result {
    match value.as_deref() {
        Some(label) if label.chars().count() > MAX_LABEL => fail("too_long"),
        Some(label) if label.chars().any(char::is_control) => fail("control"),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(calendar: &Calendar) -> Vec<(String, String)> {
        let report = calendar.validate().err();
        let mut found: Vec<_> =
            report.iter().flat_map(|r| r.iter().map(|(path, e)| (path.to_string(), e.message().to_owned()))).collect();
        found.sort();
        found
    }

    fn weekly(days: &[Weekday], from: &str, to: &str) -> Calendar {
        let window = WeeklyFreeze { days: days.to_vec(), from: from.into(), to: to.into(), label: None };
        Calendar { weekly: vec![window], ..Default::default() }
    }

    fn dates(from: &str, to: &str) -> Calendar {
        Calendar { dates: vec![DateFreeze { from: from.into(), to: to.into(), label: None }], ..Default::default() }
    }

    #[test]
    fn windows_that_mean_something_are_taken() {
        let days = [Weekday::Fri];
        for (from, to) in [("18:00", "08:00"), ("00:00", "24:00"), ("00:00", "00:01"), ("23:59", "24:00")] {
            assert_eq!(codes(&weekly(&days, from, to)), [], "{from} {to}");
        }
        for (from, to) in [
            ("2026-12-24", "2026-12-24"),
            ("2026-12-24", "2027-01-02"),
            ("2026-12-24T18:00", "2026-12-24T18:01"),
            ("2026-12-24T18:00", "2026-12-24"),
            ("2028-02-29 18:00", "2028-03-01"),
        ] {
            assert_eq!(codes(&dates(from, to)), [], "{from} {to}");
        }
    }

    #[test]
    fn each_window_that_means_nothing_has_its_own_words() {
        let one = |calendar: &Calendar| codes(calendar).into_iter().next().map(|(path, code)| format!("{path} {code}"));
        let days = [Weekday::Fri];
        for (calendar, expected) in [
            (weekly(&[], "18:00", "20:00"), "weekly[0].days no_days"),
            (weekly(&days, "24:00", "20:00"), "weekly[0].from clock"),
            (weekly(&days, "8:00", "20:00"), "weekly[0].from clock"),
            (weekly(&days, "18:00", "24:01"), "weekly[0].to clock"),
            (weekly(&days, "18:00", ""), "weekly[0].to clock"),
            (weekly(&days, "18:00", "18:00"), "weekly[0].to empty_window"),
            (dates("2026-12-24", "2026-12-23"), "dates[0].to before_begin"),
            (dates("2026-12-24T18:00", "2026-12-24T18:00"), "dates[0].to before_begin"),
            (dates("2026-02-29", "2026-03-01"), "dates[0].from local_time"),
            (dates("2026-12-24", "Christmas"), "dates[0].to local_time"),
            (dates("2026-12-24T24:00", "2026-12-30"), "dates[0].from local_time"),
            (dates("+026-12-24", "2026-12-30"), "dates[0].from local_time"),
            (Calendar { time_zone: Some("Mars; rm".into()), ..Default::default() }, "time_zone time_zone"),
            (Calendar { time_zone: Some("A".repeat(65)), ..Default::default() }, "time_zone time_zone"),
        ] {
            assert_eq!(one(&calendar).as_deref(), Some(expected));
        }
        let many = Calendar { weekly: vec![weekly(&days, "1", "2").weekly[0].clone(); 51], ..Default::default() };
        assert!(codes(&many).contains(&("weekly".to_owned(), "too_many".to_owned())));
    }
}
