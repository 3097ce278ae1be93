//! Lines of a terminal: words flow to the width, colour is put on afterwards, nothing of the world gets through uncleaned.

use crate::report::clean;

/// How a piece is inked. Glyph and word always say the same, so nothing is lost without colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ink {
    /// As the terminal is.
    Plain,
    /// Headings and what matters most.
    Bold,
    /// Labels and asides.
    Dim,
    /// It holds.
    Good,
    /// Look at it.
    Mind,
    /// It does not hold.
    Bad,
    /// It could not be told.
    Open,
}

impl Ink {
    fn code(self) -> Option<&'static str> {
        match self {
            Ink::Plain => None,
            Ink::Bold => Some("1"),
            Ink::Dim => Some("2"),
            Ink::Good => Some("1;32"),
            Ink::Mind => Some("1;33"),
            Ink::Bad => Some("1;31"),
            Ink::Open => Some("1;36"),
        }
    }
}

/// A piece of a line.
pub struct Piece {
    text: String,
    ink: Ink,
    before: usize,
    whole: bool,
}

/// A piece of text.
pub fn piece(text: impl Into<String>, ink: Ink) -> Piece {
    Piece { text: text.into(), ink, before: 1, whole: false }
}

impl Piece {
    /// Set apart from what stands before it by so many spaces.
    pub fn after(mut self, spaces: usize) -> Piece {
        self.before = spaces;
        self
    }
    /// Never broken.
    pub fn whole(mut self) -> Piece {
        self.whole = true;
        self
    }
    /// What may not be broken: words, or all of it. A number keeps its unit.
    fn words(&self) -> Vec<String> {
        let text = clean::line(&self.text);
        let mut words: Vec<String> = vec![];
        for word in text.split_whitespace() {
            match words.last_mut() {
                Some(last) if self.whole || (is_unit(word) && last.ends_with(|c: char| c.is_ascii_digit())) => {
                    last.push(' ');
                    last.push_str(word);
                }
                _ => words.push(word.to_owned()),
            }
        }
        words
    }
}

fn is_unit(word: &str) -> bool {
    matches!(word.trim_end_matches([',', ';', ')', '.', ':']), "%" | "µs" | "ms" | "s" | "min" | "B" | "kB" | "MB" | "GB" | "MiB")
}

/// Text in the making.
pub struct Page {
    out: String,
    width: usize,
    color: bool,
}

impl Page {
    /// An empty page. Very narrow and very wide ones are hard to read.
    pub fn new(width: usize, color: bool) -> Page {
        let width = if width == 0 { 100 } else { width };
        Page { out: String::new(), width: width.clamp(40, 140), color }
    }
    /// Columns of a line.
    pub fn width(&self) -> usize {
        self.width
    }
    /// All of it.
    pub fn finish(self) -> String {
        self.out
    }
    /// An empty line, unless there is one already.
    pub fn blank(&mut self) {
        if !self.out.is_empty() && !self.out.ends_with("\n\n") {
            self.out.push('\n');
        }
    }
    /// A section's heading.
    pub fn heading(&mut self, text: &str) {
        self.blank();
        self.flow(0, 0, &[piece(text, Ink::Bold)]);
    }
    /// `label     text`, the text in its own column.
    pub fn pair(&mut self, indent: usize, column: usize, label: &str, text: &str) {
        if label.is_empty() {
            return self.flow(indent + column, indent + column, &[piece(text, Ink::Plain)]);
        }
        let pad = column.saturating_sub(columns(label)).max(1);
        self.flow(indent, indent + column, &[piece(label, Ink::Dim), piece(text, Ink::Plain).after(pad)]);
    }
    /// A ready-made block, such as a table.
    pub fn block(&mut self, text: &str) {
        self.out.push_str(text);
        self.out.push('\n');
    }
    /// Pieces in a row from `indent`; what does not fit goes on below at `hang`. Longer words than a line stay whole, so that
    /// an address can be copied.
    pub fn flow(&mut self, indent: usize, hang: usize, pieces: &[Piece]) {
        let mut at = indent;
        let mut fresh = true;
        self.spaces(indent);
        for piece in pieces {
            for (nth, word) in piece.words().iter().enumerate() {
                let gap = if fresh {
                    0
                } else if nth == 0 {
                    piece.before
                } else {
                    1
                };
                // Going on below gains nothing where the word stands at the hanging column already.
                if !fresh && at + gap > hang && at + gap + columns(word) > self.width {
                    self.out.push('\n');
                    self.spaces(hang);
                    at = hang;
                } else {
                    self.spaces(gap);
                    at += gap;
                }
                self.ink(word, piece.ink);
                at += columns(word);
                fresh = false;
            }
        }
        self.out.push('\n');
    }
    fn spaces(&mut self, n: usize) {
        self.out.extend(std::iter::repeat_n(' ', n));
    }
    fn ink(&mut self, word: &str, ink: Ink) {
        match ink.code().filter(|_| self.color) {
            Some(code) => self.out.extend(["\u{1b}[", code, "m", word, "\u{1b}[0m"]),
            None => self.out.push_str(word),
        }
    }
}

/// Columns that a text takes: wide East Asian characters and pictures two, combining marks none.
pub fn columns(text: &str) -> usize {
    text.chars()
        .map(|c| match c as u32 {
            0x300..=0x36f => 0,
            0x1100..=0x115f
            | 0x2e80..=0xa4cf
            | 0xac00..=0xd7a3
            | 0xf900..=0xfaff
            | 0xfe30..=0xfe6f
            | 0xff00..=0xff60
            | 0xffe0..=0xffe6
            | 0x1_f300..=0x1_faff
            | 0x2_0000..=0x3_fffd => 2,
            _ => 1,
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flowed(width: usize, color: bool, pieces: &[Piece]) -> String {
        let mut page = Page::new(width, color);
        page.flow(2, 4, pieces);
        page.finish()
    }

    #[test]
    fn words_flow_to_the_width_and_hang() {
        let text = "one two three four five six seven eight nine ten eleven";
        let shown = flowed(40, false, &[piece(text, Ink::Plain)]);
        assert_eq!(shown, "  one two three four five six seven\n    eight nine ten eleven\n");
        let long = flowed(40, false, &[piece(format!("see {}", "x".repeat(60)), Ink::Plain)]);
        assert_eq!(long.lines().count(), 2, "{long}");
    }

    #[test]
    fn colour_adds_nothing_but_colour() {
        let pieces = || [piece("NOT READY", Ink::Bad), piece("because of this and that and more", Ink::Plain).after(3)];
        let (plain, inked) = (flowed(40, false, &pieces()), flowed(40, true, &pieces()));
        assert_ne!(plain, inked);
        assert_eq!(clean::document(&inked), plain);
    }

    #[test]
    fn wide_characters_take_two_columns() {
        assert_eq!(columns("漢é"), 3);
    }
}
