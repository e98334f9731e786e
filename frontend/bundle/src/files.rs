//! Names, compression, and putting a finished folder in place.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

/// A folder beside the one that is wanted, which takes its place once it is whole.
pub(crate) struct Side {
    out: PathBuf,
    path: PathBuf,
}

impl Side {
    /// Makes the empty side folder.
    pub(crate) fn new(out: &Path) -> Result<Self> {
        let path = sibling(out, "new")?;
        if path.exists() {
            fs::remove_dir_all(&path).with_context(|| format!("cannot clear {}", path.display()))?;
        }
        fs::create_dir_all(&path).with_context(|| format!("cannot make {}", path.display()))?;
        Ok(Self { out: out.to_owned(), path })
    }

    /// Where to write.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Puts the folder in its place; what stood there is gone afterwards.
    pub(crate) fn put(self) -> Result<()> {
        let old = sibling(&self.out, "old")?;
        if old.exists() {
            fs::remove_dir_all(&old).with_context(|| format!("cannot clear {}", old.display()))?;
        }
        if self.out.exists() {
            fs::rename(&self.out, &old).with_context(|| format!("cannot move {} away", self.out.display()))?;
        }
        fs::rename(&self.path, &self.out).with_context(|| format!("cannot put {} in place", self.out.display()))?;
        if old.exists() {
            fs::remove_dir_all(&old).with_context(|| format!("cannot clear {}", old.display()))?;
        }
        Ok(())
    }
}

fn sibling(out: &Path, word: &str) -> Result<PathBuf> {
    let name = out.file_name().context("the site needs a folder with a name")?;
    let mut side = name.to_owned();
    side.push(format!(".{word}"));
    Ok(out.with_file_name(side))
}

/// All style sheets in one: `main.css`, then the others by name.
pub(crate) fn style(folder: &Path) -> Result<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "css") {
            found.push(path);
        }
    }
    found.sort_by_key(|path| (!path.ends_with("main.css"), path.clone()));
    if found.is_empty() {
        bail!("there is no style sheet in {}", folder.display());
    }
    let mut all = String::new();
    for path in found {
        all.push_str(&fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?);
        all.push('\n');
    }
    Ok(all)
}

/// The part of a name that says what is in the files: 64 bits of the digest, enough that two versions never share it.
pub(crate) fn hash(contents: &[&[u8]]) -> String {
    let mut digest = Sha256::new();
    for bytes in contents {
        digest.update(bytes);
    }
    hex::encode(&digest.finalize()[..8])
}

/// Renames `pkg/<from>` to `pkg/<stem>.<hash>.<extension>` and says the address that it has in the browser.
pub(crate) fn hashed(pkg: &Path, from: &str, stem: &str, extension: &str) -> Result<String> {
    let path = pkg.join(from);
    let bytes = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let name = format!("{stem}.{}.{extension}", hash(&[&bytes]));
    fs::rename(&path, pkg.join(&name)).with_context(|| format!("cannot rename {}", path.display()))?;
    Ok(format!("/pkg/{name}"))
}

/// Writes a `.br` and a `.gz` beside every file.
pub(crate) fn compress(folder: &Path, best: bool) -> Result<()> {
    for path in walk(folder)? {
        let bytes = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let mut brotli = Vec::new();
        let settings =
            brotli::enc::BrotliEncoderParams { quality: if best { 11 } else { 4 }, lgwin: 22, ..Default::default() };
        brotli::BrotliCompress(&mut bytes.as_slice(), &mut brotli, &settings).context("cannot compress")?;
        fs::write(with_suffix(&path, ".br"), brotli).context("cannot write a compressed file")?;

        let level = if best { flate2::Compression::best() } else { flate2::Compression::fast() };
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), level);
        gzip.write_all(&bytes).context("cannot compress")?;
        fs::write(with_suffix(&path, ".gz"), gzip.finish()?).context("cannot write a compressed file")?;
    }
    Ok(())
}

/// One line for each file: its name and its sizes in KiB.
pub(crate) fn sizes(folder: &Path) -> Result<Vec<String>> {
    let kib = |path: &Path| fs::metadata(path).map(|meta| meta.len() as f64 / 1024.0).unwrap_or_default();
    let mut lines = Vec::new();
    for path in walk(folder)? {
        if matches!(path.extension().and_then(|extension| extension.to_str()), Some("js" | "wasm" | "css")) {
            let name = path.strip_prefix(folder).unwrap_or(&path).display().to_string();
            let (raw, gz, br) = (kib(&path), kib(&with_suffix(&path, ".gz")), kib(&with_suffix(&path, ".br")));
            lines.push(format!("{name}: {raw:.0} KiB, gzip {gz:.0}, brotli {br:.0}"));
        }
    }
    Ok(lines)
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn walk(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(walk(&path)?);
        } else {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}
