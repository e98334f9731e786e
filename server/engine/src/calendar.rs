//! What an environment's calendar means at a point in time.
//!
//! A window is meant by the clock on the wall: over a change to summer time it is as long as that clock says it is. A time
//! that the clock leaves out is the moment of the change; one that it shows twice begins a freeze the first time and ends
//! it the second time. The time zones are compiled in: what a server's system knows makes no difference.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{AmbiguousOffset, TimeZone, TimeZoneDatabase};
use jiff::{Timestamp as Instant, ToSpan};
use launchway_domain::policy::calendar::{local_of, minutes_of};
use launchway_domain::{Calendar, CalendarNow, Freeze, Timestamp, Weekday};

/// How many windows that follow each other are looked through for an end.
const CHAIN: usize = 800;
/// A year, in milliseconds: what follows each other for longer has no end that anybody waits for.
const FAR: i64 = 366 * 24 * 3600 * 1000;
/// How many days are looked through for the next weekly window: a week, and a day on both sides.
const DAYS_AHEAD: i64 = 9;

/// Whether there is a time zone of that name.
pub fn has_zone(name: &str) -> bool {
    zone(name).is_some()
}

/// The point in time of a local time, such as a browser's field for it has (`2026-12-24T18:00`). One that the clock leaves
/// out is moved on by as much; of one that it shows twice, the first. None where either is not understood.
pub fn instant(local: &str, zone_name: &str) -> Option<Timestamp> {
    let (date, minutes) = local_of(local.get(..16).unwrap_or(local))?;
    let at = on(civil(date)?, minutes?)?;
    Some(Timestamp(zone(zone_name)?.to_ambiguous_zoned(at).compatible().ok()?.timestamp().as_millisecond()))
}

/// A point in time by the clock of a zone: `2026-12-27 00:00 Europe/Berlin`.
pub fn local(at: Timestamp, zone_name: &str) -> String {
    let (zone, name) = match zone(zone_name) {
        Some(zone) => (zone, zone_name),
        None => (TimeZone::UTC, "UTC"),
    };
    let at = Instant::from_millisecond(at.0).unwrap_or_default().to_zoned(zone);
    format!("{} {name}", at.strftime("%Y-%m-%d %H:%M"))
}

/// What a calendar says at `at`.
pub fn now(calendar: &Calendar, at: Timestamp) -> CalendarNow {
    let time_zone = calendar.zone().to_owned();
    if calendar.is_open() {
        return CalendarNow { time_zone, ..CalendarNow::default() };
    }
    // Saved before its time zone was renamed: better the wrong hours than none.
    let windows = Windows { zone: zone(&time_zone).unwrap_or(TimeZone::UTC), calendar };
    let now = windows.freeze(at);
    let after = now.as_ref().map_or(Some(at), |freeze| freeze.until);
    let next = after.and_then(|after| windows.after(after));
    CalendarNow { frozen: now.is_some(), until: now.as_ref().and_then(|f| f.until), now, next, time_zone }
}

/// The freeze in which `at` lies, if it does.
pub fn freeze_at(calendar: &Calendar, at: Timestamp) -> Option<Freeze> {
    if calendar.is_open() {
        return None;
    }
    Windows { zone: zone(calendar.zone()).unwrap_or(TimeZone::UTC), calendar }.freeze(at)
}

fn zone(name: &str) -> Option<TimeZone> {
    if !launchway_domain::policy::calendar::may_be_zone(name) {
        return None;
    }
    TimeZoneDatabase::bundled().get(name).ok()
}

struct Windows<'a> {
    zone: TimeZone,
    calendar: &'a Calendar,
}

