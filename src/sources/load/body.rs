//! One response body, read by read: a stream of events, a whole JSON body, or something that should not be there.

use super::{
    classify,
    framing::{Framed, Framer},
};
use crate::model::{
    act::Api,
    timeline::{Class, Event, Nanos, Timeline},
};

/// A response beyond this many bytes is given up.
pub const CAP: usize = 1 << 20;
/// As much of a refusal tells who refused.
const REFUSAL: usize = 4 << 10;

/// A body that is being read.
pub struct Body {
    kind: Kind,
    api: Api,
    bytes: usize,
    reads: u32,
    last: Nanos,
}

enum Kind {
    /// The `Content-Type` does not tell: decided by the first bytes.
    Untold(Vec<u8>),
    Stream(Framer),
    Whole(Vec<u8>),
    /// A status other than 2xx: read to keep the connection; its beginning may tell who refused, and nothing of it is kept.
    Refused(Vec<u8>),
}

impl Body {
    /// The body of a response.
    pub fn new(success: bool, content_type: &str, api: Api) -> Body {
        let kind = match content_type {
            _ if !success => Kind::Refused(vec![]),
            t if t.starts_with("text/event-stream") => Kind::Stream(Framer::default()),
            t if t.contains("json") => Kind::Whole(vec![]),
            _ => Kind::Untold(vec![]),
        };
        Body { kind, api, bytes: 0, reads: 0, last: Nanos(0) }
    }
    /// Takes one read. `Err` ends the request with these words.
    pub fn read(&mut self, bytes: &[u8], at: Nanos, into: &mut Timeline) -> Result<(), &'static str> {
        self.bytes += bytes.len();
        self.last = at;
        self.reads += 1;
        if self.bytes > CAP {
            return Err("body over 1 MiB");
        }
        if let Kind::Untold(held) = &mut self.kind {
            held.extend_from_slice(bytes);
            let held = std::mem::take(held);
            match sniff(&held)? {
                Sniffed::TooEarly => self.kind = Kind::Untold(held),
                Sniffed::Json => self.kind = Kind::Whole(held),
                Sniffed::Events => {
                    let mut framer = Framer::default();
                    let events = framer.read(&held);
                    self.kind = Kind::Stream(framer);
                    self.take(events, into);
                }
            }
            return Ok(());
        }
        match &mut self.kind {
            Kind::Stream(framer) => {
                let events = framer.read(bytes);
                self.take(events, into);
            }
            Kind::Whole(held) => held.extend_from_slice(bytes),
            Kind::Refused(held) => held.extend_from_slice(&bytes[..bytes.len().min(REFUSAL.saturating_sub(held.len()))]),
            Kind::Untold(_) => {}
        }
        Ok(())
    }
    /// The body is over.
    pub fn end(&mut self, into: &mut Timeline) -> Result<(), &'static str> {
        match &mut self.kind {
            Kind::Stream(framer) => {
                let events = framer.end();
                self.take(events, into);
                if into.events.is_empty() {
                    return Err("an empty stream");
                }
            }
            Kind::Whole(held) => {
                let said = classify::whole(held, &self.api)?;
                self.note(&said, into);
            }
            Kind::Untold(held) if !held.trim_ascii().is_empty() => return Err(NO_STREAM),
            Kind::Refused(_) => return Ok(()),
            Kind::Untold(_) => {}
        }
        // A 2xx that says nothing answers no request: timing it would time another thing than was asked for.
        if into.events.iter().all(|e| e.class == Class::Other) { Err(NOTHING) } else { Ok(()) }
    }
    /// The beginning of the body of a refusal.
    pub fn of_refusal(&self) -> &[u8] {
        if let Kind::Refused(held) = &self.kind { held } else { &[] }
    }
    fn take(&self, events: Vec<Framed>, into: &mut Timeline) {
        for framed in events {
            let said = match framed {
                Framed::Comment => Class::Other.into(),
                Framed::Data { error: true, .. } => Class::Error.into(),
                Framed::Data { data, error: false } => classify::event(&data),
            };
            self.note(&said, into);
        }
    }
    fn note(&self, said: &classify::Said, into: &mut Timeline) {
        into.events.push(Event { at: self.last, read: self.reads.saturating_sub(1), class: said.class });
        into.usage = said.usage.or(into.usage);
        if said.class == Class::Error && into.error.is_none() {
            // The stream is read on: what follows an error object belongs to the picture.
            into.error = Some("error object".into());
        }
    }
}

