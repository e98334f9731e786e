//! Some of an environment's servers: so many, or so many in a hundred.

use std::fmt;
use std::str::FromStr;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Some of an environment's servers. In JSON a number, `2`, or a text with a percent sign, `"25%"`.
///
/// Both are signed, and neither is bounded: what a person wrote is kept, so that the form's rules can say what is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Share {
    /// So many servers.
    Servers(i64),
    /// So many in a hundred.
    Percent(i64),
}

impl Share {
    /// How many of `total` servers that is, as a batch: a part of a server is a whole one, and there is always one.
    pub fn batch_of(self, total: usize) -> usize {
        let servers = match self {
            Share::Servers(servers) => servers,
            Share::Percent(percent) => percent.saturating_mul(total as i64).saturating_add(99) / 100,
        };
        usize::try_from(servers).unwrap_or(0).clamp(1, total.max(1))
    }

    /// How many of `total` servers that is, as what may fail: a part of a server is none.
    pub fn budget_of(self, total: usize) -> usize {
        let servers = match self {
            Share::Servers(servers) => servers,
            Share::Percent(percent) => percent.saturating_mul(total as i64) / 100,
        };
        usize::try_from(servers).unwrap_or(0).min(total)
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Share::Servers(servers) => write!(f, "{servers}"),
            Share::Percent(percent) => write!(f, "{percent}%"),
        }
    }
}

impl FromStr for Share {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        let text = text.trim();
        match text.strip_suffix(['%', '％']) {
            Some(percent) => percent.trim_end().parse().map(Share::Percent).map_err(drop),
            None => text.parse().map(Share::Servers).map_err(drop),
        }
    }
}

impl Serialize for Share {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Share::Servers(servers) => serializer.serialize_i64(*servers),
            Share::Percent(_) => serializer.collect_str(self),
        }
    }
}

impl<'de> Deserialize<'de> for Share {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl Visitor<'_> for Read {
            type Value = Share;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number of servers such as 2, or a share such as \"25%\"")
            }
            fn visit_i64<E: Error>(self, servers: i64) -> Result<Share, E> {
                Ok(Share::Servers(servers))
            }
            fn visit_u64<E: Error>(self, servers: u64) -> Result<Share, E> {
                Ok(Share::Servers(i64::try_from(servers).unwrap_or(i64::MAX)))
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Share, E> {
                text.parse().map_err(|()| E::invalid_value(serde::de::Unexpected::Str(text), &self))
            }
        }
        deserializer.deserialize_any(Read)
    }
}

#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for Share {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        use utoipa::openapi::schema::{ObjectBuilder, OneOfBuilder, Type};
        OneOfBuilder::new()
            .description(Some("Some of an environment's servers: so many, or so many in a hundred."))
            .item(ObjectBuilder::new().schema_type(Type::Integer).description(Some("So many servers: `2`")))
            .item(
                ObjectBuilder::new()
                    .schema_type(Type::String)
                    .pattern(Some("^[0-9]+ ?%$"))
                    .description(Some("So many in a hundred: `\"25%\"`")),
            )
            .into()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for Share {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_a_number_or_has_a_percent_sign() {
        for (json, share) in [("2", Share::Servers(2)), ("\"25%\"", Share::Percent(25)), ("-1", Share::Servers(-1))] {
            assert_eq!(serde_json::from_str::<Share>(json).unwrap(), share);
            assert_eq!(serde_json::to_string(&share).unwrap(), json);
        }
        assert_eq!("3".parse(), Ok(Share::Servers(3)));
        assert_eq!(" 5 % ".parse(), Ok(Share::Percent(5)));
        for bad in ["\"many\"", "\"%\"", "1.5", "null", "{}"] {
            assert!(serde_json::from_str::<Share>(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_part_of_a_server_is_a_whole_one_in_a_batch_and_none_in_a_budget() {
        for (share, total, batch, budget) in [
            (Share::Percent(25), 12, 3, 3),
            (Share::Percent(10), 12, 2, 1),
            (Share::Percent(1), 12, 1, 0),
            (Share::Servers(5), 3, 3, 3),
            (Share::Servers(0), 3, 1, 0),
            (Share::Percent(100), 7, 7, 7),
        ] {
            assert_eq!((share.batch_of(total), share.budget_of(total)), (batch, budget), "{share} of {total}");
        }
    }
}
