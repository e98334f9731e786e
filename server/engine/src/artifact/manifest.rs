//! What an artifact holds, entry by entry: the yardstick for every copy of it.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryKind {
    /// A folder.
    Dir,
    /// A regular file.
    File,
    /// A symbolic link.
    Link,
}

/// One entry of the tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Relative to the tree's root, parts joined by `/`, no leading `./`; any bytes but NUL.
    pub path: Vec<u8>,
    /// What it is.
    pub kind: EntryKind,
    /// The nine permission bits; 0o777 for links, whose own bits mean nothing.
    pub mode: u32,
    /// A file's length in bytes; 0 for the others.
    pub size: u64,
    /// A file's SHA-256.
    pub sha256: Option<[u8; 32]>,
    /// What a link names, byte for byte.
    pub target: Option<Vec<u8>>,
}

/// Every entry of an artifact; the root itself is not one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manifest {
    /// Sorted by path, bytewise; no path twice.
    pub entries: Vec<Entry>,
}

impl Manifest {
    /// A manifest of these entries, brought into order.
    pub fn new(mut entries: Vec<Entry>) -> Self {
        entries.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        Self { entries }
    }

    /// How many regular files.
    pub fn files(&self) -> usize {
        self.entries.iter().filter(|entry| entry.kind == EntryKind::File).count()
    }

    /// What the files hold together, in bytes.
    pub fn bytes(&self) -> u64 {
        self.entries.iter().map(|entry| entry.size).sum()
    }

    /// Writes it as JSON lines, whole or not at all: to a side file, synced, then renamed.
    ///
    /// # Errors
    /// What the file system says.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        let folder = path.parent().ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        let mut out = BufWriter::new(tempfile::NamedTempFile::new_in(folder)?);
        for entry in &self.entries {
            serde_json::to_writer(&mut out, &Row::from(entry))?;
            out.write_all(b"\n")?;
        }
        let side = out.into_inner().map_err(io::IntoInnerError::into_error)?;
        side.as_file().sync_all()?;
        side.persist(path).map_err(|error| error.error)?;
        Ok(())
    }

    /// Reads what [`Manifest::write`] wrote.
    ///
    /// # Errors
    /// What the file system says; `InvalidData` where a line is not an entry.
    pub fn read(path: &Path) -> io::Result<Self> {
        let mut entries = Vec::new();
        for line in BufReader::new(File::open(path)?).lines() {
            let row: Row = serde_json::from_str(&line?)?;
            entries.push(Entry::try_from(row)?);
        }
        Ok(Self::new(entries))
    }
}

/// A path or link target as people can read it: UTF-8 with control characters escaped.
pub fn shown(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    for c in String::from_utf8_lossy(bytes).chars() {
        if c.is_control() { out.extend(c.escape_default()) } else { out.push(c) }
    }
    out
}

/// Bytes in JSON: text where they are UTF-8, else base64.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Bytes {
    Text(String),
    Base64 { base64: String },
}

impl From<&[u8]> for Bytes {
    fn from(bytes: &[u8]) -> Self {
        match std::str::from_utf8(bytes) {
            Ok(text) => Bytes::Text(text.to_owned()),
            Err(_) => Bytes::Base64 { base64: STANDARD.encode(bytes) },
        }
    }
}

impl TryFrom<Bytes> for Vec<u8> {
    type Error = io::Error;
    fn try_from(bytes: Bytes) -> io::Result<Self> {
        match bytes {
            Bytes::Text(text) => Ok(text.into_bytes()),
            Bytes::Base64 { base64 } => {
                STANDARD.decode(base64).map_err(|e| io::Error::new(io::ErrorKind::InvalidData, e))
            }
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Row {
    path: Bytes,
    kind: EntryKind,
    /// Octal digits, as `chmod` takes them.
    mode: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sha256: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    target: Option<Bytes>,
}

impl From<&Entry> for Row {
    fn from(entry: &Entry) -> Self {
        Self {
            path: entry.path.as_slice().into(),
            kind: entry.kind,
            mode: format!("{:03o}", entry.mode),
            size: (entry.kind == EntryKind::File).then_some(entry.size),
            sha256: entry.sha256.map(hex::encode),
            target: entry.target.as_deref().map(Into::into),
        }
    }
}

impl TryFrom<Row> for Entry {
    type Error = io::Error;
    fn try_from(row: Row) -> io::Result<Self> {
        let bad = |what: &str| io::Error::new(io::ErrorKind::InvalidData, what.to_owned());
        let entry = Self {
            path: row.path.try_into()?,
            kind: row.kind,
            mode: u32::from_str_radix(&row.mode, 8).map_err(|_| bad("mode"))?,
            size: row.size.unwrap_or_default(),
            sha256: match row.sha256 {
                None => None,
                Some(digits) => {
                    let mut digest = [0; 32];
                    hex::decode_to_slice(digits, &mut digest).map_err(|_| bad("sha256"))?;
                    Some(digest)
                }
            },
            target: row.target.map(TryInto::try_into).transpose()?,
        };
        let complete = match entry.kind {
            EntryKind::Dir => true,
            EntryKind::File => entry.sha256.is_some(),
            EntryKind::Link => entry.target.is_some(),
        };
        if complete { Ok(entry) } else { Err(bad("an entry lacks its digest or target")) }
    }
}
