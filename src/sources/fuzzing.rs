//! Readers that are private to their source, as laws and fuzzers feed them: bytes in, and what must hold of what comes out.

use super::{
    access_log::{line::Reader, value::Number},
    load::framing::{Framed, Framer},
    spans::{read_json, read_protobuf},
};
use crate::{model::payload::SpanRow, spec::settings::AccessLog};

/// The events of a stream of which each piece came in one read.
pub fn events(pieces: &[&[u8]]) -> Vec<Framed> {
    let mut framer = Framer::default();
    let mut events: Vec<Framed> = pieces.iter().flat_map(|piece| framer.read(piece)).collect();
    events.extend(framer.end());
    events
}

/// The three durations of a log line in the units of the log, or why the line cannot be read.
pub fn durations(settings: &AccessLog, line: &[u8]) -> Result<[Option<f64>; 3], String> {
    let reader = Reader::new(settings).map_err(|gap| gap.to_string())?;
    let value = |number: Option<Number>| number.map(|n| n.value);
    reader.read(line).map(|said| said.durations.map(value))
}

/// The spans of an export or answer in OTLP's JSON, and how many had no valid id; or what it is instead.
pub fn spans_of_json(body: &[u8]) -> Result<(Vec<SpanRow>, u64), String> {
    read_json(body).map_err(|why| format!("{why:?}"))
}

/// The same for protobuf.
pub fn spans_of_protobuf(body: &[u8]) -> Result<(Vec<SpanRow>, u64), String> {
    read_protobuf(body).map_err(|why| format!("{why:?}"))
}
