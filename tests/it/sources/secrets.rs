//! What looks like a secret in spans is found in every form in which they come, told by key and kind, and kept nowhere.

use super::{
    otlp,
    traced_act::{QUICK, ask, connection, sent, serve, slot, spans, trace},
};
use axum::Router;
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::{AnyValue, ArrayValue, KeyValue, KeyValueList, any_value::Value as Any},
    resource::v1::Resource,
    trace::v1::{ResourceSpans, ScopeSpans, Span, Status, span::Event},
};
use otlp::export::attribute;
use prost::Message as _;
use rigcheck::{
    model::{
        Question as _,
        key::Spans,
        payload::{Leak, Secret, SpanRow},
    },
    sources::{
        internals::{spans_of_jaeger, spans_of_json, spans_of_protobuf},
        jaeger::Jaeger,
    },
};
use serde_json::json;
use std::time::Duration;

const TRACE: u128 = 0x0af7_6519_16cd_43dd_8448_eb21_1c80_319c;
const PASSWORD: &str = "hunter2-and-more";

fn text(text: &str) -> Any {
    Any::StringValue(text.into())
}

fn export(resource: Vec<KeyValue>, attributes: Vec<KeyValue>, events: Vec<Event>, message: &str) -> ExportTraceServiceRequest {
    let span = Span {
        trace_id: TRACE.to_be_bytes().to_vec(),
        span_id: vec![7; 8],
        name: "POST /chat".into(),
        attributes,
        events,
        status: Some(Status { code: 2, message: message.into() }),
        ..Span::default()
    };
    let scope_spans = vec![ScopeSpans { spans: vec![span], ..ScopeSpans::default() }];
    let resource = Some(Resource { attributes: resource, ..Resource::default() });
    ExportTraceServiceRequest { resource_spans: vec![ResourceSpans { resource, scope_spans, ..ResourceSpans::default() }] }
}

fn one(read: Result<(Vec<SpanRow>, u64), String>) -> SpanRow {
    let (mut rows, without_id) = read.unwrap();
    assert_eq!((rows.len(), without_id), (1, 0));
    rows.remove(0)
}

/// The row of an export, whether it comes as protobuf or as JSON.
fn row(export: &ExportTraceServiceRequest) -> SpanRow {
    let row = one(spans_of_protobuf(&export.encode_to_vec()));
    assert_eq!(one(spans_of_json(&serde_json::to_vec(export).unwrap())), row);
    row
}

/// The row of Jaeger's own JSON.
fn jaeger(tags: &serde_json::Value, process: &serde_json::Value, logs: &serde_json::Value) -> SpanRow {
    let span = json!({"traceID": format!("{TRACE:032x}"), "spanID": "0707070707070707", "operationName": "POST /chat", "tags": tags, "logs": logs, "processID": "p1"});
    let processes = json!({"p1": {"serviceName": "gateway", "tags": process}});
    one(spans_of_jaeger(json!({"data": [{"traceID": "1", "spans": [span], "processes": processes}]}).to_string().as_bytes()))
}

/// What is found in attributes of a span, of its event and of its resource, in every form.
pub fn found(attributes: &[(&str, &str)]) -> Vec<(String, Secret)> {
    let all = || attributes.iter().map(|(key, value)| attribute(key, text(value))).collect::<Vec<_>>();
    let event = Event { name: "exception".into(), attributes: all(), ..Event::default() };
    let mut secrets = row(&export(all(), all(), vec![event], "")).secrets;
    let tags = json!(attributes.iter().map(|(key, value)| json!({"key": key, "type": "string", "value": value})).collect::<Vec<_>>());
    let mut legacy = jaeger(&tags, &tags, &json!([{"timestamp": 1, "fields": tags}])).secrets;
    secrets.sort();
    legacy.sort();
    assert_eq!(legacy, secrets);
    secrets
}

#[test]
fn every_form_and_every_place_is_looked_at() {
    let planted =
        [("db.password", PASSWORD), ("user.email", "jane@example.com"), ("gen_ai.prompt.0.content", "tell me"), ("gen_ai.prompt.0.role", "user")];
    let expected = ["", "event.", "resource."].map(|within| {
        [("db.password", Secret::Named), ("gen_ai.prompt.0.content", Secret::Prompt)].map(|(key, what)| (format!("{within}{key}"), what))
    });
    let mut expected = expected.concat();
    expected.sort();
    assert_eq!(found(&planted), expected);
}

