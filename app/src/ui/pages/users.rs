//! Everybody who may sign in, and inviting more.

use launchway_domain::{Account, Form, InviteForm, Listed, Project, Role, Text, UserState};
use leptos::prelude::*;

use crate::api::people::{InviteUser, search_users};
use crate::api::projects::list_projects;
use crate::text::{people, t};
use crate::ui::components::field::{SelectField, TextField};
use crate::ui::components::form::{FormEnd, FormState};
use crate::ui::components::layout::PageHead;
use crate::ui::components::list_body::ListBody;
use crate::ui::components::listing::{FilterSelect, ListBar, ListState, SortHead};
use crate::ui::components::load::{Loading, show};
use crate::ui::components::once::Once;
use crate::ui::components::time::LastTime;
use crate::ui::components::toast::Toasts;
use crate::ui::may::May;

/// The page of the users.
#[component]
pub fn UsersPage() -> impl IntoView {
    let list = ListState::new("/users", &["name", "role", "state", "seen", "added"], &["role", "state"]);
    let invite = ServerAction::<InviteUser>::new();
    Toasts::follow(invite);
    let found = Resource::new(move || (list.query.get(), invite.version().get()), |(query, _)| search_users(query));
    let roles = Role::ALL.map(|role| (role.as_str().to_owned(), role.label())).to_vec();
    let states = UserState::ALL.map(|state| (state.as_str().to_owned(), state.label())).to_vec();
    view! {
        <PageHead title=people::USERS lead=Some(people::USERS_LEAD)>
            {May::find()
                .administer()
                .then(|| {
                    view! {
                        <a class="button primary" href="#invite" rel="external">
                            {t(people::INVITE)}
                        </a>
                    }
                })}
        </PageHead>
        <ListBar list label=people::SEARCH>
            <FilterSelect list name="role" label=people::ROLE any=people::ANY_ROLE options=roles />
            <FilterSelect list name="state" label=people::STATE any=people::ANY_STATE options=states />
        </ListBar>
        <Transition fallback=Loading>
            {move || Suspend::new(async move { show(found.await, |found| view! { <Table list found /> }) })}
        </Transition>
        {May::find().administer().then(|| view! { <Inviter invite /> })}
    }
}

#[component]
fn Table(list: ListState, found: Listed<Account>) -> impl IntoView {
    let (rows, total) = (found.items.len(), found.total);
    let lines = found
        .items
        .into_iter()
        .map(|account| {
            let seen = view! { <LastTime at=account.last_seen_at never=people::NEVER /> };
            view! {
                <tr>
                    <td>
                        <a href=format!("/users/{}", account.id)>{account.name}</a>
                    </td>
                    <td>{t(account.role.label())}</td>
                    <td>
                        <StateTag state=account.state />
                    </td>
                    <td class="quiet">{seen}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <ListBody list rows total empty=people::EMPTY lead=people::INVITE_LEAD first=("#invite", people::INVITE)>
            <table class="list">
                <thead>
                    <tr>
                        <SortHead list sort="name" text=people::NAME natural=Some(false) />
                        <SortHead list sort="role" text=people::ROLE />
                        <SortHead list sort="state" text=people::STATE />
                        <SortHead list sort="seen" text=people::LAST_SEEN />
                    </tr>
                </thead>
                <tbody>{lines}</tbody>
            </table>
        </ListBody>
    }
    .into_any()
}

/// Whether somebody can sign in.
#[component]
pub fn StateTag(
    /// The state.
    state: UserState,
) -> impl IntoView {
    let kind = match state {
        UserState::Active => "ok",
        UserState::Invited => "warn",
        UserState::Deactivated => "off",
    };
    view! {
        <span class="tag" data-kind=kind>
            {t(state.label())}
        </span>
    }
}

#[component]
fn Inviter(invite: ServerAction<InviteUser>) -> impl IntoView {
    let projects = Resource::new(|| (), |()| list_projects());
    let made = Memo::new(move |_| {
        invite.value().with(|value| match value {
            Some(Ok(made)) => Some(made.path.clone()),
            _ => None,
        })
    });
    view! {
        <section class="card" id="invite">
            <h2>{t(people::INVITE)}</h2>
            <p class="quiet">{t(people::INVITE_LEAD)}</p>
            <p class="no-script quiet">{t(people::NEEDS_SCRIPT)}</p>
            <div class="needs-script">
                <Suspense>
                    {move || Suspend::new(async move {
                        let projects = projects.await.unwrap_or_default();
                        view! { <InviteFields invite projects /> }
                    })}
                </Suspense>
            </div>
            <div aria-live="polite">
                {move || {
                    made.get().map(|secret| view! { <Once lead=people::LINK_MADE label=people::LINK secret /> })
                }}
            </div>
        </section>
    }
    .into_any()
}

#[component]
fn InviteFields(invite: ServerAction<InviteUser>, projects: Vec<Project>) -> impl IntoView {
    let name = RwSignal::new(String::new());
    let role = RwSignal::new(Role::Viewer.as_str().to_owned());
    let form = FormState::new(invite, move || {
        let role = Role::parse(&role.read()).unwrap_or(Role::Member);
        InviteForm { name: name.get(), role, ..Default::default() }.errors()
    });
    let roles = Role::ALL.map(|role| (role.as_str().to_owned(), role.label())).to_vec();
    let there =
        Role::OF_PROJECT.map(|role| view! { <option value=role.as_str()>{t(role.label())}</option> }).collect_view();
    let projects = projects
        .into_iter()
        .map(|project| view! { <option value=project.id.to_string()>{project.title}</option> })
        .collect_view();
    view! {
        <ActionForm action=invite on:submit:capture=form.guard() attr:novalidate=true attr:class="form">
            <TextField form field="name" label=people::NAME value=name />
            <SelectField
                form
                field="role"
                label=people::ROLE_EVERYWHERE
                hint=people::ROLE_HINT
                value=role
                options=roles
            />
            <div class="columns">
                <div class="field">
                    <label for="invite-project">{t(people::IN_PROJECT)}</label>
                    <select id="invite-project" name="project">
                        <option value="">{t(people::NO_PROJECT)}</option>
                        {projects}
                    </select>
                </div>
                <div class="field">
                    <label for="invite-there">{t(people::ROLE_THERE)}</label>
                    <select id="invite-there" name="project_role">
                        {there}
                    </select>
                </div>
            </div>
            <FormEnd form submit=people::INVITE_DO pending=invite.pending() />
        </ActionForm>
    }
    .into_any()
}

/// The roles that somebody can have in one project, as choices.
pub(crate) fn roles_of_project() -> Vec<(String, Text)> {
    Role::OF_PROJECT.map(|role| (role.as_str().to_owned(), role.label())).to_vec()
}
