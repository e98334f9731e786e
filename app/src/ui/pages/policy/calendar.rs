//! When nothing may start.

use launchway_domain::policy::calendar::local_of;
use launchway_domain::{DateFreeze, Environment, Text, Weekday, WeeklyFreeze};
use leptos::prelude::*;

use crate::api::policy::SaveCalendar;
use crate::text::{CurrentLang, common, queue as words, t};
use crate::ui::components::form::{FormEnd, FormState, VersionField};

/// How many empty rows wait for new windows of each kind; a button adds more.
const BLANK: usize = 1;

/// The form of this part. Its rows are plain fields: it works as it comes from the server.
#[component]
pub fn Section(
    /// Whose.
    environment: Environment,
    /// The version of the environment.
    version: RwSignal<i64>,
    /// What saves it.
    save: ServerAction<SaveCalendar>,
    /// Whether the visitor may change it.
    may: bool,
) -> impl IntoView {
    let calendar = environment.policy.calendar;
    let form = FormState::new(save, Vec::new);
    let blank = if may { BLANK } else { 0 };
    let (weeklies, dated) = (calendar.weekly.len() + blank, calendar.dates.len() + blank);
    let weekly = calendar
        .weekly
        .into_iter()
        .chain(std::iter::repeat_with(WeeklyFreeze::default).take(blank))
        .enumerate()
        .map(|(row, window)| view! { <Weekly row window /> })
        .collect_view();
    let dates = calendar
        .dates
        .into_iter()
        .chain(std::iter::repeat_with(DateFreeze::default).take(blank))
        .enumerate()
        .map(|(row, window)| view! { <Once row window /> })
        .collect_view();
    view! {
        <section id="freezes">
            <h2>{t(words::FREEZES)}</h2>
            <p class="quiet">{t(words::FREEZES_LEAD)}</p>
            <ActionForm action=save on:submit:capture=form.guard() attr:class="form freezes" attr:novalidate=true>
                <input type="hidden" name="id" value=environment.id.to_string() />
                <VersionField form version />
                <div class="field">
                    <label for="freeze-zone">{t(words::ZONE)}</label>
                    <input
                        id="freeze-zone"
                        name="calendar[time_zone]"
                        type="text"
                        value=calendar.time_zone.unwrap_or_default()
                        placeholder="UTC"
                        autocomplete="off"
                        spellcheck="false"
                        aria-describedby="freeze-zone-hint"
                    />
                    <p class="hint" id="freeze-zone-hint">{t(words::ZONE_HINT)}</p>
                </div>
                <h3>{t(words::WEEKLY)}</h3>
                {may.then(|| view! { <p class="hint">{t(words::WEEKLY_HINT)}</p> })}
                {weekly}
                {may.then(|| {
                    let row = |row| view! { <Weekly row window=WeeklyFreeze::default() /> }.into_any();
                    view! { <More from=weeklies row add=words::MORE_WEEKLY /> }
                })}
                <h3>{t(words::DATES)}</h3>
                {dates}
                {may.then(|| {
                    let row = |row| view! { <Once row window=DateFreeze::default() /> }.into_any();
                    view! { <More from=dated row add=words::MORE_DATES /> }
                })}
                {may.then(|| view! { <p class="hint no-script">{t(words::MORE_ROWS)}</p> })}
                <FormEnd form submit=common::SAVE pending=save.pending() />
            </ActionForm>
        </section>
    }
    .into_any()
}

/// More empty rows, as many as somebody asks for.
#[component]
fn More(
    /// How many rows stand above.
    from: usize,
    /// Makes one, by its number.
    row: fn(usize) -> AnyView,
    /// What the button says.
    add: Text,
) -> impl IntoView {
    let count = RwSignal::new(0);
    view! {
        <For each=move || from..from + count.get() key=|number| *number children=row />
        <p class="needs-script">
            <button type="button" class="button small" on:click=move |_| count.update(|count| *count += 1)>
                {t(add)}
            </button>
        </p>
    }
    .into_any()
}

#[component]
fn Weekly(row: usize, window: WeeklyFreeze) -> impl IntoView {
    let name = move |field: &str| format!("calendar[weekly][{row}][{field}]");
    let days = Weekday::ALL
        .into_iter()
        .map(|day| {
            view! {
                <label class="day">
                    <input
                        type="checkbox"
                        name=name("days") + "[]"
                        value=day.as_str()
                        checked=window.days.contains(&day)
                    />
                    <span>{t(day.label())}</span>
                </label>
            }
        })
        .collect_view();
    view! {
        <fieldset class="field freeze-row">
            <legend class="visually-hidden">{t(words::weekly_row(row + 1))}</legend>
            <div class="days" role="group" aria-label=t(words::DAYS)>{days}</div>
            <Typed name=name("from") label=words::FROM value=window.from.clone() example="18:00" />
            <Typed name=name("to") label=words::TO value=window.to.clone() example="08:00" />
            <Typed name=name("label") label=words::LABEL value=window.label.clone().unwrap_or_default() />
        </fieldset>
    }
    .into_any()
}

#[component]
fn Once(row: usize, window: DateFreeze) -> impl IntoView {
    let name = move |field: &str| format!("calendar[dates][{row}][{field}]");
    view! {
        <fieldset class="field freeze-row">
            <legend class="visually-hidden">{t(words::date_row(row + 1))}</legend>
            <Typed name=name("from") label=words::FROM value=picked(&window.from, false) kind="datetime-local" />
            <Typed name=name("to") label=words::TO value=picked(&window.to, true) kind="datetime-local" />
            <Typed name=name("label") label=words::LABEL value=window.label.unwrap_or_default() />
        </fieldset>
    }
    .into_any()
}

/// A local time as a browser's field has it; a day is meant from its beginning, or to its end.
fn picked(text: &str, is_end: bool) -> String {
    match local_of(text) {
        Some((day, Some(minutes))) => format!("{day}T{:02}:{:02}", minutes / 60, minutes % 60),
        Some((day, None)) if is_end => format!("{}T00:00", day.next_day().unwrap_or(day)),
        Some((day, None)) => format!("{day}T00:00"),
        None => String::new(),
    }
}

/// One field of a row.
#[component]
fn Typed(
    name: String,
    label: Text,
    value: String,
    #[prop(default = "text")] kind: &'static str,
    #[prop(optional)] example: Option<&'static str>,
) -> impl IntoView {
    let lang = CurrentLang::find();
    view! {
        <label class="typed">
            <span>{move || label.get(lang.get()).to_owned()}</span>
            <input
                type=kind
                name=name
                value=value
                placeholder=example
                class:clock=example.is_some()
                autocomplete="off"
                spellcheck="false"
            />
        </label>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::picked;

    #[test]
    fn a_day_is_shown_to_its_end() {
        assert_eq!(picked("2026-12-31", true), "2027-01-01T00:00");
        assert_eq!(picked("2026-12-24", false), "2026-12-24T00:00");
        assert_eq!(picked("2026-12-24 18:05", true), "2026-12-24T18:05");
        assert_eq!(picked("", true), "");
    }
}
