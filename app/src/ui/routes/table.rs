//! Finding the page of an address.
//!
//! Leptos makes a type of each route, and code for each of these types. A table is one type, and one match.

use std::borrow::Cow;
use std::sync::Arc;

use leptos::prelude::*;
use leptos_router::{
    ChooseView, GeneratedRouteData, MatchInterface, MatchNestedRoutes, MatchParams, Method, PathSegment, RouteMatchId,
    SsrMode,
};

use super::{PAGES, Page};
use crate::ui::components::layout::Layout;

/// All routes: each page by itself, or in the frame.
#[derive(Clone)]
pub(in crate::ui) struct Table {
    frame: RouteMatchId,
    pages: Arc<[RouteMatchId]>,
}

impl Table {
    /// Gives every route its number, by which the router knows whether it shows it already.
    pub(in crate::ui) fn new() -> Self {
        Self {
            frame: RouteMatchId::new_from_route_id(),
            pages: PAGES.iter().map(|_| RouteMatchId::new_from_route_id()).collect(),
        }
    }
}

/// What a path captures: names and values.
type Params = Vec<(Cow<'static, str>, String)>;

/// What is shown at an address.
pub(in crate::ui) struct Found {
    id: RouteMatchId,
    /// The part of the path that belongs to it.
    path: String,
    params: Params,
    view: View,
    /// What stands in the frame.
    child: Option<Box<Found>>,
}

#[derive(Clone, Copy)]
enum View {
    Frame,
    Page(Page),
}

impl ChooseView for View {
    async fn choose(self) -> AnyView {
        match self {
            View::Frame => Layout().into_any(),
            View::Page(page) => page.open().await,
        }
    }

    async fn preload(&self) {
        if let View::Page(page) = *self {
            page.fetch().await;
        }
    }
}

impl MatchParams for Found {
    fn to_params(&self) -> Params {
        self.params.clone()
    }
}

impl MatchInterface for Found {
    type Child = Self;

    fn as_id(&self) -> RouteMatchId {
        self.id
    }

    fn as_matched(&self) -> &str {
        &self.path
    }

    fn into_view_and_child(self) -> (impl ChooseView, Option<Self>) {
        (self.view, self.child.map(|child| *child))
    }
}

impl MatchNestedRoutes for Table {
    type Data = ();
    type Match = Found;

    fn match_nested<'a>(&'a self, path: &'a str) -> (Option<(RouteMatchId, Found)>, &'a str) {
        let found = PAGES.iter().zip(self.pages.iter()).find_map(|((pattern, page), id)| {
            let params = params(pattern, path)?;
            Some(Found { id: *id, path: path.to_owned(), params, view: View::Page(*page), child: None })
        });
        let Some(found) = found else { return (None, path) };
        let is_framed = matches!(found.view, View::Page(page) if page.is_framed());
        let found = if is_framed {
            let params = found.params.clone();
            Found { id: self.frame, path: String::new(), params, view: View::Frame, child: Some(Box::new(found)) }
        } else {
            found
        };
        (Some((found.id, found)), "")
    }

    fn generate_routes(&self) -> impl IntoIterator<Item = GeneratedRouteData> + '_ {
        PAGES.iter().map(|(pattern, _)| GeneratedRouteData {
            segments: segments(pattern).map(segment).collect(),
            // Pages are rendered whole before they are sent, so that they read without JavaScript.
            ssr_mode: SsrMode::Async,
            methods: [Method::Get].into(),
            regenerate: Vec::new(),
        })
    }

    fn optional(&self) -> bool {
        false
    }
}

fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.trim_matches('/').split('/').filter(|segment| !segment.is_empty())
}

fn segment(word: &'static str) -> PathSegment {
    match word.strip_prefix(':') {
        Some(name) => PathSegment::Param(name.into()),
        None => PathSegment::Static(word.into()),
    }
}

/// What a path captures where it fits a pattern.
fn params(pattern: &'static str, path: &str) -> Option<Params> {
    let mut params = Vec::new();
    let mut path = segments(path);
    for wanted in segments(pattern) {
        let found = path.next()?;
        match wanted.strip_prefix(':') {
            Some(name) => params.push((name.into(), found.to_owned())),
            None if wanted == found => {}
            None => return None,
        }
    }
    path.next().is_none().then_some(params)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(path: &str) -> Option<(Page, Vec<String>)> {
        let table = Table::new();
        let (_, found) = table.match_nested(path).0?;
        let found = found.child.map_or_else(|| panic!("{path} stands in no frame"), |child| *child);
        let View::Page(page) = found.view else { return None };
        Some((page, found.params.into_iter().map(|(name, value)| format!("{name}={value}")).collect()))
    }

    #[test]
    fn an_address_leads_to_its_page() {
        assert_eq!(page("/"), Some((Page::Dashboard, vec![])));
        assert_eq!(page("/releases/"), Some((Page::Releases, vec![])));
        assert_eq!(page("/releases/new"), Some((Page::NewRelease, vec![])));
        assert_eq!(page("/releases/7"), Some((Page::Release, vec!["id=7".into()])));
        let environment = Some((Page::Environment, vec!["id=3".into(), "environment=9".into()]));
        assert_eq!(page("/projects/3/environments/9"), environment);
        for nowhere in ["/nowhere", "/releases/7/8", "/project"] {
            assert_eq!(page(nowhere), None, "{nowhere}");
        }
    }

    #[test]
    fn some_pages_have_no_frame() {
        let table = Table::new();
        for path in ["/wall", "/sign-in", "/setup", "/join"] {
            let found = table.match_nested(path).0.map(|(_, found)| found.child.is_none());
            assert_eq!(found, Some(true), "{path}");
        }
    }

    #[test]
    fn the_server_hears_of_every_page() {
        let table = Table::new();
        let routes: Vec<_> = table.generate_routes().into_iter().map(|route| route.segments).collect();
        assert_eq!(routes.len(), PAGES.len());
        assert!(routes.contains(&vec![PathSegment::Static("releases".into()), PathSegment::Param("id".into())]));
        assert!(routes.contains(&vec![]), "the front page");
    }
}
