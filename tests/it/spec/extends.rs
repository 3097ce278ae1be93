//! Specs over specs: one base for several environments, and single values from the command line over both.

use super::env;
use rigcheck::{
    model::units::Count,
    spec::{
        Exec, Loaded, Options,
        diagnostics::Problems,
        load_changed,
        settings::{Auth, LogPlace, SourceSettings},
    },
};
use std::{fs, path::Path};

const BASE: &str = "\
version: 1
target:
  url: http://127.0.0.1:8000
  bearer: \"${file:token}\"
  chat: {model: rigcheck-truth, max_tokens: 32}
  allow: {requests: 600}
sources:
  access_log: {path: logs/access.jsonl, duration: {field: d, unit: s}}
  prometheus: {url: http://127.0.0.1:9090}
  jaeger: {url: http://127.0.0.1:16686, service: gateway}
metrics:
  total: {histogram: http_request_duration_seconds}
";

/// Writes files by their paths, and reads the first one.
fn read(files: &[(&str, &str)], changes: &[&str], folder: &Path) -> Result<Loaded, Problems> {
    for (name, text) in files {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let changes: Vec<_> = changes.iter().map(|c| (*c).to_owned()).collect();
    load_changed(&folder.join(files[0].0), &changes, &Options { checks_dir: None, env: &env, exec: Exec::Refused })
}

fn good(files: &[(&str, &str)], changes: &[&str], folder: &Path) -> Loaded {
    read(files, changes, folder).unwrap_or_else(|problems| panic!("{problems}"))
}

#[test]
fn an_environment_says_only_what_differs() {
    let folder = tempfile::tempdir().unwrap();
    let prod = "extends: ../shared/base.yaml\nrig: prod\ntarget: {url: http://localhost:8001, allow: null}\nsources: {jaeger: null}\n";
    let files = [("prod/rigcheck.yaml", prod), ("shared/base.yaml", BASE), ("shared/token", "from-the-base\n"), ("prod/token", "from-prod\n")];
    let loaded = good(&files, &[], folder.path());
    let rig = &loaded.profile.rig;
    assert_eq!(rig.name.as_str(), "prod");
    let target = rig.target.as_ref().unwrap();
    assert_eq!((target.url.as_str(), target.allow.requests), ("http://localhost:8001", Count(5_000)), "removed, so the default holds");
    assert_eq!(rig.loads["controlled"].max_tokens, 32);
    assert!(!rig.sources.contains_key("jaeger") && rig.sources.contains_key("prometheus"));
    // What is written in the base starts at its folder.
    let Auth::Bearer(token) = &loaded.settings.target.as_ref().unwrap().connection.auth else { panic!() };
    assert_eq!(token.expose(), "from-the-base");
    let SourceSettings::AccessLog(log) = &loaded.settings.sources["access_log"] else { panic!() };
    let LogPlace::File(path) = &log.from else { panic!() };
    assert_eq!(path, &folder.path().join("prod/../shared/logs/access.jsonl"));
    assert!(loaded.warnings.is_empty(), "{}", loaded.warnings);
}

#[test]
fn a_chain_of_eight_files_is_read_from_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let texts: Vec<(String, String)> = (1..8)
        .map(|i| {
            (format!("l{i}.yaml"), format!("extends: l{}.yaml\ngate: {{threshold: 0.{}}}\ntarget: {{chat: {{max_tokens: {i}}}}}\n", i + 1, 90 + i))
        })
        .collect();
    let mut files: Vec<(&str, &str)> = texts.iter().map(|(n, t)| (n.as_str(), t.as_str())).collect();
    let base = format!("{BASE}rig: dev\n");
    files.extend([("l8.yaml", base.as_str()), ("token", "abcd")]);
    let loaded = good(&files, &[], folder.path());
    assert!((loaded.profile.gate.threshold - 0.91).abs() < 1e-9, "the nearest wins");
    assert_eq!(loaded.profile.rig.loads["controlled"].max_tokens, 1);
}

#[test]
fn a_problem_stands_in_the_file_in_which_it_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let top = "extends: base.yaml\nrig: prod\nsources: {access_log: {duration: {unit: sec}}}\n";
    let base = BASE.replace("model: ", "modle: ").replace("\"${file:token}\"", "s3cr3t");
    let told = read(&[("rigcheck.yaml", top), ("base.yaml", &base)], &["gate.threshold=2"], folder.path()).unwrap_err().to_string();
    for part in ["rigcheck.yaml:3:41", "base.yaml:5:10", "did you mean `model`?", "--> --set gate.threshold=…:1:16", "unknown unit `sec`"] {
        assert!(told.contains(part), "no {part} in\n{told}");
    }
    let broken = BASE.replace("\"${file:token}\"", "s3cr3t: x");
    let told = read(&[("rigcheck.yaml", top), ("base.yaml", &broken)], &[], folder.path()).unwrap_err().to_string();
    assert!(told.contains("base.yaml:4:") && !told.contains("s3cr3t"), "{told}");
}

#[test]
fn a_base_may_be_whole_itself_and_the_same_as_the_spec_alone() {
    let folder = tempfile::tempdir().unwrap();
    let base = format!("{BASE}rig: dev\n");
    let alone = good(&[("base.yaml", &base), ("token", "abcd")], &[], folder.path());
    let over = good(&[("rigcheck.yaml", "extends: base.yaml\n"), ("base.yaml", &base)], &[], folder.path());
    assert_eq!(alone.profile.rig, over.profile.rig);
    assert_eq!(alone.profile.digest(), over.profile.digest());
}

#[test]
fn the_command_line_lies_over_the_files_and_the_later_over_the_earlier() {
    let folder = tempfile::tempdir().unwrap();
    let base = format!("{BASE}rig: dev\n");
    let files = [("base.yaml", base.as_str()), ("token", "abcd")];
    let changes = [
        "target.chat.max_tokens=7",
        "target.chat.max_tokens=8",
        "target.bearer=${env:API_KEY}",
        "sources.jaeger=null",
        "sources.my\"x\"=1",
        "metrics.total={histogram: other_milliseconds}",
        "cases.\"PERF_INFRA_MONITORING_LATENCY_ACCURACY_001\".audit.requests=240",
    ];
    let without_odd: Vec<_> = changes.into_iter().filter(|c| !c.contains("my\"")).collect();
    let loaded = good(&files, &without_odd, folder.path());
    let rig = &loaded.profile.rig;
    assert_eq!(rig.loads["controlled"].max_tokens, 8);
    assert!(!rig.sources.contains_key("jaeger"));
    let Auth::Bearer(token) = &loaded.settings.target.as_ref().unwrap().connection.auth else { panic!() };
    assert_eq!(token.expose(), "k3y-of-the-gateway");
    let histogram = rig.claims.iter().find_map(|c| c.histogram()).unwrap();
    assert_eq!((histogram.metric.as_str(), histogram.unit_ms), ("other_milliseconds", 1.0));
    assert!(loaded.profile.changed.iter().any(|c| c.to_string().contains("240")), "{:?}", loaded.profile.changed);
    assert!(read(&files, &changes, folder.path()).is_err());
}
