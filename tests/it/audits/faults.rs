//! Each named fault is found by a rule that is there for it, and rules that look elsewhere stay quiet.

use super::{
    case::{Said, bound, finding, judge, rules_with, shown},
    evidence::Simulated,
    rig,
    sim::Request,
};
use rigcheck::model::{
    name::name,
    outcome::Status,
    rig::{By, Quantity, Rig},
};

/// Two runs of 480 with the fault: one of `found_by` fails in each, and nothing outside `found_by` and `may_also` does.
fn check(fault: impl Fn(u64) -> (Simulated, Rig), found_by: &[&str], may_also: &[&str]) -> Said {
    let case = bound();
    let runs = (0..2).map(|seed| {
        let (world, rig) = fault(40 + seed);
        let said = judge(&*case, &rig, &world.evidence());
        let failed = rules_with(&said, Status::Fail);
        assert!(failed.iter().any(|r| found_by.contains(&r.as_str())), "seed {seed}: {failed:?}\n{}", shown(&said));
        let strange: Vec<_> = failed.iter().filter(|r| !found_by.contains(&r.as_str()) && !may_also.contains(&r.as_str())).collect();
        assert!(strange.is_empty(), "seed {seed}: {strange:?} should stay quiet\n{}", shown(&said));
        said
    });
    runs.last().unwrap()
}

fn requests(change: fn(usize, &mut Request)) -> impl Fn(u64) -> (Simulated, Rig) {
    move |seed| (Simulated::new(seed, 480).with(change), rig::full())
}

fn world(change: fn(&mut Simulated)) -> impl Fn(u64) -> (Simulated, Rig) {
    move |seed| {
        let mut world = Simulated::new(seed, 480);
        change(&mut world);
        (world, rig::full())
    }
}

#[test]
fn log_with_a_constant_offset() {
    let said = check(
        requests(|_, r| {
            r.log.map(|ms| ms + 200.0);
        }),
        &["LAT-14"],
        &["LAT-01", "LAT-10", "LAT-17"],
    );
    let found = finding(&said, "LAT-14", "access_log:total");
    assert!((found.figure.value - 200.0).abs() < 5.0, "{}", found.figure);
    assert!(
        found.observed.starts_with("access_log:total is off by +19") || found.observed.starts_with("access_log:total is off by +2"),
        "{}",
        found.observed
    );
    assert!(found.because[0].contains("shows more than the client waited"), "{:?}", found.because);
}

#[test]
fn log_with_a_scale() {
    check(
        requests(|_, r| {
            r.log.map(|ms| ms * 1.05);
        }),
        &["LAT-15"],
        &["LAT-01", "LAT-14", "LAT-17"],
    );
}

#[test]
fn log_with_rare_outliers() {
    check(
        requests(|i, r| {
            if i % 100 == 37 {
                r.log.total += 3000.0;
            }
        }),
        &["LAT-16"],
        &["LAT-17"],
    );
}

fn coarse(change: fn(f64) -> f64) -> impl Fn(u64) -> (Simulated, Rig) {
    move |seed| {
        let mut world = Simulated::new(seed, 480);
        for line in &mut world.log {
            line.total_ms = line.total_ms.map(change);
            line.ttft_ms = line.ttft_ms.map(change);
        }
        world.log_resolution = 1000.0;
        (world, rig::full())
    }
}

#[test]
fn log_in_whole_seconds() {
    let may = ["LAT-01", "LAT-15", "LAT-17", "LAT-10"];
    let said = check(coarse(|ms| (ms / 1e3).round() * 1e3), &["LAT-14", "LAT-16"], &may);
    assert!(finding(&said, "LAT-14", "access_log:total").because[0].contains("multiple of 1000 ms"), "{}", shown(&said));
    check(coarse(|ms| (ms / 1e3).floor() * 1e3), &["LAT-14", "LAT-16"], &may);
}

#[test]
fn log_written_before_the_stream_ends() {
    check(requests(|_, r| r.log.total = r.log.ttft() + 0.2), &["LAT-01", "LAT-14"], &["LAT-15", "LAT-16"]);
}

#[test]
fn log_with_lost_lines_is_reported_once() {
    let said = check(
        world(|w| {
            let mut i = 0;
            w.log.retain(|_| {
                i += 1;
                i % 33 != 5
            });
        }),
        &["LAT-02"],
        &[],
    );
    assert!(finding(&said, "LAT-02", "access_log").observed.contains("no line for"), "{}", shown(&said));
}

