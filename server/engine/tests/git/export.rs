//! The export of a commit, compared with what `git archive` makes of it.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use launchway_engine::git::{ExportStats, GitError, GitErrorKind, Mirror, Remote};

use crate::http::HttpServer;
use crate::repo::{Repo, bounds, git, remote};

#[derive(Debug, PartialEq, Eq)]
enum Entry {
    Folder,
    File { executable: bool, content: Vec<u8> },
    Link(PathBuf),
}

fn tree(root: &Path) -> BTreeMap<PathBuf, Entry> {
    fn walk(root: &Path, folder: &Path, found: &mut BTreeMap<PathBuf, Entry>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let metadata = fs::symlink_metadata(&path).unwrap();
            let entry = if metadata.is_dir() {
                walk(root, &path, found);
                Entry::Folder
            } else if metadata.is_symlink() {
                Entry::Link(fs::read_link(&path).unwrap())
            } else {
                Entry::File { executable: metadata.mode() & 0o100 != 0, content: fs::read(&path).unwrap() }
            };
            found.insert(path.strip_prefix(root).unwrap().to_owned(), entry);
        }
    }
    let mut found = BTreeMap::new();
    walk(root, root, &mut found);
    found
}

fn archive(repo: &Repo, commit: &str) -> BTreeMap<PathBuf, Entry> {
    let into = repo.aside("archive");
    fs::create_dir(&into).unwrap();
    let mut archive = Command::new("git")
        .args(["archive", commit])
        .current_dir(&repo.path)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let tar =
        Command::new("tar").arg("-xf").arg("-").arg("-C").arg(&into).stdin(archive.stdout.take().unwrap()).status();
    assert!(tar.unwrap().success() && archive.wait().unwrap().success());
    tree(&into)
}

fn export_from(repo: &Repo, remote: &Remote, commit: &str) -> Result<(PathBuf, ExportStats), GitError> {
    let mirror = Mirror::open(&repo.aside("mirror"), remote)?;
    mirror.fetch(remote, &bounds(), &mut |_| {})?;
    let into = tempfile::tempdir_in(repo.temp.path()).unwrap().keep();
    let stats = mirror.export(commit, &into, remote, &bounds(), &mut |_| {})?;
    Ok((into, stats))
}

fn export(repo: &Repo, commit: &str) -> Result<PathBuf, GitError> {
    export_from(repo, &repo.remote(), commit).map(|(into, _)| into)
}

#[test]
fn it_is_what_git_archive_makes() {
    let repo = Repo::empty();
    let names: [&[u8]; 12] = [
        b"with space",
        b"line\nbreak",
        b"single'quote",
        b"double\"quote",
        b"back\\slash",
        "中文 文件".as_bytes(),
        b"-rf",
        b"latin\xe9\xff",
        b"$(touch owned)",
        b"; rm -rf x",
        b" lead and trail ",
        b"*?[a]",
    ];
    for (index, name) in names.iter().enumerate() {
        repo.write(OsStr::from_bytes(name), format!("file {index}\n"));
        repo.write(Path::new("folder \n'\"").join(OsStr::from_bytes(name)).join("deep"), name);
    }
    repo.write("run.sh", "#!/bin/sh\n");
    fs::set_permissions(repo.path.join("run.sh"), fs::Permissions::from_mode(0o755)).unwrap();
    repo.write("empty", "");
    repo.write("binary", (0..=255).collect::<Vec<u8>>());
    repo.write("big", vec![b'x'; 3_000_000]);
    symlink("run.sh", repo.path.join("link")).unwrap();
    symlink("../../etc/passwd", repo.path.join("outward")).unwrap();
    symlink("nowhere \n'", repo.path.join("dangling")).unwrap();
    let commit = repo.commit("odd names");
    repo.git(["tag", "v1;$(touch${IFS}owned)"]);
    let expected = archive(&repo, &commit);
    let (into, stats) = export_from(&repo, &repo.remote(), &commit).unwrap();
    assert_eq!(tree(&into), expected);
    let files = expected.values().filter(|entry| **entry != Entry::Folder).count();
    assert_eq!(stats.files, files as u64);
    assert!(stats.bytes > 3_000_000);
    assert_eq!(fs::metadata(into.join("run.sh")).unwrap().mode() & 0o777, 0o755);
    assert_eq!(fs::metadata(into.join("empty")).unwrap().mode() & 0o777, 0o644);
    let odd = crate::repo::tag("v1;$(touch${IFS}owned)");
    assert_eq!(launchway_engine::git::resolve(&repo.remote(), &odd, None, &bounds()).unwrap(), commit);
    assert!(!Path::new("owned").exists() && !repo.path.join("owned").exists());
}

