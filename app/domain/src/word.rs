//! Enums whose variants are words: in JSON, in the databases, and on the pages.

/// Makes an enum of words: for each variant the word in JSON and in the databases, and what people read in both
/// languages. `ALL`, `as_str`, `parse` and `label` come with it.
macro_rules! words {
    // A word is a token and no literal: as such, utoipa's derive would not see it.
    ($(#[$doc:meta])* $name:ident { $($(#[$of:meta])* $one:ident: $word:tt, $en:literal, $zh:literal;)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        pub enum $name {
            $($(#[$of])* #[serde(rename = $word)] $one,)+
        }

        impl $name {
            /// Every one of them.
            pub const ALL: &'static [$name] = &[$($name::$one),+];

            /// The word in JSON and in the databases.
            pub fn as_str(self) -> &'static str {
                match self { $($name::$one => $word,)+ }
            }

            /// Reads [`Self::as_str`] back.
            pub fn parse(word: &str) -> Option<Self> {
                match word { $($word => Some($name::$one),)+ _ => None }
            }

            /// What people read.
            pub fn label(self) -> $crate::text::Text {
                match self { $($name::$one => $crate::text::Text::new($en, $zh),)+ }
            }
        }
    };
}
pub(crate) use words;
