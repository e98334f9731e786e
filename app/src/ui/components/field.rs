//! Fields: a label, a control, a hint, and what is wrong with it.
//!
//! The controls hold their own text and the signals follow it: what somebody typed before the page came alive is not
//! lost.

use launchway_domain::Text;
use leptos::html;
use leptos::prelude::*;

use super::form::FormState;
use super::typed::{all_typed, restore};
use crate::text::{CurrentLang, common, t};

/// `a.b` as an id.
pub(super) fn id_of(field: &str) -> String {
    format!("f-{}", field.replace(['.', '_'], "-"))
}

/// `a.b` as the name that a server function's argument `form` is read from: `form[a][b]`.
pub(crate) fn name_of(field: &str) -> String {
    let mut name = String::from("form");
    for part in field.split('.') {
        name.push('[');
        name.push_str(part);
        name.push(']');
    }
    name
}

/// Keeps a control and its signal the same: first the control's text counts, afterwards whichever changed.
macro_rules! follow {
    ($node:ident, $value:ident) => {
        Effect::new(move |before: Option<()>| {
            let Some(control) = $node.get() else { return };
            let wanted = $value.get();
            let shown = control.value();
            if wanted == shown {
            } else if before.is_none() {
                $value.set(shown);
            } else {
                control.set_value(&wanted);
            }
        });
    };
}

/// The label, hint and error around a control.
#[component]
pub fn Field(
    /// The form.
    form: FormState,
    /// The field's name in the domain.
    field: &'static str,
    /// What it is called.
    label: Text,
    /// What to know about it.
    #[prop(optional_no_strip)]
    hint: Option<Text>,
    /// Whether it may stay empty.
    optional: bool,
    /// The control; its id is `f-<field>`.
    children: Children,
) -> impl IntoView {
    form.register(field);
    let current = CurrentLang::find();
    let id = id_of(field);
    view! {
        <div class="field" class:bad=move || form.error(field).is_some()>
            <label for=id.clone()>
                {t(label)} {optional.then(|| view! { <span class="quiet">" · " {t(common::OPTIONAL)}</span> })}
            </label>
            {children()}
            {hint.map(|hint| view! { <p class="hint" id=format!("{id}-hint")>{t(hint)}</p> })}
            <p class="error" id=format!("{id}-error") aria-live="polite">
                {move || form.error(field).map(|text| text.get(current.get()).to_owned())}
            </p>
        </div>
    }
    .into_any()
}

/// The error and the hint; browsers skip the id of a hint that is not there.
pub(super) fn described_by(field: &str) -> String {
    let id = id_of(field);
    format!("{id}-error {id}-hint")
}

pub(super) fn invalid(
    form: FormState,
    field: &'static str,
) -> impl Fn() -> Option<&'static str> + Send + Sync + 'static {
    move || form.error(field).map(|_| "true")
}

/// One line of text.
#[component]
pub fn TextField(
    /// The form.
    form: FormState,
    /// The field's name in the domain.
    field: &'static str,
    /// What it is called.
    label: Text,
    /// What is typed.
    value: RwSignal<String>,
    /// What to know about it.
    #[prop(optional)]
    hint: Option<Text>,
    /// Whether it may stay empty.
    #[prop(optional)]
    optional: bool,
    /// The control's type.
    #[prop(default = "text")]
    kind: &'static str,
    /// What the browser may fill in; names and addresses of machines are nothing it knows.
    #[prop(default = "off")]
    autocomplete: &'static str,
    /// An example.
    #[prop(optional)]
    placeholder: Option<&'static str>,
    /// The name under which it is sent, where it is not part of the argument `form`.
    #[prop(optional)]
    name: Option<&'static str>,
    /// Whether it is code: an address, a path, a name in Git.
    #[prop(optional)]
    code: bool,
) -> impl IntoView {
    let sent_as = name.map_or_else(|| name_of(field), str::to_owned);
    if kind != "password" {
        restore(&sent_as, value);
    }
    let node = NodeRef::<html::Input>::new();
    follow!(node, value);
    let edit = move |event| {
        value.set(event_target_value(&event));
        form.edited(field);
    };
    view! {
        <Field form field label hint optional>
            <input
                id=id_of(field)
                name=sent_as
                type=kind
                class:code=code
                value=value.get_untracked()
                placeholder=placeholder
                autocomplete=autocomplete
                autocapitalize="off"
                spellcheck="false"
                aria-invalid=invalid(form, field)
                aria-describedby=described_by(field)
                on:input=edit
                node_ref=node
            />
        </Field>
    }
    .into_any()
}

