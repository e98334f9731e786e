//! Signing in. Works without JavaScript.

use launchway_domain::{Form, SignInForm, Text};
use leptos::prelude::*;
use leptos_router::components::Redirect;
use leptos_router::hooks::use_query_map;

use crate::api::account::{SignIn, get_visitor};
use crate::text::{account, t};
use crate::ui::components::field::TextField;
use crate::ui::components::form::{FormEnd, FormState};
use crate::ui::components::layout::Logo;
use crate::ui::components::prefs_bar::PrefsBar;
use crate::ui::components::title::name_window;
use crate::ui::next;

/// The sign-in page.
#[component]
pub fn SignInPage() -> impl IntoView {
    let visitor = Resource::new(|| (), |()| get_visitor());
    let query = use_query_map();
    let next = query.read_untracked().get("next");
    let sign_in = ServerAction::<SignIn>::new();
    let (name, password) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let form = FormState::new(sign_in, move || SignInForm { name: name.get(), password: password.get() }.errors());
    let back = next.clone();
    view! {
        <Gate title=account::SIGN_IN lead=account::SIGN_IN_LEAD>
            <Suspense>
                {move || {
                    let back = back.clone();
                    Suspend::new(async move {
                        match visitor.await {
                            Ok(visitor) if visitor.needs_setup => Some(view! { <Redirect path="/setup" /> }.into_any()),
                            Ok(visitor) if visitor.user.is_some() => {
                                Some(view! { <Redirect path=next::safe(back.as_deref()).to_owned() /> }.into_any())
                            }
                            _ => None,
                        }
                    })
                }}
            </Suspense>
            <ActionForm action=sign_in on:submit:capture=form.guard() attr:novalidate=true>
                {next.map(|next| view! { <input type="hidden" name="next" value=next /> })}
                <TextField form field="name" label=account::USER value=name autocomplete="username" />
                <TextField
                    form
                    field="password"
                    label=account::PASSWORD
                    value=password
                    kind="password"
                    autocomplete="current-password"
                />
                <FormEnd form submit=account::SIGN_IN pending=sign_in.pending() />
            </ActionForm>
        </Gate>
    }
    .into_any()
}

/// The frame of the pages before the sign-in.
#[component]
pub fn Gate(
    /// The title; also the window's.
    title: Text,
    /// What it is about.
    lead: Text,
    /// The form.
    children: Children,
) -> impl IntoView {
    name_window(title.clone());
    view! {
        <main class="gate" id="content">
            <div class="gate-head">
                <Logo />
                <PrefsBar />
            </div>
            <h1>{t(title)}</h1>
            <p class="lead">{t(lead)}</p>
            {children()}
        </main>
    }
    .into_any()
}
