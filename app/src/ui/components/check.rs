//! What a check found, and the pinning of a host key.

use launchway_domain::{Check, Text};
use leptos::prelude::*;

use crate::api::ApiError;
use crate::text::{CurrentLang, common, t};

/// The outcome of a check, with a button that pins the host key it saw.
#[component]
pub fn CheckOutcome(
    /// The last answer.
    #[prop(into)]
    answer: Signal<Option<Result<Check, ApiError>>>,
    /// Whether one is being waited for.
    #[prop(into)]
    pending: Signal<bool>,
    /// The key that is pinned now.
    #[prop(into)]
    pinned: Signal<Option<String>>,
    /// Pins a fingerprint; without it there is nothing to pin.
    #[prop(optional)]
    pin: Option<Callback<String>>,
) -> impl IntoView {
    let checking = t(common::CHECKING);
    view! {
        <div class="outcome" aria-live="polite">
            {move || {
                if pending.get() {
                    return view! {
                        <p class="progress">
                            <progress></progress>
                            {checking()}
                        </p>
                    }
                        .into_any();
                }
                match answer.get() {
                    None => ().into_any(),
                    Some(Err(error)) => view! { <Finding ok=false text=error.detail() /> }.into_any(),
                    Some(Ok(check)) => view! { <Found check pinned pin /> }.into_any(),
                }
            }}
        </div>
    }
    .into_any()
}

#[component]
fn Found(check: Check, pinned: Signal<Option<String>>, pin: Option<Callback<String>>) -> impl IntoView {
    let current = CurrentLang::find();
    let text = match &check.error {
        Some(error) => error.clone(),
        None => common::CHECK_OK,
    };
    let key = check.host_key.clone().zip(pin).map(|(key, pin)| {
        let seen = key.clone();
        let same = move || pinned.get().as_deref() == Some(seen.as_str());
        let note = move || {
            let text = if pinned.get().is_some() { common::HOST_KEY_CHANGED } else { common::HOST_KEY_COMPARE };
            text.get(current.get()).to_owned()
        };
        let shown = key.clone();
        view! {
            <div class="key" class:hidden=same>
                <p>{t(common::HOST_KEY_SEEN)}</p>
                <p>
                    <code>{shown}</code>
                </p>
                <p class="hint">{note}</p>
                <button type="button" class="button primary" on:click=move |_| pin.run(key.clone())>
                    {t(common::PIN)}
                </button>
            </div>
        }
    });
    let servers = check
        .servers
        .into_iter()
        .map(|server| {
            let text = server.check.error.unwrap_or(common::CHECK_OK);
            view! {
                <li>
                    <b>{server.hostname}</b>
                    <Finding ok=server.check.ok text ms=server.check.latency_ms />
                </li>
            }
        })
        .collect::<Vec<_>>();
    view! {
        <Finding ok=check.ok text ms=check.latency_ms />
        {key}
        {(!servers.is_empty()).then(|| view! { <ul class="findings">{servers}</ul> })}
    }
    .into_any()
}

#[component]
fn Finding(ok: bool, text: Text, #[prop(optional)] ms: Option<u64>) -> impl IntoView {
    view! {
        <p class="finding" data-ok=ok.to_string()>
            <span class="sign" aria-hidden="true">{if ok { "✓" } else { "✕" }}</span>
            <span>{t(text)}</span>
            {ms.filter(|_| ok).map(|ms| view! { <span class="quiet">{t(common::latency(ms))}</span> })}
        </p>
    }
    .into_any()
}

/// A pinned key, or that there is none.
#[component]
pub fn HostKey(
    /// The fingerprint.
    #[prop(into)]
    pinned: Signal<Option<String>>,
) -> impl IntoView {
    let none = t(common::NOT_PINNED);
    view! {
        {move || match pinned.get() {
            Some(key) => view! { <code class="fingerprint">{key}</code> }.into_any(),
            None => view! { <span class="tag" data-kind="warn">{none()}</span> }.into_any(),
        }}
    }
}
