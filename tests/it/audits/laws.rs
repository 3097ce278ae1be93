//! Silence never improves anything: generated from what the audit asks, not from a list kept by hand.

use super::{
    case::{Said, bound, judge, of_traces, shown, status},
    evidence::Simulated,
    rig,
    traces::World,
};
use rigcheck::model::{
    audit::AnyCase,
    evidence::{Evidence, Gap},
    key::{Key, Payload, Query},
    outcome::Status,
    payload::{
        Burned, Calibration, ClockReadings, Emissions, Exposition, FactTable, HistogramSeries, IdleWindow, LogLines, Performed, Rises, RoundTrips,
        Spans, StoredQueries, Tracks, network::Probed,
    },
    rig::Rig,
};
use std::sync::Arc;

fn gaps() -> Vec<Gap> {
    let text = || "example".to_owned();
    vec![
        Gap::Unreachable(text()),
        Gap::Denied(text()),
        Gap::Malformed(text()),
        Gap::TooLate(text()),
        Gap::OutsideRetention(text()),
        Gap::Truncated(text()),
        Gap::NotConfigured(text()),
        Gap::NotReached(text()),
        Gap::NotRecorded,
        Gap::NoBaseline(text()),
        Gap::Busy(text()),
        Gap::Refused(text()),
        Gap::Panicked(text()),
    ]
}

/// Rules that rest on a question, by what they say themselves.
fn rests_on(said: &Said, key: &Key) -> Vec<(String, String)> {
    said.iter().filter(|(_, j)| j.as_ref().is_ok_and(|f| f.from.contains(key))).map(|(k, _)| k.clone()).collect()
}

fn better(before: Option<Status>, after: Option<Status>) -> bool {
    let rank = |s: Option<Status>| match s {
        Some(Status::Pass) => 3,
        Some(Status::Warn) => 2,
        Some(Status::Fail) => 0,
        _ => 1,
    };
    // From a failure to "could not tell" is no gain of trust: the gate does not pass either.
    rank(after) > rank(before) && !(before == Some(Status::Fail) && rank(after) == 1)
}

/// `told` are the questions whose answers are shown, and judged by no rule.
fn nothing_gets_better(case: &dyn AnyCase, told: fn(&Query) -> bool, rig: &Rig, evidence: &Evidence) {
    let clean = judge(case, rig, evidence);
    for need in case.needs(rig) {
        let leaning = rests_on(&clean, &need.key);
        let judges = !told(&need.key.query);
        assert_eq!(!leaning.is_empty(), judges, "{} is asked for but judged by {leaning:?}", need.key);
        let check = |changed: &Evidence, what: &str| {
            let said = judge(case, rig, changed);
            assert_eq!(said.len(), clean.len(), "silence must not shrink the number of outcomes");
            for (rule, judgement) in &said {
                let (before, after) = (status(&clean[rule]), status(judgement));
                if leaning.contains(rule) {
                    assert_eq!(after, None, "{rule:?} with {what} for {}\n{}", need.key, shown(&said));
                } else {
                    assert!(!better(before, after), "{rule:?} got better with {what} for {}", need.key);
                }
            }
        };
        let mut changed = evidence.clone();
        changed.remove(&need.key);
        check(&changed, "no entry");
        if !judges {
            continue;
        }
        // Every kind of gap is the same to a rule; the first and the last of the list run the whole comparison on each key,
        // the others on the way they are reported. `it::faults` takes each answer of a real run away in each way.
        for gap in gaps() {
            let mut changed = evidence.clone();
            changed.put(need.key.clone(), Err(gap.clone()));
            if matches!(gap, Gap::Unreachable(_) | Gap::Panicked(_)) {
                check(&changed, gap.word());
            }
            let Query::Perform(_) = need.key.query else { continue };
            let said = judge(case, rig, &changed);
            for rule in &leaning {
                assert_eq!(said[rule].as_ref().unwrap_err().gap, gap, "{rule:?}");
            }
        }
        let Some(Ok(seen)) = evidence.raw(&need.key) else { panic!("{} is not in the evidence", need.key) };
        let mut partial = (**seen).clone();
        partial.partial = Some(Gap::Truncated("half of it".into()));
        changed.put(need.key.clone(), Ok(Arc::new(partial)));
        check(&changed, "a partial answer");
    }
}

fn page_or_facts(query: &Query) -> bool {
    matches!(query, Query::Page(_) | Query::Facts(_))
}

