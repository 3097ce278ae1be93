//! The fault matrix of the way to an endpoint: each fault is planted in a network of its own, made of namespaces on this machine, and must be
//! found by its rules, and by no others.
#![allow(clippy::disallowed_methods, reason = "says how long it took, and which rows it was asked for")]

mod judge;
mod laboratory;

use crate::{
    audited::{asked_for, so_many},
    rows::{
        STRAY, Stray,
        network::{Plants, SAME},
    },
    stack::{NotUp, or_skip},
};
use laboratory::Laboratory;
use std::{
    io::{self, Write},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Instant,
};

/// They wait most of their time; more make the relays late, with other matrices beside.
const AT_ONCE: usize = 4;
/// Of the reference: as many as any row has.
const CONNECTS: u32 = 800;

#[test]
fn each_fault_of_a_way_is_found_by_its_rules_and_by_no_others() {
    const TEST: &str = "each_fault_of_a_way_is_found_by_its_rules_and_by_no_others";
    let Some(wrong) = or_skip(TEST, run(1)) else { return };
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
#[ignore = "five minutes: `make faults` runs it"]
fn a_way_that_is_as_it_was_is_never_called_another_one() {
    const TEST: &str = "a_way_that_is_as_it_was_is_never_called_another_one";
    let Some(wrong) = or_skip(TEST, run(so_many("RIGCHECK_CLEAN_RUNS", 20))) else { return };
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What is wrong with all rows, and with so many runs of those that nothing must be found in, a line each.
fn run(clean_runs: usize) -> Result<Vec<String>, NotUp> {
    let began = Instant::now();
    let reference = Laboratory::up(Plants::Nothing)?.record(CONNECTS)?;
    let mut rows: Vec<&Stray> =
        STRAY.iter().filter(|_| clean_runs == 1).chain(SAME.iter().cycle().take(SAME.len() * clean_runs)).filter(|row| asked_for(row.name)).collect();
    // Those that take long begin first.
    rows.sort_by_key(|row| !row.takes_long());
    let (next, found) = (AtomicUsize::new(0), Mutex::new(vec![]));
    let worker = || -> Result<(), NotUp> {
        while let Some(row) = rows.get(next.fetch_add(1, Ordering::Relaxed)) {
            let laboratory = Laboratory::up(row.plants)?;
            let audited = laboratory.audit(row, &reference)?;
            let missed = judge::wrong(row, &audited, laboratory.late());
            audited.tell(row.name, &missed);
            found.lock().unwrap_or_else(PoisonError::into_inner).extend(missed);
        }
        Ok(())
    };
    thread::scope(|scope| {
        let all: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(worker)).collect();
        all.into_iter().try_for_each(|worker| worker.join().expect("it says what is wrong"))
    })?;
    let _ = writeln!(io::stderr(), "{} ways in {:.0} s", rows.len(), began.elapsed().as_secs_f64());
    Ok(found.into_inner().unwrap_or_else(PoisonError::into_inner))
}
