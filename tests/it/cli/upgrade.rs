//! `rigcheck upgrade`, with a folder of checks that has a later edition.

use super::rigcheck;
use crate::spec::editions::two_editions;
use std::fs;

const SPEC: &str = "version: 1\r\nrig: offline    # kept\r\nchecks: '2027.1'   # stays until somebody decides\r\nsources:\r\n  prometheus: {url: http://127.0.0.1:9}\r\nmetrics:\r\n  total: {histogram: h_seconds, unit: s}\r\ntarget: {url: http://127.0.0.1:9, chat: {path: /v1/chat/completions, model: m, max_tokens: 64}, allow: {requests: 600, tokens: 60k, rate: 20/s}}\r\n";

#[test]
fn nothing_newer_is_said_and_is_no_failure() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("rigcheck.yaml"), SPEC).unwrap();
    let said = rigcheck(folder.path(), &["upgrade"]).ends(0).out;
    assert!(said.contains("rigcheck.yaml is judged by checks 2027.1") && said.contains("nothing to upgrade"), "{said}");
    assert!(!rigcheck(folder.path(), &["validate"]).ends(0).out.contains("newer edition"));
    rigcheck(folder.path(), &["upgrade", "--write"]).ends(0);
    assert_eq!(fs::read_to_string(folder.path().join("rigcheck.yaml")).unwrap(), SPEC);
}

#[test]
fn an_upgrade_is_shown_on_the_last_run_and_written_only_if_told() {
    let (folder, checks) = (tempfile::tempdir().unwrap(), two_editions());
    let path = folder.path().join("rigcheck.yaml");
    fs::write(&path, SPEC).unwrap();
    let checks = checks.path().to_str().unwrap();
    let valid = rigcheck(folder.path(), &["validate", "--checks", checks]).ends(0).out;
    assert!(valid.contains("A newer edition of the checks is there: 2027.2. `rigcheck upgrade"), "{valid}");

    let none = rigcheck(folder.path(), &["upgrade", "--checks", checks]).ends(0).out;
    assert!(none.contains("No run is in ") && none.contains(".rigcheck/runs, so that") && none.contains("LAT-90 is scored from now on"), "{none}");

    let audited: serde_json::Value =
        serde_json::from_str(&rigcheck(folder.path(), &["audit", "--checks", checks, "--output", "json"]).ends(3).out).unwrap();
    let plain: serde_json::Value =
        serde_json::from_str(&rigcheck(folder.path(), &["replay", "latest", "--spec", "rigcheck.yaml", "--output", "json"]).ends(3).out).unwrap();
    assert_eq!(audited["rules_in_scope"], plain["rules_in_scope"], "what is newer is no part of the score");
    assert_eq!(audited["run"]["profile"], plain["run"]["profile"], "and leaves scores comparable");
    let scored = |id: &str| audited["cases"][0]["rules"].as_array().unwrap().iter().find(|r| r["id"] == id).map(|r| r["scored"] == true);
    assert_eq!(scored("LAT-01").or(scored("LAT-02")), Some(true));
    for args in [&["upgrade", "--checks", checks][..], &["upgrade", "--checks", checks, "--run", "latest"]] {
        let said = rigcheck(folder.path(), args).ends(0).out;
        for part in [
            "Checks 2027.1 → 2027.2 (own)\n",
            "changes   PERF_INFRA_MONITORING_LATENCY_ACCURACY_001 weight critical → low\n",
            "          LAT-20 blocker no → yes\n",
            "judged by both:\nverdict   INDETERMINATE (",
            "coverage  0 %, as before\n",
            "rigcheck.yaml:3\n- checks: '2027.1'\n+ checks: '2027.2'\nNothing was changed.",
        ] {
            assert!(said.contains(part), "no {part:?} in\n{said}");
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), SPEC, "looking changes nothing");
    }
    rigcheck(folder.path(), &["upgrade", "--checks", checks, "--run", "nothing-like-it"]).ends(2);

    let written = rigcheck(folder.path(), &["upgrade", "--checks", checks, "--write"]).ends(0).out;
    assert!(written.ends_with("Written.\n"), "{written}");
    assert_eq!(fs::read_to_string(&path).unwrap(), SPEC.replace("2027.1", "2027.2"), "byte for byte but for the value");
    assert!(rigcheck(folder.path(), &["upgrade", "--checks", checks]).ends(0).out.contains("nothing to upgrade"));
}