impl Windows<'_> {
    /// The freeze in which `at` lies: to the end of all windows that touch each other.
    fn freeze(&self, at: Timestamp) -> Option<Freeze> {
        let mut found: Option<Freeze> = None;
        let mut reached = at;
        for _ in 0..CHAIN {
            // Of those that are there, the one that lasts longest.
            let covering = self.around(reached).filter(|(from, until, _)| *from <= reached && reached < *until);
            let Some((from, until, label)) = covering.max_by_key(|(_, until, _)| *until) else { return found };
            let freeze = found.get_or_insert(Freeze { from, until: None, label: label.map(str::to_owned) });
            if until.0 - at.0 > FAR {
                freeze.until = None;
                return found;
            }
            freeze.until = Some(until);
            reached = until;
        }
        found.map(|freeze| Freeze { until: None, ..freeze })
    }

    /// The freeze that begins first after `at`.
    fn after(&self, at: Timestamp) -> Option<Freeze> {
        let (from, _, label) = self.around(at).filter(|(from, ..)| *from > at).min_by_key(|(from, ..)| *from)?;
        let until = self.freeze(from).and_then(|freeze| freeze.until);
        Some(Freeze { from, until, label: label.map(str::to_owned) })
    }

    /// Every window of a date, and those of the week around `at`: beginning, end, label.
    fn around(&self, at: Timestamp) -> impl Iterator<Item = (Timestamp, Timestamp, Option<&str>)> {
        let today = Instant::from_millisecond(at.0).map(|at| at.to_zoned(self.zone.clone()).date()).ok();
        let weekly = self.calendar.weekly.iter().flat_map(move |window| {
            // A window of two days ago may have lasted until yesterday.
            (-2..=DAYS_AHEAD).filter_map(move |ahead| {
                let day = today?.checked_add(ahead.days()).ok()?;
                window.days.contains(&weekday(day)).then_some(())?;
                let (from, to) = (minutes_of(&window.from)?, minutes_of(&window.to)?);
                let ends = if to <= from { day.tomorrow().ok()? } else { day };
                Some((self.begin(on(day, from)?)?, self.end(on(ends, to)?)?, window.label.as_deref()))
            })
        });
        let dates = self.calendar.dates.iter().filter_map(|window| {
            let (from, at) = local_of(&window.from)?;
            let (to, until) = local_of(&window.to)?;
            let from = on(civil(from)?, at.unwrap_or(0))?;
            // A day is meant to its end.
            let to = on(civil(to)?, until.unwrap_or(24 * 60)).and_then(|to| self.end(to));
            // What ends later than can be reckoned (people write 9999) ends last of all: a freeze never fails open.
            Some((self.begin(from)?, to.unwrap_or(LAST), window.label.as_deref()))
        });
        weekly.chain(dates).filter(|(from, until, _)| from < until)
    }

    fn begin(&self, at: DateTime) -> Option<Timestamp> {
        let ambiguous = self.zone.to_ambiguous_timestamp(at);
        match ambiguous.offset() {
            AmbiguousOffset::Gap { .. } => self.change(at),
            _ => ambiguous.earlier().ok().map(stamp),
        }
    }

    fn end(&self, at: DateTime) -> Option<Timestamp> {
        let ambiguous = self.zone.to_ambiguous_timestamp(at);
        match ambiguous.offset() {
            AmbiguousOffset::Gap { .. } => self.change(at),
            _ => ambiguous.later().ok().map(stamp),
        }
    }

    /// When the clock leaves a time out.
    fn change(&self, at: DateTime) -> Option<Timestamp> {
        // Read by the offset before the change, it lies after it; a day earlier it lies before.
        let before = self.zone.to_ambiguous_timestamp(at).earlier().ok()?.checked_sub(24.hours()).ok()?;
        self.zone.following(before).next().map(|change| stamp(change.timestamp()))
    }
}

/// The last second of any time zone that can be reckoned: 9999-12-30T22:00:00Z.
const LAST: Timestamp = Timestamp(253_402_207_200_000);

fn stamp(at: Instant) -> Timestamp {
    Timestamp(at.as_millisecond())
}

fn civil(date: time::Date) -> Option<Date> {
    Date::new(
        i16::try_from(date.year()).ok()?,
        i8::try_from(u8::from(date.month())).ok()?,
        i8::try_from(date.day()).ok()?,
    )
    .ok()
}

/// A day at so many minutes after midnight; 24:00 is the next day's midnight.
fn on(day: Date, minutes: u16) -> Option<DateTime> {
    if minutes == 24 * 60 {
        return Some(day.tomorrow().ok()?.to_datetime(Time::midnight()));
    }
    let time = Time::new(i8::try_from(minutes / 60).ok()?, i8::try_from(minutes % 60).ok()?, 0, 0).ok()?;
    Some(day.to_datetime(time))
}

fn weekday(day: Date) -> Weekday {
    // Monday is 0 there too.
    Weekday::ALL[usize::from(day.weekday().to_monday_zero_offset().unsigned_abs()) % 7]
}

#[cfg(test)]
mod tests {
    use launchway_domain::{DateFreeze, WeeklyFreeze};

    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    fn weekly(zone: &str, windows: &[(&[Weekday], &str, &str)]) -> Calendar {
        let window = |(days, from, to): &(&[Weekday], &str, &str)| WeeklyFreeze {
            days: days.to_vec(),
            from: (*from).to_owned(),
            to: (*to).to_owned(),
            label: Some(format!("{from}-{to}")),
        };
        Calendar { time_zone: Some(zone.into()), weekly: windows.iter().map(window).collect(), dates: Vec::new() }
    }

