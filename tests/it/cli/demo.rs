//! `rigcheck demo`, and what can be done with the run that it leaves.

use super::{rigcheck, rigcheck_with};
use serde_json::Value;
use std::{
    fs,
    io::{BufRead, BufReader, Read},
    process::{Child, Command, Stdio},
    sync::mpsc,
    time::{Duration, Instant},
};

/// What may differ between two renderings of one run: nothing.
fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|e| panic!("{e}: {text}"))
}

#[test]
fn a_clean_demo_is_ready_and_its_run_can_be_judged_again() {
    let folder = tempfile::tempdir().unwrap();
    let temporary = tempfile::tempdir().unwrap();
    let begun = Instant::now();
    let ran = rigcheck_with(folder.path(), temporary.path(), &["demo", "--output", "json", "--output", "html:r.html", "--output", "human:r.txt"]);
    assert!(begun.elapsed() < Duration::from_secs(100), "a demo takes little more than a minute");
    let live = json(&ran.out);
    assert!(live["cases"][0]["rules"].as_array().unwrap().iter().all(|r| r["status"] != "fail"), "{:#}", live["cases"]);
    assert_eq!((ran.code, live["verdict"].as_str()), (0, Some("ready")), "{}", ran.err);
    assert!(ran.err.contains("pacing error") && ran.err.contains("controlled load"), "progress goes to stderr: {}", ran.err);
    assert!(live["own"]["cpu_s"].as_f64().unwrap() > 0.0);

    // A replay equals the live report, and a report is the recorded one.
    let replayed = json(&rigcheck(folder.path(), &["replay", "latest", "--output", "json"]).ends(0).out);
    assert_eq!(replayed, live);
    let again = json(&rigcheck(folder.path(), &["report", "latest", "--output", "json", "--verbose"]).ends(0).out);
    assert_eq!(again, live);

    // Judged by a stricter spec it is not ready: nothing is asked again.
    let path = "/v1/chat/completions";
    let target = live["run"]["sources"]["load"]["place"].as_str().unwrap().trim_end_matches(path);
    let stricter = format!(
        "version: 1\nrig: reference\ngate: {{threshold: 1, coverage: 1}}\ntarget: {{url: {target}, chat: {{path: {path}, model: rigcheck-truth, max_tokens: 64}}}}\n"
    );
    fs::write(folder.path().join("other.yaml"), stricter).unwrap();
    let other = rigcheck(folder.path(), &["replay", "latest", "--spec", "other.yaml", "--output", "json"]);
    let other = json(&other.out);
    assert_ne!(other["verdict"], live["verdict"]);
    assert!(other.to_string().contains("judged again under other.yaml"));

    // Nothing is left behind but the run and the reports.
    let mut left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    left.sort();
    assert_eq!(left, [".rigcheck", "other.yaml", "r.html", "r.txt"]);
    assert_eq!(fs::read_dir(temporary.path()).unwrap().count(), 0, "the rig's own folder is removed");
}

/// A process that does not outlive its test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

#[test]
fn an_interrupted_demo_reports_what_there_is_and_is_never_ready() {
    interrupted_by("-INT");
}

/// By which schedulers end a job.
#[test]
fn so_does_a_demo_that_is_terminated() {
    interrupted_by("-TERM");
}

fn interrupted_by(signal: &str) {
    let (folder, temporary) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let child = Command::new(env!("CARGO_BIN_EXE_rigcheck"))
        .args(["demo", "--output", "json"])
        .current_dir(folder.path())
        .env("TMPDIR", temporary.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut demo = Running(child);
    let (mut out, err) = (demo.0.stdout.take().unwrap(), demo.0.stderr.take().unwrap());
    let out = std::thread::spawn(move || {
        let mut text = String::new();
        out.read_to_string(&mut text).map(|_| text)
    });
    let (told, lines) = mpsc::channel();
    let telling = std::thread::spawn(move || BufReader::new(err).lines().map_while(Result::ok).for_each(|line| drop(told.send(line))));
    // In the midst of the load: some of its requests are done.
    let patience = Instant::now() + Duration::from_mins(1);
    let mut said = vec![];
    while !said.last().is_some_and(|line: &String| line.contains("… controlled load")) {
        let line = lines.recv_timeout(patience.saturating_duration_since(Instant::now()));
        said.push(line.unwrap_or_else(|e| panic!("no progress of the load is told: {e}: {said:#?}")));
    }
    let begun = Instant::now();
    assert!(Command::new("kill").args([signal, &demo.0.id().to_string()]).status().unwrap().success());
    let status = loop {
        if let Some(status) = demo.0.try_wait().unwrap() {
            break status;
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "it still runs after {:?}", begun.elapsed());
        std::thread::sleep(Duration::from_millis(20));
    };
    telling.join().unwrap();
    said.extend(lines.try_iter());
    let report = json(&out.join().unwrap().unwrap());
    assert_eq!(status.code(), Some(130), "{said:#?}");
    assert_ne!(report["verdict"], "ready");
    assert_eq!(report["interrupted"], true);
    assert_eq!(fs::read_dir(temporary.path()).unwrap().count(), 0, "the rig's own folder is removed");
}

#[test]
fn faults_are_listed_and_misspelt_ones_explained() {
    let folder = tempfile::tempdir().unwrap();
    let list = rigcheck(folder.path(), &["demo", "--list-faults"]).ends(0).out;
    assert!(list.matches("found by LAT-").count() >= 8, "{list}");
    let err = rigcheck(folder.path(), &["demo", "--fault", "corse-log"]).ends(2).err;
    assert!(err.contains("did you mean `coarse-log`?"), "{err}");
}

#[test]
fn a_seeded_fault_is_caught() {
    let folder = tempfile::tempdir().unwrap();
    let ran = rigcheck(folder.path(), &["demo", "--fault", "coarse-log"]).ends(1);
    for part in ["NOT READY", "LAT-14", "multiple of 1000 ms", "fault seeded: coarse-log", "Report: rigcheck-report.html"] {
        assert!(ran.out.contains(part), "no {part} in\n{}", ran.out);
    }
    assert!(folder.path().join("rigcheck-report.html").exists());
}
