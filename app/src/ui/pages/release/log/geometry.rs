//! Where lines lie in a log that is far taller than what is shown of it. Pure.
//!
//! A line is [`ROW`] pixels tall until it was measured. What is scrolled is at most [`TALLEST`] pixels tall, since
//! browsers do not lay out more than some ten million: beyond that, the scroll bar's way is shorter than the log's.

/// The height of a line that is not wrapped, in pixels; the style sheet knows it as well.
pub const ROW: f64 = 20.0;
/// The tallest thing that is scrolled, in pixels.
pub const TALLEST: f64 = 8_000_000.0;
/// Lines that are remembered together.
const BLOCK: u64 = 256;

/// Some lines' heights.
#[derive(Clone, Debug, PartialEq)]
struct Block {
    height: f64,
    /// Of each line, once one of them was found to be taller than [`ROW`].
    rows: Option<Box<[f32; BLOCK as usize]>>,
}

/// The heights of all lines.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Geometry {
    total: u64,
    blocks: Vec<Block>,
}

impl Geometry {
    /// That of so many lines, none of them measured.
    pub fn new(total: u64) -> Self {
        let mut geometry = Self::default();
        geometry.grow(total);
        geometry
    }

    /// How many lines there are.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// Adds lines at the end.
    pub fn grow(&mut self, total: u64) {
        while self.total < total {
            let within = self.total % BLOCK;
            let added = (BLOCK - within).min(total - self.total);
            if within == 0 {
                self.blocks.push(Block { height: 0.0, rows: None });
            }
            if let Some(block) = self.blocks.last_mut() {
                block.height += added as f64 * ROW;
            }
            self.total += added;
        }
    }

    /// Forgets what was measured.
    pub fn reset(&mut self) {
        *self = Self::new(self.total);
    }

    /// How tall all lines are together.
    pub fn height(&self) -> f64 {
        self.blocks.iter().map(|block| block.height).sum()
    }

    /// How tall one line is; the first is 0.
    pub fn row(&self, line: u64) -> f64 {
        let block = self.blocks.get((line / BLOCK) as usize);
        block.and_then(|block| block.rows.as_ref()).map_or(ROW, |rows| f64::from(rows[(line % BLOCK) as usize]))
    }

    /// Where a line begins.
    pub fn top(&self, line: u64) -> f64 {
        let line = line.min(self.total);
        let block = (line / BLOCK) as usize;
        let above: f64 = self.blocks.iter().take(block).map(|block| block.height).sum();
        let within: f64 = (line - line % BLOCK..line).map(|line| self.row(line)).sum();
        above + within
    }

    /// The line at a height; the last one below the end.
    pub fn line_at(&self, y: f64) -> u64 {
        let (mut rest, mut line) = (y.max(0.0), 0);
        for block in &self.blocks {
            if rest < block.height {
                break;
            }
            rest -= block.height;
            line += BLOCK;
        }
        while line < self.total {
            let row = self.row(line);
            if rest < row {
                return line;
            }
            rest -= row;
            line += 1;
        }
        self.total.saturating_sub(1)
    }

    /// Remembers a line's height; whether that is news.
    pub fn measure(&mut self, line: u64, height: f64) -> bool {
        let known = self.row(line);
        if line >= self.total || (height - known).abs() < 0.5 {
            return false;
        }
        let Some(block) = self.blocks.get_mut((line / BLOCK) as usize) else { return false };
        let rows = block.rows.get_or_insert_with(|| Box::new([ROW as f32; BLOCK as usize]));
        rows[(line % BLOCK) as usize] = height as f32;
        block.height += f64::from(height as f32) - known;
        true
    }
}

/// The way from the scroll bar to the log and back.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Way {
    /// How tall the log is.
    pub height: f64,
    /// How much of it is seen.
    pub seen: f64,
}

impl Way {
    /// How tall the thing is that is scrolled.
    pub fn scrolled(self) -> f64 {
        self.height.min(TALLEST)
    }

    /// The last place from which the whole window is filled.
    pub fn last(self) -> f64 {
        (self.height - self.seen).max(0.0)
    }

    /// How far the log moves for one pixel of the scroll bar.
    pub fn pace(self) -> f64 {
        let bar = self.scrolled() - self.seen;
        if self.height <= TALLEST || bar <= 0.0 { 1.0 } else { self.last() / bar }
    }

    /// Where in the log a place of the scroll bar is.
    pub fn to_log(self, bar: f64) -> f64 {
        (bar * self.pace()).clamp(0.0, self.last())
    }

    /// Where on the scroll bar a place of the log is.
    pub fn to_bar(self, log: f64) -> f64 {
        log.clamp(0.0, self.last()) / self.pace()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_found_again_where_they_lie() {
        let mut geometry = Geometry::new(100_000);
        assert_eq!(geometry.height(), 2_000_000.0);
        for (line, height) in [(0, 60.0), (255, 40.0), (256, 100.0), (70_000, 33.5), (99_999, 80.0)] {
            assert!(geometry.measure(line, height));
            assert!(!geometry.measure(line, height), "it is known");
            assert_eq!(geometry.row(line), height);
        }
        assert!(!geometry.measure(100_000, 50.0));
        assert_eq!(geometry.height(), 2_000_000.0 + 40.0 + 20.0 + 80.0 + 13.5 + 60.0);
        assert_eq!(geometry.top(1), 60.0);
        assert_eq!(geometry.top(100_000), geometry.height());
        for line in [0, 1, 254, 255, 256, 257, 511, 512, 69_999, 70_000, 70_001, 99_998, 99_999] {
            let top = geometry.top(line);
            assert_eq!(geometry.line_at(top), line);
            assert_eq!(geometry.line_at(top + geometry.row(line) - 0.25), line);
        }
        assert_eq!(geometry.line_at(1e12), 99_999);
        assert_eq!(geometry.line_at(-5.0), 0);
        geometry.reset();
        assert_eq!(geometry, Geometry::new(100_000));
    }

    #[test]
    fn lines_that_come_later_lie_below() {
        let mut geometry = Geometry::new(0);
        assert_eq!((geometry.height(), geometry.line_at(10.0)), (0.0, 0));
        for total in [1, 200, 256, 257, 1000] {
            geometry.grow(total);
            assert_eq!((geometry.total(), geometry.height()), (total, total as f64 * ROW));
        }
        geometry.measure(999, 50.0);
        geometry.grow(1001);
        assert_eq!(geometry.top(1001), 1001.0 * ROW + 30.0);
        geometry.grow(5);
        assert_eq!(geometry.total(), 1001, "a log only grows");
    }

    #[test]
    fn the_bar_leads_to_both_ends_of_any_log() {
        for lines in [3.0, 300_000.0, 12_000_000.0] {
            let way = Way { height: lines * ROW, seen: 600.0 };
            assert_eq!(way.to_log(0.0), 0.0);
            let end = (way.scrolled() - way.seen).max(0.0);
            assert!((way.to_log(end) - way.last()).abs() < 0.01);
            for log in [0.0, way.last() / 3.0, way.last()] {
                assert!((way.to_log(way.to_bar(log)) - log).abs() < 0.01);
            }
            assert!(way.scrolled() <= TALLEST);
        }
        assert_eq!(Way { height: 6_000_000.0, seen: 600.0 }.pace(), 1.0);
    }
}
