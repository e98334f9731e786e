//! Choosing what to release: one field for tags, branches and commits, with a list that narrows while somebody types.
//!
//! The list begins with what the last fetch knew and is fetched anew as soon as the page is alive. Without JavaScript
//! the field is a plain one with the browser's own suggestions. For the keyboard: the pattern of a combobox with a
//! list (WAI-ARIA Authoring Practices): arrows choose, Enter takes, Escape closes.

use launchway_domain::{LiveCommit, ProjectId, RefChoice, RefChoices, RefKind};
use leptos::ev::KeyboardEvent;
use leptos::html;
use leptos::prelude::*;

use super::field::{Field, described_by, id_of, invalid, name_of};
use super::form::FormState;
use super::ref_match::{self, is_exactly, matching};
use super::time::{Alive, Time};
use super::typed::{restore, typed as typed_before};
use crate::api::ApiError;
use crate::api::create::fetch_refs;
use crate::text::{CurrentLang, create as words, t};

const FIELD: &str = "ref.name";
const LIST: &str = "ref-list";

/// What is chosen.
#[derive(Clone, Copy, Debug)]
pub struct RefSignals {
    /// A tag, a branch or a commit.
    pub kind: RwSignal<RefKind>,
    /// Its name; of a commit the hash.
    pub name: RwSignal<String>,
    /// Whether it was taken from the list and not typed: then it is there.
    pub listed: RwSignal<bool>,
    /// Whether the list stands open: then it is not chosen yet.
    pub open: RwSignal<bool>,
}

