//! Splits the module by route and binds what is left of it: what every page needs stays in the first module, each lazy
//! page gets one of its own, and what several of them share becomes a part that they load first.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

use anyhow::{Context, Result, anyhow, ensure};
use wasm_bindgen_cli_support::Bindgen;

use crate::files;

/// What Rust and wasm-bindgen use of WebAssembly, and every browser of the last years knows. Not `--all-features`:
/// wasm-opt would then write forms (compact imports) that no browser reads yet.
const FEATURES: [&str; 7] = [
    "bulk-memory",
    "bulk-memory-opt",
    "multivalue",
    "mutable-globals",
    "nontrapping-float-to-int",
    "reference-types",
    "sign-ext",
];

/// What wasm-bindgen and the splitter call their files before they get their names.
const MAIN_JS: &str = "launchway.js";
const MAIN_WASM: &str = "launchway_bg.wasm";
const LOADER_JS: &str = "loader.js";

/// The files of the module under the names that they are served by.
pub(crate) struct Modules {
    /// Address of the script that starts the first module.
    pub(crate) js: String,
    /// Address of the first module.
    pub(crate) wasm: String,
    /// File name of the script that loads the others.
    pub(crate) loader: String,
    /// For each lazy function the files that it needs, without `.wasm`: what Leptos puts in a page's head.
    pub(crate) parts: BTreeMap<String, Vec<String>>,
}

/// Writes all of it into `pkg`. `work` is a folder that is thrown away.
pub(crate) fn modules(wasm: &Path, wasm_opt: Option<&Path>, pkg: &Path, work: &Path) -> Result<Modules> {
    let input = std::fs::read(wasm).with_context(|| format!("cannot read {}", wasm.display()))?;
    let first = work.join("launchway.wasm");
    let loader_path = format!("./{LOADER_JS}");
    let main_path = format!("./{MAIN_JS}");
    let split = {
        let mut options = wasm_split_cli_support::Options::new(&input);
        options.output_dir = pkg;
        options.main_out_path = &first;
        options.link_name = &loader_path;
        options.main_module = &main_path;
        wasm_split_cli_support::transform(options)
            .map_err(|error| anyhow!("cannot split {}: {error:?}", wasm.display()))?
    };
    bind(&first, pkg)?;

    let mut modules = split.split_modules.clone();
    modules.push(pkg.join(MAIN_WASM));
    if let Some(command) = wasm_opt {
        shrink_all(command, &modules)?;
    }

    // The parts first: the loader names them.
    let mut loader = read(&pkg.join(LOADER_JS))?;
    let mut names = BTreeMap::new();
    for path in &split.split_modules {
        let old = file_stem(path)?;
        let address = files::hashed(pkg, &format!("{old}.wasm"), &short(&old), "wasm")?;
        let name = address.trim_start_matches("/pkg/").trim_end_matches(".wasm").to_owned();
        loader = loader.replace(&format!("\"./{old}.wasm\""), &format!("\"./{name}.wasm\""));
        names.insert(old, name);
    }
    let parts = split
        .prefetch_map
        .into_iter()
        .map(|(function, files)| {
            let files = files.iter().filter_map(|file| names.get(file).cloned()).collect();
            (function, files)
        })
        .collect();

    // The two scripts import each other, so that one hash, of both, names both.
    let main = read(&pkg.join(MAIN_JS))?;
    let hash = files::hash(&[main.as_bytes(), loader.as_bytes()]);
    let (main_name, loader_name) = (format!("launchway.{hash}.js"), format!("loader.{hash}.js"));
    // Only where the script is imported: the module asks for it by its old name, as a key of its imports.
    let import = format!("from \"{loader_path}\"");
    ensure!(main.contains(&import), "the script of the first module does not import the loader");
    write(&pkg.join(&main_name), &main.replace(&import, &format!("from \"./{loader_name}\"")))?;
    write(&pkg.join(&loader_name), &loader.replace(&main_path, &format!("./{main_name}")))?;
    for old in [MAIN_JS, LOADER_JS] {
        std::fs::remove_file(pkg.join(old)).with_context(|| format!("cannot remove {old}"))?;
    }

    Ok(Modules {
        js: format!("/pkg/{main_name}"),
        wasm: files::hashed(pkg, MAIN_WASM, "launchway", "wasm")?,
        loader: loader_name,
        parts,
    })
}

/// Runs wasm-bindgen: writes `launchway.js`, `launchway_bg.wasm` and the snippets that they import.
fn bind(wasm: &Path, pkg: &Path) -> Result<()> {
    let mut bindgen = Bindgen::new();
    bindgen.input_path(wasm).web(true)?;
    bindgen
        .out_name("launchway")
        .typescript(false)
        .omit_default_module_path(true)
        // The other parts import the stack pointer and the tables.
        .keep_lld_exports(true)
        .keep_debug(false)
        // Names of views are longer than their code: half of a debug build.
        .remove_name_section(true)
        .remove_producers_section(true);
    bindgen.generate(pkg).with_context(|| format!("wasm-bindgen cannot read {}", wasm.display()))
}

/// As many at once as there are cores, the largest first.
fn shrink_all(command: &Path, modules: &[PathBuf]) -> Result<()> {
    let mut left: Vec<&PathBuf> = modules.iter().collect();
    left.sort_by_key(|module| std::fs::metadata(module).map_or(0, |meta| meta.len()));
    let left = Mutex::new(left);
    let next = || left.lock().ok().and_then(|mut left| left.pop());
    let work = || std::iter::from_fn(&next).try_for_each(|module| shrink(command, module));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
        workers.into_iter().try_for_each(|worker| worker.join().map_err(|_| anyhow!("a worker panicked"))?)
    })
}

fn shrink(command: &Path, module: &Path) -> Result<()> {
    let small = module.with_extension("small");
    let status = Command::new(command)
        .arg("-Oz")
        .args(FEATURES.map(|feature| format!("--enable-{feature}")))
        .arg("-o")
        .arg(&small)
        .arg(module)
        .status()
        .with_context(|| format!("cannot run {}", command.display()))?;
    ensure!(status.success(), "{} ended with {status}", command.display());
    std::fs::rename(&small, module).context("cannot put the smaller module in place")
}

/// `split___Release_View_1234` is the page `release`; a part that pages share keeps its name.
fn short(name: &str) -> String {
    let page = name.strip_prefix("split_").map(|rest| rest.trim_start_matches('_'));
    let Some(page) = page else { return name.replace('_', "-") };
    let page = page.trim_end_matches(|c: char| c.is_ascii_digit() || c == '_');
    page.trim_end_matches("_view").trim_end_matches("_View").to_lowercase().replace('_', "-")
}

fn file_stem(path: &Path) -> Result<String> {
    path.file_stem().and_then(|stem| stem.to_str()).map(str::to_owned).context("a part without a name")
}

fn read(path: &PathBuf) -> Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

fn write(path: &PathBuf, text: &str) -> Result<()> {
    std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::short;

    #[test]
    fn a_part_is_named_after_its_page() {
        assert_eq!(short("split___new_release_view_7361525"), "new-release");
        assert_eq!(short("chunk_4"), "chunk-4");
    }
}
