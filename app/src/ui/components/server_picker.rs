//! Choosing servers of many: those that are chosen already stand first, the others are found by their names and tags.

use std::collections::BTreeSet;

use launchway_domain::{FieldError, Server, Text};
use leptos::prelude::*;

use super::field::{CheckList, invalid};
use super::form::FormState;
use crate::text::{common, lists, servers as words, t};

/// The field's name in the domain.
const FIELD: &str = "server_ids";
/// Up to so many are seen at one glance, and not searched.
const FEW: usize = 8;

/// The field.
#[component]
pub fn ServerPicker(
    /// The form: its field is `server_ids`.
    form: FormState,
    /// What is chosen.
    value: RwSignal<Vec<i64>>,
    /// What there is.
    servers: Vec<Server>,
    /// What to know about it.
    #[prop(optional)]
    hint: Option<Text>,
    /// Whether all of them are meant, where that can be said; sent as `all`.
    #[prop(optional)]
    all: Option<RwSignal<bool>>,
) -> impl IntoView {
    let only = RwSignal::new(String::new());
    let servers = chosen_first(servers, &value.get_untracked());
    let count = servers.len();
    let tags: BTreeSet<String> = servers.iter().flat_map(|server| server.tags.iter().cloned()).collect();
    let tagged: Vec<(i64, Vec<String>)> = servers.iter().map(|server| (server.id.0, server.tags.clone())).collect();
    let tagged = StoredValue::new(tagged);
    let add = move |tag: &String| {
        tagged.with_value(|servers| {
            value.update(|chosen| {
                // In the order of the list, as if each had been ticked by hand.
                let is_chosen = |id: &i64, tags: &[String]| chosen.contains(id) || tags.contains(tag);
                *chosen = servers.iter().filter(|(id, tags)| is_chosen(id, tags)).map(|(id, _)| *id).collect();
            });
        });
        form.edited(FIELD);
    };
    let buttons = tags
        .into_iter()
        .map(|tag| {
            let name = format!("#{tag}");
            view! {
                <button type="button" class="button small" on:click=move |_| add(&tag)>
                    {name}
                </button>
            }
        })
        .collect::<Vec<_>>();
    let buttons = (!buttons.is_empty() && count > 1).then(|| {
        view! {
            <span class="quiet">{t(words::ADD_TAGGED)}</span>
            {buttons}
        }
    });
    let search = (count > FEW).then(|| {
        view! {
            <input
                type="search"
                placeholder=t(lists::SEARCH_SERVERS)
                aria-label=t(lists::SEARCH_SERVERS)
                autocomplete="off"
                on:input=move |event| only.set(event_target_value(&event))
                on:keydown=move |event| {
                    // The form is not sent by a slip in this field.
                    if event.key() == "Enter" {
                        event.prevent_default();
                    }
                }
            />
        }
    });
    let tools = (search.is_some() || buttons.is_some()).then(|| {
        view! { <div class="row pick-tools needs-script">{search} {buttons}</div> }
    });
    let everything = all.map(|all| {
        let node = NodeRef::<leptos::html::Input>::new();
        // What was ticked before the page came alive counts.
        Effect::new(move |done: Option<()>| {
            if let (None, Some(control)) = (done, node.get()) {
                all.set(control.checked());
            }
        });
        view! {
            <label class="check pick-all">
                <input
                    type="checkbox"
                    name="all"
                    value="true"
                    aria-invalid=invalid(form, FIELD)
                    node_ref=node
                    on:change=move |event| {
                        all.set(event_target_checked(&event));
                        form.edited(FIELD);
                    }
                />
                <span>{t(words::all(count))}</span>
            </label>
        }
    });
    let options = servers
        .into_iter()
        .map(|server| {
            let tags = server.tags.iter().map(|tag| format!(" #{tag}")).collect::<String>();
            (server.id.0, server.hostname, format!("{}:{}{tags}", server.address, server.port))
        })
        .collect();
    view! {
        <CheckList form field=FIELD label=common::SERVERS value options hint=hint.unwrap_or(words::PICK) only>
            {everything}
            {tools}
        </CheckList>
    }
    .into_any()
}

/// What is wrong where servers have to be chosen and none is.
pub fn none_chosen(chosen: &[i64], all: bool) -> Option<FieldError> {
    (chosen.is_empty() && !all).then(|| FieldError::new(FIELD, "required", words::NONE_CHOSEN))
}

/// Those that are chosen first, each part in its order.
fn chosen_first(mut servers: Vec<Server>, chosen: &[i64]) -> Vec<Server> {
    servers.sort_by_key(|server| !chosen.contains(&server.id.0));
    servers
}

#[cfg(test)]
mod tests {
    use super::none_chosen;

    #[test]
    fn nothing_chosen_is_not_everything() {
        assert_eq!(none_chosen(&[], false).unwrap().field, "server_ids");
        assert_eq!((none_chosen(&[3], false), none_chosen(&[], true)), (None, None));
    }
}
