//! Making a release: project, environment, ref, hooks; and what it would change.

pub mod hook;
pub mod preview;
pub mod take_over;
pub mod when;

use launchway_domain::form::HookNames;
use launchway_domain::{
    EnvironmentId, Form, GitRef, HookPoint, Hooks, ProjectId, RefKind, ReleaseForm, ReleaseId, Text,
};
use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos_router::components::Form as RouterForm;
use leptos_router::hooks::use_query_map;

use self::hook::{HookEditor, HookSignals};
use self::preview::Preview;
use self::take_over::TakeOver;
use self::when::{Exception, When, WhenSignals};
use crate::api::create::{Chosen, NewRelease, Origin, Place, get_new_release};
use crate::api::releases::CreateRelease;
use crate::text::{CurrentLang, common, create as words, projects, releases, t};
use crate::ui::components::badge::KindBadge;
use crate::ui::components::code::HookVariables;
use crate::ui::components::door::DoorAhead;
use crate::ui::components::field::{SelectField, TextArea};
use crate::ui::components::form::{Complaints, FormState};
use crate::ui::components::layout::PageHead;
use crate::ui::components::load::{Loading, show};
use crate::ui::components::ref_match;
use crate::ui::components::ref_picker::{RefPicker, RefSignals};

/// What the address asks for beside the project.
#[derive(Clone, Default, PartialEq)]
struct Wanted {
    environment: Option<EnvironmentId>,
    kind: Option<RefKind>,
    name: String,
}

/// The page that makes a release. The project is part of the address, so that it can be chosen without JavaScript; so
/// may be the environment and the ref: `?project=1&environment=2&ref=v1.2&ref_kind=tag`; or the release that it is made from,
/// with all of them and its hooks: `?from=7`.
#[component]
pub fn NewReleasePage() -> impl IntoView {
    let query = use_query_map();
    let project = Memo::new(move |_| query.read().get("project").and_then(|id| id.parse().ok()).map(ProjectId));
    let wanted = move || {
        let query = query.read_untracked();
        Wanted {
            environment: query.get("environment").and_then(|id| id.parse().ok()).map(EnvironmentId),
            kind: query.get("ref_kind").and_then(|word| RefKind::parse(&word)),
            name: query.get("ref").unwrap_or_default(),
        }
    };
    let from = Memo::new(move |_| query.read().get("from").and_then(|id| id.parse().ok()).map(ReleaseId));
    let found = Resource::new(move || (project.get(), from.get()), |(project, from)| get_new_release(project, from));
    view! {
        <PageHead title=releases::NEW lead=Some(words::LEAD) up=("/".into(), common::RELEASES) />
        <Transition fallback=Loading>
            {move || Suspend::new(async move {
                show(found.await, |found| view! { <Body found wanted=wanted() /> })
            })}
        </Transition>
    }
}

#[component]
fn Body(found: NewRelease, wanted: Wanted) -> impl IntoView {
    let NewRelease { projects, chosen, origin } = found;
    if projects.is_empty() {
        return view! { <Missing text=releases::NO_PROJECTS href="/projects/new".into() action=projects::NEW /> }
            .into_any();
    }
    let project = chosen.as_ref().map(|chosen| chosen.project);
    let rest = chosen.map(|chosen| {
        if chosen.places.is_empty() {
            let href = format!("/projects/{}/environments/new", chosen.project);
            view! { <Missing text=releases::NO_ENVIRONMENTS href action=projects::NEW_ENVIRONMENT /> }.into_any()
        } else {
            view! { <Editor chosen origin wanted /> }.into_any()
        }
    });
    view! {
        <div class="new-release">
            <ProjectChoice projects chosen=project />
            {rest}
        </div>
    }
    .into_any()
}

#[component]
fn Missing(text: Text, href: String, action: Text) -> impl IntoView {
    view! {
        <section class="empty">
            <p>{t(text)}</p>
            <p>
                <a class="button primary" href=href>{t(action)}</a>
            </p>
        </section>
    }
}

