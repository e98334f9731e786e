//! What Launchway takes up on its host.

use launchway_domain::{DiskUse, Text, Usage};
use leptos::prelude::*;

use crate::api::housekeeping::MeasureDisk;
use crate::text::remote::size;
use crate::text::{housekeeping as words, t};
use crate::ui::components::confirm::{Refused, refusal_of};
use crate::ui::components::time::Time;

/// The disk, and each project's part of it.
#[component]
pub fn Section(disk: DiskUse, measure: ServerAction<MeasureDisk>) -> impl IntoView {
    let database = match disk.database_free {
        0 => Text::verbatim(size(disk.database)),
        unused => words::unused(&size(disk.database), &size(unused)),
    };
    let rows = disk
        .projects
        .into_iter()
        .map(|project| {
            let name = view! { <a href=format!("/projects/{}", project.project_id)>{project.title}</a> };
            row(name, project.used)
        })
        .collect_view();
    view! {
        <section data-part="disk">
            <h2>{t(words::DISK)}</h2>
            <div class="card">
                <dl class="facts">
                    <dt>{t(words::FREE)}</dt>
                    <dd>{t(words::free_of(&size(disk.free), &size(disk.total)))}</dd>
                    <dt>{t(words::DATABASE)}</dt>
                    <dd>{t(database)}</dd>
                    <dt>{t(words::FILES)}</dt>
                    <dd>{size(disk.used.files())}</dd>
                    <dt>{t(words::MEASURED)}</dt>
                    <dd>
                        <Time at=disk.at seconds=true />
                    </dd>
                </dl>
                <ActionForm action=measure>
                    <button
                        type="submit"
                        class="button small"
                        aria-disabled=move || measure.pending().get().then_some("true")
                    >
                        {t(words::MEASURE)}
                    </button>
                </ActionForm>
                <Refused of=refusal_of(measure) />
            </div>
            <table class="list usage">
                <thead>
                    <tr>
                        <th scope="col">{t(words::PROJECT)}</th>
                        {LABELS.map(|label| view! { <th scope="col">{t(label)}</th> }).collect_view()}
                    </tr>
                </thead>
                <tbody>{row(view! { <b>{t(words::ALL)}</b> }, disk.used)} {rows}</tbody>
            </table>
            <p class="hint">{t(words::LOGS_HINT)}</p>
        </section>
    }
    .into_any()
}

/// What the columns are about.
const LABELS: [Text; 5] = [words::ARTIFACTS, words::LOGS, words::MIRRORS, words::WORK, words::CACHES];

fn row(name: impl IntoView, used: Usage) -> impl IntoView {
    let cells = LABELS
        .into_iter()
        .zip([used.artifacts, used.logs, used.mirrors, used.work, used.caches])
        .map(|(label, bytes)| {
            // On a narrow screen the row is a card, and its cells say what they are.
            view! {
                <td>
                    <span class="narrow quiet">{t(label)} " "</span>
                    {size(bytes)}
                </td>
            }
        })
        .collect_view();
    view! {
        <tr>
            <td>{name.into_any()}</td>
            {cells}
        </tr>
    }
    .into_any()
}
