//! What a release takes along.

use garde::Validate;
use serde::{Deserialize, Serialize};

use crate::fault::FieldError;
use crate::form::{Form, errors_of, rules};

/// The most entries of each list.
const MAX_ENTRIES: usize = 100;
/// The longest pattern, in bytes.
const MAX_PATTERN: usize = 200;
/// How large the build cache may be where nothing is said, in MiB.
pub const DEFAULT_CACHE_MIB: u32 = 2048;
/// The largest that it may be made, in MiB: a tebibyte.
const MAX_CACHE_MIB: u32 = 1 << 20;

/// What a release takes along, and how it lies on the servers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, Validate)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Takes {
    /// What is left out of the package: patterns as in a `.gitignore`. At most 100 of at most 200 bytes.
    #[garde(custom(patterns))]
    pub exclude: Vec<String>,
    /// Folders of `<path>/shared/` that each release has a link to, in the place of its own: `storage`. Made where there
    /// is none, out of the release's own where it has one.
    #[garde(custom(shared(&self.shared_files)))]
    pub shared_folders: Vec<String>,
    /// Files of `<path>/shared/` that each release has a link to: `config/app.env`. Where there is none it becomes the
    /// release's own; a release that has none either stops before the switch.
    #[garde(custom(shared(&self.shared_folders)))]
    pub shared_files: Vec<String>,
    /// Whose the files are on the servers, `user`, `user:group` or `:group`; whoever Launchway signs in as where absent.
    #[garde(custom(chown))]
    pub owner: Option<String>,
    /// The permissions of files, in octal: `640`. Where a file may be executed, whoever may read it may do that too. Absent:
    /// as they were packed.
    #[garde(custom(mode_of_files))]
    pub file_mode: Option<String>,
    /// The permissions of folders, in octal: `750`.
    #[garde(custom(mode_of_folders))]
    pub folder_mode: Option<String>,
    /// How large the build cache of local hooks may be, in MiB; 0: there is none. 2048 where absent.
    #[garde(custom(cache))]
    pub cache_mib: Option<u32>,
}

impl Form for Takes {
    fn errors(&self) -> Vec<FieldError> {
        errors_of(self)
    }
}

impl Takes {
    /// How large the build cache may be, in bytes; none where there is to be none.
    pub fn cache_bytes(&self) -> Option<u64> {
        match self.cache_mib.unwrap_or(DEFAULT_CACHE_MIB) {
            0 => None,
            mib => Some(u64::from(mib) << 20),
        }
    }

    /// The permissions that files are given, as a number.
    pub fn file_bits(&self) -> Option<u32> {
        self.file_mode.as_deref().and_then(octal)
    }

    /// The permissions that folders are given, as a number.
    pub fn folder_bits(&self) -> Option<u32> {
        self.folder_mode.as_deref().and_then(octal)
    }

    /// The same without blank entries, and without slashes at the ends of shared paths.
    pub fn tidy(mut self) -> Self {
        let given = |text: Option<String>| text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        self.exclude.retain(|pattern| !pattern.trim().is_empty());
        for list in [&mut self.shared_folders, &mut self.shared_files] {
            list.retain(|path| !path.trim().is_empty());
        }
        for path in self.shared_folders.iter_mut().chain(&mut self.shared_files) {
            // What it is, its list says.
            *path = path.strip_suffix('/').unwrap_or(path).to_owned();
        }
        self.owner = given(self.owner);
        self.file_mode = given(self.file_mode);
        self.folder_mode = given(self.folder_mode);
        self
    }
}

fn fail(code: &str) -> garde::Result {
    Err(garde::Error::new(code))
}

/// What can be said of patterns without reading them as such; the backend does that.
fn patterns(value: &[String], _: &()) -> garde::Result {
    if value.len() > MAX_ENTRIES {
        return fail("too_many");
    }
    for pattern in value {
        if pattern.len() > MAX_PATTERN {
            return fail("too_long");
        }
        if pattern.chars().any(char::is_control) {
            return fail("control");
        }
    }
    Ok(())
}

/// Paths below `shared/`: none twice, and none within another, of either list.
fn shared(others: &[String]) -> impl FnOnce(&Vec<String>, &()) -> garde::Result + '_ {
    move |value, _| {
        if value.len() > MAX_ENTRIES {
            return fail("too_many");
        }
        let bare = |path: &'_ String| path.strip_suffix('/').unwrap_or(path).to_owned();
        for (index, path) in value.iter().enumerate().filter(|(_, path)| !path.trim().is_empty()) {
            let path = &bare(path);
            if path.starts_with('/') {
                return fail("shared_relative");
            }
            rules::parts(path)?;
            if path.split('/').any(str::is_empty) {
                return fail("shared_path");
            }
            for other in value[..index].iter().chain(others).map(bare) {
                let other = &other;
                if other == path {
                    return fail("duplicate");
                }
                if within(path, other) || within(other, path) {
                    return fail("nested");
                }
            }
        }
        Ok(())
    }
}

fn within(inner: &str, outer: &str) -> bool {
    inner.strip_prefix(outer).is_some_and(|rest| rest.starts_with('/'))
}

