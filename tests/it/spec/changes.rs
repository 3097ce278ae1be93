//! What differs from the edition of the checks is found when a spec is loaded, whoever wrote it and wherever.

use super::{OTHER_FILES, OTHERS, SMALL, env, good, others};
use crate::cli::rigcheck;
use rigcheck::{
    model::{change::What, rig::Quantity},
    spec::{Loaded, Options, load_text},
};
use std::{fs, path::Path};

const CASE: &str = "PERF_INFRA_MONITORING_LATENCY_ACCURACY_001";
const EMBEDDED: &str = include_str!("../../../checks/observability/latency_accuracy.yaml");

/// The small rig with something said about its case.
fn over(of_case: &str) -> Loaded {
    good(&format!("{SMALL}cases:\n  {CASE}: {of_case}\n{}", OTHERS.map(|id| format!("  {id}: {{}}\n")).concat()))
}

/// The small rig, judged by the texts of own case files.
fn own(files: &[&str]) -> Loaded {
    let folder = tempfile::tempdir().unwrap();
    for (nth, text) in files.iter().chain(&OTHER_FILES).enumerate() {
        fs::write(folder.path().join(format!("{nth}.yaml")), text).unwrap();
    }
    let options = Options { checks_dir: Some(folder.path().to_owned()), env: &env, exec: rigcheck::spec::Exec::Refused };
    load_text(SMALL, "rigcheck.yaml", Path::new("/nowhere"), &options).unwrap_or_else(|problems| panic!("{problems}"))
}

fn changes(loaded: &Loaded) -> Vec<String> {
    loaded.profile.changed.iter().map(ToString::to_string).collect()
}

/// Those that let something through by themselves.
fn through(loaded: &Loaded) -> Vec<String> {
    loaded.profile.changed.iter().filter(|c| c.lets_through).map(ToString::to_string).collect()
}

#[test]
fn what_changes_nothing_is_no_change() {
    let same = "{audit: {requests: 480}, weight: critical, rules: {LAT-14: {blocker: true, params: {margin: {absolute: 0.005s, relative: 2.0%}}, ttl: 1440min, n_min: 200}, LAT-05: {deselect: false}}}";
    for loaded in [good(SMALL), good(&format!("{SMALL}gate: {{threshold: 85%, coverage: 0.9}}\n")), over(same), own(&[EMBEDDED])] {
        assert_eq!(changes(&loaded), [""; 0]);
        assert_eq!(loaded.profile.digest(), good(SMALL).profile.digest());
        assert!(!loaded.summary().contains("changed"), "{}", loaded.summary());
    }
}

#[test]
fn each_thing_that_a_spec_can_loosen_is_named() {
    let plain = good(SMALL).profile.digest();
    let all = [
        ("{rules: {LAT-14: {params: {margin: {absolute: 100s}}}}}", "LAT-14 margin.absolute 5ms → 100s", false),
        ("{rules: {LAT-14: {params: {margin: {inter_chunk: {relative: 50%}}}}}}", "LAT-14 margin.inter_chunk.relative 5% → 50%", false),
        ("{rules: {LAT-14: {blocker: false}}}", "LAT-14 blocker yes → no", true),
        ("{rules: {LAT-05: {blocker: true}}}", "LAT-05 blocker no → yes", false),
        ("{rules: {LAT-14: {weight: low}}}", "LAT-14 weight critical → low", false),
        ("{rules: {LAT-14: {n_min: 1}}}", "LAT-14 n_min 200 → 1", false),
        ("{rules: {LAT-14: {ttl: 90000s}}}", "LAT-14 ttl 24h → 25h", false),
        ("{rules: {LAT-01: {deselect: true}}}", "LAT-01 deselected", true),
        ("{rules: {LAT-05: {deselect: true}}}", "LAT-05 deselected", false),
        ("{weight: low}", "PERF_INFRA_MONITORING_LATENCY_ACCURACY_001 weight critical → low", false),
        ("{audit: {requests: 60}}", "PERF_INFRA_MONITORING_LATENCY_ACCURACY_001 requests 480 → 60", false),
    ];
    for (written, said, lets_through) in all {
        let loaded = over(written);
        assert_eq!(changes(&loaded), [said], "{written}");
        assert_eq!(loaded.profile.changed[0].lets_through, lets_through, "{written}");
        assert_ne!(loaded.profile.digest(), plain, "{written}");
        assert!(loaded.summary().contains(&format!("changed {said}\n")) && loaded.summary().contains("checks 2027.1 (changed)"));
    }
    let gate = good(&format!("{SMALL}gate: {{threshold: 0.3, coverage: 95%}}\n"));
    assert_eq!(
        (changes(&gate), through(&gate)),
        (vec!["gate score 0.85 → 0.3".into(), "gate coverage 0.9 → 0.95".into()], vec!["gate score 0.85 → 0.3".into()])
    );
    // Blockers that nothing of this rig could fail let nothing through.
    let none = good(&format!("{SMALL}cases: []\n"));
    let all = [CASE].into_iter().chain(OTHERS);
    assert_eq!((changes(&none), through(&none)), (all.map(|c| format!("{c} left out")).collect(), vec![format!("{CASE} left out")]));
}

