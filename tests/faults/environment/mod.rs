//! The fault matrix of environments: real servers and a real database, changed one thing at a time, beside a snapshot of how they were.
#![allow(clippy::disallowed_methods, reason = "says how long it took, and which rows it was asked for")]

mod broken;
mod change;
mod judge;
mod secrets;
mod server;
mod site;

use crate::{
    audited::{asked_for, so_many},
    rows::UNLIKE,
    stack::{NotUp, or_skip},
    support::turn::CHILDREN,
};
use judge::{clean, wrong};
use site::Site;
use std::{
    io::{self, Write},
    time::Instant,
};

/// Clean runs before and after the changes.
const CLEAN: usize = 5;

#[test]
fn every_change_of_an_environment_is_found_by_its_rules_and_by_no_other() {
    let name = "every_change_of_an_environment_is_found_by_its_rules_and_by_no_other";
    let _children = CHILDREN.blocking_lock();
    let Some(wrong) = or_skip(name, run()) else { return };
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What is wrong with all runs, a line each.
fn run() -> Result<Vec<String>, NotUp> {
    let (began, site) = (Instant::now(), Site::up()?);
    let runs = so_many("RIGCHECK_CLEAN_RUNS", CLEAN);
    let clean = |many: usize| (0..many).flat_map(|_| clean(&site.audit(&[]))).collect::<Vec<_>>();
    let mut found = clean(runs.div_ceil(2));
    for row in UNLIKE.iter().filter(|row| asked_for(row.name)) {
        let undo = site.change(row.does)?;
        let audited = site.audit(row.does);
        site.undo(&undo)?;
        let missed = wrong(row, &audited);
        audited.tell(row.name, &missed);
        found.extend(missed);
    }
    found.extend(clean(runs / 2));
    let _ = writeln!(io::stderr(), "{} changes and {runs} clean runs in {:.0} s", UNLIKE.len(), began.elapsed().as_secs_f64());
    Ok(found)
}
