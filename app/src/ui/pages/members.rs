//! Who has a role in a project.

use launchway_domain::{Account, Form, ListQuery, Member, MemberForm, Project, ProjectId, Role, Text, UserState};
use leptos::prelude::*;

use super::users::{StateTag, roles_of_project};
use super::{id_param, no_such_page};
use crate::api::people::{RemoveMember, SetMember, list_members, search_users};
use crate::api::projects::get_project;
use crate::text::{common, people, t};
use crate::ui::components::confirm::{Refused, refusal_of};
use crate::ui::components::field::SelectField;
use crate::ui::components::form::{FormEnd, FormState};
use crate::ui::components::layout::{EmptyState, PageHead};
use crate::ui::components::load::{Loading, show};
use crate::ui::components::rows::{Head, TakeAway};
use crate::ui::components::toast::Toasts;
use crate::ui::may::May;

/// So many people are offered to be chosen.
const MANY: u32 = 200;

/// The members of a project.
#[component]
pub fn MembersPage() -> impl IntoView {
    let id = id_param::<ProjectId>("id");
    let set = ServerAction::<SetMember>::new();
    let remove = ServerAction::<RemoveMember>::new();
    Toasts::follow(set);
    Toasts::follow(remove);
    let found = Resource::new(
        move || (id.get(), set.version().get(), remove.version().get()),
        |(id, ..)| async move {
            let Some(id) = id else { return Err(no_such_page()) };
            let project = get_project(id).await?;
            let members = list_members(id).await?;
            let query = ListQuery { limit: Some(MANY), ..Default::default() };
            let people = if May::find().manage(Some(id)) { search_users(query).await?.items } else { Vec::new() };
            Ok((project, members, people))
        },
    );
    view! {
        <Transition fallback=Loading>
            {move || Suspend::new(async move {
                show(found.await, |(project, members, people)| view! { <Body project members people set remove /> })
            })}
        </Transition>
    }
}

#[component]
fn Body(
    project: Project,
    members: Vec<Member>,
    people: Vec<Account>,
    set: ServerAction<SetMember>,
    remove: ServerAction<RemoveMember>,
) -> impl IntoView {
    let id = project.id;
    let manages = May::find().manage(Some(id));
    let up = (format!("/projects/{id}"), Text::verbatim(project.title));
    let others: Vec<_> = people
        .into_iter()
        .filter(|person| person.state != UserState::Deactivated)
        .map(|person| (person.id.to_string(), Text::verbatim(person.name)))
        .collect();
    view! {
        <PageHead title=people::MEMBERS lead=Some(people::MEMBERS_LEAD) up=up />
        <Table id members manages remove />
        <Refused of=refusal_of(remove) />
        {manages.then(|| view! { <Adder id others set /> })}
    }
    .into_any()
}

#[component]
fn Table(id: ProjectId, members: Vec<Member>, manages: bool, remove: ServerAction<RemoveMember>) -> impl IntoView {
    if members.is_empty() {
        return view! { <EmptyState title=people::NO_MEMBERS lead=Some(people::NO_MEMBERS_LEAD) action=None /> }
            .into_any();
    }
    let rows = members
        .into_iter()
        .map(|member| {
            let name = member.name.clone();
            let away = manages.then(|| {
                view! {
                    <ActionForm action=remove>
                        <TakeAway
                            fields=vec![("project", id.to_string()), ("user", member.user_id.to_string()), ("name", name)]
                            label=people::REMOVE
                        />
                    </ActionForm>
                }
            });
            view! {
                <tr>
                    <td>
                        <a href=format!("/users/{}", member.user_id)>{member.name}</a>
                    </td>
                    <td>{t(member.role.label())}</td>
                    <td>{t(member.role_everywhere.label())}</td>
                    <td>
                        <StateTag state=member.state />
                    </td>
                    <td class="end">{away}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <table class="list">
            <Head columns=vec![people::PERSON, people::ROLE_THERE, people::ROLE_EVERYWHERE, people::STATE] last=Some(people::REMOVE) />
            <tbody>{rows}</tbody>
        </table>
    }
    .into_any()
}

/// Gives somebody a role, or another one.
#[component]
fn Adder(id: ProjectId, others: Vec<(String, Text)>, set: ServerAction<SetMember>) -> impl IntoView {
    let role = RwSignal::new(Role::Developer.as_str().to_owned());
    let form =
        FormState::new(set, move || MemberForm { role: Role::parse(&role.read()).unwrap_or(Role::Viewer) }.errors());
    let others = others.into_iter().map(|(id, name)| view! { <option value=id>{t(name)}</option> }).collect_view();
    view! {
        <section>
            <h2>{t(people::ADD_MEMBER)}</h2>
            <ActionForm action=set attr:class="form">
                <input type="hidden" name="project" value=id.to_string() />
                <div class="columns">
                    <div class="field">
                        <label for="member-person">{t(people::PERSON)}</label>
                        <select id="member-person" name="user">
                            {others}
                        </select>
                    </div>
                    <SelectField form field="role" label=people::ROLE_THERE value=role options=roles_of_project() />
                </div>
                <FormEnd form submit=common::SAVE pending=set.pending() />
            </ActionForm>
        </section>
    }
    .into_any()
}
