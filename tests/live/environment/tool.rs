//! The program itself, as people run it, in a folder of its own.
#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "runs the program and reads what it wrote")]

use serde_json::Value;
use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    process::{Command, Output, Stdio},
    time::{Duration, Instant},
};

/// The key of fingerprints, where a test plants no other one.
pub const KEY: &str = "0123456789abcdef0123456789abcdef";

/// A folder with specs and snapshots.
pub struct Tool {
    folder: tempfile::TempDir,
}

/// What it said, and how it ended.
pub struct Told {
    /// Exit code; none where a signal ended it.
    pub code: Option<i32>,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
    /// How long it took.
    pub took: Duration,
}

impl From<(Output, Duration)> for Told {
    fn from((output, took): (Output, Duration)) -> Told {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Told { code: output.status.code(), out: text(&output.stdout), err: text(&output.stderr), took }
    }
}

impl Told {
    /// It ended so, and did not panic; what it said otherwise.
    #[track_caller]
    pub fn ends(self, code: i32) -> Told {
        assert!(self.code == Some(code) && !self.err.contains("panicked"), "ended with {:?}, not {code}:\n{}\n{}", self.code, self.out, self.err);
        self
    }
}

impl Tool {
    pub fn new() -> Tool {
        Tool { folder: tempfile::tempdir().unwrap() }
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// A file of it, as text.
    pub fn read(&self, file: &str) -> String {
        fs::read_to_string(self.path().join(file)).unwrap()
    }

    /// Its command, with nothing of the environment that could decide.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rigcheck"));
        command.args(args).current_dir(self.path()).env_remove("RIGCHECK_SPEC").env_remove("RIGCHECK_OUTPUT").env_remove("DOCKER_HOST");
        command.env("RIG_KEY", KEY).env("NO_COLOR", "1").stdin(Stdio::null());
        command
    }

    pub fn run(&self, args: &[&str]) -> Told {
        let began = Instant::now();
        (self.command(args).output().unwrap(), began.elapsed()).into()
    }

    /// Writes down `NAME.json`, by a spec that it writes, too.
    pub fn capture(&self, name: &str, spec: &str) -> Told {
        fs::write(self.path().join(format!("{name}.yaml")), spec).unwrap();
        self.run(&["snapshot", "capture", &format!("{name}.json"), "--force", "--spec", &format!("{name}.yaml")])
    }

    /// Two snapshots beside one another.
    pub fn diff(&self, here: &str, there: &str, more: &[&str]) -> (Told, Diff) {
        let (here, there) = (format!("{here}.json"), format!("{there}.json"));
        let told = self.run(&[&["snapshot", "diff", &here, &there, "-o", "json", "--verbose"], more].concat());
        let json = serde_json::from_str(&told.out).unwrap_or_else(|e| panic!("{e}: {}\n{}", told.out, told.err));
        (told, Diff(json))
    }

    /// The cells of a part of a snapshot: a fact has `value`, is `absent`, or has a `gap`.
    pub fn cells(&self, name: &str, part: &str) -> BTreeMap<String, Value> {
        cells(&self.read(&format!("{name}.json")), part)
    }
}

/// Those of a snapshot's text.
pub fn cells(snapshot: &str, part: &str) -> BTreeMap<String, Value> {
    let lines = snapshot.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let line = lines.into_iter().find(|line| line["key"]["query"]["scope"] == part).unwrap_or_else(|| panic!("no part {part} in\n{snapshot:.3000}"));
    let table = line.pointer("/answer/Ok/payload/facts").and_then(Value::as_object).unwrap_or_else(|| panic!("no facts of {part}: {line}"));
    table.clone().into_iter().collect()
}

/// What lies beside what.
pub struct Diff(pub Value);

impl Diff {
    /// Every fact that is not identical, with its class.
    pub fn stands_out(&self) -> BTreeMap<String, String> {
        self.rows().filter(|(_, row)| row["class"] != "identical").map(|(path, row)| (path, row["class"].as_str().unwrap().to_owned())).collect()
    }

    /// Every fact and its row.
    pub fn rows(&self) -> impl Iterator<Item = (String, &Value)> {
        let path = |row: &Value| format!("{}.{}", row["part"].as_str().unwrap(), row["fact"].as_str().unwrap());
        self.0["rows"].as_array().unwrap().iter().map(move |row| (path(row), row))
    }

    /// As it is to be read by a person.
    pub fn lines(&self) -> String {
        let line = |(path, row): (String, &Value)| {
            format!("{:<10} {path}: {} beside {} {}\n", row["class"].as_str().unwrap(), row["here"]["text"], row["there"]["text"], row["because"])
        };
        self.rows().filter(|(_, row)| row["class"] != "identical").map(line).collect()
    }
}