#[test]
fn own_checks_are_compared_with_the_edition_too() {
    let without = |id: &str| {
        let from = EMBEDDED.find(&format!("  - id: {id}\n")).unwrap();
        let to = EMBEDDED[from + 4..].find("  - id: ").map_or(EMBEDDED.len(), |at| from + 4 + at);
        format!("{}{}", &EMBEDDED[..from], &EMBEDDED[to..])
    };
    let loaded = own(&[&without("LAT-14")]);
    assert_eq!((changes(&loaded), through(&loaded)), (vec!["LAT-14 left out".into()], vec!["LAT-14 left out".into()]));
    assert!(loaded.warnings.to_string().contains("LAT-14 is a blocker of checks 2027.1 and is left out"), "{}", loaded.warnings);

    let other = own(&[include_str!("../../../checks/_template.yaml")]);
    assert_eq!(changes(&other), [format!("{CASE} left out"), "MY_CASE_001 not of this edition".into()]);
    assert_eq!(through(&other), [format!("{CASE} left out")]);

    // A rule that keeps its name and judges something else, or only rigs that are not there.
    let from = EMBEDDED.find("  - id: LAT-13\n").unwrap();
    let mine = |what: &str, with: &str| format!("{}{}", &EMBEDDED[..from], EMBEDDED[from..].replacen(what, with, 1));
    let idle = own(&[&mine("requires: [controlled_load, per_request_server_record]", "requires: [controlled_load, exemplars]")]);
    assert_eq!(through(&idle), ["LAT-13 requires controlled_load+per_request_server_record → controlled_load+exemplars"]);
    let proofs = EMBEDDED[from..].lines().find(|line| line.contains("proven_by: [")).expect("its faults").trim();
    let proven = own(&[&mine(proofs, "proven_by: []")]);
    assert_eq!((changes(&proven), through(&proven)), (vec!["LAT-13 proven yes → no".into()], vec![]));
}

#[test]
fn prose_is_no_change() {
    let mended = [
        "title: Recorded",
        "why: Figures",
        "method: Of",
        "matched / recorded",
        "blind_spots: Requests",
        "remedy: Log",
        "source: rigcheck",
        "proven_by: [log",
    ]
    .iter()
    .fold(EMBEDDED.replacen("question: If", "question: Whether", 1), |text, what| {
        let from = text.find("  - id: LAT-13\n").unwrap();
        let (before, after) = text.split_at(from);
        assert!(after.contains(what), "{what}");
        format!("{before}{}", after.replacen(what, &format!("{what}-and-more"), 1))
    });
    let loaded = own(&[&mended]);
    let rule = loaded.profile.cases[0].rules.iter().find(|r| r.id.as_str() == "LAT-13").unwrap();
    assert!(rule.why.starts_with("Figures-and-more") && rule.source == "rigcheck-and-more");
    assert_eq!((changes(&loaded), loaded.profile.digest()), (vec![], good(SMALL).profile.digest()));
}

