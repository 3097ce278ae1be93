//! How a command ends, and what it writes where: every format through the binary.

use super::{Ran, rigcheck};
use rigcheck::{
    model::{
        anchors::Place,
        event::{Event, Sink, Stamped},
        name::name,
        outcome::{Outcome, Status, Strength},
        waiver::WaiverState,
    },
    spec::profile::Profile,
    store::Shelf,
};
use std::{fs, path::Path};

const SPEC: &str = "version: 1
rig: offline
target: {url: http://127.0.0.1:9, chat: {path: /v1/chat/completions, model: m, max_tokens: 64}, allow: {requests: 600, tokens: 60k, rate: 20/s}}
sources:
  access_log: {path: nothing.jsonl}
  prometheus: {url: http://127.0.0.1:9}
metrics:
  total: {histogram: h_seconds, unit: s}
";

/// A folder with one run in which nothing answered.
fn silent() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("rigcheck.yaml"), SPEC).unwrap();
    rigcheck(folder.path(), &["audit"]).ends(3);
    folder
}

/// The events of the run in a folder.
fn events(folder: &Path) -> Vec<Stamped> {
    let run = Shelf::of(folder).find("latest").unwrap();
    fs::read_to_string(run.join("events.jsonl")).unwrap().lines().map(|l| serde_json::from_str(l).unwrap()).collect()
}

/// Records the run in a folder once more with other outcomes.
fn rewritten(folder: &Path, id: &str, status: impl Fn(usize) -> Status) {
    changed(folder, id, |at, outcome| outcome.status = status(at));
}

fn changed(folder: &Path, id: &str, change: impl Fn(usize, &mut Outcome)) {
    let id = &format!("{id:0<26}");
    let shelf = Shelf::of(folder);
    let from = shelf.find("latest").unwrap();
    let profile: Profile = serde_json::from_slice(&fs::read(from.join("profile.json")).unwrap()).unwrap();
    let events = events(folder);
    let writer = shelf.begin(&name(id), &profile).unwrap();
    for mut stamped in events {
        match &mut stamped.event {
            Event::Judged(judged) => {
                for (at, outcome) in judged.outcomes.iter_mut().enumerate() {
                    (outcome.unknown, outcome.waiver) = (None, None);
                    outcome.strength = Some(Strength { origin: 1.0, freshness: 1.0, rows: 1.0, control: 1.0 });
                    change(at, outcome);
                }
            }
            // No release judged so.
            Event::Began(header) => (header.run, header.tool) = (name(id), "rigcheck 0.0.1".into()),
            // Its evidence is not copied.
            Event::Answered(_) => continue,
            _ => {}
        }
        writer.on(&stamped);
    }
    writer.finish().unwrap();
}

fn report(folder: &Path, args: &[&str]) -> Ran {
    rigcheck(folder, &[&["report"], args].concat())
}

#[test]
fn nothing_but_the_report_reaches_standard_output() {
    let folder = silent();
    for format in ["json", "junit", "sarif", "markdown", "openmetrics", "nagios"] {
        for more in [&[][..], &["--verbose"], &["--color", "always"], &["--verbose", "--color", "never"]] {
            let ran = report(folder.path(), &[&["latest", "--output", format], more].concat());
            assert_eq!(ran.code, 3, "{format}: {}", ran.err);
            match format {
                "json" | "sarif" => drop(serde_json::from_str::<serde_json::Value>(&ran.out).unwrap()),
                "junit" => drop(roxmltree::Document::parse(&ran.out).unwrap()),
                "openmetrics" => assert!(ran.out.starts_with("# TYPE ") && ran.out.ends_with("# EOF\n"), "{}", ran.out),
                "nagios" => assert_eq!(ran.out.lines().count(), 1, "{}", ran.out),
                _ => assert!(ran.out.starts_with("## ? INDETERMINATE"), "{}", ran.out),
            }
            assert!(!ran.out.contains('\u{1b}'), "{format}");
        }
    }
}

