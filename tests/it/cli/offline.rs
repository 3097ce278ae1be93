//! What needs no run.

use super::rigcheck;
use rigcheck::spec::catalogue::Catalogue;
use std::{fs, path::Path, process::Command};

#[test]
fn help_says_what_there_is_and_how_it_ends() {
    let folder = tempfile::tempdir().unwrap();
    let help = rigcheck(folder.path(), &["--help"]).ends(0).out;
    for word in [
        "demo",
        "audit",
        "plan",
        "validate",
        "list",
        "explain",
        "generate",
        "replay",
        "report",
        "upgrade",
        "runs",
        "waive",
        "mock",
        "Exit codes: 0 ready",
    ] {
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
    assert!(list.lines().all(|l| l.chars().count() <= 120), "{list}");
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
    for part in [
        "Nothing was sent",
        "controlled load",
        "In all about 42 s, 500",
        "tokens",
        "Allowed: 600 requests",
        "access_log log lines",
        "prometheus histogram total",
    ] {
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

    // A result that nobody gets is no result; one that somebody stopped reading is.
    let lost = into_full(folder.path(), &["report", "latest"]);
    assert!(lost.1.contains("error: writing standard output: "), "{}", lost.1);
    assert_eq!(lost.0, Some(2));
    assert_eq!(into_full(folder.path(), &["report", "latest", "--output", "json", "--exit-zero"]).0, Some(2));
    let both = rigcheck(folder.path(), &["report", "latest", "--output", "human", "--output", "html:/dev/full"]).ends(2);
    assert!(both.out.contains("INDETERMINATE") && both.err.contains("writing /dev/full"), "one lost report keeps no other back: {}", both.err);
}

/// Exit code and standard error of a command whose standard output is a full disk.
fn into_full(folder: &Path, args: &[&str]) -> (Option<i32>, String) {
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let ran = Command::new(env!("CARGO_BIN_EXE_rigcheck")).args(args).current_dir(folder).stdout(full).output().unwrap();
    (ran.status.code(), String::from_utf8(ran.stderr).unwrap())
}

#[test]
fn a_lost_result_is_told_and_a_reader_that_left_is_not() {
    let folder = tempfile::tempdir().unwrap();
    for args in [&["list"][..], &["explain", "LAT-14"], &["demo", "--list-faults"], &["--help"]] {
        let (code, err) = into_full(folder.path(), args);
        assert!(code == Some(2) && err.contains("error: writing standard output: "), "{args:?}: {code:?} {err}");
    }
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let ran = Command::new(env!("CARGO_BIN_EXE_rigcheck")).arg("list").current_dir(folder.path()).stdout(writer).output().unwrap();
    assert_eq!((ran.status.code(), ran.stderr.len()), (Some(0), 0));
}

#[test]
fn columns_are_honoured_where_there_is_no_terminal() {
    let folder = tempfile::tempdir().unwrap();
    for (columns, most) in [("60", 60), ("100", 100), ("no number", 120)] {
        let ran = Command::new(env!("CARGO_BIN_EXE_rigcheck")).arg("list").env("COLUMNS", columns).current_dir(folder.path()).output().unwrap();
        let text = String::from_utf8(ran.stdout).unwrap();
        let widest = text.lines().map(|l| l.chars().count()).max();
        assert!(widest.is_some_and(|w| w <= most && w > most / 2), "{widest:?} {text}");
        assert!(text.contains("PERF_INFRA_MONITORING_LATENCY_ACCURACY_001"), "ids are never broken:\n{text}");
    }
}

#[test]
fn in_few_columns_a_list_stands_for_a_table() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("rigcheck.yaml"), SPEC).unwrap();
    super::recorded::record(folder.path(), &super::recorded::id(1), crate::report::samples::blocked());
    for args in [&["plan"][..], &["runs", "list"], &["list"]] {
        let ran = Command::new(env!("CARGO_BIN_EXE_rigcheck")).args(args).env("COLUMNS", "60").current_dir(folder.path()).output().unwrap();
        let text = String::from_utf8(ran.stdout).unwrap();
        let own = |l: &&str| !l.starts_with(['I', 'A', 'P']); // sentences around it
        assert!(!text.contains('│') && text.lines().filter(own).all(|l| l.chars().count() <= 60), "{args:?}\n{text}");
    }
}

