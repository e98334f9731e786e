//! Shell scripts: shown in colour, and edited in colour.
//!
//! The editor is a plain text area; its own letters are transparent, and the same text stands coloured behind it. Without
//! JavaScript, or before the page is alive, the text area shows its letters itself. Tab leaves it, as everywhere.

use launchway_domain::Text;
use leptos::html;
use leptos::prelude::*;

use super::field::{Field, described_by, id_of, invalid, name_of};
use super::form::FormState;
use super::shell_code::{VARIABLES, html as coloured};
use super::typed::restore;
use crate::text::{t, templates};

/// A script to read.
#[component]
pub fn ShellView(
    /// The script.
    #[prop(into)]
    body: String,
) -> impl IntoView {
    view! { <pre class="sh-view" tabindex="0" inner_html=coloured(body.trim_end())></pre> }
}

/// A script to write, as a field of a form.
#[component]
pub fn ShellField(
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
    /// How many lines it shows at least.
    #[prop(default = 4)]
    rows: u32,
) -> impl IntoView {
    restore(&name_of(field), value);
    let node = NodeRef::<html::Textarea>::new();
    // First the control's text counts (somebody may have typed before the page came alive), then whichever changed.
    Effect::new(move |before: Option<()>| {
        let Some(control) = node.get() else { return };
        let wanted = value.get();
        let shown = control.value();
        if wanted == shown {
        } else if before.is_none() {
            value.set(shown);
        } else {
            control.set_value(&wanted);
        }
    });
    let edit = move |event| {
        value.set(event_target_value(&event));
        form.edited(field);
    };
    view! {
        <Field form field label hint optional>
            <div class="sh-edit" style=format!("--rows: {rows}")>
                <pre class="sh-back" aria-hidden="true" inner_html=move || value.with(|body| coloured(body))></pre>
                <textarea
                    id=id_of(field)
                    name=name_of(field)
                    class="code"
                    rows=rows
                    autocomplete="off"
                    autocapitalize="off"
                    spellcheck="false"
                    aria-invalid=invalid(form, field)
                    aria-describedby=described_by(field)
                    on:input=edit
                    node_ref=node
                >
                    {value.get_untracked()}
                </textarea>
            </div>
        </Field>
    }
    .into_any()
}

/// The variables that a hook finds.
#[component]
pub fn HookVariables() -> impl IntoView {
    let items = VARIABLES
        .into_iter()
        .map(|name| {
            let words = match name {
                "PROJECT" => templates::VAR_PROJECT,
                "ENVIRONMENT" => templates::VAR_ENVIRONMENT,
                "REF" => templates::VAR_REF,
                "COMMIT" => templates::VAR_COMMIT,
                "RELEASE_ID" => templates::VAR_RELEASE_ID,
                "RELEASE_PATH" => templates::VAR_RELEASE_PATH,
                "CURRENT_PATH" => templates::VAR_CURRENT_PATH,
                "SERVER" => templates::VAR_SERVER,
                _ => templates::VAR_ATTEMPT,
            };
            view! {
                <div>
                    <dt>
                        <code>"$LAUNCHWAY_" {name}</code>
                    </dt>
                    <dd>{t(words)}</dd>
                </div>
            }
        })
        .collect_view();
    view! {
        <details class="sh-vars">
            <summary>{t(templates::VARIABLES)}</summary>
            <dl>{items}</dl>
        </details>
    }
    .into_any()
}
