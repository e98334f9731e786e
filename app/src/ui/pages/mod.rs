//! The pages, one a file.

pub mod account;
pub mod audit;
pub mod channel;
pub mod channels;
pub mod credential;
pub mod credentials;
pub mod dashboard;
pub mod environment;
pub mod hook_template;
pub mod hook_templates;
pub mod housekeeping;
pub mod join;
pub mod live;
pub mod members;
pub mod policy;
pub mod project;
pub mod project_edit;
pub mod projects;
pub mod release;
pub mod release_new;
pub mod releases;
pub mod remote;
pub mod server;
pub mod servers;
pub mod sessions;
pub mod settings;
pub mod setup;
pub mod sign_in;
pub mod user;
pub mod users;
pub mod wall;
pub mod wall_links;
pub mod ways;
pub mod webhook;
pub mod webhooks;

use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use crate::api::ApiError;

/// What a page is about, by the id in its address; there is none where that is no id.
pub(crate) async fn by_id<I, T, F>(id: Option<I>, get: impl FnOnce(I) -> F) -> Result<T, ApiError>
where
    F: Future<Output = Result<T, ApiError>>,
{
    match id {
        Some(id) => get(id).await,
        None => Err(no_such_page()),
    }
}

/// The id in the address under `name`; none where it is no number. Follows the address.
pub(crate) fn id_param<T>(name: &'static str) -> Memo<Option<T>>
where
    T: From<i64> + PartialEq + Send + Sync + 'static,
{
    let params = use_params_map();
    Memo::new(move |_| params.read().get(name).and_then(|id| id.parse::<i64>().ok()).map(T::from))
}

/// The refusal for an address whose id is no number.
pub(crate) fn no_such_page() -> ApiError {
    launchway_domain::Fault::not_found(crate::text::common::NOT_FOUND).into()
}
