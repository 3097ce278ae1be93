//! From the spans of one trace to latency figures.

use super::{Figures, server};
use crate::model::{
    payload::SpanRow,
    rig::Quantity,
    times::{Moment, Times},
};

/// Attributes with the time to first token in seconds, most trusted first.
const TTFT_SECONDS: [&str; 3] = ["gen_ai.response.time_to_first_chunk", "gen_ai.server.time_to_first_token", "gen_ai.latency.time_to_first_token"];

/// How the events of a response lie: maps spans, one per chunk, to content.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shape {
    /// Events in all.
    pub events: usize,
    /// Events with content.
    pub content: usize,
    /// Place of the first one with content.
    pub first: usize,
    /// Place of the last one with content.
    pub last: usize,
}

impl Shape {
    /// Gaps between content events.
    pub fn gaps(&self) -> u64 {
        self.content.saturating_sub(1) as u64
    }
}

/// The figures of one trace; `shape` says how the events of the response lay at the client.
///
/// - total: length of the [`server`] span.
/// - TTFT, most trusted first: an attribute in seconds (on the server span, or on a span of the same service, then
///   counted from that span's start); else the start of the span of the first body chunk with content.
/// - inter-chunk: from the starts of the body-chunk spans.
pub fn figures(trace: &[SpanRow], shape: Shape) -> Figures {
    let Some(server) = server(trace) else { return Figures::default() };
    let since = |ns: u64| (ns as f64 - server.start_ns as f64) / 1e6;
    let mut own: Vec<&SpanRow> = trace.iter().filter(|s| s.service == server.service).collect();
    own.sort_by_key(|s| (s.span_id != server.span_id, s.start_ns));
    let attribute = TTFT_SECONDS.iter().find_map(|name| {
        own.iter().find_map(|s| {
            let seconds: f64 = s.attributes.get(*name)?.parse().ok()?;
            Some(since(s.start_ns) + seconds * 1e3)
        })
    });
    let mut bodies: Vec<f64> = own.iter().filter(|s| is_body(s)).map(|s| since(s.start_ns)).collect();
    bodies.sort_by(f64::total_cmp);
    let (first, last) = content(bodies.len(), shape);
    let marker = bodies.get(first).copied();
    let gaps = last.saturating_sub(first);
    let gap = (gaps > 0).then(|| bodies.get(last).zip(marker).map(|(l, f)| (l - f) / gaps as f64)).flatten();
    // A span that ends before it starts times nothing.
    let total = (server.end_ns >= server.start_ns).then(|| server.length_ms());
    Figures::of(attribute.or(marker), total, gap)
}

/// Which events the figures of a trace time.
pub const fn times(quantity: Quantity) -> Times {
    match quantity {
        Quantity::Total => Times::new(Moment::Arrival, Moment::End),
        Quantity::Ttft => Times::new(Moment::Arrival, Moment::FirstToken),
        Quantity::InterChunk => Times::new(Moment::Chunk, Moment::Chunk),
    }
}

/// One `http send` span per chunk of the body, as ASGI servers report them.
pub fn is_body(span: &SpanRow) -> bool {
    span.attributes.get("asgi.event.type").is_some_and(|t| t == "http.response.body")
}

/// Does it only wait for the client to go away? ASGI servers listen for that for as long as they respond, and the instrumentation
/// reports it as a span (`http receive` with this event): it explains none of the request's time.
pub fn is_listening(span: &SpanRow) -> bool {
    span.attributes.get("asgi.event.type").is_some_and(|t| t == "http.disconnect")
}

/// Which of `bodies` chunk spans carry the first and the last content. Where there is one span per event (and at most
/// an empty closing one) the client's events tell; else all of them count.
fn content(bodies: usize, shape: Shape) -> (usize, usize) {
    if shape.content > 0 && (bodies == shape.events || bodies == shape.events + 1) {
        (shape.first, shape.last)
    } else {
        (0, bodies.saturating_sub(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::rig::Quantity::{InterChunk, Total, Ttft},
        traces::sample::span,
    };

    fn body(id: &str, start_ms: u64) -> SpanRow {
        let mut s = span(id, Some("a"), "internal", "gw", start_ms, start_ms);
        s.attributes.insert("asgi.event.type".into(), "http.response.body".into());
        s
    }

    #[test]
    fn ttft_prefers_the_attribute_and_counts_from_its_span() {
        let shape = Shape { events: 4, content: 2, first: 1, last: 2 };
        let mut trace = vec![span("a", Some("ours"), "server", "gw", 1000, 1100)];
        trace.extend([body("1", 1010), body("2", 1030), body("3", 1050), body("4", 1051), body("5", 1052)]);
        let f = figures(&trace, shape);
        assert_eq!([f.get(Ttft), f.get(Total), f.get(InterChunk)], [Some(30.0), Some(100.0), Some(20.0)]);
        // Chunks that are not one per event: the first one and the mean over all.
        let f = figures(&trace, Shape { events: 20, content: 18, first: 1, last: 18 });
        assert_eq!([f.get(Ttft), f.get(InterChunk)], [Some(10.0), Some(10.5)]);
        let mut call = span("b", Some("a"), "client", "gw", 1005, 1090);
        call.attributes.insert("gen_ai.response.time_to_first_chunk".into(), "0.02".into());
        trace.push(call);
        assert_eq!(figures(&trace, shape).get(Ttft), Some(25.0));
        trace[0].attributes.insert("gen_ai.response.time_to_first_chunk".into(), "0.027".into());
        assert_eq!(figures(&trace, shape).get(Ttft), Some(27.0));
    }

    #[test]
    fn a_span_that_ends_before_it_starts_times_nothing() {
        let backwards = span("a", Some("ours"), "server", "gw", 1000, 999);
        assert_eq!(figures(&[backwards], Shape::default()).get(Total), None);
        let chain: Vec<_> = (1..=100_000_u64).map(|i| span(&format!("{i:x}"), Some(&format!("{:x}", i - 1)), "server", "gw", 1000, 1300)).collect();
        assert_eq!(figures(&chain, Shape::default()).get(Total), Some(300.0));
    }
}
