//! How a release is shown while somebody waits for it.

use std::io::IsTerminal;

use console::Term;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use launchway_domain::Timestamp;

use super::frame::frame;
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
    pub(crate) fn say(&self, line: &str) {
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
    bars: MultiProgress,
    lines: Vec<ProgressBar>,
    style: ProgressStyle,
    term: Term,
}

impl Live {
    fn new() -> Self {
        // The picture is on standard error, and so is what decides about its colours.
        console::set_colors_enabled(console::colors_enabled_stderr());
        let style = ProgressStyle::with_template("{wide_msg}").unwrap_or_else(|_| ProgressStyle::default_spinner());
        let term = Term::stderr();
        let bars = MultiProgress::with_draw_target(ProgressDrawTarget::term(term.clone(), 15));
        Self { bars, lines: Vec::new(), style, term }
    }

    fn draw(&mut self, picture: &Picture) {
        let height = usize::from(self.term.size().0).saturating_sub(1).max(4);
        let frame = frame(picture, Timestamp::now(), height, say::lang());
        for bar in self.lines.drain(frame.len().min(self.lines.len())..) {
            bar.finish_and_clear();
            self.bars.remove(&bar);
        }
        while self.lines.len() < frame.len() {
            let bar = self.bars.add(ProgressBar::new_spinner());
            bar.set_style(self.style.clone());
            self.lines.push(bar);
        }
        for (bar, line) in self.lines.iter().zip(frame) {
            bar.set_message(line);
        }
    }

    fn above(&self, line: &str) {
        // A terminal that is gone has nobody to tell.
        let _ = self.bars.println(line);
    }

    fn leave(&mut self) {
        for bar in self.lines.drain(..) {
            bar.abandon();
        }
    }
}
