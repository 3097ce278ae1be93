use super::toy::{Do, case, run, run_until, usual_rules};
use rigcheck::{
    model::{
        name::name,
        outcome::Status,
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
