//! Evidence that is there, but of something else or of too little: what rests on it must not pass as if it were the load's.

use super::{
    case::{Said, bound, finding, judge, shown, status},
    evidence::Simulated,
    rig,
};
use rigcheck::model::{
    evidence::Evidence,
    key::{Histogram, LogLines, Perform, Spans, Truth, When},
    name::name,
    outcome::Status,
    payload::{HistogramSeries, Part},
    rig::Quantity,
    rows::Rows,
    timeline::{Class, Timeline},
};

fn during() -> When {
    When::During(rig::controlled())
}

fn alter_load(evidence: &mut Evidence, change: impl FnMut(&mut Timeline)) {
    evidence.alter(&name("load"), &Perform { act: rig::controlled() }, |p| p.requests.alter(change));
}

fn alter_histogram(evidence: &mut Evidence, quantity: Quantity, change: impl FnOnce(&mut HistogramSeries)) {
    evidence.alter(&name("scrape"), &Histogram { claim: name(quantity.word()), when: during() }, change);
}

/// The first `n` of the load's requests fail.
fn failing(evidence: &mut Evidence, n: usize) {
    let mut at = 0;
    alter_load(evidence, |t| {
        at += 1;
        if at <= n {
            t.error = Some("status 500".into());
            t.status = Some(500);
        }
    });
}

fn said(evidence: &Evidence) -> Said {
    judge(&*bound(), &rig::full(), evidence)
}

#[test]
fn a_count_between_success_and_failure_proves_nothing_where_most_failed() {
    let mut world = Simulated::new(51, 240);
    // Any 150 observations: they may be ours, or those of another route.
    world.observed.get_mut(&Quantity::Total).unwrap().truncate(150);
    let mut evidence = world.evidence();
    failing(&mut evidence, 200);
    let said = said(&evidence);
    let found = finding(&said, "LAT-02", "scrape:total");
    assert_eq!(found.status, Status::Inconclusive, "{}", shown(&said));
    assert!(found.because.iter().any(|b| b.contains("200 of 260 requests failed")), "{:?}", found.because);
}

/// What passes rests on requests of ours that succeeded, however often something was observed.
#[test]
fn no_pass_counts_more_rows_than_requests_succeeded() {
    let mut evidence = Simulated::new(52, 240).evidence();
    failing(&mut evidence, 190);
    for evidence in [evidence, Simulated::new(53, 60).evidence()] {
        let got = evidence.get(&rigcheck::model::key::World::Live, &name("load"), &Perform { act: rig::controlled() }).unwrap();
        let ok = got.value.requests.iter().filter(Timeline::ok).count() as u64;
        let said = said(&evidence);
        for ((rule, subject), judgement) in &said {
            let Ok(found) = judgement else { continue };
            if matches!(found.status, Status::Pass | Status::Warn) {
                assert!(found.rows <= ok, "{rule} {subject} counts {} rows of {ok} requests\n{}", found.rows, shown(&said));
            }
        }
    }
}

#[test]
fn a_histogram_of_all_is_not_compared_with_the_few_that_the_client_timed() {
    let mut evidence = Simulated::new(54, 240).evidence();
    let mut at = 0;
    alter_load(&mut evidence, |t| {
        at += 1;
        if at > 50 {
            t.events.retain(|e| e.class != Class::Content);
        }
    });
    let said = said(&evidence);
    for (rule, subject) in [("LAT-03", "scrape:ttft"), ("LAT-04", "scrape:ttft"), ("LAT-03", "scrape:inter_chunk")] {
        assert_ne!(status(&said[&(rule.to_owned(), subject.to_owned())]), Some(Status::Pass), "{rule} {subject}\n{}", shown(&said));
    }
}

/// A gateway that answers from a cache: half of the requests never reach the reference endpoint.
#[test]
fn half_a_truth_is_none() {
    let mut evidence = Simulated::new(55, 480).evidence();
    for act in [rig::controlled(), rig::calibration()] {
        let mut i = 0;
        evidence.alter(&name("truth"), &Truth { of: act }, |t| {
            t.requests.retain(|_| {
                i += 1;
                i % 2 == 0
            });
        });
    }
    let said = said(&evidence);
    for ((rule, subject), judgement) in &said {
        if ["LAT-01", "LAT-15", "LAT-16"].contains(&rule.as_str()) {
            assert_eq!(status(judgement), Some(Status::Inconclusive), "{rule} {subject}\n{}", shown(&said));
        }
    }
    assert!(finding(&said, "LAT-01", "access_log:total").observed.contains("knows 240 of the 480"), "{}", shown(&said));
}

