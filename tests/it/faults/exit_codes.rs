//! What the command line makes of a verdict.

use rigcheck::reference::faults::by_name;
use serde_json::Value;
use std::process::{Command, Output};

/// `rigcheck demo` in a folder of its own: how it ended, and its report.
fn demo(arguments: &[&str]) -> (Output, Value) {
    let folder = tempfile::tempdir().unwrap();
    let report = folder.path().join("report.json");
    let output = format!("json:{}", report.display());
    let mut command = Command::new(env!("CARGO_BIN_EXE_rigcheck"));
    let ended = command.current_dir(folder.path()).args(["demo", "--output", &output]).args(arguments).output().unwrap();
    let text = std::fs::read_to_string(&report).unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&ended.stderr)));
    (ended, serde_json::from_str(&text).unwrap())
}

fn verdict(report: &Value) -> &str {
    report["assessment"]["verdict"].as_str().or(report["verdict"].as_str()).expect("the report has a verdict")
}

#[test]
fn a_command_ends_as_its_verdict_says() {
    let runs: [&[&str]; 3] = [&["--fault", "log-offset"], &["--fault", "log-offset", "--exit-zero"], &["--fault", "stale-exemplars"]];
    let ended = runs.map(|arguments| std::thread::spawn(move || demo(arguments))).map(|run| run.join().unwrap());
    for (arguments, (output, report)) in runs.iter().zip(&ended) {
        let code = match verdict(report) {
            _ if arguments.contains(&"--exit-zero") => 0,
            "ready" | "ready_with_waivers" => 0,
            "not_ready" => 1,
            "indeterminate" => 3,
            other => panic!("{other}"),
        };
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", verdict(report));
    }
    assert_eq!((verdict(&ended[0].1), verdict(&ended[1].1)), ("not_ready", "not_ready"));
    let told = format!("fault seeded: log-offset ({})", by_name("log-offset").unwrap().title);
    assert!(ended[0].1.to_string().contains(&told), "a seeded fault is told in the report");
}
