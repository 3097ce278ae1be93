//! What an exporter sends.

use super::super::traced_act::our_span;
use flate2::{Compression, write::GzEncoder};
use opentelemetry_proto::tonic::{
    collector::trace::v1::{ExportTraceServiceRequest, ExportTraceServiceResponse},
    common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value::Value},
    resource::v1::Resource,
    trace::v1::{ResourceSpans, ScopeSpans, Span, Status, span::Event},
};
use prost::Message as _;
use std::{io::Write as _, net::SocketAddr};

/// How a body is written.
#[derive(Clone, Copy, Debug)]
pub enum Form {
    Protobuf,
    ProtobufGzip,
    Json,
    JsonGzip,
}

pub fn attribute(key: &str, value: Value) -> KeyValue {
    KeyValue { key: key.into(), value: Some(AnyValue { value: Some(value) }), ..KeyValue::default() }
}

/// One server span of a trace (hex id) by a service, with things in it that must not be kept.
pub fn span_of(trace: &str, start_us: i64, service: &str) -> ExportTraceServiceRequest {
    let start = start_us as u64 * 1_000 + 7;
    let planted = Value::StringValue("jane@example.com".into());
    let span = Span {
        trace_id: u128::from_str_radix(trace, 16).unwrap().to_be_bytes().to_vec(),
        span_id: 0x21_u64.to_be_bytes().to_vec(),
        parent_span_id: our_span(trace).to_be_bytes().to_vec(),
        name: "POST /chat?prompt=the-planted-prompt".into(),
        kind: 2,
        start_time_unix_nano: start,
        end_time_unix_nano: start + 3_000_000,
        attributes: vec![
            attribute("gen_ai.response.time_to_first_chunk", Value::DoubleValue(0.125)),
            attribute("http.response.status_code", Value::IntValue(500)),
            attribute("enduser.id", planted.clone()),
        ],
        events: vec![Event { name: "prompt".into(), attributes: vec![attribute("message", planted.clone())], ..Event::default() }],
        status: Some(Status { code: 2, message: "jane@example.com".into() }),
        ..Span::default()
    };
    let scope = InstrumentationScope { name: "asgi".into(), ..InstrumentationScope::default() };
    let resource = Resource {
        attributes: vec![attribute("service.name", Value::StringValue(service.into())), attribute("host.name", planted)],
        ..Resource::default()
    };
    ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans {
            resource: Some(resource),
            scope_spans: vec![ScopeSpans { scope: Some(scope), spans: vec![span], ..ScopeSpans::default() }],
            ..ResourceSpans::default()
        }],
    }
}

pub fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(vec![], Compression::fast());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

/// Posts and checks the answer as an exporter would.
pub async fn export(client: &reqwest::Client, to: SocketAddr, form: Form, request: &ExportTraceServiceRequest) {
    let (mut body, content_type) = match form {
        Form::Protobuf | Form::ProtobufGzip => (request.encode_to_vec(), "application/x-protobuf"),
        Form::Json | Form::JsonGzip => (serde_json::to_vec(request).unwrap(), "application/json; charset=utf-8"),
    };
    let mut post = client.post(format!("http://{to}/v1/traces")).header("content-type", content_type);
    if let Form::ProtobufGzip | Form::JsonGzip = form {
        body = gzip(&body);
        post = post.header("content-encoding", "gzip");
    }
    let answer = post.body(body).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let told = answer.headers()["content-type"].to_str().unwrap().to_owned();
    assert!(content_type.starts_with(&told), "{told}");
    let bytes = answer.bytes().await.unwrap();
    let response: ExportTraceServiceResponse =
        if told == "application/json" { serde_json::from_slice(&bytes).unwrap() } else { ExportTraceServiceResponse::decode(bytes).unwrap() };
    assert_eq!(response, ExportTraceServiceResponse::default());
}