#[test]
fn lists_and_messages_are_looked_at() {
    let array = |texts: &[&str]| Any::ArrayValue(ArrayValue { values: texts.iter().map(|t| AnyValue { value: Some(text(t)) }).collect() });
    let map = |entries: Vec<KeyValue>| Any::KvlistValue(KeyValueList { values: entries });
    let attributes = vec![
        attribute("http.request.header.cookie", array(&["session=1"])),
        attribute("http.request.header.authorization", array(&["[REDACTED]"])),
        attribute("http.request.header.accept", array(&["*/*", "password"])),
        attribute("settings", map(vec![attribute("db", map(vec![attribute("password", text(PASSWORD))])), attribute("port", Any::IntValue(1))])),
        attribute("other", map(vec![attribute("password", text("***"))])),
    ];
    let resource = vec![attribute("process.command_args", array(&["serve", "--dsn", &format!("redis://:{PASSWORD}@cache")]))];
    let row = row(&export(resource, attributes, vec![], &format!("no answer to Bearer {PASSWORD}-1234567890")));
    let found: Vec<_> = row.secrets.iter().map(|(key, what)| (key.as_str(), *what)).collect();
    let mut expected = vec![
        ("http.request.header.cookie", Secret::Header),
        ("settings", Secret::Named),
        ("status.message", Secret::Credentials),
        ("resource.process.command_args", Secret::UrlPassword),
    ];
    expected.sort();
    let mut sorted = found.clone();
    sorted.sort();
    assert_eq!(sorted, expected);
    assert!(!format!("{row:?}").contains(PASSWORD), "{row:?}");
}

#[test]
fn what_cannot_be_read_in_an_event_costs_no_span() {
    let ids = format!(r#""traceId":"{TRACE:032x}","spanId":"0707070707070707""#);
    for events in ["null", "5", "{}", "[5, null]", r#"[{"attributes": 7}]"#, r#"[{"attributes": [{"key": 5, "value": [[1.5, -1, true]]}]}]"#] {
        let body = format!(r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{{{ids},"events":{events},"status":{{"message":{events}}}}}]}}]}}]}}"#);
        assert_eq!(one(spans_of_json(body.as_bytes())).secrets, [], "{events}");
        let body = format!(r#"{{"data":[{{"spans":[{{"traceID":"1","spanID":"7","logs":{events}}}]}}]}}"#);
        assert_eq!(one(spans_of_jaeger(body.as_bytes())).secrets, [], "{events}");
    }
    let mut broken = export(vec![], vec![], vec![], "").resource_spans.remove(0).scope_spans.remove(0).spans.remove(0).encode_to_vec();
    // An event that says it is longer than it is: field 11 of one byte, which is no field.
    broken.extend([0x5a, 0x01, 0xff]);
    let within = |number: u8, inner: &[u8]| [&[number << 3 | 2, u8::try_from(inner.len()).unwrap()], inner].concat();
    assert_eq!(one(spans_of_protobuf(&within(1, &within(2, &within(2, &broken))))).secrets, []);
}

#[tokio::test]
async fn only_ours_are_counted_each_span_once_and_nothing_is_kept() {
    let span = |trace: &str, id: u64, n: usize| {
        let attribute = |key: &str, value: &str| json!({"key": key, "value": {"stringValue": value}});
        let start = i128::from(sent(n)) * 1_000;
        json!({"traceId": trace, "spanId": format!("{id:016x}"), "name": "POST /chat", "kind": 2,
            "startTimeUnixNano": start.to_string(), "endTimeUnixNano": (start + 1_000_000).to_string(),
            "attributes": [attribute("db.password", PASSWORD), attribute("tok-9f8e7d6c5b4a", "Bearer 0123456789abcdef")]})
    };
    let list: Vec<_> = (0..3).flat_map(|n| [span(&trace(n), 7, n), span(&trace(n), 7, n)]).chain([span(&format!("{TRACE:032x}"), 7, 0)]).collect();
    let host = json!([{"key": "service.name", "value": {"stringValue": "gateway"}}, {"key": "service.secret", "value": {"stringValue": PASSWORD}}]);
    let body = json!({"result": {"resourceSpans": [{"resource": {"attributes": host}, "scopeSpans": [{"spans": list}]}]}}).to_string();
    let url = serve(Router::new().fallback(move || std::future::ready(super::metrics_world::answer(200, "application/json", body.clone())))).await;
    let source = Jaeger::new(rigcheck::model::name("jaeger"), &connection(&url), "gateway".into()).unwrap().with_pace(QUICK);
    let seen = ask(&source, &spans(), &slot(3, Duration::from_secs(30))).await.unwrap();
    let told = serde_json::to_string(&seen).unwrap();
    assert!([PASSWORD, "0123456789abcdef", "9f8e7d6c5b4a"].iter().all(|planted| !told.contains(planted)), "{told}");
    let found = Spans::pick(&seen.payload).unwrap();
    let leak = |span: &str, key: &str, what| Leak { service: "gateway".into(), span: span.into(), key: key.into(), what, spans: 3 };
    let expected = [
        leak("", "resource.service.secret", Secret::Named),
        leak("POST /chat", "*", Secret::Credentials),
        leak("POST /chat", "db.password", Secret::Named),
    ];
    assert_eq!(found.secrets, expected);
}
