//! What the hooks of an environment are given.

use launchway_domain::variable::name_error;
use launchway_domain::{EnvironmentId, Form, Text, Variable, VariableForm};
use leptos::prelude::*;

use crate::api::takes::{RemoveVariable, SetVariable, list_variables};
use crate::text::{t, takes as words};
use crate::ui::components::confirm::{Refused, refusal_of};
use crate::ui::components::field::{SelectField, TextArea, TextField};
use crate::ui::components::form::{FormEnd, FormState, times_saved};
use crate::ui::components::load::{Loading, show};
use crate::ui::components::rows::{Head, TakeAway};
use crate::ui::components::time::Time;
use crate::ui::components::toast::Toasts;
use crate::ui::components::unsaved::Unsaved;

/// The list, and the form that sets one.
#[component]
pub fn Section(
    /// Of which environment.
    id: EnvironmentId,
    /// Whether the visitor may change them.
    may: bool,
    /// Told when one was set.
    unsaved: Unsaved,
) -> impl IntoView {
    let set = ServerAction::<SetVariable>::new();
    let remove = ServerAction::<RemoveVariable>::new();
    Toasts::follow(set);
    Toasts::follow(remove);
    let saved = times_saved(set);
    Effect::new(move |before: Option<usize>| {
        let now = saved.get();
        if before.is_some_and(|before| before != now) {
            unsaved.saved("variables");
        }
        now
    });
    let found = Resource::new(move || (saved.get(), remove.version().get()), move |_| list_variables(id));
    view! {
        <section id="variables">
            <h2>{t(words::VARIABLES)}</h2>
            <p class="quiet">{t(words::VARIABLES_LEAD)}</p>
            <Transition fallback=Loading>
                {move || Suspend::new(async move {
                    show(found.await, move |variables| view! { <Table id variables may remove /> })
                })}
            </Transition>
            // A form of its own for each: what was set is gone from it.
            {move || {
                saved.track();
                may.then(|| view! { <Setter id set /> })
            }}
        </section>
    }
    .into_any()
}

#[component]
fn Setter(id: EnvironmentId, set: ServerAction<SetVariable>) -> impl IntoView {
    let [name, value] = [String::new(), String::new()].map(RwSignal::new);
    let secret = RwSignal::new("true".to_owned());
    let form = FormState::new(set, move || {
        let mut errors = VariableForm { value: value.get(), secret: secret.get() == "true" }.errors();
        errors.extend(name_error(name.get().trim()));
        errors
    });
    let kinds = vec![("true".to_owned(), words::IS_SECRET), ("false".to_owned(), words::IS_PLAIN)];
    view! {
        <ActionForm action=set on:submit:capture=form.guard() attr:class="form" attr:novalidate=true>
            <input type="hidden" name="id" value=id.to_string() />
            <div class="columns">
                <TextField form field="name" label=words::NAME value=name placeholder="DATABASE_URL" code=true />
                <SelectField form field="secret" label=words::SECRET value=secret options=kinds />
            </div>
            <TextArea form field="value" label=words::VALUE value=value rows=2 code=true />
            <FormEnd form submit=words::SET pending=set.pending() />
        </ActionForm>
    }
    .into_any()
}

#[component]
fn Table(
    id: EnvironmentId,
    variables: Vec<Variable>,
    may: bool,
    remove: ServerAction<RemoveVariable>,
) -> impl IntoView {
    if variables.is_empty() {
        return view! { <p class="quiet">{t(words::NONE)}</p> }.into_any();
    }
    let refusal = refusal_of(remove);
    let rows = variables
        .into_iter()
        .map(|variable| {
            let by = Text::verbatim(variable.updated_by_name);
            view! {
                <tr>
                    <td>
                        <code>{variable.name.clone()}</code>
                    </td>
                    <td>
                        {match variable.value {
                            None => view! { <span class="quiet">{t(words::HIDDEN)}</span> }.into_any(),
                            Some(value) => view! { <code>{value}</code> }.into_any(),
                        }}
                    </td>
                    <td class="quiet">
                        <Time at=variable.updated_at /> " · " {t(by)}
                    </td>
                    {may
                        .then(|| {
                            view! {
                                <td class="end">
                                    <ActionForm action=remove>
                                        <TakeAway
                                            fields=vec![("id", id.to_string()), ("name", variable.name)]
                                            label=words::REMOVE
                                        />
                                    </ActionForm>
                                </td>
                            }
                        })}
                </tr>
            }
        })
        .collect_view();
    view! {
        <Refused of=refusal />
        <table class="list">
            <Head columns=vec![words::NAME, words::VALUE, words::SET_AT] last=may.then_some(words::REMOVE) />
            <tbody>{rows}</tbody>
        </table>
    }
    .into_any()
}
