//! References that cannot be read end with what to do, and with nothing judged.
#![allow(clippy::disallowed_methods, reason = "writes broken files into a folder of its own, and runs the binary")]

use crate::rig::rigcheck;
use std::{fs, path::Path};

const SPEC: &str = "version: 1\nrig: twin\nenvironment: {reference: REFERENCE}\ncases: [PERF_INFRA_ENVIRONMENT_CONFIG_MATCH_001]\n";

/// The exit code, and what is said on standard error.
fn audited(folder: &Path, reference: &str) -> (i32, String) {
    fs::write(folder.join("rigcheck.yaml"), SPEC.replace("REFERENCE", reference)).expect("a file of ours");
    let out = rigcheck(folder).args(["audit", "--output", "json:report.json"]).output().expect("the binary");
    (out.status.code().unwrap_or(-1), String::from_utf8_lossy(&out.stderr).into_owned())
}

#[test]
fn a_reference_that_cannot_be_read_ends_with_what_to_do() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path();
    fs::write(at.join("rigcheck.yaml"), "version: 1\nrig: twin\nenvironment: {}\n").expect("a file of ours");
    assert!(rigcheck(at).args(["snapshot", "capture", "whole.snapshot"]).output().is_ok_and(|out| out.status.success()));
    let whole = fs::read_to_string(at.join("whole.snapshot")).expect("a snapshot");
    let (head, facts) = whole.split_once('\n').expect("two lines");
    let write = |name: &str, text: &str| fs::write(at.join(name), text).expect("a file of ours");
    write("cut.snapshot", &whole[..whole.len() - 100]);
    write("cut-between.snapshot", &format!("{head}\n"));
    write("edited.snapshot", &format!("{head}\n{}", facts.replacen("kernel.arch", "kernel.arc", 1)));
    write("dated.snapshot", &format!("{}\n{facts}", head.replacen("\"as_of\":{\"value\":{\"micros\":1", "\"as_of\":{\"value\":{\"micros\":2", 1)));
    write(
        "newer.snapshot",
        &format!("{}\n{facts}", head.replacen("\"format\":{\"value\":{\"count\":1}}", "\"format\":{\"value\":{\"count\":2}}", 1)),
    );
    write("empty.snapshot", "");
    write("program.py", "import sys\nprint(sys.argv)\n");
    write("list.yaml", "- nothing\n- of ours\n");
    fs::create_dir(at.join("folder")).expect("a folder of ours");
    assert!(std::process::Command::new("mkfifo").arg(at.join("pipe.snapshot")).status().is_ok_and(|made| made.success()));
    let capture = "rigcheck snapshot capture";
    for (reference, why, todo) in [
        ("missing.snapshot", "does not exist", capture),
        ("production", "baselines/production does not exist", "rigcheck baseline accept FILE --as production"),
        ("cut.snapshot", "the file was cut", "copy it again"),
        ("cut-between.snapshot", "the file was cut", "copy it again"),
        ("edited.snapshot", "the file was edited", "written as a document"),
        ("dated.snapshot", "the file was edited", "written as a document"),
        ("newer.snapshot", "format 2", "capture it again"),
        ("empty.snapshot", "it is empty", capture),
        ("program.py", "not what rigcheck writes", capture),
        ("list.yaml", "no document of an environment", "`environment: NAME`"),
        ("./folder", "no baseline", "rigcheck baseline accept"),
        ("pipe.snapshot", "no regular file", capture),
    ] {
        let (code, said) = audited(at, reference);
        let words = said.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(code == 2 && words.contains(why) && words.contains(todo), "{reference}: exit {code}: {said}");
        assert!(!at.join("report.json").exists() && !said.contains("panicked"), "{reference}: {said}");
    }
    assert_eq!(audited(at, "whole.snapshot").0, 0);
}