#[test]
fn blockers_that_are_taken_out_and_a_lower_gate_are_warned_of() {
    // Neither order of the keys hides it.
    for rule in ["{deselect: true}", "{blocker: false, deselect: true}", "{deselect: true, blocker: false}"] {
        let told = over(&format!("{{rules: {{LAT-14: {rule}}}}}")).warnings.to_string();
        assert_eq!(told.matches("LAT-14 is a blocker and is deselected").count(), 1, "{rule}: {told}");
        assert!(told.contains("rigcheck.yaml:11:"), "{told}");
    }
    let told = over("{rules: {LAT-14: {blocker: false}, LAT-05: {deselect: true}}}").warnings.to_string();
    assert!(told.contains("LAT-14 is a blocker of checks 2027.1 and is none any more") && told.contains("1 warning "), "{told}");
    let gate = |gate: &str| good(&format!("{SMALL}gate: {gate}\n")).warnings.to_string();
    assert!(gate("{threshold: 0.3}").contains("`gate.threshold` of 0.3 is below the 0.85 of checks 2027.1"), "{}", gate("{threshold: 0.3}"));
    assert!(gate("{coverage: 50%}").contains("`gate.coverage` of 0.5 is below the 0.9"));
    assert_eq!(gate("{threshold: 0.9, coverage: 1}"), "");
    assert!(good(&format!("{SMALL}cases: []\n")).warnings.to_string().contains("which has blockers of checks 2027.1, is left out"));
}

#[test]
fn what_changed_is_recorded_with_the_profile() {
    let profile = over("{audit: {requests: 60}, rules: {LAT-01: {deselect: true}}}").profile;
    assert_eq!(profile.changed[0].what, What::Param("requests".into()));
    let text = serde_json::to_string(&profile).unwrap();
    assert_eq!(serde_json::from_str::<rigcheck::spec::profile::Profile>(&text).unwrap(), profile);
}

#[test]
fn a_run_and_its_replay_show_what_their_own_spec_changes() {
    let folder = tempfile::tempdir().unwrap();
    // Nobody listens there: nothing is known, and what the spec changes is told all the same.
    let spec = "version: 1\nrig: offline\ntarget: {url: http://127.0.0.1:9, chat: {model: m}}\nsources:\n  access_log: {path: nothing.jsonl}\n";
    fs::write(folder.path().join("rigcheck.yaml"), format!("{spec}cases: {{{CASE}: {{audit: {{requests: 60}}}}, {}}}\n", others())).unwrap();
    fs::write(folder.path().join("loose.yaml"), format!("{spec}gate: {{threshold: 0.3}}\n")).unwrap();
    let run = |args: &[&str]| -> serde_json::Value {
        let ran = rigcheck(folder.path(), &[args, &["--output", "json"]].concat()).ends(3);
        serde_json::from_str(&ran.out).unwrap()
    };
    let live = run(&["audit"]);
    assert_eq!(live["run"]["changed"], serde_json::json!([{"of": CASE, "what": "requests", "from": "480", "to": "60"}]));
    let unmeasured: Vec<_> = live["run"]["unmeasured"].as_array().unwrap().iter().map(|u| u["quantity"].clone()).collect();
    assert_eq!(unmeasured, ["ttft", "inter_chunk"]);
    assert_eq!(run(&["replay", "latest"])["run"], live["run"]);
    let other = run(&["replay", "latest", "--spec", "loose.yaml"]);
    assert_eq!(other["run"]["changed"], serde_json::json!([{"of": "gate", "what": "score", "from": "0.85", "to": "0.3"}]));
    let valid = rigcheck(folder.path(), &["validate", "--spec", "loose.yaml"]).ends(0);
    assert!(valid.out.contains("changed gate score 0.85 → 0.3\n"), "{}", valid.out);
    assert!(valid.err.contains("`gate.threshold` of 0.3 is below the 0.85 of checks 2027.1"), "{}", valid.err);
}

#[test]
fn quantities_that_nothing_at_the_server_measures_are_known() {
    // The access log and one histogram time the whole only.
    assert_eq!(good(SMALL).profile.unmeasured(), [Quantity::Ttft, Quantity::InterChunk]);
    assert!(good(SMALL).summary().contains("unseen  TTFT:"), "{}", good(SMALL).summary());
    let traced = SMALL.replace("  truth:", "  otlp: {claims: [ttft, inter_chunk]}\n  truth:");
    assert_eq!(good(&traced).profile.unmeasured(), []);
    let unstreamed = SMALL.replace("model: rigcheck-truth}", "model: rigcheck-truth, stream: false}");
    assert_eq!(good(&unstreamed).profile.unmeasured(), [Quantity::Ttft], "nothing streams: there are no gaps between chunks");
}
