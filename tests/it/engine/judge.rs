use super::toy::{Do, case, run, run_until, usual_rules};
use rigcheck::{
    model::{
        event::Event,
        name::name,
        outcome::{Proof, Status},
        units::{Ms, Wall},
        waiver::{Range, Waiver, WaiverState},
    },
    spec::profile::Profile,
};
use serde_json::json;
use tokio_util::sync::CancellationToken;

const PATIENT: Ms = Ms(5_000.0);

#[tokio::test(flavor = "multi_thread")]
async fn a_panicking_rule_costs_one_rule() {
    let rules = [("TOY-01", "near", json!({"limit": "5ms"}), true), ("TOY-03", "panics", json!({}), true), ("TOY-04", "nobody", json!({}), true)];
    let ran = run(|_, _, _| Do::Answer, vec![case(&rules)], PATIENT).await;
    assert_eq!((ran.status("TOY-01"), ran.status("TOY-03")), (Status::Pass, Status::Error));
    assert_eq!(ran.status("TOY-04"), Status::Error, "a rule in scope that names nobody is a missing outcome");
    let broken = ran.judged().outcomes.into_iter().find(|o| o.rule.as_str() == "TOY-03").unwrap();
    assert_eq!(broken.error.as_deref(), Some("a broken rule"));
}

#[tokio::test(flavor = "multi_thread")]
async fn strength_is_the_least_of_its_parts() {
    let ran = run(|_, _, _| Do::Answer, usual_rules(), PATIENT).await;
    let least = |rule: &str| ran.judged().outcomes.iter().find(|o| o.rule.as_str() == rule).unwrap().strength.unwrap().least();
    assert!((least("TOY-01") - 1.0).abs() < 1e-12, "measured, fresh, enough rows, proven");
    assert!((least("TOY-02") - 0.9).abs() < 1e-12, "never shown able to fail");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_waiver_binds_to_rule_subject_range_and_time() {
    let waiver = |of: Option<&str>, holds: Option<(&str, &str, f64, f64)>, expires| Waiver {
        rule: name("TOY-02"),
        of: of.map(name),
        holds: holds.map(|(figure, unit, lo, hi)| Range { figure: figure.into(), unit: unit.into(), lo, hi }),
        reason: "r".into(),
        owner: "o".into(),
        expires: Wall(expires),
        expires_text: String::new(),
    };
    let state = async |waivers: Vec<Waiver>| {
        let profile = Profile { waivers, ..Profile::default() };
        let strict = vec![case(&[("TOY-02", "near", json!({"limit": "0ms"}), true)])];
        let ran = run_until(|_, _, _| Do::Answer, strict, PATIENT, CancellationToken::new(), profile).await;
        let outcome = ran.judged().outcomes[0].clone();
        assert_eq!(outcome.status, Status::Fail, "a waiver is an overlay, never a status");
        outcome.waiver.map(|w| w.1)
    };
    assert_eq!(state(vec![]).await, None);
    assert_eq!(state(vec![waiver(None, None, i64::MAX)]).await, Some(WaiverState::Holds));
    assert_eq!(state(vec![waiver(None, Some(("value", "ms", 0.05, 0.2)), i64::MAX)]).await, Some(WaiverState::Holds));
    assert_eq!(state(vec![waiver(None, Some(("value", "ms", 5.0, 9.0)), i64::MAX)]).await, Some(WaiverState::Outgrown));
    // Inside the range, but another figure, or in another unit: not the failure that was accepted.
    assert_eq!(state(vec![waiver(None, Some(("bias", "ms", 0.05, 0.2)), i64::MAX)]).await, Some(WaiverState::Outgrown));
    assert_eq!(state(vec![waiver(None, Some(("value", "%", 0.05, 0.2)), i64::MAX)]).await, Some(WaiverState::Outgrown));
    assert_eq!(state(vec![waiver(None, None, 1)]).await, Some(WaiverState::Lapsed));
    assert_eq!(state(vec![waiver(None, None, 1), waiver(None, None, i64::MAX)]).await, Some(WaiverState::Holds));
    assert_eq!(state(vec![waiver(Some("elsewhere"), None, i64::MAX)]).await, None);
}

/// The toy's rules have no fault of their own: seeding it changes nothing, and so it is not shown that they can fail.
#[tokio::test(flavor = "multi_thread")]
async fn a_rule_that_stays_silent_counts_less_whatever_the_release_says() {
    let (mut job, memory, _) = super::toy::job(|_, _, _| Do::Answer, usual_rules(), PATIENT, CancellationToken::new(), Profile::default());
    job.header.prove = true;
    rigcheck::engine::run(&job, &super::toy::journal(&memory)).await.unwrap();
    let events = memory.events.lock().unwrap().clone();
    let judged = events.iter().find_map(|e| if let Event::Judged(j) = &e.event { Some((**j).clone()) } else { None }).unwrap();
    let proven = judged.outcomes.iter().find(|o| o.rule.as_str() == "TOY-01").unwrap();
    assert_eq!((proven.status, proven.proof), (Status::Pass, Some(Proof::Silent(Status::Pass))));
    assert!((proven.strength.unwrap().control - 0.9).abs() < 1e-12, "although `proven_by` names a fault");
    assert!(judged.notes.iter().any(|n| n.starts_with("TOY-01 does not fail on this rig") && n.contains("PASS for the rig")), "{:?}", judged.notes);

    // A replay of a run that was put to the proof shows the same.
    let again = std::sync::Arc::new(super::toy::Memory::default());
    let evidence = rigcheck::engine::run(&job, &super::toy::journal(&again)).await.unwrap();
    let replayed = std::sync::Arc::new(super::toy::Memory::default());
    let recorded = again.events.lock().unwrap().clone();
    rigcheck::engine::replay::replay(&recorded, &evidence, &job.profile, &job.cases, None, &super::toy::journal(&replayed));
    let told = |events: &[rigcheck::model::event::Stamped]| -> Vec<Event> {
        events.iter().map(|e| e.event.clone()).filter(|e| !matches!(e, Event::StepMoved { .. })).collect()
    };
    assert_eq!(told(&replayed.events.lock().unwrap()), told(&recorded));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_as_it_is_has_shown_that_it_can() {
    let strict = vec![case(&[("TOY-01", "near", json!({"limit": "0ms"}), false)])];
    let (mut job, memory, _) = super::toy::job(|_, _, _| Do::Answer, strict, PATIENT, CancellationToken::new(), Profile::default());
    job.header.prove = true;
    rigcheck::engine::run(&job, &super::toy::journal(&memory)).await.unwrap();
    let events = memory.events.lock().unwrap().clone();
    let judged = events.iter().find_map(|e| if let Event::Judged(j) = &e.event { Some((**j).clone()) } else { None }).unwrap();
    assert_eq!((judged.outcomes[0].status, judged.outcomes[0].proof), (Status::Fail, Some(Proof::Fires)));
    assert!((judged.outcomes[0].strength.unwrap().control - 1.0).abs() < 1e-12 && judged.notes.is_empty());
}
