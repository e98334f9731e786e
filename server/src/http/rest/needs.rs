//! What it takes to call a route, said where the route is defined and told by the description of the API. The services
//! check it; a test walks all routes with every role and holds the two against each other.

use launchway_domain::{Needs, Permission};
use serde_json::json;
use utoipa::openapi::extensions::ExtensionsBuilder;
use utoipa_axum::router::UtoipaMethodRouter;

use super::document::operations;
use crate::AppState;

/// Where the description of a route says what it takes.
pub(crate) const EXTENSION: &str = "x-permission";

/// Routes that take a permission.
pub(crate) fn permitted(permission: Permission, routes: UtoipaMethodRouter<AppState>) -> UtoipaMethodRouter<AppState> {
    needing(Needs::Permission(permission), routes)
}

/// Routes that say what they take.
pub(crate) fn needing(needs: Needs, routes: UtoipaMethodRouter<AppState>) -> UtoipaMethodRouter<AppState> {
    let (schemas, mut paths, router) = routes;
    for item in paths.paths.values_mut() {
        for (_, operation) in operations(item) {
            let said = ExtensionsBuilder::new().add(EXTENSION, json!(needs.as_str())).build();
            operation.extensions.get_or_insert_default().merge(said);
        }
    }
    (schemas, paths, router)
}
