use crate::reference::mock_llm::{served::Served, trace_context::new_span_id};
use opentelemetry_proto::tonic::{
    common::v1::{AnyValue, KeyValue, any_value::Value},
    trace::v1::{Span, Status, span::SpanKind, status::StatusCode},
};

/// The spans of one request, before they become protobuf.
#[derive(Clone, Debug, PartialEq)]
pub struct Spans {
    trace_id: String,
    /// The server span.
    pub root: Root,
    /// Its stages, in order.
    pub stages: Vec<Stage>,
}

/// The server span.
#[derive(Clone, Debug, PartialEq)]
pub struct Root {
    span_id: String,
    parent_id: Option<String>,
    route: &'static str,
    model: String,
    status: u16,
    start_ns: u64,
    end_ns: u64,
    /// To the first content of a stream, s.
    pub ttft_s: Option<f64>,
}

/// One stage of the gateway's work.
#[derive(Clone, Debug, PartialEq)]
pub struct Stage {
    name: &'static str,
    word: &'static str,
    kind: SpanKind,
    start_ns: u64,
    end_ns: u64,
}

/// What a good gateway records: the server span below the caller's, and where its time went.
pub fn of(served: &Served) -> Spans {
    let provided = served.chunks.last().copied().unwrap_or(served.closed).max(served.routed);
    let stage = |name, word, kind, from, to| Stage { name, word, kind, start_ns: served.wall(from), end_ns: served.wall(to) };
    Spans {
        trace_id: served.trace.trace_id.clone(),
        root: Root {
            span_id: new_span_id(),
            parent_id: served.trace.parent_id.clone(),
            route: served.route,
            model: served.model.clone(),
            status: served.status,
            start_ns: served.wall(served.received),
            end_ns: served.wall(served.closed),
            ttft_s: served.ttft().filter(|_| served.stream).map(|ns| ns as f64 / 1e9),
        },
        stages: vec![
            stage("middleware", "middleware", SpanKind::Internal, served.received, served.parsed),
            stage("auth", "auth", SpanKind::Internal, served.parsed, served.authorized),
            stage("routing", "routing", SpanKind::Internal, served.authorized, served.routed),
            stage("provider call", "provider", SpanKind::Client, served.routed, provided),
            stage("adaptation", "adaptation", SpanKind::Internal, provided, served.closed),
        ],
    }
}

impl Spans {
    /// Ends everything that would end later.
    pub fn end_at(&mut self, ns: u64) {
        self.root.end_ns = self.root.end_ns.min(ns);
        for stage in &mut self.stages {
            (stage.start_ns, stage.end_ns) = (stage.start_ns.min(ns), stage.end_ns.min(ns));
        }
    }
    /// As OTLP has them.
    pub fn to_proto(&self) -> Vec<Span> {
        let trace_id = bytes(&self.trace_id);
        let root = &self.root;
        let mut attributes = vec![
            attribute("http.request.method", Value::StringValue("POST".into())),
            attribute("http.route", Value::StringValue(root.route.into())),
            attribute("http.response.status_code", Value::IntValue(root.status.into())),
            attribute("gen_ai.operation.name", Value::StringValue(operation(root.route).into())),
            attribute("gen_ai.request.model", Value::StringValue(root.model.clone())),
        ];
        attributes.extend(root.ttft_s.map(|s| attribute("gen_ai.response.time_to_first_chunk", Value::DoubleValue(s))));
        let code = if root.status >= 500 { StatusCode::Error } else { StatusCode::Unset };
        let server = Span {
            trace_id: trace_id.clone(),
            span_id: bytes(&root.span_id),
            parent_span_id: root.parent_id.as_deref().map(bytes).unwrap_or_default(),
            name: format!("POST {}", root.route),
            kind: SpanKind::Server.into(),
            start_time_unix_nano: root.start_ns,
            end_time_unix_nano: root.end_ns,
            attributes,
            status: Some(Status { code: code.into(), ..Status::default() }),
            ..Span::default()
        };
        let stages = self.stages.iter().map(|stage| Span {
            trace_id: trace_id.clone(),
            span_id: bytes(&new_span_id()),
            parent_span_id: bytes(&root.span_id),
            name: stage.name.into(),
            kind: stage.kind.into(),
            start_time_unix_nano: stage.start_ns,
            end_time_unix_nano: stage.end_ns,
            attributes: vec![attribute("rigcheck.stage", Value::StringValue(stage.word.into()))],
            ..Span::default()
        });
        std::iter::once(server).chain(stages).collect()
    }
}

/// OpenTelemetry's word for what the route does (semantic conventions for generative AI, `gen_ai.operation.name`).
fn operation(route: &str) -> &'static str {
    if route.ends_with("/embeddings") { "embeddings" } else { "chat" }
}

/// A key with a value, as OTLP has it.
pub fn attribute(key: &str, value: Value) -> KeyValue {
    KeyValue { key: key.into(), value: Some(AnyValue { value: Some(value) }), ..KeyValue::default() }
}

/// Hex digits as bytes; ids are checked where they come in.
fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len() / 2).filter_map(|i| u8::from_str_radix(hex.get(2 * i..2 * i + 2)?, 16).ok()).collect()
}
