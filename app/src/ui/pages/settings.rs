//! The settings: what the installation is, and how safely it runs.

use launchway_domain::{GuardKind, Installation};
use leptos::prelude::*;

use crate::api::system::get_installation;
use crate::text::{CurrentLang, audit, housekeeping, settings, t};
use crate::ui::components::layout::PageHead;
use crate::ui::components::load::{Loading, show};

/// The page of the settings, for administrators.
#[component]
pub fn SettingsPage() -> impl IntoView {
    let found = Resource::new(|| (), |()| get_installation());
    view! {
        <PageHead title=settings::TITLE>
            <a class="button" href="/housekeeping">
                {t(housekeeping::TITLE)}
            </a>
            <a class="button" href="/audit">
                {t(audit::TITLE)}
            </a>
        </PageHead>
        <Suspense fallback=Loading>
            {move || Suspend::new(async move { show(found.await, |installation| view! { <Facts installation /> }) })}
        </Suspense>
    }
}

#[component]
fn Facts(installation: Installation) -> impl IntoView {
    let lang = CurrentLang::find();
    let Installation { version, database, hooks } = installation;
    let kept_by = match hooks.kind {
        GuardKind::User => settings::USER,
        GuardKind::Landlock => settings::LANDLOCK,
        GuardKind::None => settings::NOTHING,
    };
    let database = match database.as_str() {
        "sqlite" => "SQLite".to_owned(),
        "postgres" => "PostgreSQL".to_owned(),
        _ => database,
    };
    let detail_class = if hooks.kind == GuardKind::None { "complaints" } else { "quiet" };
    let user = hooks.user.map(|user| view! { <code>{user}</code> });
    view! {
        <section class="card">
            <h2>{t(settings::INSTALLATION)}</h2>
            <dl class="facts">
                <dt>{t(settings::VERSION)}</dt>
                <dd>{version}</dd>
                <dt>{t(settings::DATABASE)}</dt>
                <dd>{database}</dd>
            </dl>
        </section>
        <section class="card" data-hook-guard=hooks.kind.as_str()>
            <h2>{t(settings::HOOKS)}</h2>
            <p class="quiet">{t(settings::HOOKS_LEAD)}</p>
            <dl class="facts">
                <dt>{t(settings::KEPT_BY)}</dt>
                <dd>{t(kept_by)} " " {user}</dd>
            </dl>
            <div class=detail_class>
                <p>{move || hooks.detail.get(lang.get()).to_owned()}</p>
            </div>
        </section>
    }
    .into_any()
}
