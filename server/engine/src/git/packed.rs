//! Many new refs at once: one file instead of one file each, which git would gather into that one file in the end.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, ErrorKind, Write};
use std::path::Path;

use git2::{Oid, Reference};

/// The name of the file (gitrepository-layout(5)).
const FILE: &str = "packed-refs";

/// Adds refs that a bare repository does not have yet, all or none. Nobody else may write its refs meanwhile.
///
/// The file then says nothing of what tags peel to, which whoever packs refs next adds.
///
/// # Errors
/// Where the file cannot be read or written, or one of the names is none.
pub(super) fn add(repository: &Path, refs: &[(&str, Oid)]) -> io::Result<()> {
    let path = repository.join(FILE);
    let before = match fs::read_to_string(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
        read => read?,
    };
    // A line with `#` says how the file was written, one with `^` what the tag before it peels to.
    let known = before.lines().filter(|line| !line.starts_with(['#', '^'])).filter_map(|line| line.split_once(' '));
    let mut all: BTreeMap<&str, String> = known.map(|(id, name)| (name, id.to_owned())).collect();
    for (name, id) in refs {
        if !Reference::is_valid_name(name) {
            return Err(io::Error::new(ErrorKind::InvalidData, format!("{name:?} is no name of a ref")));
        }
        all.insert(name, id.to_string());
    }
    let mut side = tempfile::Builder::new().prefix("tmp_launchway_").tempfile_in(repository)?;
    let mut out = io::BufWriter::new(side.as_file_mut());
    writeln!(out, "# pack-refs with: sorted ")?;
    for (name, id) in &all {
        writeln!(out, "{id} {name}")?;
    }
    out.flush()?;
    drop(out);
    side.as_file().sync_all()?;
    side.persist(path).map_err(|error| error.error)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use git2::{Repository, RepositoryInitOptions, Signature};

    use super::*;

    #[test]
    fn new_refs_stand_beside_those_that_were_packed() {
        let dir = tempfile::tempdir().unwrap();
        let mut options = RepositoryInitOptions::new();
        let repo = Repository::init_opts(dir.path(), options.bare(true).external_template(false)).unwrap();
        let tree = repo.find_tree(repo.treebuilder(None).unwrap().write().unwrap()).unwrap();
        let who = Signature::now("A", "a@example.com").unwrap();
        let id = repo.commit(Some("refs/heads/main"), &who, &who, "one", &tree, &[]).unwrap();
        let tag = repo.tag("v1", &repo.find_object(id, None).unwrap(), &who, "one", false).unwrap();
        repo.refdb_compress().unwrap();

        add(dir.path(), &[("refs/tags/b", id), ("refs/heads/a/b", id), ("refs/tags/v2", tag)]).unwrap();
        repo.refdb_compress().unwrap();
        let repo = Repository::open(dir.path()).unwrap();
        let mut names: Vec<_> =
            repo.references().unwrap().flatten().filter_map(|found| found.name().map(str::to_owned).ok()).collect();
        names.sort();
        assert_eq!(names, ["refs/heads/a/b", "refs/heads/main", "refs/tags/b", "refs/tags/v1", "refs/tags/v2"]);
        for name in names {
            assert_eq!(repo.find_reference(&name).unwrap().peel_to_commit().unwrap().id(), id, "{name}");
        }
        assert!(add(dir.path(), &[("refs/tags/x\nrefs/tags/y", id)]).is_err());
        assert!(repo.find_reference("refs/tags/x").is_err());
    }
}
