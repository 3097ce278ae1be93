//! Clocks that are off, that step, or that nothing bounds.

use super::{
    case::{bound, finding, judge, rules_with, shown},
    evidence::Simulated,
    rig,
};
use rigcheck::model::{
    evidence::{Evidence, Origin, Seen},
    key::{Clock, Key, Payload, Spans, World},
    name::name,
    outcome::Status,
    payload::{ClockReading, ClockReadings, SpanRow},
    rig::SourceInfo,
    rows::Rows,
    units::{Span, Wall},
};
use std::sync::Arc;

/// A run of which the log's and the gateway's clock is ahead by as much as is said of each instant, ms since the act began.
fn with_clock(seed: u64, ahead_ms: impl Fn(f64) -> f64) -> (Simulated, Evidence) {
    let mut world = Simulated::new(seed, 300);
    let moved = |at: Wall| at.plus_us((ahead_ms((at.0 - super::evidence::BEGAN) as f64 / 1e3) * 1e3) as i64);
    world.log.iter_mut().for_each(|l| l.at = l.at.map(moved));
    let mut evidence = world.evidence();
    let ns = |at: u64| {
        let ahead = ahead_ms((at as f64 / 1e3 - super::evidence::BEGAN as f64) / 1e3);
        (i128::from(at) + (ahead * 1e6) as i128) as u64
    };
    evidence.alter(&name("jaeger"), &Spans { of: rig::controlled() }, |spans| {
        spans.spans.alter(|s| (s.start_ns, s.end_ns) = (ns(s.start_ns), ns(s.end_ns)));
    });
    (world, evidence)
}

#[test]
fn an_offset_is_found_with_its_size() {
    for (seed, ahead) in [(60, 250.0), (61, -250.0), (62, 3_600_000.0)] {
        let (_, evidence) = with_clock(seed, |_| ahead);
        let said = judge(&*bound(), &rig::full(), &evidence);
        assert_eq!(rules_with(&said, Status::Fail), ["LAT-18", "LAT-19"], "{}", shown(&said));
        for (rule, subject) in [("LAT-18", "access_log"), ("LAT-18", "jaeger"), ("LAT-19", "jaeger")] {
            let found = finding(&said, rule, subject);
            // A line that lies ahead of our clock may be late, unless it lies beyond the time at which the log was read.
            let late = subject == "access_log" && (0.0..1_000.0).contains(&ahead);
            assert_eq!(found.status, if late { Status::Inconclusive } else { Status::Fail }, "{}", shown(&said));
            assert!(!late || found.because.iter().any(|b| b.contains("late stamps")), "{:?}", found.because);
            assert!(found.figure.lo <= ahead && ahead <= found.figure.hi, "{rule} {subject}: {}", found.figure);
            assert!(found.figure.hi - ahead < 1.0, "{rule} {subject}: {}", found.figure);
        }
    }
}

#[test]
fn a_small_offset_is_a_warning_and_a_tiny_one_is_well() {
    for (ahead, expected) in [(20.0, Status::Warn), (-20.0, Status::Warn), (2.0, Status::Pass), (-2.0, Status::Pass)] {
        let (_, evidence) = with_clock(63, |_| ahead);
        let said = judge(&*bound(), &rig::full(), &evidence);
        assert_eq!(finding(&said, "LAT-18", "access_log").status, expected, "{ahead}\n{}", shown(&said));
    }
}

#[test]
fn a_step_is_found_where_it_is() {
    for (seed, by) in [(64, 250.0), (65, -250.0)] {
        let (_, evidence) = with_clock(seed, |at| if at < 9_000.0 { 0.0 } else { by });
        let said = judge(&*bound(), &rig::full(), &evidence);
        for (rule, subject) in [("LAT-18", "access_log"), ("LAT-18", "jaeger"), ("LAT-19", "jaeger")] {
            let found = finding(&said, rule, subject);
            if subject == "access_log" && by > 0.0 {
                assert_eq!(found.status, Status::Inconclusive, "late lines look the same: {}", shown(&said));
                continue;
            }
            assert_eq!(found.status, Status::Fail, "{}", shown(&said));
            assert!(found.observed.contains("moved by at least"), "{}", found.observed);
            let into = |text: &str| text.rsplit_once(" s into the load").and_then(|(t, _)| t.rsplit_once('(')?.1.parse::<f64>().ok());
            let (before, after) = found.observed.split_once(" and ").unwrap();
            let (before, after) = (into(before).unwrap(), into(after).unwrap());
            assert!((7.0..=9.1).contains(&before) && (7.5..=11.0).contains(&after), "{}", found.observed);
        }
    }
}