    fn dates(zone: &str, from: &str, to: &str) -> Calendar {
        let window = DateFreeze { from: from.into(), to: to.into(), label: None };
        Calendar { time_zone: Some(zone.into()), weekly: Vec::new(), dates: vec![window] }
    }

    /// From when to when it is frozen at a time.
    fn frozen(calendar: &Calendar, time: &str) -> Option<(String, String)> {
        let freeze = freeze_at(calendar, at(time))?;
        let short = |at: Timestamp| at.rfc3339().get(..16).unwrap().to_owned();
        Some((short(freeze.from), freeze.until.map_or_else(|| "never".to_owned(), short)))
    }

    fn span(from: &str, until: &str) -> Option<(String, String)> {
        Some((from.to_owned(), until.to_owned()))
    }

    #[test]
    fn a_weekly_window_goes_over_midnight() {
        let friday = weekly("Asia/Shanghai", &[(&[Weekday::Fri], "18:00", "08:00")]);
        // Friday, 2026-11-20, 18:00 in Shanghai is 10:00 UTC.
        assert_eq!(frozen(&friday, "2026-11-20T09:59:59.999Z"), None);
        let expected = span("2026-11-20T10:00", "2026-11-21T00:00");
        assert_eq!(frozen(&friday, "2026-11-20T10:00:00Z"), expected);
        assert_eq!(frozen(&friday, "2026-11-20T23:59:59.999Z"), expected);
        assert_eq!(frozen(&friday, "2026-11-21T00:00:00Z"), None);
        let said = now(&friday, at("2026-11-21T00:00:00Z"));
        assert!(!said.frozen);
        assert_eq!(said.next.unwrap().from, at("2026-11-27T10:00:00Z"));
        let said = now(&friday, at("2026-11-20T10:00:00Z"));
        assert_eq!(
            (said.until, said.next.unwrap().from),
            (Some(at("2026-11-21T00:00:00Z")), at("2026-11-27T10:00:00Z"))
        );
    }

    #[test]
    fn until_further_notice_is_a_freeze() {
        for to in ["9999-12-29", "9999-12-30", "9999-12-31", "9999-12-31T23:59"] {
            for zone in ["UTC", "Asia/Shanghai", "America/Los_Angeles"] {
                assert!(frozen(&dates(zone, "2026-01-01", to), "2026-11-20T18:00:00Z").is_some(), "{to} {zone}");
            }
        }
    }

    #[test]
    fn windows_that_touch_are_one_freeze() {
        use Weekday::{Fri, Sat, Sun};
        let weekend = weekly("UTC", &[(&[Fri], "18:00", "24:00"), (&[Sat, Sun], "00:00", "24:00")]);
        assert_eq!(frozen(&weekend, "2026-11-21T12:00:00Z").unwrap().1, "2026-11-23T00:00");
        assert_eq!(frozen(&weekend, "2026-11-20T18:00:00Z"), span("2026-11-20T18:00", "2026-11-23T00:00"));
        let always = weekly("UTC", &[(&Weekday::ALL, "00:00", "24:00")]);
        assert_eq!(frozen(&always, "2026-11-20T18:00:00Z"), span("2026-11-20T00:00", "never"));
        assert_eq!(now(&always, at("2026-11-20T18:00:00Z")).next, None);
    }

    #[test]
    fn the_spring_gap_in_berlin_is_left_out() {
        // 2026-03-29, a Sunday: 02:00 CET is 03:00 CEST, at 01:00 UTC.
        let night = weekly("Europe/Berlin", &[(&[Weekday::Sun], "01:00", "04:00")]);
        assert_eq!(frozen(&night, "2026-03-29T01:30:00Z"), span("2026-03-29T00:00", "2026-03-29T02:00"));
        // Both within the hour that there is not: from the change on, and up to the change.
        let from_gap = weekly("Europe/Berlin", &[(&[Weekday::Sun], "02:30", "05:00")]);
        assert_eq!(frozen(&from_gap, "2026-03-29T00:59:59Z"), None);
        assert_eq!(frozen(&from_gap, "2026-03-29T01:00:00Z"), span("2026-03-29T01:00", "2026-03-29T03:00"));
        let to_gap = weekly("Europe/Berlin", &[(&[Weekday::Sun], "01:00", "02:30")]);
        assert_eq!(frozen(&to_gap, "2026-03-29T00:59:59Z"), span("2026-03-29T00:00", "2026-03-29T01:00"));
        assert_eq!(frozen(&to_gap, "2026-03-29T01:00:00Z"), None);
        // The whole of it lies in the gap: that day there is no freeze.
        let in_gap = weekly("Europe/Berlin", &[(&[Weekday::Sun], "02:10", "02:50")]);
        assert_eq!(frozen(&in_gap, "2026-03-29T01:00:00Z"), None);
        assert_eq!(frozen(&in_gap, "2026-04-05T00:30:00Z"), span("2026-04-05T00:10", "2026-04-05T00:50"));
    }

