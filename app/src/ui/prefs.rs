//! What a visitor prefers: language and colours. Kept in cookies, so that the server's first page has them already.

use launchway_domain::Lang;

/// The cookie that remembers the language: `en` or `zh`.
pub const LANG_COOKIE: &str = "lang";
/// The cookie that remembers the colours: `light` or `dark`; absent, the system decides.
pub const THEME_COOKIE: &str = "theme";

/// The attribute of the document that names the visitor.
#[cfg(not(feature = "ssr"))]
const VISITOR: &str = "data-visitor";

/// The attribute of the document that says what the visitor is trusted with.
#[cfg(not(feature = "ssr"))]
const ROLES: &str = "data-roles";

/// Light or dark; none where the system decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Theme {
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

impl Theme {
    /// The word in the cookie and in `data-theme`.
    pub fn as_str(self) -> &'static str {
        match self {
            Theme::Light => "light",
            Theme::Dark => "dark",
        }
    }

    /// Reads [`Theme::as_str`] back.
    pub fn parse(word: &str) -> Option<Self> {
        [Theme::Light, Theme::Dark].into_iter().find(|theme| theme.as_str() == word)
    }
}

/// The value of one cookie in a `Cookie` header or in `document.cookie`.
pub fn cookie<'a>(header: &'a str, name: &str) -> Option<&'a str> {
    header.split(';').filter_map(|pair| pair.trim().split_once('=')).find(|(key, _)| *key == name).map(|(_, v)| v)
}

/// The language of this visit: on the server the one in the context, else the cookie's, else the browser's first
/// choice; in the browser the one that the server rendered.
pub fn initial_lang() -> Lang {
    #[cfg(feature = "ssr")]
    {
        server::lang()
    }
    #[cfg(not(feature = "ssr"))]
    {
        root().and_then(|root| root.get_attribute("lang")).and_then(|tag| Lang::parse(&tag)).unwrap_or_default()
    }
}

/// The colours of this visit; none where the system decides.
pub fn initial_theme() -> Option<Theme> {
    #[cfg(feature = "ssr")]
    {
        server::cookie(THEME_COOKIE).and_then(|word| Theme::parse(&word))
    }
    #[cfg(not(feature = "ssr"))]
    {
        root().and_then(|root| root.get_attribute("data-theme")).and_then(|word| Theme::parse(&word))
    }
}

/// What the visitor is called, where one is signed in; in the browser the one for whom the server rendered the page.
/// Whoever signs in or out gets a new page.
pub fn visitor() -> Option<String> {
    #[cfg(feature = "ssr")]
    {
        server::visitor()
    }
    #[cfg(not(feature = "ssr"))]
    {
        root().and_then(|root| root.get_attribute(VISITOR))
    }
}

/// What the visitor is trusted with, as [`super::may::May`] reads it; in the browser that for which the server rendered
/// the page.
pub fn roles() -> Option<String> {
    #[cfg(feature = "ssr")]
    {
        server::roles()
    }
    #[cfg(not(feature = "ssr"))]
    {
        root().and_then(|root| root.get_attribute(ROLES))
    }
}

/// The cookie text that remembers a choice for a year, for every page.
pub fn remember(name: &str, value: &str) -> String {
    format!("{name}={value}; Path=/; Max-Age=31536000; SameSite=Lax")
}

#[cfg(not(feature = "ssr"))]
fn root() -> Option<web_sys::Element> {
    web_sys::window()?.document()?.document_element()
}

#[cfg(feature = "ssr")]
mod server {
    use http::request::Parts;
    use launchway_domain::{Actor, Lang};
    use leptos::prelude::use_context;

    pub(super) fn cookie(name: &str) -> Option<String> {
        let parts = use_context::<Parts>()?;
        let headers = parts.headers.get_all(http::header::COOKIE);
        headers.iter().filter_map(|value| value.to_str().ok()).find_map(|v| super::cookie(v, name)).map(str::to_owned)
    }

    pub(super) fn visitor() -> Option<String> {
        match use_context::<Actor>()? {
            Actor::User(person) => Some(person.user.name),
            _ => None,
        }
    }

    pub(super) fn roles() -> Option<String> {
        match use_context::<Actor>()? {
            Actor::User(person) => Some(crate::ui::may::May::write(person.role_everywhere(), &person.memberships)),
            _ => None,
        }
    }

    pub(super) fn lang() -> Lang {
        let accept = || {
            let parts = use_context::<Parts>()?;
            let header = parts.headers.get(http::header::ACCEPT_LANGUAGE)?;
            header.to_str().ok().map(Lang::accept)
        };
        use_context::<Lang>()
            .or_else(|| cookie(super::LANG_COOKIE).and_then(|code| Lang::parse(&code)))
            .or_else(accept)
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_cookie_among_others() {
        assert_eq!(cookie("a=1; lang=zh; language=en", "lang"), Some("zh"));
        assert_eq!(cookie("xlang=zh", "lang"), None);
    }
}
