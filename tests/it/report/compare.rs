//! One run against an earlier one.

use super::{
    plain,
    samples::{self, Run, set},
    unmarked,
};
use rigcheck::{
    model::{name::name, outcome::Status, waiver::WaiverState},
    report::{Comparison, Format, Kind, Report, render},
};

fn compared(now: &Run, then: &Run) -> Comparison {
    Comparison::of(&now.report(), &then.report())
}

/// Rule, subject, kind of each.
fn told(shifts: &[rigcheck::report::Shift]) -> Vec<(&str, &str, Kind)> {
    shifts.iter().map(|s| (s.of.1.as_str(), s.of.2.as_str(), s.kind)).collect()
}

#[test]
fn a_run_has_nothing_new_against_itself() {
    for (sample, run) in samples::all() {
        let c = compared(&run, &run);
        assert!(c.new.is_empty() && c.resolved.is_empty(), "{sample}: {c:?}");
    }
}

#[test]
fn what_got_worse_is_new_and_what_got_better_is_resolved() {
    let c = compared(&samples::blocked(), &samples::ready());
    assert_eq!(told(&c.new), [("LAT-14", "access_log:total", Kind::Failure), ("LAT-05", "prometheus:total", Kind::Warning)]);
    assert_eq!((c.new[0].was, c.new[0].is), ("PASS", "FAIL"));
    let back = compared(&samples::ready(), &samples::blocked());
    assert_eq!(told(&back.resolved), [("LAT-05", "prometheus:total", Kind::Good), ("LAT-14", "access_log:total", Kind::Good)]);
    assert!(back.new.is_empty());
}

#[test]
fn silence_is_new_even_after_a_failure() {
    let mut silent = samples::blocked();
    set(&mut silent.cases[0], "LAT-14", "access_log:total", |o| o.status = Status::NoData);
    let c = compared(&silent, &samples::blocked());
    assert_eq!(told(&c.new), [("LAT-14", "access_log:total", Kind::Unknown)]);
    assert!(c.resolved.is_empty());
    // Who is not there any more, alone, with the rule or with the case.
    let mut gone = samples::blocked();
    gone.cases[0].outcomes.retain(|o| o.subject.as_str() != "access_log:total");
    assert_eq!(
        told(&compared(&gone, &samples::blocked()).new),
        [("LAT-02", "access_log:total", Kind::Unknown), ("LAT-14", "access_log:total", Kind::Unknown)]
    );
    for nothing in [samples::nothing_in_scope(), samples::empty(), samples::interrupted()] {
        let c = compared(&nothing, &samples::blocked());
        assert_eq!((c.new.len(), c.resolved.len()), (samples::blocked().report().outcomes().count(), 0));
        assert!(c.new.iter().all(|s| s.kind == Kind::Unknown));
    }
}

#[test]
fn a_waiver_accepts_and_does_not_resolve() {
    let waived = |state| {
        let mut run = samples::blocked();
        run.header.waivers = samples::waived().header.waivers;
        set(&mut run.cases[0], "LAT-14", "access_log:total", |o| o.waiver = Some((0, state)));
        run
    };
    let accepted = compared(&waived(WaiverState::Holds), &samples::blocked());
    assert!(accepted.new.is_empty() && accepted.resolved.is_empty());
    assert_eq!(told(&compared(&waived(WaiverState::Lapsed), &waived(WaiverState::Holds)).new), [("LAT-14", "access_log:total", Kind::Failure)]);
    let first = compared(&waived(WaiverState::Holds), &samples::ready());
    assert!(told(&first.new).contains(&("LAT-14", "access_log:total", Kind::Waived)));
}

#[test]
fn what_is_not_quite_comparable_is_said() {
    let mut other = samples::ready();
    other.header.profile = "another".into();
    other.header.rig = name("production");
    other.cut = Some(8);
    let c = compared(&samples::ready(), &other);
    for part in ["another rig, production", "different profiles (another then, 8f14e45fceea167a now)", "cut short"] {
        assert!(c.doubts.iter().any(|d| d.contains(part)), "no {part} in {:?}", c.doubts);
    }
    assert!(compared(&samples::ready(), &samples::blocked()).doubts.is_empty());
}

fn gated(now: &Run, then: &Run) -> Report {
    let mut report = now.report();
    let mut comparison = Comparison::of(&report, &then.report());
    comparison.gate(&report, &then.report());
    report.against = Some(comparison);
    report
}

#[test]
fn a_gate_that_saw_nothing_stays_shut() {
    let silent = |rule: &'static str| {
        let mut run = samples::ready();
        let of: Vec<_> = run.cases[0].outcomes.iter().filter(|o| rule.is_empty() || o.rule.as_str() == rule).cloned().collect();
        for o in of {
            set(&mut run.cases[0], o.rule.as_str(), o.subject.as_str(), |o| o.status = Status::NoData);
        }
        run
    };
    let new = |run: &Run| gated(run, run).against.unwrap().new;
    // A blocker that nobody could judge, then as now.
    let blocker = new(&silent("LAT-14"));
    assert!(!blocker.is_empty() && blocker.iter().all(|s| s.of.1.as_str() == "LAT-14" && s.kind == Kind::Unknown));
    assert_eq!((blocker[0].was, blocker[0].is), ("NO DATA", "NO DATA"));
    // Whoever blocks nothing may stay unknown, as long as anything was judged.
    assert!(new(&silent("LAT-05")).is_empty());
    assert_eq!(new(&silent("")).len(), samples::ready().report().outcomes().count());
    assert!(compared(&silent(""), &silent("")).new.is_empty(), "without a gate it is only compared");
}

#[test]
fn every_format_shows_what_is_new_and_that_the_verdict_stands() {
    let mut then = samples::blocked();
    then.header.profile = "another".into();
    let report = gated(&samples::blocked(), &then);
    for format in [Format::Human, Format::Json, Format::Html, Format::Junit, Format::Sarif, Format::Markdown, Format::Nagios] {
        let text = render(&report, format, &plain(100)).split_whitespace().collect::<Vec<_>>().join(" ");
        for part in ["the verdict is NOT READY all the same", "different profiles"] {
            assert!(text.contains(part), "{format:?}: no {part} in\n{text}");
        }
    }
    let report = gated(&samples::blocked(), &samples::ready());
    for format in [Format::Human, Format::Html, Format::Junit] {
        let text = unmarked(&render(&report, format, &plain(140))).split_whitespace().collect::<Vec<_>>().join(" ");
        for part in ["2 new (1 failure, 1 warning), 0 resolved since run", "LAT-14 access_log:total: was PASS, is FAIL"] {
            assert!(text.contains(part), "{format:?}: no {part} in\n{text}");
        }
    }
    let json: serde_json::Value = serde_json::from_str(&render(&report, Format::Json, &plain(80))).unwrap();
    assert_eq!((json["against"]["new"][0]["rule"].as_str(), json["against"]["new"][0]["kind"].as_str()), (Some("LAT-14"), Some("failure")));
    assert_eq!(json["against"]["gates"], true);
    let markdown = render(&report, Format::Markdown, &plain(80));
    assert!(markdown.contains("- **new** LAT-14 access\\_log:total: was PASS, is FAIL"), "{markdown}");
}
