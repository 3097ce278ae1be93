//! `--prove`: what was put to the proof is recorded, and a replay shows the same.

use super::rigcheck;
use serde_json::Value;
use std::fs;

const SPEC: &str = "version: 1\nrig: offline\ntarget: {url: http://127.0.0.1:9, chat: {path: /v1/chat/completions, model: m, max_tokens: 64}, allow: {requests: 600, tokens: 60k, rate: 20/s}}\nsources:\n  prometheus: {url: http://127.0.0.1:9}\nmetrics:\n  total: {histogram: h_seconds, unit: s}\n";

#[test]
fn a_proved_run_is_shown_alike_when_it_is_judged_again() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("rigcheck.yaml"), SPEC).unwrap();
    let json = |args: &[&str]| serde_json::from_str::<Value>(&rigcheck(folder.path(), args).ends(3).out).unwrap();
    let human = |args: &[&str]| rigcheck(folder.path(), args).ends(3).out.split_whitespace().collect::<Vec<_>>().join(" ");
    let live = json(&["audit", "--prove", "--output", "json"]);
    assert_eq!(json(&["replay", "latest", "--output", "json"]), live);
    // Nothing answered, so that there is nothing in which a fault could show: that is no proof.
    for args in [&["report", "latest"][..], &["replay", "latest"], &["replay", "latest", "--spec", "rigcheck.yaml"]] {
        let said = human(args);
        assert!(
            said.contains("rules fire on their own seeded fault") && said.contains("proven 0 of ") && said.contains("could not be tried"),
            "{said}"
        );
    }
    rigcheck(folder.path(), &["audit", "--output", "json"]).ends(3);
    assert!(!human(&["report", "latest"]).contains("seeded fault"));
    assert!(human(&["replay", "latest", "--prove"]).contains("could not be tried"));
}
