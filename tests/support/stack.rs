//! The real stack of one test: `tests/stack/up` with a state folder of its own, `down` when dropped.
#![allow(
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "starts the stack's scripts, reads the records they write, and says which tests were skipped"
)]

use serde::Deserialize;
use std::{
    collections::BTreeMap,
    fmt, fs,
    io::{self, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};
use tempfile::TempDir;

/// Parts that run, in one state folder. Dropping it ends them.
pub struct Stack {
    state: TempDir,
    parts: BTreeMap<String, Part>,
}

/// What `up` recorded of one part.
#[derive(Debug, Deserialize)]
pub struct Part {
    /// Process that was started.
    pub pid: u32,
    /// Base URL without a trailing slash: the query service of Jaeger, the API of Prometheus, the gateway's address.
    pub url: String,
    /// Where its output goes.
    pub log: PathBuf,
    /// Ports by role; Jaeger has `query`, `query_grpc`, `otlp_http`, `otlp_grpc`, `metrics`, nginx `https` and `expired`, all others `http`.
    pub ports: BTreeMap<String, u16>,
    /// Files by role: the gateway has `access_log`, ptp the sockets `grandmaster` and `slave`.
    pub files: BTreeMap<String, PathBuf>,
    /// What else there is to know: docker has `bridge`, the address of its network; a container's part `container`, its name, and `id`.
    pub words: BTreeMap<String, String>,
}

impl Part {
    /// The full URL of its metrics page.
    pub fn metrics_url(&self) -> String {
        match self.ports.get("metrics") {
            Some(port) => format!("http://127.0.0.1:{port}/metrics"),
            None => format!("{}/metrics", self.url),
        }
    }
}

/// Why there is no stack.
#[derive(Debug)]
pub enum NotUp {
    /// A part is not installed on this machine: the test can say nothing.
    Missing(String),
    /// A part is installed and did not come up: a failure.
    Broken(String),
}

impl fmt::Display for NotUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NotUp::Missing(why) | NotUp::Broken(why) => f.write_str(why),
        }
    }
}

impl Stack {
    /// Starts parts, as `tests/stack/up` takes them: `["jaeger", "gateway", "--mock", url]`.
    pub fn up(args: &[&str]) -> Result<Stack, NotUp> {
        let state = own_state().map_err(|e| NotUp::Broken(format!("cannot make a state folder: {e}")))?;
        let mut stack = Stack { state, parts: BTreeMap::new() };
        stack.add(args)?;
        Ok(stack)
    }

    /// Starts more parts, such as a Prometheus whose targets are up by now.
    pub fn add(&mut self, args: &[&str]) -> Result<(), NotUp> {
        let broken = |what: String| NotUp::Broken(format!("tests/stack/up {}: {what}", args.join(" ")));
        let out = self.script("up", args).output().map_err(|e| broken(e.to_string()))?;
        if !out.status.success() {
            let why = String::from_utf8_lossy(&out.stderr).trim().to_owned();
            return Err(if out.status.code() == Some(3) { NotUp::Missing(why) } else { broken(why) });
        }
        for path in String::from_utf8_lossy(&out.stdout).lines() {
            let record = fs::read(path).map_err(|e| broken(format!("{path}: {e}")))?;
            let part = serde_json::from_slice(&record).map_err(|e| broken(format!("{path}: {e}")))?;
            let name = Path::new(path).file_stem().unwrap_or_default().to_string_lossy().into_owned();
            self.parts.insert(name, part);
        }
        Ok(())
    }

    /// Ends one part, or nothing if it does not run.
    pub fn down(&mut self, name: &str) {
        self.parts.remove(name);
        self.end(&[name]);
    }

    /// A part that was started.
    pub fn part(&self, name: &str) -> &Part {
        self.parts.get(name).unwrap_or_else(|| panic!("the test started no part `{name}`, only {:?}", self.parts.keys()))
    }

    /// Does this stack have the part?
    pub fn has(&self, name: &str) -> bool {
        self.parts.contains_key(name)
    }

    /// A part's base URL.
    pub fn url(&self, name: &str) -> &str {
        &self.part(name).url
    }

    /// A folder that lives as long as the stack.
    pub fn dir(&self) -> &Path {
        self.state.path()
    }

    fn script(&self, name: &str, args: &[&str]) -> Command {
        let mut command = Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stack").join(name));
        command.args(args).env("RIGCHECK_STACK_STATE", self.state.path()).stdin(Stdio::null());
        command
    }

    fn end(&self, names: &[&str]) {
        match self.script("down", names).output() {
            Ok(out) if out.status.success() => {}
            Ok(out) => eprintln!("tests/stack/down: {}", String::from_utf8_lossy(&out.stderr).trim()),
            Err(error) => eprintln!("tests/stack/down: {error}"),
        }
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        if std::thread::panicking() {
            for (name, part) in &self.parts {
                let log = fs::read(&part.log).unwrap_or_default();
                let log = String::from_utf8_lossy(&log);
                let lines: Vec<_> = log.lines().collect();
                eprintln!("--- end of {name}'s log\n{}", lines[lines.len().saturating_sub(20)..].join("\n"));
            }
        }
        self.end(&[]);
    }
}

/// A folder inside the checkout's state folder, with our pid and start time in it: what a killed run leaves,
/// the next `down` finds, and it leaves alone what belongs to a run that lives.
fn own_state() -> io::Result<TempDir> {
    let stack = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stack");
    let base = std::env::var_os("RIGCHECK_STACK_STATE").map_or_else(|| stack.join(".state"), PathBuf::from);
    fs::create_dir_all(&base)?;
    let state = tempfile::Builder::new().prefix("live-").tempdir_in(base)?;
    let me = procfs::process::Process::myself().and_then(|me| me.stat()).map_err(io::Error::other)?;
    fs::write(state.path().join("owner"), format!("{} {}\n", me.pid, me.starttime))?;
    Ok(state)
}

/// The stack, or nothing after saying loudly that `test` is skipped and why.
/// What is installed and does not come up fails the test, and with `RIGCHECK_LIVE_REQUIRED=1` so does what is missing.
///
/// `let Some(stack) = stack::or_skip("jaeger_keeps_every_trace", Stack::up(&["jaeger"])) else { return };`
pub fn or_skip<T>(test: &str, up: Result<T, NotUp>) -> Option<T> {
    match up {
        Ok(stack) => Some(stack),
        Err(NotUp::Broken(why)) => panic!("{why}"),
        Err(NotUp::Missing(why)) => {
            skip(test, &why);
            None
        }
    }
}

/// Says that a machine as busy as this one did not let `test` show all that it should. No part is missing, so it fails nowhere.
pub fn too_busy(test: &str, reason: &str) {
    say_skipped(test, reason);
}

/// Says that `test` did not run and why; a failure where live tests are required.
pub fn skip(test: &str, reason: &str) {
    let required = std::env::var("RIGCHECK_LIVE_REQUIRED").is_ok_and(|v| v == "1");
    assert!(!required, "{test} cannot run, and RIGCHECK_LIVE_REQUIRED=1: {reason}");
    say_skipped(test, reason);
}

fn say_skipped(test: &str, reason: &str) {
    // not eprintln: the test harness swallows what a passing test prints by macro
    let _ = writeln!(io::stderr(), "SKIPPED {test}: {reason}");
}
