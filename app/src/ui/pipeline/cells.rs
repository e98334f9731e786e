//! Many servers below the picture: a cell each, grouped by state, with what needs somebody first. A cell leads to the step
//! that matters on its server, and draws that server's chain.

use launchway_domain::{NodeKey, NodeStatus, ServerId};
use leptos::ev::KeyboardEvent;
use leptos::prelude::*;

use super::drawn::{Drawn, ROOM};
use super::groups::{MANY, ORDER, Phase, ServerState, rank};
use super::sign::{self, Sign};
use crate::text::{CurrentLang, release as words, t};
use crate::ui::live::Live;

/// Up to how many servers carry their names on their cells: of all groups together, those first that need somebody.
const NAMED: usize = 24;

/// The servers of a release with many of them.
#[component]
pub fn Cells(
    /// The release.
    live: Live,
    /// What is drawn.
    drawn: Drawn,
    /// The address of a node's log.
    href: Callback<NodeKey, String>,
) -> impl IntoView {
    let lang = CurrentLang::find();
    let count = live.fleet.count;
    let is_many = Memo::new(move |_| count.get() >= MANY);
    let filter = RwSignal::new(String::new());
    let title = move || words::servers(count.get(), true).get(lang.get()).to_owned();
    let found = Memo::new(move |_| {
        filter.with(|text| {
            let of = |places: &Vec<usize>| live.fleet.matching(places, text).len();
            live.fleet.groups.iter().map(|group| group.with(of)).sum::<usize>()
        })
    });
    let said = move || {
        let is_asked = filter.with(|text| !text.is_empty());
        is_asked.then(|| words::matches(found.get()).get(lang.get()).to_owned())
    };
    let kinds = move || live.fleet.phases.with(|phases| phases.iter().map(|phase| phase.kind).collect::<Vec<_>>());
    view! {
        <Show when=move || is_many.get()>
            <section class="panel fleet" aria-label=title>
                <div class="fleet-head">
                    <h3>{title}</h3>
                    <ol class="phases">
                        <For each=kinds key=|kind| *kind let:kind>
                            <PhaseMark live kind />
                        </For>
                    </ol>
                    <label class="fleet-search needs-script">
                        <span class="out-of-sight">{t(words::FIND_SERVER)}</span>
                        <input
                            type="search"
                            placeholder=t(words::FIND_SERVER)
                            on:input=move |event| filter.set(event_target_value(&event).trim().to_ascii_lowercase())
                            on:keydown=move |event| {
                                if event.key() == "Enter" {
                                    event.prevent_default();
                                    focus_first();
                                }
                            }
                        />
                    </label>
                    <span class="fleet-found" role="status">
                        {said}
                    </span>
                </div>
                {ORDER.map(|status| view! { <Group live drawn href status filter /> })}
            </section>
        </Show>
    }
}

/// How far one phase has come.
#[component]
fn PhaseMark(live: Live, kind: launchway_domain::NodeKind) -> impl IntoView {
    let lang = CurrentLang::find();
    let phase =
        Memo::new(move |_| live.fleet.phases.with(|phases| phases.iter().find(|phase| phase.kind == kind).copied()));
    let status = Memo::new(move |_| phase.get().map_or(NodeStatus::Pending, |phase: Phase| phase.status()));
    let text = move || {
        let phase = phase.get();
        let (done, total) = phase.map_or((0, 0), |phase| (phase.count(NodeStatus::Succeeded), phase.total()));
        words::phase_so_far(kind, done, total).get(lang.get()).to_owned()
    };
    let failed = move || {
        let failed = phase.get().map_or(0, |phase| phase.count(NodeStatus::Failed));
        (failed > 0)
            .then(|| view! { <span class="phase-failed">{words::failed(failed).get(lang.get()).to_owned()}</span> })
    };
    view! {
        <li class="phase" data-phase=kind.as_str() data-status=move || status.get().as_str()>
            <Sign shape=Signal::derive(move || sign::of_node(status.get())) />
            {text}
            {failed}
        </li>
    }
}

/// The servers of one state.
#[component]
fn Group(
    live: Live,
    drawn: Drawn,
    href: Callback<NodeKey, String>,
    status: NodeStatus,
    filter: RwSignal<String>,
) -> impl IntoView {
    let lang = CurrentLang::find();
    let places = live.fleet.groups[rank(status)];
    let found = Memo::new(move |_| filter.with(|text| places.with(|places| live.fleet.matching(places, text))));
    let count = Memo::new(move |_| found.with(Vec::len));
    let is_named = Memo::new(move |_| {
        let above = ORDER.iter().take(rank(status));
        let above = filter.with(|text| {
            above
                .map(|status| live.fleet.groups[rank(*status)].with(|places| live.fleet.matching(places, text).len()))
                .sum::<usize>()
        });
        above + count.get() <= NAMED
    });
    let name = move || words::group(status, count.get()).get(lang.get()).to_owned();
    let ids = move || -> Vec<ServerId> {
        found.with_untracked(|found| {
            found.iter().take(ROOM).filter_map(|place| Some(live.fleet.server(*place)?.0)).collect()
        })
    };
    let is_drawn = Memo::new(move |_| {
        // Whether the chains of this group were asked for: its first server says so for all.
        let first = found.with(|found| found.first().copied()).and_then(|place| live.fleet.server(place));
        first.is_some_and(|(id, _)| drawn.asked.with(|asked| asked.contains(&id)))
    });
    let toggle = move |_| {
        let now = if is_drawn.get_untracked() { Vec::new() } else { ids() };
        drawn.asked.set(now);
    };
    let toggle_name = move || {
        if is_drawn.get() { words::STEPS_HIDE } else { words::steps_show(count.get(), ROOM) }.get(lang.get()).to_owned()
    };
    view! {
        <section class="fleet-group" data-group=status.as_str() hidden=move || count.get() == 0>
            <div class="fleet-title">
                <h4>
                    <Sign shape=sign::of_node(status) />
                    {name}
                </h4>
                <button
                    type="button"
                    class="button small quiet needs-script"
                    aria-expanded=move || if is_drawn.get() { "true" } else { "false" }
                    on:click=toggle
                >
                    {toggle_name}
                </button>
            </div>
            <div
                class="cells"
                class:is-named=move || is_named.get()
                role="listbox"
                tabindex="0"
                aria-label=name
                on:keydown=move |event| walk(&event)
                on:focus=move |event| enter(&event_target(&event))
            >
                <For each=move || found.get() key=|place| *place let:place>
                    <Cell live href place is_named />
                </For>
            </div>
        </section>
    }
}

