//! Lines as HTML: a terminal's colours such that everybody can read them, and marks where something was found.
//!
//! A program chooses its colours for a terminal whose background it guesses. Here each letter's colour is moved
//! towards black or white until it stands out from what is behind it (WCAG AA), in the light and in the dark scheme.

use launchway_domain::log::find::Needle;
use launchway_domain::log::screen::{Color, Span, Style};

/// Red, green, blue.
type Rgb = [u8; 3];

/// A scheme: the palette, the text, and what is behind it (`--text` and `--sunken` of the style sheet).
struct Scheme {
    palette: [Rgb; 16],
    text: Rgb,
    back: Rgb,
}

const LIGHT: Scheme = Scheme {
    palette: [
        [0x20, 0x26, 0x2e],
        [0xc0, 0x26, 0x2f],
        [0x1a, 0x74, 0x36],
        [0x8a, 0x5a, 0x00],
        [0x24, 0x59, 0xd3],
        [0x98, 0x35, 0xa8],
        [0x0b, 0x70, 0x80],
        [0xb4, 0xbc, 0xc6],
        [0x5b, 0x66, 0x73],
        [0xd9, 0x36, 0x3e],
        [0x22, 0x8b, 0x45],
        [0xb0, 0x78, 0x0a],
        [0x3f, 0x78, 0xf0],
        [0xb5, 0x50, 0xc6],
        [0x12, 0x8c, 0xa0],
        [0xe6, 0xea, 0xef],
    ],
    text: [0x1b, 0x21, 0x29],
    back: [0xf3, 0xf5, 0xf7],
};

const DARK: Scheme = Scheme {
    palette: [
        [0x2c, 0x34, 0x3e],
        [0xe6, 0x6a, 0x72],
        [0x45, 0xb3, 0x64],
        [0xcf, 0xa2, 0x42],
        [0x4f, 0x83, 0xf1],
        [0xc2, 0x78, 0xd2],
        [0x3a, 0xb3, 0xc4],
        [0xc3, 0xca, 0xd4],
        [0x8a, 0x96, 0xa5],
        [0xf4, 0x84, 0x8a],
        [0x68, 0xd3, 0x86],
        [0xec, 0xc4, 0x68],
        [0x82, 0xa9, 0xfa],
        [0xdd, 0x9d, 0xea],
        [0x68, 0xd2, 0xe1],
        [0xf2, 0xf5, 0xf9],
    ],
    text: [0xe4, 0xe8, 0xee],
    back: [0x1b, 0x21, 0x2a],
};

impl Scheme {
    fn rgb(&self, color: Color, default: Rgb) -> Rgb {
        match color {
            Color::Default => default,
            Color::Rgb(red, green, blue) => [red, green, blue],
            Color::Indexed(n @ 0..16) => self.palette[usize::from(n)],
            Color::Indexed(n @ 16..232) => {
                let step = |n: u8| if n == 0 { 0 } else { 55 + 40 * n };
                let n = n - 16;
                [step(n / 36), step(n / 6 % 6), step(n % 6)]
            }
            Color::Indexed(n) => [8 + 10 * (n - 232); 3],
        }
    }

    /// The colours of a style: the letters', and what is behind them.
    fn colors(&self, style: &Style) -> (Rgb, Rgb) {
        let (mut front, mut back) = (self.rgb(style.front, self.text), self.rgb(style.back, self.back));
        if style.inverse {
            std::mem::swap(&mut front, &mut back);
        }
        (readable(front, back), back)
    }
}

/// How much light a colour gives, 0 to 1. The curve of sRGB as a polynomial: within 0.3 % of it.
fn light([red, green, blue]: Rgb) -> f32 {
    let linear = |byte: u8| {
        let c = f32::from(byte) / 255.0;
        c * (c * (c * 0.305_306 + 0.682_171_1) + 0.012_522_878)
    };
    0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
}

/// How well two colours can be told apart, 1 to 21.
fn contrast(one: Rgb, other: Rgb) -> f32 {
    let (one, other) = (light(one) + 0.05, light(other) + 0.05);
    if one > other { one / other } else { other / one }
}

/// The colour, or the nearest one on the way to black or white that can be read.
fn readable(front: Rgb, back: Rgb) -> Rgb {
    // AA asks for 4.5; more for what the polynomial is off, which is most where both are dark. Where neither black nor
    // white gets there, the better of them still has 4.58.
    const ENOUGH: f32 = 4.7;
    let (black, white) = ([0; 3], [255; 3]);
    let goal: Rgb = if contrast(black, back) > contrast(white, back) { black } else { white };
    let mut color = front;
    for step in 1..=16_u16 {
        if contrast(color, back) >= ENOUGH {
            break;
        }
        let mix = |index: usize| ((u16::from(front[index]) * (16 - step) + u16::from(goal[index]) * step) / 16) as u8;
        color = [mix(0), mix(1), mix(2)];
    }
    color
}

fn push_hex(out: &mut String, color: Rgb) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    out.push('#');
    for byte in color {
        out.push(char::from(DIGITS[usize::from(byte >> 4)]));
        out.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
}

fn push_pair(out: &mut String, property: &str, light: Rgb, dark: Rgb) {
    out.push_str(property);
    out.push_str(":light-dark(");
    push_hex(out, light);
    out.push(',');
    push_hex(out, dark);
    out.push(')');
}

