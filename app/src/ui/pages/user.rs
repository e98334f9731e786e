//! One person: their role, their link, shutting them out.

use launchway_domain::{Account, Form, Project, Role, RoleForm, Text, UserId, UserState};
use leptos::prelude::*;

use super::sessions::Sessions;
use super::users::StateTag;
use super::{id_param, no_such_page};
use crate::api::people::{DeactivateUser, InviteAgain, ReactivateUser, SetUserRole, get_user};
use crate::api::projects::list_projects;
use crate::text::{common, people, t};
use crate::ui::components::confirm::{Refused, refusal_of};
use crate::ui::components::field::SelectField;
use crate::ui::components::form::{FormEnd, FormState, VersionField};
use crate::ui::components::layout::PageHead;
use crate::ui::components::load::{Loading, show};
use crate::ui::components::once::Once;
use crate::ui::components::time::LastTime;
use crate::ui::components::toast::Toasts;
use crate::ui::may::May;

/// What can be done to somebody.
#[derive(Clone, Copy)]
struct Doings {
    role: ServerAction<SetUserRole>,
    link: ServerAction<InviteAgain>,
    out: ServerAction<DeactivateUser>,
    back: ServerAction<ReactivateUser>,
}

/// The page of one person.
#[component]
pub fn UserPage() -> impl IntoView {
    let id = id_param::<UserId>("id");
    let doings = Doings {
        role: ServerAction::new(),
        link: ServerAction::new(),
        out: ServerAction::new(),
        back: ServerAction::new(),
    };
    let Doings { role, out, back, .. } = doings;
    Toasts::follow(role);
    Toasts::follow(out);
    Toasts::follow(back);
    let found = Resource::new(
        move || (id.get(), role.version().get(), out.version().get(), back.version().get()),
        |(id, ..)| async move {
            let Some(id) = id else { return Err(no_such_page()) };
            Ok((get_user(id).await?, list_projects().await?))
        },
    );
    view! {
        <Transition fallback=Loading>
            {move || Suspend::new(async move {
                show(found.await, |(account, projects)| view! { <Body account projects doings /> })
            })}
        </Transition>
    }
}

#[component]
fn Body(account: Account, projects: Vec<Project>, doings: Doings) -> impl IntoView {
    let title = |id| projects.iter().find(|project| project.id == id).map(|project| project.title.clone());
    let memberships = account
        .memberships
        .iter()
        .filter_map(|membership| {
            let title = title(membership.project_id)?;
            let href = format!("/projects/{}/members", membership.project_id);
            Some(view! {
                <li>
                    <a href=href>{title}</a>
                    " "
                    {t(membership.role.label())}
                </li>
            })
        })
        .collect::<Vec<_>>();
    let seen = view! { <LastTime at=account.last_seen_at never=people::NEVER /> };
    view! {
        <PageHead title=Text::verbatim(account.name.clone()) up=("/users".into(), people::USERS) />
        <section class="card">
            <dl class="facts">
                <dt>{t(people::STATE)}</dt>
                <dd>
                    <StateTag state=account.state />
                </dd>
                <dt>{t(people::ROLE_EVERYWHERE)}</dt>
                <dd>{t(account.role.label())}</dd>
                <dt>{t(people::LAST_SEEN)}</dt>
                <dd>{seen}</dd>
                {(!memberships.is_empty())
                    .then(|| {
                        view! {
                            <dt>{t(people::MEMBERSHIPS)}</dt>
                            <dd>
                                <ul class="plain">{memberships}</ul>
                            </dd>
                        }
                    })}
            </dl>
        </section>
        {May::find().administer().then(|| view! { <Managed account doings /> })}
    }
    .into_any()
}

#[component]
fn Managed(account: Account, doings: Doings) -> impl IntoView {
    let Doings { role, link, out, back } = doings;
    let (id, version, state) = (account.id, account.version, account.state);
    let chosen = RwSignal::new(account.role.as_str().to_owned());
    let form =
        FormState::new(role, move || RoleForm { role: Role::parse(&chosen.read()).unwrap_or(Role::Member) }.errors());
    let roles = Role::ALL.map(|role| (role.as_str().to_owned(), role.label())).to_vec();
    let made = Memo::new(move |_| {
        link.value().with(|value| match value {
            Some(Ok(made)) => Some(made.path.clone()),
            _ => None,
        })
    });
    let is_out = state == UserState::Deactivated;
    view! {
        <section>
            <h2>{t(people::ROLE)}</h2>
            <ActionForm action=role attr:class="form">
                <input type="hidden" name="id" value=id.to_string() />
                <VersionField form version />
                <SelectField
                    form
                    field="role"
                    label=people::ROLE_EVERYWHERE
                    hint=people::ROLE_HINT
                    value=chosen
                    options=roles
                />
                <FormEnd form submit=common::SAVE pending=role.pending() />
            </ActionForm>
        </section>
        {(!is_out)
            .then(|| {
                view! {
                    <section class="card">
                        <h2>{t(people::LINK)}</h2>
                        <p class="quiet">{t(people::LINK_AGAIN_LEAD)}</p>
                        <p class="no-script quiet">{t(people::NEEDS_SCRIPT)}</p>
                        <ActionForm action=link attr:class="needs-script">
                            <input type="hidden" name="id" value=id.to_string() />
                            <button type="submit" class="button">
                                {t(people::LINK_AGAIN)}
                            </button>
                        </ActionForm>
                        <Refused of=refusal_of(link) />
                        <div aria-live="polite">
                            {move || {
                                made.get()
                                    .map(|secret| view! { <Once lead=people::LINK_MADE label=people::LINK secret /> })
                            }}
                        </div>
                    </section>
                }
            })}
        {(!is_out).then(|| view! { <Sessions of=Some(id) /> })}
        <section class="danger-zone">
            {if is_out {
                view! {
                    <h2>{t(people::REACTIVATE)}</h2>
                    <p class="quiet">{t(people::REACTIVATE_LEAD)}</p>
                    <ActionForm action=back>
                        <input type="hidden" name="id" value=id.to_string() />
                        <button type="submit" class="button">
                            {t(people::REACTIVATE)}
                        </button>
                    </ActionForm>
                    <Refused of=refusal_of(back) />
                }
                    .into_any()
            } else {
                view! {
                    <h2>{t(people::DEACTIVATE)}</h2>
                    <p class="quiet">{t(people::DEACTIVATE_LEAD)}</p>
                    <ActionForm action=out>
                        <input type="hidden" name="id" value=id.to_string() />
                        <button type="submit" class="button danger">
                            {t(people::DEACTIVATE)}
                        </button>
                    </ActionForm>
                    <Refused of=refusal_of(out) />
                }
                    .into_any()
            }}
        </section>
    }
    .into_any()
}
