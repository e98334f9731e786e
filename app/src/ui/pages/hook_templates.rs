//! The list of hook templates.

use launchway_domain::{HookPoint, Listed};
use leptos::prelude::*;

use crate::api::templates::{TemplateLine, search_templates};
use crate::text::{common, t, templates};
use crate::ui::components::layout::{AddButton, PageHead};
use crate::ui::components::list_body::ListBody;
use crate::ui::components::listing::{FilterSelect, ListBar, ListState, SortHead};
use crate::ui::components::load::{Loading, show};
use crate::ui::components::time::Time;
use crate::ui::may::May;

/// The list of hook templates.
#[component]
pub fn HookTemplatesPage() -> impl IntoView {
    let list = ListState::new("/hook-templates", &["name", "point", "changed"], &["point"]);
    let found = Resource::new(move || list.query.get(), search_templates);
    let any = ("any".to_owned(), templates::ANY_POINT);
    let points = HookPoint::ALL.into_iter().map(|point| (point.as_str().to_owned(), point.label()));
    let points = points.chain([any]).collect::<Vec<_>>();
    view! {
        <PageHead title=templates::TEMPLATES lead=Some(templates::LEAD)>
            <AddButton href="/hook-templates/new" text=templates::NEW may=May::find().create_somewhere() />
        </PageHead>
        <ListBar list label=templates::SEARCH>
            <FilterSelect list name="point" label=templates::POINT any=templates::ALL_POINTS options=points />
        </ListBar>
        <Transition fallback=Loading>
            {move || Suspend::new(async move { show(found.await, |found| view! { <Table list found /> }) })}
        </Transition>
    }
}

#[component]
fn Table(list: ListState, found: Listed<TemplateLine>) -> impl IntoView {
    let (rows, total) = (found.items.len(), found.total);
    let lines = found
        .items
        .into_iter()
        .map(|template| {
            let point = template.point.map_or(templates::ANY_POINT, |point| point.label());
            view! {
                <tr>
                    <td>
                        <a href=format!("/hook-templates/{}", template.id)>{template.name}</a>
                        {template.description.map(|text| view! { <p class="quiet">{text}</p> })}
                    </td>
                    <td>{t(point)}</td>
                    <td>{t(templates::lines(template.lines))}</td>
                    <td class="when">
                        <Time at=template.updated_at />
                    </td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <ListBody list rows total empty=templates::EMPTY lead=templates::EMPTY_LEAD first=("/hook-templates/new", templates::NEW) may=May::find().create_somewhere()>
            <table class="list">
                <thead>
                    <tr>
                        <SortHead list sort="name" text=common::NAME natural=Some(false) />
                        <SortHead list sort="point" text=templates::POINT />
                        <th scope="col">{t(templates::BODY)}</th>
                        <SortHead list sort="changed" text=templates::CHANGED class="when" />
                    </tr>
                </thead>
                <tbody>{lines}</tbody>
            </table>
        </ListBody>
    }
    .into_any()
}
