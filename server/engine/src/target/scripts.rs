//! Every script that runs on a server for staging and switching. Constants: values reach them as
//! positional parameters only. POSIX sh, checked on dash and BusyBox ash.
//!
//! Standard output begins with [`MARK`], since a login profile may print something first, and holds
//! NUL-separated fields after it.

/// Ends whatever a login profile printed.
pub(super) const MARK: &[u8] = b"\0launchway\0";

macro_rules! script {
    ($($line:literal)*) => { concat!("LC_ALL=C; export LC_ALL; umask 022\nprintf '\\0launchway\\0'\n", $($line, "\n",)*) };
}

/// `$1` base, `$2` a word of our own, `$3` release id. Refuses before it touches anything where
/// `current` is no link; then makes the folders and tries the tools.
/// Fields: digest tool, host, device and inode, real path, `1` where the release is there, `1` where
/// `current` is a link, what it names.
pub(super) const PROBE: &str = script!(
    r#"if [ -e "$1/current" ] && [ ! -L "$1/current" ]; then exit 82; fi"#
    r#"missing="#
    r#"for tool in cat chmod find ln mkdir mv readlink rm setsid tar; do"#
    r#"  command -v "$tool" >/dev/null 2>&1 || missing="$missing, $tool""#
    r#"done"#
    // The fastest one that gets a known digest right.
    r#"digest="#
    r#"for tool in 'openssl dgst -sha256 -r' sha256sum 'shasum -a 256'; do"#
    r#"  case $(printf abc | $tool 2>/dev/null) in"#
    r#"    ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad*) digest=${tool%% *}; break ;;"#
    r#"  esac"#
    r#"done"#
    r#"[ -n "$digest" ] || missing="$missing, sha256sum (or shasum, or openssl)""#
    r#"if [ -n "$missing" ]; then printf '%s\0' "${missing#, }"; exit 81; fi"#
    r#"mkdir -p -- "$1" && cd -- "$1" && mkdir -p -- releases || exit 83"#
    r#"(umask 077; mkdir -p -- .launchway && mkdir -p -- .launchway/incoming) || exit 83"#
    // Writable are the three folders that we rename in.
    r#"mkdir -- "releases/.probe.$2" && rmdir -- "releases/.probe.$2" || exit 83"#
    r#"mkdir -- ".launchway/incoming/$2" && rmdir -- ".launchway/incoming/$2" || exit 83"#
    // A plain `mv` would follow this link and move into the folder that it names.
    r#"ln -s .launchway/incoming ".launchway-probe.$2" && ln -s new ".launchway/probe.$2" || exit 83"#
    r#"if mv -T -- ".launchway/probe.$2" ".launchway-probe.$2"; then"#
    r#"  name=$(readlink ".launchway-probe.$2")"#
    r#"else"#
    r#"  name="#
    r#"fi"#
    r#"rm -f -- ".launchway-probe.$2" ".launchway/probe.$2" ".launchway/incoming/probe.$2""#
    r#"[ "$name" = new ] || exit 84"#
    r#"host=$(cat /proc/sys/kernel/random/boot_id /etc/machine-id 2>/dev/null)"#
    r#"[ -n "$host" ] || host=$(uname -n)"#
    r#"inode=$(stat -c %d:%i . 2>/dev/null || stat -f %d:%i . 2>/dev/null || ls -di . 2>/dev/null)"#
    r#"printf '%s\0' "$digest" "$host" "$inode" "$(pwd -P)""#
    r#"if [ -d "releases/$3" ] && [ ! -L "releases/$3" ]; then printf '1\0'; else printf '0\0'; fi"#
    r#"if [ -L current ]; then printf '1\0'; readlink -n current; printf '\0'; else printf '0\0\0'; fi"#
);

/// `$1` base, `$2` release id. Clears what an interrupted upload of this release left.
/// Fields: `1` where the release is there, what `current` names.
pub(super) const LOOK: &str = script!(
    r#"cd -- "$1" || exit 83"#
    r#"for side in ".launchway/incoming/$2".*; do [ ! -e "$side" ] || rm -rf -- "$side"; done"#
    r#"if [ -L "releases/$2" ] || [ -f "releases/$2" ]; then echo "releases/$2 is not a folder" >&2; exit 1; fi"#
    r#"if [ -d "releases/$2" ]; then printf '1\0'; else printf '0\0'; fi"#
    r#"if [ -L current ]; then readlink -n current; fi; printf '\0'"#
);