#[test]
fn log_with_duplicate_lines() {
    let said = check(
        world(|w| {
            let again: Vec<_> = w.log.iter().step_by(10).cloned().collect();
            w.log.extend(again);
        }),
        &["LAT-02"],
        &[],
    );
    assert!(finding(&said, "LAT-02", "access_log").observed.contains("too many"), "{}", shown(&said));
}

#[test]
fn log_without_ids() {
    let said = check(
        world(|w| {
            w.log_without_id = w.log.len() as u64;
            w.log.clear();
        }),
        &["LAT-02"],
        &[],
    );
    assert!(finding(&said, "LAT-02", "access_log").because[0].contains("carry no id"));
}

#[test]
fn log_without_the_field() {
    check(world(|w| w.log.iter_mut().step_by(20).for_each(|l| l.ttft_ms = None)), &["LAT-13"], &[]);
}

#[test]
fn log_in_seconds_under_a_name_of_milliseconds() {
    let said = check(
        requests(|_, r| {
            r.log.map(|ms| ms / 1e3);
        }),
        &["LAT-08"],
        &["LAT-01", "LAT-14", "LAT-15", "LAT-16"],
    );
    assert!(finding(&said, "LAT-08", "access_log:total").because[0].starts_with("seconds read as milliseconds"));
}

/// By chance the median ratio is that of a unit; but a wrong unit multiplies all requests alike.
#[test]
fn a_clock_that_stops_at_the_headers_is_no_wrong_unit() {
    let said = check(
        requests(|_, r| {
            let early = 0.19;
            r.log.set_ttft(early);
        }),
        &["LAT-14"],
        &["LAT-01", "LAT-15", "LAT-16"],
    );
    assert_eq!(finding(&said, "LAT-08", "access_log:ttft").status, Status::Inconclusive, "{}", shown(&said));
    let ratio = finding(&said, "LAT-08", "access_log:ttft").figure.value;
    assert!((0.5e-3..2e-3).contains(&ratio), "{ratio}");
}

#[test]
fn histogram_with_a_constant_offset() {
    check(
        requests(|_, r| {
            r.metric.map(|ms| ms + 200.0);
        }),
        &["LAT-03", "LAT-04"],
        &["LAT-11", "LAT-12"],
    );
}

#[test]
fn histogram_with_a_scale() {
    check(
        requests(|_, r| {
            r.metric.map(|ms| ms * 1.05);
        }),
        &["LAT-03"],
        &["LAT-04", "LAT-11", "LAT-12"],
    );
}

#[test]
fn histogram_with_background_tasks() {
    check(requests(|i, r| r.metric.total += 50.0 + (i * 37 % 100) as f64), &["LAT-03", "LAT-04"], &["LAT-11", "LAT-12"]);
}

#[test]
fn histogram_without_the_stream() {
    check(requests(|_, r| r.metric.total = r.metric.ttft() + 0.3), &["LAT-03", "LAT-04"], &["LAT-11", "LAT-12"]);
}

#[test]
fn histogram_of_every_second_worker() {
    check(
        world(|w| {
            for values in w.observed.values_mut() {
                let mut i = 0;
                values.retain(|_| {
                    i += 1;
                    i % 2 == 0
                });
            }
        }),
        &["LAT-02"],
        &[],
    );
}

#[test]
fn histogram_in_milliseconds_under_a_name_of_seconds() {
    check(world(|w| w.observed.values_mut().flatten().for_each(|v| *v *= 1e3)), &["LAT-08"], &["LAT-03", "LAT-04", "LAT-05", "LAT-06", "LAT-11"]);
}

#[test]
fn histogram_with_coarse_and_with_few_buckets() {
    check(
        world(|w| w.edges = vec![5.0, 10.0, 25.0, 50.0, 75.0, 100.0, 250.0, 500.0, 750.0, 1000.0, 2500.0, 5000.0, 10000.0]),
        &["LAT-05"],
        &["LAT-07"],
    );
    check(world(|w| w.edges = vec![5.0, 10.0, 25.0, 50.0, 100.0, 250.0]), &["LAT-06"], &["LAT-05", "LAT-07"]);
}

#[test]
fn spans_that_end_before_the_stream() {
    check(requests(|_, r| r.span.total = r.span.ttft() + 0.3), &["LAT-14", "LAT-01"], &["LAT-15", "LAT-16", "LAT-11", "LAT-12"]);
}

#[test]
fn spans_across_a_clock_step() {
    check(
        |seed| {
            let world = Simulated::new(seed, 480);
            let half = world.requests.iter().map(|r| r.sent).sum::<f64>() / world.requests.len() as f64;
            let stepped = move |_: usize, r: &mut Request| {
                if r.sent < half && r.sent + r.span.total > half {
                    r.span.total += 250.0;
                }
            };
            (world.with(stepped), rig::full())
        },
        &["LAT-16"],
        &["LAT-17", "LAT-12"],
    );
}