const NOTHING: &str = "empty answer";
const NO_STREAM: &str = "no event stream";

enum Sniffed {
    TooEarly,
    Json,
    Events,
}

/// What the first bytes are the beginning of.
fn sniff(held: &[u8]) -> Result<Sniffed, &'static str> {
    let held = held.strip_prefix("\u{feff}".as_bytes()).unwrap_or(held).trim_ascii_start();
    let fields: [&[u8]; 5] = [b"data", b"event", b"id", b"retry", b":"];
    match held.first() {
        None => Ok(Sniffed::TooEarly),
        Some(b'<') => Err("an HTML page"),
        Some(b'{' | b'[') => Ok(Sniffed::Json),
        Some(_) if fields.iter().any(|f| held.starts_with(f)) => Ok(Sniffed::Events),
        Some(_) if fields.iter().any(|f| f.starts_with(held)) => Ok(Sniffed::TooEarly),
        Some(_) => Err(NO_STREAM),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(content_type: &str, pieces: &[&str]) -> (Timeline, Result<(), &'static str>) {
        let mut t = Timeline::default();
        let mut body = Body::new(true, content_type, Api::Chat);
        let mut said = Ok(());
        for (i, piece) in pieces.iter().enumerate() {
            said = said.and_then(|()| body.read(piece.as_bytes(), Nanos(i as u64 * 10), &mut t));
        }
        let said = said.and_then(|()| body.end(&mut t));
        (t, said)
    }

    const CONTENT: &str = "data: {\"choices\":[{\"delta\":{\"content\":\"x\"}}]}\n\n";

    #[test]
    fn events_are_stamped_by_the_read_that_completed_them() {
        let two = format!("{CONTENT}{CONTENT}data: [DO");
        let (t, said) = read("text/event-stream; charset=utf-8", &["data: {\"choices\":[{\"delta\":", "{\"role\":\"a\"}}]}\n\n", &two, "NE]\n\n"]);
        assert_eq!(said, Ok(()));
        let seen: Vec<_> = t.events.iter().map(|e| (e.at.0, e.read, e.class)).collect();
        assert_eq!(seen, [(10, 1, Class::Role), (20, 2, Class::Content), (20, 2, Class::Content), (30, 3, Class::Done)]);
    }

    #[test]
    fn an_untold_type_is_told_by_the_first_bytes() {
        assert_eq!(read("", &["\n", CONTENT]).0.events[0].class, Class::Content);
        assert_eq!(read("text/plain", &["{\"choices\"", ":[]}"]).0.events[0].class, Class::Body);
        assert_eq!(read("", &["d", "a", &CONTENT[2..]]).0.events[0].class, Class::Content);
        assert_eq!(read("text/html", &["  <!doctype html>"]).1, Err("an HTML page"));
        assert_eq!(read("text/html", &["please log in"]).1, Err("no event stream"));
        assert_eq!(read("", &["da"]).1, Err("no event stream"));
        assert_eq!(read("text/html", &[]).1, Err("empty answer"));
        assert_eq!(read("text/event-stream", &[": ping\n\n"]).1, Err("empty answer"));
    }

    #[test]
    fn other_endings() {
        assert_eq!(read("application/json", &["{\"status\":1}"]).1, Err("no chat completion"));
        assert_eq!(read("application/json", &[]).1, Err("body is not JSON"));
        assert_eq!(read("text/event-stream", &["data: {\"error\":{\"m\":1}}\n\n"]).0.error.as_deref(), Some("error object"));
        assert_eq!(read("text/event-stream", &["event: error\ndata: secret\n\n"]).0.error.as_deref(), Some("error object"));
        let big = "x".repeat(CAP / 2 + 1);
        assert_eq!(read("text/event-stream", &[&big, &big]).1, Err("body over 1 MiB"));
    }
}
