//! The two forms of the matrix.

use crate::{
    clean,
    judge::{never_undisturbed, strictly, told, wrong},
    lanes::{Pack, Ran, TRIES, run},
    rig::REQUESTS,
    rows::{Does, ROWS, Row, TOGETHER},
    stack::or_skip,
    support::turn::CHILDREN,
};
use std::{
    collections::BTreeSet,
    io::{self, Write},
};

/// The fewest at which every rule that a row names can judge: LAT-02 and others want 200.
const FEW: u64 = 220;

#[test]
fn every_fault_is_found_by_its_rules_and_by_no_other() {
    let name = "every_fault_is_found_by_its_rules_and_by_no_other";
    let _children = CHILDREN.blocking_lock();
    let packs = packed(&chosen());
    let packs = if asked_for() { packs } else { covering(packs) };
    let Some(ran) = or_skip(name, told_of(packs, FEW, 1)) else { return };
    // Past the capture of the test runner: how much this run shows.
    let _ = writeln!(io::stderr(), "{}", strictly(&ran));
    let wrong: Vec<_> = ran.iter().flat_map(wrong).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
#[ignore = "an hour: `make faults`"]
fn every_fault_by_itself_then_clean_rigs() {
    let name = "every_fault_by_itself_then_clean_rigs";
    let singly = chosen().into_iter().map(|row| Pack(vec![row])).collect();
    let Some(ran) = or_skip(name, told_of(singly, REQUESTS, TRIES)) else { return };
    let mut wrong: Vec<_> = ran.iter().flat_map(wrong).chain(never_undisturbed(&ran)).collect();
    let Some(alarms) = or_skip(name, clean::on_the_real_stack()) else { return };
    wrong.extend(alarms);
    wrong.extend(clean::on_the_embedded_rig());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Runs all packs and prints what came of them.
fn told_of(packs: Vec<Pack>, requests: u64, tries: usize) -> Result<Vec<Ran>, crate::stack::NotUp> {
    let ran = run(packs, requests, tries)?;
    let _ = writeln!(io::stderr(), "\n{}", told(&ran));
    Ok(ran)
}

/// Does `RIGCHECK_LIVE_FAULTS` name rows?
#[allow(clippy::disallowed_methods, reason = "a person can ask for a few faults only")]
fn asked_for() -> bool {
    std::env::var("RIGCHECK_LIVE_FAULTS").is_ok_and(|wanted| !wanted.is_empty())
}

/// All rows, or those that `RIGCHECK_LIVE_FAULTS` names, by comma.
#[allow(clippy::disallowed_methods, reason = "a person can ask for a few faults only")]
fn chosen() -> Vec<&'static Row> {
    let wanted = std::env::var("RIGCHECK_LIVE_FAULTS").unwrap_or_default();
    let wanted: Vec<&str> = wanted.split(',').filter(|w| !w.is_empty()).collect();
    let unknown: Vec<_> = wanted.iter().filter(|w| ROWS.iter().all(|row| row.name != **w)).collect();
    assert!(unknown.is_empty(), "RIGCHECK_LIVE_FAULTS: there is no {unknown:?}");
    ROWS.iter().filter(|row| wanted.is_empty() || wanted.contains(&row.name)).collect()
}

/// Rows that touch nobody in common share a run: each into the first pack that has room for it.
fn packed(rows: &[&'static Row]) -> Vec<Pack> {
    let mut packs: Vec<Pack> = vec![];
    for row in rows {
        match packs.iter_mut().find(|pack| pack.has_room_for(row)) {
            Some(pack) => pack.0.push(row),
            None => packs.push(Pack(vec![row])),
        }
    }
    packs
}

/// As many of them as it takes for each part of the real stack to be disturbed once. That each rule fails is shown on the embedded
/// rig; `make faults` runs each row.
fn covering(mut packs: Vec<Pack>) -> Vec<Pack> {
    let parts = |pack: &Pack| pack.0.iter().map(|row| row.part).collect::<BTreeSet<&str>>();
    packs.sort_by_key(|pack| std::cmp::Reverse(parts(pack).len()));
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    let mut adds = |pack: &Pack| {
        let before = seen.len();
        seen.extend(parts(pack));
        seen.len() > before
    };
    packs.into_iter().filter(|pack| adds(pack)).collect()
}

#[test]
fn few_runs_cover_all_parts() {
    let all = packed(&ROWS.iter().collect::<Vec<_>>());
    let (many, few) = (all.len(), covering(all));
    let covered: BTreeSet<&str> = few.iter().flat_map(|pack| &pack.0).map(|row| row.part).collect();
    assert_eq!(covered, ROWS.iter().map(|row| row.part).collect::<BTreeSet<_>>());
    assert!(few.len() * 2 < many, "{} of {many} runs", few.len());
    println!("{} of {many} runs, {} of {} rows", few.len(), few.iter().map(|pack| pack.0.len()).sum::<usize>(), ROWS.len());
}

#[test]
fn packed_rows_do_not_explain_each_other() {
    let rows: Vec<&Row> = ROWS.iter().collect();
    let packs = packed(&rows);
    assert_eq!(packs.iter().map(|pack| pack.0.len()).sum::<usize>(), ROWS.len());
    assert!(ROWS.len() >= 28 && packs.len() * 3 < ROWS.len() * 2, "{} rows in {} runs", ROWS.len(), packs.len());
    for pack in &packs {
        for (i, a) in pack.0.iter().enumerate() {
            for b in &pack.0[i + 1..] {
                assert!(!a.meets(b) || a.is_quiet() && b.is_quiet(), "{} and {}", a.name, b.name);
            }
        }
    }
}

#[test]
#[allow(clippy::disallowed_methods, reason = "reads the gateway's own list")]
fn every_fault_of_the_gateway_has_a_row() {
    let list = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/fastapi-gateway/gateway/faults.py")).expect("the list");
    let list = list.split("FAULTS = {").nth(1).and_then(|rest| rest.split("\n}").next()).expect("a dictionary");
    let theirs: BTreeSet<&str> = list.lines().filter_map(|line| line.trim().strip_prefix('"')?.split('"').next()).collect();
    let rows = ROWS.iter().flat_map(|row| row.does).filter_map(|does| if let Does::Gateway(fault) = does { Some(*fault) } else { None });
    let ours: BTreeSet<&str> = rows.chain(TOGETHER.iter().flat_map(|run| run.faults).map(|(fault, _)| *fault)).collect();
    assert!(theirs.len() > 20, "{theirs:?}");
    assert_eq!(ours, theirs);
}
