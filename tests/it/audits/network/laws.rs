//! Silence improves nothing, and each rule can fail for each of its subjects.

use super::{
    super::case::{judge, of_network, shown, status},
    world::{World, key_of, seen},
};
use rigcheck::model::{
    evidence::{Evidence, Gap},
    key::World as Whose,
    name::name,
    outcome::Status,
    payload::network::{Connect, Cut, Ended, Measured, Probed, Stage},
    recording::of_recording,
};
use std::sync::Arc;

/// What costs little or is far from certain is never more than a warning.
const WARN_AT_MOST: [&str; 2] = ["NET-11", "NET-16"];

#[test]
fn each_rule_can_fail_for_each_subject() {
    let mut world = World::new(11);
    world.earlier.clear();
    let (case, clean) = (of_network(), world.evidence());
    let before = shown(&judge(&*case, &world.rig, &clean));
    for (rule, subject) in case.subjects(&world.rig) {
        let id = case.case().rules[rule].id.to_string();
        let mut copy = clean.clone();
        case.spoil(rule, &world.rig, &subject, &mut copy);
        let spoiled = judge(&*case, &world.rig, &copy);
        let wanted = if WARN_AT_MOST.contains(&id.as_str()) { Status::Warn } else { Status::Fail };
        assert_eq!(status(&spoiled[&(id.clone(), subject.to_string())]), Some(wanted), "{id} {subject}\n{}", shown(&spoiled));
    }
    assert_eq!(before, shown(&judge(&*case, &world.rig, &clean)));
}

#[test]
fn what_was_not_answered_is_no_data() {
    let world = World::new(12);
    let clean = world.evidence();
    let mut silent = clean.clone();
    silent.put(key_of(&world, 0, Whose::Live), Err(Gap::Unreachable("x".into())));
    let said = judge(&*of_network(), &world.rig, &silent);
    for ((rule, subject), judgement) in &said {
        // The record is there and recent, whatever this run saw.
        let told = subject == "vertex" || rule == "NET-19";
        assert_eq!(status(judgement).is_some(), told, "{rule} {subject}\n{}", shown(&said));
    }
    let reference = Whose::Reference(name("production"));
    for key in [key_of(&world, 0, reference.clone()), of_recording(reference)] {
        let mut silent = clean.clone();
        silent.put(key, Err(Gap::NoBaseline("x".into())));
        let said = judge(&*of_network(), &world.rig, &silent);
        for rule in ["NET-16", "NET-19", "NET-20", "NET-21", "NET-22", "NET-23"] {
            assert_eq!(status(&said[&(rule.to_owned(), "bedrock".to_owned())]), None, "{rule}\n{}", shown(&said));
        }
    }
}

fn altered(clean: &Evidence, world: &World, change: impl FnOnce(&mut Probed)) -> Evidence {
    let mut probed = world.here[0].1.clone();
    change(&mut probed);
    let mut copy = clean.clone();
    copy.put(key_of(world, 0, Whose::Live), Ok(Arc::new(seen(probed))));
    copy
}

/// What is not whole passes nothing: what was not seen may be what is wrong.
#[test]
fn a_partial_answer_and_an_empty_one_pass_nothing() {
    let world = World::new(13);
    let clean = world.evidence();
    let mut partial = seen(world.here[0].1.clone());
    partial.partial = Some(Gap::TooLate("x".into()));
    let mut copy = clean.clone();
    copy.put(key_of(&world, 0, Whose::Live), Ok(Arc::new(partial)));
    let empty = altered(&clean, &world, |p| (p.connects, p.certificates, p.targets) = (vec![], vec![], vec![]));
    let names = ["NET-02", "NET-03", "NET-04", "NET-14", "NET-19"];
    for (evidence, told) in [(copy, &["NET-19"][..]), (empty, &names[..])] {
        let said = judge(&*of_network(), &world.rig, &evidence);
        for ((rule, subject), judgement) in said.iter().filter(|((_, subject), _)| subject == "bedrock") {
            let passes = matches!(status(judgement), Some(Status::Pass | Status::Warn | Status::NotApplicable));
            assert!(!passes || told.contains(&rule.as_str()), "{rule} {subject}\n{}", shown(&said));
        }
    }
}

#[test]
fn what_the_kernel_does_not_tell_is_no_data() {
    let world = World::new(14);
    let clean = world.evidence();
    let said = |change: fn(&mut Connect)| judge(&*of_network(), &world.rig, &altered(&clean, &world, |p| p.connects.iter_mut().for_each(change)));
    let untold = said(|c| c.tcp = None);
    for rule in ["NET-06", "NET-07", "NET-17", "NET-20", "NET-21", "NET-23"] {
        assert_eq!(status(&untold[&(rule.to_owned(), "bedrock".to_owned())]), None, "{rule}\n{}", shown(&untold));
    }
    assert_eq!(status(&said(|c| c.waited_us = None)[&("NET-18".to_owned(), "bedrock".to_owned())]), None);
    // No time is taken of what nobody answered, however long that lasted.
    let silent = said(|c| (c.ended, c.waited_us) = (Ended::TimedOut(Stage::Tls), Some(30_000)));
    assert_eq!(status(&silent[&("NET-18".to_owned(), "bedrock".to_owned())]), None, "{}", shown(&silent));
    assert_eq!(status(&said(|c| (c.http, c.tls) = (None, None))[&("NET-12".to_owned(), "bedrock".to_owned())]), None);
    let missing: [(&str, fn(&mut Probed)); 3] = [
        ("NET-02", |p| p.resolution = Measured::missing(Gap::Denied("x".into()))),
        ("NET-14", |p| p.large_body = Measured::missing(Gap::Denied("x".into()))),
        ("NET-16", |p| p.hops = Measured::missing(Gap::Denied("x".into()))),
    ];
    for (rule, change) in missing {
        let said = judge(&*of_network(), &world.rig, &altered(&clean, &world, change));
        assert_eq!(status(&said[&(rule.to_owned(), "bedrock".to_owned())]), None, "{rule}\n{}", shown(&said));
    }
}

/// Whatever somebody's file says, no rule breaks and no figure is no number.
#[test]
fn absurd_figures_break_nothing() {
    let world = World::new(15);
    let clean = world.evidence();
    let absurd: [fn(&mut Probed); 7] = [
        |p| p.connects.iter_mut().for_each(|c| c.tcp.as_mut().unwrap().rtt_us = Some(u32::MAX)),
        |p| p.connects.iter_mut().for_each(|c| c.tcp.as_mut().unwrap().rtt_us = Some(0)),
        |p| p.connects.iter_mut().for_each(|c| c.target = usize::MAX),
        |p| p.connects.iter_mut().for_each(|c| c.round = u32::MAX),
        |p| p.connects.iter_mut().for_each(|c| (c.waited_us, c.connect_us) = (Some(u64::MAX), Some(u64::MAX))),
        |p| p.certificates.iter_mut().for_each(|c| (c.not_after.0, c.not_before.0) = (i64::MIN, i64::MAX)),
        |p| (p.cut, p.given_up, p.left_out) = (Some(Cut::Failures), vec![usize::MAX], usize::MAX),
    ];
    for change in absurd {
        let said = judge(&*of_network(), &world.rig, &altered(&clean, &world, change));
        let finite = |j: &rigcheck::model::audit::Judgement| {
            j.as_ref().map_or(true, |f| [f.figure.value, f.figure.lo, f.figure.hi].iter().all(|x| x.is_finite()))
        };
        assert!(said.values().all(finite), "{}", shown(&said));
    }
}
