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
    rows::{
        LOUD, Loud,
        noise::{SHARED, WAKES},
    },
    stack::{NotUp, or_skip, too_busy},
};
use disturbance::Disturbance;
use jiff::Timestamp;
use machine::Machine;
use others::Counted;
use std::{
    io::{self, Write},
    num::NonZero,
    thread,
    time::{Duration, Instant},
};

/// Clean runs beside others. How quiet a machine is then is its own affair; the full form has it for itself.
const CLEAN: usize = 2;
const CLEAN_ALONE: usize = 20;
/// Shares of a CPU that are nearer to one another than this agree. Ticks are off by twice as much.
const NEAR: f64 = 0.03;

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

/// The test's own count is exact, and that of the audit must be where nothing but `/proc/stat` tells it.
#[test]
fn what_others_use_is_told_where_no_group_counts_it() {
    const TEST: &str = "what_others_use_is_told_where_no_group_counts_it";
    let row = LOUD.iter().find(|row| row.name == WAKES).expect("it has a row");
    let audited = || {
        let (_turn, machine) = (Turn::alone(), Machine::new());
        let _going_on = Disturbance::begin(row.does, machine.path(), Duration::ZERO)?;
        let counted = Counted::beside(|| machine.audit_apart());
        let (audited, counted) = counted.ok_or_else(|| NotUp::Missing("no cpuacct.usage of all control groups".into()))?;
        Ok((audited?, counted))
    };
    let Some((audited, counted)) = or_skip(TEST, audited()) else { return };
    let own = |what: &str| audited.report["own"][what].as_f64().expect("what the audit itself used");
    let ended: Timestamp = audited.report["run"]["as_of"].as_str().and_then(|at| at.parse().ok()).expect("when the window ended");
    let truth = counted.between(ended - machine::WINDOW, ended) / machine::WINDOW.as_secs_f64() - own("cpu_s") / (own("wall_ms") / 1e3);
    assert!(audited.report.to_string().contains("what idle time in /proc/stat leaves"), "another counter was believed");
    let said = |rule: &str, before: &str| audited.observed(rule).split(before).nth(1)?.split(' ').next()?.parse::<f64>().ok();
    let told = said("INT-08", "of ").expect("CPU-s of others") / machine::WINDOW.as_secs_f64();
    // What the hypervisor takes may lie within idle time or not.
    let cpus = thread::available_parallelism().map_or(1, NonZero::get) as f64;
    let taken = said("INT-02", "took ").expect("a share that the hypervisor takes") / 100.0 * cpus;
    let _ = writeln!(io::stderr(), "others use {truth:.3} of a CPU, and the audit says {told:.3}, give or take {taken:.3}");
    assert!((told - truth).abs() < NEAR + taken && audited.rules("fail").contains("INT-06"), "{told} is not {truth}: {}", audited.text);
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
    // What was written before, such as these programs by their compiler, is no noise of the runs.
    rustix::fs::sync();
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