#[component]
fn ProjectChoice(projects: Vec<(ProjectId, String)>, chosen: Option<ProjectId>) -> impl IntoView {
    let send = move |event: leptos::ev::Event| {
        #[cfg(feature = "hydrate")]
        if let Some(form) = event_target::<web_sys::HtmlSelectElement>(&event).form() {
            let _ = form.request_submit();
        }
        #[cfg(not(feature = "hydrate"))]
        drop(event);
    };
    let options = projects
        .into_iter()
        .map(|(id, title)| view! { <option value=id.to_string() selected=chosen == Some(id)>{title}</option> })
        .collect_view();
    view! {
        <RouterForm method="GET" action="/releases/new" attr:class="form">
            <div class="field">
                <label for="project">{t(releases::PROJECT)}</label>
                <div class="row">
                    <select id="project" name="project" on:change=send>
                        {chosen.is_none().then(|| view! { <option value="">{t(common::CHOOSE)}</option> })}
                        {options}
                    </select>
                    <button type="submit" class="button no-script">{t(releases::SHOW)}</button>
                </div>
            </div>
        </RouterForm>
    }
    .into_any()
}

/// The form's field of a hook, and what to know about its point.
pub(super) fn hook_words(point: HookPoint) -> (&'static str, Text) {
    match point {
        HookPoint::BeforeDownload => ("hooks.before_download", releases::HOOK_BEFORE_DOWNLOAD),
        HookPoint::AfterDownload => ("hooks.after_download", releases::HOOK_AFTER_DOWNLOAD),
        HookPoint::BeforeDeploy => ("hooks.before_deploy", releases::HOOK_BEFORE_DEPLOY),
        HookPoint::AfterDeploy => ("hooks.after_deploy", releases::HOOK_AFTER_DEPLOY),
    }
}

#[component]
fn Editor(chosen: Chosen, origin: Option<Origin>, wanted: Wanted) -> impl IntoView {
    let Chosen { project, places, hooks: defaults, refs, templates } = chosen;
    let filled = origin.as_ref().map(|origin| origin.id);
    // What the address says itself comes before what the release had.
    let (wanted, defaults) = match origin {
        None => (wanted, defaults),
        Some(Origin { environment, git_ref, hooks, .. }) => {
            let environment = wanted.environment.or(Some(environment));
            let (kind, name) = match wanted.name.is_empty() {
                true => (Some(git_ref.kind), git_ref.name),
                false => (wanted.kind, wanted.name),
            };
            (Wanted { environment, kind, name }, hooks)
        }
    };
    let create = ServerAction::<CreateRelease>::new();
    let first = match places.as_slice() {
        [one] => Some(one.id),
        all => wanted.environment.filter(|id| all.iter().any(|place| place.id == *id)),
    };
    let environment = RwSignal::new(first.map(|id| id.to_string()).unwrap_or_default());
    let kind = wanted.kind.or_else(|| ref_match::kind_of(&refs.items, &wanted.name)).unwrap_or_default();
    let picked = RefSignals {
        kind: RwSignal::new(kind),
        name: RwSignal::new(wanted.name),
        listed: RwSignal::new(true),
        open: RwSignal::new(false),
    };
    let note = RwSignal::new(String::new());
    let when = WhenSignals::default();
    let hooks = HookPoint::ALL.map(|point| HookSignals {
        point,
        body: RwSignal::new(defaults.at(point).unwrap_or_default().to_owned()),
        ticked: RwSignal::new(false),
        save_as: RwSignal::new(String::new()),
    });
    let form = FormState::new(create, move || {
        let mut errors = typed(project, environment, picked, hooks, note).errors();
        errors.extend(hooks.into_iter().filter_map(HookSignals::errors));
        errors
    });

    let options = places
        .iter()
        .map(|place| {
            let (name, kind) = (&place.name, place.kind.label());
            let words =
                Text { en: format!("{name} ({})", kind.en).into(), zh: format!("{name}（{}）", kind.zh).into() };
            (place.id.to_string(), words)
        })
        .collect();
    let places = StoredValue::new(places);
    let place = Memo::new(move |_| {
        let id = environment.read().parse().ok().map(EnvironmentId);
        places.with_value(|places| places.iter().find(|place| Some(place.id) == id).cloned())
    });
    let live = Signal::derive(move || place.get().and_then(|place| place.live));
    let target = Signal::derive(move || place.read().as_ref().map(|place| place.id));
    let guard = form.guard();
    let pending = create.pending();
    let submit = move |event: SubmitEvent| {
        // A second click must not make a second release.
        if pending.get_untracked() {
            event.prevent_default();
        } else {
            guard(event);
        }
    };
    view! {
        <ActionForm action=create on:submit:capture=submit attr:class="form release-form" attr:novalidate=true>
            <input type="hidden" name="form[project_id]" value=project.to_string() />
            {filled
                .map(|id| {
                    view! {
                        <p class="changes-said filled-from">
                            {t(words::FILLED_FROM)} " " <a href=format!("/releases/{id}")>{format!("#{id}")}</a>
                        </p>
                    }
                })}
            <SelectField
                form
                field="environment_id"
                label=releases::ENVIRONMENT
                value=environment
                options
                none=common::CHOOSE
            />
            <RefPicker form project known=refs live chosen=picked />
            <HookFields form hooks place names=StoredValue::new(templates) />
            <TextArea form field="note" label=words::NOTE value=note hint=words::NOTE_HINT optional=true />
            <Preview environment=target chosen=picked refused=when.refused />
            <DoorAhead environment=target frozen=when.frozen />
            <When form when />
            <Exception form when />
            <End form pending=pending.into() place picked when />
        </ActionForm>
    }
    .into_any()
}

