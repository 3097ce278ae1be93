//! Whatever a store sends as a trace: it is read to its end, without a panic, and the laws hold.

use proptest::prelude::*;
use rigcheck::{
    model::payload::SpanRow,
    report,
    traces::{Cover, CriticalPath, Tree, waterfall},
};
use std::collections::BTreeSet;

/// Few ids, so that spans share them, call each other in circles and call themselves; times at every edge.
fn spans() -> impl Strategy<Value = Vec<SpanRow>> {
    let id = || (0_u64..12).prop_map(|n| format!("{n:016x}"));
    let time = || prop_oneof![6 => 1_000_u64..1_040, 2 => 0_u64..3, 1 => Just(u64::MAX), 1 => any::<u64>()];
    let kind = prop_oneof![Just("server"), Just("client"), Just("internal"), Just("")];
    let service = prop_oneof![Just("gw"), Just("up")];
    let span = (id(), prop::option::weighted(0.9, id()), kind, service, time(), time());
    prop::collection::vec(span, 0..40).prop_map(|all| {
        let row = |(span_id, parent_id, kind, service, start_ns, end_ns): (String, Option<String>, &str, &str, u64, u64)| SpanRow {
            trace_id: format!("{:032x}", 3),
            span_id,
            parent_id,
            kind: kind.into(),
            service: service.into(),
            start_ns,
            end_ns,
            ..SpanRow::default()
        };
        all.into_iter().map(row).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn a_tree_holds_each_span_once(trace in spans()) {
        let tree = Tree::of(&trace);
        let walk = tree.walk();
        prop_assert_eq!(walk.len(), trace.len());
        prop_assert_eq!(walk.iter().collect::<BTreeSet<_>>().len(), trace.len());
        for at in 0..tree.len() {
            prop_assert_eq!(tree.depth(at), tree.parent(at).map_or(0, |parent| tree.depth(parent) + 1));
            prop_assert!(tree.parent(at).is_none_or(|parent| tree.children(parent).contains(&at)));
            prop_assert!(tree.children(at).windows(2).all(|w| w[0] < w[1]));
        }
        let named = tree.roots().len() + tree.ours().len() + tree.orphans().len();
        prop_assert!(named <= tree.tops().len() && tree.tops().len() <= named + tree.cyclic().len());
        prop_assert!(tree.spans().windows(2).all(|w| w[0].start_ns <= w[1].start_ns));
        // The order in which spans came decides nothing but which of two equal ones is meant.
        let mut backwards = trace.clone();
        backwards.reverse();
        let other = Tree::of(&backwards);
        let times = |tree: &Tree<'_>| tree.spans().iter().map(|s| (s.start_ns, s.end_ns, s.span_id.clone(), s.kind.clone())).collect::<Vec<_>>();
        prop_assert_eq!(times(&tree), times(&other));
    }

    #[test]
    fn cover_and_gaps_are_the_whole_span(trace in spans()) {
        let tree = Tree::of(&trace);
        for at in 0..tree.len() {
            let cover = Cover::of(&tree, at);
            let span = tree.span(at);
            prop_assert_eq!(cover.length, span.end_ns.saturating_sub(span.start_ns));
            let gaps: u128 = cover.gaps.iter().map(|gap| u128::from(gap.length())).sum();
            prop_assert_eq!(gaps + u128::from(cover.covered), u128::from(cover.length));
            prop_assert!(cover.gaps.iter().all(|gap| span.start_ns <= gap.from && gap.from < gap.to && gap.to <= span.end_ns));
            prop_assert!(cover.gaps.windows(2).all(|w| w[0].length() >= w[1].length()));
            // Nothing runs within a gap: told anew, child by child.
            for gap in &cover.gaps {
                let runs = |child: &usize| tree.span(*child).start_ns.max(gap.from) < tree.span(*child).end_ns.min(gap.to);
                prop_assert!(!tree.children(at).iter().any(runs));
            }
            prop_assert!(cover.share().is_none_or(|share| (0.0..=1.0).contains(&share)));
        }
    }

    #[test]
    fn the_critical_path_is_the_whole_span_in_order(trace in spans()) {
        let tree = Tree::of(&trace);
        for at in 0..tree.len() {
            let (span, path) = (tree.span(at), CriticalPath::of(&tree, at));
            let mut until = span.start_ns;
            for segment in &path.segments {
                prop_assert_eq!(segment.from, until);
                prop_assert!(segment.from < segment.to);
                until = segment.to;
                // Who holds everything up is running, and is the span itself or below it.
                let holder = tree.span(segment.span);
                prop_assert!(holder.start_ns <= segment.from && segment.to <= holder.end_ns);
                let mut above = Some(segment.span);
                while above.is_some_and(|on| on != at) {
                    above = tree.parent(above.unwrap());
                }
                prop_assert_eq!(above, Some(at));
            }
            prop_assert_eq!(until, span.end_ns.max(span.start_ns));
            let held: u64 = path.holders().map(|(_, ns)| ns).sum();
            prop_assert_eq!(held, span.end_ns.saturating_sub(span.start_ns));
        }
    }
}

/// The picture of whatever came has numbers only, tells every span, and is drawn.
#[test]
fn a_picture_is_drawn_of_anything() {
    let stages = super::catalogue::stages();
    let config = ProptestConfig { cases: 500, ..ProptestConfig::default() };
    let drawn = proptest::test_runner::TestRunner::new(config).run(&spans(), |trace| {
        let Some(told) = waterfall(&Tree::of(&trace), &stages) else {
            prop_assert!(trace.is_empty());
            return Ok(());
        };
        prop_assert_eq!(told.rows.iter().map(|row| row.times).sum::<u64>() + told.left_out, trace.len() as u64);
        let json = serde_json::to_string(&told).unwrap();
        prop_assert!(!json.contains("null"), "a number that is none: {}", json);
        prop_assert!(told.from_ms <= 0.0 && told.to_ms >= told.total_ms && told.from_ms < told.to_ms);
        for width in [0, 40, 80, 500] {
            let text = report::waterfall::render(&told, width);
            // A length of centuries takes more columns than lengths have.
            let fits = |line: &str| line.chars().count() <= width.clamp(40, 200) + 10;
            prop_assert!(text.lines().take_while(|line| !line.is_empty()).all(fits), "{}", text);
        }
        let svg = report::waterfall::draw(&told, "x").unwrap();
        prop_assert!(!svg.contains("NaN") && !svg.contains("inf"), "{}", svg);
        roxmltree::Document::parse(&svg).unwrap();
        Ok(())
    });
    drawn.unwrap();
}
