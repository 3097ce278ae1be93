//! This machine under audit, by the binary as a user runs it.
#![allow(clippy::disallowed_methods, reason = "runs the binary in a folder of its own")]

use super::{disturbance::Disturbance, files};
use crate::{
    audited::Audited,
    group::Group,
    rows::{
        Loud,
        noise::{Disturbs, Planted},
    },
    stack::NotUp,
};
use std::{
    fs,
    path::Path,
    process::{Command, Output},
    thread::sleep,
    time::{Duration, Instant},
};
use tempfile::TempDir;

const CASE: &str = "PERF_INFRA_ENVIRONMENT_NO_INTERFERENCE_003";
const RIGCHECK: &str = env!("CARGO_BIN_EXE_rigcheck");
/// How long it is watched, after what is left out.
pub const WINDOW: Duration = Duration::from_secs(10);
const LEFT_OUT: Duration = Duration::from_secs(1);

/// A folder with a spec.
pub struct Machine {
    folder: TempDir,
}

impl Machine {
    pub fn new() -> Machine {
        Machine { folder: tempfile::Builder::new().prefix("rigcheck-loud-").tempdir().expect("a folder") }
    }

    /// Audits it while all of that goes on.
    pub fn audit(&self, rows: &[&Loud]) -> Result<Audited, NotUp> {
        let began = Instant::now();
        self.spec(rows.is_empty() || rows.iter().any(|row| row.name == "int-disturbed-loads"));
        let half = LEFT_OUT + WINDOW / 2;
        let going_on = rows.iter().map(|row| Disturbance::begin(row.does, self.path(), half)).collect::<Result<Vec<_>, _>>()?;
        if !rows.iter().any(|row| matches!(row.does, Disturbs::Late { .. })) {
            sleep(Duration::from_millis(500));
        }
        let out = if rows.iter().any(|row| row.does == Disturbs::OwnQuota) {
            let group = Group::percent_of_a_cpu(10)?;
            self.run(group.command(RIGCHECK))
        } else {
            self.run(Command::new(RIGCHECK))
        }?;
        drop(going_on);
        Ok(Audited::of(self.path().into(), &out, began.elapsed(), 0.0))
    }

    /// Audits it from a namespace of control groups of its own, in which no group is known to be the machine's.
    pub fn audit_apart(&self) -> Result<Audited, NotUp> {
        if !Command::new("unshare").args(["--cgroup", "true"]).status().is_ok_and(|made| made.success()) {
            return Err(NotUp::Missing("unshare --cgroup makes no namespace here; it takes root".into()));
        }
        let began = Instant::now();
        self.spec(false);
        let mut apart = Command::new("unshare");
        apart.args(["--cgroup", RIGCHECK]);
        let out = self.run(apart)?;
        Ok(Audited::of(self.path().into(), &out, began.elapsed(), 0.0))
    }

    /// Audits a machine whose kernel says that.
    pub fn of_files(&self, planted: Planted) -> Audited {
        self.spec(false);
        files::audited(self.path(), planted)
    }

    fn run(&self, mut command: Command) -> Result<Output, NotUp> {
        command.current_dir(self.path()).env_remove("RIGCHECK_SPEC").args(["noise", "-v", "-o", "json:report.json", "-o", "human:report.txt"]);
        command.output().map_err(|e| NotUp::Broken(e.to_string()))
    }

    fn spec(&self, calibrate: bool) {
        let text = format!(
            "version: 1\nrig: loud\nnoise: {{calibrate: {calibrate}}}\ncases: {{{CASE}: {{audit: {{window: {}s, left_out: {}s, rounds: 3, runs: 10, \
             pause: 100ms}}}}}}\n",
            WINDOW.as_secs(),
            LEFT_OUT.as_secs()
        );
        fs::write(self.path().join("rigcheck.yaml"), text).expect("a file of ours");
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }
}
