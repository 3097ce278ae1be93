//! SARIF 2.1.0, against the official schema.
#![allow(clippy::disallowed_methods, reason = "asks cargo where the crate is that ships the schema")]

use super::{every, plain, samples};
use rigcheck::report::{Comparison, Format, Report, render};
use serde_json::Value;
use std::{collections::BTreeSet, process::Command};

fn sarif(report: &Report) -> Value {
    serde_json::from_str(&render(report, Format::Sarif, &plain(80))).unwrap()
}

fn results(log: &Value) -> &Vec<Value> {
    log["runs"][0]["results"].as_array().unwrap()
}

/// The result of a rule and a subject.
fn result<'a>(log: &'a Value, rule: &str, subject: &str) -> &'a Value {
    let name = |r: &Value| r["locations"][0]["logicalLocations"][0]["fullyQualifiedName"].as_str().unwrap_or_default().to_owned();
    results(log).iter().find(|r| name(r).ends_with(&format!("/{rule}/{subject}"))).unwrap()
}

fn line(result: &Value) -> u64 {
    result["locations"][0]["physicalLocation"]["region"]["startLine"].as_u64().unwrap()
}

/// The schema of the standard, as the crate `serde-sarif` ships it.
fn schema() -> Value {
    // Crates for other platforms need not be there.
    let platform = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let args = ["metadata", "--offline", "--format-version", "1", "--filter-platform", &platform, "--manifest-path", manifest];
    let output = Command::new(env!("CARGO")).args(args).output().unwrap();
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let package = metadata["packages"].as_array().unwrap().iter().find(|p| p["name"] == "serde-sarif").unwrap();
    let path = std::path::Path::new(package["manifest_path"].as_str().unwrap()).with_file_name("src").join("schema.json");
    let mut schema: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    // A regular expression with a bracket too many, of a property that we do not write: strict readers refuse the schema.
    for of in ["run", "toolComponent"] {
        schema["definitions"][of]["properties"]["language"].as_object_mut().unwrap().remove("pattern").unwrap();
    }
    schema
}

#[test]
fn every_sample_is_valid() {
    let validator = jsonschema::options().should_validate_formats(true).build(&schema()).unwrap();
    for (name, run) in every() {
        let mut report = run.report();
        let log = sarif(&report);
        let wrong: Vec<_> = validator.iter_errors(&log).map(|e| format!("{}: {e}", e.instance_path())).collect();
        assert!(wrong.is_empty(), "{name}: {wrong:#?}");
        report.against = Some(Comparison::of(&report, &samples::blocked().report()));
        assert!(validator.is_valid(&sarif(&report)), "{name} compared");
    }
    let mut broken = sarif(&samples::ready().report());
    broken["runs"][0]["results"][0]["kind"] = "fine".into();
    assert!(!validator.is_valid(&broken), "the schema is looked at");
}

#[test]
fn every_result_has_a_place_in_the_spec() {
    for (name, run) in every() {
        for result in results(&sarif(&run.report())) {
            assert!(line(result) > 0, "{name}");
            let uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].as_str().unwrap();
            assert_eq!(uri, if run.cut == Some(0) { "rigcheck.yaml" } else { "perf/rigcheck.yaml" }, "{name}");
        }
    }
    let log = sarif(&samples::blocked().report());
    let places = [("LAT-05", "prometheus:total", 44), ("LAT-14", "access_log:total", 16), ("LAT-01", "load", 4), ("LAT-09", "", 40)];
    for (rule, subject, at) in places {
        assert_eq!(line(result(&log, rule, subject)), at, "{rule} {subject}");
    }
    assert_eq!(line(&results(&log)[0]), 60, "the verdict stands at the gate");
}

#[test]
fn kinds_are_what_was_found() {
    let kind = |log: &Value, rule: &str, subject: &str| {
        let r = result(log, rule, subject);
        (r["kind"].as_str().unwrap().to_owned(), r["level"].as_str().unwrap().to_owned())
    };
    let is = |kind: &str, level: &str| (kind.to_owned(), level.to_owned());
    let log = sarif(&samples::blocked().report());
    assert_eq!(kind(&log, "LAT-14", "access_log:total"), is("fail", "error"));
    assert_eq!(kind(&log, "LAT-05", "prometheus:total"), is("fail", "note"));
    assert_eq!(kind(&log, "LAT-14", "jaeger:total"), is("pass", "none"));
    let log = sarif(&samples::unreachable().report());
    for (rule, subject) in [("LAT-09", ""), ("LAT-05", "prometheus:total"), ("LAT-01", "load")] {
        assert_eq!(kind(&log, rule, subject), is("open", "none"), "{rule}");
    }
    assert_eq!(kind(&log, "LAT-11", ""), is("notApplicable", "none"));
    assert!(result(&log, "LAT-10", "")["message"]["text"].as_str().unwrap().contains("deselected"));
    // The standard: whatever did not fail has no level.
    for (_, run) in every() {
        for r in results(&sarif(&run.report())) {
            assert_eq!(r["kind"] == "fail", r["level"] != "none", "{r}");
        }
    }
}

