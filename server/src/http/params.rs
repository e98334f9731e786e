//! Ids in paths and parameters in queries, with answers that name what is wrong.

use std::str::FromStr;

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use launchway_domain::{Fault, Lang, Text};

use super::problem::Problem;
use super::reader;

/// The id in the path. What is no number names nothing that there could be: 404.
pub(crate) struct Id<T>(pub(crate) T);

impl<S: Send + Sync, T: From<i64>> FromRequestParts<S> for Id<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        number(parts, state, "id").await.map(Self)
    }
}

/// The second id in the path: of the user, in what is somebody's in a project.
pub(crate) struct OfId<T>(pub(crate) T);

impl<S: Send + Sync, T: From<i64>> FromRequestParts<S> for OfId<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        number(parts, state, "user_id").await.map(Self)
    }
}

/// The second id in the path: of the session, in what is somebody's.
pub(crate) struct SessionOf<T>(pub(crate) T);

impl<S: Send + Sync, T: From<i64>> FromRequestParts<S> for SessionOf<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        number(parts, state, "session_id").await.map(Self)
    }
}

/// The name in the path, of what has no id.
pub(crate) struct Named(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for Named {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let params = RawPathParams::from_request_parts(parts, state).await.map_err(|_| Problem::no_route())?;
        let name = params.iter().find(|(key, _)| *key == "name").map(|(_, value)| Self(value.to_owned()));
        name.ok_or_else(Problem::no_route)
    }
}

async fn number<S: Send + Sync, T: From<i64>>(parts: &mut Parts, state: &S, name: &str) -> Result<T, Problem> {
    let params = RawPathParams::from_request_parts(parts, state).await.map_err(|_| Problem::no_route())?;
    let id = params.iter().find(|(key, _)| *key == name).and_then(|(_, value)| value.parse::<i64>().ok());
    id.map(T::from).ok_or_else(|| {
        Fault::not_found(Text::new(
            "The id in the address is not a number, so there is no such thing.",
            "地址中的编号不是数字，没有这样的对象。",
        ))
        .into()
    })
}

/// The query of a request. A blank parameter counts as absent.
pub(crate) struct Query {
    pairs: Vec<(String, String)>,
    errors: Vec<launchway_domain::FieldError>,
}

impl<S: Send + Sync> FromRequestParts<S> for Query {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let query = parts.uri.query().unwrap_or_default();
        let pairs = url::form_urlencoded::parse(query.as_bytes()).into_owned().filter(|(_, v)| !v.is_empty()).collect();
        Ok(Self { pairs, errors: Vec::new() })
    }
}

impl Query {
    /// A parameter as text.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.pairs.iter().find_map(|(key, value)| (key == name).then(|| value.clone()))
    }

    /// A parameter that may stand there more than once.
    pub(crate) fn texts(&self, name: &str) -> Vec<String> {
        self.pairs.iter().filter(|(key, _)| key == name).map(|(_, value)| value.clone()).collect()
    }

    /// A parameter read by `read`; what it does not know is remembered for [`Query::done`].
    pub(crate) fn read<T>(&mut self, name: &str, read: impl FnOnce(&str) -> Option<T>) -> Option<T> {
        let text = self.text(name)?;
        let value = read(&text);
        if value.is_none() {
            self.errors.push(launchway_domain::FieldError::new(
                name,
                "invalid",
                Text::new("This parameter has a value that is not known here.", "此参数的值无法识别。"),
            ));
        }
        value
    }

    /// A parameter that parses, such as a number.
    pub(crate) fn parse<T: FromStr>(&mut self, name: &str) -> Option<T> {
        self.read(name, |text| text.parse().ok())
    }

    /// Notes that a parameter is missing.
    pub(crate) fn missing(&mut self, name: &str) {
        self.errors.push(launchway_domain::FieldError::new(
            name,
            "required",
            Text::new("Fill this in.", "请填写此项。"),
        ));
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// 422 with everything that was wrong.
    pub(crate) fn done(self) -> Result<(), Problem> {
        if self.errors.is_empty() { Ok(()) } else { Err(Fault::Invalid { errors: self.errors }.into()) }
    }
}

/// The language of the one who asks.
pub(crate) struct Reader(pub(crate) Lang);

impl<S: Send + Sync> FromRequestParts<S> for Reader {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self(reader::lang(&parts.headers)))
    }
}
