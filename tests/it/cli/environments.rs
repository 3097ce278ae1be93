//! `rigcheck snapshot`, `baseline`, `drift`: this machine, written down and laid beside what was said of another.

use super::{Ran, rigcheck};
use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// A folder with a snapshot of this machine.
fn captured() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let said = rigcheck(folder.path(), &["snapshot", "capture", "here.snapshot", "--name", "staging"]).ends(0);
    assert!(said.err.contains("1 part, ") && said.err.contains("written to here.snapshot"), "{}", said.err);
    let path = folder.path().join("here.snapshot");
    (folder, path)
}

fn document(folder: &Path, facts: &str) {
    fs::write(folder.join("production.yaml"), format!("environment: production\nas_of: 2026-11-01\nby: platform team\n{facts}")).unwrap();
}

fn json(ran: &Ran) -> Value {
    serde_json::from_str(&ran.out).unwrap_or_else(|e| panic!("{e}\n{}", ran.out))
}

/// A fact of this machine as the snapshot shows it.
fn fact(folder: &Path, fact: &str) -> String {
    let shown = rigcheck(folder, &["snapshot", "show", "here.snapshot", fact]).ends(0).out;
    let line = shown.lines().find(|l| l.trim_start().starts_with(fact.split_once('.').unwrap().1)).unwrap_or_else(|| panic!("{shown}"));
    line.split_ascii_whitespace().nth(1).unwrap().to_owned()
}

#[test]
fn a_machine_beside_itself_differs_in_nothing() {
    let (folder, _) = captured();
    rigcheck(folder.path(), &["snapshot", "capture", "again.snapshot"]).ends(0);
    let found = json(&rigcheck(folder.path(), &["snapshot", "diff", "here.snapshot", "again.snapshot", "-o", "json"]).ends(0));
    let rows = found["rows"].as_array().unwrap();
    assert!(rows.len() > 40 && rows.iter().all(|row| row["class"] == "identical"), "{found:#}");
    assert_eq!(found["verdict"], "matches");
}

#[test]
fn a_document_of_production_is_laid_beside_a_machine() {
    let (folder, _) = captured();
    let (kernel, count) = (fact(folder.path(), "host.kernel.release"), fact(folder.path(), "host.cpu.count"));
    document(folder.path(), &format!("host: {{kernel: {{release: \"{kernel}\", arch: vax}}, cpu: {{count: {count}}}}}\n"));
    let diff = ["snapshot", "diff", "here.snapshot", "production.yaml", "-o", "json"];
    let found = json(&rigcheck(folder.path(), &diff).ends(1));
    let class = |fact: &str| found["rows"].as_array().unwrap().iter().find(|r| r["fact"] == fact).unwrap()["class"].clone();
    assert_eq!((class("kernel.release"), class("kernel.arch"), class("cpu.count")), ("identical".into(), "blocking".into(), "identical".into()));
    let human = rigcheck(folder.path(), &diff[..4]).ends(1).out;
    assert!(human.lines().next().unwrap().starts_with("staging differs from production: 1 blocking"), "{human}");
    assert!(human.contains("told by platform team") && human.contains("another instruction set runs other code"), "{human}");
    rigcheck(folder.path(), &[&diff[..], &["--exit-zero"]].concat()).ends(0);
}

/// A file of Compose has its variables in the clear: they are told as those of a process are.
#[test]
fn variables_of_a_compose_file_are_compared_and_not_shown() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    for (name, licence) in [("a", "hunter2 of the one"), ("b", "hunter2 of the one"), ("c", "hunter2 of the other")] {
        let header = format!("Authorization: Bearer {licence}");
        let text = format!(
            "services:\n  gateway:\n    image: gateway\n    command: [serve, -H, '{header}']\n    environment: {{UPSTREAM_LICENCE: {licence}, TURNS: '3'}}\n"
        );
        fs::write(at.join(format!("{name}.yaml")), text).unwrap();
    }
    let class = |a: &str, b: &str, fact: &str| {
        let ran = rigcheck(at, &["snapshot", "diff", a, b, "-o", "json", "--exit-zero"]).ends(0);
        assert!(!ran.out.contains("hunter2"), "{}", ran.out);
        json(&ran)["rows"].as_array().unwrap().iter().find(|r| r["fact"] == fact).unwrap()["class"].as_str().unwrap().to_owned()
    };
    assert_eq!(["env.UPSTREAM_LICENCE", "env.TURNS"].map(|fact| class("a.yaml", "b.yaml", fact)), ["unknown", "unknown"]);
    let spec = "version: 1\nrig: staging\nenvironment: {variables: [TURNS], fingerprint_key: \"${env:FINGERPRINT_KEY:-a key of these tests}\"}\n";
    fs::write(at.join("rigcheck.yaml"), spec).unwrap();
    assert_eq!(["env.UPSTREAM_LICENCE", "env.TURNS"].map(|fact| class("a.yaml", "b.yaml", fact)), ["identical", "identical"]);
    assert_eq!(["env.UPSTREAM_LICENCE", "env.TURNS"].map(|fact| class("a.yaml", "c.yaml", fact)), ["material", "identical"]);
    // ... and so are those of an accepted one.
    rigcheck(at, &["baseline", "accept", "a.yaml", "--as", "production", "--by", "sre", "--why", "x"]).ends(0);
    assert_eq!(class("c.yaml", "production", "env.UPSTREAM_LICENCE"), "material");
    let kept = fs::read_to_string(at.join("baselines/production/evidence.jsonl")).unwrap();
    assert!(!kept.contains("hunter2") && kept.contains("UPSTREAM_LICENCE"), "{kept}");
}

