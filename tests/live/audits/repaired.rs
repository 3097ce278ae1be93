//! The repaired gateway: every rule passes, run after run; and a recorded run is judged again as it was.
#![allow(clippy::disallowed_methods, reason = "writes the spec of a replay")]

use crate::{
    rig::{Audited, Gateway, QUIET, REQUESTS, Rig, rigcheck},
    stack::{or_skip, too_busy},
};
use serde_json::Value;
use std::{collections::BTreeSet, fs};

/// Clean runs in a row; `make faults` makes twenty.
const RUNS: usize = 2;
/// Audits at most, until that many were READY.
const MOST_TRIED: usize = 4;

#[test]
fn the_repaired_gateway_is_ready_twice_in_a_row_and_replays_agree() {
    let name = "the_repaired_gateway_is_ready_twice_in_a_row_and_replays_agree";
    let Some(rig) = or_skip(name, Rig::start(Gateway::REPAIRED, "1s")) else { return };
    // A busy machine may keep an audit from telling, so that only what an undisturbed one leaves open counts against it.
    let (mut runs, mut tried, mut undecided) = (vec![], 0, 0);
    while runs.len() < RUNS && tried < MOST_TRIED {
        tried += 1;
        let run = rig.audit_in_calm(tried - runs.len(), &format!("repaired-{tried}"), REQUESTS);
        println!("{}", run.trouble());
        assert!(run.rules("no_data").is_empty() && run.rules("error").is_empty(), "{}", run.trouble());
        if tried == 1 {
            proven(&run);
        }
        assert!(run.busy > QUIET || run.rules("fail").is_empty(), "a false alarm: {}", run.trouble());
        if run.verdict() == "ready" {
            runs.push(run);
        } else if run.busy <= QUIET {
            undecided += 1;
        }
    }
    for run in &runs {
        assert_eq!((run.code, run.report["coverage"].as_f64()), (0, Some(1.0)), "{}", run.trouble());
    }
    assert!(runs.len() == RUNS || undecided <= RUNS, "{undecided} of {tried} undisturbed audits are not READY");
    if runs.len() < RUNS {
        let busy = tried - runs.len() - undecided;
        too_busy(name, &format!("in {busy} of {tried} audits something else kept the processors busy, {undecided} were undecided"));
    }
    if let Some(run) = runs.first() {
        replayed(&rig, run);
    }
}

/// On evidence of a real rig, too, most rules fail on their own seeded fault; that they were tried changes no verdict.
fn proven(live: &Audited) {
    let run = live.run();
    let out = rigcheck(&live.folder).args(["replay", run.to_str().expect("a path"), "--prove", "--output", "json"]).output().expect("the binary");
    let report: Value = serde_json::from_slice(&out.stdout).unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&out.stderr)));
    assert_eq!((report["verdict"].as_str(), out.status.code()), (Some(live.verdict()), Some(live.code)), "{}", live.trouble());
    let rules = report["cases"][0]["rules"].as_array().expect("rules");
    let fires = |rule: &&Value| rule["outcomes"].as_array().expect("outcomes").iter().any(|o| o["proven"] == true);
    let fired: Vec<&Value> = rules.iter().filter(fires).map(|r| &r["id"]).collect();
    assert!(fired.len() > 10, "only {fired:?} fire\n{}", live.trouble());
}

/// Replay tells what the live run told, field by field; under a stricter threshold it tells something else.
fn replayed(rig: &Rig, live: &Audited) {
    let run = live.run();
    let replay = |spec: Option<&str>| -> (i32, Value) {
        let mut command = rigcheck(&live.folder);
        command.args(["replay", run.to_str().expect("a path"), "--output", "json"]);
        if let Some(spec) = spec {
            fs::write(live.folder.join("other.yaml"), spec).expect("a file");
            command.args(["--spec", "other.yaml"]);
        }
        let out = command.output().expect("the binary");
        let report = serde_json::from_slice(&out.stdout).unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&out.stderr)));
        (out.status.code().unwrap_or(-1), report)
    };
    let (code, again) = replay(None);
    assert_eq!(code, live.code);
    let mut differs = vec![];
    differences("", &live.report, &again, &mut differs);
    assert!(differs.is_empty(), "live and replay differ:\n{}", differs.join("\n"));

    // The repaired buckets are 8 % wide, whatever the load: narrow enough for the case, not for this spec.
    let stricter = rig.spec(&format!("audit: {{requests: {REQUESTS}}}, rules: {{LAT-05: {{blocker: true, params: {{warn: 1%, fail: 2%}}}}}}"));
    let (code, stricter) = replay(Some(&stricter));
    let failed = |report: &Value| -> BTreeSet<String> {
        let rules = report["cases"][0]["rules"].as_array().expect("rules");
        rules.iter().filter(|r| r["status"] == "fail").map(|r| r["id"].to_string()).collect()
    };
    assert_eq!((code, failed(&stricter)), (1, BTreeSet::from(["\"LAT-05\"".to_owned()])));
    assert_ne!(stricter["run"]["profile"], live.report["run"]["profile"]);
    // The evidence is the same.
    assert_eq!(stricter["answers"], live.report["answers"]);
}

/// Paths at which two reports differ.
fn differences(at: &str, a: &Value, b: &Value, found: &mut Vec<String>) {
    match (a, b) {
        (Value::Object(x), Value::Object(y)) => {
            for key in x.keys().chain(y.keys()).collect::<BTreeSet<_>>() {
                differences(&format!("{at}/{key}"), &a[key], &b[key], found);
            }
        }
        (Value::Array(x), Value::Array(y)) if x.len() == y.len() => {
            for (i, (x, y)) in x.iter().zip(y).enumerate() {
                differences(&format!("{at}/{i}"), x, y, found);
            }
        }
        _ if a == b => {}
        _ => found.push(format!("{at}: {a} and {b}")),
    }
}
