//! The JSON of Jaeger's own web page: microseconds, tags, references, processes.

use crate::{
    model::payload::SpanRow,
    sources::spans::{Events, Held, Keeper, MOST_SPANS, Read, Resource, Skew, each, first, kind_word, texts},
    traces::normal_id,
};
use serde::{Deserialize, Deserializer};
use std::{borrow::Cow, collections::BTreeMap};

/// Every span of a body, or why it is no such body.
pub fn read(body: &[u8]) -> Result<Read, String> {
    let answer: Answer = serde_json::from_slice(body).map_err(|e| match e.classify() {
        serde_json::error::Category::Data => "is JSON of another kind".to_owned(),
        _ => format!("is no whole JSON (line {}, column {})", e.line(), e.column()),
    })?;
    Ok(answer.data.0)
}

/// Does an error body dislike the number of traces that was asked for?
pub fn too_deep(body: &[u8]) -> bool {
    failed(body).is_some_and(|f| f.errors.iter().any(|e| e.msg.to_ascii_lowercase().contains("search depth")))
}

/// Is it an error that Jaeger itself tells?
pub fn is_error(body: &[u8]) -> bool {
    failed(body).is_some()
}

#[derive(Deserialize)]
struct Failed {
    errors: Vec<Message>,
}

#[derive(Deserialize)]
struct Message {
    msg: String,
}

fn failed(body: &[u8]) -> Option<Failed> {
    serde_json::from_slice(body).ok()
}

impl Span {
    fn row(&self, trace_id: &str, processes: &BTreeMap<String, Process>) -> Option<SpanRow> {
        let trace = normal_id(if self.trace.is_empty() { trace_id } else { &self.trace }, 16)?;
        let tag = |key: &str| self.tags.iter().find(|t| t.key == key).and_then(Tag::text);
        // A reference into another trace is a link, not a parent.
        let within = |r: &&Reference| normal_id(&r.trace_id, 16).as_ref() == Some(&trace);
        let of_kind = |kind: &str| self.references.iter().filter(within).find(|r| r.ref_type == kind);
        let parent = of_kind("CHILD_OF").or_else(|| of_kind("FOLLOWS_FROM")).and_then(|r| normal_id(&r.span_id, 8));
        let parent = parent.or_else(|| normal_id(&self.parent, 8));
        let error = tag("error").as_deref() == Some("true") || tag("otel.status_code").as_deref() == Some("ERROR");
        let mut keeper = Keeper::new(trace, normal_id(&self.id, 8)?, parent, "");
        if let Some(process) = processes.get(&self.process_id).or(self.process.as_deref()) {
            keeper.resource(&process.tags);
            keeper.service(&process.service_name);
        }
        keeper.named(&self.operation_name, kind_word(&tag("span.kind").unwrap_or_default()), error);
        let start_ns = self.start_time.saturating_mul(1_000);
        keeper.lasting(start_ns, start_ns.saturating_add(self.duration.saturating_mul(1_000)));
        // Older collectors call the scope a library.
        keeper.scope(&tag("otel.library.name").unwrap_or_default());
        for tag in &self.tags {
            if let Some(text) = tag.text() {
                keeper.attribute(&tag.key, &text);
            }
        }
        if let Some(held) = &self.logs {
            keeper.events(held);
        }
        keeper.skew(self.warnings);
        Some(keeper.row())
    }
}

impl Tag {
    fn text(&self) -> Option<Cow<'_, str>> {
        match &self.value {
            serde_json::Value::String(s) => Some(Cow::Borrowed(s)),
            serde_json::Value::Number(n) => Some(Cow::Owned(n.to_string())),
            serde_json::Value::Bool(b) => Some(Cow::Owned(b.to_string())),
            _ => None,
        }
    }
}

#[derive(Deserialize)]
struct Answer {
    /// There in every answer, `null` where nothing was found.
    data: Traces,
}

/// The spans of a list of traces.
struct Traces(Read);