#[test]
fn what_must_be_known_and_is_not_told_is_no_match() {
    let (folder, _) = captured();
    document(folder.path(), "host: {clock: {source: tsc}}\n");
    let found = rigcheck(folder.path(), &["snapshot", "diff", "here.snapshot", "production.yaml"]);
    assert!([1, 3].contains(&found.code), "{}", found.out);
    assert!(found.out.contains("host.kernel.arch"), "{}", found.out);
}

#[test]
fn what_is_no_snapshot_is_told_with_what_to_do() {
    let (folder, path) = captured();
    let text = fs::read_to_string(&path).unwrap();
    let edited = text.replacen("x86_64", "vax", 1);
    let newer = text.replacen(r#""format":{"value":{"count":1}"#, r#""format":{"value":{"count":7}"#, 1);
    assert_ne!(newer, text);
    for (what, says) in [
        (&text[..text.len() / 2], "the file was cut"),
        (&text[..text.len() - 1], "the file was cut"),
        (text.lines().next().unwrap(), "was cut"),
        ("", "it is empty"),
        ("hello\nworld\n", "is not what rigcheck writes"),
        (edited.as_str(), "the file was edited"),
        (newer.as_str(), "format 7, and this release reads format 1"),
    ] {
        fs::write(folder.path().join("odd.snapshot"), what).unwrap();
        let said = rigcheck(folder.path(), &["snapshot", "show", "odd.snapshot"]).ends(2);
        assert!(said.err.contains(says) && said.err.contains("odd.snapshot:"), "{says}: {}", said.err);
    }
    let said = rigcheck(folder.path(), &["snapshot", "show", "nothing"]).ends(2);
    assert!(said.err.contains("neither a file nor a baseline"), "{}", said.err);
    let said = rigcheck(folder.path(), &["snapshot", "capture", "here.snapshot"]).ends(2);
    assert!(said.err.contains("is there already"), "{}", said.err);
    fs::write(folder.path().join("odd.yaml"), "a: 1\n").unwrap();
    let said = rigcheck(folder.path(), &["snapshot", "show", "odd.yaml"]).ends(2);
    assert!(said.err.contains("as_of"), "{}", said.err);
}

#[test]
fn a_workload_that_is_not_there_is_a_gap_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let args = ["snapshot", "capture", "-", "--workload", "gateway=process:no-such-process-here", "--name", "x"];
    let said = rigcheck(folder.path(), &args).ends(0);
    assert!(said.err.contains("2 parts") && said.err.contains("? gateway: not configured"), "{}", said.err);
    fs::write(folder.path().join("x.snapshot"), &said.out).unwrap();
    let shown = rigcheck(folder.path(), &["snapshot", "show", "x.snapshot"]).ends(0).out;
    assert!(shown.contains("gateway (workload): not configured"), "{shown}");
    let found = rigcheck(folder.path(), &["snapshot", "diff", "x.snapshot", "x.snapshot"]).ends(3).out;
    assert!(found.starts_with("could not tell whether x matches x"), "{found}");
}

#[test]
fn a_baseline_says_who_accepted_what_and_is_not_overwritten_in_silence() {
    let (folder, _) = captured();
    let at = folder.path();
    let accept = ["baseline", "accept", "here.snapshot", "--as", "staging", "--by", "sre@example.com", "--why", "signed off"];
    assert!(rigcheck(at, &["baseline", "list"]).ends(0).err.contains("There is no baseline"));
    assert!(rigcheck(at, &accept).ends(0).err.contains("review and commit"));
    let reviewed = fs::read_to_string(at.join("baselines/staging/facts.txt")).unwrap();
    assert!(reviewed.contains("accepted by sre@example.com on ") && reviewed.contains(": signed off\n"), "{reviewed}");
    assert_eq!(rigcheck(at, &["baseline", "show", "staging"]).ends(0).out, reviewed);
    assert!(rigcheck(at, &["baseline", "list"]).ends(0).out.contains("sre@example.com"));

    document(at, "host: {kernel: {arch: vax}}\n");
    let other = ["baseline", "accept", "production.yaml", "--as", "staging", "--by", "sre", "--why", "x"];
    let refused = rigcheck(at, &other).ends(2);
    assert!(refused.err.contains("host.kernel.arch") && refused.err.contains("--replace"), "{}", refused.err);
    assert_eq!(fs::read_to_string(at.join("baselines/staging/facts.txt")).unwrap(), reviewed);
    rigcheck(at, &[&other[..], &["--replace"]].concat()).ends(0);
    assert!(rigcheck(at, &["baseline", "show", "staging"]).ends(0).out.contains("vax"));

    let path = at.join("baselines/staging/facts.txt");
    fs::write(&path, fs::read_to_string(&path).unwrap().replace("vax", "x86_64")).unwrap();
    let said = rigcheck(at, &["baseline", "show", "staging"]).ends(2);
    assert!(said.err.contains("facts.txt:") && said.err.contains("one of the two was edited"), "{}", said.err);

    for (wrong, says) in [("../x", "letters, digits"), ("", "say it")] {
        let said = rigcheck(at, &["baseline", "accept", "here.snapshot", "--as", wrong, "--by", "sre", "--why", "x"]).ends(2);
        assert!(said.err.contains(says), "{}", said.err);
    }
    let said = rigcheck(at, &[&accept[..], &["--tolerate", "host.memory.total=much"]].concat()).ends(2);
    assert!(said.err.contains("no distance"), "{}", said.err);
}

