//! `rigcheck runs`: what was recorded, and what becomes of it.

use super::{
    recorded::{id, record},
    rigcheck,
};
use crate::report::samples;
use std::{fs, os::unix::fs::PermissionsExt};

#[test]
fn a_list_survives_broken_runs_and_names_their_reason() {
    let folder = tempfile::tempdir().unwrap();
    assert!(rigcheck(folder.path(), &["runs", "list"]).ends(0).out.starts_with("There is no run in "));
    record(folder.path(), &id(1), samples::ready());
    record(folder.path(), &id(2), samples::blocked());
    let cut = record(folder.path(), &id(3), samples::blocked());
    let text = fs::read_to_string(cut.join("profile.json")).unwrap();
    fs::write(cut.join("profile.json"), &text[..text.len() / 2]).unwrap();
    let nothing = cut.with_file_name(format!("{}.rig", id(9)));
    fs::create_dir(&nothing).unwrap();
    fs::write(nothing.join("profile.json"), "").unwrap();
    record(folder.path(), &id(4), samples::interrupted());

    let list = rigcheck(folder.path(), &["runs", "list"]).ends(0).out;
    let at = |text: &str| list.find(text).unwrap_or_else(|| panic!("no {text} in\n{list}"));
    assert!(at(&id(4)) < at(&id(3)) && at(&id(3)) < at(&id(2)) && at(&id(2)) < at(&id(1)), "the newest first\n{list}");
    for part in ["NOT READY", "READY", "broken", "interrupted", "2027-01-15", "5 runs, "] {
        assert!(list.contains(part), "no {part} in\n{list}");
    }
    let json: serde_json::Value = serde_json::from_str(&rigcheck(folder.path(), &["runs", "list", "--output", "json"]).ends(0).out).unwrap();
    let runs = json["runs"].as_array().unwrap();
    assert_eq!(json["schema"], "rigcheck.runs/1");
    assert_eq!(runs[0]["rig"], "staging-eu");
    let verdicts: Vec<_> = runs.iter().map(|r| (r["verdict"].as_str(), r["broken"].is_string(), r["interrupted"].as_bool().unwrap())).collect();
    let whole = |v| (Some(v), false, false);
    assert_eq!(verdicts[1..], [(None, true, false), whole("not_ready"), whole("ready"), (None, true, false)]);
    assert!(verdicts[0].2, "{verdicts:?}");
    assert!(runs[1]["broken"].as_str().unwrap().contains("profile.json:"), "{:#}", runs[1]);

    let shown = rigcheck(folder.path(), &["runs", "show", &id(2)]).ends(0).out;
    for part in [
        "staging-eu",
        "NOT READY",
        "jaeger (jaeger, http://jaeger.staging:16686)",
        "240 requests",
        "profile.json",
        "intact    profile, answers and rows are those that were judged. This release",
        "rigcheck report",
    ] {
        assert!(shown.contains(part), "no {part} in\n{shown}");
    }
    let broken = rigcheck(folder.path(), &["runs", "show", &id(3)]).ends(2);
    assert!(broken.out.contains("intact    no: ") && broken.err.contains("is broken"), "{}{}", broken.out, broken.err);
}

/// Whatever a subfolder holds: all commands mean the runs beside the spec.
#[test]
fn all_commands_mean_the_same_runs() {
    let project = tempfile::tempdir().unwrap();
    record(project.path(), &id(2), samples::blocked());
    // Somebody once tried something below, and has a later run of it there.
    let below = project.path().join("load-tests");
    fs::create_dir(&below).unwrap();
    record(&below, &id(3), samples::ready());
    fs::remove_file(below.join("rigcheck.yaml")).unwrap();
    rigcheck(&below, &["report", "latest", "-o", "json"]).ends(1);
    rigcheck(&below, &["replay", "latest", "-o", "json"]);
    assert!(rigcheck(&below, &["runs", "list"]).ends(0).out.contains(&id(2)));
    let none = rigcheck(&below, &["report", &id(3)]).ends(2).err;
    let beside = project.path().join(".rigcheck/runs");
    assert!(none.contains(&format!("there is no run `{}` in {}", id(3), beside.display())), "{none}");
    let other = tempfile::tempdir().unwrap();
    record(other.path(), &id(4), samples::ready());
    let ran = assert_cmd::Command::new(env!("CARGO_BIN_EXE_rigcheck"))
        .current_dir(&below)
        .env("RIGCHECK_SPEC", other.path().join("rigcheck.yaml"))
        .args(["runs", "list"])
        .output()
        .unwrap();
    let listed = String::from_utf8_lossy(&ran.stdout).into_owned();
    assert!(listed.contains(&id(4)) && !listed.contains(&id(2)), "{listed}");
    // Where no spec is: here.
    let loose = tempfile::tempdir().unwrap();
    record(loose.path(), &id(5), samples::ready());
    fs::remove_file(loose.path().join("rigcheck.yaml")).unwrap();
    assert!(rigcheck(loose.path(), &["runs", "list"]).ends(0).out.contains(&id(5)));
}

