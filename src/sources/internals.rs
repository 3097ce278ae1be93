//! Readers that are private to their source, as laws and fuzzers feed them: bytes in, and what must hold of what comes out.

use super::{
    access_log::{line::Reader, value::Number},
    clock::{
        chrony::{Tracking, tracking},
        ptp,
    },
    exposition::Format,
    http::Answered,
    jaeger::legacy,
    load::framing::{Framed, Framer},
    native::{self, Snapshot},
    network::answered,
    prometheus::{
        api::{Queried, opened},
        samples,
    },
    scrape::{Fetched, extract::extract},
    spans::{read_json, read_protobuf},
};
use crate::{
    model::{
        payload::{ClockReadings, Exemplar, Series, SpanRow, network::LookupEnd},
        rig::HistogramOf,
        units::Wall,
    },
    spec::settings::AccessLog,
};
use bytes::Bytes;

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

/// The same for the JSON of Jaeger's own web page.
pub fn spans_of_jaeger(body: &[u8]) -> Result<(Vec<SpanRow>, u64), String> {
    let read = legacy::read(body)?;
    if read.too_many { Err("TooMany".into()) } else { Ok((read.rows, read.without_id)) }
}

/// What chronyd's reply says, or why it is none.
pub fn tracked(reply: &[u8]) -> Result<ClockReadings, String> {
    tracking(reply).map(Tracking::readings)
}

/// What ptp4l's replies to our requests say, one behind the other, or what they are instead.
pub fn followed(replies: &[u8], now: Wall) -> Result<ClockReadings, String> {
    ptp::followed(replies, now)
}

/// What a datagram says of the addresses of `api.example.com`, asked for under the number 0x7263; `None` where it is no answer to that.
pub fn resolved(datagram: &[u8]) -> Option<LookupEnd> {
    answered(datagram, "api.example.com.", 0x7263)
}

/// The series of the histogram `metric` in an answer of Prometheus to a query for stored samples, native ones unfolded.
pub fn stored(body: &[u8], metric: &str) -> Result<Vec<Series>, String> {
    let answered = Answered {
        status: reqwest::StatusCode::OK,
        content_type: "application/json".into(),
        body: Bytes::copy_from_slice(body),
        request: "http://prometheus/api/v1/query".into(),
        server: None,
    };
    let told = opened::<Queried>(&answered).map_err(|gap| gap.to_string())?;
    let Queried::Matrix(raw) = told.data else { return Err("is no matrix".into()) };
    let mut read = samples::read(metric, raw);
    read.unfold();
    Ok(read.series)
}

/// What one reading of a page says of a claim.
#[derive(Debug)]
pub struct Claimed {
    /// Values of its series.
    pub values: Vec<f64>,
    /// Series unfolded from its native buckets.
    pub unfolded: Vec<Series>,
    /// Exemplars.
    pub exemplars: Vec<Exemplar>,
    /// Why its series cannot be trusted.
    pub damage: Option<String>,
}

/// Reads a page in text, or in protobuf where it has no text format.
pub fn claimed(page: &Bytes, format: Option<Format>, claim: &HistogramOf) -> Claimed {
    let page = Fetched { body: page.clone(), format, request: String::new(), server: None, took: std::time::Duration::ZERO };
    let read = extract(&page, claim, "here");
    let mut sets = native::Sets::new();
    for (labels, at, buckets) in read.native {
        sets.entry(labels).or_default().push(Snapshot { at: at.unwrap_or(Wall(0)), buckets });
    }
    Claimed {
        values: read.points.iter().map(|p| p.value).collect(),
        unfolded: native::unfold(&sets).unwrap_or_default(),
        exemplars: read.exemplars,
        damage: read.damage,
    }
}
