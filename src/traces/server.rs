//! Which span of a trace stands for the request.

use crate::model::payload::SpanRow;
use std::collections::BTreeMap;

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::traces::sample::span;

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
    }
}
