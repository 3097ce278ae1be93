//! Silence improves nothing, and each rule can fail for each of its subjects.

use super::{
    super::case::{judge, of_resources, shown, status},
    world::World,
};
use rigcheck::model::{
    evidence::Gap,
    key::{Payload, Query},
    outcome::Status,
    payload::{StoredQueries, Tracks},
};
use std::sync::Arc;

#[test]
fn each_rule_can_fail_for_each_subject() {
    let world = World::new(11);
    let (case, clean) = (of_resources(), world.evidence());
    let before = judge(&*case, &world.rig, &clean);
    for (rule, subject) in case.subjects(&world.rig) {
        let id = case.case().rules[rule].id.to_string();
        let key = (id.clone(), subject.to_string());
        // What is told by a counter holds no level, and a metric that nobody reads has no window.
        let never =
            status(&before[&key]) == Some(Status::NotApplicable) && (id == "RES-13" || id == "RES-07" && key.1.ends_with("throttled_periods"));
        let mut copy = clean.clone();
        case.spoil(rule, &world.rig, &subject, &mut copy);
        let spoiled = judge(&*case, &world.rig, &copy);
        assert!(never || status(&spoiled[&key]) == Some(Status::Fail), "{key:?}\n{}", shown(&spoiled));
    }
    assert_eq!(shown(&before), shown(&judge(&*case, &world.rig, &clean)));
}

#[test]
fn what_is_not_answered_is_no_data_and_improves_nothing() {
    let world = World::new(12);
    let (case, clean) = (of_resources(), world.evidence());
    let before = judge(&*case, &world.rig, &clean);
    let rank = |s: Option<Status>| match s {
        Some(Status::Pass) => 3,
        Some(Status::Warn) => 2,
        Some(Status::Fail) => 0,
        _ => 1,
    };
    for need in case.needs(&world.rig) {
        let leaning: Vec<_> = before.iter().filter(|(_, j)| j.as_ref().is_ok_and(|f| f.from.contains(&need.key))).map(|(k, _)| k.clone()).collect();
        assert!(!leaning.is_empty(), "{} is asked for but judged by nobody", need.key);
        let mut changed = clean.clone();
        changed.put(need.key.clone(), Err(Gap::Unreachable("example".into())));
        let said = judge(&*case, &world.rig, &changed);
        assert_eq!(said.len(), before.len());
        for (key, judgement) in &said {
            let (was, is) = (status(&before[key]), status(judgement));
            if leaning.contains(key) {
                assert_eq!(is, None, "{key:?} without {}\n{}", need.key, shown(&said));
            } else {
                assert!(rank(is) <= rank(was) || was == Some(Status::Fail), "{key:?} got better without {}", need.key);
            }
        }
    }
}

/// An empty answer is an answer, and never a pass of what rests on it, but where there is nothing to be wrong.
#[test]
fn an_empty_answer_passes_nothing() {
    let world = World::new(13);
    let (case, clean) = (of_resources(), world.evidence());
    let before = judge(&*case, &world.rig, &clean);
    for need in case.needs(&world.rig) {
        let empty = match &need.key.query {
            Query::Usage(_) => Payload::Usage(Tracks::default()),
            Query::Queries(_) => Payload::Queries(StoredQueries::default()),
            _ => continue,
        };
        let mut changed = clean.clone();
        let Some(Ok(seen)) = clean.raw(&need.key).cloned() else { panic!("{}", need.key) };
        let mut seen = (*seen).clone();
        seen.payload = empty;
        changed.put(need.key.clone(), Ok(Arc::new(seen)));
        let said = judge(&*case, &world.rig, &changed);
        let asked = matches!(&need.key.query, Query::Usage(_));
        for (key, judgement) in said.iter().filter(|(k, _)| before[*k].as_ref().is_ok_and(|f| f.from.contains(&need.key))) {
            // The machine's answer serves as a limit or a number of CPUs to some; what they judge is there.
            // How often targets are scraped, each claim of the store tells.
            let serves = need.key.to_string().contains("host") && !key.1.contains("host") || key.0 == "RES-15";
            if asked && !serves {
                assert_ne!(status(judgement), Some(Status::Pass), "{key:?} with an empty {}\n{}", need.key, shown(&said));
            }
        }
    }
}
