//! Rules that are newer than the edition of the spec, and rules that were put to the proof on the rig.

use super::samples::{self, Run, ready};
use rigcheck::{
    model::outcome::{Proof, Status},
    report::{Format, Style, moved, render},
    scoring::Verdict,
};

fn shown(run: &Run, format: Format, verbose: bool) -> String {
    render(&run.report(), format, &Style { width: 140, verbose, ..Style::default() })
}

/// A blocker that fails, and that the spec's edition does not know.
fn with_a_newer_failure() -> Run {
    let mut run = samples::blocked();
    run.cases[0].case.rules.iter_mut().filter(|r| r.id.as_str() == "LAT-14").for_each(|r| r.newer = true);
    run.cases[0].outcomes.iter_mut().filter(|o| o.rule.as_str() == "LAT-14").for_each(|o| o.blocker = false);
    run
}

#[test]
fn a_newer_rule_is_shown_and_decides_nothing() {
    let run = with_a_newer_failure();
    let report = run.report();
    assert_eq!(samples::blocked().report().assessment.verdict, Verdict::NotReady);
    assert_eq!((report.assessment.verdict, report.assessment.rules_in_scope), (Verdict::Ready, 4));
    for verbose in [false, true] {
        let text = shown(&run, Format::Human, verbose);
        let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words.contains("newer than checks 2027.1, not scored") || verbose, "{text}");
        assert!(words.contains("4 of 4 rules, 1 newer than checks 2027.1, not scored") && words.contains("1 not scored"), "{text}");
        assert!(text.contains("✗ FAIL") && !text.contains("BLOCKER"), "{text}");
    }
    let html = shown(&run, Format::Html, false);
    assert!(html.contains("newer than checks 2027.1, not scored") && html.contains("No blocker fails"), "{html}");
    let json: serde_json::Value = serde_json::from_str(&shown(&run, Format::Json, false)).unwrap();
    let rule = json["cases"][0]["rules"].as_array().unwrap().iter().find(|r| r["id"] == "LAT-14").unwrap();
    assert_eq!((rule["scored"].as_bool(), rule["blocker"].as_bool(), rule["status"].as_str()), (Some(false), Some(false), Some("fail")));
}

/// Nothing is compared with this release where only a folder of checks knows the edition; a good verdict says so.
#[test]
fn a_good_verdict_by_an_edition_of_others_says_so() {
    let mut run = ready();
    run.header.checks = "2031.1 (own)".into();
    let because = run.report().assessment.because;
    assert!(because.ends_with("; but the spec judges by an edition that this release does not vouch for"), "{because}");
    assert!(!ready().report().assessment.because.contains("vouch"));
}

#[test]
fn what_an_upgrade_would_move_is_told() {
    let text = moved(&with_a_newer_failure().report(), &samples::blocked().report());
    let lines: Vec<_> = text.lines().collect();
    assert!(lines[0].starts_with("verdict   READY (") && lines[0].contains("→ NOT READY (LAT-14 blocks)"), "{text}");
    assert!(lines[1].starts_with("score     ") && lines[2] == "coverage  100 %, as before", "{text}");
    assert!(lines[3].starts_with("rules     LAT-14 ") && text.contains("LAT-14 access_log:total FAIL, scored from now on: "), "{text}");
    assert!(!text.contains("LAT-01"), "what stays as it was is not listed: {text}");
    let same = moved(&ready().report(), &ready().report());
    assert!(same.contains("READY (no blocker fails and the score is at least 0.85), as before") && same.contains("what it said before"), "{same}");
    let turned = moved(&ready().report(), &samples::blocked().report());
    assert!(turned.contains("LAT-14 access_log:total PASS → FAIL: "), "{turned}");
}

#[test]
fn what_was_put_to_the_proof_is_one_line_and_one_for_each_rule() {
    let mut run = ready();
    assert!(!shown(&run, Format::Human, true).contains("proven"));
    run.header.prove = true;
    for outcome in run.cases[0].outcomes.iter_mut().filter(|o| o.status.value().is_some()) {
        outcome.proof = Some(Proof::Fires);
    }
    let all = run.report().count(Status::Pass);
    let tried = format!("\nproven  5 of 5 rules fire on their own seeded fault; {all} of {all} subjects tried\n");
    assert!(shown(&run, Format::Human, false).contains(&tried), "{}", shown(&run, Format::Human, false));
    let silent = run.cases[0].outcomes.iter_mut().find(|o| o.rule.as_str() == "LAT-05").unwrap();
    silent.proof = Some(Proof::Silent(Status::Pass));
    let text = shown(&run, Format::Human, true);
    assert!(text.contains(&format!("4 of 5 rules fire on their own seeded fault; {all} of {all} subjects tried; LAT-05 does not")), "{text}");
    assert!(text.contains("silent") && text.matches(" proven").count() > 4, "{text}");
    // A rule without a share of the score can neither be proven nor count less.
    let mut newer = ready();
    newer.header.prove = true;
    newer.cases[0].case.rules.iter_mut().filter(|r| r.id.as_str() == "LAT-05").for_each(|r| r.newer = true);
    newer.cases[0].outcomes.clone_from(&run.cases[0].outcomes);
    assert!(shown(&newer, Format::Human, false).contains("\nproven  4 of 4 rules fire on their own seeded fault; "));
    let html = shown(&run, Format::Html, false);
    assert!(html.contains("does not fail on its own seeded fault: PASS") && html.contains("<dd>fails on its own seeded fault</dd>"));
    let json: serde_json::Value = serde_json::from_str(&shown(&run, Format::Json, false)).unwrap();
    let proven = |id: &str| json["cases"][0]["rules"].as_array().unwrap().iter().find(|r| r["id"] == id).unwrap()["outcomes"][0]["proven"].as_bool();
    assert_eq!((proven("LAT-05"), proven("LAT-01")), (Some(false), Some(true)));
}

/// What fails as it is was not seeded, and what could not be judged was not tried: neither is a proof.
#[test]
fn only_seeded_subjects_count_as_tried() {
    let mut run = samples::blocked();
    run.header.prove = true;
    for outcome in &mut run.cases[0].outcomes {
        outcome.proof = Some(Proof::Fires);
    }
    let open = run.cases[0].outcomes.iter_mut().find(|o| o.status == Status::Pass).unwrap();
    (open.status, open.proof) = (Status::NoData, None);
    let all = run.cases[0].outcomes.len();
    let failing = run.report().count(Status::Fail);
    let text = shown(&run, Format::Human, false).split_whitespace().collect::<Vec<_>>().join(" ");
    let said = format!("{} of {all} subjects tried, {failing} fail", all - failing - 1);
    assert!(failing > 0 && text.contains(&said), "no {said} in {text}");
}

#[test]
fn what_would_flip_it_names_threats_and_waivers() {
    let text = shown(&samples::unreachable(), Format::Human, false);
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("; for the worse, LAT-01, LAT-09 or LAT-14 failing (→ NOT READY)."), "{text}");
    let waived = shown(&samples::waived(), Format::Human, false);
    let words = waived.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("Waivers decide: without the waiver of LAT-14, it is NOT READY; the score is the same."), "{waived}");
}