#[test]
fn a_log_in_whole_seconds_still_bounds_its_clock() {
    let whole = |evidence: &mut Simulated| {
        let cut = |at: Wall| Wall(at.0.div_euclid(1_000_000) * 1_000_000);
        evidence.log.iter_mut().for_each(|l| l.at = l.at.map(cut));
    };
    let mut world = Simulated::new(66, 480);
    whole(&mut world);
    let said = judge(&*bound(), &rig::full(), &world.evidence());
    let found = finding(&said, "LAT-18", "access_log");
    assert!(found.status == Status::Pass && found.figure.lo <= 0.0 && found.figure.hi >= 0.0, "{}", shown(&said));
}

/// What LAT-18 says of the log of a run, changed as given.
fn of_log(seed: u64, change: impl FnOnce(Simulated) -> Simulated) -> rigcheck::model::outcome::Finding {
    let said = judge(&*bound(), &rig::full(), &change(Simulated::new(seed, 300)).evidence());
    finding(&said, "LAT-18", "access_log").clone()
}

fn stamped(mut world: Simulated, by: impl Fn(usize, &rigcheck::model::payload::LogLine) -> f64) -> Simulated {
    world.log.iter_mut().enumerate().for_each(|(i, line)| line.at = line.at.map(|at| at.plus_us((by(i, line) * 1e3) as i64)));
    world
}

#[test]
fn a_log_that_is_stamped_at_the_start_is_read_so() {
    let at_start = |ahead: f64| of_log(71, |world| stamped(world, move |_, line| ahead - line.total_ms.unwrap())).status;
    assert_eq!([at_start(0.0), at_start(-250.0), at_start(250.0)], [Status::Pass, Status::Fail, Status::Fail]);
}

/// Where all durations are alike, a start on a right clock looks like an end on one that is behind, and an end on a right
/// clock like a start on one that is ahead.
#[test]
fn stamps_that_may_be_a_start_or_an_end_show_neither() {
    let alike = |world: Simulated| {
        world.with(|i, r| {
            let total = 301.0 + (i % 5) as f64;
            r.arrived = 0.3;
            for (seen, less) in [(&mut r.client, 0.0), (&mut r.log, 0.6)] {
                seen.chunks = vec![60.0 - less, total - 10.0 - less];
                seen.total = total - less;
            }
        })
    };
    for at_start in [false, true] {
        for ahead in [0.0, 300.0, -300.0] {
            let found = of_log(72, |world| stamped(alike(world), |_, line| ahead - if at_start { line.total_ms.unwrap() } else { 0.0 }));
            // An end 300 ms behind is a start 600 ms behind: whichever it is, the clock is wrong.
            let wrong = ahead < 0.0 && at_start;
            assert!(found.status == Status::Inconclusive || wrong && found.status == Status::Fail, "{at_start} {ahead}: {found:?}");
            assert!(found.because[0].contains("too alike"), "{:?}", found.because);
        }
    }
}

#[test]
fn lines_that_are_written_late_are_no_wrong_clock() {
    for late in [12.0, 300.0, 5_000.0] {
        let found = of_log(73, |world| stamped(world, |_, _| late));
        assert!(![Status::Fail, Status::Pass].contains(&found.status), "{late}: {found:?}");
    }
    let found = of_log(74, |world| stamped(world, |i, _| (i * 37 % 300) as f64));
    assert_ne!(found.status, Status::Fail, "{found:?}");
}

#[test]
fn a_few_lines_of_another_clock_are_no_pass() {
    let every_25th = |ahead: f64| of_log(75, |world| stamped(world, move |i, _| if i % 25 == 24 { ahead } else { 0.0 }));
    for (ahead, expected) in [(3_600_000.0, Status::Fail), (-3_600_000.0, Status::Fail), (250.0, Status::Warn), (-250.0, Status::Fail)] {
        let found = every_25th(ahead);
        assert_eq!(found.status, expected, "{ahead}: {found:?}");
        assert!(found.observed.contains(" of 300 readings agree on "), "{}", found.observed);
    }
    let noise = of_log(76, |world| stamped(world, |i, _| if i % 40 == 39 { (i * 20) as f64 } else { 0.0 }));
    assert_eq!(noise.status, Status::Pass, "{noise:?}");
    assert!(noise.because.iter().any(|b| b.contains("are left out")), "{:?}", noise.because);
}

