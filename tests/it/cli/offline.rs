//! What needs no run.

use super::rigcheck;
use std::fs;

#[test]
fn help_says_what_there_is_and_how_it_ends() {
    let folder = tempfile::tempdir().unwrap();
    let help = rigcheck(folder.path(), &["--help"]).ends(0).out;
    for word in ["demo", "audit", "plan", "validate", "list", "explain", "replay", "report", "mock", "Exit codes: 0 ready"] {
        assert!(help.contains(word), "no {word} in\n{help}");
    }
    rigcheck(folder.path(), &[]).ends(2);
    rigcheck(folder.path(), &["audti"]).ends(2);
    assert!(rigcheck(folder.path(), &["--version"]).ends(0).out.starts_with("rigcheck "));
}

#[test]
fn list_and_explain_work_offline() {
    let folder = tempfile::tempdir().unwrap();
    let list = rigcheck(folder.path(), &["list"]).ends(0).out;
    assert!(list.contains("PERF_INFRA_MONITORING_LATENCY_ACCURACY_001") && list.contains("LAT-20"));
    let rule = rigcheck(folder.path(), &["explain", "LAT-14"]).ends(0).out;
    for part in ["Schuirmann", "5ms", "2%", "critical", "a failure alone makes the rig NOT READY"] {
        assert!(rule.contains(part), "no {part} in\n{rule}");
    }
    let unknown = rigcheck(folder.path(), &["explain", "LAT-1"]).ends(2).err;
    assert!(unknown.contains("LAT-1"), "{unknown}");
}

#[test]
fn all_problems_of_a_spec_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let spec = "version: 1\nrig: x\ntarget: {url: http://127.0.0.1:1, chat: {path: /v1/chat/completions, model: m, max_tokns: 64}}\nsources:\n  jager: {url: http://127.0.0.1:2, service: gw}\ngate: {threshold: 2}\n";
    fs::write(folder.path().join("rigcheck.yaml"), spec).unwrap();
    let problems = rigcheck(folder.path(), &["validate"]).ends(2).err;
    for part in ["rigcheck.yaml:3:", "max_tokens", "rigcheck.yaml:5:3", "did you mean `jaeger`", "rigcheck.yaml:6:"] {
        assert!(problems.contains(part), "no {part} in\n{problems}");
    }
}

#[test]
fn a_missing_spec_says_where_it_was_looked_for() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join(".git")).unwrap();
    let err = rigcheck(folder.path(), &["audit"]).ends(2).err;
    assert!(err.contains("rigcheck.yaml"), "{err}");
}

const SPEC: &str = "version: 1
rig: offline
target: {url: http://127.0.0.1:9, chat: {path: /v1/chat/completions, model: m, max_tokens: 64}, allow: {requests: 600, tokens: 60k, rate: 20/s}}
sources:
  access_log: {path: nothing.jsonl}
  prometheus: {url: http://127.0.0.1:9}
metrics:
  total: {histogram: h_seconds, unit: s}
";

#[test]
fn plan_and_validate_say_what_it_costs_and_send_nothing() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("rigcheck.yaml"), SPEC).unwrap();
    let plan = rigcheck(folder.path(), &["plan"]).ends(0).out;
    for part in
        ["Nothing was sent", "controlled load", "500", "tokens", "Allowed: 600 requests", "access_log log lines", "prometheus histogram total"]
    {
        assert!(plan.contains(part), "no {part} in\n{plan}");
    }
    let valid = rigcheck(folder.path(), &["validate"]).ends(0).out;
    assert!(valid.contains("is sound") && valid.contains("LAT-01"), "{valid}");
    assert!(!folder.path().join(".rigcheck").exists());
}

#[test]
fn a_rig_that_does_not_answer_is_indeterminate_never_a_pass() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("rigcheck.yaml"), SPEC).unwrap();
    let ran = rigcheck(folder.path(), &["audit", "--output", "json", "--output", "html:r.html"]).ends(3);
    let report: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((report["schema"].as_str(), report["verdict"].as_str()), (Some("rigcheck.report/1"), Some("indeterminate")));
    assert_eq!((report["score"]["lo"].as_f64(), report["coverage"].as_f64()), (Some(0.0), Some(0.0)));
    assert!(!ran.out.contains("\"status\": \"pass\"") && ran.out.contains("unreachable"));
    assert!(fs::read_to_string(folder.path().join("r.html")).unwrap().contains("INDETERMINATE"));
    rigcheck(folder.path(), &["report", "latest", "--exit-zero"]).ends(0);
    rigcheck(folder.path(), &["report", "latest"]).ends(3);
    rigcheck(folder.path(), &["report", "nothing-like-it"]).ends(2);
}

#[test]
fn nothing_in_scope_is_4() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("rigcheck.yaml"), "version: 1\nrig: bare\nsources:\n  access_log: {path: nothing.jsonl}\n").unwrap();
    let ran = rigcheck(folder.path(), &["audit"]).ends(4);
    assert!(ran.out.contains("INDETERMINATE"), "{}", ran.out);
}

#[test]
fn output_wishes_are_checked_before_the_run() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("rigcheck.yaml"), SPEC).unwrap();
    for (wish, why) in [
        (&["--output", "pdf"][..], "there is no format `pdf`"),
        (&["--output", "json", "--output", "human"], "only one report can go to standard output"),
        (&["--output", "html:no/such/folder/r.html"], "there is no folder"),
        (&["--output", "html:"], "no path after the colon"),
    ] {
        let ran = rigcheck(folder.path(), &[&["audit"], wish].concat()).ends(2);
        assert!(ran.err.contains(why), "{wish:?}: {}", ran.err);
        assert!(!folder.path().join(".rigcheck").exists(), "{wish:?} must not start a run");
    }
}

#[test]
fn a_second_run_is_refused_as_what_it_is() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("rigcheck.yaml"), SPEC).unwrap();
    let shelf = rigcheck::store::Shelf::of(folder.path());
    let first = shelf.begin(&rigcheck::model::name::name("01A"), &rigcheck::spec::profile::Profile::default()).unwrap();
    let err = rigcheck(folder.path(), &["audit"]).ends(2).err;
    assert!(err.contains("error: another run of rigcheck is going on"), "{err}");
    drop(first);
}
