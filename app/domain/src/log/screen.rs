//! What a terminal would show of a line: colours, and what was written over.
//!
//! SGR sequences (`ESC [ … m`) set the style, a carriage return and a few movements within the line set
//! where the next character goes, `ESC [ K` erases; every other sequence is stripped. The state lasts from one
//! line to the next, and a sequence may be cut anywhere.

use std::borrow::Cow;

/// A colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Color {
    /// The page's own.
    #[default]
    Default,
    /// One of the 256 of xterm; the first 16 are the terminal's palette.
    Indexed(u8),
    /// Red, green, blue.
    Rgb(u8, u8, u8),
}

/// How a character looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Style {
    /// The letter's colour.
    pub front: Color,
    /// The colour behind it.
    pub back: Color,
    /// Bold.
    pub bold: bool,
    /// Paler.
    pub dim: bool,
    /// Italic.
    pub italic: bool,
    /// Underlined.
    pub underline: bool,
    /// Struck through.
    pub strike: bool,
    /// Front and back exchanged.
    pub inverse: bool,
}

/// Some characters of one style.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// The text.
    pub text: String,
    /// Its style.
    pub style: Style,
}

/// Where in a sequence the reader stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Text,
    /// After ESC.
    Escape,
    /// After ESC and an intermediate character: one more follows.
    Intermediate,
    /// In `ESC [ …`.
    Control,
    /// In a string (`ESC ]`, `ESC P`, …) that ends with BEL or ESC \.
    Words,
    /// After an ESC within such a string.
    WordsEscape,
}

/// The most parameters of a sequence that are kept; what follows is passed over.
const PARAMS: usize = 24;
/// The farthest column: what a sequence or a backspace names beyond does not make a line longer.
const COLUMNS: usize = 16 * 1024;

/// A terminal of one line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Screen {
    style: Style,
    state: State,
    params: Vec<u16>,
    /// Whether the sequence began with a private mark (`ESC [ ? …`) or holds what we do not know.
    foreign: bool,
    cells: Vec<(char, Style)>,
    column: usize,
}

impl Screen {
    /// A terminal in which nothing was said yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// A terminal that goes on in a style.
    pub fn with_style(style: Style) -> Self {
        Self { style, ..Self::default() }
    }

    /// The style in which the next character would stand.
    pub fn style(&self) -> Style {
        self.style
    }

    /// Takes a part of a line.
    pub fn feed(&mut self, text: &str) {
        for c in text.chars() {
            self.take(c);
        }
    }

    /// Ends the line: what it shows. The style lasts.
    pub fn end_line(&mut self) -> Vec<Span> {
        self.column = 0;
        let mut spans: Vec<Span> = Vec::new();
        for (c, style) in self.cells.drain(..) {
            match spans.last_mut() {
                Some(span) if span.style == style => span.text.push(c),
                _ => spans.push(Span { text: c.into(), style }),
            }
        }
        spans
    }

    /// What a whole line shows.
    pub fn line(&mut self, text: &str) -> Vec<Span> {
        let text = text.strip_suffix('\r').unwrap_or(text);
        if self.state == State::Text && !text.contains(is_special) {
            if text.is_empty() {
                return Vec::new();
            }
            return vec![Span { text: text.to_owned(), style: self.style }];
        }
        self.feed(text);
        self.end_line()
    }

    fn take(&mut self, c: char) {
        match self.state {
            State::Text => self.text(c),
            State::Escape => self.escape(c),
            State::Intermediate => self.state = State::Text,
            State::Control => self.control(c),
            State::Words => match c {
                '\u{7}' | '\u{9c}' => self.state = State::Text,
                '\u{1b}' => self.state = State::WordsEscape,
                _ => {}
            },
            State::WordsEscape => {
                self.state = State::Text;
                if c != '\\' {
                    self.escape(c);
                }
            }
        }
    }

    fn text(&mut self, c: char) {
        match c {
            '\u{1b}' => self.state = State::Escape,
            '\r' => self.column = 0,
            '\u{8}' => self.column = self.column.saturating_sub(1),
            '\t' => self.put(c),
            c if c.is_control() => {}
            c => self.put(c),
        }
    }

    fn put(&mut self, c: char) {
        let cell = (c, self.style);
        if self.column < self.cells.len() {
            self.cells[self.column] = cell;
        } else {
            self.cells.resize(self.column, (' ', Style::default()));
            self.cells.push(cell);
        }
        self.column += 1;
    }

    fn escape(&mut self, c: char) {
        self.state = match c {
            '[' => {
                self.params.clear();
                self.foreign = false;
                State::Control
            }
            ']' | 'P' | 'X' | '^' | '_' => State::Words,
            ' '..='/' => State::Intermediate,
            '\u{1b}' => State::Escape,
            _ => State::Text,
        };
    }