#[test]
fn an_unreachable_target_is_blamed_first() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("rigcheck.yaml"), SPEC).unwrap();
    let out = rigcheck(folder.path(), &["audit"]).ends(3).out;
    let flat = out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(flat.contains("INDETERMINATE the target could not be reached (http://127.0.0.1:9/"), "{out}");
    // Without a name, the latest is meant.
    assert_eq!(rigcheck(folder.path(), &["report"]).ends(3).out, rigcheck(folder.path(), &["report", "latest"]).ends(3).out);
    rigcheck(folder.path(), &["replay"]).ends(3);
    rigcheck(folder.path(), &["runs", "show"]).ends(0);
}

#[test]
fn more_than_is_allowed_is_told_with_the_keys_to_change() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("rigcheck.yaml"), SPEC.replace("requests: 600, tokens: 60k", "requests: 499, tokens: 1k")).unwrap();
    let (plan, valid) = (rigcheck(folder.path(), &["plan"]).ends(2), rigcheck(folder.path(), &["validate"]).ends(0));
    rigcheck(folder.path(), &["plan", "--output", "json"]).ends(2);
    let audit = rigcheck(folder.path(), &["audit"]).ends(2);
    assert!(audit.err.contains("nothing was sent") && !folder.path().join(".rigcheck").exists(), "{}", audit.err);
    for told in [&plan.out, &valid.err, &audit.err] {
        for part in [
            "500 requests, and `target.allow.requests` is 499",
            "tokens, and `target.allow.tokens` is 1000",
            "`cases: {PERF_INFRA_MONITORING_LATENCY_ACCURACY_001: {audit: {requests: N}}}`",
        ] {
            assert!(told.contains(part), "no {part} in\n{told}");
        }
    }
    assert!(valid.out.contains("is sound, but asks for more than it allows."), "{}", valid.out);
}

#[test]
fn what_goes_to_the_reference_endpoint_is_planned_and_not_charged_to_the_target() {
    let folder = tempfile::tempdir().unwrap();
    let spec = SPEC.replace("requests: 600", "requests: 500").replace("model: m,", "model: rigcheck-truth,");
    fs::write(folder.path().join("rigcheck.yaml"), spec.replace("sources:\n", "sources:\n  truth: {url: http://127.0.0.1:10}\n")).unwrap();
    let plan = rigcheck(folder.path(), &["plan"]).ends(0).out;
    let flat = plan.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(flat.contains("66 (free)") && flat.contains(" 500 requests and at most ") && flat.contains("; 66 requests and at most "), "{plan}");
    assert!(flat.contains("to the reference endpoint, free."), "{plan}");
    let json: serde_json::Value = serde_json::from_str(&rigcheck(folder.path(), &["plan", "--output", "json"]).ends(0).out).unwrap();
    assert_eq!((json["total"]["requests"].as_u64(), json["total"]["reference"]["requests"].as_u64()), (Some(500), Some(66)), "{json:#}");
    assert!(json["total"]["reference"]["tokens"].as_u64() > Some(0));
}

#[test]
fn a_spec_that_can_never_be_ready_says_so_before_anything_is_sent() {
    let folder = tempfile::tempdir().unwrap();
    let alone = SPEC.split("sources:").next().unwrap();
    fs::write(folder.path().join("rigcheck.yaml"), alone).unwrap();
    for command in ["validate", "plan"] {
        let out = rigcheck(folder.path(), &[command]).ends(0).out;
        for part in ["! This cannot end READY: LAT-02 ", "LAT-08 ", "no log, trace source or histogram"] {
            assert!(out.contains(part), "no {part} in\n{out}");
        }
    }
    let audit = rigcheck(folder.path(), &["audit"]).ends(3);
    assert!(audit.err.contains("! This cannot end READY: "), "{}", audit.err);
    assert!(audit.out.contains("add `sources.access_log`") && !audit.out.contains("name it in the spec"), "{}", audit.out);
    fs::write(folder.path().join("rigcheck.yaml"), SPEC).unwrap();
    assert!(!rigcheck(folder.path(), &["validate"]).ends(0).out.contains("cannot end READY"));
}

