//! Colours for shell scripts: a tokenizer that never fails, and the HTML of what it finds.
//!
//! It looks at every byte a bounded number of times, whatever is typed, so that a hook of the largest size can be
//! coloured on every key. It need not know all of the shell's grammar: what it does not understand stays plain.

/// The variables that a hook finds, without the `LAUNCHWAY_` that they all begin with.
pub const VARIABLES: [&str; 9] =
    ["PROJECT", "ENVIRONMENT", "REF", "COMMIT", "RELEASE_ID", "RELEASE_PATH", "CURRENT_PATH", "SERVER", "ATTEMPT"];

const PREFIX: &str = "LAUNCHWAY_";

const KEYWORDS: [&str; 20] = [
    "if", "then", "elif", "else", "fi", "for", "while", "until", "do", "done", "case", "esac", "function", "select",
    "{", "}", "!", "[[", "time", "in",
];

const BUILTINS: [&str; 30] = [
    ".", ":", "[", "break", "cd", "command", "continue", "echo", "eval", "exec", "exit", "export", "false", "getopts",
    "hash", "kill", "local", "printf", "pwd", "read", "readonly", "return", "set", "shift", "source", "test", "trap",
    "true", "unset", "wait",
];

/// Substitutions within one another are told apart down to here; further down they look alike.
const MAX_DEPTH: usize = 64;

/// What a stretch of a script is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Everything else.
    Plain,
    /// From `#` to the end of the line.
    Comment,
    /// Quoted text, and the text of a here-document.
    Text,
    /// `$name`, `${…}`, and the name before `=`.
    Variable,
    /// One that begins like ours and is none of them: most likely a slip.
    Unknown,
    /// A word of the grammar, where it is one.
    Keyword,
    /// A command of the shell itself.
    Builtin,
}

impl Kind {
    /// The class in the style sheet; none for plain text.
    fn class(self) -> Option<&'static str> {
        match self {
            Kind::Plain => None,
            Kind::Comment => Some("sh-c"),
            Kind::Text => Some("sh-t"),
            Kind::Variable => Some("sh-v"),
            Kind::Unknown => Some("sh-u"),
            Kind::Keyword => Some("sh-k"),
            Kind::Builtin => Some("sh-b"),
        }
    }
}

/// A script as HTML: everything in it escaped, and a `span` around what has a colour.
pub fn html(source: &str) -> String {
    let mut out = String::with_capacity(source.len() + source.len() / 2 + 16);
    let mut scanner = Scanner::new(source);
    scanner.run(&mut |kind, text| match kind.class() {
        None => escape(text, &mut out),
        Some(class) => {
            out.push_str("<span class=\"");
            out.push_str(class);
            out.push_str("\">");
            escape(text, &mut out);
            out.push_str("</span>");
        }
    });
    // An empty last line has no height of its own.
    out.push('\n');
    out
}

fn escape(text: &str, out: &mut String) {
    let mut rest = text;
    while let Some(at) = rest.find(['&', '<', '>', '"']) {
        out.push_str(&rest[..at]);
        out.push_str(match rest.as_bytes()[at] {
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            _ => "&quot;",
        });
        rest = &rest[at + 1..];
    }
    out.push_str(rest);
}

/// Where the scanner is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// Within `( … )` or `$( … )`; also the script itself.
    Commands,
    /// Within `" … "`.
    Quotes,
}

/// A here-document whose text begins on the next line.
struct Here<'a> {
    end: &'a str,
    /// `<<-`: tabs before the end do not count.
    tabs: bool,
    /// Quoted: nothing within means anything.
    verbatim: bool,
}

struct Scanner<'a> {
    source: &'a str,
    at: usize,
    /// Everything before is told.
    told: usize,
    modes: Vec<Mode>,
    heres: Vec<Here<'a>>,
    /// Whether the next word is a command.
    command: bool,
    /// Whether `in` means something: after `for x` and `case x`.
    before_in: bool,
    /// Bytes looked at so far: a test holds it against the length.
    looked: usize,
}

type Tell<'t> = &'t mut dyn FnMut(Kind, &str);

impl<'a> Scanner<'a> {
    fn new(source: &'a str) -> Self {
        let (modes, heres) = (vec![Mode::Commands], Vec::new());
        Self { source, at: 0, told: 0, modes, heres, command: true, before_in: false, looked: 0 }
    }

    fn byte(&self, at: usize) -> u8 {
        self.source.as_bytes().get(at).copied().unwrap_or_default()
    }