/// One server.
#[component]
fn Cell(live: Live, href: Callback<NodeKey, String>, place: usize, is_named: Memo<bool>) -> impl IntoView {
    let lang = CurrentLang::find();
    let (id, host) = live.fleet.server(place)?;
    let state = live.fleet.state(place)?;
    let class = {
        let state = state.clone();
        move || format!("cell is-{}", state.with(|state| state.group.as_str()))
    };
    let address = {
        let state = state.clone();
        move || href.run(state.with(|state| state.node.clone()))
    };
    let short = {
        let (state, host) = (state.clone(), host.clone());
        move || {
            let said =
                |state: &ServerState| words::cell_name(&host, state.phase, state.group).get(lang.get()).to_owned();
            is_named.get().then(|| state.with(said))
        }
    };
    let name = move || state.with(|state| words::cell(&host, state.phase, state.group).get(lang.get()).to_owned());
    Some(view! {
        <a
            class=class
            href=address
            title=name
            data-name=short
            role="option"
            id=format!("cell-{id}")
            tabindex="-1"
            data-server=id.to_string()
            data-noscroll
        ></a>
    })
}

/// Gives the first cell the keyboard.
pub fn focus_first() {
    #[cfg(feature = "hydrate")]
    keys::focus_first();
}

fn enter(list: &web_sys::HtmlElement) {
    #[cfg(feature = "hydrate")]
    keys::enter(list);
    #[cfg(not(feature = "hydrate"))]
    let _ = list;
}

fn walk(event: &KeyboardEvent) {
    #[cfg(feature = "hydrate")]
    keys::walk(event);
    #[cfg(not(feature = "hydrate"))]
    let _ = event;
}

/// The keyboard in a list of cells: the list has the focus, and names its active cell. No cell has to listen, and no
/// signal wakes a thousand of them.
#[cfg(feature = "hydrate")]
mod keys {
    use leptos::ev::KeyboardEvent;
    use leptos::prelude::*;
    use wasm_bindgen::JsCast;
    use web_sys::{Element, HtmlElement};

    const ACTIVE: &str = "aria-activedescendant";

    pub(super) fn focus_first() {
        let lists = document().query_selector(".fleet-group:not([hidden]) .cells").ok().flatten();
        if let Some(list) = lists {
            let _ = list.unchecked_ref::<HtmlElement>().focus();
        }
    }

    pub(super) fn enter(list: &HtmlElement) {
        if active(list).is_none() {
            choose(list, 0);
        }
    }

    pub(super) fn walk(event: &KeyboardEvent) {
        let list: HtmlElement = event_target::<Element>(event)
            .closest(".cells")
            .ok()
            .flatten()
            .map_or_else(|| event_target(event), JsCast::unchecked_into);
        let cells = list.children();
        let last = cells.length().saturating_sub(1);
        let at = active(&list).unwrap_or(0);
        let to = match event.key().as_str() {
            "ArrowRight" => at + 1,
            "ArrowLeft" => at.saturating_sub(1),
            "ArrowDown" => at + row(&list),
            "ArrowUp" => at.checked_sub(row(&list)).unwrap_or(at),
            "Home" => 0,
            "End" => last,
            "Enter" | " " => {
                if let Some(cell) = cells.item(at) {
                    cell.unchecked_ref::<HtmlElement>().click();
                }
                event.prevent_default();
                return;
            }
            _ => return,
        };
        event.prevent_default();
        choose(&list, if to > last { at } else { to });
    }

    /// How many cells stand in one row.
    fn row(list: &Element) -> u32 {
        let cells = list.children();
        let top = |index: u32| cells.item(index).map(|cell| cell.unchecked_ref::<HtmlElement>().offset_top());
        let first = top(0);
        (1..cells.length()).find(|index| top(*index) != first).unwrap_or(1)
    }

    /// The place of the active cell in its list.
    fn active(list: &Element) -> Option<u32> {
        let id = list.get_attribute(ACTIVE)?;
        let cells = list.children();
        (0..cells.length()).find(|index| cells.item(*index).is_some_and(|cell| cell.id() == id))
    }

    fn choose(list: &Element, index: u32) {
        // Not a class: the page writes that anew whenever the server's state changes.
        if let Ok(Some(before)) = list.query_selector("[data-active]") {
            let _ = before.remove_attribute("data-active");
        }
        if let Some(cell) = list.children().item(index) {
            let _ = cell.set_attribute("data-active", "");
            let _ = list.set_attribute(ACTIVE, &cell.id());
            cell.scroll_into_view_with_bool(false);
        }
    }
}
