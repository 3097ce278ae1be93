//! Silence improves nothing, and each rule can fail for each of its subjects.

use super::{
    super::case::{judge, of_noise, shown, status},
    world::{World, loads, quiet},
};
use rigcheck::model::{
    evidence::{Evidence, Gap},
    key::{Key, Payload, World as Whose},
    name::name,
    outcome::Status,
    payload::{Calibration, IdleWindow, Missing},
    workload::NOISE,
};
use std::sync::Arc;

#[test]
fn each_rule_can_fail_for_each_subject() {
    let world = World::new(11);
    let (case, clean) = (of_noise(), world.evidence());
    let before = shown(&judge(&*case, &world.rig, &clean));
    for (rule, subject) in case.subjects(&world.rig) {
        let id = case.case().rules[rule].id.to_string();
        let mut copy = clean.clone();
        case.spoil(rule, &world.rig, &subject, &mut copy);
        let spoiled = judge(&*case, &world.rig, &copy);
        // That it was looked at once only is never more than a warning.
        let wanted = if id == "INT-19" { None } else { Some(Status::Fail) };
        assert_eq!(status(&spoiled[&(id.clone(), subject.to_string())]), wanted, "{id} {subject}\n{}", shown(&spoiled));
    }
    assert_eq!(before, shown(&judge(&*case, &world.rig, &clean)));
}

/// The first run of a rig can be put to the proof, too.
#[test]
fn another_machine_is_found_without_any_earlier_run() {
    let mut world = World::new(12);
    world.earlier.clear();
    let (case, mut copy) = (of_noise(), world.evidence());
    let (rule, subject) = case.subjects(&world.rig).into_iter().find(|(rule, _)| case.case().rules[*rule].id.as_str() == "INT-17").unwrap();
    case.spoil(rule, &world.rig, &subject, &mut copy);
    let spoiled = judge(&*case, &world.rig, &copy);
    assert_eq!(status(&spoiled[&("INT-17".into(), subject.to_string())]), Some(Status::Fail), "{}", shown(&spoiled));
}

#[test]
fn what_was_not_answered_is_no_data() {
    let world = World::new(13);
    let clean = world.evidence();
    for (query, rules) in [(quiet().into(), 16), (loads().into(), 9)] {
        let mut copy = clean.clone();
        copy.put(Key { world: Whose::Live, source: name(NOISE), query }, Err(Gap::Unreachable("example".into())));
        let said = judge(&*of_noise(), &world.rig, &copy);
        assert_eq!(said.values().filter(|j| status(j).is_none()).count(), rules, "{}", shown(&said));
    }
}

fn altered(evidence: &Evidence, change: impl FnOnce(&mut IdleWindow)) -> Evidence {
    let mut copy = evidence.clone();
    copy.alter(&name(NOISE), &quiet(), change);
    copy
}

fn lack(window: &mut IdleWindow, what: &str) {
    window.missing.push(Missing { what: what.into(), why: Gap::Denied("example".into()) });
}

/// What an answer leaves out is never a pass of who rests on it.
#[test]
fn what_an_answer_lacks_is_told_by_nobody() {
    let world = World::new(14);
    let clean = world.evidence();
    let said = |change: fn(&mut IdleWindow)| judge(&*of_noise(), &world.rig, &altered(&clean, change));
    let lacks: [(&str, fn(&mut IdleWindow)); 13] = [
        ("INT-04", |w| lack(w, "memory events")),
        ("INT-05", |w| lack(w, "pressure")),
        ("INT-11", |w| lack(w, "disks")),
        ("INT-12", |w| lack(w, "packets dropped")),
        ("INT-13", |w| lack(w, "own quota")),
        ("INT-10", |w| w.interrupts.clear()),
        ("INT-02", |w| w.seconds[7].steal_s = None),
        ("INT-05", |w| w.seconds[7].pressure = None),
        ("INT-03", |w| w.probes.clear()),
        ("INT-03", |w| w.probes.truncate(1)),
        ("INT-03", |w| lack(w, "probe of CPU 1")),
        ("INT-14", |w| w.clock_sources.clear()),
        ("INT-01", |w| w.seconds.truncate(40)),
    ];
    for (rule, change) in lacks {
        let said = said(change);
        assert_eq!(status(&said[&(rule.to_owned(), String::new())]), None, "{rule}\n{}", shown(&said));
    }
}

#[test]
fn a_partial_window_and_empty_answers_pass_nothing() {
    let world = World::new(15);
    let clean = world.evidence();
    let key = Key { world: Whose::Live, source: name(NOISE), query: quiet().into() };
    let Some(Ok(seen)) = clean.raw(&key).cloned() else { panic!("{key}") };
    let mut partial = (*seen).clone();
    partial.partial = Some(Gap::NotReached("interrupted".into()));
    let mut empty = (*seen).clone();
    empty.payload = Payload::Idle(IdleWindow::default());
    for answer in [partial, empty] {
        let mut copy = clean.clone();
        copy.put(key.clone(), Ok(Arc::new(answer)));
        let said = judge(&*of_noise(), &world.rig, &copy);
        assert_eq!(said.values().filter(|j| status(j).is_none()).count(), 16, "{}", shown(&said));
    }
    let mut copy = clean.clone();
    copy.alter(&name(NOISE), &loads(), |c: &mut Calibration| c.rounds.clear());
    let said = judge(&*of_noise(), &world.rig, &copy);
    for rule in ["INT-16", "INT-17", "INT-18"] {
        assert_eq!(status(&said[&(rule.to_owned(), "cpu".to_owned())]), Some(Status::Inconclusive), "{}", shown(&said));
    }
}

/// Whatever somebody's file says, no rule breaks and no figure is no number.
#[test]
fn absurd_figures_break_nothing() {
    let world = World::new(16);
    let clean = world.evidence();
    let absurd: [fn(&mut IdleWindow); 6] = [
        |w| w.seconds.iter_mut().for_each(|s| s.busy_s = -1.0),
        |w| w.online = 0,
        |w| w.seconds.iter_mut().for_each(|s| (s.over_s, s.busy_s) = (0.5, 1e12)),
        |w| w.used_by.iter_mut().for_each(|u| u.when = vec![(u32::MAX, 1.0), (0, 1.0)]),
        |w| w.seconds.iter_mut().for_each(|s| (s.forks, s.major_faults) = (u64::MAX >> 8, u64::MAX >> 8)),
        |w| w.probes.iter_mut().for_each(|p| (p.spun_s, p.stalls) = (1e-9, u64::MAX >> 8)),
    ];
    for change in absurd {
        let said = judge(&*of_noise(), &world.rig, &altered(&clean, change));
        let finite = |j: &rigcheck::model::audit::Judgement| {
            j.as_ref().map_or(true, |f| [f.figure.value, f.figure.lo, f.figure.hi].iter().all(|x| x.is_finite()))
        };
        assert!(said.values().all(finite), "{}", shown(&said));
    }
}