    /// The first place from `from` on where `stop` says so, or the end.
    fn find(&mut self, from: usize, stop: impl Fn(u8) -> bool) -> usize {
        let found = self.source.as_bytes().get(from..).and_then(|rest| rest.iter().position(|b| stop(*b)));
        let end = found.map_or(self.source.len(), |n| from + n);
        self.looked += end.saturating_sub(from) + 1;
        end
    }

    /// Tells what is plain up to here, then a token up to `end`.
    fn token(&mut self, kind: Kind, end: usize, tell: Tell<'_>) {
        if self.told < self.at {
            tell(Kind::Plain, &self.source[self.told..self.at]);
        }
        if self.at < end {
            tell(kind, &self.source[self.at..end]);
        }
        (self.at, self.told) = (end, end);
    }

    fn run(&mut self, tell: Tell<'_>) {
        while self.at < self.source.len() {
            self.looked += 1;
            match self.modes.last() {
                Some(Mode::Quotes) => self.quotes(tell),
                _ => self.commands(tell),
            }
        }
        self.token(Kind::Plain, self.source.len(), tell);
    }

    /// One step outside of quotes.
    fn commands(&mut self, tell: Tell<'_>) {
        match self.byte(self.at) {
            b'\n' => {
                self.at += 1;
                (self.command, self.before_in) = (true, false);
                self.here_documents(tell);
            }
            b' ' | b'\t' | b'\r' => self.at += 1,
            b'#' if self.begins_a_word() => {
                let end = self.find(self.at, |b| b == b'\n');
                self.token(Kind::Comment, end, tell);
            }
            b'\\' => self.skip_escaped(),
            b'\'' => {
                let end = self.find(self.at + 1, |b| b == b'\'');
                self.token(Kind::Text, (end + 1).min(self.source.len()), tell);
                self.command = false;
            }
            b'"' => {
                self.push(Mode::Quotes);
                self.token(Kind::Text, self.at + 1, tell);
                self.command = false;
            }
            b'$' => self.dollar(tell),
            b'<' if self.source[self.at..].starts_with("<<<") => self.at += 3,
            b'<' if self.byte(self.at + 1) == b'<' => self.here_begins(),
            b';' | b'|' | b'&' => {
                self.at += 1;
                self.command = true;
            }
            b'(' => {
                self.push(Mode::Commands);
                self.at += 1;
                self.command = true;
            }
            b')' => {
                if self.modes.len() > 1 {
                    self.modes.pop();
                }
                self.at += 1;
                // After a pattern of `case` comes a command; within quotes it does not matter.
                self.command = true;
            }
            b'<' | b'>' | b'`' => self.at += 1,
            _ => self.word(tell),
        }
    }

    /// One step within double quotes: as far as nothing else begins.
    fn quotes(&mut self, tell: Tell<'_>) {
        let end = self.find(self.at, |b| matches!(b, b'"' | b'\\' | b'$'));
        self.token(Kind::Text, end, tell);
        match self.byte(self.at) {
            b'"' => {
                self.token(Kind::Text, self.at + 1, tell);
                self.modes.pop();
            }
            b'\\' => {
                let end = self.after_escaped();
                self.token(Kind::Text, end, tell);
            }
            b'$' => self.dollar(tell),
            _ => {}
        }
    }

    fn dollar(&mut self, tell: Tell<'_>) {
        let quoted = self.modes.last() == Some(&Mode::Quotes);
        let otherwise = if quoted { Kind::Text } else { Kind::Plain };
        if self.byte(self.at + 1) == b'(' {
            self.token(Kind::Plain, self.at + 2, tell);
            self.push(Mode::Commands);
            self.command = true;
            return;
        }
        match self.variable(self.at) {
            Some((kind, end)) => self.token(kind, end, tell),
            None => self.token(otherwise, self.at + 1, tell),
        }
        self.command = false;
    }

    /// The variable that begins at a `$`, and where it ends.
    fn variable(&mut self, dollar: usize) -> Option<(Kind, usize)> {
        let begin = dollar + 1;
        match self.byte(begin) {
            b'{' => {
                let close = self.find(begin, |b| b == b'}' || b == b'\n');
                let end = if self.byte(close) == b'}' { close + 1 } else { close };
                let name = self.source[begin + 1..close].trim_start_matches(['#', '!']);
                let name = name.split(|c: char| !is_name(c)).next().unwrap_or_default();
                Some((kind_of(name), end))
            }
            b if b.is_ascii_alphabetic() || b == b'_' => {
                let end = self.find(begin, |b| !(b.is_ascii_alphanumeric() || b == b'_'));
                Some((kind_of(&self.source[begin..end]), end))
            }
            b if b.is_ascii_digit() || matches!(b, b'@' | b'*' | b'#' | b'?' | b'-' | b'$' | b'!') => {
                Some((Kind::Variable, begin + 1))
            }
            _ => None,
        }
    }

