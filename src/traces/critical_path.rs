use super::{Tree, is_listening};
use std::{cmp::Reverse, collections::BTreeMap, vec};

/// What a request really waited for: a piece of time belongs to the deepest span that had to end before anything went on.
///
/// From the end of a span walk back to its child that finished last, from that one's start to the child that finished last
/// before it, and so on; between them the span itself was at work. Within each child the same (Zhang, Ramanathan, Raj and
/// others, "CRISP: Critical Path Analysis of Large-Scale Microservice Architectures", USENIX ATC 2022, section 4). A child that
/// ends exactly where the next one starts is on the path: stores cut times to microseconds, so that spans that follow each
/// other often meet. What of a child lies outside its parent did not hold the parent up, and is clipped.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CriticalPath {
    /// Pieces in order of time: they meet, and together are exactly the span whose path it is.
    pub segments: Vec<Segment>,
    /// How much of the spans on the path lay outside whoever called them, or beside the next one, ns: where it is much, clocks
    /// differ or calls outlive their callers.
    pub clipped: u64,
    held: BTreeMap<usize, u64>,
}

/// A child that ends so much after the next one started was still waited for, as a share of the span whose path it is: what
/// CRISP tolerates.
const OVERLAP: f64 = 0.01;

/// A piece of time, ns since the epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// The span that held everything up.
    pub span: usize,
    /// From when.
    pub from: u64,
    /// Until when.
    pub to: u64,
}

/// A span on the path, between two points in time, with the children that are still to be looked at.
struct Open {
    span: usize,
    from: u64,
    /// What lies after it is told.
    until: u64,
    children: vec::IntoIter<Child>,
}

#[derive(Clone, Copy)]
struct Child {
    span: usize,
    from: u64,
    to: u64,
    clipped: u64,
}

impl CriticalPath {
    /// Of a span, from its start to its end; none where it has no length.
    pub fn of(tree: &Tree<'_>, root: usize) -> CriticalPath {
        let span = tree.span(root);
        let overlap = (span.end_ns.saturating_sub(span.start_ns) as f64 * OVERLAP) as u64;
        let mut path = CriticalPath::default();
        let mut open = vec![Open::new(tree, root, span.start_ns, span.end_ns)];
        while let Some(on) = open.last_mut() {
            let Some(child) = on.children.next() else {
                path.add(on.span, on.from, on.until);
                open.pop();
                continue;
            };
            let beside = child.to.saturating_sub(on.until);
            if beside > overlap || child.from >= on.until {
                continue;
            }
            let to = child.to - beside;
            let (span, until) = (on.span, std::mem::replace(&mut on.until, child.from));
            path.add(span, to, until);
            path.clipped = path.clipped.saturating_add(child.clipped).saturating_add(beside);
            open.push(Open::new(tree, child.span, child.from, to));
        }
        path.segments.reverse();
        path
    }
    /// How long a span held everything up, ns.
    pub fn held(&self, span: usize) -> u64 {
        self.held.get(&span).copied().unwrap_or_default()
    }
    /// The spans that did, with how long, ns, in the tree's order.
    pub fn holders(&self) -> impl Iterator<Item = (usize, u64)> {
        self.held.iter().map(|(span, ns)| (*span, *ns))
    }

    fn add(&mut self, span: usize, from: u64, to: u64) {
        if from < to {
            self.segments.push(Segment { span, from, to });
            *self.held.entry(span).or_default() += to - from;
        }
    }
}

