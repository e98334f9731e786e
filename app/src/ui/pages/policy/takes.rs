//! What a release takes along, and how it lies on the servers.

use launchway_domain::{Environment, Form};
use leptos::prelude::*;

use crate::api::takes::{SaveTakes, TakesFields};
use crate::text::{common, t, takes as words};
use crate::ui::components::field::{TextArea, TextField};
use crate::ui::components::form::{FormEnd, FormState, VersionField};

/// The form of this part.
#[component]
pub fn Section(environment: Environment, version: RwSignal<i64>, save: ServerAction<SaveTakes>) -> impl IntoView {
    let start = TakesFields::of(&environment.policy.takes);
    let [exclude, shared_folders, shared_files] =
        [start.exclude, start.shared_folders, start.shared_files].map(RwSignal::new);
    let [owner, file_mode, folder_mode, cache_mib] =
        [start.owner, start.file_mode, start.folder_mode, start.cache_mib].map(RwSignal::new);
    let form = FormState::new(save, move || {
        let fields = TakesFields {
            exclude: exclude.get(),
            shared_folders: shared_folders.get(),
            shared_files: shared_files.get(),
            owner: owner.get(),
            file_mode: file_mode.get(),
            folder_mode: folder_mode.get(),
            cache_mib: cache_mib.get(),
        };
        fields.takes().errors()
    });
    view! {
        <section id="takes">
            <h2>{t(words::TAKES)}</h2>
            <ActionForm action=save on:submit:capture=form.guard() attr:class="form" attr:novalidate=true>
                <input type="hidden" name="id" value=environment.id.to_string() />
                <VersionField form version />
                <TextArea form field="exclude" label=words::EXCLUDE value=exclude hint=words::EXCLUDE_HINT optional=true code=true />
                <div class="columns">
                    <TextArea
                        form
                        field="shared_folders"
                        label=words::SHARED_FOLDERS
                        value=shared_folders
                        hint=words::SHARED_FOLDERS_HINT
                        optional=true
                        code=true
                    />
                    <TextArea
                        form
                        field="shared_files"
                        label=words::SHARED_FILES
                        value=shared_files
                        hint=words::SHARED_FILES_HINT
                        optional=true
                        code=true
                    />
                </div>
                <TextField form field="owner" label=words::OWNER value=owner hint=words::OWNER_HINT optional=true code=true />
                <div class="columns">
                    <TextField
                        form
                        field="file_mode"
                        label=words::FILE_MODE
                        value=file_mode
                        hint=words::FILE_MODE_HINT
                        optional=true
                        code=true
                    />
                    <TextField
                        form
                        field="folder_mode"
                        label=words::FOLDER_MODE
                        value=folder_mode
                        hint=words::FOLDER_MODE_HINT
                        optional=true
                        code=true
                    />
                </div>
                <TextField form field="cache_mib" label=words::CACHE value=cache_mib hint=words::CACHE_HINT optional=true code=true />
                <FormEnd form submit=common::SAVE pending=save.pending() />
            </ActionForm>
        </section>
    }
    .into_any()
}
