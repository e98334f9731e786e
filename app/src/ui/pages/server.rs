//! Adding, checking, pinning, changing and deleting a server.

use launchway_domain::{Credential, CredentialId, Form, Project, Server, ServerForm, ServerId};
use leptos::prelude::*;

use super::{id_param, no_such_page};
use crate::api::ApiError;
use crate::api::credentials::list_credentials;
use crate::api::projects::list_projects;
use crate::api::servers::{CheckServer, DeleteServer, PinServer, SaveServer, get_server, split_tags};
use crate::text::{common, credentials, servers, t};
use crate::ui::components::check::{CheckOutcome, HostKey};
use crate::ui::components::confirm::{ConfirmButton, DangerZone, refusal_of};
use crate::ui::components::field::{SelectField, TextField};
use crate::ui::components::form::{FormEnd, FormState, VersionField, times_saved};
use crate::ui::components::layout::PageHead;
use crate::ui::components::load::{Loading, show};
use crate::ui::components::owner::{OwnerField, owner};
use crate::ui::components::toast::Toasts;

fn up() -> (String, launchway_domain::Text) {
    ("/servers".into(), common::SERVERS)
}

/// What a server's form chooses from: what opens it, and whose it is.
async fn choices() -> Result<(Vec<Credential>, Vec<Project>), ApiError> {
    Ok((list_credentials().await?, list_projects().await?))
}

/// A new server.
#[component]
pub fn NewServerPage() -> impl IntoView {
    let save = ServerAction::<SaveServer>::new();
    let found = Resource::new(|| (), |()| choices());
    view! {
        <PageHead title=servers::NEW lead=Some(servers::LEAD) up=up() />
        <Suspense fallback=Loading>
            {move || Suspend::new(async move {
                show(found.await, |choices| view! { <Editor existing=None choices save /> })
            })}
        </Suspense>
    }
}

/// A server that is there.
#[component]
pub fn ServerPage() -> impl IntoView {
    let id = id_param::<ServerId>("id");
    let save = ServerAction::<SaveServer>::new();
    Toasts::follow(save);
    let saved = times_saved(save);
    let found = Resource::new(
        move || (id.get(), saved.get()),
        |(id, _)| async move {
            match id {
                Some(id) => Ok((get_server(id).await?, choices().await?)),
                None => Err(no_such_page()),
            }
        },
    );
    view! {
        <Transition fallback=Loading>
            {move || Suspend::new(async move {
                show(
                    found.await,
                    |(server, choices)| {
                        view! {
                            <PageHead title=launchway_domain::Text::verbatim(server.hostname.clone()) up=up() />
                            <Connection server=server.clone() />
                            <section>
                                <h2>{t(servers::EDIT)}</h2>
                                <Editor existing=Some(server.clone()) choices save />
                            </section>
                            <Danger server />
                        }
                    },
                )
            })}
        </Transition>
    }
}

/// The check, and the pinned key.
#[component]
fn Connection(server: Server) -> impl IntoView {
    let id = server.id;
    let check = ServerAction::<CheckServer>::new();
    let pin = ServerAction::<PinServer>::new();
    Toasts::follow(pin);
    let first = server.host_key.clone();
    let pinned = Signal::derive(move || match pin.value().get() {
        Some(Ok(server)) => server.host_key,
        _ => first.clone(),
    });
    // A pinned key lets the next check sign in: that is what the person wants to see.
    Effect::new(move |_| {
        if pin.value().with(|value| matches!(value, Some(Ok(_)))) {
            check.dispatch(CheckServer { id });
        }
    });
    let answer = Signal::derive(move || match pin.value().get() {
        Some(Err(error)) if !check.pending().get() => Some(Err(error)),
        _ => check.value().get(),
    });
    let on_pin = Callback::new(move |fingerprint| {
        pin.dispatch(PinServer { id, fingerprint });
    });
    view! {
        <section class="card">
            <dl class="facts">
                <dt>{t(servers::ADDRESS)}</dt>
                <dd>
                    <code>{format!("{}:{}", server.address, server.port)}</code>
                </dd>
                <dt>{t(common::HOST_KEY)}</dt>
                <dd>
                    <HostKey pinned />
                </dd>
            </dl>
            <ActionForm action=check>
                <input type="hidden" name="id" value=id.to_string() />
                <div class="row">
                    <button type="submit" class="button" aria-disabled=move || check.pending().get().then_some("true")>
                        {t(common::CHECK)}
                    </button>
                    <span class="quiet">{t(servers::CHECK_LEAD)}</span>
                </div>
            </ActionForm>
            <CheckOutcome answer pending=check.pending() pinned pin=on_pin />
        </section>
    }
    .into_any()
}

