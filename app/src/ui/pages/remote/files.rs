//! Fetching files from servers.

use launchway_domain::{EnvironmentId, FilesForm, FilesPreview, Form, ProjectId, ServerId};
use leptos::prelude::*;

use super::Place;
use crate::api::remote::PreviewFiles;
use crate::text::{CurrentLang, remote as words, t};
use crate::ui::components::field::{CheckList, TextField};
use crate::ui::components::form::{FormEnd, FormState};
use crate::ui::components::layout::PageHead;
use crate::ui::components::load::{Loading, show};
use crate::ui::components::rows::Head;
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
                        view! {
                            <PageHead title=words::FILES_TITLE lead=Some(words::FILES_LEAD) up=place.up() />
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
    let form = FormState::new(preview, move || wanted().errors());
    // A plain address: the browser saves what comes, and the page stays.
    let archive = move || {
        let mut href = format!("/api/v1/environments/{id}/files/archive?path={}", encode(path.get().trim()));
        for server in chosen.get() {
            href.push_str(&format!("&server_id={server}"));
        }
        href
    };
    let answer = preview.value();
    view! {
        <ActionForm action=preview on:submit:capture=form.guard() attr:class="form" attr:novalidate=true>
            <input type="hidden" name="id" value=id.to_string() />
            <TextField form field="path" label=words::PATH value=path hint=words::PATH_HINT code=true />
            <CheckList
                form
                field="server_ids"
                label=words::SERVERS
                value=chosen
                options=place.choices()
                hint=words::ALL_SERVERS
            />
            <FormEnd form submit=words::PREVIEW pending=preview.pending() />
        </ActionForm>
        <p>
            <a class="button primary" href=archive rel="external" download="">
                {t(words::DOWNLOAD)}
            </a>
        </p>
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
