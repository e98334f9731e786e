//! What people read, in Chinese and in English at once.
//!
//! Every message is written in both languages where it arises, so that neither can be forgotten, and
//! the reader's language is chosen only where it is shown: two people who look at one failed release
//! each read it in their own.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

/// A language that Launchway speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Lang {
    /// English.
    #[default]
    En,
    /// Simplified Chinese.
    Zh,
}

impl Lang {
    /// The language's tag for `lang` attributes: `en` or `zh-CN`.
    pub fn tag(self) -> &'static str {
        match self {
            Lang::En => "en",
            Lang::Zh => "zh-CN",
        }
    }

    /// The value of the `lang` cookie: `en` or `zh`.
    pub fn code(self) -> &'static str {
        match self {
            Lang::En => "en",
            Lang::Zh => "zh",
        }
    }

    /// Reads a language tag or cookie value: `zh`, `zh-CN`, `en-GB` …; none for other languages.
    pub fn parse(tag: &str) -> Option<Self> {
        let primary = tag.trim().split(['-', '_']).next().unwrap_or_default();
        if primary.eq_ignore_ascii_case("zh") {
            Some(Lang::Zh)
        } else if primary.eq_ignore_ascii_case("en") {
            Some(Lang::En)
        } else {
            None
        }
    }

    /// The best match for an `Accept-Language` header (RFC 9110, section 12.5.4); English where
    /// nothing matches.
    pub fn accept(header: &str) -> Self {
        let mut best = (0.0_f32, Lang::En);
        for part in header.split(',') {
            let mut pieces = part.split(';');
            let Some(lang) = pieces.next().and_then(Lang::parse) else { continue };
            let weight =
                pieces.find_map(|p| p.trim().strip_prefix("q=").and_then(|q| q.parse::<f32>().ok())).unwrap_or(1.0);
            // Strictly greater: of equals, the first named wins.
            if weight > best.0 {
                best = (weight, lang);
            }
        }
        best.1
    }
}

/// One message in both languages.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Text {
    /// English.
    pub en: Cow<'static, str>,
    /// Simplified Chinese.
    pub zh: Cow<'static, str>,
}

impl Text {
    /// A message that is known when the program is compiled.
    pub const fn new(en: &'static str, zh: &'static str) -> Self {
        Self { en: Cow::Borrowed(en), zh: Cow::Borrowed(zh) }
    }

    /// A text that is the same in every language: a name, another program's output.
    pub fn verbatim(text: impl Into<String>) -> Self {
        let text: String = text.into();
        Self { en: Cow::Owned(text.clone()), zh: Cow::Owned(text) }
    }

    /// The message in one language.
    pub fn get(&self, lang: Lang) -> &str {
        match lang {
            Lang::En => &self.en,
            Lang::Zh => &self.zh,
        }
    }
}

/// Logs and `{}` show the English text; pages and answers choose by [`Text::get`].
impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.en)
    }
}

/// A [`Text`] with values in it: `text!("{host} refused the connection", "{host} 拒绝了连接")`. Both
/// forms take what `format!` takes: inline names, or values after the two forms (each is then
/// evaluated once per language). After a semicolon come values that are texts themselves, each taken in the
/// language at hand: `text!("{} failed", "{}失败"; name)`.
#[macro_export]
macro_rules! text {
    ($en:literal, $zh:literal; $($part:expr),+ $(,)?) => {
        $crate::text::Text {
            en: ::std::format!($en $(, $part.en)+).into(),
            zh: ::std::format!($zh $(, $part.zh)+).into(),
        }
    };
    ($en:literal, $zh:literal $(, $value:expr)* $(,)?) => {
        $crate::text::Text { en: ::std::format!($en $(, $value)*).into(), zh: ::std::format!($zh $(, $value)*).into() }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_browsers_first_choice_wins() {
        assert_eq!(Lang::accept("zh-CN,zh;q=0.9,en;q=0.8"), Lang::Zh);
        assert_eq!(Lang::accept("en-US,en;q=0.9,zh;q=0.1"), Lang::En);
        assert_eq!(Lang::accept("fr, zh;q=0.4, en;q=0.3"), Lang::Zh);
        assert_eq!(Lang::accept("fr"), Lang::En);
        assert_eq!(Lang::accept(""), Lang::En);
    }

    #[test]
    fn a_message_takes_values_in_both_languages() {
        let host = "web-1";
        let message = text!("{host} refused", "{host} 拒绝了连接");
        assert_eq!(message.get(Lang::En), "web-1 refused");
        assert_eq!(message.get(Lang::Zh), "web-1 拒绝了连接");
        let upload = Text::new("upload", "上传");
        let failed = text!("{} on {host} failed", "{host} 的{}失败"; upload);
        assert_eq!((failed.get(Lang::En), failed.get(Lang::Zh)), ("upload on web-1 failed", "web-1 的上传失败"));
    }
}
