//! Bytes in, whole lines out, in bounded memory.

/// Longer lines of a log are not read.
pub const CAP: usize = 1 << 20;

/// A line, or that it was too long.
pub type Line<'l> = Result<&'l [u8], TooLong>;

/// The line is longer than what is held at once; its bytes are gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLong;

/// Joins pieces to lines and numbers them from 1.
pub struct Pieces {
    cap: usize,
    held: Vec<u8>,
    too_long: bool,
    lines: u64,
    /// The line began before the first byte that we get.
    torn: bool,
    /// Where JSON is read, whose documents may take several lines: how deep the held ones go.
    open: Option<Depth>,
}

impl Default for Pieces {
    fn default() -> Pieces {
        Pieces { cap: CAP, held: vec![], too_long: false, lines: 0, torn: false, open: None }
    }
}

impl Pieces {
    /// Hands out JSON documents instead of lines, one per line or each over several. A line that opens one that is compact
    /// (`{"`) begins anew: what was open before it was cut off.
    pub fn documents(cap: usize) -> Pieces {
        Pieces { cap, open: Some(Depth::default()), ..Pieces::default() }
    }
    /// What comes first is the rest of a line whose beginning nobody wants.
    pub fn begin_inside_a_line(&mut self) {
        self.torn = true;
    }
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
            self.lines += 1;
            self.open = self.open.as_ref().map(|_| Depth::default());
            self.hand_out(each);
        }
    }
    /// Lines so far.
    pub fn lines(&self) -> u64 {
        self.lines
    }
    fn hold(&mut self, bytes: &[u8]) {
        if self.torn {
            return;
        }
        if self.too_long || self.held.len() + bytes.len() > self.cap {
            self.too_long = true;
            self.held = vec![];
        } else {
            self.held.extend_from_slice(bytes);
        }
    }
    /// A line has ended.
    fn complete(&mut self, each: &mut dyn FnMut(u64, Line<'_>)) {
        self.lines += 1;
        if std::mem::take(&mut self.torn) {
            return;
        }
        if let Some(open) = &mut self.open
            && !self.too_long
        {
            let line = &self.held[open.read..];
            if open.depth > 0 && line.starts_with(b"{\"") {
                let cut = open.read;
                *open = Depth::default();
                each(self.lines - 1, Ok(&self.held[..cut]));
                self.held.drain(..cut);
            }
            open.scan(&self.held);
            if open.depth > 0 {
                self.held.push(b'\n');
                open.read = self.held.len();
                return;
            }
        }
        self.hand_out(each);
    }
    fn hand_out(&mut self, each: &mut dyn FnMut(u64, Line<'_>)) {
        if let Some(open) = &mut self.open {
            *open = Depth::default();
        }
        if std::mem::take(&mut self.too_long) {
            each(self.lines, Err(TooLong));
        } else if !self.held.trim_ascii().is_empty() {
            each(self.lines, Ok(&self.held));
        }
        self.held.clear();
    }
}

/// How many braces and brackets are open after what was read of a JSON text. No string goes over a line's end.
#[derive(Default)]
struct Depth {
    depth: usize,
    read: usize,
}

impl Depth {
    fn scan(&mut self, text: &[u8]) {
        let (mut quoted, mut escaped) = (false, false);
        for byte in &text[self.read..] {
            match byte {
                b'"' if !escaped => quoted = !quoted,
                b'{' | b'[' if !quoted => self.depth += 1,
                b'}' | b']' if !quoted => self.depth = self.depth.saturating_sub(1),
                _ => {}
            }
            escaped = *byte == b'\\' && quoted && !escaped;
        }
        self.read = text.len();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(pieces: &[&[u8]]) -> Vec<(u64, Option<String>)> {
        joined(Pieces::default(), pieces)
    }

    fn joined(mut joined: Pieces, pieces: &[&[u8]]) -> Vec<(u64, Option<String>)> {
        let mut out = vec![];
        let mut each = |n, line: Line<'_>| out.push((n, line.ok().map(|l| String::from_utf8_lossy(l).into_owned())));
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

    #[test]
    fn documents_go_over_lines_and_begin_anew_where_one_was_cut_off() {
        let of = |n, text: &str| (n, Some(text.to_owned()));
        let read = |text: &str| {
            let whole = joined(Pieces::documents(CAP), &[text.as_bytes()]);
            let bytes: Vec<&[u8]> = text.as_bytes().chunks(1).collect();
            assert_eq!(joined(Pieces::documents(CAP), &bytes), whole);
            whole
        };
        assert_eq!(read("{\"a\":1}\n{\"b\":\"}\\\\\\\"{\"}\n"), [of(1, "{\"a\":1}"), of(2, "{\"b\":\"}\\\\\\\"{\"}")]);
        assert_eq!(read("{\n  \"a\": [\n    1 ]\n}\n{\"b\":2}"), [of(4, "{\n  \"a\": [\n    1 ]\n}"), of(5, "{\"b\":2}")]);
        assert_eq!(read("{\"a\":[{\"b\n{\"c\":3}\n"), [of(1, "{\"a\":[{\"b\n"), of(2, "{\"c\":3}")]);
        assert_eq!(read("{\"a\":[1,"), [of(1, "{\"a\":[1,")]);
        let long = joined(Pieces::documents(8), &[b"{\"a\":\n", b"[1,2,3]}\n{}\n"]);
        assert_eq!(long, [(2, None), of(3, "{}")]);
    }

    #[test]
    fn the_rest_of_a_line_is_left_out() {
        let mut pieces = Pieces::default();
        pieces.begin_inside_a_line();
        assert_eq!(joined(pieces, &[b"st of", b" it\nb\n"]), [(2, Some("b".to_owned()))]);
    }
}