/// `$1` base, `$2` side folder's name, `$3` `gzip` or `plain`; the tar stream on standard input.
/// Cleans up after itself where the stream breaks off, since then nobody else can.
pub(super) const UNPACK: &str = script!(
    r#"cd -- "$1" && mkdir -p -- .launchway/incoming && mkdir -- ".launchway/incoming/$2" || exit 83"#
    r#"if [ "$3" = gzip ]; then z=-z; else z=; fi"#
    // For anybody but root, BusyBox' -p still applies the umask. Nobody else can look in here anyway.
    r#"umask 0"#
    r#"if tar -x $z -p -o -f - -C ".launchway/incoming/$2"; then exit 0; fi"#
    r#"rm -rf -- ".launchway/incoming/$2""#
    r#"exit 86"#
);

/// `$1` base, `$2` side folder's name, `$3` owner or nothing; then three words for each thing: `make`, a folder above a
/// link, its mode; or `folder` or `file`, a shared path, what the link to it names. What is not shared yet is copied
/// from the release beside its place and renamed, so that it is whole or absent.
/// Fields: where it is refused, the path that is why.
pub(super) const LAY: &str = script!(
    r#"cd -- "$1" || exit 83"#
    r#"side=".launchway/incoming/$2""#
    r#"owner=$3"#
    r#"shift 3"#
    r#"while [ $# -gt 2 ]; do"#
    r#"  what=$1; path=$2; more=$3"#
    r#"  shift 3"#
    r#"  here="$side/$path"; there="shared/$path"; new="shared/.launchway.$$""#
    r#"  if [ "$what" = make ]; then"#
    r#"    mkdir -- "$here" && chmod "$more" "$here" || exit 83"#
    r#"    continue"#
    r#"  fi"#
    r#"  if [ "$what" = folder ]; then kind=-d; else kind=-f; fi"#
    r#"  mkdir -p -- "${there%/*}" || exit 83"#
    r#"  if [ -e "$there" ] || [ -L "$there" ]; then"#
    r#"    [ $kind "$there" ] || { printf '%s\0' "$path"; exit 88; }"#
    r#"  else"#
    r#"    rm -rf -- "$new""#
    r#"    if [ $kind "$here" ] && [ ! -L "$here" ]; then"#
    r#"      cp -RPp -- "$here" "$new" || { rm -rf -- "$new"; exit 83; }"#
    r#"    elif [ "$what" = folder ]; then"#
    r#"      mkdir -- "$new" || exit 83"#
    r#"    else"#
    r#"      printf '%s\0' "$path"; exit 89"#
    r#"    fi"#
    r#"    [ -z "$owner" ] || chown -Rh -- "$owner" "$new" || { rm -rf -- "$new"; exit 90; }"#
    r#"    mv -T -- "$new" "$there" || { rm -rf -- "$new"; exit 83; }"#
    r#"  fi"#
    r#"  rm -rf -- "$here" && ln -s -- "$more" "$here" && [ "$(readlink "$here")" = "$more" ] || exit 83"#
    r#"done"#
    r#"[ -z "$owner" ] || chown -Rh -- "$owner" "$side" || exit 90"#
);

/// `$1` base, `$2` side folder's name, `$3` release id, `$4` the mode of its folder. A folder that is already there (with
/// content) stays: the rename fails. The release folder's own mode does not depend on the server's umask.
pub(super) const ACCEPT: &str = script!(
    r#"cd -- "$1" || exit 83"#
    r#"chmod "$4" ".launchway/incoming/$2" && mv -T -- ".launchway/incoming/$2" "releases/$3""#
);