#[component]
fn Editor(
    existing: Option<Server>,
    choices: (Vec<Credential>, Vec<Project>),
    save: ServerAction<SaveServer>,
) -> impl IntoView {
    let (credentials, projects) = choices;
    let credentials: Vec<_> = credentials.into_iter().filter(|credential| credential.kind.is_for_servers()).collect();
    if credentials.is_empty() {
        return view! {
            <section class="empty">
                <p>{t(servers::NO_CREDENTIAL)}</p>
                <p>
                    <a class="button primary" href="/credentials/new">{t(credentials::NEW)}</a>
                </p>
            </section>
        }
        .into_any();
    }
    let id = existing.as_ref().map(|server| server.id);
    let version = existing.as_ref().map(|server| server.version);
    let was = existing.unwrap_or_else(|| {
        let form = ServerForm::default();
        Server {
            id: ServerId(0),
            hostname: form.hostname,
            address: form.address,
            port: form.port,
            // The only one there is needs no choosing.
            credential_id: match credentials.as_slice() {
                [one] => one.id,
                _ => form.credential_id,
            },
            tags: form.tags,
            host_key: None,
            project_id: None,
            version: 0,
            created_at: Default::default(),
            updated_at: Default::default(),
        }
    });
    let hostname = RwSignal::new(was.hostname);
    let project = RwSignal::new(was.project_id.map(|id| id.to_string()).unwrap_or_default());
    let address = RwSignal::new(was.address);
    let port = RwSignal::new(was.port.to_string());
    let credential = RwSignal::new(match was.credential_id {
        CredentialId(0) => String::new(),
        id => id.to_string(),
    });
    let tags = RwSignal::new(was.tags.join(", "));
    let form = FormState::new(save, move || {
        ServerForm {
            hostname: hostname.get(),
            address: address.get(),
            port: port.read().trim().parse().unwrap_or_default(),
            credential_id: CredentialId(credential.read().parse().unwrap_or_default()),
            tags: split_tags(&tags.read()),
            project_id: owner(project),
        }
        .errors()
    });
    let options = credentials
        .into_iter()
        .map(|one| (one.id.to_string(), launchway_domain::Text::verbatim(format!("{} ({})", one.name, one.username))))
        .collect();
    view! {
        <ActionForm action=save on:submit:capture=form.guard() attr:class="form" attr:novalidate=true>
            {id.map(|id| view! { <input type="hidden" name="id" value=id.to_string() /> })}
            {version.map(|version| view! { <VersionField form version /> })}
            <TextField
                form
                field="hostname"
                label=servers::HOSTNAME
                value=hostname
                hint=servers::HOSTNAME_HINT
                placeholder="web-1"
                code=true
            />
            <div class="columns">
                <TextField
                    form
                    field="address"
                    label=servers::ADDRESS
                    value=address
                    hint=servers::ADDRESS_HINT
                    placeholder="web-1.example.com"
                    code=true
                />
                <TextField form field="port" label=servers::PORT value=port code=true />
            </div>
            <SelectField
                form
                field="credential_id"
                label=servers::CREDENTIAL
                value=credential
                options
                none=common::CHOOSE
            />
            <TextField
                form
                field="tags"
                name="tags"
                label=servers::TAGS
                value=tags
                hint=servers::TAGS_HINT
                optional=true
            />
            <OwnerField form value=project projects />
            <FormEnd form submit=common::SAVE pending=save.pending() cancel="/servers" />
        </ActionForm>
    }
    .into_any()
}

#[component]
fn Danger(server: Server) -> impl IntoView {
    let delete = ServerAction::<DeleteServer>::new();
    view! {
        <DangerZone question=servers::delete_title(&server.hostname) refusal=refusal_of(delete)>
                <ActionForm action=delete>
                    <input type="hidden" name="id" value=server.id.to_string() />
                    <ConfirmButton pending=delete.pending() />
                </ActionForm>
            </DangerZone>
    }
    .into_any()
}
