//! Where the trace store's web page shows spans elsewhere than they were measured, or warns that they lie wrong.

use super::{
    case::{bound, finding, judge, shown},
    evidence::Simulated,
    rig,
};
use rigcheck::model::{
    evidence::Evidence,
    key::Spans,
    name::name,
    outcome::{Finding, Status},
    payload::{self, Shown},
};

/// What LAT-19 finds where the clock of the gateway is so far ahead and the store says more than its spans.
fn found(ahead_ms: u64, say: impl FnOnce(&mut payload::Spans)) -> Finding {
    let mut evidence: Evidence = Simulated::new(70, 300).evidence();
    evidence.alter(&name("jaeger"), &Spans { of: rig::controlled() }, |spans| {
        spans.spans.alter(|s| (s.start_ns, s.end_ns) = (s.start_ns + ahead_ms * 1_000_000, s.end_ns + ahead_ms * 1_000_000));
        say(spans);
    });
    let said = judge(&*bound(), &rig::full(), &evidence);
    let found = finding(&said, "LAT-19", "jaeger").clone();
    assert!(found.status != Status::NoData, "{}", shown(&said));
    found
}

fn page(warned: u64, moved: u64, farthest: f64) -> Shown {
    let of = |many: u64, ms: f64| (many > 0).then_some(ms);
    Shown {
        traces: 20,
        spans: 120,
        warned,
        warned_ms: of(warned, 255.0),
        moved,
        moved_ms: of(moved, farthest / 2.0),
        farthest_ms: of(moved, farthest),
    }
}

#[test]
fn a_page_that_shows_what_was_measured_adds_nothing() {
    let plain = found(0, |_| {});
    assert_eq!(plain.status, Status::Pass);
    assert_eq!(found(0, |spans| spans.shown = Some(page(0, 0, 0.0))), plain);
}

#[test]
fn warnings_alone_decide_nothing() {
    let told = found(0, |spans| spans.shown = Some(page(7, 0, 0.0)));
    assert_eq!(told.status, Status::Pass);
    let says = "Jaeger warns of clock skew in 7 of 120 spans of 20 traces that were looked at (median difference 255 ms); the clocks agree";
    assert!(told.because.iter().any(|b| b.starts_with(says)), "{:?}", told.because);
    let untold = Shown { warned_ms: None, ..page(7, 0, 0.0) };
    let told = found(0, |spans| spans.shown = Some(untold));
    assert!(told.because.iter().any(|b| b.contains("that were looked at; the clocks agree")), "{:?}", told.because);
}

#[test]
fn spans_that_are_shown_elsewhere_are_a_warning_beyond_the_rules_limit() {
    for (farthest, status) in [(9.9, Status::Pass), (10.1, Status::Warn), (510.0, Status::Warn)] {
        let told = found(0, |spans| spans.shown = Some(page(40, 40, farthest)));
        assert_eq!(told.status, status, "{farthest}: {}", told.observed);
        let mut all = told.because.iter().chain([&told.observed]);
        assert!(all.any(|t| t.contains("shows 40 of 120 spans of 20 traces moved by a median of")), "{:?}", told.because);
        let remedy = told.remedy.is_some_and(|r| r.contains("max_clock_skew_adjust: 0s"));
        assert_eq!(remedy, status == Status::Warn);
    }
}

#[test]
fn a_clock_that_is_off_fails_whatever_the_page_shows() {
    let told = found(250, |spans| spans.shown = Some(page(40, 40, 250.0)));
    assert_eq!(told.status, Status::Fail);
    assert!(told.observed.starts_with("the clock of gateway is"), "{}", told.observed);
    for says in ["Jaeger warns of clock skew in 40 of 120", "Jaeger's web page shows 40 of 120"] {
        let line = told.because.iter().find(|b| b.starts_with(says)).unwrap_or_else(|| panic!("{:?}", told.because));
        assert!(!line.contains("agree"), "{line}");
    }
}

/// Jaeger puts a span into the middle of its caller: by such spans all clocks agree.
#[test]
fn spans_that_the_store_has_moved_show_no_clock_right() {
    let told = found(0, |spans| spans.moved = 30);
    assert_eq!(told.status, Status::Inconclusive);
    assert!(told.observed.starts_with("Jaeger itself has moved 30 of ") && told.remedy.is_some(), "{told:?}");
    assert_eq!(found(250, |spans| spans.moved = 30).status, Status::Fail);
}
