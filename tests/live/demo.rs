//! The demo as a newcomer runs it, and what can be done with the run that it leaves. It needs no part of the stack, only a machine
//! that is not busy with other tests.
#![allow(clippy::disallowed_methods, reason = "runs the binary and reads what it wrote")]

use crate::{
    rig::{Turn, rigcheck},
    support::audited::OF_THE_MACHINE,
};
use serde_json::Value;
use std::{
    collections::BTreeSet,
    fs,
    path::Path,
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// Demos until one of them is READY: what else runs on this machine keeps a rule from judging now and then.
const TRIES: usize = 3;

/// What came of one command: its exit code, what it says to programs, and its talk.
fn run(folder: &Path, temporary: &Path, args: &[&str]) -> (i32, Value, String) {
    let out = rigcheck(folder).env("TMPDIR", temporary).args(args).output().expect("the binary");
    let (said, talk) = (String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr).into_owned());
    let said = serde_json::from_str(&said).unwrap_or_else(|e| panic!("{args:?}: {e}: {said}\n{talk}"));
    (out.status.code().unwrap_or(-1), said, talk)
}

/// Rules with this status.
fn rules<'r>(report: &'r Value, status: &str) -> Vec<&'r str> {
    let all = report["cases"].as_array().expect("cases").iter().flat_map(|case| case["rules"].as_array().expect("rules"));
    all.filter(|rule| rule["status"] == status).filter_map(|rule| rule["id"].as_str()).collect()
}

#[test]
fn a_clean_demo_is_ready_and_its_run_can_be_judged_again() {
    let demo = |nth| {
        let _turn = Turn::calm(nth);
        demo()
    };
    let (mut folder, mut temporary, mut ran) = demo(1);
    for nth in 2..=TRIES {
        if ran.1["verdict"] == "ready" {
            break;
        }
        (folder, temporary, ran) = demo(nth);
    }
    let (folder, temporary, (code, live, talk)) = (folder.path(), temporary.path(), ran);
    assert_eq!((code, live["verdict"].as_str()), (0, Some("ready")), "could not tell {:?}\n{talk}", rules(&live, "inconclusive"));
    assert!(talk.contains("pacing error") && talk.contains("controlled load"), "progress goes to stderr: {talk}");
    assert!(live["own"]["cpu_s"].as_f64().is_some_and(|cpu| cpu > 0.0));

    // A replay equals the live report, and a report is the recorded one.
    for again in [&["replay", "latest", "--output", "json"][..], &["report", "latest", "--output", "json", "--verbose"]] {
        let (code, again, talk) = run(folder, temporary, again);
        assert!(code == 0 && again == live, "{talk}");
    }

    // Judged by a stricter spec it is not ready: nothing is asked again.
    let path = "/v1/chat/completions";
    let target = live["run"]["sources"]["load"]["place"].as_str().expect("an address").trim_end_matches(path);
    let stricter = format!(
        "version: 1\nrig: reference\ngate: {{threshold: 1, coverage: 1}}\ntarget: {{url: {target}, chat: {{path: {path}, model: rigcheck-truth, max_tokens: 64}}}}\n"
    );
    fs::write(folder.join("other.yaml"), stricter).expect("a file");
    let (_, other, _) = run(folder, temporary, &["replay", "latest", "--spec", "other.yaml", "--output", "json"]);
    assert_ne!(other["verdict"], live["verdict"]);
    assert!(other.to_string().contains("judged again under other.yaml"));

    // Nothing is left behind but the run and the reports.
    let names = fs::read_dir(folder).expect("a folder").map(|e| e.expect("an entry").file_name().into_string().expect("a name"));
    assert_eq!(names.collect::<BTreeSet<_>>(), BTreeSet::from([".rigcheck", "other.yaml", "r.html", "r.txt"].map(String::from)));
    assert_eq!(fs::read_dir(temporary).expect("a folder").count(), 0, "the rig's own folder is removed");
}

/// A demo in a folder of its own, with one for its temporary files. Nothing is at fault, whether or not all can be told.
fn demo() -> (TempDir, TempDir, (i32, Value, String)) {
    let (folder, temporary) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let begun = Instant::now();
    let ran = run(folder.path(), temporary.path(), &["demo", "--output", "json", "--output", "html:r.html", "--output", "human:r.txt"]);
    assert!(begun.elapsed() < Duration::from_secs(100), "a demo takes little more than a minute");
    let alarms: Vec<_> =
        ["fail", "error", "no_data"].iter().flat_map(|status| rules(&ran.1, status)).filter(|rule| *rule != OF_THE_MACHINE).collect();
    assert!(alarms.is_empty(), "{alarms:?}\n{:#}", ran.1["cases"]);
    (folder, temporary, ran)
}
