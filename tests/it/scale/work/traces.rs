use rigcheck::{
    model::{node::Node, payload::SpanRow},
    report::waterfall::draw,
    traces::{Cover, CriticalPath, Stages, Tree, waterfall},
};

/// Spans of a request of a gateway.
const EACH: usize = 14;
/// Spans of one trace that is far too large.
const LARGE: u64 = 50_000;

fn span(n: u64, parent: Option<u64>, kind: &str, from: u64, to: u64) -> SpanRow {
    SpanRow {
        trace_id: "0af7651916cd43dd8448eb211c80319c".into(),
        span_id: format!("{n:016x}"),
        parent_id: parent.map(|p| format!("{p:016x}")),
        name: format!("step {}", n % 40),
        kind: kind.into(),
        service: "gateway".into(),
        start_ns: 1_700_000_000_000_000_000 + from,
        end_ns: 1_700_000_000_000_000_000 + to,
        ..SpanRow::default()
    }
}

/// A server span with so many below it, some of them deep.
fn trace(spans: u64) -> Vec<SpanRow> {
    let below = |n: u64| span(n, Some(if n.is_multiple_of(5) { 1 } else { n - 1 }), "internal", n * 10, spans * 20 - n * 5);
    std::iter::once(span(1, None, "server", 0, spans * 20)).chain((2..=spans).map(below)).collect()
}

fn stages() -> Stages {
    let patterns: Vec<_> = (0..60).map(|n| serde_json::json!({"name": format!("*stage {n}*")})).collect();
    Node::from(serde_json::json!({"any": {"title": "any", "spans": patterns}})).read().unwrap()
}

/// So many spans, trace by trace as an audit reads them; then one trace that is far too large.
pub fn read(spans: usize) -> String {
    let stages = stages();
    let (mut held, mut covered) = (0, 0);
    for _ in 0..spans / EACH {
        let trace = trace(EACH as u64);
        let tree = Tree::of(&trace);
        held += CriticalPath::of(&tree, 0).segments.len();
        covered += Cover::of(&tree, 0).covered;
        assert!(tree.spans().iter().all(|span| stages.place(span).is_none()));
    }
    assert!(held > 0 && covered > 0);
    let large = trace(LARGE);
    let told = waterfall(&Tree::of(&large), &stages).unwrap();
    assert_eq!((told.spans, told.rows.len()), (LARGE, 200));
    format!("{spans} spans in traces of {EACH}, and one trace of {LARGE} as {} kB of SVG", draw(&told, "x").unwrap().len() / 1_000)
}