    #[test]
    fn the_autumn_fold_in_berlin_is_frozen_to_its_second_end() {
        // 2026-10-25, a Sunday: 03:00 CEST is 02:00 CET, at 01:00 UTC.
        let night = weekly("Europe/Berlin", &[(&[Weekday::Sun], "01:00", "04:00")]);
        assert_eq!(frozen(&night, "2026-10-25T00:30:00Z"), span("2026-10-24T23:00", "2026-10-25T03:00"));
        let to_fold = weekly("Europe/Berlin", &[(&[Weekday::Sun], "01:00", "02:30")]);
        assert_eq!(frozen(&to_fold, "2026-10-25T01:15:00Z"), span("2026-10-24T23:00", "2026-10-25T01:30"));
        let from_fold = weekly("Europe/Berlin", &[(&[Weekday::Sun], "02:30", "05:00")]);
        assert_eq!(frozen(&from_fold, "2026-10-25T00:30:00Z"), span("2026-10-25T00:30", "2026-10-25T04:00"));
    }

    #[test]
    fn where_clocks_do_not_change_a_day_is_a_day() {
        let day = dates("Asia/Shanghai", "2026-03-29", "2026-03-29");
        assert_eq!(frozen(&day, "2026-03-29T01:00:00Z"), span("2026-03-28T16:00", "2026-03-29T16:00"));
        let day = dates("Europe/Berlin", "2026-03-29", "2026-03-29");
        // 23 hours long.
        assert_eq!(frozen(&day, "2026-03-29T01:00:00Z"), span("2026-03-28T23:00", "2026-03-29T22:00"));
    }

    #[test]
    fn a_range_of_dates_lasts_to_the_end_of_its_last_day() {
        let holidays = dates("UTC", "2026-12-24T12:00", "2027-01-01");
        assert_eq!(frozen(&holidays, "2026-12-24T11:59:59Z"), None);
        assert_eq!(frozen(&holidays, "2026-12-31T00:00:00Z"), span("2026-12-24T12:00", "2027-01-02T00:00"));
        let said = now(&holidays, at("2026-11-21T00:00:00Z"));
        assert_eq!(said.next.map(|next| next.until), Some(Some(at("2027-01-02T00:00:00Z"))));
        let years = dates("UTC", "2026-01-01", "2030-01-01");
        assert_eq!(frozen(&years, "2026-12-31T00:00:00Z").unwrap().1, "never");
    }

    #[test]
    fn time_zones_are_known_by_their_names() {
        for name in ["UTC", "Europe/Berlin", "Asia/Shanghai", "America/Argentina/Buenos_Aires", "Etc/GMT+5"] {
            assert!(has_zone(name), "{name}");
        }
        for name in ["", "Mars/Olympus", "Europe/../../etc/passwd", "CET-1CEST,M3", "Europe/Berlin "] {
            assert!(!has_zone(name), "{name}");
        }
    }

    #[test]
    fn a_local_time_is_read_in_its_zone() {
        let read = |local, zone| instant(local, zone).map(|at| at.rfc3339().get(..16).unwrap().to_owned());
        assert_eq!(read("2026-11-21T18:00", "Asia/Shanghai").as_deref(), Some("2026-11-21T10:00"));
        assert_eq!(read("2026-11-21T18:00:30", "Europe/Berlin").as_deref(), Some("2026-11-21T17:00"));
        assert_eq!(read("2026-03-29T02:30", "Europe/Berlin").as_deref(), Some("2026-03-29T01:30"));
        assert_eq!(read("2026-10-25T02:30", "Europe/Berlin").as_deref(), Some("2026-10-25T00:30"));
        assert_eq!(local(at("2026-12-26T23:00:00Z"), "Europe/Berlin"), "2026-12-27 00:00 Europe/Berlin");
        for (local, zone) in [("2026-11-21", "UTC"), ("soon", "UTC"), ("2026-11-21T18:00", "Nowhere"), ("", "")] {
            assert_eq!(read(local, zone), None, "{local} {zone}");
        }
    }
}
