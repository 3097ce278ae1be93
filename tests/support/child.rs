//! Work in a process of its own, whose peak of memory is then its own.
#![allow(dead_code, reason = "each program uses a part")]
#![allow(clippy::unwrap_used, clippy::disallowed_methods, clippy::print_stdout, reason = "helpers of tests and benches; a child tells by its output")]

use std::process::Command;

/// Before the bytes, on the last line of a child's output.
const ADDED: &str = "added to the peak of memory: ";

/// The most memory that this process had so far, bytes.
pub fn peak() -> usize {
    procfs::process::Process::myself().unwrap().status().unwrap().vmhwm.unwrap() as usize * 1024
}

/// In the child, at the end of its work: what it said, and how much the peak grew since `before`.
pub fn tell(said: &str, before: usize) {
    println!("\n{said}\n{ADDED}{}", peak() - before);
}

/// What a child told.
pub struct Told {
    /// All that it said.
    pub said: String,
    /// What its work added to its peak of memory, bytes.
    pub added: usize,
}

impl Told {
    /// MiB added.
    pub fn mib(&self) -> f64 {
        self.added as f64 / f64::from(1 << 20)
    }
}

/// This program again, as a child that does one of its tests, ignored or not, and finds `what` in the variable.
pub fn test(path: &str, variable: &str, what: &str) -> Command {
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", path, "--include-ignored", "--nocapture"]).env(variable, what);
    child
}

/// Runs a child to its end.
pub fn run(child: &mut Command) -> Told {
    let out = child.output().unwrap();
    let (said, errors) = (String::from_utf8_lossy(&out.stdout).into_owned(), String::from_utf8_lossy(&out.stderr));
    assert!(out.status.success(), "{said}{errors}");
    let added = said.lines().find_map(|l| l.strip_prefix(ADDED)).unwrap_or_else(|| panic!("{said}{errors}"));
    Told { added: added.parse().unwrap(), said }
}
