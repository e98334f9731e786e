//! The lines that the browser holds: some pages of a log, those that were used last. Pure.

use launchway_domain::log::screen::{Screen, Span, Style};
use launchway_domain::{LogLines, LogSource, LogStream, Timestamp};

use crate::api::log::PAGE_LINES;

/// How many pages are kept.
const MAX_PAGES: usize = 40;
/// How much text is kept, in bytes, as long as more than a few pages are.
const MAX_BYTES: usize = 8 << 20;
/// So many pages are kept however long their lines are: what is seen lies on them.
const MIN_PAGES: usize = 4;

/// A line as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// When its beginning came.
    pub at: Timestamp,
    /// From where.
    pub stream: LogStream,
    /// Whose it is: an index into [`Pages::sources`].
    pub source: usize,
    /// What a terminal would show.
    pub spans: Vec<Span>,
    /// Whether its end has not come yet.
    open: bool,
    /// The style in which it ends, and the next line of the same source begins.
    style: Style,
}

impl Shown {
    /// The text without its colours.
    pub fn text(&self) -> String {
        self.spans.iter().map(|span| span.text.as_str()).collect()
    }

    /// How many characters it has.
    pub fn width(&self) -> usize {
        self.spans.iter().map(|span| span.text.chars().count()).sum()
    }

    fn bytes(&self) -> usize {
        self.spans.iter().map(|span| span.text.len() + 48).sum::<usize>() + 64
    }
}

#[derive(Clone, Debug)]
struct Page {
    number: u64,
    rows: Vec<Shown>,
    bytes: usize,
    used: u64,
}

/// Some pages of one log. Lines are counted from 0 here.
#[derive(Clone, Debug, Default)]
pub struct Pages {
    total: u64,
    sources: Vec<LogSource>,
    pages: Vec<Page>,
    clock: u64,
}

impl Pages {
    /// What a first answer holds.
    pub fn of(lines: &LogLines) -> Self {
        let mut pages = Self::default();
        pages.take(lines);
        pages
    }

    /// How many lines the log has, as far as is known.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// Whose lines there are.
    pub fn sources(&self) -> &[LogSource] {
        &self.sources
    }

    /// One line, if it is here.
    pub fn row(&self, line: u64) -> Option<&Shown> {
        let page = self.pages.iter().find(|page| page.number == line / PAGE_LINES)?;
        page.rows.get((line % PAGE_LINES) as usize)
    }

    /// From which line on to ask for what lies in a stretch and is not here; the first such place.
    pub fn missing(&self, from: u64, to: u64) -> Option<u64> {
        let to = to.min(self.total);
        if from >= to {
            return None;
        }
        (from / PAGE_LINES..=(to - 1) / PAGE_LINES).find_map(|number| {
            let first = number * PAGE_LINES;
            let wanted = self.total.min(first + PAGE_LINES) - first;
            let known = self.pages.iter().find(|page| page.number == number).map_or(0, |page| page.rows.len() as u64);
            (known < wanted && first + known < to).then_some(first + known)
        })
    }

    /// From which line on the end may have changed: the first line on the last page that has not ended, or the one
    /// after all.
    pub fn fresh(&self) -> u64 {
        let Some(number) = self.total.checked_sub(1).map(|last| last / PAGE_LINES) else { return 0 };
        let Some(page) = self.pages.iter().find(|page| page.number == number) else { return number * PAGE_LINES };
        let open = page.rows.iter().position(|row| row.open).unwrap_or(page.rows.len());
        number * PAGE_LINES + open as u64
    }

    /// Marks what is used, so that it stays.
    pub fn touch(&mut self, from: u64, to: u64) {
        self.clock += 1;
        for page in &mut self.pages {
            let first = page.number * PAGE_LINES;
            if first < to && from < first + PAGE_LINES {
                page.used = self.clock;
            }
        }
    }

    /// Forgets lines that have not ended and are not on the last page: they are asked for again when they are seen.
    pub fn forget_open(&mut self) {
        let last = self.total.saturating_sub(1) / PAGE_LINES;
        self.pages.retain(|page| page.number == last || !page.rows.iter().any(|row| row.open));
    }

    /// Takes an answer, from wherever it begins. Lines that would leave a gap on their page are left out.
    pub fn take(&mut self, lines: &LogLines) {
        self.total = self.total.max(lines.total);
        let sources: Vec<usize> = lines.sources.iter().map(|source| self.source(source)).collect();
        let first = lines.from_line.saturating_sub(1);
        let mut styles: Vec<Option<Style>> = vec![None; self.sources.len()];
        for (index, row) in lines.items.iter().enumerate() {
            let line = first + index as u64;
            let source = sources.get(row.source as usize).copied().unwrap_or(0);
            let style = match styles.get(source).copied().flatten() {
                Some(style) => style,
                None => self.style_before(line, source),
            };
            let mut screen = Screen::with_style(style);
            let spans = screen.line(&row.text);
            let style = screen.style();
            if let Some(known) = styles.get_mut(source) {
                *known = Some(style);
            }
            self.put(line, Shown { at: row.at, stream: row.stream, source, spans, open: row.open, style });
        }
        self.shrink();
    }

    fn source(&mut self, source: &LogSource) -> usize {
        match self.sources.iter().position(|known| known == source) {
            Some(known) => known,
            None => {
                self.sources.push(source.clone());
                self.sources.len() - 1
            }
        }
    }

    /// The style in which the last line of a source before a line ended, if that is here.
    fn style_before(&self, line: u64, source: usize) -> Style {
        let near = line.saturating_sub(PAGE_LINES)..line;
        let last = near.rev().map_while(|line| self.row(line)).find(|row| row.source == source);
        last.map(|row| row.style).unwrap_or_default()
    }

