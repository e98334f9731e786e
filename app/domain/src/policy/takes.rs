//! What a release takes along.

use garde::Validate;
use serde::{Deserialize, Serialize};

/// What a release takes along, and how it lies on the servers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, Validate)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Takes {}
