//! What runs on the host of a hook: constants, for any POSIX `sh` (dash, bash, BusyBox ash).
//!
//! A run has a folder of its own, in which stand:
//! - `hook`: the script that a person wrote;
//! - `run`: a symbolic link that points nowhere; its target is `<pid>:<born>:<boot>` of the wrapper that
//!   leads the hook's process group. Making a link is one atomic step that only one of several can win,
//!   so the claim and the record are the same thing, and never half-written;
//! - `out`: what the hook wrote, opened for appending, so that it may be emptied under it;
//! - `exit`: a symbolic link whose target is the exit status. The first who makes it is right;
//! - `seen`: there where somebody has looked since the guard looked for it;
//! - `ended`: a symbolic link that the guard makes before it ends the run; its target says why: `time` or `alone`.

/// Functions that the scripts share. `$dir` is the run's folder, and the present one.
///
/// `born` is the start time in clock ticks since boot (field 22 of `/proc/<pid>/stat`, proc(5)): with
/// the boot's own id it tells a process from a later one with the same number. Everything after the last
/// `) ` is safe to split; the name before it may hold anything. Hosts without /proc are asked by `ps`.
macro_rules! common {
    () => {
        r##"
boot() {
  b=none
  { read -r b </proc/sys/kernel/random/boot_id; } 2>/dev/null
  printf %s "$b"
}
stat_of() {
  line=
  if [ -d /proc/self ]; then
    { while IFS= read -r l || [ -n "$l" ]; do line="$line$l "; done </proc/"$1"/stat; } 2>/dev/null
  fi
  line=${line##*) }
}
look() {
  state=; group=; born=
  stat_of "$1"
  if [ -n "$line" ]; then
    set -f; set -- $line; set +f
    state=$1; group=$3; born=${20}
  elif [ ! -d /proc/self ]; then
    born=$(ps -o lstart= -p "$1" 2>/dev/null | tr -s ' ' _)
    group=$(ps -o pgid= -p "$1" 2>/dev/null | tr -d ' ')
    [ -z "$born" ] || state=S
  fi
  case $state in '' | Z | X | x) return 1 ;; esac
}
leader() {
  pid=0
  r=$(readlink run) || return 1
  pid=${r%%:*}; r=${r#*:}; was=${r%%:*}
  [ "${r#*:}" = "$(boot)" ] || { pid=0; return 1; }
  look "$pid" && [ "$born" = "$was" ]
}
ours() {
  [ "$led" = 1 ] || { tr '\0' '\n' </proc/"$1"/environ | grep -Fqx -e "LAUNCHWAY_RUN=$dir"; } 2>/dev/null
}
members() {
  found=
  [ "$pid" -gt 1 ] || return 0
  kill -0 "-$pid" 2>/dev/null || return 0
  if [ ! -d /proc/self ]; then
    [ "$led" = 0 ] || found=" $pid"
    return 0
  fi
  for p in /proc/[0-9]*; do
    p=${p#/proc/}
    if look "$p" && [ "$group" = "$pid" ] && ours "$p"; then found="$found $p"; fi
  done
}
told() {
  now="exited $(readlink exit)"
  [ ! -h ended ] || now="ended $(readlink ended)"
}
state() {
  if [ -h exit ]; then told; return; fi
  if [ ! -h run ]; then now=absent; return; fi
  now=running
  leader && return
  led=0; members
  [ -z "$found" ] || return
  # What the guard has ended may not have its exit status yet.
  if [ -h exit ] || [ -h ended ]; then told; else now=lost; fi
}
send() {
  if [ "$led" = 1 ]; then kill "-$1" "-$pid" 2>/dev/null; else kill "-$1" $found 2>/dev/null; fi
}
finish() {
  led=0
  if leader; then led=1; fi
  left=$1
  members
  status=143
  if [ -n "$found" ]; then
    send TERM
    while members; [ -n "$found" ] && [ "$left" -gt 0 ]; do
      if sleep 0.1 2>/dev/null; then left=$((left - 1)); else sleep 1; left=$((left - 10)); fi
    done
  fi
  tries=100
  while [ -n "$found" ] && [ "$tries" -gt 0 ]; do
    status=137
    send KILL
    sleep 0.05 2>/dev/null || sleep 1
    members
    tries=$((tries - 1))
  done
  [ -h exit ] || ln -s "$status" exit 2>/dev/null
  [ -z "$found" ] || { echo "still there:$found" >&2; return 77; }
}
"##
    };
}

/// `dir size`, on standard input what the hook is to know and nobody else: lines for a shell. They lie in a file of their
/// own, which only its owner reads, until the hook begins; on a command line every user of the host could read them.
pub(super) const VARIABLES: &str = r##"
umask 077
mkdir -p -- "$1" && cd -P -- "$1" || exit 73
if [ -h run ] || [ -h exit ]; then exit 0; fi
cat >vars.$$ || exit 74
if [ $(($(wc -c <vars.$$))) -ne "$2" ]; then rm -f vars.$$; exit 77; fi
mv -f vars.$$ vars || exit 74
"##;

/// `dir size cwd clean others most alone guard name=value… [program…]`, the hook on standard input. Ends once the hook has
/// begun, or had before. `guard` is [`GUARD`], which is started beside the hook where `most` or `alone` is not 0.
///
/// The size of the hook is counted, since a connection that breaks ends the input too: half a script
/// must never run.
///
/// The wrapper in it traps TERM, so that it outlives the hook and can record how that ended; a signal
/// that is caught, unlike one that is ignored, is as ever for the programs below. The hook's own folder
/// is private (where `others` is 1, whoever the program makes of itself can read the hook), but its umask is the
/// account's.
///
/// What [`VARIABLES`] left is opened by the wrapper, removed, and read by whoever becomes the hook, from the open file: that
/// may be somebody who could not open it, and the program before it never has these variables in its own environment.
pub(super) const START: &str = concat!(
    common!(),
    r##"
mask=$(umask)
umask 077
mkdir -p -- "$1" && cd -P -- "$1" || exit 73
dir=$PWD
if [ -h run ] || [ -h exit ]; then exit 0; fi
command -v setsid >/dev/null 2>&1 || exit 76
cat >hook.$$ || exit 74
if [ $(($(wc -c <hook.$$))) -ne "$2" ]; then rm -f hook.$$; exit 77; fi
mv -f hook.$$ hook && : >>out || exit 74
if [ "$5" = 1 ]; then chmod 711 . && chmod 644 hook || exit 74; fi
shift 2
umask "$mask"
begun=$(
  setsid sh -c '
cwd=$1; clean=$2; most=$4; alone=$5; guard=$6; shift 6
dir=$PWD
trap : HUP INT TERM
b=none
{ read -r b </proc/sys/kernel/random/boot_id; } 2>/dev/null
me=$$
line=
if [ -d /proc/self ]; then
  { while IFS= read -r l || [ -n "$l" ]; do line="$line$l "; done </proc/$me/stat; } 2>/dev/null
fi
line=${line##*) }
if [ -n "$line" ]; then
  born=$(set -f; set -- $line; printf %s "${20}")
else
  born=$(ps -o lstart= -p $me | tr -s " " _)
fi
if ! ln -s "$me:$born:$b" run; then
  [ ! -h run ] || echo begun
  exit 0
fi
echo begun
exec </dev/null >>out 2>&1
if [ "$most" -gt 0 ] || [ "$alone" -gt 0 ]; then
  setsid sh -c "$guard" launchway "$dir" "$most" "$alone" >/dev/null 2>&1 &
fi
IFS= read -r first <hook
known=0
if [ -f vars ]; then
  known=1
  exec <vars
  rm -f vars
fi
if cd -- "$cwd"; then
  set -- "LAUNCHWAY_RUN=$dir" "$@"
  [ "$clean" = 0 ] || set -- -i "PATH=$PATH" "HOME=${HOME-/}" "LANG=${LANG-C.UTF-8}" "$@"
  [ "$known" = 0 ] || set -- "$@" sh -c "eval \"\$(cat)\" && exec \"\$@\" </dev/null" launchway
  case $first in
    "#!"?*) set -f; set -- "$@" ${first#??} "$dir/hook"; set +f ;;
    *) set -- "$@" sh "$dir/hook" ;;
  esac
  env "$@"
  status=$?
else
  status=1
fi
cd -- "$dir" && ln -s "$status" exit
' launchway "$@" </dev/null &
)
[ "$begun" = begun ] || exit 75
"##
);

/// `dir skip count offset tenths`: waits up to `tenths` tenths of a second for news, then prints one
/// line with the state and the size of the output (marked: an account's profile may print lines of its own), then `count` blocks of 4,096 bytes of it after `skip`
/// blocks. The state is read before the size: once it says that the hook ended, the size is final.
pub(super) const POLL: &str = concat!(
    common!(),
    r##"
cd -P -- "$1" 2>/dev/null || { echo "launchway: absent 0"; exit 0; }
dir=$PWD
true 2>/dev/null >seen
skip=$2; count=$3; offset=$4; left=$5
size() {
  bytes=0
  set -- $(ls -ln out 2>/dev/null)
  [ $# -lt 5 ] || bytes=$5
}
while :; do
  state; size
  [ "$now" = running ] && [ "$bytes" -le "$offset" ] && [ "$left" -gt 0 ] || break
  if sleep 0.1 2>/dev/null; then left=$((left - 1)); else sleep 1; left=$((left - 10)); fi
done
echo "launchway: $now $bytes"
[ "$count" -eq 0 ] || [ "$bytes" -le "$offset" ] || dd if=out bs=4096 skip="$skip" count="$count" 2>/dev/null
exit 0
"##
);

/// `dir`: forgets what the hook has written so far; it goes on writing.
pub(super) const TRUNCATE: &str = r##"
cd -- "$1" 2>/dev/null || exit 0
[ ! -f out ] || : >out
"##;

/// `tenths dir…`: for each, TERM to the whole group, and KILL to what is left of it after `tenths` tenths of a
/// second. A hook that has ended is left alone, with whatever it left behind on purpose.
///
/// Where the leader is gone without a word (killed by somebody else), only processes that carry this
/// run's mark are touched: its number might belong to others by now.
pub(super) const STOP: &str = concat!(
    common!(),
    r##"
tenths=$1; worst=0
shift
for run do
  (
    cd -P -- "$run" 2>/dev/null || exit 0
    dir=$PWD
    if [ -h exit ] || [ ! -h run ]; then exit 0; fi
    finish "$tenths"
  ) || worst=$?
done
exit "$worst"
"##
);

/// `dir most alone`: waits beside a run, in a session of its own, and ends it as [`STOP`] does: once it has run for `most`
/// seconds, or once nobody has looked for `alone` seconds, since whoever started it has no other way to end it when it
/// vanishes. 0 is no limit. Seconds are counted, not read off a clock, so that a host that was asleep or
/// whose clock was set ends nothing. Leaves as soon as the hook has ended, or everything of it is gone.
pub(super) const GUARD: &str = concat!(
    common!(),
    r##"
cd -P -- "$1" 2>/dev/null || exit 0
dir=$PWD; most=$2; alone=$3
leader || exit 0
lived=0; quiet=0
while :; do
  sleep 1
  if [ ! -h run ] || [ -h exit ]; then exit 0; fi
  kill -0 "-$pid" 2>/dev/null || exit 0
  lived=$((lived + 1)); quiet=$((quiet + 1))
  if [ -e seen ]; then rm -f seen; quiet=0; fi
  why=
  if [ "$alone" -gt 0 ] && [ "$quiet" -ge "$alone" ]; then why=alone; fi
  if [ "$most" -gt 0 ] && [ "$lived" -ge "$most" ]; then why=time; fi
  [ -z "$why" ] || break
done
ln -s "$why" ended 2>/dev/null
finish 50
"##
);

/// `dir`: removes the folder.
pub(super) const CLEAR: &str = r##"rm -rf -- "$1""##;