    fn put(&mut self, line: u64, row: Shown) {
        let (number, within) = (line / PAGE_LINES, (line % PAGE_LINES) as usize);
        self.clock += 1;
        let used = self.clock;
        let index = match self.pages.iter().position(|page| page.number == number) {
            Some(index) => index,
            None if within == 0 => {
                self.pages.push(Page { number, rows: Vec::new(), bytes: 0, used });
                self.pages.len() - 1
            }
            None => return,
        };
        let page = &mut self.pages[index];
        page.used = used;
        let bytes = row.bytes();
        if within > page.rows.len() {
            return;
        }
        match page.rows.get_mut(within) {
            Some(known) => {
                page.bytes -= known.bytes();
                *known = row;
            }
            None => page.rows.push(row),
        }
        page.bytes += bytes;
    }

    fn shrink(&mut self) {
        loop {
            let bytes: usize = self.pages.iter().map(|page| page.bytes).sum();
            let is_too_much = self.pages.len() > MAX_PAGES || (bytes > MAX_BYTES && self.pages.len() > MIN_PAGES);
            let oldest = (0..self.pages.len()).min_by_key(|index| self.pages[*index].used);
            match oldest {
                Some(index) if is_too_much => drop(self.pages.swap_remove(index)),
                _ => return,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use launchway_domain::{LogRow, NodeKey};

    use super::*;

    fn lines(from: u64, texts: &[&str], total: u64) -> LogLines {
        let row = |text: &&str| LogRow {
            at: Timestamp(0),
            stream: LogStream::Output,
            source: 0,
            text: text.trim_end_matches('…').to_owned(),
            open: text.ends_with('…'),
        };
        let source = LogSource { node: NodeKey("start".into()), attempt: 1, server_id: None };
        let items = texts.iter().map(row).collect();
        LogLines { from_line: from + 1, total, done: false, sources: vec![source], items }
    }

    fn page(number: u64, total: u64, text: &str) -> LogLines {
        lines(number * PAGE_LINES, &vec![text; (total - number * PAGE_LINES).min(PAGE_LINES) as usize], total)
    }

    #[test]
    fn what_is_not_here_is_asked_for() {
        let mut pages = Pages::of(&page(2, 450, "c"));
        assert_eq!(pages.total(), 450);
        assert_eq!(
            (pages.missing(400, 450), pages.missing(380, 450), pages.missing(0, 10)),
            (None, Some(200), Some(0))
        );
        assert_eq!((pages.missing(450, 460), pages.missing(9, 9)), (None, None));
        pages.take(&page(1, 450, "b"));
        assert_eq!(pages.missing(200, 450), None);
        assert_eq!(pages.row(399).map(Shown::text).as_deref(), Some("b"));
        assert!(pages.row(0).is_none() && pages.row(450).is_none());
        // It has grown: only what is new is asked for.
        pages.take(&lines(0, &[], 500));
        assert_eq!(pages.missing(380, 500), Some(450));
        assert_eq!(pages.missing(380, 450), None);
    }

    #[test]
    fn the_end_is_asked_for_from_the_first_line_that_may_change() {
        assert_eq!(Pages::default().fresh(), 0);
        let mut pages = Pages::of(&lines(0, &["a", "b…", "c"], 3));
        assert_eq!(pages.fresh(), 1);
        pages.take(&lines(1, &["b and more", "c", "d"], 4));
        assert_eq!(pages.fresh(), 4);
        assert_eq!(pages.row(1).map(Shown::text).as_deref(), Some("b and more"));
        pages.take(&lines(300, &[], 301));
        assert_eq!(pages.fresh(), 200, "the last page is not here");
        let mut pages = Pages::of(&page(1, 201, "x"));
        pages.take(&lines(0, &["open…"], 201));
        pages.forget_open();
        assert_eq!((pages.row(0), pages.row(200).is_some()), (None, true));
    }

    #[test]
    fn lines_that_would_leave_a_gap_are_left_out() {
        let mut pages = Pages::of(&lines(0, &["a"], 10));
        pages.take(&lines(5, &["f"], 10));
        assert!(pages.row(5).is_none());
        assert_eq!(pages.missing(0, 10), Some(1));
        pages.take(&lines(250, &["z"], 260));
        assert_eq!(pages.missing(250, 260), Some(200));
    }

    #[test]
    fn the_pages_that_were_not_used_go() {
        let total = 200_000;
        let mut pages = Pages::default();
        for number in 0..1000 {
            pages.take(&page(number, total, "x"));
            pages.touch(0, 10);
        }
        assert_eq!(pages.pages.len(), MAX_PAGES);
        assert!(pages.row(0).is_some() && pages.row(300).is_none() && pages.row(total - 1).is_some());
        let long = "x".repeat(16 * 1024);
        for number in 0..100 {
            pages.take(&page(number, total, &long));
        }
        assert!(pages.pages.iter().map(|page| page.bytes).sum::<usize>() <= MAX_BYTES + 4 * 4 * 1024 * 1024);
        assert!(pages.pages.len() >= MIN_PAGES);
    }

    #[test]
    fn a_colour_lasts_until_it_is_reset() {
        let mut pages = Pages::of(&lines(198, &[], 300));
        pages.take(&lines(0, &vec!["\u{1b}[31mred"; 200], 300));
        pages.take(&lines(200, &["still red", "\u{1b}[0mplain"], 300));
        let front = |line| pages.row(line).map(|row| row.spans[0].style != Style::default());
        assert_eq!((front(200), front(201)), (Some(true), Some(false)));
    }
}