    fn control(&mut self, c: char) {
        match c {
            '0'..='9' => {
                if self.params.is_empty() {
                    self.params.push(0);
                }
                let is_kept = self.params.len() <= PARAMS;
                if let (Some(last), Some(digit)) = (self.params.last_mut().filter(|_| is_kept), c.to_digit(10)) {
                    *last = last.saturating_mul(10).saturating_add(digit as u16);
                }
            }
            ';' | ':' => {
                if self.params.is_empty() {
                    self.params.push(0);
                }
                if self.params.len() <= PARAMS {
                    self.params.push(0);
                }
            }
            '@'..='~' => {
                self.state = State::Text;
                if !self.foreign {
                    self.command(c);
                }
            }
            '\u{1b}' => self.state = State::Escape,
            ' '..='?' => self.foreign = true,
            // A terminal obeys control characters in the middle of a sequence; a log is not to be cut by them.
            '\r' | '\n' => {
                self.state = State::Text;
                self.text(c);
            }
            _ => {}
        }
    }

    fn command(&mut self, c: char) {
        let params = std::mem::take(&mut self.params);
        let first = params.first().copied().unwrap_or(0);
        let steps = usize::from(first.max(1));
        match c {
            'm' => self.restyle(&params),
            'K' => match first {
                0 => self.cells.truncate(self.column),
                1 => {
                    let end = self.column.saturating_add(1).min(self.cells.len());
                    self.cells[..end].fill((' ', Style::default()));
                }
                2 => self.cells.clear(),
                _ => {}
            },
            'G' => self.column = (steps - 1).min(COLUMNS),
            'C' => self.column = self.column.saturating_add(steps).min(COLUMNS),
            'D' => self.column = self.column.saturating_sub(steps),
            _ => {}
        }
        self.params = params;
    }

    fn restyle(&mut self, params: &[u16]) {
        let mut params = params.get(..params.len().min(PARAMS)).unwrap_or_default();
        if params.is_empty() {
            params = &[0];
        }
        let style = &mut self.style;
        while let Some((first, rest)) = params.split_first() {
            params = rest;
            match *first {
                0 => *style = Style::default(),
                1 => style.bold = true,
                2 => style.dim = true,
                3 => style.italic = true,
                4 | 21 => style.underline = true,
                7 => style.inverse = true,
                9 => style.strike = true,
                22 => (style.bold, style.dim) = (false, false),
                23 => style.italic = false,
                24 => style.underline = false,
                27 => style.inverse = false,
                29 => style.strike = false,
                n @ 30..=37 => style.front = Color::Indexed((n - 30) as u8),
                n @ 90..=97 => style.front = Color::Indexed((n - 90 + 8) as u8),
                n @ 40..=47 => style.back = Color::Indexed((n - 40) as u8),
                n @ 100..=107 => style.back = Color::Indexed((n - 100 + 8) as u8),
                39 => style.front = Color::Default,
                49 => style.back = Color::Default,
                n @ (38 | 48) => {
                    let (color, used) = extended(rest);
                    params = rest.get(used..).unwrap_or_default();
                    if let Some(color) = color {
                        *if n == 38 { &mut style.front } else { &mut style.back } = color;
                    }
                }
                _ => {}
            }
        }
    }
}

/// The colour that `5;n` or `2;r;g;b` names, and how many parameters that took.
fn extended(params: &[u16]) -> (Option<Color>, usize) {
    let byte = |value: u16| u8::try_from(value).ok();
    match params {
        [5, index, ..] => (byte(*index).map(Color::Indexed), 2),
        [2, red, green, blue, ..] => {
            let color = byte(*red).zip(byte(*green)).zip(byte(*blue)).map(|((r, g), b)| Color::Rgb(r, g, b));
            (color, 4)
        }
        // Nobody can tell what follows from what belongs to it.
        _ => (None, params.len()),
    }
}

fn is_special(c: char) -> bool {
    c != '\t' && c.is_control()
}

