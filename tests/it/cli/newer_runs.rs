//! Runs that this release cannot read as a whole: of a later release, or damaged. None of them is judged, and none crashes.

use super::rigcheck;
use std::{
    fs,
    path::{Path, PathBuf},
};

const SPEC: &str = "version: 1\nrig: offline\ntarget: {url: http://127.0.0.1:9, chat: {model: m}}\nsources:\n  access_log: {path: nothing.jsonl}\n";

/// Records a run of a rig that does not answer; gives its folder.
fn recorded(folder: &Path) -> PathBuf {
    fs::write(folder.join("rigcheck.yaml"), SPEC).unwrap();
    rigcheck(folder, &["audit"]).ends(3);
    let runs = fs::read_dir(folder.join(".rigcheck/runs")).unwrap().map(|e| e.unwrap().path());
    runs.filter(|p| p.join("profile.json").exists()).max().unwrap()
}

/// Copies a run, changes one file of it, and asks for it in both ways.
fn refused(run: &Path, file: &str, change: impl Fn(&str) -> String) -> String {
    let other = tempfile::tempdir().unwrap();
    let copy = other.path().join("copy.rig");
    fs::create_dir(&copy).unwrap();
    for entry in fs::read_dir(run).unwrap().map(Result::unwrap).filter(|e| e.path().is_file()) {
        fs::copy(entry.path(), copy.join(entry.file_name())).unwrap();
    }
    let path = copy.join(file);
    let text = fs::read_to_string(&path).unwrap();
    let changed = change(&text);
    assert_ne!(text, changed, "{file}: nothing was changed");
    fs::write(&path, changed).unwrap();
    let [replay, report] = ["replay", "report"].map(|command| rigcheck(other.path(), &[command, copy.to_str().unwrap()]).ends(2));
    for ran in [&replay, &report] {
        assert!(ran.out.is_empty(), "no verdict: {}", ran.out);
        assert!(ran.err.starts_with("error: ") && ran.err.contains(file), "{}", ran.err);
        assert!(ran.err.chars().all(|c| c == '\n' || !c.is_control()), "{:?}", ran.err);
    }
    report.err
}

#[test]
fn what_this_release_cannot_read_is_refused_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let run = recorded(folder.path());
    rigcheck(folder.path(), &["report", run.to_str().unwrap()]).ends(3);

    let event = refused(&run, "events.jsonl", |text| {
        let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
        let mut unknown: serde_json::Value = serde_json::from_str(&lines[1]).unwrap();
        unknown["event"] = serde_json::json!({"event": "dreamt", "of": "a later release"});
        lines.insert(2, unknown.to_string());
        lines.join("\n") + "\n"
    });
    assert!(event.contains("events.jsonl:3: ") && event.contains("dreamt"), "its line: {event}");
    let question = refused(&run, "evidence.jsonl", |text| text.replacen("\"ask\":\"", "\"ask\":\"dreams_of_", 1));
    assert!(question.contains("dreams_of_"), "{question}");
    let profile = refused(&run, "profile.json", |text| text[..text.len() / 2].to_owned());
    assert!(profile.contains("EOF"), "{profile}");
    refused(&run, "profile.json", |text| text.replacen("\"controlled_load\"", "\"a_later_capability\"", 1));
    refused(&run, "profile.json", |_| String::new());
}

/// Whoever edits the verdict of a run has another run.
#[test]
fn a_verdict_that_does_not_follow_from_the_answers_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let run = recorded(folder.path());
    let at = run.join("events.jsonl");
    let text = fs::read_to_string(&at).unwrap();
    let changed = text.replacen("\"blocker\":true", "\"blocker\":false", 1);
    assert_ne!(text, changed);
    rigcheck(folder.path(), &["runs", "export", "latest", "--to", "whole.tgz"]).ends(0);
    fs::write(&at, changed).unwrap();
    let id = run.file_stem().unwrap().to_str().unwrap();
    let twin = run.with_file_name("01AAAAAAAAAAAAAAAAAAAAAAAA.rig");
    fs::create_dir(&twin).unwrap();
    for file in ["profile.json", "events.jsonl", "evidence.jsonl"] {
        fs::copy(run.join(file), twin.join(file)).unwrap();
    }
    for args in [&["report", id][..], &["replay", "01AA", "--against", id], &["runs", "show", id]] {
        let ran = rigcheck(folder.path(), args).ends(2);
        let told = format!("{}{}", ran.out, ran.err);
        assert!(told.contains("does not follow from the recorded answers") && told.contains(&format!("rigcheck replay {id}")), "{args:?}: {told}");
    }
    rigcheck(folder.path(), &["replay", id]).ends(3);
    rigcheck(folder.path(), &["runs", "export", id, "--to", "edited.tgz"]).ends(0);
    let other = tempfile::tempdir().unwrap();
    fs::create_dir(other.path().join(".rigcheck")).unwrap();
    let import = |file: &str, code: i32| rigcheck(other.path(), &["runs", "import", folder.path().join(file).to_str().unwrap()]).ends(code).err;
    assert!(import("edited.tgz", 2).contains("nothing was imported"));
    assert_eq!(import("whole.tgz", 0), "");
    // Of another release it is said, not refused.
    let edited = fs::read_to_string(&at).unwrap().replacen(rigcheck::store::THIS, "rigcheck 0.0.9", 1);
    fs::write(&at, edited).unwrap();
    let told = rigcheck(folder.path(), &["report", id]).ends(3).out;
    assert!(told.split_whitespace().collect::<Vec<_>>().join(" ").contains("otherwise than rigcheck 0.0.9 did"), "{told}");
}
