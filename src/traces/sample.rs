//! Spans for the unit tests of this module.

use crate::model::payload::SpanRow;

/// A span that lasts from one millisecond of the epoch to another.
pub fn span(id: &str, parent: Option<&str>, kind: &str, service: &str, start_ms: u64, end_ms: u64) -> SpanRow {
    SpanRow {
        span_id: id.into(),
        parent_id: parent.map(Into::into),
        kind: kind.into(),
        service: service.into(),
        start_ns: start_ms * 1_000_000,
        end_ns: end_ms * 1_000_000,
        ..SpanRow::default()
    }
}

/// A span id.
pub fn id(number: u64) -> String {
    format!("{number:016x}")
}
