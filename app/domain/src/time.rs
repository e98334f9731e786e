//! Points in time.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use time::{Date, Month, OffsetDateTime, PrimitiveDateTime, Time};

/// A point in time: milliseconds since 1970-01-01T00:00:00 UTC. In JSON an RFC 3339 string in UTC
/// with milliseconds, such as `2026-05-01T08:30:00.250Z`; in the databases the number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// The present, by the system's clock. In a browser use the page's own clock instead: there is
    /// no system clock behind this call there.
    #[cfg(not(target_family = "wasm"))]
    pub fn now() -> Self {
        let nanos = OffsetDateTime::now_utc().unix_timestamp_nanos();
        Self((nanos / 1_000_000) as i64)
    }

    /// Reads RFC 3339, to the millisecond.
    pub fn parse(text: &str) -> Option<Self> {
        parse(text)
    }

    /// Milliseconds since the epoch.
    pub fn millis(self) -> i64 {
        self.0
    }

    /// This time plus some milliseconds.
    pub fn plus_millis(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis))
    }

    /// The same as a calendar date and time in UTC; the epoch where the number is out of range.
    pub fn utc(self) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1_000_000).unwrap_or(OffsetDateTime::UNIX_EPOCH)
    }

    /// RFC 3339 in UTC, always with three digits of milliseconds, so that texts sort as times do.
    pub fn rfc3339(self) -> String {
        let t = self.utc();
        format!(
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
            t.year(),
            u8::from(t.month()),
            t.day(),
            t.hour(),
            t.minute(),
            t.second(),
            t.millisecond()
        )
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.rfc3339())
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse(&text).ok_or_else(|| D::Error::custom("not a time such as 2026-05-01T08:30:00.250Z"))
    }
}

/// Reads RFC 3339, to the millisecond. The library's parser, which reads every format there is, would be a
/// twentieth of the browser's module; its calendar does the reckoning here too.
fn parse(text: &str) -> Option<Timestamp> {
    let number = |range: std::ops::Range<usize>| -> Option<i64> {
        let digits = text.as_bytes().get(range)?;
        digits.iter().try_fold(0, |sum, digit| digit.is_ascii_digit().then(|| sum * 10 + i64::from(digit - b'0')))
    };
    let small = |range| number(range).and_then(|number| u8::try_from(number).ok());
    let signs = [(4, b'-'), (7, b'-'), (13, b':'), (16, b':')];
    if !signs.iter().all(|(at, sign)| text.as_bytes().get(*at) == Some(sign))
        || !matches!(text.as_bytes().get(10), Some(b'T' | b't' | b' '))
    {
        return None;
    }
    let year = i32::try_from(number(0..4)?).ok()?;
    let date = Date::from_calendar_date(year, Month::try_from(small(5..7)?).ok()?, small(8..10)?).ok()?;
    // A leap second is the last one that there is a number for.
    let time = Time::from_hms(small(11..13)?, small(14..16)?, small(17..19)?.min(59)).ok()?;

    let mut rest = text.get(19..)?;
    let mut millis = 0;
    if let Some(fraction) = rest.strip_prefix('.') {
        let digits = fraction.bytes().take_while(u8::is_ascii_digit).count();
        let (fraction, after) = fraction.split_at_checked(digits).filter(|(fraction, _)| !fraction.is_empty())?;
        millis = fraction.bytes().chain(*b"00").take(3).fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0'));
        rest = after;
    }
    let offset = match rest.as_bytes() {
        [b'Z' | b'z'] => 0,
        [sign @ (b'+' | b'-'), _, _, b':', _, _] => {
            let at = text.len() - 5;
            let (hours, minutes) = (number(at..at + 2)?, number(at + 3..at + 5)?);
            if hours > 23 || minutes > 59 {
                return None;
            }
            (hours * 60 + minutes) * if *sign == b'-' { -60 } else { 60 }
        }
        _ => return None,
    };
    let seconds = PrimitiveDateTime::new(date, time).assume_utc().unix_timestamp() - offset;
    Some(Timestamp(seconds * 1000 + millis))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_survives_json() {
        let time = Timestamp(1_777_624_200_250);
        let json = serde_json::to_string(&time).unwrap();
        assert_eq!(json, "\"2026-05-01T08:30:00.250Z\"");
        assert_eq!(serde_json::from_str::<Timestamp>(&json).unwrap(), time);
    }

    #[test]
    fn times_are_read_as_the_library_reads_them() {
        use time::format_description::well_known::Rfc3339;
        let good = [
            "2026-05-01T08:30:00Z",
            "2024-02-29T23:59:59.9Z",
            "1969-12-31T23:59:59.123456789Z",
            "2026-05-01T00:10:00.000+14:00",
            "2026-12-31T23:59:00.001-00:30",
        ];
        for text in good {
            let theirs = OffsetDateTime::parse(text, &Rfc3339).unwrap().unix_timestamp_nanos();
            assert_eq!(parse(text), Some(Timestamp(theirs.div_euclid(1_000_000) as i64)), "{text}");
        }
        let bad = [
            "",
            "2026-05-01",
            "2026-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-05-01T24:00:00Z",
            "2026-05-01T00:60:00Z",
            "2026-05-01T00:00:00",
            "2026-05-01T00:00:00.Z",
            "2026-05-01T00:00:00+8:00",
            "2026-05-01T00:00:00Z ",
            "２０２６-05-01T00:00:00Z",
            "2026-05-01T00:00:00+99:00",
        ];
        for text in bad {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn an_offset_is_read_as_the_same_instant() {
        let time: Timestamp = serde_json::from_str("\"2026-05-01T16:30:00.250+08:00\"").unwrap();
        assert_eq!(time, Timestamp(1_777_624_200_250));
    }
}
