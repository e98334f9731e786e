//! Coming in by an invitation: choosing a password. Works without JavaScript, and needs no code in the browser.

use launchway_domain::{Form, JoinForm};
use leptos::prelude::*;

use super::sign_in::Gate;
use crate::api::account::{Join, get_invitation};
use crate::text::{account, t};
use crate::ui::components::field::TextField;
use crate::ui::components::form::{FormEnd, FormState};

/// The page that an invitation leads to.
#[component]
pub fn JoinPage() -> impl IntoView {
    let found = Resource::new(|| (), |()| get_invitation());
    view! {
        <Suspense>
            {move || Suspend::new(async move {
                match found.await {
                    Ok(Some(name)) => view! { <Chooser name /> }.into_any(),
                    Ok(None) => {
                        view! {
                            <Gate title=account::NO_LINK lead=account::NO_LINK_LEAD>
                                <p>
                                    <a class="button" href="/sign-in" rel="external">
                                        {t(account::TO_SIGN_IN)}
                                    </a>
                                </p>
                            </Gate>
                        }
                            .into_any()
                    }
                    Err(error) => {
                        view! {
                            <Gate title=account::JOIN lead=error.detail()>
                                ""
                            </Gate>
                        }
                            .into_any()
                    }
                }
            })}
        </Suspense>
    }
}

#[component]
fn Chooser(name: String) -> impl IntoView {
    let join = ServerAction::<Join>::new();
    let password = RwSignal::new(String::new());
    let form = FormState::new(join, move || JoinForm { password: password.get() }.errors());
    view! {
        <Gate title=account::JOIN lead=account::JOIN_LEAD>
            <ActionForm action=join on:submit:capture=form.guard() attr:novalidate=true>
                // Not sent: for those who keep passwords by the name.
                <div class="field">
                    <label for="join-name">{t(account::USER)}</label>
                    <input id="join-name" type="text" readonly autocomplete="username" value=name />
                </div>
                <TextField
                    form
                    field="password"
                    label=account::NEW_PASSWORD
                    value=password
                    hint=account::PASSWORD_HINT
                    kind="password"
                    autocomplete="new-password"
                />
                <FormEnd form submit=account::JOIN_DO pending=join.pending() />
            </ActionForm>
        </Gate>
    }
    .into_any()
}