#[test]
fn an_audit_writes_several_formats_at_once_and_talks_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join(".git")).unwrap();
    fs::create_dir(folder.path().join("perf")).unwrap();
    fs::write(folder.path().join("perf/rigcheck.yaml"), SPEC).unwrap();
    let files = ["html:r.html", "sarif:r.sarif", "markdown:r.md", "openmetrics:r.prom", "nagios:r.txt", "json:r.json"];
    let wishes: Vec<&str> = files.iter().flat_map(|f| ["--output", f]).chain(["--output", "junit"]).collect();
    let ran = rigcheck(folder.path(), &[&["audit", "--spec", "perf/rigcheck.yaml"], &wishes[..]].concat()).ends(3);
    roxmltree::Document::parse(&ran.out).unwrap();
    assert!(ran.err.contains("plan:"), "{}", ran.err);
    for file in files {
        let path = folder.path().join(file.split_once(':').unwrap().1);
        assert!(fs::metadata(&path).unwrap().len() > 50, "{file}");
    }
    let sarif: serde_json::Value = serde_json::from_slice(&fs::read(folder.path().join("r.sarif")).unwrap()).unwrap();
    for result in sarif["runs"][0]["results"].as_array().unwrap() {
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "perf/rigcheck.yaml");
    }
    // The anchors are recorded: the report of the old run needs no spec.
    fs::remove_file(folder.path().join("perf/rigcheck.yaml")).unwrap();
    let run = Shelf::of(&folder.path().join("perf")).find("latest").unwrap();
    let again = rigcheck(folder.path(), &["report", run.to_str().unwrap(), "--output", "sarif"]).ends(3).out;
    assert_eq!(again, fs::read_to_string(folder.path().join("r.sarif")).unwrap());
}

#[test]
fn a_report_replaces_a_file_as_a_whole_and_leaves_it_to_its_readers() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
    let folder = silent();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("kept.prom"), "old").unwrap();
    fs::set_permissions(at("kept.prom"), fs::Permissions::from_mode(0o604)).unwrap();
    let before = fs::metadata(at("kept.prom")).unwrap().ino();
    let open = fs::File::open(at("kept.prom")).unwrap();
    symlink("elsewhere.prom", at("link.prom")).unwrap();
    fs::write(at("as-any-file"), "").unwrap();
    let wishes = ["-o", "openmetrics:kept.prom", "-o", "openmetrics:new.prom", "-o", "openmetrics:link.prom"];
    report(folder.path(), &[&["latest"], &wishes[..]].concat()).ends(3);
    let mode = |name: &str| fs::metadata(at(name)).unwrap().mode() & 0o777;
    assert_eq!((mode("kept.prom"), mode("new.prom")), (0o604, mode("as-any-file")));
    assert_ne!(fs::metadata(at("kept.prom")).unwrap().ino(), before);
    assert_eq!(std::io::read_to_string(open).unwrap(), "old", "who had it open reads on in the old one");
    assert!(at("link.prom").is_symlink() && fs::read_to_string(at("elsewhere.prom")).unwrap().ends_with("# EOF\n"));
    let left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name().to_string_lossy().into_owned()).collect();
    assert!(!left.iter().any(|name| name.starts_with(".rigcheck-")), "{left:?}");
}

#[test]
fn anchors_are_the_lines_of_the_spec() {
    let folder = tempfile::tempdir().unwrap();
    let more = "cases:\n  PERF_INFRA_MONITORING_LATENCY_ACCURACY_001:\n    rules:\n      LAT-14: {weight: low}\nwaivers:\n  - {rule: LAT-02, reason: r, owner: o, expires: 2099-01-01T00:00:00Z}\ngate: {threshold: 0.9}\n";
    fs::write(folder.path().join("rigcheck.yaml"), format!("{SPEC}{more}")).unwrap();
    rigcheck(folder.path(), &["audit"]).ends(3);
    let header = events(folder.path()).into_iter().find_map(|e| if let Event::Began(h) = e.event { Some(h) } else { None }).unwrap();
    let at = |line| Place { file: "rigcheck.yaml".into(), line };
    let a = &header.anchors;
    assert_eq!((a.spec.clone(), a.gate.clone(), a.waivers.clone()), (Some(at(1)), Some(at(15)), vec![at(14)]));
    assert_eq!((a.rules["LAT-14"].clone(), a.cases["PERF_INFRA_MONITORING_LATENCY_ACCURACY_001"].clone()), (at(12), at(10)));
    for (subject, line) in [("access_log", 5), ("prometheus", 6), ("prometheus:total", 8), ("load", 3), ("load:total", 3)] {
        assert_eq!(a.subjects.get(subject), Some(&at(line)), "{subject}");
    }
}