#[test]
fn drift_is_what_differs_from_what_was_accepted() {
    let (folder, _) = captured();
    let at = folder.path();
    fs::write(at.join("rigcheck.yaml"), "version: 1\nrig: staging\nenvironment: {}\n").unwrap();
    let accept = |from: &str, more: &[&str]| {
        let args = ["baseline", "accept", from, "--as", "staging", "--by", "sre", "--why", "x", "--replace"];
        rigcheck(at, &[&args[..], more].concat()).ends(0);
    };
    accept("here.snapshot", &[]);
    assert!(rigcheck(at, &["drift", "--against", "staging"]).ends(0).out.starts_with("staging now matches staging as accepted"));

    let (kernel, model) = (fact(at, "host.kernel.release"), fact(at, "host.cpu.count"));
    document(at, &format!("host: {{kernel: {{release: \"{kernel}\"}}, cpu: {{count: {model}}}, memory: {{swappiness: 99}}}}\n"));
    accept("production.yaml", &[]);
    let drift = ["drift", "--against", "staging", "--fail-on-new"];
    assert!(rigcheck(at, &drift).ends(1).out.contains("host.memory.swappiness"));
    accept("production.yaml", &["--tolerate", "host.memory.swappiness=noted"]);
    // What was not known when it was accepted either is nothing new; without the option it is.
    rigcheck(at, &drift).ends(0);
    rigcheck(at, &drift[..3]).ends(3);
    let said = rigcheck(at, &["drift", "--against", "production"]).ends(2);
    assert!(said.err.contains("there are staging"), "{}", said.err);
}

#[test]
fn an_audit_names_a_reference_that_is_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let spec = "version: 1\nrig: staging\nenvironment: {reference: production.snapshot}\ncases: [PERF_INFRA_ENVIRONMENT_CONFIG_MATCH_001]\n";
    fs::write(folder.path().join("rigcheck.yaml"), spec).unwrap();
    let said = rigcheck(folder.path(), &["audit"]).ends(2);
    assert!(said.err.contains("production.snapshot does not exist") && said.err.contains("rigcheck snapshot capture"), "{}", said.err);
}

/// What the reference tells nothing of is not out of scope: somebody has to say that it is not known.
#[test]
fn what_cannot_be_compared_at_all_is_no_data() {
    let (folder, _) = captured();
    let arch = fact(folder.path(), "host.kernel.arch");
    document(folder.path(), &format!("host: {{kernel: {{arch: {arch}}}}}\n"));
    let spec = "version: 1\nrig: staging\nenvironment: {reference: production.yaml}\ncases: [PERF_INFRA_ENVIRONMENT_CONFIG_MATCH_001]\n";
    fs::write(folder.path().join("rigcheck.yaml"), spec).unwrap();
    let report = json(&rigcheck(folder.path(), &["audit", "-o", "json"]).ends(3));
    let rules = report["cases"][0]["rules"].as_array().unwrap();
    let status = |id: &str| rules.iter().find(|r| r["id"] == id).unwrap()["outcomes"][0]["status"].clone();
    assert_eq!((status("CFG-03"), status("CFG-04"), status("CFG-05")), ("no_data".into(), "no_data".into(), "not_applicable".into()));
}

#[test]
fn an_audit_of_a_machine_beside_its_snapshot_says_what_carries_over() {
    let (folder, _) = captured();
    let spec = "version: 1\nrig: staging\nenvironment: {reference: here.snapshot}\ncases: [PERF_INFRA_ENVIRONMENT_CONFIG_MATCH_001]\n";
    fs::write(folder.path().join("rigcheck.yaml"), spec).unwrap();
    let ran = rigcheck(folder.path(), &["audit", "-o", "json"]);
    let report = json(&ran);
    let failed: Vec<_> = report.to_string().match_indices(r#""status":"fail""#).map(|(at, _)| at).collect();
    assert!(failed.is_empty(), "{report:#}");
    assert!(ran.out.contains("carries over to staging: which of two releases"), "{}", ran.out);
    let replayed = rigcheck(folder.path(), &["replay", "latest", "-o", "json"]);
    assert_eq!(replayed.code, ran.code, "{}", replayed.err);
}
