use super::{
    Cover, CriticalPath, Place, Stages, Tree, Uncovered,
    rows::{Row, Rows},
    scale::Scale,
};
use crate::model::waterfall::{Bar, Hole, StageKey, Waterfall};
use std::collections::BTreeMap;

/// Gaps that are shown at most.
const GAPS: usize = 5;
/// The share of the request that one of them has at least.
const GAP: f64 = 0.01;

/// A trace as a picture; `None` of one without spans. However many spans there are, what matters most is shown in some 200 rows.
pub fn waterfall(tree: &Tree<'_>, stages: &Stages) -> Option<Waterfall> {
    let root = principal(tree)?;
    let (path, cover, scale) = (CriticalPath::of(tree, root), Cover::of_request(tree, root), Scale::around(tree, root));
    let told = Told::of(tree, stages, &path);
    let rows = Rows::of(tree, &path, |at| scale.within(tree.span(at).start_ns, tree.span(at).end_ns));
    let mut held = BTreeMap::<usize, Vec<(u64, u64)>>::new();
    for segment in &path.segments {
        held.entry(segment.span).or_default().push((segment.from, segment.to));
    }
    let bar = |row: &Row| {
        let critical = row.spans.iter().filter_map(|at| held.get(at)).flatten().copied();
        Bar {
            stage: told.of[row.spans[0]],
            critical: scale.seen(critical),
            held_ms: row.spans.iter().map(|at| path.held(*at) as f64 / 1e6).sum(),
            ..bar(tree, row, &scale)
        }
    };
    let hole = |gap: &Uncovered| Hole {
        row: rows.shown.iter().position(|row| row.spans.contains(&root)).unwrap_or_default(),
        from_ms: scale.ms(gap.from),
        to_ms: scale.ms(gap.to),
        after: gap.after.map(|at| told.label(tree, at)),
        before: gap.before.map(|at| told.label(tree, at)),
    };
    let worth = |gap: &&Uncovered| gap.length() as f64 >= cover.length as f64 * GAP;
    Some(Waterfall {
        total_ms: scale.total,
        from_ms: scale.from,
        to_ms: scale.to,
        spans: tree.len() as u64,
        left_out: rows.left_out,
        covered: cover.share(),
        clipped_ms: path.clipped as f64 / 1e6,
        rows: rows.shown.iter().map(bar).collect(),
        gaps: cover.gaps.iter().take(GAPS).filter(worth).map(hole).collect(),
        stages: told.keys,
    })
}

/// The span whose time is told: the server span of the request; without one, the longest of what our request called, of the
/// roots, or of whatever stands on top.
fn principal(tree: &Tree<'_>) -> Option<usize> {
    let longest = |places: &[usize]| places.iter().copied().max_by_key(|at| tree.span(*at).end_ns.saturating_sub(tree.span(*at).start_ns));
    tree.server().or_else(|| longest(tree.ours())).or_else(|| longest(tree.roots())).or_else(|| longest(tree.tops()))
}

fn bar(tree: &Tree<'_>, row: &Row, scale: &Scale) -> Bar {
    let at = row.spans[0];
    let span = tree.span(at);
    let times = row.spans.len() as u64;
    let end = if times > 1 { row.spans.iter().map(|at| tree.span(*at).end_ns).max() } else { None };
    let parts = if times > 1 { &row.spans[..] } else { &[] };
    Bar {
        name: span.name.clone(),
        service: span.service.clone(),
        kind: span.kind.clone(),
        depth: tree.depth(at),
        start_ms: scale.ms(span.start_ns),
        length_ms: scale.ms(end.unwrap_or(span.end_ns)) - scale.ms(span.start_ns),
        error: span.error,
        times,
        parts: scale.seen(parts.iter().map(|at| (tree.span(*at).start_ns, tree.span(*at).end_ns))),
        hidden: row.hidden,
        note: row.spans.iter().find_map(|at| note(tree, *at)).map(|note| if times > 1 { format!("among them: {note}") } else { note.to_owned() }),
        ..Bar::default()
    }
}

