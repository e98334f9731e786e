//! Choosing what to release: a tag, a branch or a commit, fetched from the repository when the list opens.

use launchway_domain::{ProjectId, RefItem, RefKind};
use leptos::prelude::*;

use super::field::TextField;
use super::form::FormState;
use super::time::Time;
use crate::api::ApiError;
use crate::api::projects::list_refs;
use crate::text::{CurrentLang, releases, t};

/// The longest list that is drawn; what is further down is found by typing.
const MOST: usize = 200;

/// What was asked for; an answer to another question is not shown.
type Question = (RefKind, Option<String>, u32);

/// The kind, the name, and the list to pick from.
#[component]
pub fn RefPicker(
    /// The form: its fields are `ref.kind` and `ref.name`.
    form: FormState,
    /// Whose refs.
    project: ProjectId,
    /// What is chosen: the kind's word.
    kind: RwSignal<RefKind>,
    /// What is chosen: the name.
    name: RwSignal<String>,
) -> impl IntoView {
    let open = RwSignal::new(false);
    let kinds = RefKind::ALL
        .into_iter()
        .map(|one| {
            view! {
                <label>
                    <input
                        type="radio"
                        name="form[ref][kind]"
                        value=one.as_str()
                        checked=one == kind.get_untracked()
                        on:change=move |_| {
                            kind.set(one);
                            name.set(String::new());
                        }
                    />
                    <span>{t(one.label())}</span>
                </label>
            }
        })
        .collect_view();
    view! {
        <fieldset class="field">
            <legend>{t(releases::REF_KIND)}</legend>
            <div class="segments">{kinds}</div>
        </fieldset>
        <div class="picker">
            <TextField
                form
                field="ref.name"
                label=releases::REF_NAME
                value=name
                hint=releases::REF_HINT
                code=true
            />
            <button
                type="button"
                class="button needs-script"
                aria-expanded=move || open.get().to_string()
                aria-controls="refs"
                on:click=move |_| open.update(|open| *open = !*open)
            >
                {t(releases::REF_OPEN)}
            </button>
        </div>
        <div id="refs">
            {move || {
                open.get()
                    .then(|| {
                        let kind = kind.get();
                        view! {
                            <RefList
                                project
                                kind
                                typed=name
                                pick=Callback::new(move |picked| {
                                    name.set(picked);
                                    form.edited("ref.name");
                                    open.set(false);
                                })
                            />
                        }
                    })
            }}
        </div>
    }
    .into_any()
}

/// The refs of one kind; for commits a branch comes first.
#[component]
fn RefList(project: ProjectId, kind: RefKind, typed: RwSignal<String>, pick: Callback<String>) -> impl IntoView {
    let branch = RwSignal::new(String::new());
    let round = RwSignal::new(0_u32);
    // Fetched in the browser alone, since it is only there that the list opens.
    let branches = LocalResource::new(move || {
        let _ = round.get();
        async move {
            match kind {
                RefKind::Commit => list_refs(project, RefKind::Branch, None).await.map(Some),
                _ => Ok(None),
            }
        }
    });
    Effect::new(move |_| {
        if let Some(Ok(Some(found))) = branches.get()
            && branch.with_untracked(String::is_empty)
            && let Some(first) = main_branch(&found)
        {
            branch.set(first);
        }
    });
    let question = move || -> Option<Question> {
        match kind {
            RefKind::Commit => {
                let branch = branch.get();
                (!branch.is_empty()).then_some((kind, Some(branch), round.get()))
            }
            _ => Some((kind, None, round.get())),
        }
    };
    let answers = LocalResource::new(move || {
        let asked = question();
        async move {
            let asked = asked?;
            let answer = list_refs(project, asked.0, asked.1.clone()).await;
            Some((asked, answer))
        }
    });
    let current = move || -> Option<Result<Vec<RefItem>, ApiError>> {
        if let Some(Err(error)) = branches.get() {
            return Some(Err(error));
        }
        if kind == RefKind::Commit && matches!(branches.get(), Some(Ok(Some(found))) if found.is_empty()) {
            return Some(Ok(Vec::new()));
        }
        let (asked, answer) = answers.get()??;
        (Some(asked) == question()).then_some(answer)
    };
    let lang = CurrentLang::find();
    view! {
        <div class="refs">
            {move || match branches.get() {
                Some(Ok(Some(found))) if !found.is_empty() => {
                    let options = found
                        .into_iter()
                        .map(|item| {
                            let selected = branch.with_untracked(|name| *name == item.name);
                            view! { <option value=item.name.clone() selected=selected>{item.name.clone()}</option> }
                        })
                        .collect_view();
                    Some(
                        view! {
                            <label class="refs-branch">
                                {t(releases::BRANCH)}
                                <select on:change=move |event| branch.set(event_target_value(&event))>{options}</select>
                            </label>
                        },
                    )
                }
                _ => None,
            }}
            {move || match current() {
                None => view! { <Fetching /> }.into_any(),
                Some(Err(error)) => {
                    view! {
                        <div class="complaints" role="alert">
                            <p>{error.detail().get(lang.get()).to_owned()}</p>
                        </div>
                        <button type="button" class="button small" on:click=move |_| round.update(|n| *n += 1)>
                            {t(releases::REF_AGAIN)}
                        </button>
                    }
                        .into_any()
                }
                Some(Ok(items)) => view! { <Choices items typed pick /> }.into_any(),
            }}
        </div>
    }
    .into_any()
}