#[test]
fn with_everything() {
    nothing_gets_better(&*bound(), page_or_facts, &rig::full(), &Simulated::new(3, 160).evidence());
}

#[test]
fn without_a_known_truth() {
    nothing_gets_better(&*bound(), page_or_facts, &rig::without_truth(), &Simulated::new(4, 160).evidence());
}

#[test]
fn of_traces_as_well() {
    let world = World::small(3);
    nothing_gets_better(&*of_traces(), |query| matches!(query, Query::RoundTrip(_)), &world.rig, &world.evidence());
}

/// A clean run of each audit.
fn clean_runs(seed: u64) -> [(Box<dyn AnyCase>, Rig, Evidence); 2] {
    let traces = World::small(seed);
    [(bound(), rig::full(), Simulated::new(seed, 160).evidence()), (of_traces(), traces.rig.clone(), traces.evidence())]
}

/// An empty answer is an answer: what rests on it fails or cannot tell, and never passes.
#[test]
fn an_empty_answer_never_passes() {
    for (case, rig, evidence) in clean_runs(5) {
        empty_answers_never_pass(&*case, &rig, &evidence);
    }
}

fn empty_answers_never_pass(case: &dyn AnyCase, rig: &Rig, evidence: &Evidence) {
    let clean = judge(case, rig, evidence);
    for need in case.needs(rig) {
        let Some(Ok(seen)) = evidence.raw(&need.key) else { continue };
        let mut empty = (**seen).clone();
        empty.payload = match &empty.payload {
            Payload::Perform(p) => Payload::Perform(Performed { requests: rigcheck::model::rows::Rows::default(), ..p.clone() }),
            Payload::RoundTrip(_) => Payload::RoundTrip(RoundTrips::default()),
            Payload::Truth(_) => Payload::Truth(Emissions::default()),
            Payload::Histogram(_) => Payload::Histogram(HistogramSeries::default()),
            Payload::LogLines(_) => Payload::LogLines(LogLines::default()),
            Payload::Spans(_) => Payload::Spans(Spans::default()),
            Payload::Page(_) => Payload::Page(Exposition::default()),
            Payload::Risen(_) => Payload::Risen(Rises::default()),
            Payload::Facts(_) => Payload::Facts(FactTable::default()),
            Payload::Clock(_) => Payload::Clock(ClockReadings::default()),
            Payload::Burn(burned) => Payload::Burn(Burned { samples: vec![], cgroup: vec![], ..burned.clone() }),
            Payload::Idle(_) => Payload::Idle(IdleWindow::default()),
            Payload::Calibrate(c) => Payload::Calibrate(Calibration { rounds: vec![], ..c.clone() }),
            Payload::Usage(_) => Payload::Usage(Tracks::default()),
            Payload::Queries(_) => Payload::Queries(StoredQueries::default()),
            Payload::Probe(probed) => Payload::Probe(Box::new(Probed { connects: vec![], ..*probed.clone() })),
        };
        let mut changed = evidence.clone();
        changed.put(need.key.clone(), Ok(Arc::new(empty)));
        let said = judge(case, rig, &changed);
        for rule in rests_on(&clean, &need.key) {
            assert!(!matches!(status(&said[&rule]), Some(Status::Pass | Status::Warn)), "{rule:?} passes on an empty {}\n{}", need.key, shown(&said));
        }
    }
}

/// Figures must survive a recording, and JSON has neither infinity nor NaN.
#[test]
fn every_figure_is_a_finite_number() {
    for (case, rig, evidence) in clean_runs(6) {
        figures_are_finite(&*case, &rig, &evidence);
    }
}

fn figures_are_finite(case: &dyn AnyCase, rig: &Rig, clean: &Evidence) {
    let all = case.subjects(rig).into_iter().map(|(rule, subject)| {
        let mut copy = clean.clone();
        case.spoil(rule, rig, &subject, &mut copy);
        judge(case, rig, &copy)
    });
    for said in all.chain([judge(case, rig, clean)]) {
        for (rule, finding) in said.iter().filter_map(|(rule, j)| Some((rule, j.as_ref().ok()?))) {
            let f = &finding.figure;
            assert!([f.value, f.lo, f.hi].iter().all(|x| x.is_finite()), "{rule:?} {f}");
            assert!(finding.margin.is_none_or(f64::is_finite), "{rule:?} {:?}", finding.margin);
            assert!(!finding.observed.ends_with('.') && !finding.expected.is_empty(), "{rule:?} {}", finding.observed);
        }
    }
}