    fn word(&mut self, tell: Tell<'_>) {
        const ENDS: &[u8] = b" \t\r\n;|&()<>\"'`$\\";
        let end = self.find(self.at + 1, |b| ENDS.contains(&b));
        let word = &self.source[self.at..end];
        if self.before_in && word == "in" {
            self.token(Kind::Keyword, end, tell);
            self.before_in = false;
        } else if !self.command {
            self.at = end;
        } else if KEYWORDS.contains(&word) && word != "in" {
            self.before_in = matches!(word, "for" | "case" | "select");
            self.command = !matches!(word, "for" | "case" | "select" | "function" | "[[");
            self.token(Kind::Keyword, end, tell);
        } else if BUILTINS.contains(&word) {
            self.token(Kind::Builtin, end, tell);
            self.command = false;
        } else if let Some(equals) = word.find('=').filter(|at| *at > 0 && word[..*at].chars().all(is_name)) {
            let kind = kind_of(&word[..equals]);
            self.token(kind, self.at + equals, tell);
            // The value is plain, and a command may follow: `A=1 make`.
            self.at = end;
        } else {
            self.at = end;
            self.command = false;
        }
    }

    /// `<<` and its word: the text begins on the next line.
    fn here_begins(&mut self) {
        let mut at = self.at + 2;
        let tabs = self.byte(at) == b'-';
        at += usize::from(tabs);
        at = self.find(at, |b| b != b' ' && b != b'\t');
        let quote = self.byte(at);
        let (end, next) = if matches!(quote, b'\'' | b'"') {
            let close = self.find(at + 1, |b| b == quote || b == b'\n');
            let next = if self.byte(close) == quote { close + 1 } else { close };
            (&self.source[at + 1..close.max(at + 1)], next)
        } else {
            let begin = at + usize::from(quote == b'\\');
            let close = self.find(begin, |b| b" \t\r\n;|&()<>\"'`".contains(&b));
            (&self.source[begin.min(close)..close], close)
        };
        let verbatim = matches!(quote, b'\'' | b'"' | b'\\');
        // `$((1<<2))` shifts.
        if !end.is_empty() && !end.as_bytes()[0].is_ascii_digit() {
            self.heres.push(Here { end, tabs, verbatim });
        }
        self.at = next;
    }

    /// The texts of the here-documents that the line before this one began.
    fn here_documents(&mut self, tell: Tell<'_>) {
        for here in std::mem::take(&mut self.heres) {
            while self.at < self.source.len() {
                let line_end = self.find(self.at, |b| b == b'\n');
                let line = self.source[self.at..line_end].trim_end_matches('\r');
                let line = if here.tabs { line.trim_start_matches('\t') } else { line };
                if line == here.end {
                    self.at = (line_end + 1).min(self.source.len());
                    break;
                }
                if !here.verbatim {
                    self.variables_up_to(line_end, tell);
                }
                self.token(Kind::Text, (line_end + 1).min(self.source.len()), tell);
            }
        }
    }

    /// The variables in a line of a here-document, and the text between them.
    fn variables_up_to(&mut self, end: usize, tell: Tell<'_>) {
        loop {
            let dollar = self.find(self.at, |b| b == b'$' || b == b'\n').min(end);
            self.token(Kind::Text, dollar, tell);
            if dollar >= end {
                return;
            }
            match self.variable(dollar) {
                Some((kind, to)) => self.token(kind, to.min(end), tell),
                None => self.token(Kind::Text, dollar + 1, tell),
            }
        }
    }

    fn begins_a_word(&self) -> bool {
        self.at == 0 || b" \t\r\n;|&()`".contains(&self.byte(self.at - 1))
    }

    /// After a backslash and the character that it escapes.
    fn after_escaped(&self) -> usize {
        let escaped = self.source[self.at + 1..].chars().next().map_or(0, char::len_utf8);
        self.at + 1 + escaped
    }

    fn skip_escaped(&mut self) {
        self.at = self.after_escaped();
        if self.byte(self.at - 1) != b'\n' {
            self.command = false;
        }
    }

    fn push(&mut self, mode: Mode) {
        if self.modes.len() < MAX_DEPTH {
            self.modes.push(mode);
        }
    }
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

fn kind_of(name: &str) -> Kind {
    match name.strip_prefix(PREFIX) {
        Some(rest) if !VARIABLES.contains(&rest) => Kind::Unknown,
        _ => Kind::Variable,
    }
}

#[cfg(test)]
mod tests;
