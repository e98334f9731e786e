//! What every list has: a search, filters, columns to sort by, pages; all of it in the address.
//!
//! Without JavaScript the bar is a form that leads to the address; with it, the list follows what is typed.

use launchway_domain::list::{MAX_SEARCH, PAGE_ROWS};
use launchway_domain::{ListQuery, Text};
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_query_map};
use leptos_router::params::ParamsMap;

use crate::text::{CurrentLang, lists, t};
use crate::ui::next::encode;

/// How long after the last key the list follows, in milliseconds.
const PAUSE: u64 = 160;

type Go = std::sync::Arc<dyn Fn(&str) + Send + Sync>;

/// One list and what its address asks for.
#[derive(Clone, Copy)]
pub struct ListState {
    path: &'static str,
    /// What is asked for now; follows the address.
    pub query: Memo<ListQuery>,
    go: StoredValue<Go>,
}

impl ListState {
    /// The list at `path`, which knows these columns and filters: everything else in the address is left alone.
    pub fn new(path: &'static str, sorts: &'static [&'static str], filters: &'static [&'static str]) -> Self {
        let params = use_query_map();
        let query = Memo::new(move |_| read(&params.read(), sorts, filters));
        let navigate = use_navigate();
        let go = move |href: &str| {
            // The address follows what is typed; the way back leads to the page before, not through every letter.
            navigate(href, NavigateOptions { replace: true, scroll: false, ..Default::default() });
        };
        Self { path, query, go: StoredValue::new(std::sync::Arc::new(go)) }
    }

    /// The address of the list with something changed.
    pub fn href(self, change: impl FnOnce(&mut ListQuery)) -> String {
        let mut query = self.query.get_untracked();
        change(&mut query);
        write(self.path, &query)
    }

    /// The same question, all pages of it, put to another address; tracked.
    pub fn elsewhere(self, path: &str) -> String {
        self.query.with(|query| write(path, &ListQuery { offset: 0, ..query.clone() }))
    }

    /// Goes to the list with something changed.
    pub fn go(self, change: impl FnOnce(&mut ListQuery)) {
        let href = self.href(change);
        if let Some(go) = self.go.try_get_value() {
            go(&href);
        }
    }
}

/// What an address asks for.
fn read(params: &ParamsMap, sorts: &[&str], filters: &[&str]) -> ListQuery {
    let sort = params.get("sort").unwrap_or_default();
    let (column, descending) = match sort.strip_prefix('-') {
        Some(column) => (column, true),
        None => (sort.as_str(), false),
    };
    let known = sorts.contains(&column);
    let page = params.get("page").and_then(|page| page.parse::<u32>().ok()).unwrap_or(1).clamp(1, 100_000);
    ListQuery {
        q: params.get("q").unwrap_or_default().chars().take(MAX_SEARCH).collect(),
        sort: if known { column.to_owned() } else { String::new() },
        descending: known && descending,
        filters: filters
            .iter()
            .filter_map(|name| {
                params.get(name).filter(|value| !value.is_empty()).map(|value| ((*name).to_owned(), value))
            })
            .collect(),
        offset: (page - 1) * PAGE_ROWS,
        cursor: None,
        limit: None,
    }
}

/// The address that asks for it.
fn write(path: &str, query: &ListQuery) -> String {
    let mut href = path.to_owned();
    let mut separator = '?';
    let mut add = |name: &str, value: &str| {
        href.push(separator);
        href.push_str(name);
        href.push('=');
        href.push_str(value);
        separator = '&';
    };
    if !query.q.is_empty() {
        add("q", &encode(&query.q));
    }
    for (name, value) in &query.filters {
        if !value.is_empty() {
            add(name, &encode(value));
        }
    }
    if !query.sort.is_empty() {
        add("sort", &sort_of(query));
    }
    if query.offset >= PAGE_ROWS {
        add("page", &(query.offset / PAGE_ROWS + 1).to_string());
    }
    href
}

/// The column to sort by as it stands in the address.
fn sort_of(query: &ListQuery) -> String {
    let mut sort = String::from(if query.descending { "-" } else { "" });
    sort.push_str(&query.sort);
    sort
}

/// Sets a filter, or takes it away; the list begins again on its first page.
pub fn set_filter(query: &mut ListQuery, name: &str, value: String) {
    // An environment is one project's.
    query.filters.retain(|(known, _)| known != name && !(name == "project" && known == "environment"));
    if !value.is_empty() {
        query.filters.push((name.to_owned(), value));
    }
    query.offset = 0;
}

/// The search and the filters of a list.
#[component]
pub fn ListBar(
    /// The list.
    list: ListState,
    /// What the search looks for.
    label: Text,
    /// The filters: [`FilterSelect`]s.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    let typed = RwSignal::new(list.query.with_untracked(|query| query.q.clone()));
    let sent = StoredValue::new(typed.get_untracked());
    // Back and forth through the history: the field shows what the address asks for. What was typed here is not
    // written over by an address that is a letter behind.
    Effect::new(move |_| {
        let asked = list.query.with(|query| query.q.clone());
        if sent.get_value() != asked {
            sent.set_value(asked.clone());
            typed.set(asked);
        }
    });
    let search = move || {
        let q = typed.get_untracked();
        sent.set_value(q.trim().to_owned());
        list.go(|query| {
            query.q = q.trim().to_owned();
            query.offset = 0;
        });
    };
    let timer = StoredValue::new(None::<TimeoutHandle>);
    let later = move |event: leptos::ev::Event| {
        typed.set(event_target_value(&event));
        if let Some(waiting) = timer.try_update_value(Option::take).flatten() {
            waiting.clear();
        }
        let handle = set_timeout_with_handle(search, std::time::Duration::from_millis(PAUSE)).ok();
        timer.set_value(handle);
    };
    on_cleanup(move || {
        if let Some(waiting) = timer.try_update_value(Option::take).flatten() {
            waiting.clear();
        }
    });
    let now = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        search();
    };
    let name = t(label);
    view! {
        <form method="get" action=list.path class="list-bar" role="search" on:submit=now>
            <input
                type="search"
                name="q"
                class="list-search"
                autocomplete="off"
                maxlength=MAX_SEARCH.to_string()
                aria-label=name.clone()
                placeholder=name
                value=typed.get_untracked()
                prop:value=typed
                on:input=later
            />
            {children.map(|children| children())}
            {move || {
                list.query
                    .with(|query| {
                        (!query.sort.is_empty())
                            .then(|| view! { <input type="hidden" name="sort" value=sort_of(query) /> })
                    })
            }}
            <button type="submit" class="button no-script">
                {t(lists::APPLY)}
            </button>
            {move || {
                list.query
                    .with(ListQuery::is_narrow)
                    .then(|| {
                        view! {
                            <a class="button quiet" href=list.path data-noscroll="">
                                {t(lists::CLEAR)}
                            </a>
                        }
                    })
            }}
        </form>
    }
    .into_any()
}

/// One filter of a list.
#[component]
pub fn FilterSelect(
    /// The list.
    list: ListState,
    /// The filter's name in the address.
    name: &'static str,
    /// What it is called.
    label: Text,
    /// What stands there while it leaves nothing out.
    any: Text,
    /// What can be chosen: value and words.
    options: Vec<(String, Text)>,
) -> impl IntoView {
    let chosen = Memo::new(move |_| list.query.with(|query| query.filter(name).unwrap_or_default().to_owned()));
    let choose = move |event: leptos::ev::Event| {
        let value = event_target_value(&event);
        list.go(|query| set_filter(query, name, value));
    };
    let known = options.iter().any(|(value, _)| *value == chosen.get_untracked());
    // What the address names stays chosen, also where it is none of the options.
    let stray = chosen.get_untracked();
    let stray = (!known && !stray.is_empty()).then(|| (stray.clone(), Text::verbatim(stray)));
    let options = options
        .into_iter()
        .chain(stray)
        .map(|(value, text)| {
            let own = value.clone();
            let selected = move || chosen.with(|chosen| *chosen == own);
            view! { <option value=value selected=selected>{t(text)}</option> }
        })
        .collect_view();
    view! {
        <select
            name=name
            class="filter"
            aria-label=t(label)
            data-set=move || chosen.with(|chosen| !chosen.is_empty()).then_some("")
            prop:value=chosen
            on:change=choose
        >
            <option value="" selected=move || chosen.with(String::is_empty)>{t(any)}</option>
            {options}
        </select>
    }
    .into_any()
}

/// A filter of a list that is typed, such as a name or a day.
#[component]
pub fn FilterInput(
    /// The list.
    list: ListState,
    /// The filter's name in the address.
    name: &'static str,
    /// The kind of the field: `text`, `date`.
    kind: &'static str,
    /// What it is called.
    label: Text,
    /// What to type.
    #[prop(optional_no_strip)]
    hint: Option<Text>,
) -> impl IntoView {
    let chosen = Memo::new(move |_| list.query.with(|query| query.filter(name).unwrap_or_default().to_owned()));
    let choose = move |event: leptos::ev::Event| {
        let value = event_target_value(&event).trim().to_owned();
        list.go(|query| set_filter(query, name, value));
    };
    view! {
        <label class="filter-input">
            <span>{t(label)}</span>
            <input
                type=kind
                name=name
                class="filter"
                autocomplete="off"
                maxlength=MAX_SEARCH.to_string()
                placeholder=hint.map(t)
                data-set=move || chosen.with(|chosen| !chosen.is_empty()).then_some("")
                value=chosen.get_untracked()
                prop:value=chosen
                on:change=choose
            />
        </label>
    }
    .into_any()
}

/// The head of a column by which the list can be sorted.
#[component]
pub fn SortHead(
    /// The list.
    list: ListState,
    /// The column's word in the address.
    sort: &'static str,
    /// What it is called.
    text: Text,
    /// Whether the list is in this order where the address says nothing, and then: the greatest first.
    #[prop(optional_no_strip)]
    natural: Option<bool>,
    /// A class of the cell.
    #[prop(optional)]
    class: &'static str,
) -> impl IntoView {
    // Some(descending) where the list is sorted by this column.
    let way = move |query: &ListQuery| {
        if query.sort == sort {
            Some(query.descending)
        } else if query.sort.is_empty() {
            natural
        } else {
            None
        }
    };
    let now = list.query.with_untracked(way);
    let href = list.href(|query| {
        // The other way round; a column that is natural with the greatest first begins so.
        query.descending = now.map_or(natural == Some(true), |descending| !descending);
        query.sort = sort.to_owned();
        query.offset = 0;
    });
    let (aria, sign) = match now {
        Some(true) => (Some("descending"), "↓"),
        Some(false) => (Some("ascending"), "↑"),
        None => (None, ""),
    };
    view! {
        <th scope="col" class=class aria-sort=aria>
            <a class="sort" href=href data-noscroll="">
                {t(text)}
                " "
                <span class="way" aria-hidden="true">{sign}</span>
            </a>
        </th>
    }
    .into_any()
}

/// How much was found, and the way to the other pages.
#[component]
pub fn Paging(
    /// The list.
    list: ListState,
    /// How many rows this page has.
    rows: usize,
    /// How many rows match on all pages.
    total: u64,
) -> impl IntoView {
    let offset = u64::from(list.query.with_untracked(|query| query.offset));
    let (from, to) = (offset + 1, offset + rows as u64);
    let before = (offset > 0).then(|| list.href(|query| query.offset = query.offset.saturating_sub(PAGE_ROWS)));
    let after = (to < total).then(|| list.href(|query| query.offset += PAGE_ROWS));
    let link = |href: Option<String>, text: Text, rel: &'static str| {
        href.map(|href| view! { <a class="button small" href=href rel=rel>{t(text)}</a> })
    };
    view! {
        <nav class="paging" aria-label=t(lists::PAGES)>
            <p class="quiet" role="status">{t(lists::range(from, to, total))}</p>
            {link(before, lists::PREVIOUS, "prev")}
            {link(after, lists::NEXT, "next")}
        </nav>
    }
    .into_any()
}

