//! Promoting: what would go from which test environment, as what, and the button.

use launchway_domain::{EnvironmentId, ProjectId, Promotion, Text};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use super::super::release::changes::Comparing;
use super::super::{id_param, no_such_page};
use crate::api::ApiError;
use crate::api::ways::{Forward, Promote, get_promotion_changes, get_way_forward};
use crate::text::{CurrentLang, changes, t, ways as words};
use crate::ui::components::changes::ChangesView;
use crate::ui::components::confirm::{Refused, refusal_of};
use crate::ui::components::layout::PageHead;
use crate::ui::components::load::{Loading, show};
use crate::ui::components::rules::{ExceptionField, RuleList};
use crate::ui::components::time::Time;
use crate::ui::may::May;

/// Promoting to an environment.
#[component]
pub fn PromotePage() -> impl IntoView {
    let project = id_param::<ProjectId>("id");
    let id = id_param::<EnvironmentId>("environment");
    let query = use_query_map();
    let from = Memo::new(move |_| {
        query.with(|query| query.get_str("from").and_then(|from| from.parse().ok()).map(EnvironmentId))
    });
    let promote = ServerAction::<Promote>::new();
    let found = Resource::new(
        move || (project.get(), id.get(), from.get()),
        |(project, id, from)| async move {
            let (Some(project), Some(id)) = (project, id) else { return Err(no_such_page()) };
            get_way_forward(project, id, from).await
        },
    );
    view! {
        <Transition fallback=Loading>
            {move || Suspend::new(async move { show(found.await, |forward| view! { <Page forward promote /> }) })}
        </Transition>
    }
}

#[component]
fn Page(forward: Forward, promote: ServerAction<Promote>) -> impl IntoView {
    let Forward { project, environment, sources, promotion } = forward;
    let here = format!("/projects/{}/environments/{}", project.id, environment.id);
    let place = Text::verbatim(format!("{} · {}", project.title, environment.name));
    let chosen = match &promotion {
        Some(Ok(promotion)) => Some(promotion.from),
        _ => None,
    };
    let none = sources.is_empty().then(|| view! { <p class="changes-said is-warning">{t(words::PROMOTE_NONE)}</p> });
    let several = (sources.len() > 1).then(|| {
        let links = sources
            .into_iter()
            .map(|(id, name)| {
                let current = (chosen == Some(id)).then_some("true");
                view! { <a class="button small" href=format!("{here}/promote?from={id}") aria-current=current>{name}</a> }
            })
            .collect_view();
        view! { <nav class="row" aria-label=t(words::PROMOTE_FROM)>{links}</nav> }
    });
    let may = May::find().run(project.id, environment.kind);
    view! {
        <PageHead title=words::PROMOTE lead=Some(words::PROMOTE_LEAD) up=(here.clone(), place) />
        {none}
        {several}
        {promotion.map(|promotion| view! { <Outcome to=environment.id promotion may promote /> })}
    }
    .into_any()
}

#[component]
fn Outcome(
    to: EnvironmentId,
    promotion: Result<Promotion, ApiError>,
    may: bool,
    promote: ServerAction<Promote>,
) -> impl IntoView {
    let lang = CurrentLang::find();
    let promotion = match promotion {
        Ok(promotion) => promotion,
        Err(error) => {
            let detail = error.detail();
            return view! { <p class="changes-said is-warning">{move || detail.get(lang.get()).to_owned()}</p> }
                .into_any();
        }
    };
    let from = promotion.from;
    let found = Resource::new(move || (to, from), |(to, from)| get_promotion_changes(to, from));
    let release = promotion.release;
    let short = release.commit.get(..8).unwrap_or(&release.commit).to_owned();
    let is_let = promotion.rules.iter().all(|rule| rule.ok);
    let needs_reason = !is_let && May::find().administer();
    let how = promotion.rebuilt.unwrap_or(words::SAME);
    let pending = promote.pending();
    let form = (may && (is_let || needs_reason)).then(|| {
        view! {
            <ActionForm action=promote attr:class="form">
                <input type="hidden" name="id" value=to.to_string() />
                <input type="hidden" name="from" value=promotion.from.to_string() />
                {needs_reason.then(|| view! { <ExceptionField id="promote-exception" name="exception" /> })}
                <div class="row">
                    <button type="submit" class="button primary" disabled=move || pending.get()>
                        {t(words::PROMOTE_YES)}
                    </button>
                </div>
            </ActionForm>
        }
    });
    view! {
        <section class="card promotion" data-same=promotion.same_artifact.to_string()>
            <h2>
                <a href=format!("/releases/{}", release.id)>{format!("#{}", release.id)}</a>
                " "
                {release.git_ref.name}
                " "
                <code>{short}</code>
            </h2>
            <p>
                <span class="quiet">{t(words::PROMOTE_FROM)}</span>
                " "
                {promotion.from_name}
                " · "
                {release.created_by_name}
                " · "
                <Time at=release.finished_at.unwrap_or(release.created_at) />
            </p>
            <p>{move || how.get(lang.get()).to_owned()}</p>
            <RuleList rules=promotion.rules />
            <Refused of=refusal_of(promote) />
            {form}
        </section>
        <section class="card" aria-labelledby="promotion-changes">
            <h2 id="promotion-changes">{t(changes::TITLE)}</h2>
            <Suspense fallback=Comparing>
                {move || Suspend::new(async move { show(found.await, |changes| view! { <ChangesView changes /> }) })}
            </Suspense>
        </section>
    }
    .into_any()
}
