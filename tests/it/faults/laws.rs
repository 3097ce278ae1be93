//! The laws of evidence on evidence of real runs: silence never betters anything, and each rule can be made to fail.

use crate::{
    embedded::{Run, of_its_load},
    silence::{bettered, gained_by_silence, judged, judged_but_for, judged_case},
};
use rigcheck::model::{
    evidence::{Gap, Seen},
    key::{Key, Payload},
    outcome::Status,
    rows::{Row, Rows},
    units::Wall,
};
use std::{collections::BTreeSet, sync::Arc};

/// The fewest at which every rule finds enough of what it needs to judge.
const REQUESTS: u64 = 300;

/// Every kind of gap.
fn gaps() -> Vec<Gap> {
    let kinds: [fn(String) -> Gap; 12] = [
        Gap::Unreachable,
        Gap::Denied,
        Gap::Malformed,
        Gap::TooLate,
        Gap::OutsideRetention,
        Gap::Truncated,
        Gap::NotConfigured,
        Gap::NotReached,
        Gap::NoBaseline,
        Gap::Busy,
        Gap::Refused,
        Gap::Panicked,
    ];
    kinds.into_iter().map(|kind| kind("taken away".into())).chain([Gap::NotRecorded]).collect()
}

/// The answer with a part of its rows, if it has rows.
fn fewer(seen: &Seen, keep: fn(u64) -> bool) -> Option<Seen> {
    fn thin<T: Row>(rows: &mut Rows<T>, keep: fn(u64) -> bool) {
        let mut n = 0;
        rows.retain(|_| {
            n += 1;
            keep(n - 1)
        });
    }
    fn some<T>(of: &mut Vec<T>, keep: fn(u64) -> bool) {
        let mut n = 0;
        of.retain(|_| {
            n += 1;
            keep(n - 1)
        });
    }
    let mut copy = seen.clone();
    match &mut copy.payload {
        Payload::Perform(p) => thin(&mut p.requests, keep),
        Payload::Truth(t) => thin(&mut t.requests, keep),
        Payload::LogLines(l) => thin(&mut l.lines, keep),
        Payload::Spans(s) => thin(&mut s.spans, keep),
        Payload::Histogram(h) => some(&mut h.series, keep),
        Payload::Usage(u) => some(&mut u.tracks, keep),
        Payload::Queries(q) => some(&mut q.queries, keep),
        Payload::Idle(i) => some(&mut i.seconds, keep),
        Payload::Calibrate(c) => some(&mut c.rounds, keep),
        Payload::Probe(p) => some(&mut p.connects, keep),
        Payload::Burn(_) | Payload::RoundTrip(_) | Payload::Risen(_) | Payload::Page(_) | Payload::Facts(_) | Payload::Clock(_) => return None,
    }
    Some(copy)
}

/// What was recorded answers the questions that the spec alone makes, and in no key is anything of what the world answered.
fn keys_hold_only_what_the_spec_said(run: &Run) {
    let recorded: BTreeSet<Key> = run.evidence.iter().map(|(key, _)| key.clone()).collect();
    let asked: BTreeSet<Key> = run.cases.iter().flat_map(|case| case.needs(&run.profile.rig)).map(|need| need.key).collect();
    assert_eq!(recorded, asked);

    let keys = serde_json::to_string(&recorded).unwrap();
    let (mut ids, mut began) = (BTreeSet::new(), vec![run.report.as_of.expect("it was gathered")]);
    for (_, answer) in run.evidence.iter() {
        let Ok(seen) = answer else { continue };
        began.push(seen.covered.from);
        if let Payload::Perform(performed) = &seen.payload {
            ids.extend(performed.requests.iter().flat_map(|request| [request.id, request.trace_id]));
        }
    }
    assert!(ids.len() as u64 >= 2 * REQUESTS && began.len() > 2);
    assert!(ids.iter().all(|id| !keys.contains(id.as_str())), "a request's id is in {keys}");
    // The first six digits of a wall clock are those of these three hours, whether it counts seconds or nanoseconds.
    let now = |at: &Wall| at.0.to_string()[..6].to_owned();
    assert!(began.iter().all(|at| !keys.contains(&now(at))), "an instant is in {keys}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn evidence_of_a_clean_run_obeys_the_laws() {
    let run = of_its_load(REQUESTS).await;
    let (before_cases, before) = judged(&run, &run.evidence);
    assert_eq!(before_cases, run.report.cases, "judging again gives the same");

    keys_hold_only_what_the_spec_said(&run);

    let gained = gained_by_silence(&run, &gaps());
    assert!(gained.is_empty(), "{}", gained.join("\n"));
    for (key, _) in run.evidence.iter() {
        let mut poorer = run.evidence.clone();
        poorer.remove(key);
        assert_eq!(bettered(&before, &judged_but_for(&run, &before_cases, key, &poorer)), None, "{key} without an entry");
    }

    // Missing rows are an observation: they may make a rule fail, and never make one pass that did not.
    let patterns: [(&str, fn(u64) -> bool); 4] =
        [("none of its rows", |_| false), ("every second row", |n| n % 2 == 0), ("its first 50 rows", |n| n < 50), ("all but one row", |n| n != 7)];
    let keys: Vec<Key> = run.evidence.iter().map(|(key, _)| key.clone()).collect();
    for key in &keys {
        let Some(Ok(seen)) = run.evidence.raw(key) else { panic!("{key} has no answer\n{}", run.told()) };
        for (what, keep) in patterns {
            let Some(thinner) = fewer(seen, keep) else { continue };
            let mut poorer = run.evidence.clone();
            poorer.put(key.clone(), Ok(Arc::new(thinner)));
            let after = judged_but_for(&run, &before_cases, key, &poorer);
            if let Some(better) = bettered(&before, &after) {
                panic!("{key} with {what}: {better}");
            }
        }
    }

    let rig = &run.profile.rig;
    for case in &run.cases {
        for (rule, subject) in case.subjects(rig) {
            let id = &case.case().rules[rule].id;
            let mut copy = run.evidence.clone();
            case.spoil(rule, rig, &subject, &mut copy);
            let again = judged_case(&run, case.as_ref(), &copy);
            let outcome = again.outcomes.iter().find(|o| o.rule == *id && o.subject == subject);
            let status = outcome.map(|o| o.status);
            assert_eq!(status, Some(Status::Fail), "{id} of {subject} was spoiled\n{:?}", outcome.and_then(|o| o.finding.as_ref()));
        }
    }
}