/// Names or numbers of a user and a group, as `chown` takes them.
fn chown(value: &Option<String>, _: &()) -> garde::Result {
    let Some(value) = value.as_deref().filter(|value| !value.is_empty()) else { return Ok(()) };
    let is_name = |name: &str| {
        name.len() <= 64
            && name.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'))
    };
    let (user, group) = value.split_once(':').map_or((value, None), |(user, group)| (user, Some(group)));
    let user_well = is_name(user) || (user.is_empty() && group.is_some());
    if user_well && group.is_none_or(is_name) { Ok(()) } else { fail("owner") }
}

/// Three or four octal digits without the special bits.
fn octal(text: &str) -> Option<u32> {
    let digits = if text.len() == 4 { text.strip_prefix('0')? } else { text };
    if digits.len() != 3 || !digits.bytes().all(|b| matches!(b, b'0'..=b'7')) {
        return None;
    }
    u32::from_str_radix(digits, 8).ok()
}

fn mode_of_files(value: &Option<String>, _: &()) -> garde::Result {
    match value.as_deref().filter(|value| !value.is_empty()).map(octal) {
        None => Ok(()),
        Some(None) => fail("octal"),
        // Nobody could verify or serve a file that its owner cannot read; and what may be executed is the file's own.
        Some(Some(mode)) if mode & 0o400 == 0 => fail("owner_reads"),
        Some(Some(mode)) if mode & 0o111 != 0 => fail("no_execute"),
        Some(Some(_)) => Ok(()),
    }
}

fn mode_of_folders(value: &Option<String>, _: &()) -> garde::Result {
    match value.as_deref().filter(|value| !value.is_empty()).map(octal) {
        None => Ok(()),
        Some(None) => fail("octal"),
        Some(Some(mode)) if mode & 0o700 != 0o700 => fail("owner_enters"),
        Some(Some(_)) => Ok(()),
    }
}

fn cache(value: &Option<u32>, _: &()) -> garde::Result {
    if value.is_some_and(|mib| mib > MAX_CACHE_MIB) { fail("out_of_range") } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(takes: &Takes) -> Vec<String> {
        let report = takes.validate().err();
        report
            .iter()
            .flat_map(|report| report.iter())
            .map(|(path, error)| format!("{path} {}", error.message()))
            .collect()
    }

    fn list(items: &[&str]) -> Vec<String> {
        items.iter().map(|item| (*item).to_owned()).collect()
    }

    #[test]
    fn shared_paths_stay_below_shared_and_apart() {
        for (folders, files, expected) in [
            (&["storage", "a/b"][..], &["config/app.env"][..], &[][..]),
            (&["/srv/x"], &[], &["shared_folders shared_relative"]),
            (&["a/../b"], &[], &["shared_folders path_dots"]),
            (&["."], &[], &["shared_folders path_dots"]),
            (&["a//b"], &[], &["shared_folders shared_path"]),
            (&["a/"], &["b//"], &["shared_files shared_path"]),
            (&["a", "a"], &[], &["shared_folders duplicate"]),
            (&["a", "a/b"], &[], &["shared_folders nested"]),
            (&["a"], &["a/b.env"], &["shared_files nested", "shared_folders nested"]),
            (&["a"], &["ab"], &[]),
            (&["a\nb"], &[], &["shared_folders control"]),
        ] {
            let takes = Takes { shared_folders: list(folders), shared_files: list(files), ..Takes::default() };
            assert_eq!(wrong(&takes), list(expected), "{folders:?} {files:?}");
        }
        let many = Takes { shared_folders: (0..101).map(|i| format!("d{i}")).collect(), ..Takes::default() };
        assert_eq!(wrong(&many), ["shared_folders too_many"]);
    }

    #[test]
    fn owners_and_modes() {
        for (owner, files, folders, expected) in [
            ("www-data", "640", "750", &[][..]),
            ("deploy:www-data", "0644", "0755", &[]),
            (":33", "", "", &[]),
            ("", "", "", &[]),
            ("a b", "", "", &["owner owner"]),
            ("-R", "", "", &["owner owner"]),
            ("a:", "", "", &["owner owner"]),
            ("a:b:c", "", "", &["owner owner"]),
            ("", "648", "", &["file_mode octal"]),
            ("", "u+x", "", &["file_mode octal"]),
            ("", "4644", "", &["file_mode octal"]),
            ("", "044", "", &["file_mode owner_reads"]),
            ("", "755", "", &["file_mode no_execute"]),
            ("", "", "650", &["folder_mode owner_enters"]),
        ] {
            let text = |text: &str| Some(text.to_owned());
            let takes =
                Takes { owner: text(owner), file_mode: text(files), folder_mode: text(folders), ..Takes::default() };
            assert_eq!(wrong(&takes), list(expected), "{owner} {files} {folders}");
        }
    }

    #[test]
    fn a_cache_has_a_limit_or_is_none() {
        assert_eq!(Takes::default().cache_bytes(), Some(2 << 30));
        assert_eq!(Takes { cache_mib: Some(0), ..Takes::default() }.cache_bytes(), None);
        assert_eq!(wrong(&Takes { cache_mib: Some(u32::MAX), ..Takes::default() }), ["cache_mib out_of_range"]);
    }
}
