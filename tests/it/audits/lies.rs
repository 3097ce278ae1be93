//! Lies that leave means, medians and counts alone: none of them may pass.

use super::{
    case::{Said, bound, finding, judge, shown},
    evidence::{Simulated, act},
    rig,
    sim::Request,
};
use rigcheck::model::{evidence::Evidence, key::Perform, name::name, outcome::Status, rig::Quantity};

fn said(evidence: &Evidence) -> Said {
    judge(&*bound(), &rig::full(), evidence)
}
fn changed(seed: u64, change: impl Fn(usize, &mut Request)) -> Said {
    said(&Simulated::new(seed, 480).with(change).evidence())
}
fn status(said: &Said, rule: &str, subject: &str) -> Status {
    finding(said, rule, subject).status
}

/// A queue before the server's own clock: 33 requests wait 0.9 s, all in one burst.
#[test]
fn a_burst_that_only_the_client_saw_is_not_passed() {
    let said = changed(91, |i, r| {
        if (200..233).contains(&i) {
            r.client.map(|t| t + 900.0);
        }
    });
    let found = finding(&said, "LAT-16", "access_log:total");
    assert_eq!(found.status, Status::Inconclusive, "{}", shown(&said));
    assert!(found.because[0].contains("in a few bursts"), "{:?}", found.because);
}

#[test]
fn a_histogram_with_the_right_mean_and_the_wrong_distribution_fails() {
    let mut world = Simulated::new(92, 480);
    let totals = world.observed.get_mut(&Quantity::Total).unwrap();
    let mean = totals.iter().sum::<f64>() / totals.len() as f64;
    let n = totals.len();
    for (i, total) in totals.iter_mut().enumerate() {
        *total = mean * if i < n / 2 { 0.7 } else { 1.3 };
    }
    let said = said(&world.evidence());
    assert_eq!(status(&said, "LAT-04", "scrape:total"), Status::Fail, "{}", shown(&said));
    let case = bound();
    assert!(case.case().rules.iter().any(|r| r.id.as_str() == "LAT-04" && r.blocker), "no mean makes up for it");
}

#[test]
fn the_slowest_in_a_hundred_are_not_out_of_sight() {
    let mut world = Simulated::new(93, 480);
    let totals = world.observed.get_mut(&Quantity::Total).unwrap();
    let mut by_length: Vec<usize> = (0..totals.len()).collect();
    by_length.sort_by(|a, b| totals[*b].total_cmp(&totals[*a]));
    by_length[..8].iter().for_each(|i| totals[*i] += 900.0);
    let said = said(&world.evidence());
    assert_eq!(status(&said, "LAT-04", "scrape:total"), Status::Fail, "{}", shown(&said));
}

/// The gaps that are planted lie evenly around 20 ms: a log that always says so has the right mean.
#[test]
fn a_constant_is_no_inter_chunk_latency() {
    let said = changed(94, |_, r| {
        let first = r.log.chunks[0];
        r.log.chunks.iter_mut().enumerate().for_each(|(k, at)| *at = first + 20.0 * k as f64);
    });
    assert_eq!(status(&said, "LAT-14", "access_log:inter_chunk"), Status::Fail, "{}", shown(&said));
}

#[test]
fn figures_that_only_the_slowest_lack_are_told() {
    let world = Simulated::new(95, 480);
    let mut by_length: Vec<(f64, String)> = world.requests.iter().filter(|r| !r.warmup).map(|r| (r.client.total, r.id.clone())).collect();
    by_length.sort_by(|a, b| b.0.total_cmp(&a.0));
    let slowest: Vec<String> = by_length.into_iter().take(4).map(|(_, id)| id).collect();
    let evidence = |lost: Vec<String>| {
        use rigcheck::model::key::{LogLines, When};
        let mut evidence = world.evidence();
        evidence.alter(&name("access_log"), &LogLines { when: When::During(act()) }, |log| {
            log.lines.alter(|line| line.total_ms = line.total_ms.filter(|_| !lost.contains(&line.id)));
        });
        evidence
    };
    let said = said(&evidence(slowest));
    assert_eq!(status(&said, "LAT-13", "access_log:total"), Status::Warn, "{}", shown(&said));
    let any: Vec<String> = world.requests.iter().filter(|r| !r.warmup).step_by(120).map(|r| r.id.clone()).collect();
    let said = self::said(&evidence(any));
    assert_eq!(status(&said, "LAT-13", "access_log:total"), Status::Pass, "{}", shown(&said));
}

#[test]
fn where_the_long_requests_fail_the_rest_proves_nothing_of_them() {
    let failing = |which: fn(f64, usize) -> bool| {
        let mut evidence = Simulated::new(96, 480).evidence();
        evidence.alter(&act().actor(), &Perform { act: act() }, |p| {
            let mut i = 0;
            p.requests.alter(|t| {
                i += 1;
                if t.planted.is_some_and(|planted| which(planted.total_ms(), i)) {
                    t.error = Some("timeout".into());
                }
            });
        });
        said(&evidence)
    };
    let long = failing(|total, _| total > 1_120.0);
    let found = finding(&long, "LAT-16", "access_log:total");
    assert_eq!(found.status, Status::Inconclusive, "{}", shown(&long));
    assert!(found.because.iter().any(|b| b.contains("longer ones failed, not an even sample")), "{:?}", found.because);
    let any = failing(|_, i| i % 40 == 0);
    assert_eq!(status(&any, "LAT-16", "access_log:total"), Status::Pass, "{}", shown(&any));
}

#[test]
fn streams_that_keep_their_tokens_to_themselves_are_not_passed() {
    let mut evidence = Simulated::new(97, 480).evidence();
    evidence.alter(&act().actor(), &Perform { act: act() }, |p| {
        let mut i = 0;
        p.requests.alter(|t| {
            i += 1;
            t.usage = t.usage.filter(|_| i % 5 > 1);
        });
    });
    let said = said(&evidence);
    let found = finding(&said, "LAT-20", "load");
    assert_eq!(found.status, Status::Inconclusive, "{}", shown(&said));
    assert!(found.observed.contains("reported their completion tokens"), "{}", found.observed);
}

#[test]
fn a_trace_with_two_requests_in_it_is_one_too_many() {
    use rigcheck::model::{key::Spans, rows::Rows};
    let mut evidence = Simulated::new(98, 480).evidence();
    evidence.alter(&name("jaeger"), &Spans { of: act() }, |s| {
        let mut rows: Vec<_> = s.spans.iter().collect();
        let again: Vec<_> = rows.iter().filter(|r| r.kind == "server").step_by(2).cloned().collect();
        rows.extend(again.into_iter().map(|mut span| {
            span.span_id = format!("{}-again", span.span_id);
            span.end_ns = span.start_ns + 1_000_000;
            span
        }));
        s.spans = Rows::inline(rows);
    });
    let said = said(&evidence);
    assert_eq!(status(&said, "LAT-02", "jaeger"), Status::Fail, "{}", shown(&said));
}
