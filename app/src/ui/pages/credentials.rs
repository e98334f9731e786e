//! The list of credentials.

use launchway_domain::Credential;
use leptos::prelude::*;

use crate::api::credentials::list_credentials;
use crate::text::{common, credentials, t};
use crate::ui::components::layout::{EmptyState, PageHead};
use crate::ui::components::load::{Loading, show};
use crate::ui::components::time::Time;

/// The list of credentials.
#[component]
pub fn CredentialsPage() -> impl IntoView {
    let list = Resource::new(|| (), |()| list_credentials());
    view! {
        <PageHead title=common::CREDENTIALS lead=Some(credentials::LEAD)>
            <a class="button primary" href="/credentials/new">{t(credentials::NEW)}</a>
        </PageHead>
        <Suspense fallback=Loading>
            {move || Suspend::new(async move { show(list.await, |list| view! { <Table list /> }) })}
        </Suspense>
    }
}

#[component]
fn Table(list: Vec<Credential>) -> impl IntoView {
    if list.is_empty() {
        return view! {
            <EmptyState
                title=credentials::EMPTY
                lead=Some(credentials::EMPTY_LEAD)
                action=Some(("/credentials/new".into(), credentials::NEW))
            />
        }
        .into_any();
    }
    let rows = list
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
        <table class="list">
            <thead>
                <tr>
                    <th scope="col">{t(common::NAME)}</th>
                    <th scope="col">{t(credentials::KIND)}</th>
                    <th scope="col">{t(credentials::USERNAME)}</th>
                    <th scope="col" class="when">{t(common::ADDED)}</th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
    }
    .into_any()
}