/// The text that a line shows, without its colours.
pub fn visible(text: &str) -> Cow<'_, str> {
    let text = text.strip_suffix('\r').unwrap_or(text);
    // Bytes first: nearly every line is plain.
    if text.bytes().all(|byte| (b' '..0x7f).contains(&byte) || byte == b'\t') || !text.contains(is_special) {
        return Cow::Borrowed(text);
    }
    let mut screen = Screen::new();
    screen.feed(text);
    Cow::Owned(screen.cells.iter().map(|(c, _)| c).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        Screen::new().line(text).into_iter().map(|span| span.text).collect()
    }

    /// The style of the last character.
    fn style(text: &str) -> Style {
        Screen::new().line(text).pop().unwrap().style
    }

    #[test]
    fn styles_are_set_and_reset() {
        let spans = Screen::new().line("a\u{1b}[1;3;4;9;31mb\u{1b}[22;23;24;29;39mc\u{1b}[7;44md\u{1b}[me");
        let texts: Vec<&str> = spans.iter().map(|span| span.text.as_str()).collect();
        assert_eq!(texts, ["a", "b", "c", "d", "e"]);
        let plain = Style::default();
        assert_eq!(
            spans[1].style,
            Style { front: Color::Indexed(1), bold: true, italic: true, underline: true, strike: true, ..plain }
        );
        assert_eq!(spans[2].style, plain);
        assert_eq!(spans[3].style, Style { back: Color::Indexed(4), inverse: true, ..plain });
        assert_eq!(spans[4].style, plain);
        assert_eq!(style("\u{1b}[2mx"), Style { dim: true, ..plain });
    }

    #[test]
    fn all_three_kinds_of_colours_are_read() {
        assert_eq!(style("\u{1b}[97;100mx").front, Color::Indexed(15));
        assert_eq!(style("\u{1b}[97;100mx").back, Color::Indexed(8));
        assert_eq!(style("\u{1b}[38;5;208mx").front, Color::Indexed(208));
        assert_eq!(style("\u{1b}[48;2;1;2;3mx").back, Color::Rgb(1, 2, 3));
        assert_eq!(style("\u{1b}[38:5:208mx").front, Color::Indexed(208));
        assert_eq!(
            style("\u{1b}[38;5;208;1;4mx"),
            Style { front: Color::Indexed(208), bold: true, underline: true, ..Style::default() }
        );
    }

    #[test]
    fn what_is_malformed_does_no_harm() {
        for (text, expected) in [
            ("\u{1b}[38;5mx", "x"),
            ("\u{1b}[38;5;999mx", "x"),
            ("\u{1b}[38;2;1;2mx", "x"),
            ("\u{1b}[;;;mx", "x"),
            ("\u{1b}[99999999999999999999999999mx", "x"),
            ("\u{1b}[31", ""),
            ("\u{1b}", ""),
            ("a\u{1b}]0;title\u{7}b", "ab"),
            ("a\u{1b}]8;;http://x\u{1b}\\link\u{1b}]8;;\u{1b}\\b", "alinkb"),
            ("a\u{1b}(Bb", "ab"),
            ("a\u{1b}[?25lb\u{1b}[?2004hc", "abc"),
            ("a\u{1b}[2J\u{1b}[Hb", "ab"),
            ("a\u{0}\u{7}\u{9b}31mb", "a31mb"),
            ("a\u{1b}[3\u{1b}[32mb", "ab"),
        ] {
            assert_eq!(shown(text), expected, "{text:?}");
        }
        assert_eq!(style("\u{1b}[38;5;999mx"), Style::default());
    }

    #[test]
    fn a_flood_of_parameters_stays_small() {
        let mut screen = Screen::new();
        screen.feed(&format!("\u{1b}[{}1mx", "1;".repeat(100_000)));
        assert!(screen.params.capacity() < 1000);
        assert_eq!(screen.end_line()[0].text, "x");
        assert_eq!(shown(&format!("\u{1b}[{}m\u{1b}[65535Cx", "9".repeat(100_000))).len(), COLUMNS + 1);
    }

    #[test]
    fn a_sequence_may_be_cut_anywhere() {
        let text = "a\u{1b}[1;38;2;10;20;30mb\u{1b}]0;x\u{1b}\\c\u{1b}[0md\r\u{1b}[Ke发";
        let whole = {
            let mut screen = Screen::new();
            screen.feed(text);
            screen.end_line()
        };
        for (cut, _) in text.char_indices() {
            let mut screen = Screen::new();
            screen.feed(&text[..cut]);
            screen.feed(&text[cut..]);
            assert_eq!(screen.end_line(), whole, "{cut}");
        }
    }

    #[test]
    fn a_style_lasts_over_the_end_of_a_line() {
        let mut screen = Screen::new();
        screen.line("\u{1b}[31mred");
        assert_eq!(screen.line("still")[0].style.front, Color::Indexed(1));
        assert!(screen.line("").is_empty());
        screen.line("\u{1b}[0");
        assert_eq!(screen.line("mplain")[0].style, Style::default());
    }

    #[test]
    fn progress_is_written_over() {
        assert_eq!(shown("10%\r50%\r100%\r"), "100%");
        assert_eq!(shown("100%\r5"), "500%", "as on a terminal");
        assert_eq!(shown("100%\r\u{1b}[K5%"), "5%");
        assert_eq!(shown("abc\u{8}\u{8}X"), "aXc");
        assert_eq!(shown("abc\u{1b}[1GX"), "Xbc");
        assert_eq!(shown("abc\u{1b}[2Kd"), "   d");
        assert_eq!(shown("a\tb\r"), "a\tb");
    }

    #[test]
    fn what_is_visible_is_what_is_shown() {
        for text in ["plain", "界 plain\r", "\u{1b}[1mbold\u{1b}[0m", "1%\r2%", ""] {
            assert_eq!(visible(text), shown(text));
        }
        assert!(matches!(visible("界 plain"), Cow::Borrowed(_)));
    }
}
