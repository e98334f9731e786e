//! The list of credentials.

use launchway_domain::{Credential, CredentialKind, Listed};
use leptos::prelude::*;

use crate::api::credentials::search_credentials;
use crate::text::{common, credentials, lists, t};
use crate::ui::components::layout::{AddButton, PageHead};
use crate::ui::components::list_body::ListBody;
use crate::ui::components::listing::{FilterSelect, ListBar, ListState, SortHead};
use crate::ui::components::load::{Loading, show};
use crate::ui::components::time::Time;
use crate::ui::may::May;

/// The list of credentials.
#[component]
pub fn CredentialsPage() -> impl IntoView {
    let list = ListState::new("/credentials", &["name", "kind", "username", "added"], &["kind"]);
    let found = Resource::new(move || list.query.get(), search_credentials);
    let kinds =
        CredentialKind::ALL.into_iter().map(|kind| (kind.as_str().to_owned(), kind.label())).collect::<Vec<_>>();
    view! {
        <PageHead title=common::CREDENTIALS lead=Some(credentials::LEAD)>
            <AddButton href="/credentials/new" text=credentials::NEW may=May::find().manage_somewhere() />
        </PageHead>
        <ListBar list label=lists::SEARCH_CREDENTIALS>
            <FilterSelect list name="kind" label=credentials::KIND any=lists::ANY_KIND options=kinds />
        </ListBar>
        <Transition fallback=Loading>
            {move || Suspend::new(async move { show(found.await, |found| view! { <Table list found /> }) })}
        </Transition>
    }
}

#[component]
fn Table(list: ListState, found: Listed<Credential>) -> impl IntoView {
    let (rows, total) = (found.items.len(), found.total);
    let lines = found
        .items
        .into_iter()
        .map(|credential| {
            view! {
                <tr>
                    <td>
                        <a href=format!("/credentials/{}", credential.id)>{credential.name}</a>
                    </td>
                    <td>
                        {t(credential.kind.label())}
                        {credential
                            .has_passphrase
                            .then(|| view! { <span class="quiet">" · " {t(credentials::HAS_PASSPHRASE)}</span> })}
                    </td>
                    <td>
                        <code>{credential.username}</code>
                    </td>
                    <td class="when">
                        <Time at=credential.created_at />
                    </td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <ListBody list rows total empty=credentials::EMPTY lead=credentials::EMPTY_LEAD first=("/credentials/new", credentials::NEW) may=May::find().manage_somewhere()>
            <table class="list">
                <thead>
                    <tr>
                        <SortHead list sort="name" text=common::NAME natural=Some(false) />
                        <SortHead list sort="kind" text=credentials::KIND />
                        <SortHead list sort="username" text=credentials::USERNAME />
                        <SortHead list sort="added" text=common::ADDED class="when" />
                    </tr>
                </thead>
                <tbody>{lines}</tbody>
            </table>
        </ListBody>
    }
    .into_any()
}
