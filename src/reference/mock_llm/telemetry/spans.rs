use crate::reference::mock_llm::{served::Served, trace_context::new_span_id};
use opentelemetry_proto::tonic::{
    common::v1::{AnyValue, KeyValue, any_value::Value},
    trace::v1::{Span, Status, span::SpanKind, status::StatusCode},
};
use std::borrow::Cow;

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
    /// What it says that it is.
    pub kind: SpanKind,
    /// Start, ns since the epoch.
    pub start_ns: u64,
    /// End, ns since the epoch.
    pub end_ns: u64,
    /// To the first content of a stream, s.
    pub ttft_s: Option<f64>,
    /// Beside those that it has of itself.
    pub attributes: Vec<KeyValue>,
}

/// One stage of the gateway's work, or another span below the server span.
#[derive(Clone, Debug, PartialEq)]
pub struct Stage {
    /// 16 hex digits.
    pub span_id: String,
    /// Below which span.
    pub below: Below,
    /// Its name.
    pub name: Cow<'static, str>,
    /// Which stage it is; empty if it is none.
    pub word: &'static str,
    /// What it says that it is.
    pub kind: SpanKind,
    /// Start, ns since the epoch.
    pub start_ns: u64,
    /// End, ns since the epoch.
    pub end_ns: u64,
    /// Beside the stage.
    pub attributes: Vec<KeyValue>,
    /// Who reports it.
    pub by: Program,
}

/// The parent of a span.
#[derive(Clone, Debug, PartialEq)]
pub enum Below {
    /// The server span.
    Root,
    /// None.
    Nothing,
    /// Another one.
    Span(String),
}

/// A program that reports spans.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program {
    /// The gateway itself.
    Gateway,
    /// What it calls.
    Provider,
}

/// What a good gateway records: the server span below the caller's, and where its time went.
pub fn of(served: &Served) -> Spans {
    let provided = served.chunks.last().copied().unwrap_or(served.closed).max(served.routed);
    let stage =
        |name, word, kind, from, to| Stage { word, start_ns: served.wall(from), end_ns: served.wall(to), ..Stage::new(Cow::Borrowed(name), kind) };
    let called = vec![
        attribute("gen_ai.operation.name", Value::StringValue(operation(served.route).into())),
        attribute("gen_ai.provider.name", Value::StringValue("openai".into())),
    ];
    Spans {
        trace_id: served.trace.trace_id.clone(),
        root: Root {
            span_id: new_span_id(),
            parent_id: served.trace.parent_id.clone(),
            route: served.route,
            model: served.model.clone(),
            status: served.status,
            kind: SpanKind::Server,
            start_ns: served.wall(served.received),
            end_ns: served.wall(served.closed),
            ttft_s: served.ttft().filter(|_| served.stream).map(|ns| ns as f64 / 1e9),
            attributes: vec![],
        },
        stages: vec![
            stage("middleware", "middleware", SpanKind::Internal, served.received, served.parsed),
            stage("auth", "auth", SpanKind::Internal, served.parsed, served.authorized),
            stage("routing", "routing", SpanKind::Internal, served.authorized, served.routed),
            Stage { attributes: called, ..stage("provider call", "provider", SpanKind::Client, served.routed, provided) },
            stage("adaptation", "adaptation", SpanKind::Internal, provided, served.closed),
        ],
    }
}

impl Stage {
    /// A span below the server span that takes no time and is no stage.
    pub fn new(name: Cow<'static, str>, kind: SpanKind) -> Stage {
        let (span_id, below, by) = (new_span_id(), Below::Root, Program::Gateway);
        Stage { span_id, below, name, word: "", kind, start_ns: 0, end_ns: 0, attributes: vec![], by }
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
    /// The stage of a word.
    pub fn stage(&mut self, word: &str) -> Option<&mut Stage> {
        self.stages.iter_mut().find(|stage| stage.word == word)
    }
    /// Those of one program, as OTLP has them.
    pub fn to_proto(&self, by: Program) -> Vec<Span> {
        let stages = self.stages.iter().filter(|stage| stage.by == by).map(|stage| self.stage_span(stage));
        (by == Program::Gateway).then(|| self.server_span()).into_iter().chain(stages).collect()
    }
    fn server_span(&self) -> Span {
        let root = &self.root;
        let mut attributes = vec![
            attribute("http.request.method", Value::StringValue("POST".into())),
            attribute("http.route", Value::StringValue(root.route.into())),
            attribute("http.response.status_code", Value::IntValue(root.status.into())),
            attribute("gen_ai.operation.name", Value::StringValue(operation(root.route).into())),
            attribute("gen_ai.request.model", Value::StringValue(root.model.clone())),
        ];
        attributes.extend(root.ttft_s.map(|s| attribute("gen_ai.response.time_to_first_chunk", Value::DoubleValue(s))));
        attributes.extend_from_slice(&root.attributes);
        let code = if root.status >= 500 { StatusCode::Error } else { StatusCode::Unset };
        Span {
            trace_id: bytes(&self.trace_id),
            span_id: bytes(&root.span_id),
            parent_span_id: root.parent_id.as_deref().map(bytes).unwrap_or_default(),
            name: format!("POST {}", root.route),
            kind: root.kind.into(),
            start_time_unix_nano: root.start_ns,
            end_time_unix_nano: root.end_ns,
            attributes,
            status: Some(Status { code: code.into(), ..Status::default() }),
            ..Span::default()
        }
    }
    fn stage_span(&self, stage: &Stage) -> Span {
        let parent_span_id = match &stage.below {
            Below::Root => bytes(&self.root.span_id),
            Below::Nothing => vec![],
            Below::Span(id) => bytes(id),
        };
        let word = (!stage.word.is_empty()).then(|| attribute("rigcheck.stage", Value::StringValue(stage.word.into())));
        Span {
            trace_id: bytes(&self.trace_id),
            span_id: bytes(&stage.span_id),
            parent_span_id,
            name: stage.name.clone().into_owned(),
            kind: stage.kind.into(),
            start_time_unix_nano: stage.start_ns,
            end_time_unix_nano: stage.end_ns,
            attributes: word.into_iter().chain(stage.attributes.iter().cloned()).collect(),
            ..Span::default()
        }
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
