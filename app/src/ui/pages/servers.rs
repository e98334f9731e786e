//! The list of servers.

use launchway_domain::{Listed, Server, Text};
use leptos::prelude::*;

use crate::api::servers::{list_tags, search_servers};
use crate::text::{common, lists, servers, t};
use crate::ui::components::layout::{AddButton, PageHead};
use crate::ui::components::list_body::ListBody;
use crate::ui::components::listing::{FilterSelect, ListBar, ListState, SortHead};
use crate::ui::components::load::{Loading, show};
use crate::ui::may::May;

/// The list of servers.
#[component]
pub fn ServersPage() -> impl IntoView {
    let list = ListState::new("/servers", &["hostname", "address", "key", "added"], &["tag", "key"]);
    let found = Resource::new(move || list.query.get(), search_servers);
    let tags = Resource::new(|| (), |()| list_tags());
    view! {
        <PageHead title=common::SERVERS lead=Some(servers::LEAD)>
            <AddButton href="/servers/new" text=servers::NEW may=May::find().manage_somewhere() />
        </PageHead>
        <ListBar list label=lists::SEARCH_SERVERS>
            <Suspense>
                {move || Suspend::new(async move {
                    let tags = tags.await.unwrap_or_default();
                    let options: Vec<_> = tags.into_iter().map(|tag| (tag.clone(), Text::verbatim(tag))).collect();
                    view! { <FilterSelect list name="tag" label=lists::TAG any=lists::ANY_TAG options /> }
                })}
            </Suspense>
            <FilterSelect
                list
                name="key"
                label=common::HOST_KEY
                any=lists::ANY_KEY
                options=vec![("pinned".into(), common::PINNED), ("missing".into(), common::NOT_PINNED)]
            />
        </ListBar>
        <Transition fallback=Loading>
            {move || Suspend::new(async move { show(found.await, |found| view! { <Table list found /> }) })}
        </Transition>
    }
}

#[component]
fn Table(list: ListState, found: Listed<Server>) -> impl IntoView {
    let (rows, total) = (found.items.len(), found.total);
    let lines = found
        .items
        .into_iter()
        .map(|server| {
            let pinned = server.host_key.is_some();
            let (kind, text) = if pinned { ("ok", common::PINNED) } else { ("warn", common::NOT_PINNED) };
            let tags = server
                .tags
                .into_iter()
                .map(|tag| {
                    let href = list.href(|query| crate::ui::components::listing::set_filter(query, "tag", tag.clone()));
                    view! {
                        <a class="tag" href=href data-noscroll="">
                            {tag}
                        </a>
                    }
                })
                .collect_view();
            view! {
                <tr>
                    <td>
                        <a href=format!("/servers/{}", server.id)>{server.hostname}</a>
                    </td>
                    <td>
                        <code>{format!("{}:{}", server.address, server.port)}</code>
                    </td>
                    <td>
                        <span class="tag" data-kind=kind>
                            {t(text)}
                        </span>
                    </td>
                    <td>{tags}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <ListBody list rows total empty=servers::EMPTY lead=servers::EMPTY_LEAD first=("/servers/new", servers::NEW) may=May::find().manage_somewhere()>
            <table class="list">
                <thead>
                    <tr>
                        <SortHead list sort="hostname" text=servers::HOSTNAME natural=Some(false) />
                        <SortHead list sort="address" text=servers::ADDRESS />
                        <SortHead list sort="key" text=common::HOST_KEY />
                        <th scope="col">{t(servers::TAGS)}</th>
                    </tr>
                </thead>
                <tbody>{lines}</tbody>
            </table>
        </ListBody>
    }
    .into_any()
}