/// What cannot be read is not nothing.
#[test]
fn runs_that_cannot_be_read_are_told() {
    let folder = tempfile::tempdir().unwrap();
    record(folder.path(), &id(1), samples::ready());
    let runs = folder.path().join(".rigcheck/runs");
    fs::rename(&runs, folder.path().join("elsewhere")).unwrap();
    fs::write(&runs, "").unwrap();
    for command in [&["runs", "list"][..], &["report", "latest"], &["audit", "--against", "latest"], &["runs", "prune"]] {
        let told = rigcheck(folder.path(), command).ends(2).err;
        assert!(told.contains("reading ") && told.contains(".rigcheck/runs") && told.contains("Not a directory"), "{command:?}: {told}");
    }
}

#[test]
fn an_exported_run_is_the_same_run_elsewhere() {
    let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    record(here.path(), &id(1), samples::blocked());
    let ran = rigcheck(here.path(), &["runs", "export", "latest", "--to", "run.tar.gz"]).ends(0);
    assert!(ran.out.contains("run.tar.gz"), "{}", ran.out);
    let file = here.path().join("run.tar.gz");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let again = rigcheck(here.path(), &["runs", "export", "latest", "--to", "run.tar.gz"]).ends(2).err;
    assert!(again.contains("is there already"), "{again}");
    let piped = std::process::Command::new(env!("CARGO_BIN_EXE_rigcheck"))
        .args(["runs", "export", "latest", "--to", "-"])
        .current_dir(here.path())
        .output()
        .unwrap();
    assert_eq!(piped.stdout, fs::read(&file).unwrap(), "the same run is the same bytes");

    fs::create_dir(there.path().join(".rigcheck")).unwrap();
    let path = file.to_str().unwrap();
    let ran = rigcheck(there.path(), &["runs", "import", path]).ends(0);
    assert!(ran.out.contains(&id(1)), "{}", ran.out);
    let report = |folder: &std::path::Path| rigcheck(folder, &["report", "latest", "--output", "json"]).ends(1).out;
    assert_eq!(report(here.path()), report(there.path()));
    let twice = rigcheck(there.path(), &["runs", "import", path]).ends(2).err;
    assert!(twice.contains("is there already") && twice.contains("never overwritten"), "{twice}");
    let small = rigcheck(tempfile::tempdir().unwrap().path(), &["runs", "import", path, "--max-bytes", "1kB"]).ends(2).err;
    assert!(small.contains("unpacks to more than") && small.contains("nothing was imported"), "{small}");
    let left: Vec<_> = fs::read_dir(there.path().join(".rigcheck/runs")).unwrap().collect();
    assert_eq!(left.len(), 1, "nothing half-unpacked is left");
}

#[test]
fn pruning_says_what_goes_and_keeps_what_is_cited() {
    let folder = tempfile::tempdir().unwrap();
    for day in 1..=6 {
        record(folder.path(), &id(day), samples::ready());
    }
    fs::write(folder.path().join(".rigcheck/keep"), format!("# ours\n{} # the release\n", id(1))).unwrap();
    fs::create_dir_all(folder.path().join("baselines/eu")).unwrap();
    fs::write(folder.path().join("baselines/eu/main.json"), format!("{{\"run\": \"{}\"}}", id(2))).unwrap();
    assert!(rigcheck(folder.path(), &["runs", "show", &id(2)]).ends(0).out.contains("it is cited"));
    assert!(!rigcheck(folder.path(), &["runs", "show", &id(3)]).ends(0).out.contains("it is cited"));
    let left = || (1..=6).filter(|day| folder.path().join(format!(".rigcheck/runs/{}.rig", id(*day))).exists()).collect::<Vec<_>>();
    assert!(rigcheck(folder.path(), &["runs", "prune"]).ends(0).out.contains("Removed 0 runs"));
    let dry = rigcheck(folder.path(), &["runs", "prune", "--keep", "2", "--dry-run"]).ends(0).out;
    assert!(dry.contains(&id(3)) && dry.contains(&id(4)) && dry.contains("Would remove 2 runs") && !dry.contains(&id(1)), "{dry}");
    assert_eq!(left(), [1, 2, 3, 4, 5, 6]);
    // All of these are long ago; the newest stays whatever is asked.
    rigcheck(folder.path(), &["runs", "prune", "--keep", "2"]).ends(0);
    assert_eq!(left(), [1, 2, 5, 6]);
    let old = rigcheck(folder.path(), &["runs", "prune", "--older-than", "1s"]).ends(0).out;
    assert!(old.contains("older than is kept"), "{old}");
    assert_eq!(left(), [1, 2, 6]);
    rigcheck(folder.path(), &["runs", "prune", "--max-bytes", "0"]).ends(0);
    assert_eq!(left(), [1, 2, 6]);
    fs::remove_file(folder.path().join(".rigcheck/keep")).unwrap();
    fs::create_dir(folder.path().join(".rigcheck/keep")).unwrap();
    assert!(rigcheck(folder.path(), &["runs", "prune", "--keep", "1"]).ends(2).err.contains("keep"), "what is cited must be known first");
    assert_eq!(left(), [1, 2, 6]);
}
