//! Turns the compiled frontend into the files that a browser loads.
//!
//! In: the `.wasm` that cargo built, and the style sheets. Out: `<site>/pkg/launchway.<hash>.{js,wasm,css}`, each with
//! a `.br` and a `.gz` beside it, and `<site>/manifest.json` that names them. The hash is of the contents, so that a
//! browser may keep a file for ever. Everything is made in a side folder that then takes the place of the old one.

mod files;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use clap::Parser;
use wasm_bindgen_cli_support::Bindgen;

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

    bind(&options, &pkg)?;
    let module = pkg.join("launchway_bg.wasm");
    if let Some(command) = &options.wasm_opt {
        shrink(command, &module)?;
    }
    let css = files::style(&options.style)?;
    std::fs::write(pkg.join("launchway.css"), css).context("cannot write the style sheet")?;

    let names = serde_json::json!({
        "js": files::hashed(&pkg, "launchway.js", "launchway", "js")?,
        "wasm": files::hashed(&pkg, "launchway_bg.wasm", "launchway", "wasm")?,
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

/// Runs wasm-bindgen: writes `launchway.js`, `launchway_bg.wasm` and the snippets that they import.
fn bind(options: &Options, pkg: &Path) -> Result<()> {
    let mut bindgen = Bindgen::new();
    bindgen.input_path(&options.wasm).web(true)?;
    bindgen
        .out_name("launchway")
        .typescript(false)
        .omit_default_module_path(true)
        .keep_debug(false)
        // Names of views are longer than their code: half of a debug build.
        .remove_name_section(true)
        .remove_producers_section(true);
    bindgen.generate(pkg).with_context(|| format!("wasm-bindgen cannot read {}", options.wasm.display()))
}

fn shrink(command: &Path, module: &Path) -> Result<()> {
    let small = module.with_extension("small");
    let status = Command::new(command)
        .args(["-Oz", "--all-features", "-o"])
        .arg(&small)
        .arg(module)
        .status()
        .with_context(|| format!("cannot run {}", command.display()))?;
    ensure!(status.success(), "{} ended with {status}", command.display());
    std::fs::rename(&small, module).context("cannot put the smaller module in place")
}
