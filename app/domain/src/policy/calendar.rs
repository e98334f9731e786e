//! When releases may start.

use garde::Validate;
use serde::{Deserialize, Serialize};

/// When releases may start in an environment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, Validate)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Calendar {}