/// `$1` base, `$2` side folder's name, `$3` release id. Takes a spoiled copy out of the way, unless
/// `current` names it.
pub(super) const SET_ASIDE: &str = script!(
    r#"cd -- "$1" || exit 83"#
    r#"if [ "$(readlink current 2>/dev/null)" = "releases/$3" ]; then echo "releases/$3 is live" >&2; exit 1; fi"#
    r#"mv -T -- "releases/$3" ".launchway/incoming/$2" || exit 83"#
    r#"rm -rf -- ".launchway/incoming/$2" || { chmod -R u+rwx ".launchway/incoming/$2"; rm -rf -- ".launchway/incoming/$2"; }"#
);

/// `$1` base, `$2` side folder's name.
pub(super) const DISCARD: &str = script!(
    r#"cd -- "$1" || exit 83"#
    r#"rm -rf -- ".launchway/incoming/$2""#
);

/// `$1` folder, `$2` digest tool, then one word for each kind and mode that the manifest has: `d755`,
/// `f644` … Fields: each word followed by the names that have it; `all` and every name; `links` and
/// name, target in turn; `bulk` and one block of `digest  ./name` lines for ordinary names; `odd` and
/// names, a block of their digest lines in turn for the others; `end`. Names begin with `./`, so that
/// neither a word nor a block can be taken for one.
pub(super) const LIST: &str = script!(
    r#"cd -- "$1" || exit 85"#
    r#"case $2 in"#
    r#"  openssl) LAUNCHWAY_DIGEST='openssl dgst -sha256 -r' ;;"#
    r#"  shasum) LAUNCHWAY_DIGEST='shasum -a 256' ;;"#
    r#"  *) LAUNCHWAY_DIGEST=sha256sum ;;"#
    r#"esac"#
    r#"export LAUNCHWAY_DIGEST"#
    r#"shift 2"#
    r#"for word do"#
    r#"  printf '%s\0' "$word""#
    r#"  mode=${word#?}"#
    r#"  case $word in"#
    // A set-group-id folder hands the bit down to new ones; it is the server's wish, not a difference.
    r#"    d*) find . -type d \( -perm "$mode" -o -perm "2$mode" \) -print0 ;;"#
    r#"    f*) find . -type f -perm "$mode" -print0 ;;"#
    r#"  esac"#
    r#"done"#
    r#"printf 'all\0'; find . -print0"#
    r#"printf 'links\0'"#
    // GNU find tells them itself; a process for each link would take long for ten thousand.
    r#"if find . -prune -printf '' 2>/dev/null; then"#
    r#"  find . -type l -printf '%p\0%l\0'"#
    r#"else"#
    r#"  find . -type l -exec sh -c 'for f do printf "%s\0" "$f"; readlink -n "$f"; printf "\0"; done' sh {} +"#
    r#"fi"#
    r#"printf 'bulk\0'"#
    r#"find . -type f ! -path '*[!A-Za-z0-9._/-]*' -exec $LAUNCHWAY_DIGEST {} +"#
    // Names that are not ordinary: a batch of names, then as many lines; their order pairs them, so
    // that it does not matter how the tool escapes a name.
    r#"printf '\0odd\0'"#
    r#"nl='
'"#
    r#"find . -type f -path '*[!A-Za-z0-9._/-]*' ! -path "*$nl*" -exec sh -c 'printf "%s\0" "$@"; $LAUNCHWAY_DIGEST "$@"; printf "\0"' sh {} +"#
    // A name with a newline would be two lines: one by one, and the tool never sees the name.
    r#"find . -type f -path "*$nl*" -exec sh -c 'for f do printf "%s\0" "$f"; $LAUNCHWAY_DIGEST <"$f"; printf "\0"; done' sh {} +"#
    r#"printf 'end\0'"#
    r#"exit 0"#
);