#[test]
fn fail_on_is_a_ladder() {
    const LEVELS: [&str; 5] = ["never", "not-ready", "indeterminate", "waived", "warn"];
    let folder = silent();
    let codes = |run: &str| LEVELS.map(|level| report(folder.path(), &[run, "--fail-on", level]).code);
    assert_eq!(codes("latest"), [0, 0, 3, 3, 3]);
    rewritten(folder.path(), "01PASS", |_| Status::Pass);
    assert_eq!(codes("01PASS"), [0, 0, 0, 0, 0]);
    rewritten(folder.path(), "01WARN", |at| if at == 0 { Status::Warn } else { Status::Pass });
    assert_eq!(codes("01WARN"), [0, 0, 0, 0, 1]);
    rewritten(folder.path(), "01BAD", |_| Status::Fail);
    assert_eq!(codes("01BAD"), [0, 1, 1, 1, 1]);
    assert_eq!(report(folder.path(), &["01BAD", "--exit-zero"]).code, 0);
    let both = report(folder.path(), &["01BAD", "--exit-zero", "--fail-on", "warn"]).ends(2);
    assert!(both.err.contains("cannot be used with"), "{}", both.err);
}

#[test]
fn waivers_are_a_step_of_the_ladder() {
    const LEVELS: [&str; 5] = ["never", "not-ready", "indeterminate", "waived", "warn"];
    let folder = tempfile::tempdir().unwrap();
    let waiver = |rule: &str, year: &str| format!("  - {{rule: {rule}, reason: r, owner: o, expires: {year}-01-01T00:00:00Z}}\n");
    let spec =
        |waivers: &str| fs::write(folder.path().join("rigcheck.yaml"), format!("{SPEC}gate: {{threshold: 0.1}}\nwaivers:\n{waivers}")).unwrap();
    let codes = |run: &str| LEVELS.map(|level| report(folder.path(), &[run, "--fail-on", level]).code);
    spec(&waiver("LAT-02", "2099"));
    rigcheck(folder.path(), &["audit"]).ends(3);
    let held = |state| {
        move |_: usize, outcome: &mut Outcome| {
            let ours = outcome.rule.as_str() == "LAT-02";
            outcome.status = if ours { Status::Fail } else { Status::Pass };
            outcome.waiver = ours.then_some((0, state));
        }
    };
    changed(folder.path(), "01HE1D", held(WaiverState::Holds));
    assert!(report(folder.path(), &["01HE1D"]).ends(0).out.contains("READY WITH WAIVERS"));
    assert_eq!(codes("01HE1D"), [0, 0, 0, 1, 1]);
    assert_eq!(report(folder.path(), &["01HE1D", "--output", "nagios"]).code, 1);
    // A waiver that nothing needed yet is no reason; one that has run out is.
    rewritten(folder.path(), "01FREE", |_| Status::Pass);
    assert_eq!(codes("01FREE"), [0, 0, 0, 0, 0]);
    spec(&waiver("LAT-02", "2020"));
    let ended = tempfile::tempdir().unwrap();
    fs::copy(folder.path().join("rigcheck.yaml"), ended.path().join("rigcheck.yaml")).unwrap();
    rigcheck(ended.path(), &["audit"]).ends(3);
    rewritten(ended.path(), "01PAST", |_| Status::Pass);
    assert_eq!(LEVELS.map(|level| report(ended.path(), &["01PAST", "--fail-on", level]).code), [0, 0, 0, 1, 1]);
}

