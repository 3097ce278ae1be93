//! `rigcheck generate`, judged by the programs that read what it writes.

use super::rigcheck;
use std::{
    fs,
    io::Write,
    process::{Command, Stdio},
};

/// Standard error of a program that reads a text; `None`, loudly, where it is not installed.
#[allow(clippy::print_stderr, reason = "a test that is skipped says so")]
fn read_by(program: &str, args: &[&str], text: &str) -> Option<(bool, String)> {
    let spawned = Command::new(program).args(args).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
    let Ok(mut child) = spawned else {
        eprintln!("SKIPPED: {program} is not installed");
        return None;
    };
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    Some((output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned()))
}

#[test]
fn the_manual_has_every_command_and_is_sound() {
    let folder = tempfile::tempdir().unwrap();
    let page = rigcheck(folder.path(), &["generate", "man"]).ends(0).out;
    let help = rigcheck(folder.path(), &["--help"]).ends(0).out;
    let commands = help.lines().skip_while(|l| *l != "Commands:").skip(1).take_while(|l| !l.is_empty()).filter(|l| !l.starts_with("   "));
    let commands: Vec<_> = commands.filter_map(|l| l.split_whitespace().next()).collect();
    assert!(commands.len() > 8 && commands.contains(&"generate"), "{help}");
    for command in commands.iter().filter(|c| **c != "help") {
        assert!(page.contains(&format!(".SH \"rigcheck {command}\"")), "no {command} in\n{page}");
    }
    for part in ["rigcheck generate completion", "RIGCHECK_SPEC", "RIGCHECK_CHECKS", "RIGCHECK_OUTPUT", "Exit codes: 0 ready", "PATH=VALUE"] {
        assert!(page.contains(part), "no {part} in\n{page}");
    }
    assert_eq!(page.matches("\\-\\-color\\fR \\fI<").count(), 1, "what every command takes is told once");
    if let Some((ok, warnings)) = read_by("man", &["--warnings", "-l", "-"], &page) {
        assert!(ok && warnings.is_empty(), "{warnings}");
    }

    rigcheck(folder.path(), &["generate", "man", "--dir", "."]).ends(0);
    for command in commands.iter().filter(|c| **c != "help") {
        assert!(folder.path().join(format!("rigcheck-{command}.1")).exists(), "{command}");
    }
    let missing = rigcheck(folder.path(), &["generate", "man", "--dir", "none"]).ends(2).err;
    assert!(missing.contains("writing the manual into none"), "{missing}");
}

#[test]
fn completions_are_read_by_their_shells() {
    let folder = tempfile::tempdir().unwrap();
    for (shell, reader) in [("bash", Some("bash")), ("zsh", Some("zsh")), ("fish", Some("fish")), ("elvish", None), ("powershell", None)] {
        let text = rigcheck(folder.path(), &["generate", "completion", shell]).ends(0).out;
        assert!(text.contains("validate") && text.contains("resolved"), "{shell}: {text}");
        if let Some((ok, errors)) = reader.and_then(|program| read_by(program, &["-n"], &text)) {
            assert!(ok && errors.is_empty(), "{shell}: {errors}");
        }
    }
    let unknown = rigcheck(folder.path(), &["generate", "completion", "csh"]).ends(2).err;
    assert!(unknown.contains("powershell"), "{unknown}");
}

#[test]
fn the_schema_is_the_one_of_the_repository() {
    let folder = tempfile::tempdir().unwrap();
    let schema = rigcheck(folder.path(), &["generate", "schema"]).ends(0).out;
    assert_eq!(schema, fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/schema/rigcheck.schema.json")).unwrap());
    let help = rigcheck(folder.path(), &["generate", "schema", "--help"]).ends(0).out;
    assert!(help.contains("# yaml-language-server: $schema=rigcheck.schema.json"), "{help}");
}
