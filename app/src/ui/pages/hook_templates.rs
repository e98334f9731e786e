//! The list of hook templates.

use launchway_domain::HookTemplate;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::components::Form as RouterForm;
use leptos_router::hooks::{use_navigate, use_query_map};

use crate::api::templates::list_templates;
use crate::text::{CurrentLang, common, t, templates};
use crate::ui::components::layout::{EmptyState, PageHead};
use crate::ui::components::load::{Loading, show};
use crate::ui::components::time::Time;
use crate::ui::next;

/// The list of hook templates. What is searched for stands in the address.
#[component]
pub fn HookTemplatesPage() -> impl IntoView {
    let list = Resource::new(|| (), |()| list_templates());
    let query = use_query_map();
    let wanted = Memo::new(move |_| query.read().get("q").unwrap_or_default());
    view! {
        <PageHead title=templates::TEMPLATES lead=Some(templates::LEAD)>
            <a class="button primary" href="/hook-templates/new">{t(templates::NEW)}</a>
        </PageHead>
        <Suspense fallback=Loading>
            {move || Suspend::new(async move { show(list.await, |list| view! { <Body list wanted /> }) })}
        </Suspense>
    }
}

#[component]
fn Body(list: Vec<HookTemplate>, wanted: Memo<String>) -> impl IntoView {
    if list.is_empty() {
        return view! {
            <EmptyState
                title=templates::EMPTY
                lead=Some(templates::EMPTY_LEAD)
                action=Some(("/hook-templates/new".into(), templates::NEW))
            />
        }
        .into_any();
    }
    let lang = CurrentLang::find();
    let navigate = use_navigate();
    let search = move |event| {
        let typed = event_target_value(&event);
        let address = if typed.is_empty() {
            "/hook-templates".to_owned()
        } else {
            format!("/hook-templates?q={}", next::encode(&typed))
        };
        let options = NavigateOptions { replace: true, scroll: false, ..NavigateOptions::default() };
        navigate(&address, options);
    };
    let all = list.len();
    let found = Memo::new(move |_| matching(&list, &wanted.read()));
    view! {
        <RouterForm method="GET" action="/hook-templates" attr:class="search-row" attr:role="search">
            <input
                type="search"
                name="q"
                value=wanted.get_untracked()
                aria-label=t(templates::SEARCH)
                placeholder=t(templates::SEARCH)
                autocomplete="off"
                spellcheck="false"
                on:input=search
            />
            <button type="submit" class="button no-script">{t(templates::SEARCH)}</button>
            <span class="quiet" role="status">
                {move || templates::count(found.read().len(), all).get(lang.get()).to_owned()}
            </span>
        </RouterForm>
        {move || {
            let found = found.get();
            if found.is_empty() {
                return view! { <p class="quiet">{t(templates::NO_MATCH)}</p> }.into_any();
            }
            view! { <Table list=found /> }.into_any()
        }}
    }
    .into_any()
}

#[component]
fn Table(list: Vec<HookTemplate>) -> impl IntoView {
    let rows = list
        .into_iter()
        .map(|template| {
            let point = template.point.map_or(templates::ANY_POINT, |point| point.label());
            let lines = template.body.lines().count();
            view! {
                <tr>
                    <td>
                        <a href=format!("/hook-templates/{}", template.id)>{template.name}</a>
                        {template.description.map(|text| view! { <p class="quiet">{text}</p> })}
                    </td>
                    <td>{t(point)}</td>
                    <td class="num">{lines}</td>
                    <td class="when">
                        <Time at=template.updated_at />
                    </td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <table class="list">
            <thead>
                <tr>
                    <th scope="col">{t(common::NAME)}</th>
                    <th scope="col">{t(templates::POINT)}</th>
                    <th scope="col" class="num">{t(templates::LINES)}</th>
                    <th scope="col" class="when">{t(templates::CHANGED)}</th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
    }
    .into_any()
}

/// Those that hold every word that was typed, in their name, description or script.
fn matching(list: &[HookTemplate], typed: &str) -> Vec<HookTemplate> {
    let words: Vec<String> = typed.split_whitespace().map(str::to_lowercase).collect();
    let holds = |template: &&HookTemplate| {
        let name = template.name.to_lowercase();
        let description = template.description.as_deref().unwrap_or_default().to_lowercase();
        let body = template.body.to_lowercase();
        words.iter().all(|word| name.contains(word) || description.contains(word) || body.contains(word))
    };
    list.iter().filter(holds).cloned().collect()
}

#[cfg(test)]
mod tests {
    use launchway_domain::{HookTemplateId, Timestamp};

    use super::*;

    fn template(name: &str, description: Option<&str>, body: &str) -> HookTemplate {
        HookTemplate {
            id: HookTemplateId(1),
            name: name.into(),
            description: description.map(str::to_owned),
            point: None,
            body: body.into(),
            created_at: Timestamp(0),
            updated_at: Timestamp(0),
        }
    }

    #[test]
    fn every_word_has_to_be_found_somewhere() {
        let list = [template("Build", Some("with npm"), "npm ci"), template("重启", None, "systemctl restart app")];
        let names = |typed: &str| matching(&list, typed).into_iter().map(|one| one.name).collect::<Vec<_>>();
        assert_eq!(names(""), ["Build", "重启"]);
        assert_eq!(names("NPM build"), ["Build"]);
        assert_eq!(names("重启 app"), ["重启"]);
        assert!(names("build app").is_empty());
    }
}
