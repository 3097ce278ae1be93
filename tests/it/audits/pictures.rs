//! What an audit says beside its rules: charts and notes.

use super::{case::bound, evidence::Simulated, rig};
use rigcheck::model::{
    audit::{Context, Judged},
    chart::ChartKind,
    evidence::Evidence,
    rig::Quantity,
    units::{Ms, Wall},
};

fn judged(evidence: &Evidence) -> Judged {
    bound().judge(&Context { rig: &rig::full(), evidence, as_of: Wall(0) })
}

#[test]
fn lines_are_thinned_and_finite() {
    let charts = judged(&Simulated::new(51, 480).evidence()).charts;
    let ids: Vec<_> = charts.iter().map(|c| c.id.as_str()).collect();
    assert_eq!(ids, ["ecdf-total", "difference-total", "ecdf-ttft", "difference-ttft"]);
    for chart in &charts {
        let (ChartKind::Ecdf { lines, .. } | ChartKind::Difference { lines, .. }) = &chart.kind else { panic!("{chart:?}") };
        assert!(lines.iter().all(|l| (100..=300).contains(&l.points.len()) && l.points.iter().all(|p| p.0.is_finite() && p.1.is_finite())));
    }
    let ChartKind::Ecdf { lines, .. } = &charts[0].kind else { panic!("{:?}", charts[0]) };
    let names: Vec<_> = lines.iter().map(|l| l.name.as_str()).collect();
    assert_eq!(names, ["load generator", "emitted", "access_log:total", "jaeger:total", "scrape:total"]);
    let of: Vec<_> = lines.iter().map(|l| l.of.as_str()).collect();
    assert!(of[..4].iter().all(|of| *of == "480 requests"), "however few are drawn: {of:?}");
    assert!(of[4].ends_with(" bucket edges"), "a histogram shows no requests: {of:?}");
    for line in lines {
        assert!(line.points.windows(2).all(|w| w[0].0 <= w[1].0 && w[0].1 <= w[1].1), "{} must rise", line.name);
        assert!((line.points.last().unwrap().1 - 1.0).abs() < 1e-9, "{} must reach 1", line.name);
    }
}

#[test]
fn the_slo_stands_in_the_chart_of_its_quantity() {
    let mut rig = rig::full();
    rig.slo = [(Quantity::Ttft, Ms(800.0))].into();
    let charts = bound().judge(&Context { rig: &rig, evidence: &Simulated::new(51, 480).evidence(), as_of: Wall(0) }).charts;
    let slos: Vec<_> = charts.iter().filter_map(|c| if let ChartKind::Ecdf { slo, .. } = &c.kind { Some(*slo) } else { None }).collect();
    assert_eq!(slos, [None, Some(800.0)]);
}

#[test]
fn a_thinned_difference_keeps_what_is_far_off() {
    let world = Simulated::new(52, 480).with(|i, r| {
        if i == 300 {
            r.log.total += 3000.0;
        }
    });
    let charts = judged(&world.evidence()).charts;
    let ChartKind::Difference { lines, band } = &charts[1].kind else { panic!("{:?}", charts[1]) };
    let log = lines.iter().find(|l| l.name == "access_log:total").unwrap();
    assert!(log.points.iter().any(|p| p.1 < -2900.0));
    assert!(*band >= 5.0);
}

#[test]
fn notes_name_a_span_per_chunk_and_exemplars() {
    let notes = judged(&Simulated::new(53, 160).evidence()).notes;
    assert!(notes.iter().any(|n| n.starts_with("jaeger: ") && n.contains("one per SSE chunk")), "{notes:?}");
    assert!(notes.iter().any(|n| n.starts_with("scrape:total: ") && n.contains("exemplars")), "{notes:?}");
}

#[test]
fn without_evidence_there_is_nothing_to_draw() {
    let none = judged(&Evidence::default());
    assert!(none.charts.is_empty() && none.notes.is_empty());
    assert!(!none.findings.is_empty() && none.findings.iter().all(|f| f.2.as_ref().is_ok_and(Result::is_err)));
}