impl<'de> Deserialize<'de> for Traces {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let mut read = Read::default();
        each(d, |trace: Trace| trace.spans.iter().for_each(|span| read.take(span.row(&trace.id, &trace.processes))))?;
        Ok(Traces(read))
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Trace {
    #[serde(rename = "traceID")]
    id: String,
    // Their processes come after them.
    #[serde(deserialize_with = "spans")]
    spans: Vec<Span>,
    processes: BTreeMap<String, Process>,
}

/// One more than are taken, so that it is told that there were more.
fn spans<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<Span>, D::Error> {
    first(d, MOST_SPANS + 1)
}

/// Tags and references of a span beyond this number are read past; OpenTelemetry's own limit is 128.
fn few<'de, T: Deserialize<'de>, D: Deserializer<'de>>(d: D) -> Result<Vec<T>, D::Error> {
    const FEW: usize = 1_000;
    first(d, FEW)
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Process {
    service_name: String,
    #[serde(deserialize_with = "resource")]
    tags: Resource,
}

/// What events have that looks like a secret; hardly ever anything, and spans are held by the hundred thousand.
fn logs<'de, D: Deserializer<'de>>(d: D) -> Result<Option<Box<Held>>, D::Error> {
    let Events { held, .. } = texts(d)?;
    Ok((!held.0.is_empty()).then(|| Box::new(held)))
}

fn resource<'de, D: Deserializer<'de>>(d: D) -> Result<Resource, D::Error> {
    let mut resource = Resource::default();
    each(d, |tag: Tag| {
        if let Some(text) = tag.text() {
            resource.attribute(&tag.key, &text);
        }
    })?;
    Ok(resource)
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Span {
    #[serde(rename = "traceID")]
    trace: String,
    #[serde(rename = "spanID")]
    id: String,
    #[serde(rename = "parentSpanID")]
    parent: String,
    operation_name: String,
    #[serde(deserialize_with = "few")]
    references: Vec<Reference>,
    /// µs since the epoch.
    start_time: u64,
    /// µs.
    duration: u64,
    #[serde(deserialize_with = "few")]
    tags: Vec<Tag>,
    #[serde(rename = "processID")]
    process_id: String,
    /// Hardly ever there, and large.
    process: Option<Box<Process>>,
    #[serde(deserialize_with = "logs")]
    logs: Option<Box<Held>>,
    warnings: Skew,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Reference {
    ref_type: String,
    #[serde(rename = "traceID")]
    trace_id: String,
    #[serde(rename = "spanID")]
    span_id: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Tag {
    key: String,
    value: serde_json::Value,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_span() {
        let body = br#"{"data":[{"traceID":"7b","spans":[{"traceID":"7b","spanID":"2","operationName":"http send","flags":1,
            "references":[{"refType":"CHILD_OF","traceID":"99","spanID":"9"},{"refType":"CHILD_OF","traceID":"7b","spanID":"1"}],
            "startTime":1700000000000001,"duration":2500,"tags":[{"key":"span.kind","type":"string","value":"internal"},
            {"key":"error","type":"bool","value":true},{"key":"http.status_code","type":"int64","value":503},
            {"key":"user.email","type":"string","value":"jane@example.com"},{"key":"otel.library.name","value":"asgi"}],
            "logs":[{"fields":[{"key":"message","value":"secret prompt"}]}],"processID":"p1","warnings":null}],
            "processes":{"p1":{"serviceName":"gateway","tags":[]}}}],"total":0,"limit":0,"offset":0,"errors":null}"#;
        let Read { rows, without_id, .. } = read(body).unwrap();
        let row = &rows[0];
        assert_eq!((rows.len(), without_id), (1, 0));
        assert_eq!((row.trace_id.as_str(), row.span_id.as_str()), ("0000000000000000000000000000007b", "0000000000000002"));
        assert_eq!(row.parent_id.as_deref(), Some("0000000000000001"));
        assert_eq!((row.start_ns, row.end_ns), (1_700_000_000_000_001_000, 1_700_000_000_002_501_000));
        assert_eq!((row.kind.as_str(), row.service.as_str(), row.error), ("internal", "gateway", true));
        assert_eq!(row.attributes.keys().collect::<Vec<_>>(), ["http.status_code", "otel.scope.name"]);
    }

    #[test]
    fn nothing_found_is_not_another_kind_of_body() {
        assert_eq!(read(br#"{"data":null,"errors":null}"#), Ok(Read::default()));
        assert_eq!(read(br#"{"data":[]}"#), Ok(Read::default()));
        assert!(read(br#"{"detail":"Not Found"}"#).is_err());
        assert!(read(b"oops").is_err());
        assert!(too_deep(br#"{"data":null,"errors":[{"code":500,"msg":"search depth must be greater than 0"}]}"#));
    }
}