#[test]
fn fail_on_new_gates_on_what_is_new() {
    let folder = silent();
    rewritten(folder.path(), "01BEST", |_| Status::Pass);
    rewritten(folder.path(), "01PART", |at| if at == 0 { Status::Fail } else { Status::Pass });
    rewritten(folder.path(), "01MANY", |at| if at < 2 { Status::Fail } else { Status::Pass });
    rewritten(folder.path(), "01AWAY", |at| if at == 0 { Status::NoData } else { Status::Pass });
    rewritten(folder.path(), "01NEAR", |at| if at == 0 { Status::Warn } else { Status::Pass });
    let code = |now: &str, then: &str, level: &str| report(folder.path(), &[now, "--against", then, "--fail-on-new", "--fail-on", level]).code;
    for (now, then, code_by_default) in
        [("01MANY", "01PART", 1), ("01PART", "01MANY", 0), ("01AWAY", "01BEST", 3), ("01AWAY", "01PART", 3), ("01NEAR", "01BEST", 0)]
    {
        assert_eq!(code(now, then, "indeterminate"), code_by_default, "{now} against {then}");
    }
    assert_eq!((code("01AWAY", "01BEST", "not-ready"), code("01NEAR", "01BEST", "warn"), code("01MANY", "01PART", "never")), (0, 1, 0));
    // The report does not hide the verdict behind the gate.
    let ran = report(folder.path(), &["01PART", "--against", "01MANY", "--fail-on-new"]).ends(0);
    for part in ["NOT READY", "the verdict is NOT READY all the same", "1 resolved since run 01MANY"] {
        assert!(ran.out.split_whitespace().collect::<Vec<_>>().join(" ").contains(part), "no {part} in\n{}", ran.out);
    }
    // Compared, and gated by the verdict as ever.
    report(folder.path(), &["01PART", "--against", "01MANY"]).ends(1);
    let alone = report(folder.path(), &["01PART", "--fail-on-new"]).ends(2);
    assert!(alone.err.contains("--against"), "{}", alone.err);
    // Nothing is new since a run itself, whatever it found.
    for command in ["report", "replay"] {
        let itself = rigcheck(folder.path(), &[command, "01PART", "--against", "01PART", "--fail-on-new"]).ends(2);
        assert!(itself.err.contains("--against 01PART is this very run: name an earlier one"), "{}", itself.err);
    }
    let missing = rigcheck(folder.path(), &["audit", "--against", "01NEVER"]).ends(2);
    assert!(missing.err.contains("--against 01NEVER") && !missing.err.contains("plan:"), "{}", missing.err);
}

#[test]
fn what_is_new_gates_only_since_a_run_of_this_rig_that_saw_something() {
    let folder = silent();
    let gate = ["--fail-on-new"];
    let against = |now: &str, then: &str, gate: &[&str]| report(folder.path(), &[&[now, "--against", then], gate].concat());
    let outage = Shelf::of(folder.path()).find("latest").unwrap().file_stem().unwrap().to_string_lossy().into_owned();
    rewritten(folder.path(), "01BEST", |_| Status::Pass);
    rewritten(folder.path(), "01PEND", |_| Status::NoData);
    rewritten(folder.path(), "01HA1F", |at| if at % 2 == 0 { Status::NoData } else { Status::Pass });
    for (then, why) in [(outage.as_str(), "could not judge anything"), ("01PEND", "could not judge anything")] {
        let err = against("01BEST", then, &gate).ends(2).err;
        assert!(err.contains("--fail-on-new") && err.contains(why), "{err}");
    }
    // Unknown then, unknown now: nothing is new, and nothing is known.
    against("01PEND", "01HA1F", &gate).ends(3);
    against("01PEND", "01BEST", &[&gate[..], &["--fail-on", "not-ready"]].concat()).ends(0);
    // One that was cut short.
    let good = Shelf::of(folder.path()).find("01BEST").unwrap();
    let events = fs::read_to_string(good.join("events.jsonl")).unwrap();
    let uncut = events.trim_end().rsplit_once('\n').unwrap().0.to_owned() + "\n";
    fs::write(good.join("events.jsonl"), uncut).unwrap();
    assert!(against("01HA1F", "01BEST", &gate).ends(2).err.contains("was interrupted"));
    // Another rig, by its name or by its place.
    for (id, from, to, why) in [
        ("01NAME", "rig: offline", "rig: production", "is of rig `production`, and this one of `offline`"),
        ("01ADDR", "http://127.0.0.1:9,", "http://127.0.0.1:7,", "had the target http://127.0.0.1:7"),
    ] {
        let other = tempfile::tempdir().unwrap();
        fs::write(other.path().join("rigcheck.yaml"), SPEC.replacen(from, to, 1)).unwrap();
        rigcheck(other.path(), &["audit"]).ends(3);
        rewritten(other.path(), id, |_| Status::Pass);
        let then = Shelf::of(other.path()).find(id).unwrap().display().to_string();
        let err = against("01HA1F", &then, &gate).ends(2).err;
        assert!(err.contains(why) && err.contains("name a run of this rig"), "{err}");
        let early = rigcheck(folder.path(), &["audit", "--against", &then, "--fail-on-new"]).ends(2).err;
        assert!(early.contains(why) && !early.contains("plan:"), "{early}");
        let told = against("01HA1F", &then, &[]).out.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(told.contains("another rig, production") || told.contains(why), "{told}");
    }
}