/// What stands where nothing matches.
#[component]
pub fn NothingMatches(
    /// The list.
    list: ListState,
) -> impl IntoView {
    let current = CurrentLang::find();
    view! {
        <section class="empty" role="status">
            <h2>{move || lists::NOTHING.get(current.get()).to_owned()}</h2>
            <p>{t(lists::NOTHING_LEAD)}</p>
            <p>
                <a class="button" href=list.path data-noscroll="">
                    {t(lists::CLEAR)}
                </a>
            </p>
        </section>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SORTS: &[&str] = &["hostname", "added"];
    const FILTERS: &[&str] = &["tag", "key"];

    fn params(pairs: &[(&'static str, &str)]) -> ParamsMap {
        pairs.iter().map(|(name, value)| (*name, (*value).to_owned())).collect()
    }

    #[test]
    fn an_address_is_read_and_written_back() {
        let params = params(&[("q", "web 1"), ("tag", "eu"), ("sort", "-added"), ("page", "3"), ("utm", "x")]);
        let query = read(&params, SORTS, FILTERS);
        assert_eq!(
            (query.q.as_str(), query.sort.as_str(), query.descending, query.offset),
            ("web 1", "added", true, 100)
        );
        assert_eq!(write("/servers", &query), "/servers?q=web%201&tag=eu&sort=-added&page=3");
        assert_eq!(write("/servers", &ListQuery::default()), "/servers");
    }

    #[test]
    fn what_a_list_does_not_know_is_left_alone() {
        let query = read(&params(&[("sort", "-colour"), ("page", "x"), ("key", "")]), SORTS, FILTERS);
        assert_eq!(query, ListQuery::default());
        assert!(query.errors(SORTS, FILTERS).is_empty());
    }

    #[test]
    fn another_filter_begins_on_the_first_page() {
        let mut query = read(&params(&[("tag", "eu"), ("page", "3")]), SORTS, FILTERS);
        set_filter(&mut query, "tag", "us".into());
        assert_eq!(write("/servers", &query), "/servers?tag=us");
        set_filter(&mut query, "tag", String::new());
        assert_eq!(write("/servers", &query), "/servers");
    }
}
