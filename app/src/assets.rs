//! The addresses of the files that a browser loads.

use std::collections::HashMap;

use serde::Deserialize;

/// What `target/site/manifest.json` says: the addresses of the script, the module and the style sheet. Their names
/// hold a hash of their contents, so a browser may keep them for ever.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Assets {
    /// The script that loads the module: `/pkg/launchway.<hash>.js`.
    pub js: String,
    /// The module: `/pkg/launchway.<hash>.wasm`.
    pub wasm: String,
    /// The style sheet: `/pkg/launchway.<hash>.css`.
    pub css: String,
    /// File name below `/pkg` of the script that loads the modules of the lazy pages.
    #[serde(default)]
    pub loader: String,
    /// For each lazy page, by the name that Leptos gives it, its modules below `/pkg`, without `.wasm`.
    #[serde(default)]
    pub parts: HashMap<String, Vec<String>>,
}

impl Assets {
    /// Reads the manifest.
    ///
    /// # Errors
    /// Where it is not the JSON that the bundler writes.
    pub fn from_manifest(json: &[u8]) -> serde_json::Result<Self> {
        serde_json::from_slice(json)
    }
}