#[test]
fn a_command_without_a_report_leaves_no_report_of_an_earlier_run() {
    let folder = silent();
    let at = |name: &str| folder.path().join(name);
    for name in ["old.xml", "old.json", "old.prom", "old.html"] {
        fs::write(at(name), "green").unwrap();
    }
    std::os::unix::fs::symlink(at("old.html"), at("link.xml")).unwrap();
    let outputs = ["junit:old.xml", "json:old.json", "openmetrics:old.prom", "html:old.html", "junit:link.xml", "human"];
    let args: Vec<_> = outputs.iter().flat_map(|o| ["--output", o]).collect();
    let err = report(folder.path(), &[&["01NEVER"], &args[..]].concat()).ends(2).err;
    assert!(err.contains("removed old.xml") && err.contains("removed old.json"), "{err}");
    let there = |name: &str| at(name).symlink_metadata().is_ok();
    let left: Vec<_> = ["old.xml", "old.json", "old.prom", "old.html", "link.xml"].into_iter().filter(|name| there(name)).collect();
    assert_eq!(left, ["old.prom", "old.html", "link.xml"], "a metrics page tells its age, a page for people its date");
    let ended = report(folder.path(), &[&["latest"], &args[..]].concat()).ends(3);
    assert!(there("old.xml") && there("old.json") && !ended.err.contains("removed"), "{}", ended.err);
}

#[test]
fn nagios_on_standard_output_ends_as_plugins_do() {
    let folder = silent();
    rewritten(folder.path(), "01BEST", |_| Status::Pass);
    rewritten(folder.path(), "01BAD", |_| Status::Fail);
    for (run, code, state) in [("01BEST", 0, "OK"), ("01BAD", 2, "CRITICAL")] {
        let out = report(folder.path(), &[run, "--output", "nagios"]).ends(code).out;
        assert!(out.starts_with(&format!("RIGCHECK {state} - ")), "{out}");
    }
    // What could not run is UNKNOWN, whatever kept it from running.
    for args in [
        &["no-such-run", "--output", "nagios"][..],
        &["01BEST", "--output", "nagios", "--no-such-option"],
        &["01BEST", "--output", "nagios", "--exit-zero"],
    ] {
        let ran = report(folder.path(), args).ends(3);
        assert!(ran.out.starts_with("RIGCHECK UNKNOWN - ") && ran.out.lines().count() == 1, "{args:?}: {}", ran.out);
        assert!(!ran.err.is_empty());
    }
    // In a file it is one more report.
    report(folder.path(), &["01BAD", "--output", "nagios:n.txt", "--output", "human"]).ends(1);
    assert!(fs::read_to_string(folder.path().join("n.txt")).unwrap().starts_with("RIGCHECK CRITICAL"));
    let help = rigcheck(folder.path(), &["audit", "--help"]).ends(0).out;
    assert!(help.contains("ends as monitoring plugins do") && help.contains("indeterminate"), "{help}");
}