/// The form as it is typed now.
fn typed(
    project_id: ProjectId,
    environment: RwSignal<String>,
    picked: RefSignals,
    hooks: [HookSignals; 4],
    note: RwSignal<String>,
) -> ReleaseForm {
    let [before_download, after_download, before_deploy, after_deploy] = hooks;
    ReleaseForm {
        project_id,
        environment_id: EnvironmentId(environment.read().parse().unwrap_or_default()),
        git_ref: GitRef { kind: picked.kind.get(), name: picked.name.get() },
        hooks: Hooks {
            before_download: Some(before_download.body.get()),
            after_download: Some(after_download.body.get()),
            before_deploy: Some(before_deploy.body.get()),
            after_deploy: Some(after_deploy.body.get()),
        },
        save_as: HookNames {
            before_download: Some(before_download.save_as.get()),
            after_download: Some(after_download.save_as.get()),
            before_deploy: Some(before_deploy.save_as.get()),
            after_deploy: Some(after_deploy.save_as.get()),
        },
        note: Some(note.get()),
        start: None,
    }
}

/// The four hooks, each folded where the project has none at its point.
#[component]
fn HookFields(
    form: FormState,
    hooks: [HookSignals; 4],
    place: Memo<Option<Place>>,
    names: StoredValue<Vec<crate::api::create::TemplateName>>,
) -> impl IntoView {
    let editors = hooks.into_iter().map(|hook| view! { <HookEditor form hook names /> }).collect_view();
    view! {
        <fieldset class="field hook-fields">
            <legend>{t(words::HOOKS)}</legend>
            <p class="hint">
                {t(words::HOOKS_LEAD)} " " <a href="/hook-templates" target="_blank">{t(words::MANAGE)}</a>
            </p>
            <TakeOver form hooks place />
            <div class="hook-list">{editors}</div>
            <HookVariables />
        </fieldset>
    }
    .into_any()
}

/// What is about to happen, what is wrong with it, and the buttons.
#[component]
fn End(
    form: FormState,
    pending: Signal<bool>,
    place: Memo<Option<Place>>,
    picked: RefSignals,
    when: WhenSignals,
) -> impl IntoView {
    let lang = CurrentLang::find();
    let summary = move || {
        let name = picked.name.get();
        let short = if picked.kind.get() == RefKind::Commit { name.get(..8).unwrap_or(&name) } else { &name };
        let place = place.get().filter(|_| !name.trim().is_empty())?;
        let said = words::summary(short.trim(), &place.name, place.servers).get(lang.get()).to_owned();
        Some(view! {
            <p class="about-to">
                {said} " " <KindBadge kind=place.kind name=place.name />
            </p>
        })
    };
    let working = t(common::WORKING);
    let start = move || {
        let at_once = when.at.with(|at| at.trim().is_empty());
        if at_once { words::CREATE_AND_START } else { words::CREATE_AND_SCHEDULE }.get(lang.get()).to_owned()
    };
    let busy = move || pending.get().then_some("true");
    view! {
        <div class="form-end">
            <Complaints form />
            {summary}
            <div class="row">
                <button type="submit" name="start" value="true" class="button primary" aria-disabled=busy>
                    {move || if pending.get() { working() } else { start() }}
                </button>
                <button type="submit" class="button" aria-disabled=busy>
                    {t(words::CREATE)}
                </button>
                <a class="button quiet" href="/">{t(common::CANCEL)}</a>
            </div>
            <p class="hint">{t(words::CREATE_HINT)}</p>
        </div>
    }
    .into_any()
}
