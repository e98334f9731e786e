//! Versions: nobody overwrites what somebody else wrote since they looked.

/// Which version a thing must have for a change to be made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum IfVersion {
    /// Any: whatever is there is changed.
    #[default]
    Any,
    /// One of these.
    In(Vec<i64>),
}

impl IfVersion {
    /// The one that a form was filled in from; any where the form does not say.
    pub fn of(version: Option<i64>) -> Self {
        version.map_or(Self::Any, |version| Self::In(vec![version]))
    }

    /// Whether a thing of this version may be changed.
    pub fn allows(&self, version: i64) -> bool {
        match self {
            Self::Any => true,
            Self::In(versions) => versions.contains(&version),
        }
    }
}
