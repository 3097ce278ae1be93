//! OTLP as protobuf.

use super::{
    ids::hex_id,
    kept::{Keeper, kind_word},
};
use crate::model::payload::SpanRow;
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::{AnyValue, any_value::Value},
    trace::v1::{Span, status::StatusCode},
};
use prost::Message as _;

/// Every span of an export request, and how many spans had no valid id.
pub fn read_protobuf(body: &[u8]) -> Result<(Vec<SpanRow>, u64), prost::DecodeError> {
    let request = ExportTraceServiceRequest::decode(body)?;
    let (mut rows, mut bad) = (vec![], 0);
    for resource in &request.resource_spans {
        let attributes = resource.resource.iter().flat_map(|r| &r.attributes);
        let service = attributes.filter(|a| a.key == "service.name").find_map(|a| text(a.value.as_ref())).unwrap_or_default();
        for scope in &resource.scope_spans {
            let name = scope.scope.as_ref().map_or("", |s| s.name.as_str());
            for span in &scope.spans {
                match row(span, &service, name) {
                    Some(row) => rows.push(row),
                    None => bad += 1,
                }
            }
        }
    }
    Ok((rows, bad))
}

fn row(span: &Span, service: &str, scope: &str) -> Option<SpanRow> {
    let mut keeper = Keeper::new(hex_id(&span.trace_id, 16)?, hex_id(&span.span_id, 8)?, hex_id(&span.parent_span_id, 8), service);
    let error = span.status.as_ref().is_some_and(|s| s.code == StatusCode::Error as i32);
    keeper.named(&span.name, kind_word(&span.kind.to_string()), error);
    keeper.lasting(span.start_time_unix_nano, span.end_time_unix_nano);
    for attribute in &span.attributes {
        if let Some(text) = text(attribute.value.as_ref()) {
            keeper.attribute(&attribute.key, text);
        }
    }
    keeper.trace_state(&span.trace_state);
    keeper.scope(scope);
    Some(keeper.row())
}

fn text(value: Option<&AnyValue>) -> Option<String> {
    match value?.value.as_ref()? {
        Value::StringValue(s) => Some(s.clone()),
        Value::IntValue(i) => Some(i.to_string()),
        Value::DoubleValue(x) => Some(x.to_string()),
        Value::BoolValue(b) => Some(b.to_string()),
        _ => None,
    }
}
