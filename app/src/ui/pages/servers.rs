//! The list of servers.

use launchway_domain::Server;
use leptos::prelude::*;

use crate::api::servers::list_servers;
use crate::text::{common, servers, t};
use crate::ui::components::layout::{EmptyState, PageHead};
use crate::ui::components::load::{Loading, show};

/// The list of servers.
#[component]
pub fn ServersPage() -> impl IntoView {
    let list = Resource::new(|| (), |()| list_servers());
    view! {
        <PageHead title=common::SERVERS lead=Some(servers::LEAD)>
            <a class="button primary" href="/servers/new">{t(servers::NEW)}</a>
        </PageHead>
        <Suspense fallback=Loading>
            {move || Suspend::new(async move { show(list.await, |list| view! { <Table list /> }) })}
        </Suspense>
    }
}

#[component]
fn Table(list: Vec<Server>) -> impl IntoView {
    if list.is_empty() {
        return view! {
            <EmptyState
                title=servers::EMPTY
                lead=Some(servers::EMPTY_LEAD)
                action=Some(("/servers/new".into(), servers::NEW))
            />
        }
        .into_any();
    }
    let rows = list
        .into_iter()
        .map(|server| {
            let pinned = server.host_key.is_some();
            let (kind, text) = if pinned { ("ok", common::PINNED) } else { ("warn", common::NOT_PINNED) };
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
                    <td>
                        {server.tags.into_iter().map(|tag| view! { <span class="tag">{tag}</span> }).collect_view()}
                    </td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <table class="list">
            <thead>
                <tr>
                    <th scope="col">{t(servers::HOSTNAME)}</th>
                    <th scope="col">{t(servers::ADDRESS)}</th>
                    <th scope="col">{t(common::HOST_KEY)}</th>
                    <th scope="col">{t(servers::TAGS)}</th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
    }
    .into_any()
}
