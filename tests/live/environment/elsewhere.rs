//! A machine to which one only has a shell: the snapshot comes by standard output.
#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "runs the program")]

use super::{
    engine::Engine,
    tool::{Tool, cells},
};
use crate::{rig::Turn, stack::or_skip};
use std::fs;

#[test]
fn remote_capture_by_standard_output() {
    let test = "remote_capture_by_standard_output";
    let _turn = Turn::take(1);
    let Some(engine) = or_skip(test, Engine::up()) else { return };
    // Behind an init, as containers mostly are.
    let gateway = engine.serve(&engine.image, &["--init", "--network=none"], 2, &[]);
    let tool = Tool::new();
    let workload = format!("gateway=container:{}", gateway.name);
    let told = tool.run(&["snapshot", "capture", "-", "--workload", &workload, "--name", "production"]).ends(0);
    assert!(told.err.contains("facts") && told.out.lines().all(|line| line.starts_with('{')), "{}", told.err);
    fs::write(tool.path().join("production.json"), &told.out).unwrap();

    let shown = tool.run(&["snapshot", "show", "production.json"]).ends(0).out;
    let line = |fact: &str| {
        shown.lines().find(|line| line.split_whitespace().next() == Some(fact)).unwrap_or_else(|| panic!("no {fact} in\n{shown}")).to_owned()
    };
    let value = |fact: &str| line(fact).split_whitespace().nth(1).unwrap().to_owned();
    assert!(shown.starts_with("production, captured"), "{shown:.200}");
    assert_eq!((value("process.workers"), value("process.server")), ("2".into(), "uvicorn".into()));
    let only = tool.run(&["snapshot", "show", "production.json", "gateway.python.packages.*"]).ends(0).out;
    assert!(only.contains("python.packages.fastapi") && !only.contains("process.workers"), "{only}");

    // To a file it is the same, but for when it was captured.
    let to_file = tool.run(&["snapshot", "capture", "file.json", "--workload", &workload, "--name", "production"]).ends(0);
    assert!(to_file.out.is_empty() && to_file.err.contains("written to file.json"), "{}", to_file.err);
    for part in ["gateway", "host"] {
        assert_eq!(cells(&told.out, part), tool.cells("file", part), "{part}");
    }
    tool.diff("production", "file", &[]).0.ends(0);
    let again = tool.run(&["snapshot", "capture", "file.json", "--workload", &workload]);
    assert!(again.code != Some(0) && again.err.contains("--force"), "{}", again.err);
    // Cut on the way: it is no smaller environment.
    let half = &told.out[..told.out.len() / 2];
    fs::write(tool.path().join("cut.json"), half).unwrap();
    let cut = tool.run(&["snapshot", "show", "cut.json"]);
    assert!(cut.code != Some(0) && cut.err.contains("cut.json") && !cut.err.contains("panicked"), "{}", cut.err);
    let lines: Vec<_> = told.out.lines().collect();
    fs::write(tool.path().join("fewer.json"), format!("{}\n", lines[..lines.len() - 1].join("\n"))).unwrap();
    let fewer = tool.run(&["snapshot", "show", "fewer.json"]);
    assert!(fewer.code != Some(0), "a part is not there any more:\n{}{}", fewer.out, fewer.err);
}
