use super::{our_span, server, trace_number};
use crate::model::payload::SpanRow;
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    ops::Range,
};

/// The spans of one trace and who called whom, whatever a store holds of it: spans may be missing, be there twice, call
/// themselves, or end before they start. A span is known by its place in the order of [`Tree::spans`].
///
/// Takes time n log n and memory n for n spans; nothing recurses, so that a chain may be as long as it likes.
#[derive(Debug)]
pub struct Tree<'t> {
    spans: Vec<&'t SpanRow>,
    parents: Vec<Option<usize>>,
    /// All children, those of one span side by side, and where in it whose lie.
    children: Vec<usize>,
    of: Vec<Range<usize>>,
    depths: Vec<usize>,
    tops: Vec<usize>,
    roots: Vec<usize>,
    ours: Vec<usize>,
    orphans: Vec<usize>,
    duplicates: Vec<usize>,
    cyclic: Vec<usize>,
    server: Option<usize>,
}

impl<'t> Tree<'t> {
    /// The tree of a trace.
    pub fn of(trace: &'t [SpanRow]) -> Tree<'t> {
        let mut spans: Vec<&SpanRow> = trace.iter().collect();
        spans.sort_by(|a, b| {
            (a.start_ns, b.end_ns, &a.span_id, &a.kind).cmp(&(b.start_ns, a.end_ns, &b.span_id, &b.kind)).then_with(|| a.name.cmp(&b.name))
        });
        let ids = Ids::of(&spans);
        let parents: Vec<Option<usize>> = (0..spans.len()).map(|at| ids.parent(&spans, at)).collect();
        let our_parent = trace.first().and_then(|s| trace_number(&s.trace_id)).map(|id| format!("{:016x}", our_span(id)));
        let (mut roots, mut ours, mut orphans) = (vec![], vec![], vec![]);
        for (at, span) in spans.iter().enumerate().filter(|(at, _)| parents[*at].is_none()) {
            match &span.parent_id {
                None => roots.push(at),
                parent if *parent == our_parent => ours.push(at),
                Some(_) => orphans.push(at),
            }
        }
        let mut tree = Tree {
            server: server(trace).and_then(|found| spans.iter().position(|s| std::ptr::eq(*s, found))),
            children: vec![],
            of: vec![],
            depths: vec![],
            tops: (0..spans.len()).filter(|at| parents[*at].is_none()).collect(),
            roots,
            ours,
            orphans,
            duplicates: ids.duplicates,
            cyclic: vec![],
            spans,
            parents,
        };
        tree.list_children();
        tree.cut_cycles();
        tree.list_children();
        tree
    }

    /// The spans in order: by start, the longer first, then by id.
    pub fn spans(&self) -> &[&'t SpanRow] {
        &self.spans
    }
    /// A span.
    pub fn span(&self, at: usize) -> &'t SpanRow {
        self.spans[at]
    }
    /// How many there are.
    pub fn len(&self) -> usize {
        self.spans.len()
    }
    /// Is there none?
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }
    /// The span that called this one, if the trace has it. Of spans that call each other in a circle the first in order counts
    /// as called by none.
    pub fn parent(&self, at: usize) -> Option<usize> {
        self.parents[at]
    }
    /// The spans that it called, in order.
    pub fn children(&self, at: usize) -> &[usize] {
        &self.children[self.of[at].clone()]
    }
    /// How many spans lie above it.
    pub fn depth(&self, at: usize) -> usize {
        self.depths[at]
    }
    /// Spans with nothing above them in the trace, whatever the reason.
    pub fn tops(&self) -> &[usize] {
        &self.tops
    }
    /// Spans that say that nobody called them.
    pub fn roots(&self) -> &[usize] {
        &self.roots
    }
    /// Spans that the request that we sent called.
    pub fn ours(&self) -> &[usize] {
        &self.ours
    }
    /// Spans that were called by one that is not in the trace, and is not ours.
    pub fn orphans(&self) -> &[usize] {
        &self.orphans
    }
    /// Spans with id and kind of an earlier one. A client span and its server span may share an id: that is Zipkin's way.
    pub fn duplicates(&self) -> &[usize] {
        &self.duplicates
    }
    /// Spans that call each other in a circle, and what they call.
    pub fn cyclic(&self) -> &[usize] {
        &self.cyclic
    }
    /// The span that stands for the whole request ([`server`](super::server())).
    pub fn server(&self) -> Option<usize> {
        self.server
    }
    /// All spans, each followed by what it called: as a waterfall lists them.
    pub fn walk(&self) -> Vec<usize> {
        let mut order = Vec::with_capacity(self.len());
        let mut next: Vec<usize> = self.tops.iter().rev().copied().collect();
        while let Some(at) = next.pop() {
            order.push(at);
            next.extend(self.children(at).iter().rev());
        }
        order
    }

    fn list_children(&mut self) {
        let mut counts = vec![0_usize; self.len()];
        for parent in self.parents.iter().flatten() {
            counts[*parent] += 1;
        }
        let mut begin = 0;
        self.of.clear();
        for many in counts {
            self.of.push(begin..begin);
            begin += many;
        }
        self.children = vec![0; begin];
        for (at, parent) in self.parents.iter().enumerate() {
            if let Some(parent) = parent {
                let own = &mut self.of[*parent];
                self.children[own.end] = at;
                own.end += 1;
            }
        }
    }

    /// Sets depths from the top; what no top leads to hangs on a circle, which is cut at its first span.
    fn cut_cycles(&mut self) {
        self.depths = vec![usize::MAX; self.len()];
        let mut below: VecDeque<usize> = self.tops.iter().copied().collect();
        self.sink(&mut below);
        self.cyclic = (0..self.len()).filter(|at| self.depths[*at] == usize::MAX).collect();
        let mut seen = vec![usize::MAX; if self.cyclic.is_empty() { 0 } else { self.len() }];
        for start in self.cyclic.clone() {
            if self.depths[start] != usize::MAX {
                continue;
            }
            let mut at = start;
            while seen[at] != start {
                seen[at] = start;
                // Nothing here is without a parent: it would be a top.
                let Some(parent) = self.parents[at] else { break };
                at = parent;
            }
            let (mut first, mut on) = (at, at);
            while let Some(parent) = self.parents[on].filter(|parent| *parent != at) {
                first = first.min(parent);
                on = parent;
            }
            self.parents[first] = None;
            self.tops.push(first);
            below.push_back(first);
            self.sink(&mut below);
        }
        self.tops.sort_unstable();
    }

    fn sink(&mut self, below: &mut VecDeque<usize>) {
        for at in below.iter() {
            self.depths[*at] = 0;
        }
        while let Some(at) = below.pop_front() {
            let depth = self.depths[at] + 1;
            for child in &self.children[self.of[at].clone()] {
                // The one at which its circle was cut is above already.
                if self.depths[*child] == usize::MAX {
                    self.depths[*child] = depth;
                    below.push_back(*child);
                }
            }
        }
    }
}

