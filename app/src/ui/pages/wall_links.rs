//! Links that open the wall: making one, shown this once, and revoking.

use launchway_domain::{Form, NewWallLink, WallLink, WallLinkForm};
use leptos::prelude::*;

use crate::api::walls::{CreateWallLink, RevokeWallLink, list_wall_links};
use crate::text::{t, walls};
use crate::ui::components::confirm::{Refused, refusal_of};
use crate::ui::components::copy_field::CopyField;
use crate::ui::components::field::TextField;
use crate::ui::components::form::{FormEnd, FormState};
use crate::ui::components::layout::{EmptyState, PageHead};
use crate::ui::components::load::{Loading, show};
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
            <div aria-live="polite">{move || made.get().map(|made| view! { <Made made /> })}</div>
        </section>
    }
    .into_any()
}

/// The address of a new link, to be copied.
#[component]
fn Made(made: NewWallLink) -> impl IntoView {
    view! {
        <div class="made">
            <p>{t(walls::MADE)}</p>
            <CopyField label=walls::ADDRESS value=made.path />
        </div>
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
                            <input type="hidden" name="id" value=link.id.to_string() />
                            <input type="hidden" name="label" value=link.label />
                            <button type="submit" class="button danger small">
                                {t(walls::REVOKE)}
                            </button>
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
                <thead>
                    <tr>
                        <th scope="col">{t(walls::LABEL)}</th>
                        <th scope="col">{t(walls::MADE_BY)}</th>
                        <th scope="col">{t(walls::MADE_AT)}</th>
                        <th scope="col">{t(walls::LAST_USED)}</th>
                        <th scope="col">
                            <span class="unseen">{t(walls::REVOKE)}</span>
                        </th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </section>
    }
    .into_any()
}