#[test]
fn attributes_decide_what_is_exported() {
    let repo = Repo::empty();
    repo.write(
        ".gitattributes",
        "# what stays at home\n\
         .gitattributes export-ignore\n\
         /tests/ export-ignore\n\
         docs/** export-ignore\n\
         *.log export-ignore\n\
         keep.log -export-ignore\n\
         folder-only/ export-ignore\n\
         \"quoted \\\"name\" export-ignore\n\
         [attr]private export-ignore\n\
         secret.* private\n\
         *.crlf text eol=crlf\n\
         auto* text=auto eol=crlf\n\
         *.id ident\n\
         *.utf16 working-tree-encoding=UTF-16LE-BOM\n\
         a/*/c export-ignore\n",
    );
    for path in [
        "tests/one",
        "tests/deep/two",
        "sub/tests/stays",
        "docs/gone",
        "docs/deep/gone",
        "x.log",
        "sub/y.log",
        "keep.log",
        "sub/keep.log",
        "folder-only/gone",
        "sub/folder-only/gone",
        "quoted \"name",
        "secret.txt",
        "only/x.log",
        "a/b/c",
        "a/b/d",
        "a/b/b/c",
        "nested/left",
        "nested/out",
        "nested/deep/out",
    ] {
        repo.write(path, format!("{path}\n"));
    }
    repo.write("folder-only-file", "x");
    repo.write("sub/folder", "x");
    repo.write("nested/.gitattributes", "out export-ignore\n/left export-ignore=no\n");
    repo.write("nested/deep/.gitattributes", "out !export-ignore\n");
    repo.write("text.crlf", "a\nb\n");
    repo.write("auto.txt", "a\nb\n");
    repo.write("auto.bin", b"a\n\0\x01\x02\n");
    repo.write("x.id", "before $Id$ between $Id: of somebody else $ after $Id: old $\n");
    repo.write("x.utf16", "\u{feff}grüße\n".encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>());
    let commit = repo.commit("attributes");
    let (expected, found) = (archive(&repo, &commit), tree(&export(&repo, &commit).unwrap()));
    assert_eq!(found.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
    assert_eq!(found, expected);
    assert!(found.contains_key(Path::new("keep.log")) && !found.contains_key(Path::new("tests")));
}

#[test]
fn placeholders_become_facts_about_the_commit() {
    let repo = Repo::small();
    let placeholders = [
        "H", "h", "T", "t", "P", "p", "an", "aN", "ae", "aE", "al", "ad", "aD", "at", "ai", "aI", "as", "cn", "ce",
        "cl", "cd", "cD", "ct", "ci", "cI", "cs", "d", "D", "e", "s", "f", "b", "B", "n", "%", "x41", "x00", "m", "+b",
        "-b", " s", "zz", "N", "+e|",
    ];
    let mut content: String = placeholders.iter().map(|p| format!("{p}: [$Format:<%{p}>$]\n")).collect();
    content.push_str("$Format:%H %an$ $Format:$ $Format:unended\n$Format:%h$ $Format: never");
    repo.write(".gitattributes", "*.subst export-subst\n");
    repo.write("facts.subst", &content);
    repo.write("plain", &content);
    repo.write("describe.subst", "$Format:%(describe:tags=true,match=v*)$ $Format:%(describe)$");
    repo.git(["add", "-A"]);
    repo.git(["commit", "-q", "-m", "Subject of [it]: two.. words.\nstill subject\n\nBody one\n\nBody two"]);
    let commit = repo.head();
    repo.git(["tag", "v2"]);
    repo.git(["tag", "-a", "v2.0", "-m", "x"]);
    repo.git(["branch", "side"]);
    let (expected, found) = (archive(&repo, &commit), tree(&export(&repo, &commit).unwrap()));
    for (path, entry) in &expected {
        let text = |entry: &Entry| match entry {
            Entry::File { content, .. } => String::from_utf8_lossy(content).into_owned(),
            _ => String::new(),
        };
        assert_eq!(text(&found[path]), text(entry), "{}", path.display());
    }
    assert_eq!(found, expected);
}

#[test]
fn submodules_come_along() {
    let repo = Repo::empty();
    let innermost = Repo::small();
    let make = |name: &str| {
        git(repo.temp.path(), ["init", "-q", "-b", "main", name]);
        repo.aside(name)
    };
    let inner = make("inner");
    fs::write(inner.join("inner file"), "inner\n").unwrap();
    fs::write(inner.join("left out"), "x").unwrap();
    fs::write(inner.join(".gitattributes"), "\"left out\" export-ignore\n").unwrap();
    // Beside the others; a repository of this host that lies elsewhere is not read.
    let far = repo.aside("innermost");
    git(repo.temp.path(), ["clone", "-q", innermost.path.to_str().unwrap(), "innermost"]);
    let far = far.to_str().unwrap();
    git(&inner, ["submodule", "--quiet", "add", far, "deep/most"]);
    git(&inner, ["add", "-A"]);
    git(&inner, ["commit", "-q", "-m", "inner"]);
    repo.write("file", "outer\n");
    repo.git(["submodule", "--quiet", "add", "../inner", "libs/in ner"]);
    repo.git(["submodule", "--quiet", "add", &format!("file://{far}"), "ignored"]);
    repo.write(".gitattributes", "ignored export-ignore\n");
    let commit = repo.commit("with submodules");
    // The commit that is wanted is no tip any more.
    fs::write(inner.join("inner file"), "newer\n").unwrap();
    git(&inner, ["commit", "-q", "-a", "-m", "newer"]);

    let found = tree(&export(&repo, &commit).unwrap());
    let read = |path: &str| match &found[Path::new(path)] {
        Entry::File { content, .. } => String::from_utf8(content.clone()).unwrap(),
        other => panic!("{other:?}"),
    };
    assert_eq!(read("libs/in ner/inner file"), "inner\n");
    assert_eq!(read("libs/in ner/deep/most/file"), "one\n");
    assert!(!found.contains_key(Path::new("libs/in ner/left out")));
    assert!(!found.contains_key(Path::new("ignored")));

    // Over HTTP the relative one works, and the folder of this host is refused.
    let server = HttpServer::open(repo.temp.path());
    let theirs = remote(&server.url("repo/.git"));
    repo.git(["config", "-f", ".gitmodules", "submodule.libs/in ner.url", "../../inner/.git"]);
    let over_http = repo.commit("relative to .git");
    let error = export_from(&repo, &theirs, &over_http).unwrap_err();
    assert!(error.text.en.contains("deep/most") && error.text.en.contains("folder of the Launchway host"), "{error}");
}

#[test]
fn folders_without_end_are_refused() {
    let repo = Repo::small();
    let at = |depth: usize| {
        let git = git2::Repository::open(&repo.path).unwrap();
        let blob = git.blob(b"deep").unwrap();
        let mut builder = git.treebuilder(None).unwrap();
        builder.insert("file", blob, 0o100644).unwrap();
        let mut tree = builder.write().unwrap();
        for _ in 0..depth {
            let mut builder = git.treebuilder(None).unwrap();
            builder.insert("d", tree, 0o040000).unwrap();
            tree = builder.write().unwrap();
        }
        let who = git2::Signature::now("A", "a@example.com").unwrap();
        let head = git.find_commit(git2::Oid::from_str(&repo.head()).unwrap()).unwrap();
        let tree = git.find_tree(tree).unwrap();
        git.commit(Some("HEAD"), &who, &who, "deep", &tree, &[&head]).unwrap().to_string()
    };
    assert!(export(&repo, &at(150)).is_ok());
    // Deeper than a stack of two MiB is, where each folder takes a frame.
    let error = export(&repo, &at(1900)).unwrap_err();
    assert!(error.text.en.contains("nest deeper"), "{error}");
}

#[test]
fn a_submodule_of_this_host_lies_beside_its_superproject() {
    let (repo, elsewhere) = (Repo::small(), Repo::small());
    repo.git([
        "-c",
        "protocol.file.allow=always",
        "submodule",
        "add",
        "-q",
        elsewhere.path.to_str().unwrap(),
        "theirs",
    ]);
    let error = export(&repo, &repo.commit("theirs")).unwrap_err();
    assert!(error.text.en.contains("theirs") && error.text.en.contains("does not lie beside"), "{error}");
}

#[test]
fn a_submodule_without_an_address() {
    let repo = Repo::small();
    let head = repo.head();
    repo.git(["update-index", "--add", "--cacheinfo", &format!("160000,{head},stray")]);
    repo.git(["commit", "-q", "-m", "stray"]);
    let error = export(&repo, &repo.head()).unwrap_err();
    assert!(error.text.en.contains("stray") && error.text.en.contains(".gitmodules"), "{error}");
}

#[test]
fn a_pointer_to_large_storage_is_an_error_that_helps() {
    let repo = Repo::small();
    let pointer = format!("version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize 12345\n", "a".repeat(64));
    repo.write("media/film 1.bin", &pointer);
    let commit = repo.commit("a film");
    let error = export(&repo, &commit).unwrap_err();
    assert_eq!(error.kind, GitErrorKind::Lfs);
    assert!(error.text.en.contains("media/film 1.bin") && error.text.en.contains("git lfs migrate"), "{error}");
    repo.write(".gitattributes", "media export-ignore\n");
    let commit = repo.commit("no film");
    assert!(export(&repo, &commit).is_ok());
}

/// Commits a tree that no porcelain would write: raw entries of mode, name and object.
fn commit_raw(repo: &Repo, entries: &[(&str, &[u8], &str)]) -> String {
    let mut raw = Vec::new();
    for (mode, name, id) in entries {
        raw.extend_from_slice(mode.as_bytes());
        raw.push(b' ');
        raw.extend_from_slice(name);
        raw.push(0);
        raw.extend((0..40).step_by(2).map(|at| u8::from_str_radix(&id[at..at + 2], 16).unwrap()));
    }
    let file = repo.aside("raw-tree");
    fs::write(&file, raw).unwrap();
    let file = file.to_str().unwrap();
    let tree = repo.git(["hash-object", "-t", "tree", "-w", "--literally", file]);
    let commit = repo.git(["commit-tree", &tree, "-m", "raw"]);
    repo.git(["update-ref", "refs/heads/raw", &commit]);
    commit
}

#[test]
fn nothing_escapes_from_the_folder() {
    let repo = Repo::small();
    let blob = repo.git(["rev-parse", "HEAD:file"]);
    let subtree = repo.git(["rev-parse", "HEAD^{tree}"]);
    let outside = repo.aside("outside");
    fs::create_dir(&outside).unwrap();
    let target = repo.aside("target");
    fs::write(&target, outside.as_os_str().as_bytes()).unwrap();
    let link = repo.git(["hash-object", "-w", target.to_str().unwrap()]);
    let absolute = outside.join("file");
    let cases: Vec<Vec<(&str, &[u8], &str)>> = vec![
        vec![("100644", b"..", &blob)],
        vec![("40000", b"..", &subtree)],
        vec![("40000", b".", &subtree)],
        vec![("40000", b".git", &subtree)],
        vec![("40000", b".GIT", &subtree)],
        vec![("100644", b"../outside/file", &blob)],
        vec![("100644", absolute.as_os_str().as_bytes(), &blob)],
        vec![("120000", b"a", &link), ("40000", b"a", &subtree)],
        vec![("40000", b"a", &subtree), ("120000", b"a", &link)],
        vec![("120000", b"file", &link), ("100644", b"file", &blob)],
    ];
    for entries in cases {
        let commit = commit_raw(&repo, &entries);
        let shown: Vec<_> = entries.iter().map(|e| String::from_utf8_lossy(e.1).into_owned()).collect();
        let error = export(&repo, &commit).expect_err(&format!("{shown:?} was written"));
        assert!(error.text.en.contains(shown[0].as_str()), "{error}");
        assert!(fs::read_dir(&outside).unwrap().next().is_none(), "{shown:?} escaped");
    }
}

#[test]
fn what_a_hook_left_in_the_folder_is_not_written_through() {
    let repo = Repo::small();
    repo.write("sub/file", "x");
    let commit = repo.commit("sub");
    let mirror = Mirror::open(&repo.aside("mirror"), &repo.remote()).unwrap();
    mirror.fetch(&repo.remote(), &bounds(), &mut |_| {}).unwrap();
    let (into, outside) = (repo.aside("into"), repo.aside("outside"));
    fs::create_dir_all(into.join("sub")).unwrap();
    fs::create_dir(&outside).unwrap();
    fs::write(into.join("sub/of a hook"), "y").unwrap();
    mirror.export(&commit, &into, &repo.remote(), &bounds(), &mut |_| {}).unwrap();
    assert!(into.join("sub/file").exists() && into.join("sub/of a hook").exists());
    fs::remove_dir_all(&into).unwrap();
    fs::create_dir(&into).unwrap();
    symlink(&outside, into.join("sub")).unwrap();
    assert!(mirror.export(&commit, &into, &repo.remote(), &bounds(), &mut |_| {}).is_err());
    assert!(fs::read_dir(&outside).unwrap().next().is_none());
}