/// `$1` base, `$2` release id. The rename is the switch. What was live before is noted first, so that
/// a switch which is asked again after a crash still knows it.
/// Fields: `1` where something was live before, its name.
pub(super) const SWITCH: &str = script!(
    r#"cd -- "$1" || exit 83"#
    r#"if [ -e current ] && [ ! -L current ]; then exit 82; fi"#
    r#"[ -d "releases/$2" ] && [ ! -L "releases/$2" ] || exit 85"#
    r#"was=; if [ -L current ]; then was=$(readlink current); fi"#
    r#"if [ "$was" != "releases/$2" ]; then"#
    r#"  if [ -n "$was" ]; then"#
    r#"    ln -sfn -- "$was" ".launchway/previous.$2" || exit 83"#
    r#"    mv -T -- ".launchway/previous.$2" .launchway/previous || exit 83"#
    r#"  else"#
    r#"    rm -f -- .launchway/previous || exit 83"#
    r#"  fi"#
    r#"  ln -sfn -- "releases/$2" ".launchway/current.$2" || exit 83"#
    r#"  mv -T -- ".launchway/current.$2" current || { rm -f -- ".launchway/current.$2"; exit 83; }"#
    r#"  [ "$(readlink current)" = "releases/$2" ] || { echo "current was changed by somebody else" >&2; exit 1; }"#
    r#"fi"#
    r#"if [ -L .launchway/previous ]; then printf '1\0'; readlink -n .launchway/previous; printf '\0'; else printf '0\0\0'; fi"#
);

/// `$1` base. Touches nothing. Fields: `1` where `current` is a link, what it names.
pub(super) const CURRENT: &str = script!(
    r#"cd -- "$1" 2>/dev/null || { printf '0\0\0'; exit 0; }"#
    r#"if [ -L current ]; then printf '1\0'; readlink -n current; printf '\0'; else printf '0\0\0'; fi"#
);

/// `$1` base, `$2` release id, `$3` `1` where something was live before, `$4` what that was. Does nothing where the
/// release is not live (any more).
/// Fields: `1` where it was switched back, `1` where `current` is a link now, what it names.
pub(super) const SWITCH_BACK: &str = script!(
    r#"cd -- "$1" || exit 83"#
    r#"done=0"#
    r#"if [ -L current ] && [ "$(readlink current)" = "releases/$2" ]; then"#
    r#"  if [ "$3" = 1 ]; then"#
    r#"    [ -d "$4" ] || exit 91"#
    r#"    ln -sfn -- "$4" ".launchway/back.$2" || exit 83"#
    r#"    mv -T -- ".launchway/back.$2" current || { rm -f -- ".launchway/back.$2"; exit 83; }"#
    r#"    [ "$(readlink current)" = "$4" ] || { echo "current was changed by somebody else" >&2; exit 1; }"#
    r#"  else"#
    r#"    rm -f -- current || exit 83"#
    r#"  fi"#
    r#"  done=1"#
    r#"fi"#
    r#"printf '%s\0' "$done""#
    r#"if [ -L current ]; then printf '1\0'; readlink -n current; printf '\0'; else printf '0\0\0'; fi"#
);

/// `$1` base. Fields: what `current` names, what was live before, then the names in `releases`.
pub(super) const RELEASES: &str = script!(
    r#"cd -- "$1" || exit 83"#
    r#"if [ -L current ]; then readlink -n current; fi; printf '\0'"#
    r#"if [ -L .launchway/previous ]; then readlink -n .launchway/previous; fi; printf '\0'"#
    r#"for dir in releases/[0-9]*; do if [ -d "$dir" ] && [ ! -L "$dir" ]; then printf '%s\0' "${dir#releases/}"; fi; done"#
);

/// `$1` base, then release ids. Each leaves `releases` by one rename, so that no half of it is ever
/// there; `current` is asked again for each. Also clears side folders that nobody has touched for a
/// day. Fields: the ids that are gone.
pub(super) const PRUNE: &str = script!(
    r#"cd -- "$1" || exit 83"#
    r#"shift"#
    r#"failed=0"#
    r#"mkdir -p -- .launchway/incoming || exit 83"#
    r#"for id do"#
    r#"  [ "$(readlink current 2>/dev/null)" != "releases/$id" ] || continue"#
    r#"  side=".launchway/incoming/old.$id.$$""#
    r#"  mv -T -- "releases/$id" "$side" || { failed=1; continue; }"#
    r#"  printf '%s\0' "$id""#
    r#"  rm -rf -- "$side" 2>/dev/null || { chmod -R u+rwx "$side" 2>/dev/null; rm -rf -- "$side" || failed=1; }"#
    r#"done"#
    r#"find .launchway/incoming ! -path .launchway/incoming -prune -mtime +0 -exec rm -rf -- {} + || failed=1"#
    r#"[ $failed = 0 ] || exit 87"#
);