/// Whole seconds may be cut or rounded.
#[test]
fn a_log_that_rounds_to_whole_seconds_is_no_wrong_clock() {
    let rounded = |at_start: bool| {
        of_log(77, |world| {
            let mut world = stamped(world, |_, line| if at_start { -line.total_ms.unwrap() } else { 0.0 });
            world.log.iter_mut().for_each(|l| l.at = l.at.map(|at| Wall((at.0 + 500_000).div_euclid(1_000_000) * 1_000_000)));
            world
        })
    };
    let found = [rounded(false), rounded(true)];
    assert_eq!(found.each_ref().map(|f| f.status), [Status::Inconclusive; 2]);
    assert!(found.iter().all(|f| f.remedy.as_ref().is_some_and(|r| r.contains("stamped in milliseconds"))), "no quiet helps: {found:?}");
}

/// Two services receive our requests; the clock of the one that comes later in the alphabet is behind.
#[test]
fn each_service_that_receives_our_requests_is_judged() {
    let mut evidence = Simulated::new(78, 300).evidence();
    let behind = |ns: u64| ns - 250_000_000;
    evidence.alter(&name("jaeger"), &Spans { of: rig::controlled() }, |spans| {
        spans.spans.alter(|s| {
            if s.trace_id.as_bytes().last().is_some_and(|b| b % 2 == 0) {
                s.service = "a-first".into();
            } else {
                (s.start_ns, s.end_ns) = (behind(s.start_ns), behind(s.end_ns));
            }
        });
    });
    let said = judge(&*bound(), &rig::full(), &evidence);
    let found = finding(&said, "LAT-18", "jaeger");
    assert_eq!(found.status, Status::Fail, "{}", shown(&said));
    assert!(found.because.iter().any(|b| b.starts_with("the clock of a-first in jaeger is")), "{:?}", found.because);
}

/// Durations that do not fit the client's (LAT-14, LAT-17) say nothing of a clock.
#[test]
fn wrong_durations_are_no_wrong_clock() {
    for change in [(|ms| ms + 200.0) as fn(f64) -> f64, |ms| ms / 1e3, |ms| ms * 1.05, |ms| (ms / 1e3).round() * 1e3] {
        let mut world = Simulated::new(67, 300);
        world.log.iter_mut().for_each(|l| l.total_ms = l.total_ms.map(change));
        let said = judge(&*bound(), &rig::full(), &world.evidence());
        assert_ne!(finding(&said, "LAT-18", "access_log").status, Status::Fail, "{}", shown(&said));
    }
    let mut world = Simulated::new(68, 300);
    world.log.iter_mut().for_each(|l| l.at = None);
    let said = judge(&*bound(), &rig::full(), &world.evidence());
    let found = finding(&said, "LAT-18", "access_log");
    assert_eq!(found.status, Status::Inconclusive);
    assert!(found.remedy.as_ref().is_some_and(|r| r.starts_with("bound that clock closer")), "{found:?}");
}

/// The provider behind the gateway reports spans of its own.
fn with_provider(ahead_ms: f64, late_ms: f64) -> Evidence {
    let mut evidence = Simulated::new(69, 300).evidence();
    evidence.alter(&name("jaeger"), &Spans { of: rig::controlled() }, |spans| {
        let mut rows: Vec<SpanRow> = vec![];
        for span in spans.spans.iter() {
            if span.kind == "client" {
                let moved = |ns: u64, by: f64| (i128::from(ns) + ((ahead_ms + by) * 1e6) as i128) as u64;
                let (start_ns, end_ns) = (moved(span.start_ns, 0.2), moved(span.end_ns, late_ms - 0.2));
                let (span_id, parent_id) = ("inner".into(), Some(span.span_id.clone()));
                rows.push(SpanRow { span_id, parent_id, kind: "server".into(), service: "provider".into(), start_ns, end_ns, ..span.clone() });
            }
            rows.push(span);
        }
        spans.spans = Rows::inline(rows);
    });
    evidence
}