/// Spans by id.
struct Ids<'t> {
    /// The first of each id, the client of each, and the server of each.
    by_id: BTreeMap<&'t str, Named>,
    duplicates: Vec<usize>,
}

#[derive(Default)]
struct Named {
    first: usize,
    client: Option<usize>,
    server: Option<usize>,
}

impl<'t> Ids<'t> {
    fn of(spans: &[&'t SpanRow]) -> Ids<'t> {
        let (mut by_id, mut duplicates) = (BTreeMap::<&str, Named>::new(), vec![]);
        let mut others = BTreeSet::new();
        for (at, span) in spans.iter().enumerate() {
            let id = span.span_id.as_str();
            let new = !by_id.contains_key(id);
            let named = by_id.entry(id).or_insert(Named { first: at, ..Named::default() });
            let seen = match span.kind.as_str() {
                "client" => named.client.replace(named.client.unwrap_or(at)).is_some(),
                "server" => named.server.replace(named.server.unwrap_or(at)).is_some(),
                kind => !others.insert((id, kind)),
            };
            if seen && !new {
                duplicates.push(at);
            }
        }
        Ids { by_id, duplicates }
    }
    /// Where a client and a server share an id, the server is called by that client, and calls what names the id.
    fn parent(&self, spans: &[&SpanRow], at: usize) -> Option<usize> {
        let span = spans[at];
        let shared = |named: &Named| named.client.zip(named.server);
        if span.kind == "server"
            && let Some((client, _)) = self.by_id.get(span.span_id.as_str()).and_then(shared)
        {
            return Some(client);
        }
        let named = self.by_id.get(span.parent_id.as_deref()?)?;
        Some(shared(named).map_or(named.first, |(_, server)| server))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::traces::sample::{id, span};

    /// The parents of spans with these ids, as the tree has them.
    fn shape(tree: &Tree<'_>) -> Vec<(String, Option<String>, usize)> {
        let name = |at: usize| tree.span(at).span_id.clone();
        (0..tree.len()).map(|at| (name(at), tree.parent(at).map(name), tree.depth(at))).collect()
    }
    fn ids(tree: &Tree<'_>, places: &[usize]) -> String {
        places.iter().map(|at| tree.span(*at).span_id.as_str()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_request_of_ours_has_its_spans_in_order() {
        let trace = [
            span("c", Some("b"), "client", "gw", 20, 80),
            span("a", Some(&id(7)), "server", "gw", 0, 100),
            span("d", Some("a"), "internal", "gw", 10, 90),
            span("b", Some("a"), "internal", "gw", 10, 95),
            span("x", Some("lost"), "internal", "gw", 30, 40),
            span("r", None, "internal", "gw", 50, 60),
        ]
        .map(|s| SpanRow { trace_id: format!("{:032x}", 7), ..s });
        let tree = Tree::of(&trace);
        assert_eq!(ids(&tree, &(0..6).collect::<Vec<_>>()), "a b d c x r", "by start, the longer first");
        assert_eq!((ids(&tree, tree.roots()), ids(&tree, tree.ours()), ids(&tree, tree.orphans())), ("r".into(), "a".into(), "x".into()));
        assert_eq!(ids(&tree, tree.children(0)), "b d");
        assert_eq!(ids(&tree, &tree.walk()), "a b c d x r");
        assert_eq!((tree.depth(3), tree.parent(3), tree.server()), (2, Some(1), Some(0)));
        assert!(tree.duplicates().is_empty() && tree.cyclic().is_empty());
    }

    #[test]
    fn a_span_that_is_there_twice_costs_only_itself() {
        let twice = || span("b", Some("a"), "internal", "gw", 10, 20);
        let trace = [span("a", None, "server", "gw", 0, 100), twice(), twice(), span("c", Some("b"), "internal", "gw", 12, 15)];
        let tree = Tree::of(&trace);
        assert_eq!((tree.duplicates(), tree.children(0), tree.parent(3)), (&[2][..], &[1, 2][..], Some(1)));
    }

    /// The client's and the server's span of one call share an id: Zipkin's way (`shared: true`).
    #[test]
    fn a_shared_id_is_a_call() {
        let trace = [
            span("a", None, "server", "gw", 0, 100),
            span("b", Some("a"), "client", "gw", 10, 90),
            span("b", Some("a"), "server", "up", 12, 88),
            span("c", Some("b"), "internal", "up", 20, 30),
        ];
        let tree = Tree::of(&trace);
        assert_eq!((0..4).map(|at| tree.parent(at)).collect::<Vec<_>>(), [None, Some(0), Some(1), Some(2)]);
        assert!(tree.duplicates().is_empty());
    }

    #[test]
    fn a_circle_is_cut_at_its_first_span() {
        let trace = [
            span("a", Some("a"), "server", "gw", 0, 100),
            span("b", Some("d"), "internal", "gw", 1, 9),
            span("c", Some("b"), "internal", "gw", 2, 8),
            span("d", Some("c"), "internal", "gw", 3, 7),
            span("e", Some("c"), "internal", "gw", 4, 6),
            span("f", None, "internal", "gw", 5, 6),
        ];
        let tree = Tree::of(&trace);
        let of = |id: &str, parent: Option<&str>, depth| (id.to_owned(), parent.map(str::to_owned), depth);
        assert_eq!(
            shape(&tree),
            [of("a", None, 0), of("b", None, 0), of("c", Some("b"), 1), of("d", Some("c"), 2), of("e", Some("c"), 2), of("f", None, 0)]
        );
        assert_eq!((ids(&tree, tree.cyclic()), ids(&tree, tree.tops()), ids(&tree, tree.roots())), ("a b c d e".into(), "a b f".into(), "f".into()));
        assert_eq!(tree.walk().len(), 6);
    }

    #[test]
    fn a_chain_may_be_long() {
        let chain: Vec<_> =
            (0..100_000_u64).map(|i| span(&id(i + 1), (i > 0).then(|| id(i)).as_deref(), "internal", "gw", i, 1_000_000 - i)).collect();
        let tree = Tree::of(&chain);
        assert_eq!((tree.depth(99_999), tree.walk().len()), (99_999, 100_000));
        let circle: Vec<_> = (0..100_000_u64).map(|i| span(&id(i), Some(&id((i + 99_999) % 100_000)), "internal", "gw", i, 1_000_000)).collect();
        let tree = Tree::of(&circle);
        assert_eq!((tree.cyclic().len(), tree.depth(99_999)), (100_000, 99_999));
    }
}
