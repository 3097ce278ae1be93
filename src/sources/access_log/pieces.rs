//! Bytes in, whole lines out, in bounded memory.

/// Longer lines are not read.
pub const CAP: usize = 1 << 20;

/// A line, or that it was too long.
pub type Line<'l> = Result<&'l [u8], TooLong>;

/// The line is longer than [`CAP`]; its bytes are gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLong;

/// Joins pieces to lines and numbers them from 1.
#[derive(Default)]
pub struct Pieces {
    held: Vec<u8>,
    too_long: bool,
    lines: u64,
}

impl Pieces {
    /// Takes bytes; `each` gets the number and content of every line that they complete. Empty lines count but are not handed out.
    pub fn feed(&mut self, mut bytes: &[u8], each: &mut dyn FnMut(u64, Line<'_>)) {
        while let Some(end) = bytes.iter().position(|b| *b == b'\n') {
            self.hold(&bytes[..end]);
            self.complete(each);
            bytes = &bytes[end + 1..];
        }
        self.hold(bytes);
    }
    /// No more will come: what is held is a line too.
    pub fn end(&mut self, each: &mut dyn FnMut(u64, Line<'_>)) {
        if !self.held.is_empty() || self.too_long {
            self.complete(each);
        }
    }
    /// Lines so far.
    pub fn lines(&self) -> u64 {
        self.lines
    }
    fn hold(&mut self, bytes: &[u8]) {
        if self.too_long || self.held.len() + bytes.len() > CAP {
            self.too_long = true;
            self.held = vec![];
        } else {
            self.held.extend_from_slice(bytes);
        }
    }
    fn complete(&mut self, each: &mut dyn FnMut(u64, Line<'_>)) {
        self.lines += 1;
        if std::mem::take(&mut self.too_long) {
            each(self.lines, Err(TooLong));
        } else if !self.held.trim_ascii().is_empty() {
            each(self.lines, Ok(&self.held));
        }
        self.held.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(pieces: &[&[u8]]) -> Vec<(u64, Option<String>)> {
        let mut out = vec![];
        let mut each = |n, line: Line<'_>| out.push((n, line.ok().map(|l| String::from_utf8_lossy(l).into_owned())));
        let mut joined = Pieces::default();
        for piece in pieces {
            joined.feed(piece, &mut each);
        }
        joined.end(&mut each);
        out
    }

    #[test]
    fn joins_numbers_and_skips() {
        let of = |n, text: &str| (n, Some(text.to_owned()));
        assert_eq!(lines(&[b"a\nb", b"c\n\n", b"  \nlast"]), [of(1, "a"), of(2, "bc"), of(5, "last")]);
        assert_eq!(lines(&[]), []);
        let big = vec![b'x'; CAP / 2 + 1];
        assert_eq!(lines(&[b"a\n", &big, &big, b"x", b"\nb\n", &big, &big]), [of(1, "a"), (2, None), of(3, "b"), (4, None)]);
    }
}