#[test]
fn an_expired_waiver_is_told_as_such() {
    let folder = tempfile::tempdir().unwrap();
    let waiver = "waivers: [{rule: LAT-14, reason: r, owner: o, expires: 2020-01-01T00:00:00Z}]\n";
    fs::write(folder.path().join("rigcheck.yaml"), format!("{SPEC}{waiver}")).unwrap();
    for command in ["validate", "plan"] {
        let ran = rigcheck(folder.path(), &[command]).ends(0);
        assert!(ran.err.contains("this waiver expired on 2020-01-01T00:00:00Z") && ran.err.contains("renew or remove it"), "{}", ran.err);
        assert!(!ran.err.contains("holds whatever") && !ran.out.contains("until 2020"), "{}{}", ran.err, ran.out);
    }
}

#[test]
fn a_spec_without_its_option_gets_a_tip() {
    let folder = tempfile::tempdir().unwrap();
    for command in ["validate", "plan", "audit"] {
        let err = rigcheck(folder.path(), &[command, "some/rigcheck.yaml"]).ends(2).err;
        assert!(err.contains("tip: name the spec by `--spec some/rigcheck.yaml`"), "{err}");
    }
    assert!(!rigcheck(folder.path(), &["list", "rigcheck.yaml"]).ends(2).err.contains("--spec"));
}

#[test]
fn what_the_mock_cannot_do_is_refused_in_its_own_words() {
    let folder = tempfile::tempdir().unwrap();
    for (args, part) in [
        (&["--error-rate", "200%"][..], "more than all requests; write at most `100%`"),
        (&["--listen", "foo"], "as in `127.0.0.1:9100`"),
        (&["--listen", "127.0.0.1:0", "--access-log", "/nope/x.jsonl"], "starting the mock: opening the access log /nope/x.jsonl: "),
    ] {
        let err = rigcheck(folder.path(), &[&["mock"], args].concat()).ends(2).err;
        assert!(err.contains(part) && !err.contains("listening on"), "{err}");
    }
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let at = taken.local_addr().unwrap().to_string();
    let err = rigcheck(folder.path(), &["mock", "--listen", &at]).ends(2).err;
    assert!(err.contains(&format!("starting the mock: listening on {at}: ")), "{err}");
    let help = rigcheck(folder.path(), &["mock", "--help"]).ends(0).out;
    assert!(help.find("--otlp") < help.find("--color"), "{help}");
}

#[test]
fn a_second_run_is_refused_as_what_it_is() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("rigcheck.yaml"), SPEC).unwrap();
    let shelf = rigcheck::store::Shelf::of(folder.path());
    let first = shelf.begin(&rigcheck::model::name::name("01A00000000000000000000000"), &rigcheck::spec::profile::Profile::default()).unwrap();
    let err = rigcheck(folder.path(), &["audit"]).ends(2).err;
    assert!(err.contains("error: another run of rigcheck is going on"), "{err}");
    drop(first);
}

#[test]
fn nothing_in_scope_is_4() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("rigcheck.yaml"), "version: 1\nrig: bare\nsources:\n  access_log: {path: nothing.jsonl}\n").unwrap();
    let ran = rigcheck(folder.path(), &["audit"]).ends(4);
    assert!(ran.out.contains("INDETERMINATE"), "{}", ran.out);
    // The same words before and after.
    let valid = rigcheck(folder.path(), &["validate"]).ends(0).out;
    assert!(valid.contains("is sound, but selects nothing to judge: `rigcheck audit` would end with 4."), "{valid}");
    let known = Catalogue::load(None).unwrap().cases;
    let (cases, rules) = (known.len(), known.iter().map(|case| case.rules.len()).sum::<usize>());
    for text in [&valid, &ran.out] {
        assert!(text.contains(&format!("0 of 25 cases (this release has {cases}), 0 of {rules} rules")), "{text}");
    }
    let plan = rigcheck(folder.path(), &["plan"]).ends(0).out;
    assert!(plan.contains("Nothing would be asked") && !plan.contains("In all"), "{plan}");
    assert!(ran.err.contains("plan: nothing to ask"), "{}", ran.err);
}

