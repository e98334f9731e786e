//! How a release is shown while somebody waits for it.

use std::io::IsTerminal;

use console::{Term, truncate_str};
use launchway_domain::Timestamp;

use super::frame::{Room, frame};
use super::lines;
use super::picture::{Change, Picture};
use crate::cli::say;

/// How it is shown.
pub(crate) enum View {
    /// Not at all: the answer is JSON, and comes at the end.
    Silent,
    /// A line for each change.
    Plain,
    /// A picture that moves.
    Live(Live),
}

impl View {
    /// What fits where the program runs: a picture on a terminal, plain lines elsewhere and in CI.
    pub(crate) fn fitting(json: bool) -> Self {
        let is_ci = std::env::var_os("CI").is_some_and(|value| !value.is_empty() && value != "false" && value != "0");
        let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let is_seen = std::io::stderr().is_terminal() && (json || std::io::stdout().is_terminal());
        match (is_seen && !is_ci && !is_dumb, json) {
            (true, _) => View::Live(Live::new()),
            (false, true) => View::Silent,
            (false, false) => View::Plain,
        }
    }

    /// The first look.
    pub(crate) fn begin(&mut self, picture: &Picture) {
        match self {
            View::Silent => {}
            View::Plain => {
                say::line(&lines::title(&picture.release));
                let changes = (0..picture.nodes.len()).map(Change::Node).chain([Change::Release]);
                for change in changes {
                    let at = match &change {
                        Change::Node(at) => picture.nodes[*at].finished_at.or(picture.nodes[*at].started_at),
                        _ => picture.release.finished_at.or(picture.release.started_at),
                    };
                    self.changed(picture, &change, at.unwrap_or(picture.release.created_at));
                }
            }
            View::Live(live) => live.draw(picture),
        }
    }

    /// Something changed.
    pub(crate) fn changed(&mut self, picture: &Picture, change: &Change, at: Timestamp) {
        match self {
            View::Plain => {
                if let Some(line) = lines::change(picture, change, at, say::lang()) {
                    say::out(&line);
                }
            }
            View::Silent | View::Live(_) => self.tick(picture),
        }
    }

    /// Time goes by.
    pub(crate) fn tick(&mut self, picture: &Picture) {
        if let View::Live(live) = self {
            live.draw(picture);
        }
    }

    /// A line of its own.
    pub(crate) fn say(&mut self, line: &str) {
        match self {
            View::Silent => {}
            View::Plain => say::out(line),
            View::Live(live) => live.above(line),
        }
    }

    /// The last look.
    pub(crate) fn end(&mut self, picture: &Picture) {
        if let View::Live(live) = self {
            live.draw(picture);
            live.leave();
        }
        if !matches!(self, View::Silent) {
            for line in lines::end(picture, say::lang()) {
                // Beside a picture the answer stands where the picture does.
                match self {
                    View::Plain => say::out(&line),
                    _ => eprintln!("{line}"),
                }
            }
        }
    }

    /// Leaves the terminal as it is now.
    pub(crate) fn leave(&mut self) {
        if let View::Live(live) = self {
            live.leave();
        }
    }
}

/// A picture on standard error, below everything else that is printed.
pub(crate) struct Live {
    /// Holds back what is written until a frame is whole, so that nothing flickers.
    term: Term,
    /// What is on the screen.
    shown: Vec<String>,
}

impl Live {
    fn new() -> Self {
        // The picture is on standard error, and so is what decides about its colours.
        console::set_colors_enabled(console::colors_enabled_stderr());
        Self { term: Term::buffered_stderr(), shown: Vec::new() }
    }

    fn draw(&mut self, picture: &Picture) {
        let (height, width) = self.term.size();
        let (height, width) = (usize::from(height).saturating_sub(1).max(4), usize::from(width).saturating_sub(1));
        let frame = frame(picture, Timestamp::now(), Room { height, width }, say::lang());
        // A line that is wrapped would take two, and the next frame would begin in the wrong place.
        let frame: Vec<_> = frame.iter().map(|line| truncate_str(line, width, "…").into_owned()).collect();
        if frame != self.shown {
            self.write(None, frame);
        }
    }

    fn above(&mut self, line: &str) {
        let frame = self.shown.clone();
        self.write(Some(line), frame);
    }

    /// Writes a frame over the one before; above it a line that stays. A terminal that is gone has nobody to tell.
    fn write(&mut self, line: Option<&str>, frame: Vec<String>) {
        let written = || -> std::io::Result<()> {
            self.term.move_cursor_up(self.shown.len())?;
            self.term.clear_to_end_of_screen()?;
            for line in line.into_iter().chain(frame.iter().map(String::as_str)) {
                self.term.write_line(line)?;
            }
            self.term.flush()
        };
        let _ = written();
        self.shown = frame;
    }

    /// What is on the screen stays there.
    fn leave(&mut self) {
        self.shown.clear();
    }
}