impl Open {
    fn new(tree: &Tree<'_>, span: usize, from: u64, to: u64) -> Open {
        let parent = tree.span(span);
        let child = |at: &usize| {
            let of = tree.span(*at);
            let clip = |ns: u64| ns.clamp(from, to.max(from));
            let (begin, end) = (clip(of.start_ns), clip(of.end_ns));
            let clipped = parent.start_ns.saturating_sub(of.start_ns).saturating_add(of.end_ns.saturating_sub(parent.end_ns));
            (begin < end && !is_listening(of)).then_some(Child { span: *at, from: begin, to: end, clipped })
        };
        let mut children: Vec<Child> = tree.children(span).iter().filter_map(child).collect();
        // The last to finish first; of those that finish together the longest accounts for most.
        children.sort_by_key(|c| (Reverse(c.to), c.from, c.span));
        Open { span, from, until: to, children: children.into_iter() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{model::payload::SpanRow, traces::sample::span};

    const MS: u64 = 1_000_000;

    fn told(trace: &[SpanRow]) -> (Vec<(String, u64, u64)>, u64) {
        let tree = Tree::of(trace);
        let path = CriticalPath::of(&tree, 0);
        let names = path.segments.iter().map(|s| (tree.span(s.span).span_id.clone(), s.from / MS, s.to / MS)).collect();
        (names, path.clipped / MS)
    }
    fn on(segments: &[(&str, u64, u64)]) -> Vec<(String, u64, u64)> {
        segments.iter().map(|(id, from, to)| ((*id).to_owned(), *from, *to)).collect()
    }

    /// S1 calls S2, which calls S4 and S5 at once, then S3 beside S2: worked out by hand.
    #[test]
    fn the_last_to_finish_holds_everything_up() {
        let trace = [
            span("s1", None, "server", "a", 0, 100),
            span("s2", Some("s1"), "internal", "b", 10, 60),
            span("s4", Some("s2"), "internal", "d", 15, 30),
            span("s5", Some("s2"), "internal", "e", 20, 55),
            span("s3", Some("s1"), "internal", "c", 40, 70),
            span("s6", Some("s1"), "internal", "f", 70, 95),
        ];
        // From 100 back: s6 ends at 95; s3 ends at 70, where s6 starts; s2 runs beside s3 and ends after it starts, so s1 itself
        // is what is left before 40.
        let (segments, clipped) = told(&trace);
        assert_eq!(segments, on(&[("s1", 0, 40), ("s3", 40, 70), ("s6", 70, 95), ("s1", 95, 100)]));
        assert_eq!(clipped, 0);
        // Without s3 it is s2, and in it s5; s4 ran beside s5.
        let without: Vec<_> = trace.into_iter().filter(|s| s.span_id != "s3").collect();
        let path = [("s1", 0, 10), ("s2", 10, 20), ("s5", 20, 55), ("s2", 55, 60), ("s1", 60, 70), ("s6", 70, 95), ("s1", 95, 100)];
        assert_eq!(told(&without).0, on(&path));
    }

    #[test]
    fn spans_that_meet_are_all_on_the_path() {
        let trace = [
            span("a", None, "server", "gw", 0, 30),
            span("b", Some("a"), "internal", "gw", 0, 10),
            span("c", Some("a"), "internal", "gw", 10, 20),
            span("n", Some("a"), "internal", "gw", 20, 20),
            span("d", Some("a"), "internal", "gw", 20, 30),
        ];
        assert_eq!(told(&trace).0, on(&[("b", 0, 10), ("c", 10, 20), ("d", 20, 30)]));
        let tree = Tree::of(&trace);
        let path = CriticalPath::of(&tree, 0);
        assert_eq!((path.held(0), path.held(1), path.holders().count()), (0, 10 * MS, 3));
    }

    #[test]
    fn what_outlasts_its_parent_is_clipped() {
        let trace = [
            span("a", None, "server", "gw", 100, 200),
            span("b", Some("a"), "client", "gw", 90, 150),
            span("u", Some("b"), "server", "up", 80, 160),
            span("t", Some("a"), "internal", "gw", 180, 900),
            span("x", Some("a"), "internal", "gw", 300, 400),
        ];
        let tree = Tree::of(&trace);
        let root = (0..tree.len()).find(|at| tree.span(*at).span_id == "a").unwrap();
        let path = CriticalPath::of(&tree, root);
        let names: Vec<_> = path.segments.iter().map(|s| (tree.span(s.span).span_id.clone(), s.from / MS, s.to / MS)).collect();
        assert_eq!(names, on(&[("u", 100, 150), ("a", 150, 180), ("t", 180, 200)]));
        // b begins 10 too early; u 10 before b, and ends 10 after it; t ends 700 too late.
        assert_eq!(path.clipped / MS, 10 + 20 + 700);
    }

    /// The call of the provider was closed just after the first byte was passed on.
    #[test]
    fn a_moment_of_overlap_hides_nobody() {
        let trace = [
            span("a", None, "server", "gw", 0, 1000),
            span("b", Some("a"), "client", "gw", 10, 905),
            span("c", Some("a"), "internal", "gw", 900, 990),
        ];
        assert_eq!(told(&trace), (on(&[("a", 0, 10), ("b", 10, 900), ("c", 900, 990), ("a", 990, 1000)]), 5));
        let more = trace.map(|s| if s.span_id == "b" { SpanRow { end_ns: 920 * MS, ..s } } else { s });
        assert_eq!(told(&more).0, on(&[("a", 0, 900), ("c", 900, 990), ("a", 990, 1000)]));
    }

    #[test]
    fn nothing_takes_no_time() {
        assert_eq!(told(&[span("a", None, "server", "gw", 5, 5), span("b", Some("a"), "internal", "gw", 5, 5)]).0, []);
        assert_eq!(told(&[span("a", None, "server", "gw", 9, 5), span("b", Some("a"), "internal", "gw", 10, 20)]).0, []);
    }
}
