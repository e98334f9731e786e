//! How somebody likes to read logs: kept in the browser, the same for every log.

use leptos::prelude::*;

/// The name in the browser's storage.
const KEY: &str = "launchway.log";

/// How logs are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prefs {
    /// Whether long lines are wrapped.
    pub wrap: bool,
    /// Whether each line shows its time.
    pub times: bool,
}

impl Default for Prefs {
    /// As the server renders it.
    fn default() -> Self {
        Self { wrap: true, times: true }
    }
}

impl Prefs {
    /// Reads what [`Prefs::written`] wrote; what is not understood is as by default.
    fn read(text: &str) -> Self {
        let mut prefs = Self::default();
        for word in text.split(' ') {
            match word {
                "wrap" => prefs.wrap = true,
                "no-wrap" => prefs.wrap = false,
                "times" => prefs.times = true,
                "no-times" => prefs.times = false,
                _ => {}
            }
        }
        prefs
    }

    fn written(self) -> String {
        let wrap = if self.wrap { "wrap" } else { "no-wrap" };
        let times = if self.times { "times" } else { "no-times" };
        format!("{wrap} {times}")
    }

    /// What the browser remembers. After hydration only: the first render is the server's.
    pub fn remembered() -> Self {
        let text = storage().and_then(|storage| storage.get_item(KEY).ok().flatten());
        text.map_or_else(Self::default, |text| Self::read(&text))
    }

    /// Makes the browser remember.
    pub fn remember(self) {
        if let Some(storage) = storage() {
            // A full or forbidden storage forgets; that is all.
            let _ = storage.set_item(KEY, &self.written());
        }
    }
}

fn storage() -> Option<web_sys::Storage> {
    window().local_storage().ok().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_remembered_is_read_back() {
        for wrap in [false, true] {
            for times in [false, true] {
                let prefs = Prefs { wrap, times };
                assert_eq!(Prefs::read(&prefs.written()), prefs);
            }
        }
        assert_eq!(Prefs::read("what? no-times"), Prefs { times: false, ..Prefs::default() });
    }
}
