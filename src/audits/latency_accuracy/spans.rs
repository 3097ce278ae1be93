//! From the spans of one trace to latency figures.

use super::{figures::Figures, requests::Shape};
use crate::model::{
    payload::SpanRow,
    rig::Quantity,
    times::{Moment, Times},
};
use std::collections::BTreeMap;

/// Attributes with the time to first token in seconds, most trusted first.
const TTFT_SECONDS: [&str; 3] = ["gen_ai.response.time_to_first_chunk", "gen_ai.server.time_to_first_token", "gen_ai.latency.time_to_first_token"];

/// Who called whom in a trace, by one look at each span: a trace may have any number of them.
pub struct Parents<'t>(BTreeMap<&'t str, &'t SpanRow>);

impl<'t> Parents<'t> {
    /// Of several spans with one id the first counts.
    pub fn of(trace: &'t [SpanRow]) -> Parents<'t> {
        let mut by_id = BTreeMap::new();
        for span in trace {
            by_id.entry(span.span_id.as_str()).or_insert(span);
        }
        Parents(by_id)
    }
    /// The span that called this one, if the trace has it.
    pub fn of_span(&self, span: &SpanRow) -> Option<&'t SpanRow> {
        self.0.get(span.parent_id.as_deref()?).copied()
    }
}

/// The span that stands for the whole request at the service under test: kind `server`, with a parent that is absent
/// from the trace (the load generator's own) or reported by another service. A parent that is absent is further out
/// than one of another service; among equals the longest is taken.
pub fn server(trace: &[SpanRow]) -> Option<&SpanRow> {
    let parents = Parents::of(trace);
    let rank = |s: &SpanRow| match parents.of_span(s) {
        None => Some(1),
        Some(p) if p.service != s.service => Some(0),
        Some(_) => None,
    };
    let outer = trace.iter().filter(|s| s.kind == "server").filter_map(|s| rank(s).map(|r| (r, s)));
    outer.max_by(|(r, s), (q, t)| r.cmp(q).then(s.length_ms().total_cmp(&t.length_ms()))).map(|(_, s)| s)
}

/// How many requests of the load a trace holds: server spans of the same service beside the [`server`] span whose parent is
/// absent, too. More than one was handled more than once.
pub fn requests(trace: &[SpanRow]) -> u32 {
    let Some(first) = server(trace) else { return 1 };
    if trace.iter().any(|p| Some(&p.span_id) == first.parent_id.as_ref()) {
        return 1;
    }
    let outermost = |s: &&SpanRow| s.kind == "server" && s.service == first.service && s.parent_id == first.parent_id;
    (trace.iter().filter(outermost).count() as u32).max(1)
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
    use crate::model::rig::Quantity::{InterChunk, Total, Ttft};

    fn span(id: &str, parent: Option<&str>, kind: &str, service: &str, start_ms: u64, end_ms: u64) -> SpanRow {
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
    fn body(id: &str, start_ms: u64) -> SpanRow {
        let mut s = span(id, Some("a"), "internal", "gw", start_ms, start_ms);
        s.attributes.insert("asgi.event.type".into(), "http.response.body".into());
        s
    }

    #[test]
    fn the_outermost_server_span_is_the_request() {
        let inner = span("c", Some("b"), "server", "upstream", 1020, 1400);
        let call = span("b", Some("a"), "client", "gw", 1010, 1450);
        let outer = span("a", Some("ours"), "server", "gw", 1000, 1300);
        assert_eq!(server(&[inner.clone(), call, outer]).map(|s| s.span_id.as_str()), Some("a"));
        assert_eq!(server(&[span("x", None, "internal", "gw", 0, 9)]), None);
        assert_eq!(server(std::slice::from_ref(&inner)), Some(&inner));
    }

    /// Each span the parent of the next: looking for each one's parent among all would take minutes.
    #[test]
    fn a_chain_of_any_length_takes_one_look() {
        let of = |i: u64| span(&format!("{i:x}"), Some(&format!("{:x}", i.wrapping_sub(1))), "server", "gw", 1000, 1300);
        let chain: Vec<_> = (1..=100_000).map(of).collect();
        assert_eq!(server(&chain).map(|s| s.span_id.as_str()), Some("1"));
        assert_eq!(requests(&chain), 1);
        assert!(figures(&chain, Shape::default()).get(Total).is_some());
        let circle = [span("a", Some("b"), "server", "gw", 0, 1), span("b", Some("a"), "server", "gw", 0, 1)];
        assert_eq!((server(&circle), requests(&circle)), (None, 1));
    }

    #[test]
    fn a_request_that_is_handled_twice_is_there_twice() {
        let once = span("a", Some("ours"), "server", "gw", 1000, 1300);
        let inner = span("c", Some("b"), "server", "gw", 1020, 1200);
        let call = span("b", Some("a"), "client", "gw", 1010, 1250);
        assert_eq!(requests(&[once.clone(), call.clone(), inner.clone()]), 1);
        assert_eq!(requests(&[once.clone(), span("d", Some("ours"), "server", "gw", 1400, 1401), call]), 2);
        assert_eq!(requests(&[once.clone(), span("e", Some("ours"), "server", "sidecar", 990, 1310)]), 1, "a proxy of another name");
        assert_eq!(requests(&[]), 1);
        let backwards = SpanRow { end_ns: once.start_ns - 1, ..once };
        assert_eq!(figures(&[backwards], Shape::default()).get(Total), None);
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
}
