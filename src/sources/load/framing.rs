//! Server-sent-event framing over whatever pieces the network delivers. The lines are split by `sseer`; this joins them
//! to events, because a load generator must know which read completed which event.

use bytes::BytesMut;
use sseer::parser::{RawEventLineOwned, parse_line_from_buffer};

/// A stream may begin with a byte order mark (HTML standard, 9.2.5).
const BOM: &[u8] = "\u{feff}".as_bytes();

/// One event.
#[derive(Debug, PartialEq, Eq)]
pub enum Framed {
    /// The joined `data` lines. `error` if the event's type says so.
    Data {
        /// Joined by line feeds.
        data: Vec<u8>,
        /// Was it an `event: error`?
        error: bool,
    },
    /// A comment line: a keep-alive.
    Comment,
}

/// Bytes in, events out.
#[derive(Default)]
pub struct Framer {
    buffer: BytesMut,
    scanned: usize,
    begun: bool,
    data: Option<Vec<u8>>,
    error: bool,
}

impl Framer {
    /// Takes what one read brought and returns the events that it completed.
    pub fn read(&mut self, bytes: &[u8]) -> Vec<Framed> {
        self.buffer.extend_from_slice(bytes);
        if !self.begun {
            if self.buffer.len() < BOM.len() && BOM.starts_with(&self.buffer) {
                return vec![];
            }
            self.begun = true;
            if self.buffer.starts_with(BOM) {
                let _ = self.buffer.split_to(BOM.len());
            }
        }
        let mut events = vec![];
        while let Some(line) = parse_line_from_buffer(&mut self.buffer, &mut self.scanned) {
            match line {
                RawEventLineOwned::Comment => events.push(Framed::Comment),
                RawEventLineOwned::Empty => events.extend(self.complete()),
                RawEventLineOwned::Field { field_name, field_value } => self.field(&field_name, field_value.as_deref().unwrap_or_default()),
            }
        }
        events
    }
    /// The body is over: an event whose closing blank line never came still counts, as clients of the field read it.
    pub fn end(&mut self) -> Vec<Framed> {
        self.read(b"\n\n")
    }
    fn field(&mut self, name: &[u8], value: &[u8]) {
        match name {
            b"data" => match &mut self.data {
                Some(data) => {
                    data.push(b'\n');
                    data.extend_from_slice(value);
                }
                none => *none = Some(value.to_vec()),
            },
            b"event" => self.error = value == b"error",
            _ => {}
        }
    }
    fn complete(&mut self) -> Option<Framed> {
        let error = std::mem::take(&mut self.error);
        self.data.take().map(|data| Framed::Data { data, error })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn data(text: &str) -> Framed {
        Framed::Data { data: text.into(), error: false }
    }

    fn all(pieces: &[&[u8]]) -> Vec<Framed> {
        let mut framer = Framer::default();
        let mut events: Vec<Framed> = pieces.iter().flat_map(|p| framer.read(p)).collect();
        events.extend(framer.end());
        events
    }

    const STREAM: &[u8] = "\u{feff}: hi\r\ndata: {\"a\":1}\r\n\r\nid: 3\ndata:two\ndata: lines\n\nevent: error\rdata: x\r\rretry: 5\n\ndata\n\ndata: \u{e9}\n\ndata: [DONE]".as_bytes();

    fn expected() -> Vec<Framed> {
        vec![
            Framed::Comment,
            data("{\"a\":1}"),
            data("two\nlines"),
            Framed::Data { data: b"x".into(), error: true },
            data(""),
            data("\u{e9}"),
            data("[DONE]"),
        ]
    }

    #[test]
    fn reads_all_line_ends_comments_and_an_unfinished_end() {
        assert_eq!(all(&[STREAM]), expected());
        assert_eq!(all(&[]), vec![]);
    }

    #[test]
    fn an_event_belongs_to_the_read_that_completed_it() {
        let mut framer = Framer::default();
        assert_eq!(framer.read(b"data: a\n"), vec![]);
        assert_eq!(framer.read(b"\ndata: b\n\ndata: c\n\nda"), vec![data("a"), data("b"), data("c")]);
        assert_eq!(framer.read(b"ta: d\n\n"), vec![data("d")]);
    }

    proptest! {
        #[test]
        fn however_it_is_split(mut cuts in prop::collection::vec(0..STREAM.len(), 0..12)) {
            cuts.sort_unstable();
            let mut pieces = vec![];
            let mut from = 0;
            for cut in cuts.into_iter().chain([STREAM.len()]) {
                pieces.push(&STREAM[from..cut]);
                from = cut;
            }
            prop_assert_eq!(all(&pieces), expected());
        }
        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let pieces: Vec<&[u8]> = bytes.chunks(1).collect();
            prop_assert_eq!(all(&pieces), all(&[&bytes]));
        }
    }
}