/// The opening tag of a style; none for the plain one.
fn open_tag(style: &Style) -> Option<String> {
    if *style == Style::default() {
        return None;
    }
    let mut tag = String::from("<span class=\"");
    let flags =
        [(style.bold, "b "), (style.dim, "d "), (style.italic, "i "), (style.underline, "u "), (style.strike, "s ")];
    for (_, class) in flags.into_iter().filter(|(is_on, _)| *is_on) {
        tag.push_str(class);
    }
    tag.push('"');
    let has_back = style.back != Color::Default || style.inverse;
    if has_back || style.front != Color::Default {
        let (light, dark) = (LIGHT.colors(style), DARK.colors(style));
        tag.push_str(" style=\"");
        push_pair(&mut tag, "color", light.0, dark.0);
        if has_back {
            tag.push(';');
            push_pair(&mut tag, "background", light.1, dark.1);
        }
        tag.push('"');
    }
    tag.push('>');
    Some(tag)
}

fn push_text(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // It would turn around what stands after it.
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
}

/// A line as HTML. Whatever the line holds, nothing of it becomes a tag.
pub fn html(spans: &[Span], needle: Option<&Needle>) -> String {
    let places = match needle {
        None => Vec::new(),
        Some(needle) => needle.places(&spans.iter().map(|span| span.text.as_str()).collect::<String>()),
    };
    let mut out = String::new();
    let (mut at, mut place) = (0, 0);
    for span in spans {
        let tag = open_tag(&span.style);
        if let Some(tag) = &tag {
            out.push_str(tag);
        }
        let end = at + span.text.len();
        let mut done = at;
        // A place may begin in one span and end in the next.
        while let Some((from, to)) = places.get(place).copied().filter(|(from, _)| *from < end) {
            let (from, until) = (from.max(at), to.min(end));
            push_text(&mut out, span.text.get(done - at..from - at).unwrap_or_default());
            out.push_str("<mark>");
            push_text(&mut out, span.text.get(from - at..until - at).unwrap_or_default());
            out.push_str("</mark>");
            done = until;
            if to > end {
                break;
            }
            place += 1;
        }
        push_text(&mut out, span.text.get(done - at..).unwrap_or_default());
        if tag.is_some() {
            out.push_str("</span>");
        }
        at = end;
    }
    if out.is_empty() {
        // What is empty on the server has no place to be taken over in the browser.
        out.push_str("<wbr>");
    }
    out
}

#[cfg(test)]
mod tests {
    use launchway_domain::log::screen::Screen;

    use super::*;

    fn shown(line: &str, needle: &str) -> String {
        html(&Screen::new().line(line), Needle::new(needle).as_ref())
    }

    /// As WCAG defines it.
    fn exact(one: Rgb, other: Rgb) -> f64 {
        let light = |[r, g, b]: Rgb| {
            let linear = |byte: u8| {
                let c = f64::from(byte) / 255.0;
                if c <= 0.040_45 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
            };
            0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b) + 0.05
        };
        let (one, other) = (light(one), light(other));
        one.max(other) / one.min(other)
    }

    #[test]
    fn every_colour_can_be_read_on_every_other() {
        let colors = || {
            let indexed = (0..=255_u8).step_by(13).chain(0..16).map(Color::Indexed);
            indexed.chain([Color::Default, Color::Rgb(1, 2, 3), Color::Rgb(250, 250, 120), Color::Rgb(128, 128, 128)])
        };
        for scheme in [LIGHT, DARK] {
            for front in colors() {
                for back in colors() {
                    for inverse in [false, true] {
                        let (text, behind) = scheme.colors(&Style { front, back, inverse, ..Style::default() });
                        let found = exact(text, behind);
                        assert!(found >= 4.5, "{front:?} on {back:?}: {found}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_colour_that_can_be_read_stays_as_it_is() {
        assert_eq!(DARK.colors(&Style { front: Color::Rgb(200, 220, 240), ..Style::default() }).0, [200, 220, 240]);
        assert_eq!(LIGHT.rgb(Color::Indexed(196), [0; 3]), [255, 0, 0]);
        assert_eq!(LIGHT.rgb(Color::Indexed(255), [0; 3]), [238; 3]);
    }

    #[test]
    fn styles_become_spans() {
        assert_eq!(shown("", "x"), "<wbr>");
        assert_eq!(shown("plain", "x"), "plain");
        assert_eq!(shown("\u{1b}[1;4mb\u{1b}[0m c", "x"), "<span class=\"b u \">b</span> c");
        let red = shown("\u{1b}[31mred", "x");
        assert!(red.starts_with("<span class=\"\" style=\"color:light-dark(#c0262f,#e66a72)\">"), "{red}");
        assert!(shown("\u{1b}[7mx", "").contains(";background:light-dark(#1b2129,#e4e8ee)"));
    }

    #[test]
    fn nothing_of_a_line_becomes_a_tag() {
        let bad = "<script>alert('1')</script> & \"<b\u{202e}";
        assert_eq!(shown(bad, "x"), "&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt; &amp; &quot;&lt;b\u{fffd}");
        assert_eq!(shown("<i><i>", "<I>"), "<mark>&lt;i&gt;</mark><mark>&lt;i&gt;</mark>");
    }

    #[test]
    fn what_was_found_is_marked_over_the_edges_of_styles() {
        assert_eq!(shown("an error, an ERROR", "error"), "an <mark>error</mark>, an <mark>ERROR</mark>");
        assert_eq!(
            shown("x\u{1b}[1mer\u{1b}[0mr\u{1b}[3mor y", "error"),
            "x<span class=\"b \"><mark>er</mark></span><mark>r</mark><span class=\"i \"><mark>or</mark> y</span>"
        );
        assert_eq!(shown("发布\u{1b}[1m完成", "布完"), "发<mark>布</mark><span class=\"b \"><mark>完</mark>成</span>");
    }
}
