//! One's own account: password, browsers, and API tokens.

use launchway_domain::{ApiToken, Form, PasswordForm, Project, Text, TokenForm, TokenScope};
use leptos::prelude::*;

use super::sessions::Sessions;
use crate::api::account::ChangePassword;
use crate::api::people::{CreateToken, RevokeToken, list_tokens};
use crate::api::projects::list_projects;
use crate::text::{common, people, t};
use crate::ui::components::confirm::{Refused, refusal_of};
use crate::ui::components::field::{SelectField, TextField};
use crate::ui::components::form::{FormEnd, FormState};
use crate::ui::components::layout::{EmptyState, PageHead};
use crate::ui::components::load::{Loading, show};
use crate::ui::components::once::Once;
use crate::ui::components::rows::{Head, TakeAway};
use crate::ui::components::time::LastTime;
use crate::ui::components::toast::Toasts;

/// After how many days a token may end, as choices.
const DAYS: [u32; 4] = [7, 30, 90, 365];

/// The page of one's own account.
#[component]
pub fn AccountPage() -> impl IntoView {
    let create = ServerAction::<CreateToken>::new();
    let revoke = ServerAction::<RevokeToken>::new();
    Toasts::follow(create);
    Toasts::follow(revoke);
    let found = Resource::new(
        move || (create.version().get(), revoke.version().get()),
        |_| async move { Ok((list_tokens().await?, list_projects().await.unwrap_or_default())) },
    );
    let projects = Resource::new(|| (), |()| list_projects());
    view! {
        <PageHead title=people::ACCOUNT />
        <Password />
        <Sessions of=None />
        <section>
            <h2>{t(people::TOKENS)}</h2>
            <p class="quiet">{t(people::TOKENS_LEAD)}</p>
            <Transition fallback=Loading>
                {move || Suspend::new(async move {
                    show(found.await, |(tokens, projects)| view! { <Tokens tokens projects revoke /> })
                })}
            </Transition>
            <Refused of=refusal_of(revoke) />
        </section>
        <section class="card">
            <h2>{t(people::TOKEN_MAKE)}</h2>
            <p class="no-script quiet">{t(people::TOKEN_SCRIPT)}</p>
            <div class="needs-script">
                <Suspense>
                    {move || Suspend::new(async move {
                        let projects = projects.await.unwrap_or_default();
                        view! { <Maker create projects /> }
                    })}
                </Suspense>
            </div>
            <NewToken create />
        </section>
    }
}

#[component]
fn Password() -> impl IntoView {
    let change = ServerAction::<ChangePassword>::new();
    Toasts::follow(change);
    let (current, password) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let form = FormState::new(change, move || {
        PasswordForm { current_password: current.get(), password: password.get() }.errors()
    });
    Effect::new(move |_| {
        if change.value().with(|value| matches!(value, Some(Ok(())))) {
            current.set(String::new());
            password.set(String::new());
        }
    });
    view! {
        <section class="card">
            <h2>{t(people::PASSWORD)}</h2>
            <p class="quiet">{t(people::CHANGE_LEAD)}</p>
            <ActionForm action=change on:submit:capture=form.guard() attr:novalidate=true attr:class="form">
                <TextField
                    form
                    field="current_password"
                    label=people::CURRENT
                    value=current
                    kind="password"
                    autocomplete="current-password"
                />
                <TextField
                    form
                    field="password"
                    label=crate::text::account::NEW_PASSWORD
                    hint=crate::text::account::PASSWORD_HINT
                    value=password
                    kind="password"
                    autocomplete="new-password"
                />
                <FormEnd form submit=people::CHANGE pending=change.pending() />
            </ActionForm>
        </section>
    }
    .into_any()
}

#[component]
fn Maker(create: ServerAction<CreateToken>, projects: Vec<Project>) -> impl IntoView {
    let name = RwSignal::new(String::new());
    let scope = RwSignal::new(TokenScope::Release.as_str().to_owned());
    let (project, days) = (RwSignal::new(String::new()), RwSignal::new("90".to_owned()));
    let form = FormState::new(create, move || TokenForm { name: name.get(), ..Default::default() }.errors());
    let scopes = TokenScope::ALL.map(|scope| (scope.as_str().to_owned(), scope.label())).to_vec();
    let projects =
        projects.into_iter().map(|project| (project.id.to_string(), Text::verbatim(project.title))).collect();
    let ends = DAYS.map(|days| (days.to_string(), people::days(days))).to_vec();
    view! {
        <ActionForm action=create on:submit:capture=form.guard() attr:novalidate=true attr:class="form">
            <TextField form field="name" label=people::TOKEN_NAME value=name />
            <SelectField form field="scope" label=people::SCOPE value=scope options=scopes />
            <div class="columns">
                <SelectField
                    form
                    field="project_id"
                    label=people::SCOPE_FOR
                    value=project
                    options=projects
                    none=people::ALL_PROJECTS
                />
                <SelectField
                    form
                    field="expires_in_days"
                    label=people::EXPIRES
                    value=days
                    options=ends
                    none=people::NO_END
                />
            </div>
            <FormEnd form submit=people::TOKEN_MAKE pending=create.pending() />
        </ActionForm>
    }
    .into_any()
}

/// The token that was just made.
#[component]
fn NewToken(create: ServerAction<CreateToken>) -> impl IntoView {
    let made = Memo::new(move |_| {
        create.value().with(|value| match value {
            Some(Ok(made)) => Some(made.token.clone()),
            _ => None,
        })
    });
    view! {
        <div aria-live="polite">
            {move || made.get().map(|secret| view! { <Once lead=people::TOKEN_MADE label=people::TOKEN secret /> })}
        </div>
    }
}

#[component]
fn Tokens(tokens: Vec<ApiToken>, projects: Vec<Project>, revoke: ServerAction<RevokeToken>) -> impl IntoView {
    if tokens.is_empty() {
        return view! { <EmptyState title=people::NO_TOKENS lead=None action=None /> }.into_any();
    }
    let rows = tokens
        .into_iter()
        .map(|token| {
            let project = match token.project_id {
                None => people::ALL_PROJECTS,
                Some(id) => {
                    let title = projects.iter().find(|project| project.id == id).map(|project| project.title.clone());
                    Text::verbatim(title.unwrap_or_else(|| format!("#{id}")))
                }
            };
            let ends = view! { <LastTime at=token.expires_at never=people::NO_END /> };
            let used = view! { <LastTime at=token.last_used_at never=people::NEVER /> };
            view! {
                <tr>
                    <td>{token.name.clone()}</td>
                    <td>{t(token.scope.label())}</td>
                    <td>{t(project)}</td>
                    <td class="quiet">{ends}</td>
                    <td class="quiet">{used}</td>
                    <td class="end">
                        <ActionForm action=revoke>
                            <TakeAway fields=vec![("id", token.id.to_string()), ("name", token.name)] label=people::REVOKE />
                        </ActionForm>
                    </td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <table class="list">
            <Head columns=vec![common::NAME, people::SCOPE, people::SCOPE_FOR, people::EXPIRES, people::LAST_USED] last=Some(people::REVOKE) />
            <tbody>{rows}</tbody>
        </table>
    }
    .into_any()
}