/// The field and its list.
#[component]
pub fn RefPicker(
    /// The form: its fields are `ref.kind` and `ref.name`.
    form: FormState,
    /// Whose refs.
    project: ProjectId,
    /// What was known when the page was made.
    known: RefChoices,
    /// What is live where it will go.
    live: Signal<Option<LiveCommit>>,
    /// What is chosen.
    chosen: RefSignals,
) -> impl IntoView {
    let RefSignals { kind, name, listed, open } = chosen;
    restore(&name_of(FIELD), name);
    if let Some(word) = typed_before("form[ref][kind]") {
        kind.set(RefKind::parse(&word).unwrap_or_default());
    }
    let alive = Alive::find();
    let lang = CurrentLang::find();
    let suggestions = suggestions(&known);
    let choices = RwSignal::new(known);
    let active = RwSignal::new(None::<usize>);
    // Whoever opens the list without typing wants to see all of it.
    let is_typing = RwSignal::new(false);
    let found = Memo::new(move |_| {
        let name = name.read();
        matching(&choices.read().items, if is_typing.get() { &name } else { "" })
    });
    // What is called exactly what stands in the field is marked from the beginning, and taken by Enter.
    let exact = Memo::new(move |_| {
        let (choices, name) = (choices.read(), name.read());
        let is_it = |place: &usize| choices.items.get(*place).is_some_and(|choice| is_exactly(choice, &name));
        found.read().0.iter().position(is_it).filter(|_| !name.trim().is_empty())
    });
    let marked = Memo::new(move |_| active.get().or_else(|| exact.get()));
    let close = move || {
        open.set(false);
        active.set(None);
        is_typing.set(false);
    };
    let fetch = Action::new(move |(): &()| fetch_refs(project));
    #[cfg(feature = "hydrate")]
    Effect::new(move |done: Option<()>| {
        if done.is_none() {
            fetch.dispatch(());
        }
    });
    Effect::new(move |_| {
        let Some(Ok(fresh)) = fetch.value().get() else { return };
        // Whoever is about to press Enter means what is marked, wherever it stands now.
        let was_marked = active.get_untracked().and_then(|at| {
            let place = found.read_untracked().0.get(at).copied()?;
            choices.read_untracked().items.get(place).cloned()
        });
        choices.set(fresh);
        let all = choices.read_untracked();
        let same = |was: RefChoice| {
            let is_it = |place: &usize| all.items.get(*place).is_some_and(|choice| *choice == was);
            found.read_untracked().0.iter().position(is_it)
        };
        active.set(was_marked.and_then(same));
    });
    let take = move |place: usize| {
        if let Some(choice) = choices.read_untracked().items.get(place).cloned() {
            kind.set(choice.kind);
            name.set(ref_match::name_of(&choice).to_owned());
            listed.set(true);
            form.edited(FIELD);
        }
        close();
    };
    let typed = move |event| {
        let text = event_target_value(&event);
        let is = ref_match::kind_of(&choices.read_untracked().items, &text);
        if let Some(is) = is {
            kind.set(is);
        }
        listed.set(is.is_some());
        name.set(text);
        form.edited(FIELD);
        active.set(None);
        is_typing.set(true);
        open.set(true);
    };
    let press = move |event: KeyboardEvent| {
        if event.is_composing() {
            return;
        }
        let count = found.read_untracked().0.len();
        let is_open = open.get_untracked();
        // The first press goes to what is marked already; only the next ones leave it.
        let at = active.get_untracked().filter(|_| is_open);
        let exact = exact.get_untracked();
        match event.key().as_str() {
            "ArrowDown" if count > 0 => {
                active.set(Some(at.map_or(exact.unwrap_or(0), |at| (at + 1) % count)));
                open.set(true);
            }
            "ArrowUp" if count > 0 => {
                active.set(Some(at.map_or(exact.unwrap_or(count - 1), |at| (at + count - 1) % count)));
                open.set(true);
            }
            // Never the form: a release must not begin by a slip in this field.
            "Enter" => {
                let at = marked.get_untracked();
                if let (true, Some(place)) = (is_open, at.and_then(|at| found.read_untracked().0.get(at).copied())) {
                    take(place);
                } else {
                    close();
                }
            }
            "Escape" if is_open => close(),
            _ => return,
        }
        event.prevent_default();
        scroll_to_active(marked.get_untracked());
    };

    let node = NodeRef::<html::Input>::new();
    // First the field's text counts (somebody may have typed before the page came alive), then whichever changed.
    Effect::new(move |before: Option<()>| {
        let Some(control) = node.get() else { return };
        let wanted = name.get();
        let shown = control.value();
        if wanted == shown {
        } else if before.is_none() {
            name.set(shown);
        } else {
            control.set_value(&wanted);
        }
    });

    let status = move || {
        let lang = lang.get();
        let (found, all) = (found.get(), choices.read().items.len());
        match () {
            () if open.get() && all > 0 && found.0.is_empty() => words::NOTHING.get(lang).to_owned(),
            () if open.get() && all > 0 => words::shown(found.0.len(), found.1).get(lang).to_owned(),
            () => String::new(),
        }
    };
    let options = move || {
        let (found, total) = found.get();
        let rows = found.into_iter().enumerate().filter_map(|(at, place)| {
            let choice = choices.read().items.get(place).cloned()?;
            Some(view! { <Choice at choice live marked take=Callback::new(move |()| take(place)) /> })
        });
        let rows = rows.collect_view();
        let has_more = total > ref_match::MOST || choices.read().more;
        view! {
            {rows}
            {has_more.then(|| view! { <li class="ref-more quiet" role="presentation">{t(words::MORE)}</li> })}
        }
    };
    view! {
        <div class="ref-picker" data-open=move || open.get().then_some("")>
            <Field form field=FIELD label=words::REF hint=Some(words::REF_HINT) optional=false>
                <div class="ref-box">
                    <input
                        id=id_of(FIELD)
                        name=name_of(FIELD)
                        type="text"
                        class="code"
                        role="combobox"
                        aria-autocomplete="list"
                        aria-expanded=move || open.get().to_string()
                        aria-controls=LIST
                        aria-activedescendant=move || {
                            marked.get().filter(|_| open.get()).map(|at| format!("ref-{at}"))
                        }
                        list=move || (!alive.get()).then_some("ref-known")
                        value=name.get_untracked()
                        autocomplete="off"
                        autocapitalize="off"
                        spellcheck="false"
                        aria-invalid=invalid(form, FIELD)
                        aria-describedby=described_by(FIELD)
                        on:input=typed
                        on:keydown=press
                        on:click=move |_| open.set(true)
                        on:blur=move |_| close()
                        node_ref=node
                    />
                    <datalist id="ref-known">{suggestions}</datalist>
                    <div class="ref-drop" class:hidden=move || !open.get() on:mousedown=|event| event.prevent_default()>
                        <Fetching fetch />
                        <ul id=LIST class="ref-list" role="listbox" aria-label=t(words::LIST)>
                            {options}
                        </ul>
                        <p class="ref-status quiet" role="status">{status}</p>
                    </div>
                </div>
            </Field>
            <Kinds chosen />
        </div>
    }
    .into_any()
}