/// Several lines of text.
#[component]
pub fn TextArea(
    /// The form.
    form: FormState,
    /// The field's name in the domain.
    field: &'static str,
    /// What it is called.
    label: Text,
    /// What is typed.
    value: RwSignal<String>,
    /// What to know about it.
    #[prop(optional)]
    hint: Option<Text>,
    /// Whether it may stay empty.
    #[prop(optional)]
    optional: bool,
    /// How many lines it shows.
    #[prop(default = 3)]
    rows: u32,
    /// Whether it is code.
    #[prop(optional)]
    code: bool,
) -> impl IntoView {
    restore(&name_of(field), value);
    let node = NodeRef::<html::Textarea>::new();
    follow!(node, value);
    let edit = move |event| {
        value.set(event_target_value(&event));
        form.edited(field);
    };
    view! {
        <Field form field label hint optional>
            <textarea
                id=id_of(field)
                name=name_of(field)
                rows=rows
                class:code=code
                autocomplete="off"
                spellcheck=if code { "false" } else { "true" }
                aria-invalid=invalid(form, field)
                aria-describedby=described_by(field)
                on:input=edit
                node_ref=node
            >
                {value.get_untracked()}
            </textarea>
        </Field>
    }
    .into_any()
}

/// One of several.
#[component]
pub fn SelectField(
    /// The form.
    form: FormState,
    /// The field's name in the domain.
    field: &'static str,
    /// What it is called.
    label: Text,
    /// What is chosen.
    value: RwSignal<String>,
    /// What there is: value and words.
    options: Vec<(String, Text)>,
    /// What to know about it.
    #[prop(optional)]
    hint: Option<Text>,
    /// Whether it may stay empty.
    #[prop(optional)]
    optional: bool,
    /// What the empty choice says; without it there is none.
    #[prop(optional)]
    none: Option<Text>,
) -> impl IntoView {
    restore(&name_of(field), value);
    let node = NodeRef::<html::Select>::new();
    follow!(node, value);
    let edit = move |event| {
        value.set(event_target_value(&event));
        form.edited(field);
    };
    let chosen = value.get_untracked();
    let options = none
        .map(|text| (String::new(), text))
        .into_iter()
        .chain(options)
        .map(|(option, text)| {
            let selected = option == chosen;
            view! { <option value=option selected=selected>{t(text)}</option> }
        })
        .collect_view();
    view! {
        <Field form field label hint optional>
            <select
                id=id_of(field)
                name=name_of(field)
                aria-invalid=invalid(form, field)
                aria-describedby=described_by(field)
                on:change=edit
                node_ref=node
            >
                {options}
            </select>
        </Field>
    }
    .into_any()
}

/// Any number of several, sent as `form[<field>][]`. The boxes follow `value`, whoever changes it.
#[component]
pub fn CheckList(
    /// The form.
    form: FormState,
    /// The field's name in the domain.
    field: &'static str,
    /// What it is called.
    label: Text,
    /// What is chosen, in the order of the list.
    value: RwSignal<Vec<i64>>,
    /// What there is: value, words, and a second line.
    options: Vec<(i64, String, String)>,
    /// What to know about it.
    #[prop(optional)]
    hint: Option<Text>,
    /// Hides the options that do not hold this.
    #[prop(optional)]
    only: Option<RwSignal<String>>,
    /// What stands above the list.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    form.register(field);
    let current = CurrentLang::find();
    let id = id_of(field);
    if let Some(sent) = all_typed(&format!("{}[]", name_of(field))) {
        value.set(sent.iter().filter_map(|id| id.parse().ok()).collect());
    }
    let order: Vec<i64> = options.iter().map(|(option, ..)| *option).collect();
    let items = options
        .into_iter()
        .map(|(option, name, detail)| {
            let order = order.clone();
            let node = NodeRef::<html::Input>::new();
            let set = move |on: bool| {
                value.update(|chosen| {
                    chosen.retain(|other| *other != option);
                    if on {
                        chosen.push(option);
                        chosen.sort_by_key(|id| order.iter().position(|other| other == id));
                    }
                });
            };
            let before = set.clone();
            Effect::new(move |done: Option<()>| {
                let wanted = value.with(|chosen| chosen.contains(&option));
                match node.get() {
                    Some(control) if control.checked() == wanted => {}
                    Some(control) if done.is_none() => before(control.checked()),
                    Some(control) => control.set_checked(wanted),
                    None => {}
                }
            });
            let held = format!("{name} {detail}").to_lowercase();
            let is_hidden = move || only.is_some_and(|only| !holds(&held, &only.read()));
            view! {
                <label class="check" class:hidden=is_hidden>
                    <input
                        type="checkbox"
                        name=format!("{}[]", name_of(field))
                        value=option.to_string()
                        checked=value.with_untracked(|chosen| chosen.contains(&option))
                        node_ref=node
                        on:change=move |event| {
                            set(event_target_checked(&event));
                            form.edited(field);
                        }
                    />
                    <span>{name}</span>
                    <span class="quiet">{detail}</span>
                </label>
            }
        })
        .collect_view();
    view! {
        <fieldset class="field checks" id=id.clone() class:bad=move || form.error(field).is_some()>
            <legend>{t(label)}</legend>
            {hint.map(|hint| view! { <p class="hint">{t(hint)}</p> })}
            {children.map(|children| children())}
            <div class="check-list">{items}</div>
            <p class="error" aria-live="polite">
                {move || form.error(field).map(|text| text.get(current.get()).to_owned())}
            </p>
        </fieldset>
    }
    .into_any()
}

/// Whether a text in small letters holds every word that was typed.
fn holds(text: &str, typed: &str) -> bool {
    typed.split_whitespace().all(|word| text.contains(&word.to_lowercase()))
}
