use super::{OURS, ask, load, trace};
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::{AnyValue, KeyValue, any_value::Value},
    resource::v1::Resource,
    trace::v1::{ResourceSpans, ScopeSpans, Span},
};
use prost::Message as _;
use rigcheck::{
    model::{
        key::{Payload, Spans},
        name,
        units::Wall,
    },
    reference::rig::for_later,
    sources::otlp::Otlp,
};
use std::time::Duration;

/// Spans of one export, the default of a collector's batch processor (`send_batch_size`).
const BATCH: usize = 8_192;

fn text(key: &str, text: &str) -> KeyValue {
    KeyValue { key: key.into(), value: Some(AnyValue { value: Some(Value::StringValue(text.into())) }), ..KeyValue::default() }
}

/// A server span of a trace, with what instrumentation usually adds.
pub fn span(trace: u128, span_id: u64, start: Wall) -> Span {
    let start = start.0 as u64 * 1_000;
    Span {
        trace_id: trace.to_be_bytes().to_vec(),
        span_id: span_id.to_be_bytes().to_vec(),
        parent_span_id: (trace as u64).to_be_bytes().to_vec(),
        name: "POST /v1/chat/completions".into(),
        kind: 2,
        start_time_unix_nano: start,
        end_time_unix_nano: start + 3_000_000,
        attributes: vec![
            text("http.request.method", "POST"),
            text("http.route", "/v1/chat/completions"),
            text("server.address", "gateway.example"),
            KeyValue { key: "http.response.status_code".into(), value: Some(AnyValue { value: Some(Value::IntValue(200)) }), ..KeyValue::default() },
        ],
        ..Span::default()
    }
}

/// An export of these spans.
pub fn export(spans: Vec<Span>) -> ExportTraceServiceRequest {
    ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans {
            resource: Some(Resource { attributes: vec![text("service.name", "gateway")], ..Resource::default() }),
            scope_spans: vec![ScopeSpans { spans, ..ScopeSpans::default() }],
            ..ResourceSpans::default()
        }],
    }
}

/// Our receiver gets so many spans, four to a trace, among which those of our requests are spread evenly.
pub fn read(spans: usize) -> String {
    let at = for_later().unwrap();
    let source = Otlp::new(name("otlp"), at, String::new()).unwrap();
    let began = super::now();
    let during = async {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let every = spans / OURS;
        let one = |n: usize| {
            let whose = if n.is_multiple_of(every) && n / every < OURS { trace(n / every) } else { 0x77 << 64 | (n as u128 / 4 + 1) };
            span(whose, n as u64 + 1, began.plus_us(n as i64))
        };
        for batch in (0..spans).step_by(BATCH) {
            let body = export((batch..spans.min(batch + BATCH)).map(one).collect()).encode_to_vec();
            let post = client.post(format!("http://{at}/v1/traces")).header("content-type", "application/x-protobuf").body(body);
            assert_eq!(post.send().await.unwrap().status(), 200);
        }
    };
    let pace =
        rigcheck::sources::spans::Pace { poll: Duration::from_millis(100), quiet: Duration::from_secs(2), confirm: Duration::from_millis(500) };
    let seen = ask(&source.with_pace(pace), &Spans { of: load() }.into(), super::act, during).unwrap();
    assert_eq!((&seen.partial, seen.notes.as_slice()), (&None, &[] as &[String]));
    let Payload::Spans(found) = &seen.payload else { panic!("{:?}", seen.payload) };
    assert_eq!((found.traces, found.spans.len(), found.truncated), (OURS as u64, OURS as u64, 0));
    format!("{spans} spans of {} foreign traces and {OURS} of ours", found.foreign)
}