/// The branch that people most likely mean.
fn main_branch(branches: &[RefItem]) -> Option<String> {
    let usual = ["main", "master", "trunk"];
    let found = usual.iter().find_map(|name| branches.iter().find(|branch| branch.name == *name));
    found.or(branches.first()).map(|branch| branch.name.clone())
}

#[component]
fn Fetching() -> impl IntoView {
    let seconds = RwSignal::new(0_u64);
    let current = CurrentLang::find();
    #[cfg(feature = "hydrate")]
    if let Ok(timer) =
        set_interval_with_handle(move || seconds.update(|seconds| *seconds += 1), std::time::Duration::from_secs(1))
    {
        on_cleanup(move || timer.clear());
    }
    view! {
        <p class="progress" role="status">
            <progress></progress>
            {t(releases::REF_FETCHING)}
            <span class="quiet">{move || releases::seconds(seconds.get()).get(current.get()).to_owned()}</span>
        </p>
    }
}

#[component]
fn Choices(items: Vec<RefItem>, typed: RwSignal<String>, pick: Callback<String>) -> impl IntoView {
    let lang = CurrentLang::find();
    if items.is_empty() {
        return view! { <p class="quiet">{t(releases::REF_EMPTY)}</p> }.into_any();
    }
    let all = items.len();
    let found = Memo::new(move |_| matching(&items, &typed.read()));
    view! {
        <p class="quiet">
            {move || releases::shown(found.read().len().min(MOST), all).get(lang.get()).to_owned()}
            {move || found.read().is_empty().then(|| format!(" · {}", releases::REF_NO_MATCH.get(lang.get())))}
        </p>
        <ul class="ref-items">
            <For
                each=move || found.get().into_iter().take(MOST)
                key=|item| (item.name.clone(), item.commit.clone())
                let:item
            >
                <Choice item pick />
            </For>
        </ul>
    }
    .into_any()
}

#[component]
fn Choice(item: RefItem, pick: Callback<String>) -> impl IntoView {
    // A commit is named in full, so that it is the same one tomorrow.
    let picked = if item.commit.starts_with(&item.name) { item.commit.clone() } else { item.name.clone() };
    let short = item.commit.get(..8).unwrap_or(&item.commit).to_owned();
    let named = picked != item.commit;
    view! {
        <li>
            <button type="button" on:click=move |_| pick.run(picked.clone())>
                {named.then(|| view! { <b>{item.name}</b> })}
                <code>{short}</code>
                <span class="summary">{item.summary}</span>
                <span class="quiet">{item.author} " · " <Time at=item.date /></span>
            </button>
        </li>
    }
}

/// Those that hold what was typed; all of them where nothing was typed, or exactly the name of one.
fn matching(items: &[RefItem], typed: &str) -> Vec<RefItem> {
    let wanted = typed.trim().to_lowercase();
    if wanted.is_empty() || items.iter().any(|item| item.name == typed || item.commit == typed) {
        return items.to_vec();
    }
    let holds = |text: &str| text.to_lowercase().contains(&wanted);
    items
        .iter()
        .filter(|item| {
            holds(&item.name) || holds(&item.summary) || holds(&item.author) || item.commit.starts_with(&wanted)
        })
        .cloned()
        .collect()
}

#[cfg(test)]
mod tests {
    use launchway_domain::Timestamp;

    use super::*;

    fn item(name: &str, summary: &str) -> RefItem {
        RefItem {
            name: name.into(),
            commit: "0123456789abcdef0123456789abcdef01234567".into(),
            author: "Ada".into(),
            summary: summary.into(),
            date: Timestamp(0),
        }
    }

    #[test]
    fn typing_narrows_the_list_and_a_whole_name_does_not() {
        let items = [item("v1.0", "First"), item("v1.1", "Fix the gate")];
        let names = |typed: &str| matching(&items, typed).into_iter().map(|item| item.name).collect::<Vec<_>>();
        assert_eq!(names(""), ["v1.0", "v1.1"]);
        assert_eq!(names("GATE"), ["v1.1"]);
        assert_eq!(names("v1.1"), ["v1.0", "v1.1"]);
        assert!(names("v9").is_empty());
    }

    #[test]
    fn the_usual_branch_comes_first() {
        assert_eq!(main_branch(&[item("dev", ""), item("main", "")]).as_deref(), Some("main"));
        assert_eq!(main_branch(&[item("dev", "")]).as_deref(), Some("dev"));
        assert_eq!(main_branch(&[]), None);
    }
}
