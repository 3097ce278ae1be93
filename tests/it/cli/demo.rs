//! `rigcheck demo`, interrupted and with faults; a clean one is among the tests that have the machine for themselves.

use super::rigcheck;
use serde_json::Value;
use std::{
    fs,
    io::{BufRead, BufReader, Read},
    process::{Child, Command, Stdio},
    sync::mpsc,
    time::{Duration, Instant},
};

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
    let report: Value = serde_json::from_str(&out.join().unwrap().unwrap()).unwrap();
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
