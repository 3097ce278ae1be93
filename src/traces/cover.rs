use super::{Tree, is_listening};

/// How much of a span its children account for. Times are ns since the epoch, lengths ns; a span that ends before it starts has
/// the length 0.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cover {
    /// How long the span lasts.
    pub length: u64,
    /// The union of its children's time, as far as it lies within the span.
    pub covered: u64,
    /// What is left, the longest first.
    pub gaps: Vec<Uncovered>,
    /// Children that begin before the span or end after it.
    pub beyond: Vec<Beyond>,
}

/// A stretch of a span in which none of its children runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Uncovered {
    /// When it begins.
    pub from: u64,
    /// When it ends.
    pub to: u64,
    /// The child that ends where it begins; `None` at the span's own start.
    pub after: Option<usize>,
    /// The child that begins where it ends; `None` at the span's own end.
    pub before: Option<usize>,
}

impl Uncovered {
    /// How long it lasts.
    pub fn length(&self) -> u64 {
        self.to - self.from
    }
}

/// A child that does not lie within its parent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Beyond {
    /// The child.
    pub child: usize,
    /// By so much it begins earlier.
    pub early: u64,
    /// By so much it ends later.
    pub late: u64,
}

impl Cover {
    /// Of a span by its own children, without those that only wait for the client to go away.
    pub fn of(tree: &Tree<'_>, at: usize) -> Cover {
        let span = tree.span(at);
        let (start, end) = (span.start_ns, span.end_ns.max(span.start_ns));
        let mut cover = Cover { length: end - start, ..Cover::default() };
        // Up to here all is told, and the child that ends last before it.
        let (mut until, mut last) = (start, None);
        for child in tree.children(at) {
            let of = tree.span(*child);
            let (early, late) = (start.saturating_sub(of.start_ns), of.end_ns.saturating_sub(end));
            if early > 0 || late > 0 {
                cover.beyond.push(Beyond { child: *child, early, late });
            }
            let (from, to) = (of.start_ns.clamp(start, end), of.end_ns.clamp(start, end));
            if from >= to || is_listening(of) {
                continue;
            }
            if from > until {
                cover.gaps.push(Uncovered { from: until, to: from, after: last, before: Some(*child) });
            }
            cover.covered += to.saturating_sub(from.max(until));
            if to > until {
                (until, last) = (to, Some(*child));
            }
        }
        if until < end {
            cover.gaps.push(Uncovered { from: until, to: end, after: last, before: None });
        }
        cover.gaps.sort_by_key(|gap| (std::cmp::Reverse(gap.length()), gap.from));
        cover
    }
    /// Of a whole request by the spans in it. A span that merely wraps the others, as a middleware does, accounts for nothing by
    /// itself: where the only child is such a one (of kind internal, of the same service, over nearly all of its caller, and
    /// with children of its own), those count in its place.
    pub fn of_request(tree: &Tree<'_>, at: usize) -> Cover {
        const NEARLY_ALL: f64 = 0.9;
        let mut cover = Cover::of(tree, at);
        let mut caller = at;
        while let [child] = tree.children(caller) {
            let (span, over) = (tree.span(*child), tree.span(caller));
            let nearly_all = cover.covered as f64 >= NEARLY_ALL * cover.length as f64;
            if !nearly_all || span.kind != "internal" || span.service != over.service || tree.children(*child).is_empty() {
                break;
            }
            let within = Cover::of(tree, *child);
            // Where the wrapper's children run is within the wrapper, and that within its caller.
            cover.covered = within.covered.min(cover.covered);
            cover.gaps.extend(within.gaps);
            cover.beyond.extend(within.beyond);
            caller = *child;
        }
        cover.gaps.sort_by_key(|gap| (std::cmp::Reverse(gap.length()), gap.from));
        cover
    }
    /// What the span itself took: its length without its children's.
    pub fn own(&self) -> u64 {
        self.length - self.covered
    }
    /// The share that its children account for; `None` of a span without length.
    pub fn share(&self) -> Option<f64> {
        (self.length > 0).then(|| self.covered as f64 / self.length as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::traces::sample::span;

    const MS: u64 = 1_000_000;

    #[test]
    fn overlapping_children_count_once() {
        let trace = [
            span("a", None, "server", "gw", 100, 200),
            span("b", Some("a"), "internal", "gw", 110, 130),
            span("c", Some("a"), "internal", "gw", 120, 125),
            span("d", Some("a"), "internal", "gw", 125, 150),
            span("e", Some("a"), "internal", "gw", 156, 190),
            span("f", Some("e"), "internal", "gw", 190, 199),
        ];
        let tree = Tree::of(&trace);
        let cover = Cover::of(&tree, 0);
        assert_eq!((cover.length, cover.covered, cover.own()), (100 * MS, (40 + 34) * MS, 26 * MS));
        assert_eq!(cover.share(), Some(0.74));
        let gap = |from: u64, to: u64, after, before| Uncovered { from: from * MS, to: to * MS, after, before };
        assert_eq!(cover.gaps, [gap(100, 110, None, Some(1)), gap(190, 200, Some(4), None), gap(150, 156, Some(3), Some(4))]);
        assert!(cover.beyond.is_empty());
        assert_eq!((Cover::of(&tree, 1).covered, Cover::of(&tree, 1).gaps.len()), (0, 1), "a span without children is one gap");
    }

    /// As FastAPI's spans of a stream: the call of the provider ends with the headers, and somebody listens until the end.
    #[test]
    fn who_waits_for_the_client_to_go_away_explains_nothing() {
        let mut trace =
            [span("a", None, "server", "gw", 0, 600), span("b", Some("a"), "client", "gw", 0, 180), span("c", Some("a"), "internal", "gw", 185, 600)];
        trace[2].attributes.insert("asgi.event.type".into(), "http.disconnect".into());
        let tree = Tree::of(&trace);
        assert_eq!(Cover::of(&tree, 0).share(), Some(0.3));
        assert_eq!(crate::traces::CriticalPath::of(&tree, 0).held(2), 0);
    }

    #[test]
    fn a_span_that_wraps_all_others_accounts_for_nothing_by_itself() {
        let trace = |kind: &str, leaf: bool| {
            let mut spans = vec![span("a", None, "server", "gw", 100, 200), span("m", Some("a"), kind, "gw", 101, 199)];
            if !leaf {
                spans.extend([span("b", Some("m"), "internal", "gw", 110, 130), span("c", Some("m"), "client", "gw", 130, 180)]);
            }
            spans
        };
        let of = |trace: &[crate::model::payload::SpanRow]| {
            let tree = Tree::of(trace);
            let cover = Cover::of_request(&tree, 0);
            (cover.length / MS, cover.covered / MS, cover.gaps.iter().map(|g| g.length() / MS).collect::<Vec<_>>())
        };
        assert_eq!(of(&trace("internal", false)), (100, 70, vec![19, 9, 1, 1]));
        // The call of another program is what was waited for, whatever that one reports; and a span without children is what it says.
        assert_eq!(of(&trace("client", false)), (100, 98, vec![1, 1]));
        assert_eq!(of(&trace("internal", true)), (100, 98, vec![1, 1]));
    }

    #[test]
    fn what_lies_beyond_is_told_and_does_not_count() {
        let trace = [
            span("z", Some("a"), "internal", "gw", 40, 60),
            span("b", Some("a"), "internal", "gw", 90, 120),
            span("a", None, "server", "gw", 100, 200),
            span("c", Some("a"), "internal", "gw", 150, 180),
            span("n", Some("a"), "internal", "gw", 170, 160),
            span("d", Some("a"), "internal", "gw", 190, 260),
        ];
        let tree = Tree::of(&trace);
        let cover = Cover::of(&tree, 2);
        assert_eq!((cover.covered, cover.gaps.len()), ((20 + 30 + 10) * MS, 2));
        let beyond = |child, early: u64, late: u64| Beyond { child, early: early * MS, late: late * MS };
        assert_eq!(cover.beyond, [beyond(0, 60, 0), beyond(1, 10, 0), beyond(5, 0, 60)]);
        let backwards = [span("a", None, "server", "gw", 100, 90)];
        let cover = Cover::of(&Tree::of(&backwards), 0);
        assert_eq!((cover.length, cover.share()), (0, None));
    }
}
