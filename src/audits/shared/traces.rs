use crate::model::payload::{SpanRow, Spans};

/// Hands out the spans of one trace after the other; rows are sorted by trace id.
pub fn each_trace(spans: &Spans, mut each: impl FnMut(&[SpanRow])) {
    let mut trace: Vec<SpanRow> = vec![];
    for span in spans.spans.iter() {
        if trace.first().is_some_and(|first| first.trace_id != span.trace_id) {
            each(&trace);
            trace.clear();
        }
        trace.push(span);
    }
    if !trace.is_empty() {
        each(&trace);
    }
}
