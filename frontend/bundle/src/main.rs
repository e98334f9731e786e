//! Turns the compiled frontend into the files that a browser loads.
//!
//! In: the `.wasm` that cargo built, and the style sheets. Out: `<site>/pkg/launchway.<hash>.{js,wasm,css}` and a
//! module for each lazy page, each with a `.br` and a `.gz` beside it, and `<site>/manifest.json` that names them. The
//! hash is of the contents, so that a browser may keep a file for ever. Everything is made in a side folder that then
//! takes the place of the old one.

mod files;
mod split;

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Parser;

/// Makes `target/site` from the compiled frontend.
#[derive(Parser)]
struct Options {
    /// The module that cargo built.
    #[arg(long)]
    wasm: PathBuf,
    /// The folder of the style sheets: `main.css` first, then the others by name.
    #[arg(long, default_value = "style")]
    style: PathBuf,
    /// Where the site goes.
    #[arg(long, default_value = "target/site")]
    out: PathBuf,
    /// The `wasm-opt` command that makes the module smaller; without it the module stays as it is.
    #[arg(long)]
    wasm_opt: Option<PathBuf>,
    /// Compress as well as can be (slow).
    #[arg(long)]
    release: bool,
}

fn main() -> Result<()> {
    let options = Options::parse();
    let side = files::Side::new(&options.out)?;
    let pkg = side.path().join("pkg");
    std::fs::create_dir_all(&pkg).with_context(|| format!("cannot make {}", pkg.display()))?;

    let work = side.path().join("work");
    std::fs::create_dir_all(&work).with_context(|| format!("cannot make {}", work.display()))?;
    let modules = split::modules(&options.wasm, options.wasm_opt.as_deref(), &pkg, &work)?;
    std::fs::remove_dir_all(&work).with_context(|| format!("cannot remove {}", work.display()))?;
    let css = files::style(&options.style)?;
    std::fs::write(pkg.join("launchway.css"), css).context("cannot write the style sheet")?;

    let names = serde_json::json!({
        "js": modules.js,
        "wasm": modules.wasm,
        "loader": modules.loader,
        "parts": modules.parts,
        "css": files::hashed(&pkg, "launchway.css", "launchway", "css")?,
    });
    std::fs::write(side.path().join("manifest.json"), serde_json::to_vec_pretty(&names)?)
        .context("cannot write the manifest")?;
    files::compress(&pkg, options.release)?;
    for line in files::sizes(&pkg)? {
        println!("  {line}");
    }
    side.put()
}
