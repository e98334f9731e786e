//! Adding, changing and deleting a credential.

use launchway_domain::{Credential, CredentialForm, CredentialId, CredentialKind, Form, Project};
use leptos::prelude::*;

use super::{by_id, id_param};
use crate::api::ApiError;
use crate::api::credentials::{DeleteCredential, SaveCredential, get_credential};
use crate::api::projects::list_projects;
use crate::text::{common, credentials};
use crate::ui::components::confirm::{ConfirmButton, DangerZone, refusal_of};
use crate::ui::components::field::{SelectField, TextArea, TextField};
use crate::ui::components::form::{FormEnd, FormState, VersionField};
use crate::ui::components::layout::PageHead;
use crate::ui::components::load::{Loading, show};
use crate::ui::components::owner::{OwnerField, owner};

fn up() -> (String, launchway_domain::Text) {
    ("/credentials".into(), common::CREDENTIALS)
}

/// A new credential.
#[component]
pub fn NewCredentialPage() -> impl IntoView {
    let found = Resource::new(|| (), |()| list_projects());
    view! {
        <PageHead title=credentials::NEW lead=Some(credentials::LEAD) up=up() />
        <Suspense fallback=Loading>
            {move || Suspend::new(async move {
                show(found.await, |projects| view! { <Editor existing=None projects /> })
            })}
        </Suspense>
    }
}

/// A credential that is there.
#[component]
pub fn CredentialPage() -> impl IntoView {
    let id = id_param::<CredentialId>("id");
    let found = Resource::new(move || id.get(), |id| by_id(id, editable));
    view! {
        <PageHead title=credentials::EDIT up=up() />
        <Suspense fallback=Loading>
            {move || Suspend::new(async move {
                show(
                    found.await,
                    |(credential, projects)| {
                        view! {
                            <Editor existing=Some(credential.clone()) projects />
                            <Danger credential />
                        }
                    },
                )
            })}
        </Suspense>
    }
}

/// A credential, and the projects whose it may become.
async fn editable(id: CredentialId) -> Result<(Credential, Vec<Project>), ApiError> {
    Ok((get_credential(id).await?, list_projects().await?))
}

#[component]
fn Editor(existing: Option<Credential>, projects: Vec<Project>) -> impl IntoView {
    let save = ServerAction::<SaveCredential>::new();
    let id = existing.as_ref().map(|credential| credential.id);
    let version = existing.as_ref().map(|credential| credential.version);
    let project = existing.as_ref().and_then(|credential| credential.project_id);
    let project = RwSignal::new(project.map(|id| id.to_string()).unwrap_or_default());
    let start = |get: fn(&Credential) -> &str| RwSignal::new(existing.as_ref().map(get).unwrap_or_default().to_owned());
    let (name, username) = (start(|c| &c.name), start(|c| &c.username));
    let kind = existing.as_ref().map(|credential| credential.kind).unwrap_or_default();
    let kind = RwSignal::new(kind.as_str().to_owned());
    let (secret, passphrase) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let form = FormState::new(save, move || {
        let form = CredentialForm {
            name: name.get(),
            kind: CredentialKind::parse(&kind.read()).unwrap_or_default(),
            username: username.get(),
            secret: Some(secret.get()),
            passphrase: Some(passphrase.get()),
            project_id: owner(project),
        };
        if id.is_some() { form.errors() } else { form.errors_for_new() }
    });
    let kinds = CredentialKind::ALL.into_iter().map(|kind| (kind.as_str().to_owned(), kind.label())).collect();
    let is_key = move || CredentialKind::parse(&kind.read()).is_some_and(CredentialKind::is_key);
    let hint = if id.is_some() { credentials::SECRET_KEEP } else { credentials::SECRET_HINT };
    view! {
        <ActionForm action=save on:submit:capture=form.guard() attr:class="form" attr:novalidate=true>
            {id.map(|id| view! { <input type="hidden" name="id" value=id.to_string() /> })}
            {version.map(|version| view! { <VersionField form version /> })}
            <TextField form field="name" label=common::NAME value=name hint=credentials::NAME_HINT />
            <SelectField form field="kind" label=credentials::KIND value=kind options=kinds />
            <TextField
                form
                field="username"
                label=credentials::USERNAME
                value=username
                hint=credentials::USERNAME_HINT
                code=true
            />
            <div class="secret">
                <TextArea
                    form
                    field="secret"
                    label=credentials::SECRET
                    value=secret
                    hint=hint
                    optional=id.is_some()
                    rows=6
                    code=true
                />
            </div>
            <div class:hidden=move || !is_key()>
                <TextField
                    form
                    field="passphrase"
                    label=credentials::PASSPHRASE
                    value=passphrase
                    hint=credentials::PASSPHRASE_HINT
                    optional=true
                    kind="password"
                    autocomplete="new-password"
                />
            </div>
            <OwnerField form value=project projects />
            <FormEnd form submit=common::SAVE pending=save.pending() cancel="/credentials" />
        </ActionForm>
    }
    .into_any()
}

#[component]
fn Danger(credential: Credential) -> impl IntoView {
    let delete = ServerAction::<DeleteCredential>::new();
    view! {
        <DangerZone question=credentials::delete_title(&credential.name) refusal=refusal_of(delete)>
                <ActionForm action=delete>
                    <input type="hidden" name="id" value=credential.id.to_string() />
                    <ConfirmButton pending=delete.pending() />
                </ActionForm>
            </DangerZone>
    }
    .into_any()
}