#[test]
fn output_wishes_are_checked_before_the_run() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("folder")).unwrap();
    fs::write(folder.path().join("rigcheck.yaml"), SPEC).unwrap();
    for (wish, why) in [
        (&["--output", "pdf"][..], "there is no format `pdf`"),
        (&["--output", "json", "--output", "human"], "only one report can go to standard output"),
        (&["--output", "html:no/such/folder/r.html"], "there is no folder"),
        (&["--output", "html:"], "no path after the colon"),
        (&["--output", "html:folder"], "is a folder"),
        (&["--output", "html:/proc/no-file-can-be-made-here.html"], "--output /proc/no-file"),
        // The first of these could be written; nothing may be left of trying it.
        (&["--output", "json:r.json", "--output", "html:folder"], "is a folder"),
    ] {
        let ran = rigcheck(folder.path(), &[&["audit"], wish].concat()).ends(2);
        assert!(ran.err.contains(why), "{wish:?}: {}", ran.err);
        assert!(!folder.path().join(".rigcheck").exists(), "{wish:?} must not start a run");
        assert!(!folder.path().join("r.json").exists(), "{wish:?} leaves a file behind");
    }
}

#[test]
fn a_flag_goes_before_the_environment_and_that_before_the_file() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("rigcheck.yaml"), SPEC).unwrap();
    fs::write(folder.path().join("other.yaml"), SPEC.replace("rig: offline", "rig: other")).unwrap();
    let told = |args: &[&str], env: &[(&str, &str)]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rigcheck"));
        let output = command.current_dir(folder.path()).env_clear().envs(env.iter().copied()).args(args).output().unwrap();
        String::from_utf8([output.stdout, output.stderr].concat()).unwrap()
    };
    let other = [("RIGCHECK_SPEC", "other.yaml")];
    assert!(told(&["validate"], &[]).contains("rig     offline"));
    assert!(told(&["validate"], &other).contains("rig     other"));
    assert!(told(&["validate", "--spec", "rigcheck.yaml"], &other).contains("rig     offline"));
    assert!(told(&["validate", "--set", "rig=third"], &other).contains("rig     third"));
    assert!(told(&["plan", "--set", "rig=third"], &[]).contains("Plan for rig third"));
    assert!(told(&["list"], &[("RIGCHECK_CHECKS", "nowhere")]).contains("nowhere: cannot be read as a folder of checks"));
    assert!(told(&["replay", "latest", "--set", "rig=third"], &[]).contains("--spec"), "a change of which spec?");
    assert!(told(&["audit"], &[("RIGCHECK_OUTPUT", "pdf")]).contains("there is no format `pdf`"));
    assert!(told(&["--help"], &[("RIGCHECK_COLOR", "never")]).contains("[env: RIGCHECK_COLOR]"));
    assert!(told(&["init", "--help"], &other).contains("[env: RIGCHECK_SPEC]"));
    assert!(told(&["waive", "--help"], &[("RIGCHECK_OWNER", "sre")]).contains("[env: RIGCHECK_OWNER]"));
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = told(&["mock", "--listen", &taken.local_addr().unwrap().to_string()], &[]);
    assert!(taken.contains("choose another --listen"), "{taken}");
    let resolved = told(&["validate", "--resolved", "--set", "gate.threshold=0.9"], &other);
    assert!(resolved.contains("threshold: 0.9") && resolved.contains("# --set") && resolved.contains("# other.yaml:2"), "{resolved}");
}
