//! Hook templates: named hook bodies, chosen to fill a hook and edited freely from there.

use serde::{Deserialize, Serialize};

use crate::id::HookTemplateId;
use crate::release::HookPoint;
use crate::time::Timestamp;

/// A named hook body. A hook that was filled from it is a copy: changing the template changes no release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HookTemplate {
    /// The id.
    pub id: HookTemplateId,
    /// What people call it; unique.
    pub name: String,
    /// What it does, in a sentence.
    pub description: Option<String>,
    /// The point that it is written for; none where it fits any.
    pub point: Option<HookPoint>,
    /// The script.
    pub body: String,
    /// How often it was written, from 1 on; its `ETag` says so.
    pub version: i64,
    /// When it was added.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}
