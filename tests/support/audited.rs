//! What an audit said.
#![allow(clippy::disallowed_methods, reason = "reads what the binary wrote")]

use serde_json::Value;
use std::{
    collections::BTreeSet,
    fs,
    io::{self, Write as _},
    path::PathBuf,
    process::Output,
    time::Duration,
};

/// What an audit said.
pub struct Audited {
    pub folder: PathBuf,
    pub code: i32,
    pub report: Value,
    /// The report as people read it.
    pub text: String,
    pub took: Duration,
    /// Share of its busiest half minute in which something on this machine waited for a processor: above [`QUIET`] a clean rig is
    /// not clean.
    pub busy: f64,
}

/// Share of time up to which a rig on this machine counts as undisturbed. Three rigs at once, with their loads, come to a quarter.
pub const QUIET: f64 = 0.35;

/// Rules that fail on a machine whose processors are busy with something else, whatever the rig: client and server do differ
/// then, and requests of 0.5 s may outlast the last bucket, which is at 10 s by default.
pub const NOISE: &[&str] = &["LAT-01", "LAT-03", "LAT-04", "LAT-06", "LAT-10", "LAT-14", "LAT-15", "LAT-16", "LAT-17", "TRC-02", "TRC-05", "TRC-07"];

/// Whether somebody waits for a CPU is the machine's own truth: whoever else runs on it counts.
pub const OF_THE_MACHINE: &str = "RES-10";

/// So many rules a clean rig's neighbours may keep from judging.
const UNDECIDED: usize = 3;

/// So many runs as usual, or as the environment says.
pub fn so_many(variable: &str, usual: usize) -> usize {
    std::env::var(variable).map_or(usual, |n| n.parse::<std::num::NonZero<usize>>().expect("a number of runs above 0").get())
}

/// Is a row of a fault matrix asked for? All are, unless the environment names some: `RIGCHECK_FAULTS=a,b`.
pub fn asked_for(row: &str) -> bool {
    let only = std::env::var("RIGCHECK_FAULTS").unwrap_or_default();
    only.is_empty() || only.split(',').any(|name| name == row)
}

impl Audited {
    pub fn of(folder: PathBuf, out: &Output, took: Duration, busy: f64) -> Audited {
        let talk = String::from_utf8_lossy(&out.stderr);
        let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap_or_else(|e| panic!("no {name}: {e}\n{talk}"));
        let report = serde_json::from_str(&read("report.json")).expect("JSON");
        let text = read("report.txt");
        Audited { report, text, code: out.status.code().unwrap_or(-1), folder, took, busy }
    }

    pub fn verdict(&self) -> &str {
        self.report["verdict"].as_str().unwrap_or_default()
    }

    /// Every outcome as (rule, subject, status, the outcome itself).
    pub fn outcomes(&self) -> Vec<(&str, &str, &str, &Value)> {
        let mut all = vec![];
        for case in self.report["cases"].as_array().expect("cases") {
            for rule in case["rules"].as_array().expect("rules") {
                for outcome in rule["outcomes"].as_array().expect("outcomes") {
                    all.push((word(rule, "id"), word(outcome, "subject"), word(outcome, "status"), outcome));
                }
            }
        }
        all
    }

    /// What was observed for the first subject of a rule.
    pub fn observed(&self, rule: &str) -> &str {
        self.outcomes().into_iter().find(|outcome| outcome.0 == rule).map_or("", |outcome| word(outcome.3, "observed"))
    }

    /// Rules with an outcome of this status.
    pub fn rules(&self, status: &str) -> BTreeSet<&str> {
        self.outcomes().into_iter().filter(|o| o.2 == status).map(|o| o.0).collect()
    }

