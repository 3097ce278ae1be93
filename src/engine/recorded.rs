//! Are recorded judgements those that the recorded answers give? Whoever edits a verdict leaves the answers as they were.

use super::judge;
use crate::{
    model::{
        audit::{AnyCase, Context},
        event::{CaseJudged, Event, Stamped},
        evidence::Evidence,
        name::Name,
    },
    spec::profile::Profile,
};
use serde_json::Value;

/// Cases whose recorded judgement is not what follows from the answers, or that a run which came to its end did not judge.
pub fn contradicted(events: &[Stamped], evidence: &Evidence, profile: &Profile, cases: &[Box<dyn AnyCase>]) -> Vec<Name> {
    let (mut as_of, mut prove, mut ended, mut recorded) = (None, false, false, vec![]);
    for stamped in events {
        match &stamped.event {
            Event::Began(header) => prove = header.prove,
            Event::Gathered { as_of: at, .. } => as_of = Some(*at),
            Event::Judged(judged) => recorded.push(judged.as_ref()),
            Event::Ended => ended = true,
            _ => {}
        }
    }
    // Nothing is judged before everything is gathered.
    let again: Vec<_> = as_of.map_or_else(Vec::new, |as_of| {
        let cx = Context { rig: &profile.rig, evidence, as_of };
        cases.iter().map(|case| judge::judged(case.as_ref(), &cx, profile, prove)).collect()
    });
    let twice = |at: usize, judged: &CaseJudged| recorded[..at].iter().any(|earlier| earlier.case.id == judged.case.id);
    let otherwise = |(at, judged): &(usize, &&CaseJudged)| twice(*at, judged) || !again.iter().any(|a| same(judged, a));
    let mut found: Vec<_> = recorded.iter().enumerate().filter(otherwise).map(|(_, judged)| judged.case.id.clone()).collect();
    if ended && found.is_empty() && recorded.len() != again.len() {
        let missing = |case: &&CaseJudged| !recorded.iter().any(|judged| same(judged, case));
        found.extend(again.iter().filter(missing).map(|case| case.case.id.clone()));
    }
    found
}

fn same(recorded: &CaseJudged, again: &CaseJudged) -> bool {
    let tree = |judged: &CaseJudged| serde_json::to_value(judged).ok();
    tree(recorded).zip(tree(again)).is_some_and(|(recorded, again)| alike(&recorded, &again))
}

/// Two machines may differ in the last digits of a logarithm.
const ROUNDING: f64 = 1e-9;

/// A text out of which a secret was taken may be any: what decides is no text of the user's.
fn alike(recorded: &Value, again: &Value) -> bool {
    match (recorded, again) {
        (Value::String(text), Value::String(_)) if text.contains("***") => true,
        (Value::Number(a), Value::Number(b)) => {
            let (Some(x), Some(y), true) = (a.as_f64(), b.as_f64(), a.is_f64()) else { return a == b };
            (x - y).abs() <= ROUNDING * x.abs().max(y.abs()).max(1e-3)
        }
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| alike(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, value)| b.get(key).is_some_and(|other| alike(value, other)))
        }
        (a, b) => a == b,
    }
}
