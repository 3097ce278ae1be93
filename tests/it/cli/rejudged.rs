//! What was asked of one rig, judged by another spec or with `--set`: the report says so, or there is none.

use super::{
    recorded::{SPEC, id, record},
    rigcheck,
};
use crate::report::samples;
use std::fs;

fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_run_of_one_target_says_nothing_about_another() {
    let folder = tempfile::tempdir().unwrap();
    record(folder.path(), &id(1), samples::ready());
    let other = |from: &str, to: &str| fs::write(folder.path().join("other.yaml"), SPEC.replacen(from, to, 1)).unwrap();
    other("{url: http://127.0.0.1:9, chat", "{url: http://127.0.0.1:7, chat");
    let refused = rigcheck(folder.path(), &["replay", "latest", "--spec", "other.yaml"]).ends(2);
    for part in ["had the target http://127.0.0.1:9", "the spec has http://127.0.0.1:7", "audit that one"] {
        assert!(refused.err.contains(part), "no {part} in {}", refused.err);
    }
    assert_eq!(refused.out, "");
    other("rig: staging-eu", "rig: production");
    let told = rigcheck(folder.path(), &["replay", "latest", "--spec", "other.yaml"]).ends(3).out;
    assert!(words(&told).contains("run of rig staging-eu judged as production"), "{told}");
}

#[test]
fn what_a_spec_takes_out_of_a_recorded_run_is_told() {
    let folder = tempfile::tempdir().unwrap();
    record(folder.path(), &id(1), samples::ready());
    let replayed = |format: &str, set: &[&str]| {
        let args = [&["replay", "latest", "--spec", "rigcheck.yaml", "--output", format], set].concat();
        words(&rigcheck(folder.path(), &args).ends(3).out)
    };
    for format in ["human", "html", "markdown"] {
        let told = replayed(format, &["--set", "sources.jaeger=null"]).replace('\\', "");
        for part in ["--set sources.jaeger=null", "without jaeger of the recorded spec"] {
            assert!(told.contains(part), "{format}: no {part} in {told}");
        }
        let whole = replayed(format, &[]);
        assert!(!whole.contains("--set") && !whole.contains("of the recorded spec"), "{format}: {whole}");
    }
    let json: serde_json::Value = serde_json::from_str(&replayed("json", &["--set", "sources.jaeger=null"])).unwrap();
    assert_eq!(json["run"]["set"], serde_json::json!(["sources.jaeger=null"]));
    assert_eq!(json["run"]["lacks"], serde_json::json!(["jaeger"]));
}

#[test]
fn what_is_set_on_the_command_line_is_recorded_without_its_secrets() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("rigcheck.yaml"), SPEC).unwrap();
    let set = ["--set", "sources.jaeger=null", "--set", "target.bearer=s3cr3t-t0ken"];
    let ran = rigcheck(folder.path(), &[&["audit"], &set[..]].concat()).ends(3);
    assert!(words(&ran.out).contains("--set sources.jaeger=null --set target.bearer=****"), "{}", ran.out);
    let run = rigcheck::store::Shelf::of(folder.path()).find("latest").unwrap();
    let events = fs::read_to_string(run.join("events.jsonl")).unwrap();
    assert!(events.contains("\"set\":[\"sources.jaeger=null\"") && !events.contains("s3cr3t"), "{}", events.lines().next().unwrap());
    let again = rigcheck(folder.path(), &["replay", "latest"]).ends(3).out;
    assert!(words(&again).contains("--set sources.jaeger=null"), "{again}");
}
