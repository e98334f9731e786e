//! The browsers that somebody is signed in with: a part of their own account, and of their page for administrators.

use launchway_domain::{Session, UserId};
use leptos::prelude::*;

use crate::api::people::{EndOtherSessions, EndSession, list_sessions};
use crate::text::{people, t};
use crate::ui::components::confirm::{Refused, refusal_of};
use crate::ui::components::layout::EmptyState;
use crate::ui::components::load::{Loading, show};
use crate::ui::components::rows::{Head, TakeAway};
use crate::ui::components::time::{LastTime, Time};
use crate::ui::components::toast::Toasts;

/// What can be done to sessions.
#[derive(Clone, Copy)]
struct Doings {
    end: ServerAction<EndSession>,
    others: ServerAction<EndOtherSessions>,
}

/// Somebody's sessions, and what ends them.
#[component]
pub fn Sessions(
    /// Whose; one's own where nobody is named.
    of: Option<UserId>,
) -> impl IntoView {
    let doings = Doings { end: ServerAction::new(), others: ServerAction::new() };
    let Doings { end, others } = doings;
    Toasts::follow(end);
    Toasts::follow(others);
    let found = Resource::new(move || (end.version().get(), others.version().get()), move |_| list_sessions(of));
    let lead = if of.is_some() { people::SESSIONS_OF_LEAD } else { people::SESSIONS_LEAD };
    view! {
        <section>
            <h2>{t(people::SESSIONS)}</h2>
            <p class="quiet">{t(lead)}</p>
            <Transition fallback=Loading>
                {move || Suspend::new(async move {
                    show(found.await, move |sessions| view! { <List sessions of doings /> })
                })}
            </Transition>
            <Refused of=refusal_of(end) />
            <Refused of=refusal_of(others) />
        </section>
    }
    .into_any()
}

#[component]
fn List(sessions: Vec<Session>, of: Option<UserId>, doings: Doings) -> impl IntoView {
    if sessions.is_empty() {
        return view! { <EmptyState title=people::NO_SESSIONS lead=None action=None /> }.into_any();
    }
    let others = sessions.iter().any(|session| !session.current);
    let rows = sessions.into_iter().map(|session| view! { <Row session of end=doings.end /> }).collect_view();
    view! {
        <div class="scroll">
            <table class="list">
                <Head columns=vec![people::BROWSER, people::ADDRESS, people::SIGNED_IN, people::LAST_USED] last=Some(people::END) />
                <tbody>{rows}</tbody>
            </table>
        </div>
        {others
            .then(|| {
                let label = if of.is_some() { people::END_ALL } else { people::END_OTHERS };
                view! {
                    <ActionForm action=doings.others>
                        {of.map(|of| view! { <input type="hidden" name="of" value=of.to_string() /> })}
                        <button type="submit" class="button">
                            {t(label)}
                        </button>
                    </ActionForm>
                }
            })}
    }
    .into_any()
}

#[component]
fn Row(session: Session, of: Option<UserId>, end: ServerAction<EndSession>) -> impl IntoView {
    let browser = people::browser(session.browser.as_deref(), session.system.as_deref());
    let last = if session.current {
        view! { <span class="tag">{t(people::THIS_BROWSER)}</span> }.into_any()
    } else {
        view! { <LastTime at=session.last_used_at never=people::NOT_KNOWN /> }.into_any()
    };
    let button = (!session.current).then(|| {
        let mut fields = vec![("id", session.id.to_string())];
        fields.extend(of.map(|of| ("of", of.to_string())));
        view! {
            <ActionForm action=end>
                <TakeAway fields label=people::END />
            </ActionForm>
        }
    });
    view! {
        <tr>
            <td>{t(browser)}</td>
            <td class="quiet">
                <code>{session.address.unwrap_or_else(|| "–".to_owned())}</code>
            </td>
            <td class="quiet" data-label=t(people::SIGNED_IN)>
                <Time at=session.created_at />
            </td>
            <td class="quiet" data-label=t(people::LAST_USED)>
                {last}
            </td>
            <td class="end">{button}</td>
        </tr>
    }
    .into_any()
}
