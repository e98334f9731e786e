//! A time that somebody types by the clock on their wall.

use launchway_domain::Text;
use leptos::html;
use leptos::prelude::*;

use super::form::FormState;
use super::typed::typed;
use crate::text::{CurrentLang, queue as words, t};

/// A field for a local time, with the time zone that it is meant in: the browser's, once the page is alive.
#[component]
pub fn LocalTimeField(
    /// The form.
    form: FormState,
    /// The name under which the time is sent; unique on the page.
    field: &'static str,
    /// What it is called.
    label: Text,
    /// What to know about it.
    hint: Text,
    /// The time zone where the page is not alive.
    zone: String,
    /// Told what is typed.
    #[prop(optional)]
    told: Option<RwSignal<String>>,
) -> impl IntoView {
    form.register(field);
    let lang = CurrentLang::find();
    let id = format!("f-{field}");
    let zone_id = format!("{id}-zone");
    let node = NodeRef::<html::Input>::new();
    #[cfg(feature = "hydrate")]
    Effect::new(move |_| {
        if let (Some(input), Some(zone)) = (node.get(), browser_zone()) {
            input.set_value(&zone);
        }
    });
    view! {
        <div class="field local-time" class:bad=move || form.error(field).is_some()>
            <div class="row">
                <div>
                    <label for=id.clone()>{t(label)}</label>
                    <input
                        id=id.clone()
                        name=field
                        type="datetime-local"
                        aria-invalid=move || form.error(field).map(|_| "true")
                        aria-describedby=format!("{id}-error {id}-hint")
                        value=typed(field)
                        on:input=move |event| {
                            if let Some(told) = told {
                                told.set(event_target_value(&event));
                            }
                            form.edited(field);
                        }
                    />
                </div>
                <div>
                    <label for=zone_id.clone()>{t(words::ZONE)}</label>
                    <input id=zone_id name="zone" type="text" value=zone autocomplete="off" spellcheck="false" node_ref=node />
                </div>
            </div>
            <p class="hint" id=format!("{id}-hint")>{t(hint)}</p>
            <p class="error" id=format!("{id}-error") aria-live="polite">
                {move || form.error(field).map(|text| text.get(lang.get()).to_owned())}
            </p>
        </div>
    }
    .into_any()
}

/// The time zone that the browser is in.
#[cfg(feature = "hydrate")]
fn browser_zone() -> Option<String> {
    let format = js_sys::Intl::DateTimeFormat::new(&js_sys::Array::new(), &js_sys::Object::new());
    js_sys::Reflect::get(&format.resolved_options(), &"timeZone".into()).ok()?.as_string()
}