#[test]
fn each_pair_of_services_is_compared() {
    let said = judge(&*bound(), &rig::full(), &with_provider(0.0, 0.0));
    assert_eq!(finding(&said, "LAT-19", "jaeger").status, Status::Pass, "{}", shown(&said));
    for ahead in [250.0, -2_000.0] {
        let said = judge(&*bound(), &rig::full(), &with_provider(ahead, 0.0));
        let found = finding(&said, "LAT-19", "jaeger");
        // A span of 500 ms has room for 250 ms either way; whether its shortest ones have decides.
        assert!(found.status != Status::Pass && found.observed.starts_with("the clock of provider is"), "{}", shown(&said));
        assert!(found.because.iter().any(|b| b.contains("the clock of gateway is")), "{:?}", found.because);
        assert_eq!(finding(&said, "LAT-18", "jaeger").status, Status::Pass, "the gateway's own clock is right");
    }
    // Children that outlive their callers are calls that nobody waits for: no clock is wrong.
    let said = judge(&*bound(), &rig::full(), &with_provider(0.0, 3_000.0));
    assert_ne!(finding(&said, "LAT-19", "jaeger").status, Status::Fail, "{}", shown(&said));
}

fn told(lo_ms: f64, hi_ms: f64, unbounded: Option<&str>) -> ClockReadings {
    let reading = ClockReading { at: Wall(super::evidence::BEGAN), lo_ms, hi_ms };
    ClockReadings { against: "UTC".into(), by: "chrony".into(), readings: vec![reading], unbounded: unbounded.map(Into::into) }
}

#[test]
fn a_clock_that_is_told() {
    let mut rig = rig::full();
    rig.sources.insert(name("clock"), SourceInfo { kind: name("clock"), place: "chronyd".into(), reads: String::new() });
    rig.clocks.insert(name("clock"));
    let key = Key { world: World::Live, source: name("clock"), query: Clock {}.into() };
    for (clock, expected) in [
        (told(-0.4, 0.3, None), Status::Pass),
        (told(12.0, 12.6, None), Status::Warn),
        (told(-71.0, -70.0, None), Status::Fail),
        (told(-1_000.0, 1_000.0, None), Status::Inconclusive),
        (told(-0.4, 0.3, Some("not synchronised")), Status::Inconclusive),
        (ClockReadings::default(), Status::Inconclusive),
    ] {
        let mut evidence = Simulated::new(70, 160).evidence();
        let seen = Seen { payload: Payload::Clock(clock.clone()), covered: Span::default(), origin: Origin::default(), notes: vec![], partial: None };
        evidence.put(key.clone(), Ok(Arc::new(seen)));
        let said = judge(&*bound(), &rig, &evidence);
        let found = finding(&said, "LAT-18", "clock");
        assert_eq!(found.status, expected, "{clock:?}");
        assert_eq!(found.remedy.is_some(), expected == Status::Inconclusive, "{found:?}");
        if expected == Status::Pass {
            let case = bound();
            let rule = case.case().rules.iter().position(|r| r.id.as_str() == "LAT-18").unwrap();
            case.spoil(rule, &rig, &name("clock"), &mut evidence);
            let said = judge(&*case, &rig, &evidence);
            assert_eq!(finding(&said, "LAT-18", "clock").status, Status::Fail);
        }
    }
    // Two hosts, each within the limits, and not within them of each other.
    rig.sources.insert(name("clock2"), SourceInfo { kind: name("clock"), place: "chronyd".into(), reads: String::new() });
    rig.clocks.insert(name("clock2"));
    for (one, other, expected) in
        [((8.8, 9.2), (-9.2, -8.8), Status::Warn), ((-6.0, 6.0), (-5.0, 5.0), Status::Pass), ((30.0, 31.0), (-31.0, -30.0), Status::Fail)]
    {
        let mut evidence = Simulated::new(70, 160).evidence();
        for (source, (lo, hi)) in [("clock", one), ("clock2", other)] {
            let payload = Payload::Clock(told(lo, hi, None));
            let seen = Seen { payload, covered: Span::default(), origin: Origin::default(), notes: vec![], partial: None };
            evidence.put(Key { source: name(source), ..key.clone() }, Ok(Arc::new(seen)));
        }
        let said = judge(&*bound(), &rig, &evidence);
        for source in ["clock", "clock2"] {
            let found = finding(&said, "LAT-18", source);
            assert_eq!(found.status, expected, "{source}: {}", shown(&said));
            assert!(expected == Status::Pass || found.observed.contains("off the one that"), "{}", found.observed);
            assert!(found.rows >= 5, "one reading of a clock's keeper is enough");
        }
    }
    // Nobody answers: it is not known, and never a pass.
    let said = judge(&*bound(), &rig, &Simulated::new(70, 160).evidence());
    assert!(said[&("LAT-18".to_owned(), "clock".to_owned())].is_err(), "{}", shown(&said));
}
