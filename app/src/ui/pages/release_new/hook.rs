//! One hook of a new release: its script, templates to fill it from, and a name to keep it under.

use launchway_domain::form::message;
use launchway_domain::{FieldError, HookPoint, Text};
use leptos::prelude::*;

use super::hook_words;
use crate::api::create::TemplateName;
use crate::api::templates::get_template;
use crate::text::{CurrentLang, t, templates};
use crate::ui::components::code::ShellField;
use crate::ui::components::field::{TextField, name_of};
use crate::ui::components::form::FormState;
use crate::ui::components::typed::restore;

/// What is typed for one hook.
#[derive(Clone, Copy, Debug)]
pub struct HookSignals {
    /// Where it runs.
    pub point: HookPoint,
    /// The script.
    pub body: RwSignal<String>,
    /// Whether somebody ticked that it is to be kept.
    pub ticked: RwSignal<bool>,
    /// The name to keep it under; blank where it is not kept.
    pub save_as: RwSignal<String>,
}

impl HookSignals {
    /// What is wrong with what is ticked, which the form itself does not know: a name is missing; tracked.
    pub fn errors(self) -> Option<FieldError> {
        (self.ticked.get() && self.save_as.read().trim().is_empty())
            .then(|| FieldError::new(save_field(self.point), "required", message("required")))
    }
}

/// The form's field of the name that a hook is kept under.
fn save_field(point: HookPoint) -> &'static str {
    match point {
        HookPoint::BeforeDownload => "save_as.before_download",
        HookPoint::AfterDownload => "save_as.after_download",
        HookPoint::BeforeDeploy => "save_as.before_deploy",
        HookPoint::AfterDeploy => "save_as.after_deploy",
    }
}

/// The editor of one hook.
#[component]
pub fn HookEditor(
    /// The form.
    form: FormState,
    /// What is typed.
    hook: HookSignals,
    /// What it can be filled from.
    names: StoredValue<Vec<TemplateName>>,
) -> impl IntoView {
    let HookSignals { point, body, ticked, save_as } = hook;
    let (field, hint) = hook_words(point);
    // Before the fold is made: it is open where something was typed.
    restore(&name_of(field), body);
    let tick = move |event| {
        let on = event_target_checked(&event);
        ticked.set(on);
        if !on {
            save_as.set(String::new());
        }
    };
    let is_open = !body.with_untracked(String::is_empty);
    let lang = CurrentLang::find();
    let said = move || {
        let lines = body.with(|body| body.trim_end().lines().count());
        templates::lines(lines).get(lang.get()).to_owned()
    };
    view! {
        <details class="hook-edit" data-hook=point.as_str() open=is_open>
            <summary>
                <b>{t(point.label())}</b>
                " "
                <span class="quiet">{said}</span>
            </summary>
            <ShellField form field label=point.label() value=body hint=hint optional=true />
            <div class="hook-tools">
                <Fill form field point body names />
                <label class="save-tick needs-script">
                    <input type="checkbox" prop:checked=move || ticked.get() on:change=tick />
                    <span>{t(templates::SAVE_AS)}</span>
                </label>
            </div>
            <div class="save-name" class:hidden=move || !ticked.get()>
                <TextField
                    form
                    field=save_field(point)
                    label=templates::SAVE_AS_NAME
                    value=save_as
                    hint=templates::SAVE_AS_HINT
                />
            </div>
        </details>
    }
    .into_any()
}

/// Fills the script from a template; what stood there comes back by `Undo`.
#[component]
fn Fill(
    form: FormState,
    field: &'static str,
    point: HookPoint,
    body: RwSignal<String>,
    names: StoredValue<Vec<TemplateName>>,
) -> impl IntoView {
    if names.with_value(Vec::is_empty) {
        return ().into_any();
    }
    let lang = CurrentLang::find();
    let before = RwSignal::new(None::<String>);
    let said = RwSignal::new(None::<Text>);
    let fetch = Action::new(move |id: &launchway_domain::HookTemplateId| get_template(*id));
    Effect::new(move |_| {
        if fetch.version().get() == 0 {
            return;
        }
        match fetch.value().get_untracked() {
            Some(Ok(template)) => {
                before.set(Some(body.get_untracked()));
                body.set(template.body);
                form.edited(field);
                said.set(Some(templates::FILLED));
            }
            Some(Err(error)) => said.set(Some(error.detail())),
            None => {}
        }
    });
    let choose = move |event: leptos::ev::Event| {
        if let Ok(id) = event_target_value(&event).parse() {
            fetch.dispatch(id);
        }
        // The next choice is an action again, also of the same template.
        #[cfg(feature = "hydrate")]
        event_target::<web_sys::HtmlSelectElement>(&event).set_value("");
    };
    let undo = move |_| {
        if let Some(text) = before.get_untracked() {
            body.set(text);
            form.edited(field);
        }
        before.set(None);
        said.set(None);
    };
    // Those that are written for this point first, then those for any.
    let mut offered = names.get_value();
    offered.sort_by_key(|one| match one.point {
        Some(written) if written == point => 0,
        None => 1,
        Some(_) => 2,
    });
    let options = offered
        .into_iter()
        .map(|one| {
            let elsewhere = one.point.filter(|written| *written != point);
            view! {
                <option value=one.id.to_string()>
                    {one.name} {elsewhere.map(|point| view! { " (" {t(point.label())} ")" })}
                </option>
            }
        })
        .collect_view();
    view! {
        <select class="fill needs-script" aria-label=t(templates::FILL) on:change=choose>
            <option value="">{t(templates::FILL_NONE)}</option>
            {options}
        </select>
        <span class="quiet" role="status">{move || said.get().map(|text| text.get(lang.get()).to_owned())}</span>
        {move || {
            before
                .get()
                .map(|_| {
                    view! {
                        <button type="button" class="button quiet small" on:click=undo>
                            {t(templates::UNDO)}
                        </button>
                    }
                })
        }}
    }
    .into_any()
}