    /// What an audit of a clean rig says beside others: nothing fails, nothing is missing, and there is little that it cannot tell
    /// for its neighbours. Whether a clean rig is READY is asked of those with few of them.
    pub fn stands(&self) {
        let trouble = self.trouble();
        assert!(self.rules("no_data").is_empty() && self.rules("error").is_empty(), "{trouble}");
        assert!(self.failed_not_for_noise().is_empty(), "a false alarm: {trouble}");
        if self.busy <= QUIET {
            assert!(self.rules("inconclusive").len() <= UNDECIDED, "{trouble}");
            assert!(self.verdict() == "ready" || !self.rules("inconclusive").is_empty(), "{trouble}");
            assert_eq!(self.verdict() == "ready", self.code == 0, "{trouble}");
        }
    }

    /// What is wrong with it, a line each under the name of its row, with all that it said.
    pub fn complaints(&self, row: &str, mut wrong: Vec<String>) -> Vec<String> {
        if !wrong.is_empty() {
            wrong.push(self.trouble());
        }
        wrong.into_iter().map(|line| format!("{row}: {line}")).collect()
    }

    /// Says, past the capture of the test runner, how far a matrix has come.
    pub fn tell(&self, row: &str, wrong: &[String]) {
        let mark = if wrong.is_empty() { "✓" } else { "✗" };
        let failed: Vec<&str> = self.rules("fail").into_iter().collect();
        let _ = writeln!(io::stderr(), "{mark} {row}: {} ({}) in {:.0} s", self.verdict(), failed.join(", "), self.took.as_secs_f64());
    }

    /// Rows of the table of what several sources say in which somebody differs.
    pub fn accused(&self) -> Vec<String> {
        let tables = self.report["cases"].as_array().expect("cases").iter().flat_map(|case| case["tables"].as_array().into_iter().flatten());
        let mut rows = tables.filter(|table| table["id"] == "triangulation").flat_map(|table| table["rows"].as_array().expect("rows")).peekable();
        assert!(rows.peek().is_some(), "no table: {}", self.text);
        let cells = rows.map(|row| row.as_array().expect("cells").iter().filter_map(Value::as_str).collect::<Vec<_>>());
        cells.filter(|cells| cells.last() != Some(&"agrees")).map(|cells| cells.join(" · ")).collect()
    }

    /// Rules that fail, less those that a busy machine makes fail, if it was busy.
    pub fn failed_not_for_noise(&self) -> BTreeSet<&str> {
        let noise = if self.busy > QUIET { NOISE } else { &[] };
        self.rules("fail").into_iter().filter(|rule| !noise.contains(rule)).collect()
    }

    /// Did a rule find what it is for? On a busy machine it may say instead that it cannot tell, and why.
    pub fn found(&self, rule: &str) -> bool {
        self.rules("fail").contains(rule) || self.busy > QUIET && self.rules("inconclusive").contains(rule)
    }

    /// Statuses of a rule, by the start of the subject.
    pub fn statuses(&self, rule: &str, subject: &str) -> BTreeSet<&str> {
        self.outcomes().into_iter().filter(|o| o.0 == rule && o.1.starts_with(subject)).map(|o| o.2).collect()
    }

    /// What is not a pass, a line each.
    pub fn trouble(&self) -> String {
        let lines = self.outcomes().into_iter().filter(|o| o.2 != "pass").map(|(rule, subject, status, o)| {
            let why = o["observed"].as_str().map_or_else(|| o["unknown"].to_string(), str::to_owned);
            format!("  {status} {rule} {subject}: {why}\n")
        });
        format!("{} (exit {}, {:.0} s, busy {:.2})\n{}", self.verdict(), self.code, self.took.as_secs_f64(), self.busy, lines.collect::<String>())
    }

    /// The folder of the recorded run.
    pub fn run(&self) -> PathBuf {
        let runs = fs::read_dir(self.folder.join(".rigcheck/runs")).expect("runs").flatten().map(|r| r.path());
        runs.filter(|p| p.is_dir()).max().expect("a run")
    }
}

fn word<'v>(of: &'v Value, key: &str) -> &'v str {
    of[key].as_str().unwrap_or_default()
}