#[test]
fn a_run_that_judged_nothing_is_no_clean_one() {
    for run in [samples::empty(), samples::interrupted(), samples::nothing_in_scope()] {
        let log = sarif(&run.report());
        assert_eq!((&results(&log)[0]["ruleId"], &results(&log)[0]["kind"]), (&"verdict".into(), &"open".into()));
        assert_eq!(log["runs"][0]["invocations"][0]["executionSuccessful"], run.cut.is_none());
    }
}

#[test]
fn only_a_waiver_that_holds_suppresses() {
    let log = sarif(&samples::waived().report());
    let suppressed = result(&log, "LAT-14", "access_log:total");
    assert_eq!(suppressed["suppressions"][0]["justification"], "millisecond logging ships in 4.2 (sre-gateway, until 2027-02-25T09:00:00+00:00)");
    assert_eq!(suppressed["suppressions"][0]["location"]["physicalLocation"]["region"]["startLine"], 50);
    assert_eq!(suppressed["kind"], "fail");
    let all = results(&log).iter().filter(|r| !r["suppressions"].as_array().unwrap().is_empty()).count();
    assert_eq!(all, 1);
}

#[test]
fn a_waiver_to_look_at_is_a_result_at_its_line() {
    let found = |run: &samples::Run| -> Vec<(String, String, u64)> {
        let log = sarif(&run.report());
        let waivers = results(&log).iter().filter(|r| r["ruleId"] == "waiver");
        let text = |v: &Value| v.as_str().unwrap().to_owned();
        waivers.map(|r| (text(&r["properties"]["status"]), text(&r["level"]), line(r))).collect()
    };
    let is = |status: &str, level: &str, line: u64| (status.to_owned(), level.to_owned(), line);
    let worse = [is("LAPSED", "warning", 51), is("OUTGROWN", "warning", 52), is("UNUSED", "note", 53)];
    assert_eq!(found(&samples::waived()), worse);
    let mut soon = samples::waived();
    soon.header.waivers[0].expires = samples::waiver("LAT-14", None, None, 13).expires;
    assert_eq!(found(&soon), [&[is("WAIVED", "note", 50)][..], &worse].concat());
    assert_eq!(found(&samples::blocked()), []);
    // Waivers are not what runs are compared by.
    let mut report = samples::waived().report();
    report.against = Some(Comparison::of(&report, &samples::ready().report()));
    assert!(results(&sarif(&report)).iter().filter(|r| r["ruleId"] == "waiver").all(|r| r.get("baselineState").is_none()));
}

#[test]
fn fingerprints_are_one_each_and_the_same_over_runs() {
    let prints = |run: &samples::Run| -> Vec<(String, String)> {
        let log = sarif(&run.report());
        results(&log)
            .iter()
            .map(|r| (r["partialFingerprints"]["rigcheckSubject/v1"].as_str().unwrap().to_owned(), r["ruleId"].as_str().unwrap().to_owned()))
            .collect()
    };
    let waived = prints(&samples::waived());
    assert_eq!(waived.iter().collect::<BTreeSet<_>>().len(), waived.len());
    let (good, bad) = (prints(&samples::ready()), prints(&samples::blocked()));
    assert_eq!(good, bad);
    assert_eq!(good.iter().collect::<BTreeSet<_>>().len(), good.len());
}

#[test]
fn states_are_told_against_a_baseline() {
    let mut report = samples::blocked().report();
    report.against = Some(Comparison::of(&report, &samples::ready().report()));
    let log = sarif(&report);
    assert_eq!(result(&log, "LAT-14", "access_log:total")["baselineState"], "updated");
    assert_eq!(result(&log, "LAT-14", "jaeger:total")["baselineState"], "unchanged");
    let mut report = samples::nothing_in_scope().report();
    report.against = Some(Comparison::of(&report, &samples::ready().report()));
    let log = sarif(&report);
    let gone = result(&log, "LAT-14", "jaeger:total");
    assert_eq!((gone["baselineState"].as_str(), gone["kind"].as_str()), (Some("absent"), Some("open")));
    let plain = sarif(&samples::blocked().report());
    assert!(result(&plain, "LAT-14", "jaeger:total").get("baselineState").is_none());
}

#[test]
fn rules_carry_their_help() {
    let log = sarif(&samples::unreachable().report());
    let rules = log["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
    for r in results(&log) {
        assert_eq!(rules[r["ruleIndex"].as_u64().unwrap() as usize]["id"], r["ruleId"]);
    }
    let rule = rules.iter().find(|r| r["id"] == "LAT-14").unwrap();
    assert!(rule["help"]["text"].as_str().unwrap().contains("Remedy: Compare where each clock starts and stops."));
    assert_eq!((rule["defaultConfiguration"]["level"].as_str(), rule["properties"]["blocker"].as_bool()), (Some("error"), Some(true)));
}
