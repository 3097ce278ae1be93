//! The fault matrix of a machine's idle noise: each disturbance is really made, small and bounded, and must be found by its rules; what
//! cannot be made here stands in the files of a kernel that the audit reads instead.
#![allow(clippy::disallowed_methods, reason = "says how long it took, and which rows it was asked for")]

mod disturbance;
mod files;
mod judge;
mod machine;

use crate::{
    audited::so_many,
    rig::Turn,
    rows::{LOUD, Loud},
    stack::{NotUp, or_skip, too_busy},
};
use machine::Machine;
use std::{
    io::{self, Write},
    time::Instant,
};

/// Clean runs beside others. How quiet a machine is then is its own affair; the full form has it for itself.
const CLEAN: usize = 2;

#[test]
fn every_disturbance_is_found_by_its_rules() {
    let name = "every_disturbance_is_found_by_its_rules";
    // The full form has the machine for itself, since it also demands that nothing else be found.
    let full = std::env::var("RIGCHECK_NOISE_ALONE").is_ok_and(|v| v == "1");
    let _turn = if full { Turn::alone() } else { Turn::take(1) };
    let Some(wrong) = or_skip(name, run(full)) else { return };
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What is wrong with all runs, a line each.
fn run(full: bool) -> Result<Vec<String>, NotUp> {
    let (began, mut found, mut skipped) = (Instant::now(), vec![], vec![]);
    let runs = so_many("RIGCHECK_CLEAN_RUNS", CLEAN);
    let mut busy = false;
    for nth in 0..runs {
        let clean = Machine::new().audit(None)?;
        let alarms = judge::clean(&clean, full);
        tell(&format!("clean run {}", nth + 1), &alarms, &clean);
        busy |= clean.rules("fail").contains("INT-01");
        found.extend(alarms);
    }
    for row in wanted() {
        let machine = Machine::new();
        match machine.audit(Some(row)) {
            Err(NotUp::Missing(why)) => skipped.push(format!("{}: {why}", row.name)),
            Err(broken) => return Err(broken),
            Ok(audited) => {
                let missed = judge::wrong(row, &audited, full);
                tell(row.name, &missed, &audited);
                if busy && row.calm && !missed.is_empty() {
                    too_busy(row.name, &format!("others use this machine, too: {}", missed.join("; ")));
                } else {
                    found.extend(missed);
                }
            }
        }
    }
    let _ = writeln!(io::stderr(), "{} disturbances and {runs} clean runs in {:.0} s", wanted().count(), began.elapsed().as_secs_f64());
    if skipped.is_empty() { Ok(found) } else { Err(NotUp::Missing(skipped.join("; "))) }
}

/// Past the capture of the test runner: how far it has come.
fn tell(what: &str, wrong: &[String], audited: &crate::audited::Audited) {
    let mark = if wrong.is_empty() { "✓" } else { "✗" };
    let failed: Vec<&str> = audited.rules("fail").into_iter().collect();
    let _ = writeln!(io::stderr(), "{mark} {what}: {} ({})", audited.verdict(), failed.join(", "));
}

fn wanted() -> impl Iterator<Item = &'static Loud> {
    let only = std::env::var("RIGCHECK_FAULTS").unwrap_or_default();
    LOUD.iter().filter(move |row| only.is_empty() || only.split(',').any(|name| name == row.name))
}
