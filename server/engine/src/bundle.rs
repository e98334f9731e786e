//! Files of several servers as one archive: a folder for each server, and a word about those that failed.

use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::{Component, Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use launchway_domain::Text;
use tar::{Archive, Builder, EntryType, Header};

use crate::target::Pulled;

/// The most entries that are taken of one server.
const MAX_ENTRIES: usize = 20_000;
/// Of how many entries that are left out the archive says so by name.
const MAX_NAMED: usize = 100;
/// Where the archive says what went wrong.
pub const ERRORS: &str = "_errors.txt";

/// What came from one server.
pub struct Part {
    /// The server's name, which is the folder's.
    pub hostname: String,
    /// A tar stream and what it is, or why there is none.
    pub pulled: Result<(Pulled, File), Text>,
}

/// Writes the archive (gzip-compressed tar) into `out` and goes back to its beginning; the names of the servers that failed,
/// wholly or in part. `path` is what was asked for: it is repeated in each server's folder.
///
/// # Errors
/// Where `out` cannot be written, or a stream is broken.
pub fn bundle(parts: Vec<Part>, path: &str, mtime: u64, mut out: &File) -> io::Result<Vec<String>> {
    let mut archive = Builder::new(GzEncoder::new(&mut out, Compression::default()));
    let (mut failed, mut errors) = (Vec::new(), String::new());
    let below = below(path);
    for part in parts {
        let Part { hostname, pulled } = part;
        let mut say = |text: &Text| {
            errors.push_str(&format!("{hostname}\n  {}\n  {}\n", text.en, text.zh));
            if failed.last() != Some(&hostname) {
                failed.push(hostname.clone());
            }
        };
        match pulled {
            Err(text) => say(&text),
            Ok((pulled, mut stream)) => {
                stream.rewind()?;
                let root = Path::new(&hostname).join(&below);
                let taken = append(&mut archive, &mut stream, pulled.is_folder, &root)?;
                if !taken.is_whole {
                    say(&launchway_domain::text!(
                        "Only the first {MAX_ENTRIES} files and folders are here.",
                        "仅包含前 {MAX_ENTRIES} 个文件和文件夹。"
                    ));
                } else if let Some(complaint) = pulled.complaint {
                    say(&launchway_domain::text!(
                        "Not everything could be read: {complaint}",
                        "部分内容无法读取：{complaint}"
                    ));
                }
                if let Some(names) = taken.left_out() {
                    say(&launchway_domain::text!(
                        "Left out, since devices, pipes and sockets are no files: {names}",
                        "设备、管道和套接字不是文件，未包含：{names}"
                    ));
                }
            }
        }
    }
    if !errors.is_empty() {
        let mut header = Header::new_gnu();
        header.set_size(errors.len() as u64);
        header.set_mode(0o644);
        header.set_mtime(mtime);
        archive.append_data(&mut header, ERRORS, errors.as_bytes())?;
    }
    archive.into_inner()?.finish()?;
    out.rewind()?;
    Ok(failed)
}

/// The asked path without what would lead out of a folder.
fn below(path: &str) -> PathBuf {
    Path::new(path).components().filter(|part| matches!(part, Component::Normal(_))).collect()
}

/// What was taken over of a stream.
struct Taken {
    /// Whether there were no more than [`MAX_ENTRIES`].
    is_whole: bool,
    /// What has no place in an archive of files: the first [`MAX_NAMED`], and how many there are.
    left_out: (Vec<String>, usize),
}

impl Taken {
    /// What is left out, in words; none where nothing is.
    fn left_out(&self) -> Option<String> {
        let (names, count) = &self.left_out;
        let more = if *count > names.len() { format!(", … ({count})") } else { String::new() };
        (*count > 0).then(|| names.join(", ") + &more)
    }
}

/// Takes a server's stream over, below `root`.
fn append(
    archive: &mut Builder<GzEncoder<&mut &File>>,
    stream: &mut impl Read,
    is_folder: bool,
    root: &Path,
) -> io::Result<Taken> {
    let mut taken = Taken { is_whole: true, left_out: (Vec::new(), 0) };
    let mut entries = Archive::new(stream);
    for (count, entry) in entries.entries()?.enumerate() {
        if count >= MAX_ENTRIES {
            taken.is_whole = false;
            break;
        }
        let entry = entry?;
        let place = |path: &Path| {
            let inside: PathBuf = path.components().filter(|part| matches!(part, Component::Normal(_))).collect();
            if is_folder { root.join(inside) } else { root.to_owned() }
        };
        let from = entry.path()?.into_owned();
        // Our own folder is nobody's to read: it may hold what hooks were given.
        if from.components().any(|part| part.as_os_str() == ".launchway") {
            continue;
        }
        let to = place(&from);
        let mut header = entry.header().clone();
        let link = entry.link_name()?.map(std::borrow::Cow::into_owned);
        match (entry.header().entry_type(), link) {
            (EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse, _) => {
                header.set_entry_type(EntryType::Regular);
                header.set_size(entry.size());
                archive.append_data(&mut header, to, entry)?;
            }
            (EntryType::Directory, _) => archive.append_data(&mut header, to, io::empty())?,
            (EntryType::Symlink, Some(link)) => archive.append_link(&mut header, to, link)?,
            (EntryType::Link, Some(link)) => archive.append_link(&mut header, to, place(&link))?,
            // Devices, pipes and sockets are no files.
            _ => {
                let (names, count) = &mut taken.left_out;
                *count += 1;
                if names.len() < MAX_NAMED {
                    names.push(from.display().to_string().trim_start_matches("./").to_owned());
                }
            }
        }
    }
    Ok(taken)
}