/// What is wrong with a span's place in the trace.
fn note(tree: &Tree<'_>, at: usize) -> Option<&'static str> {
    let is = |places: &[usize]| places.binary_search(&at).is_ok();
    // A server span is where a trace comes in: its caller may record nothing.
    if is(tree.orphans()) && tree.span(at).kind != "server" {
        return Some("who called it is not in the trace");
    }
    if tree.parent(at).is_none() && is(tree.cyclic()) {
        return Some("called by a span that it calls");
    }
    if is(tree.duplicates()) {
        return Some("another span has its id");
    }
    (tree.span(at).end_ns < tree.span(at).start_ns).then_some("ends before it starts")
}

/// What the spans are to the user.
struct Told {
    keys: Vec<StageKey>,
    /// For each span the place of its stage among the keys; what has none is part of the stage that called it.
    of: Vec<Option<usize>>,
}

impl Told {
    fn of(tree: &Tree<'_>, stages: &Stages, path: &CriticalPath) -> Told {
        let mut places: Vec<Option<usize>> = vec![None; tree.len()];
        let told = stages.places(tree);
        for at in tree.walk() {
            places[at] = match told[at] {
                Place::Stage(stage) => Some(stage),
                Place::Untold | Place::Elsewhere => tree.parent(at).and_then(|parent| places[parent]),
            };
        }
        let mut told = Told { keys: vec![], of: vec![None; tree.len()] };
        let mut known = BTreeMap::new();
        for (at, place) in places.iter().enumerate() {
            let Some((place, (name, stage))) = place.and_then(|place| Some((place, stages.iter().nth(place)?))) else { continue };
            let key = *known.entry(place).or_insert_with(|| {
                told.keys.push(StageKey { name: name.to_string(), title: stage.title.clone(), held_ms: 0.0 });
                told.keys.len() - 1
            });
            told.keys[key].held_ms += path.held(at) as f64 / 1e6;
            told.of[at] = Some(key);
        }
        told
    }
    /// How a span is called in a sentence.
    fn label(&self, tree: &Tree<'_>, at: usize) -> String {
        let span = tree.span(at);
        match self.of[at] {
            Some(key) => self.keys[key].title.clone(),
            None if !span.name.is_empty() => span.name.clone(),
            None if !span.kind.is_empty() => format!("a span of kind {}", span.kind),
            None => "a span without a name".into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::{node::Node, payload::SpanRow},
        traces::sample::{id, span},
    };

    fn stages() -> Stages {
        let stages = serde_json::json!({
            "auth": {"title": "authentication", "order": 1, "spans": [{"name": "auth"}]},
            "provider": {"title": "provider call", "order": 2, "spans": [{"kind": "client"}]},
            "response": {"title": "response", "order": 3, "spans": [{"name": "*http send"}]},
        });
        Node::from(stages).read().unwrap()
    }
    fn named(name: &str, span: SpanRow) -> SpanRow {
        SpanRow { name: name.into(), ..span }
    }

    #[test]
    fn a_request_is_told_in_rows() {
        let mut trace = vec![
            named("POST /chat", span(&id(1), None, "server", "gw", 1000, 1200)),
            named("auth", span(&id(2), Some(&id(1)), "internal", "gw", 1000, 1020)),
            named("POST", span(&id(3), Some(&id(1)), "client", "gw", 1030, 1190)),
            named("POST /chat", span(&id(4), Some(&id(3)), "server", "up", 1040, 1180)),
        ];
        trace.extend((0..10).map(|n| named("POST /chat http send", span(&id(10 + n), Some(&id(1)), "internal", "gw", 1100 + 10 * n, 1100 + 10 * n))));
        let tree = Tree::of(&trace);
        let told = waterfall(&tree, &stages()).unwrap();
        assert_eq!((told.total_ms, told.from_ms, told.to_ms, told.spans, told.left_out), (200.0, 0.0, 200.0, 14, 0));
        assert_eq!(told.covered, Some(0.9));
        let rows: Vec<_> = told.rows.iter().map(|r| (r.name.as_str(), r.depth, r.stage, r.times, r.start_ms, r.length_ms)).collect();
        assert_eq!(
            rows,
            [
                ("POST /chat", 0, None, 1, 0.0, 200.0),
                ("auth", 1, Some(0), 1, 0.0, 20.0),
                ("POST", 1, Some(1), 1, 30.0, 160.0),
                ("POST /chat", 2, Some(1), 1, 40.0, 140.0),
                ("POST /chat http send", 1, Some(2), 10, 100.0, 90.0),
            ]
        );
        assert_eq!(told.rows[4].parts.len(), 10);
        assert_eq!(told.rows[0].critical, [(20.0, 30.0), (190.0, 200.0)]);
        assert_eq!(
            told.stages.iter().map(|s| (s.name.as_str(), s.held_ms)).collect::<Vec<_>>(),
            [("auth", 20.0), ("provider", 160.0), ("response", 0.0)]
        );
        let gaps: Vec<_> = told.gaps.iter().map(|g| (g.from_ms, g.to_ms, g.after.as_deref(), g.before.as_deref())).collect();
        assert_eq!(gaps, [(20.0, 30.0, Some("authentication"), Some("provider call")), (190.0, 200.0, Some("provider call"), None)]);
        assert_eq!(waterfall(&Tree::of(&[]), &stages()), None);
    }

    #[test]
    fn what_is_broken_says_so_and_does_not_stretch_the_axis() {
        let mut trace = vec![
            span(&id(1), None, "server", "gw", 10_000, 10_100),
            span(&id(2), Some(&id(9)), "internal", "gw", 10_010, 10_020),
            named("far", span(&id(3), Some(&id(1)), "internal", "gw", 90_000, 90_001)),
            named("twice", span(&id(4), Some(&id(1)), "internal", "gw", 10_080, 10_120)),
            span(&id(5), Some(&id(5)), "internal", "gw", 9_000, 9_100),
            span(&id(6), Some(&id(1)), "internal", "gw", 10_050, 10_040),
        ];
        trace.push(trace[3].clone());
        let told = waterfall(&Tree::of(&trace), &stages()).unwrap();
        assert_eq!((told.from_ms, told.to_ms), (0.0, 120.0));
        let notes: Vec<_> = told.rows.iter().filter_map(|r| r.note.as_deref()).collect();
        assert_eq!(
            notes,
            ["called by a span that it calls", "ends before it starts", "another span has its id", "who called it is not in the trace"]
        );
    }

    #[test]
    fn of_many_spans_what_matters_most_is_shown() {
        let mut trace = vec![span(&id(1), None, "server", "gw", 0, 1_000_000)];
        // Different names, so that none share a row.
        trace.extend((0..5_000_u64).map(|n| named(&format!("step {n}"), span(&id(10 + n), Some(&id(1)), "internal", "gw", n, n + 1))));
        trace.push(span(&id(2), Some(&id(1)), "client", "gw", 6_000, 900_000));
        trace.push(named("deep", span(&id(3), Some(&id(2)), "internal", "gw", 7_000, 800_000)));
        trace.push(SpanRow { error: true, ..named("failed", span(&id(4), Some(&id(30)), "internal", "gw", 20, 20)) });
        let told = waterfall(&Tree::of(&trace), &stages()).unwrap();
        assert_eq!((told.rows.len(), told.left_out), (200, 5_004 - 200));
        let at = |name: &str| told.rows.iter().position(|r| r.name == name);
        assert!(
            at("deep").is_some() && at("failed").zip(at("step 20")).is_some_and(|(failed, above)| failed == above + 1),
            "with the span that called it"
        );
        assert_eq!(told.rows[0].hidden, told.left_out);
        assert_eq!(told.rows.iter().map(|r| r.times).sum::<u64>() + told.left_out, told.spans);
    }
}
