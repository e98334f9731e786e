//! Fetching files from servers.

use launchway_domain::{EnvironmentId, FilesForm, FilesPreview, Form, ProjectId, ServerId};
use leptos::prelude::*;

use super::Place;
use crate::api::remote::PreviewFiles;
use crate::text::{CurrentLang, remote as words, t};
use crate::ui::components::badge::KindBadge;
use crate::ui::components::field::TextField;
use crate::ui::components::form::{FormEnd, FormState};
use crate::ui::components::layout::PageHead;
use crate::ui::components::load::{Loading, show};
use crate::ui::components::rows::Head;
use crate::ui::components::server_picker::{ServerPicker, none_chosen};
use crate::ui::next::encode;
use crate::ui::pages::id_param;

/// Files of the servers of an environment.
#[component]
pub fn FilesPage() -> impl IntoView {
    let project = id_param::<ProjectId>("id");
    let id = id_param::<EnvironmentId>("environment");
    let place = Resource::new(move || (project.get(), id.get()), |(project, id)| Place::find(project, id));
    view! {
        <Suspense fallback=Loading>
            {move || Suspend::new(async move {
                show(
                    place.await,
                    |place| {
                        let (kind, name) = (place.environment.kind, place.environment.name.clone());
                        view! {
                            <PageHead title=words::FILES_TITLE lead=Some(words::FILES_LEAD) up=place.up()>
                                <KindBadge kind name=name.clone() />
                            </PageHead>
                            <Editor place />
                        }
                    },
                )
            })}
        </Suspense>
    }
}

#[component]
fn Editor(place: Place) -> impl IntoView {
    let id = place.environment.id;
    let preview = ServerAction::<PreviewFiles>::new();
    let path = RwSignal::new("current".to_owned());
    let chosen = RwSignal::new(Vec::<i64>::new());
    let wanted = move || FilesForm {
        path: path.get(),
        server_ids: chosen.get().into_iter().map(ServerId).collect(),
        max_bytes: None,
    };
    let all = RwSignal::new(false);
    let form = FormState::new(preview, move || {
        let mut errors = wanted().errors();
        errors.extend(none_chosen(&chosen.read(), all.get()));
        errors
    });
    // A plain address: the browser saves what comes, and the page stays.
    let archive = move || {
        let mut href = format!("/api/v1/environments/{id}/files/archive?path={}", encode(path.get().trim()));
        // Absent means all of them.
        for server in chosen.get().into_iter().filter(|_| !all.get()) {
            href.push_str(&format!("&server_id={server}"));
        }
        href
    };
    let download = move |event: leptos::ev::MouseEvent| {
        if !form.check() {
            event.prevent_default();
        }
    };
    let answer = preview.value();
    view! {
        <ActionForm action=preview on:submit:capture=form.guard() attr:class="form" attr:novalidate=true>
            <input type="hidden" name="id" value=id.to_string() />
            <TextField form field="path" label=words::PATH value=path hint=words::PATH_HINT code=true />
            <ServerPicker form value=chosen servers=place.servers all />
            <FormEnd form submit=words::PREVIEW pending=preview.pending() secondary=true>
                <a class="button primary needs-script" href=archive rel="external" download="" on:click=download>
                    {t(words::DOWNLOAD)}
                </a>
            </FormEnd>
        </ActionForm>
        <div aria-live="polite">
            {move || answer.get().and_then(Result::ok).map(|found| view! { <Found found /> })}
        </div>
    }
    .into_any()
}

/// How much there is.
#[component]
fn Found(found: FilesPreview) -> impl IntoView {
    let lang = CurrentLang::find();
    let rows = found
        .servers
        .into_iter()
        .map(|server| {
            view! {
                <tr>
                    <td>
                        {server.hostname}
                        {server
                            .error
                            .map(|error| {
                                view! { <p class="row-error">{move || error.get(lang.get()).to_owned()}</p> }
                            })}
                    </td>
                    <td>{server.files}</td>
                    <td>{words::size(server.bytes)}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <table class="list">
            <Head columns=vec![words::SERVER, words::FILES, words::SIZE] />
            <tbody>
                {rows} <tr>
                    <td>
                        <b>{t(words::TOTAL)}</b>
                    </td>
                    <td>{found.files}</td>
                    <td>{words::size(found.bytes)}</td>
                </tr>
            </tbody>
        </table>
    }
    .into_any()
}