/// Others' requests fill the buckets: neither their width nor their mean is the load's.
#[test]
fn buckets_that_others_filled_say_nothing_of_the_load() {
    let mut world = Simulated::new(56, 240);
    world.log_foreign = 5_000;
    // Health checks, all in the lowest bucket: without them nothing is wrong with this histogram.
    world.observed.get_mut(&Quantity::Total).unwrap().extend(vec![0.2; 5_000]);
    let said = said(&world.evidence());
    for rule in ["LAT-05", "LAT-06", "LAT-08"] {
        assert_eq!(finding(&said, rule, "scrape:total").status, Status::Inconclusive, "{rule}\n{}", shown(&said));
    }
}

/// The histogram of another route has as many observations by accident.
#[test]
fn a_count_that_closes_by_accident_is_found_by_what_it_counted() {
    let mut world = Simulated::new(57, 240);
    let n = world.observed[&Quantity::Total].len();
    world.observed.insert(Quantity::Total, (0..n).map(|i| 900.0 + i as f64).collect());
    let said = said(&world.evidence());
    assert_eq!(finding(&said, "LAT-02", "scrape:total").status, Status::Pass);
    for rule in ["LAT-03", "LAT-04"] {
        assert_eq!(finding(&said, rule, "scrape:total").status, Status::Fail, "{rule}\n{}", shown(&said));
    }
}

#[test]
fn a_ratio_that_no_two_readings_have_clears_no_unit() {
    let mut evidence = Simulated::new(58, 240).evidence();
    evidence.alter(&name("access_log"), &LogLines { when: during() }, |log| log.lines.alter(|l| l.total_ms = l.total_ms.map(|ms| ms * 137.0)));
    let said = said(&evidence);
    assert_eq!(finding(&said, "LAT-08", "access_log:total").status, Status::Inconclusive, "{}", shown(&said));
}

#[test]
fn a_log_with_ids_and_no_durations_passes_no_comparison() {
    let mut evidence = Simulated::new(59, 240).evidence();
    evidence.alter(&name("access_log"), &LogLines { when: during() }, |log| {
        log.lines.alter(|l| (l.total_ms, l.ttft_ms, l.inter_chunk_ms) = (None, None, None));
    });
    let said = said(&evidence);
    for ((rule, subject), judgement) in said.iter().filter(|((_, s), _)| s.starts_with("access_log:")) {
        assert_ne!(status(judgement), Some(Status::Pass), "{rule} {subject}\n{}", shown(&said));
    }
}

#[test]
fn traces_without_a_server_span_pass_no_comparison() {
    let mut evidence = Simulated::new(60, 240).evidence();
    evidence.alter(&name("jaeger"), &Spans { of: rig::controlled() }, |s| s.spans.alter(|row| row.kind = "internal".into()));
    let said = said(&evidence);
    for ((rule, subject), judgement) in said.iter().filter(|((_, s), _)| s.starts_with("jaeger:")) {
        assert_ne!(status(judgement), Some(Status::Pass), "{rule} {subject}\n{}", shown(&said));
    }
}

/// One replica of three is read: two thirds of the observations are missing.
#[test]
fn one_replica_of_three_is_a_deficit() {
    let mut evidence = Simulated::new(61, 240).evidence();
    alter_histogram(&mut evidence, Quantity::Total, |h| {
        for series in &mut h.series {
            let base = series.samples[0].1;
            series.samples.iter_mut().for_each(|s| s.1 = base + ((s.1 - base) / 3.0).floor());
        }
    });
    assert_eq!(finding(&said(&evidence), "LAT-02", "scrape:total").status, Status::Fail);
}

