//! What was opened from the palette last: kept in this browser.

use launchway_domain::{Hit, HitKind};

/// Where it is kept: one line each, the parts with tabs between them.
const KEY: &str = "launchway.recent";
/// So many are remembered.
const MANY: usize = 5;

fn storage() -> Option<web_sys::Storage> {
    web_sys::window()?.local_storage().ok().flatten()
}

/// What was opened last, the latest first. What cannot be read is nothing.
pub(super) fn load() -> Vec<Hit> {
    let text = storage().and_then(|storage| storage.get_item(KEY).ok().flatten()).unwrap_or_default();
    text.lines().filter_map(read).take(MANY).collect()
}

/// Remembers what is opened now.
pub(super) fn note(hit: &Hit) {
    let mut known = load();
    known.retain(|one| one.kind != hit.kind || one.id != hit.id);
    known.insert(0, hit.clone());
    known.truncate(MANY);
    let lines: Vec<String> = known.iter().map(write).collect();
    if let Some(storage) = storage() {
        let _ = storage.set_item(KEY, &lines.join("\n"));
    }
}

fn write(hit: &Hit) -> String {
    let kind = match hit.kind {
        HitKind::Project => "p",
        HitKind::Server => "s",
        HitKind::Release => "r",
    };
    let tidy = |text: &str| text.replace(['\t', '\n'], " ");
    [kind, &hit.id.to_string(), &tidy(&hit.title), &tidy(&hit.detail)].join("\t")
}

fn read(line: &str) -> Option<Hit> {
    let mut parts = line.split('\t');
    let kind = match parts.next()? {
        "p" => HitKind::Project,
        "s" => HitKind::Server,
        "r" => HitKind::Release,
        _ => return None,
    };
    let id = parts.next()?.parse().ok()?;
    Some(Hit { kind, id, title: parts.next()?.to_owned(), detail: parts.next()?.to_owned() })
}
