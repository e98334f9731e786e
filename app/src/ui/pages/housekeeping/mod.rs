//! How long things are kept, what they take up, and what goes next.

pub mod cache;
pub mod disk;
pub mod settings;
pub mod tidy;

use leptos::prelude::*;

use crate::api::housekeeping::{MeasureDisk, SaveHousekeeping, TidyUp, get_housekeeping};
use crate::text::{housekeeping as words, settings as settings_words};
use crate::ui::components::form::times_saved;
use crate::ui::components::layout::PageHead;
use crate::ui::components::load::{Loading, show};
use crate::ui::components::toast::Toasts;

/// The page of housekeeping, for administrators.
#[component]
pub fn HousekeepingPage() -> impl IntoView {
    let save = ServerAction::<SaveHousekeeping>::new();
    let tidy = ServerAction::<TidyUp>::new();
    let measure = ServerAction::<MeasureDisk>::new();
    Toasts::follow(save);
    let saved = times_saved(save);
    let found =
        Resource::new(move || (saved.get(), tidy.version().get(), measure.version().get()), |_| get_housekeeping());
    view! {
        <PageHead title=words::TITLE lead=Some(words::LEAD) up=("/settings".to_owned(), settings_words::TITLE) />
        <Transition fallback=Loading>
            {move || Suspend::new(async move {
                show(
                    found.await,
                    move |now| {
                        view! {
                            <disk::Section disk=now.disk measure />
                            <tidy::Section plan=now.plan tidy />
                            <settings::Section kept=now.kept save />
                        }
                    },
                )
            })}
        </Transition>
    }
}
