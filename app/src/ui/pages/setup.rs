//! The first visit: the first administrator. Works without JavaScript.

use launchway_domain::{Form, SetupForm};
use leptos::prelude::*;
use leptos_router::components::Redirect;

use super::sign_in::Gate;
use crate::api::account::{Setup, get_visitor};
use crate::text::account;
use crate::ui::components::field::TextField;
use crate::ui::components::form::{FormEnd, FormState};

/// The page of the first visit; afterwards it leads to the front page.
#[component]
pub fn SetupPage() -> impl IntoView {
    let visitor = Resource::new(|| (), |()| get_visitor());
    let setup = ServerAction::<Setup>::new();
    let (name, password) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let form = FormState::new(setup, move || SetupForm { name: name.get(), password: password.get() }.errors());
    view! {
        <Gate title=account::SETUP lead=account::SETUP_LEAD>
            <Suspense>
                {move || Suspend::new(async move {
                    match visitor.await {
                        Ok(visitor) if !visitor.needs_setup => Some(view! { <Redirect path="/" /> }),
                        _ => None,
                    }
                })}
            </Suspense>
            <ActionForm action=setup on:submit:capture=form.guard() attr:novalidate=true>
                <TextField form field="name" label=account::USER value=name autocomplete="username" />
                <TextField
                    form
                    field="password"
                    label=account::PASSWORD
                    value=password
                    hint=account::PASSWORD_HINT
                    kind="password"
                    autocomplete="new-password"
                />
                <FormEnd form submit=account::SETUP_DO pending=setup.pending() />
            </ActionForm>
        </Gate>
    }
    .into_any()
}
