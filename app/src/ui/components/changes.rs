//! What changes from one commit to another: a sentence, the commits, the files.

use launchway_domain::{ChangedFile, Changes, FileChange, RefItem, Relation, Text};
use leptos::prelude::*;

use super::rules::{RuleList, UploadLine};
use super::time::Time;
use crate::text::{CurrentLang, changes as words, t};

/// What a release changes, or would change.
#[component]
pub fn ChangesView(
    /// The two commits held against each other.
    changes: Changes,
) -> impl IntoView {
    let found = changes.comparison;
    let files_total = found.files_total.all();
    let (said, is_warning) = match found.relation {
        Relation::First => (words::first(found.commits_total, files_total), false),
        Relation::Same => (words::SAME, false),
        Relation::Ahead => (words::ahead(found.commits_total, files_total), false),
        Relation::Behind => (words::behind(found.dropped_total), true),
        Relation::Diverged => (words::diverged(found.commits_total, found.dropped_total), true),
        Relation::Unknown => (words::UNKNOWN, true),
    };
    let against = changes.against.map(|live| {
        let short = live.commit.get(..8).unwrap_or(&live.commit).to_owned();
        view! {
            <p class="quiet">
                {t(words::AGAINST)} " " <a href=format!("/releases/{}", live.release_id)>"#" {live.release_id.0}</a> " "
                {live.git_ref.name} " " <code>{short}</code>
            </p>
        }
    });
    let is_told = !matches!(found.relation, Relation::Same | Relation::Unknown);
    let files =
        is_told.then(|| view! { <Files files=found.files total=files_total said=words::totals(found.files_total) /> });
    view! {
        <div class="changes" data-relation=relation_word(found.relation)>
            <p class="changes-said" class:is-warning=is_warning>{t(said)}</p>
            {against}
            {changes.upload.map(|upload| view! { <UploadLine upload /> })}
            <RuleList rules=changes.rules />
            <Commits title=words::GOES items=found.dropped total=found.dropped_total gone=true />
            <Commits title=words::COMES items=found.commits total=found.commits_total />
            {files}
        </div>
    }
    .into_any()
}

fn relation_word(relation: Relation) -> &'static str {
    match relation {
        Relation::First => "first",
        Relation::Same => "same",
        Relation::Ahead => "ahead",
        Relation::Behind => "behind",
        Relation::Diverged => "diverged",
        Relation::Unknown => "unknown",
    }
}

fn heading(title: Text, total: u64) -> impl IntoView {
    view! {
        <h3>
            {t(title)} " " <span class="count">{total}</span>
        </h3>
    }
}

fn rest(listed: usize, total: u64) -> Option<impl IntoView> {
    let rest = total.saturating_sub(listed as u64);
    (rest > 0).then(|| view! { <li class="quiet">{t(words::more(rest))}</li> })
}

#[component]
fn Commits(title: Text, items: Vec<RefItem>, total: u64, #[prop(optional)] gone: bool) -> impl IntoView {
    if items.is_empty() {
        return ().into_any();
    }
    let listed = items.len();
    let rows = items
        .into_iter()
        .map(|item| {
            let summary = item.summary;
            let untitled = summary.is_empty().then(|| view! { <span class="quiet">{t(words::UNTITLED)}</span> });
            view! {
                <li>
                    <span class="summary">{summary} {untitled}</span>
                    <span class="quiet">
                        <code title=item.commit>{item.name}</code> " " {item.author} " · " <Time at=item.date />
                    </span>
                </li>
            }
        })
        .collect_view();
    let name = title.clone();
    view! {
        <section class="changes-list" class:is-gone=gone>
            {heading(title, total)}
            <ol class="commits" tabindex="0" aria-label=t(name)>
                {rows} {rest(listed, total)}
            </ol>
        </section>
    }
    .into_any()
}

#[component]
fn Files(files: Vec<ChangedFile>, total: u64, said: Text) -> impl IntoView {
    if files.is_empty() {
        return view! { <p class="quiet">{t(words::NO_FILES)}</p> }.into_any();
    }
    let listed = files.len();
    let lang = CurrentLang::find();
    let rows = files
        .into_iter()
        .map(|file| {
            let sign = match file.change {
                FileChange::Added => "A",
                FileChange::Changed => "M",
                FileChange::Removed => "D",
                FileChange::Renamed => "R",
            };
            let name = words::change(file.change);
            let lines = file.added.zip(file.removed).filter(|lines| *lines != (0, 0)).map(|(added, removed)| {
                view! {
                    <span class="lines">
                        {(added > 0).then(|| view! { <span class="plus">"+" {added}</span> })}
                        {(removed > 0).then(|| view! { <span class="minus">"−" {removed}</span> })}
                    </span>
                }
            });
            view! {
                <li>
                    <abbr
                        class="file-sign"
                        data-change=file.change.as_str()
                        title=move || name.get(lang.get()).to_owned()
                    >
                        {sign}
                    </abbr>
                    <span class="path">
                        {file.from.map(|from| view! { <del>{from}</del> " → " })} {file.path}
                    </span>
                    {lines}
                </li>
            }
        })
        .collect_view();
    view! {
        <section class="changes-list">
            {heading(words::FILES, total)}
            <p class="quiet">{t(said)}</p>
            <ul class="files" tabindex="0" aria-label=t(words::FILES)>
                {rows} {rest(listed, total)}
            </ul>
        </section>
    }
    .into_any()
}