#[test]
fn traces_sampled_at_the_head() {
    let said = check(world(|w| w.spans_kept = |r| r.id.ends_with('0')), &["LAT-02"], &["LAT-12"]);
    let because = &finding(&said, "LAT-02", "jaeger").because;
    assert!(because[0].contains("sampling rate near 10 %"), "{}", shown(&said));
    assert!(because[1].contains("how long a request lasts makes no difference: median"), "{because:?}");
}

#[test]
fn traces_of_long_streams_that_a_tail_sampler_drops() {
    let said = check(world(|w| w.spans_kept = |r| r.span.total < 600.0), &["LAT-02"], &["LAT-12"]);
    let because = &finding(&said, "LAT-02", "jaeger").because;
    assert!(because[0].starts_with("longer ones are missing, not an even sample: median"), "{because:?}");
    assert!(because[0].contains("tail sampler") && because.len() == 1, "{because:?}");
    let said = check(world(|w| w.spans_kept = |r| r.span.total >= 600.0), &["LAT-02"], &["LAT-12"]);
    assert!(finding(&said, "LAT-02", "jaeger").because[0].starts_with("shorter ones are missing"), "{}", shown(&said));
}

#[test]
fn a_client_that_stops_at_the_headers() {
    let rig = || {
        let mut rig = rig::full();
        for claim in rig.claims.iter_mut().filter(|c| c.quantity == Quantity::Total) {
            if let By::Client { definition } = &mut claim.by {
                *definition = name("total.headers");
            }
        }
        rig
    };
    let said = check(|seed| (Simulated::new(seed, 480), rig()), &["LAT-09", "LAT-10"], &["LAT-01", "LAT-03", "LAT-04", "LAT-14", "LAT-16", "LAT-17"]);
    for rule in ["LAT-14", "LAT-17"] {
        assert_eq!(finding(&said, rule, "access_log:total").status, Status::Fail, "{}", shown(&said));
    }
    assert_eq!(finding(&said, "LAT-01", "load:total").status, Status::Fail, "the load generator itself is off");
}

#[test]
fn a_proxy_that_holds_the_stream_back() {
    let said = check(
        requests(|_, r| {
            let end = r.client.total - 0.5;
            r.client.chunks.iter_mut().for_each(|c| *c = end);
        }),
        &["LAT-14"],
        &["LAT-15", "LAT-16", "LAT-03"],
    );
    let found = finding(&said, "LAT-14", "access_log:ttft");
    assert!(found.figure.value < -50.0 && found.because[0].contains("shows less than the client waited"), "{}", shown(&said));
    // Its facts have the sign of the figure.
    let spread = found.because.iter().find(|b| b.starts_with("access_log:ttft minus client: ")).unwrap_or_else(|| panic!("{}", shown(&said)));
    assert!(spread.contains("half below -"), "{spread}");
}

/// The delay has two humps: a trimmed mean does not see it, the tail does.
#[test]
fn nagle_on_two_of_nine_requests() {
    let said = check(
        requests(|i, r| {
            if i % 9 < 2 {
                let late = (r.client.ttft() + 42.0).min(r.client.total);
                r.client.set_ttft(late);
                let total = r.client.total;
                r.client.chunks.iter_mut().for_each(|c| *c = c.min(total));
            }
        }),
        &["LAT-14"],
        &[],
    );
    assert_eq!(finding(&said, "LAT-14", "access_log:ttft").figure.name, "share far off");
}

#[test]
fn several_tokens_in_one_chunk() {
    check(requests(|_, r| r.tokens *= 3), &["LAT-20"], &[]);
}

#[test]
fn exemplars_of_traces_that_were_not_kept() {
    check(world(|w| w.spans_kept = |r| !r.id.ends_with('5')), &["LAT-02"], &["LAT-12"]);
    let said = check(world(|w| w.spans_kept = |r| r.trace_id.as_bytes()[31] % 2 == 0), &["LAT-12"], &["LAT-02"]);
    assert!(finding(&said, "LAT-12", "scrape:total").because[0].contains("not stored"));
}

#[test]
fn traces_of_long_requests_are_lost() {
    let said = check(world(|w| w.spans_kept = |r| r.span.total < 700.0), &["LAT-02"], &["LAT-12"]);
    assert!(finding(&said, "LAT-02", "jaeger").because[0].contains("long requests are lost"), "{}", shown(&said));
}