/// `$1` base. Fields: what `current` is (`link`, `other`, `none`), what it names, `1` where that is a folder, a sum over
/// the names, modes, sizes and times below it, the digest tool. Touches nothing.
pub(super) const LIVE: &str = script!(
    r#"[ -d "$1" ] || { printf 'none\0\0%s\0\0\0' 0; exit 0; }"#
    r#"cd -- "$1" || exit 83"#
    r#"if [ -L current ]; then"#
    r#"  printf 'link\0'; readlink -n current; printf '\0'"#
    r#"elif [ -e current ]; then"#
    r#"  printf 'other\0\0'"#
    r#"else"#
    r#"  printf 'none\0\0'"#
    r#"fi"#
    r#"if [ -L current ] && [ -d current/. ]; then"#
    r#"  printf '1\0'"#
    // The change time tells of everything but reading; `ls` has it to the minute.
    r#"  if find . -prune -printf '' 2>/dev/null; then"#
    r#"    sum=$(find current/. -printf '%p %i %m %s %T@ %C@ %l\0' 2>/dev/null | cksum)"#
    r#"  else"#
    r#"    sum=$(find current/. -exec ls -dinl {} + 2>/dev/null | cksum)"#
    r#"  fi"#
    r#"  printf '%s\0' "$sum""#
    r#"else"#
    r#"  printf '0\0\0'"#
    r#"fi"#
    r#"digest="#
    r#"for tool in 'openssl dgst -sha256 -r' sha256sum 'shasum -a 256'; do"#
    r#"  case $(printf abc | $tool 2>/dev/null) in"#
    r#"    ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad*) digest=${tool%% *}; break ;;"#
    r#"  esac"#
    r#"done"#
    r#"printf '%s\0' "$digest""#
);

/// What is at the path is a device, a pipe or a socket.
pub(super) const NO_FILE: i32 = 90;
/// There is nothing at the path.
pub(super) const NOTHING: i32 = 88;
/// The path leads outside.
pub(super) const OUTSIDE: i32 = 89;

/// `$1` base, `$2` path, `$3` `below` or `anywhere`. Finds what the path leads to, `$kind`, in which folder, `$dir`, and by
/// which name there, `$name`; ends where that is not to be read.
macro_rules! resolve {
    () => {
        r#"cd -- "$1" || exit 83
base=$(pwd -P)
case $2 in /*) want=$2 ;; *) want=./$2 ;; esac
if [ -d "$want" ]; then
  kind=folder
  dir=$(cd -- "$want" && pwd -P) || exit 1
  name=.
  real=$dir
  special=
elif [ -e "$want" ]; then
  kind=file
  real=$(readlink -f "$want") || exit 1
  special=
  [ -f "$real" ] || special=1
  dir=${real%/*}
  name=./${real##*/}
else
  exit 88
fi
case $real/ in "$base"/.launchway/*) exit 89 ;; esac
case $real/ in
  "$base"/*) ;;
  *) [ "$3" = anywhere ] || exit 89 ;;
esac
[ -z "$special" ] || exit 90
cd -- "${dir:-/}" || exit 1"#
    };
}

/// As [`resolve`]. Fields: `folder` or `file`, how many files, their bytes.
pub(super) const EXTENT: &str = concat!(
    "LC_ALL=C; export LC_ALL\n",
    resolve!(),
    r#"
printf '\0launchway\0'
printf '%s\0' "$kind"
find "$name" -type f -exec ls -lnd {} + 2>/dev/null | {
  files=0; bytes=0
  while read -r mode links user group size rest; do
    case $mode$size in -*[0-9]) files=$((files + 1)); bytes=$((bytes + size)) ;; esac
  done
  printf '%s\0' "$files" "$bytes"
}"#
);

/// As [`resolve`]. One field, `folder` or `file`, then a tar stream.
pub(super) const PULL: &str = concat!(
    "LC_ALL=C; export LC_ALL\n",
    resolve!(),
    r#"
printf '\0launchway\0'
printf '%s\0' "$kind"
exec tar -c -f - "$name""#
);
