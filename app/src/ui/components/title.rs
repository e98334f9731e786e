//! The name of the window.

use launchway_domain::Text;

#[cfg(not(feature = "ssr"))]
use crate::text::CurrentLang;
#[cfg(feature = "ssr")]
use crate::text::t;

/// Names the window after the page that is being made, in the reader's language.
pub fn name_window(page: Text) {
    // The head of the document is the server's to write.
    #[cfg(feature = "ssr")]
    {
        let page = t(page);
        let _ = leptos_meta::Title(leptos_meta::TitleProps::builder().text(move || full(page())).build());
    }
    #[cfg(not(feature = "ssr"))]
    {
        use leptos::prelude::*;
        let lang = CurrentLang::find();
        Effect::new(move |_| document().set_title(&full(page.get(lang.get()).to_owned())));
    }
}

fn full(mut page: String) -> String {
    page.push_str(" · Launchway");
    page
}