/// What the browser suggests where there is no JavaScript: names, each once.
fn suggestions(known: &RefChoices) -> impl IntoView + use<> {
    let mut names: Vec<String> = known
        .items
        .iter()
        .filter(|choice| choice.kind != RefKind::Commit)
        .map(|choice| choice.item.name.clone())
        .collect();
    names.dedup();
    names.into_iter().map(|name| view! { <option value=name></option> }).collect_view()
}

/// How the fetch goes.
#[component]
fn Fetching(fetch: Action<(), Result<RefChoices, ApiError>>) -> impl IntoView {
    let lang = CurrentLang::find();
    let pending = fetch.pending();
    move || {
        if pending.get() {
            return view! {
                <p class="ref-fetch progress" role="status">
                    <progress></progress>
                    {t(words::FETCHING)}
                </p>
            }
            .into_any();
        }
        match fetch.value().get() {
            Some(Err(error)) => view! {
                <div class="ref-fetch complaints" role="alert">
                    <p>{error.detail().get(lang.get()).to_owned()}</p>
                    <button type="button" class="button small" tabindex="-1" on:click=move |_| { fetch.dispatch(()); }>
                        {t(words::FETCH_AGAIN)}
                    </button>
                </div>
            }
            .into_any(),
            _ => ().into_any(),
        }
    }
}

#[component]
fn Choice(
    at: usize,
    choice: RefChoice,
    live: Signal<Option<LiveCommit>>,
    marked: Memo<Option<usize>>,
    take: Callback<()>,
) -> impl IntoView {
    let item = choice.item;
    let short = item.commit.get(..8).unwrap_or(&item.commit).to_owned();
    let is_named = choice.kind != RefKind::Commit;
    let commit = item.commit;
    let is_live = move || live.with(|live| live.as_ref().is_some_and(|live| live.commit == commit));
    let mark = move || is_live().then(|| view! { <span class="live-mark">{t(words::LIVE)}</span> });
    let is_active = move || marked.get() == Some(at);
    view! {
        <li
            id=format!("ref-{at}")
            role="option"
            aria-selected=move || is_active().to_string()
            data-kind=choice.kind.as_str()
            on:click=move |_| take.run(())
        >
            <span class="ref-kind">{t(choice.kind.label())}</span>
            <span class="ref-title">{is_named.then(|| view! { <b>{item.name}</b> " " })} <code>{short}</code></span>
            {mark}
            <span class="summary">{item.summary}</span>
            <span class="quiet who">{item.author} " · " <Time at=item.date /></span>
        </li>
    }
    .into_any()
}

/// What a name is taken as: set by the list, and by hand for what the list does not know.
#[component]
fn Kinds(chosen: RefSignals) -> impl IntoView {
    let kind = chosen.kind;
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
                        prop:checked=move || kind.get() == one
                        on:change=move |_| {
                            kind.set(one);
                            chosen.listed.set(false);
                        }
                    />
                    <span>{t(one.label())}</span>
                </label>
            }
        })
        .collect_view();
    view! {
        <fieldset class="ref-kinds">
            <legend>{t(words::REF_IS)}</legend>
            <div class="segments">{kinds}</div>
        </fieldset>
    }
}

/// Keeps the chosen line of the list in sight; the page itself does not move.
fn scroll_to_active(active: Option<usize>) {
    #[cfg(feature = "hydrate")]
    request_animation_frame(move || {
        use wasm_bindgen::JsCast;
        let element = |id: &str| document().get_element_by_id(id)?.dyn_into::<web_sys::HtmlElement>().ok();
        if let Some((list, line)) = element(LIST).zip(active.and_then(|at| element(&format!("ref-{at}")))) {
            let (top, height) = (line.offset_top() - list.offset_top(), line.offset_height());
            if top < list.scroll_top() {
                list.set_scroll_top(top);
            } else if top + height > list.scroll_top() + list.client_height() {
                list.set_scroll_top(top + height - list.client_height());
            }
        }
    });
    #[cfg(not(feature = "hydrate"))]
    let _ = active;
}
