//! The fault matrix of a machine's idle noise: each disturbance is really made, small and bounded, and must be found by its rules; what
//! cannot be made here stands in the files of a kernel that the audit reads instead.
#![allow(clippy::disallowed_methods, reason = "says how long it took, and which rows it was asked for")]

mod disturbance;
mod files;
mod judge;
mod machine;
mod others;

use crate::{
    audited::{asked_for, so_many},
    rig::Turn,
    rows::{LOUD, Loud, noise::SHARED},
    stack::{NotUp, or_skip, too_busy},
};
use machine::Machine;
use std::{
    io::{self, Write},
    thread,
    time::Instant,
};

/// Clean runs beside others. How quiet a machine is then is its own affair; the full form has it for itself.
const CLEAN: usize = 2;
const CLEAN_ALONE: usize = 20;

#[test]
fn every_disturbance_is_found_by_its_rules() {
    let Some(wrong) = or_skip("every_disturbance_is_found_by_its_rules", run(false)) else { return };
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The full form has the machine for itself, since it also demands that nothing else be found.
#[test]
#[ignore = "some ten minutes: `make faults` runs it"]
fn each_disturbance_by_itself_is_found_by_its_rules_and_by_no_other() {
    let Some(wrong) = or_skip("each_disturbance_by_itself_is_found_by_its_rules_and_by_no_other", run(true)) else { return };
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_a_kernel_says_of_a_disturbance_is_found_by_its_rules() {
    let found = thread::scope(|scope| {
        let one = |row: &'static Loud, planted| {
            let audited = Machine::new().of_files(planted);
            let missed = judge::wrong(row, &audited, false);
            audited.tell(row.name, &missed);
            missed
        };
        let runs: Vec<_> =
            wanted().filter_map(|row| Some((row, row.planted()?))).map(|(row, planted)| scope.spawn(move || one(row, planted))).collect();
        runs.into_iter().flat_map(|run| run.join().expect("it says what is wrong")).collect::<Vec<_>>()
    });
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// What is wrong with all runs, a line each.
fn run(full: bool) -> Result<Vec<String>, NotUp> {
    let (began, mut found, mut skipped, mut busy) = (Instant::now(), vec![], vec![], false);
    let clean_runs = so_many("RIGCHECK_CLEAN_RUNS", if full { CLEAN_ALONE } else { CLEAN });
    let turn = || if full { Turn::alone() } else { Turn::take(2) };
    for nth in 0..clean_runs {
        let _turn = turn();
        let before = others::used();
        let clean = Machine::new().audit(&[])?;
        let others = before.and_then(|before| Some((others::used()? - before) / clean.took.as_secs_f64()));
        let alarms = judge::clean(&clean, full, others);
        clean.tell(&format!("clean run {}, others use {:.1} % of a CPU", nth + 1, 100.0 * others.unwrap_or(f64::NAN)), &alarms);
        busy |= clean.rules("fail").contains("INT-01");
        found.extend(alarms);
    }
    let runs = runs(full);
    for rows in &runs {
        let _turn = turn();
        match Machine::new().audit(rows) {
            Err(NotUp::Missing(why)) => skipped.push(format!("{}: {why}", rows[0].name)),
            Err(broken) => return Err(broken),
            Ok(audited) => {
                for row in rows {
                    let missed = judge::wrong(row, &audited, full);
                    audited.tell(row.name, &missed);
                    if busy && row.calm && !missed.is_empty() {
                        too_busy(row.name, &format!("others use this machine, too: {}", missed.join("; ")));
                    } else {
                        found.extend(missed);
                    }
                }
            }
        }
    }
    let _ = writeln!(io::stderr(), "{} disturbing and {clean_runs} clean runs in {:.0} s", runs.len(), began.elapsed().as_secs_f64());
    if skipped.is_empty() { Ok(found) } else { Err(NotUp::Missing(skipped.join("; "))) }
}

/// Each by itself in the full form, and where rows are named; else those together that do not hide one another.
fn runs(full: bool) -> Vec<Vec<&'static Loud>> {
    let done = || wanted().filter(|row| row.planted().is_none());
    if full || std::env::var("RIGCHECK_FAULTS").is_ok() {
        return done().map(|row| vec![row]).collect();
    }
    SHARED.iter().map(|names| done().filter(|row| names.contains(&row.name)).collect()).collect()
}

fn wanted() -> impl Iterator<Item = &'static Loud> {
    LOUD.iter().filter(|row| asked_for(row.name))
}
