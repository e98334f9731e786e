//! Links that open the wall: making one, shown this once, and revoking.

use launchway_domain::{Form, WallLink, WallLinkForm};
use leptos::prelude::*;

use crate::api::walls::{CreateWallLink, RevokeWallLink, list_wall_links};
use crate::text::{t, walls};
use crate::ui::components::confirm::{Refused, refusal_of};
use crate::ui::components::field::TextField;
use crate::ui::components::form::{FormEnd, FormState};
use crate::ui::components::layout::{EmptyState, PageHead};
use crate::ui::components::load::{Loading, show};
use crate::ui::components::once::Once;
use crate::ui::components::rows::{Head, TakeAway};
use crate::ui::components::time::{LastTime, Time};
use crate::ui::components::toast::Toasts;

/// The page of the links.
#[component]
pub fn WallLinksPage() -> impl IntoView {
    let create = ServerAction::<CreateWallLink>::new();
    let revoke = ServerAction::<RevokeWallLink>::new();
    Toasts::follow(create);
    Toasts::follow(revoke);
    let found = Resource::new(move || (create.version().get(), revoke.version().get()), |_| list_wall_links());
    view! {
        <PageHead title=walls::LINKS lead=Some(walls::LINKS_LEAD)>
            <a class="button" href="/wall">
                {t(walls::SHOW_WALL)}
            </a>
        </PageHead>
        <Maker create />
        <Transition fallback=Loading>
            {move || Suspend::new(async move { show(found.await, |links| view! { <Table links revoke /> }) })}
        </Transition>
    }
}

#[component]
fn Maker(create: ServerAction<CreateWallLink>) -> impl IntoView {
    let label = RwSignal::new(String::new());
    let form = FormState::new(create, move || WallLinkForm { label: label.get() }.errors());
    let made = Memo::new(move |_| {
        create.value().with(|value| match value {
            Some(Ok(made)) => Some(made.clone()),
            _ => None,
        })
    });
    view! {
        <section class="card">
            <p class="no-script quiet">{t(walls::NEEDS_SCRIPT)}</p>
            <div class="form needs-script">
                <ActionForm action=create on:submit:capture=form.guard() attr:novalidate=true attr:class="form">
                    <TextField form field="label" label=walls::LABEL hint=walls::LABEL_HINT value=label />
                    <FormEnd form submit=walls::MAKE pending=create.pending() />
                </ActionForm>
            </div>
            <div aria-live="polite">{move || made.get().map(|made| view! { <Once lead=walls::MADE label=walls::ADDRESS secret=made.path /> })}</div>
        </section>
    }
    .into_any()
}

#[component]
fn Table(links: Vec<WallLink>, revoke: ServerAction<RevokeWallLink>) -> impl IntoView {
    if links.is_empty() {
        return view! { <EmptyState title=walls::EMPTY lead=Some(walls::EMPTY_LEAD) /> }.into_any();
    }
    let refusal = refusal_of(revoke);
    let rows = links
        .into_iter()
        .map(|link| {
            let used = view! { <LastTime at=link.last_used_at never=walls::NEVER_USED /> };
            view! {
                <tr>
                    <td>{link.label.clone()}</td>
                    <td>{link.created_by_name}</td>
                    <td class="quiet">
                        <Time at=link.created_at />
                    </td>
                    <td class="quiet">{used}</td>
                    <td class="end">
                        <ActionForm action=revoke>
                            <TakeAway
                                fields=vec![("id", link.id.to_string()), ("label", link.label)]
                                label=walls::REVOKE
                            />
                        </ActionForm>
                    </td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <section>
            <Refused of=refusal />
            <table class="list">
                <Head
                    columns=vec![walls::LABEL, walls::MADE_BY, walls::MADE_AT, walls::LAST_USED]
                    last=Some(walls::REVOKE)
                />
                <tbody>{rows}</tbody>
            </table>
        </section>
    }
    .into_any()
}
