use crate::model::{
    name::Name,
    payload::{SpanRow, Spans},
    rig::Rig,
};

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

/// Trace stores and receivers, in name order.
pub fn trace_sources(rig: &Rig) -> Vec<Name> {
    rig.sources.iter().filter(|(_, info)| matches!(info.kind.as_str(), "jaeger" | "otlp")).map(|(source, _)| source.clone()).collect()
}