#[test]
fn only_warm_ups_compare_nothing() {
    let mut evidence = Simulated::new(62, 240).evidence();
    alter_load(&mut evidence, |t| t.warmup = true);
    let said = said(&evidence);
    for ((rule, subject), judgement) in
        said.iter().filter(|((r, _), _)| !["LAT-02", "LAT-03", "LAT-04", "LAT-05", "LAT-06", "LAT-12"].contains(&r.as_str()))
    {
        // Histograms hold warm-ups too, and the calibration is a load of its own.
        if !subject.starts_with("scrape:") && !subject.starts_with("load:") {
            assert_ne!(status(judgement), Some(Status::Pass), "{rule} {subject}\n{}", shown(&said));
        }
    }
}

#[test]
fn when_all_requests_failed_nothing_passes() {
    let mut evidence = Simulated::new(63, 240).evidence();
    failing(&mut evidence, usize::MAX);
    let said = said(&evidence);
    for ((rule, subject), judgement) in said.iter().filter(|((_, s), _)| !s.starts_with("load:")) {
        assert_ne!(status(judgement), Some(Status::Pass), "{rule} {subject}\n{}", shown(&said));
    }
}

/// Values that no clock ever showed, in every place where a source could bring them: nothing passes by them, and every
/// figure can be recorded.
#[test]
fn absurd_values_neither_pass_nor_break_a_recording() {
    for absurd in [1e300, 1e18, 0.0] {
        let mut evidence = Simulated::new(64, 240).evidence();
        evidence.alter(&name("access_log"), &LogLines { when: during() }, |log| log.lines.alter(|l| l.total_ms = Some(absurd)));
        evidence.alter(&name("jaeger"), &Spans { of: rig::controlled() }, |s| {
            s.spans.alter(|row| {
                if row.kind == "server" {
                    (row.start_ns, row.end_ns) = if absurd > 0.0 { (0, u64::MAX) } else { (u64::MAX, 0) };
                }
            });
        });
        alter_histogram(&mut evidence, Quantity::Total, |h| {
            for series in h.series.iter_mut().filter(|s| matches!(s.part, Part::Sum)) {
                let base = series.samples[0].1;
                series.samples.iter_mut().skip(1).for_each(|s| s.1 = base + absurd);
            }
        });
        let said = said(&evidence);
        for rule in ["LAT-01", "LAT-14"] {
            assert_eq!(finding(&said, rule, "access_log:total").status, Status::Fail, "{rule} {absurd}\n{}", shown(&said));
            assert_ne!(finding(&said, rule, "jaeger:total").status, Status::Pass, "{rule} {absurd}\n{}", shown(&said));
        }
        // A span that ends before it starts is no figure.
        let by = if absurd > 0.0 { "LAT-14" } else { "LAT-13" };
        assert_eq!(finding(&said, by, "jaeger:total").status, Status::Fail, "{absurd}\n{}", shown(&said));
        assert_ne!(finding(&said, "LAT-03", "scrape:total").status, Status::Pass, "{}", shown(&said));
        assert_ne!(finding(&said, "LAT-08", "access_log:total").status, Status::Pass, "{}", shown(&said));
        for ((rule, subject), judgement) in &said {
            let Ok(f) = judgement else { continue };
            let f = &f.figure;
            assert!([f.value, f.lo, f.hi].iter().all(|x| x.is_finite()), "{rule} {subject} {absurd}: {f}");
        }
    }
}

/// Two lines under one id that say the same are still one too many; two that differ pair with nothing.
#[test]
fn duplicate_ids_are_found() {
    let mut evidence = Simulated::new(65, 240).evidence();
    evidence.alter(&name("access_log"), &LogLines { when: during() }, |log| {
        let again: Vec<_> = log
            .lines
            .iter()
            .map(|mut l| {
                l.total_ms = l.total_ms.map(|ms| 2.0 * ms);
                l
            })
            .collect();
        log.lines = Rows::inline(log.lines.iter().chain(again).collect());
    });
    let said = said(&evidence);
    assert_eq!(finding(&said, "LAT-02", "access_log").status, Status::Fail);
    for rule in ["LAT-13", "LAT-14", "LAT-01"] {
        assert_ne!(finding(&said, rule, "access_log:total").status, Status::Pass, "{rule}\n{}", shown(&said));
    }
}
