//! What goes next, and doing it now.

use launchway_domain::{Text, TidyPlan, Tidying};
use leptos::prelude::*;

use crate::api::housekeeping::TidyUp;
use crate::text::remote::size;
use crate::text::{housekeeping as words, t};
use crate::ui::components::confirm::{Confirm, ConfirmButton, refusal_of};
use crate::ui::components::rows::Head;
use crate::ui::components::time::Time;

/// What is old enough and needed by nothing, and what went last.
#[component]
pub fn Section(plan: TidyPlan, tidy: ServerAction<TidyUp>) -> impl IntoView {
    let next = plan.next;
    let last = plan.last.map(|last| {
        view! {
            <div data-part="last">
                <h3>{t(words::LAST)} " · " <Time at=last.at /></h3>
                {table(last.removed)}
            </div>
        }
    });
    let now = if next.is_empty() {
        view! { <p data-part="nothing">{t(words::NOTHING)}</p> }.into_any()
    } else {
        view! {
            {table(next)}
            <Confirm
                id="tidy"
                question=words::TIDY_QUESTION
                refusal=refusal_of(tidy)
                ask=words::TIDY_ASK
                lead=words::TIDY_SURE
            >
                <ActionForm action=tidy>
                    <ConfirmButton pending=tidy.pending() label=words::TIDY_YES />
                </ActionForm>
            </Confirm>
        }
        .into_any()
    };
    view! {
        <section data-part="next">
            <h2>{t(words::NEXT)}</h2>
            <p class="quiet">{t(words::NEXT_LEAD)}</p>
            {now}
            {last}
        </section>
    }
    .into_any()
}

fn table(all: Tidying) -> impl IntoView {
    let rows: [(Text, u64, Option<u64>); 6] = [
        (words::ARTIFACTS, all.artifacts.count, Some(all.artifacts.bytes)),
        (words::WORK, all.work.count, Some(all.work.bytes)),
        (words::LOGS, all.logs.count, Some(all.logs.bytes)),
        (words::CACHES, all.caches.count, Some(all.caches.bytes)),
        (words::EVENTS, all.events, None),
        (words::DELIVERIES, all.deliveries, None),
    ];
    let rows = rows
        .into_iter()
        .filter(|(_, count, _)| *count > 0)
        .map(|(what, count, bytes)| {
            view! {
                <tr>
                    <td>{t(what)}</td>
                    <td>{count}</td>
                    <td>{bytes.map(size)}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <table class="list">
            <Head columns=vec![words::WHAT, words::COUNT, words::SIZE] />
            <tbody>{rows}</tbody>
        </table>
    }
    .into_any()
}
