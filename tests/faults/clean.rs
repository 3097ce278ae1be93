//! Rigs without a fault: none may be called broken.
#![allow(clippy::disallowed_methods, reason = "runs several audits at once, beside a thread that only computes")]

use crate::{
    audited::{QUIET, so_many},
    embedded::{Run, of_reference_in_short},
    judge::{never_undisturbed, told, wrong},
    lanes::{Pack, Ran, TRIES, run},
    rig::REQUESTS,
    rows::CLEAN,
    stack::NotUp,
};
use futures_util::StreamExt;
use rigcheck::{model::outcome::Status, scoring::Verdict, stats::clopper_pearson_hi};
use std::{
    collections::BTreeMap,
    hint::spin_loop,
    io::{self, Write},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

/// Clean runs on the real stack, and how many of them may be left undecided.
const ON_THE_STACK: usize = 20;
const MAY_BE_UNDECIDED: usize = 1;
/// Short clean runs on the embedded rig: with no alarm in 300 the rate of false alarms is below 0.99 % a run.
const SHORT: usize = 300;
/// One of so many short runs shares its processors with a program that only computes.
const STRESSED: usize = 3;
/// A load generator that stood still for so long, ms, shows that the machine has no time for the rig.
const STARVED: f64 = 1_000.0;
/// Short runs at once: they wait most of their time.
const SHORT_AT_ONCE: usize = 3;

/// What is wrong with clean runs on the real stack: a rule that fails in any of them, or too few that are READY. A run beside
/// which something else kept the processors busy counts as not run.
pub fn on_the_real_stack() -> Result<Vec<String>, NotUp> {
    let packs = CLEAN.iter().cycle().take(so_many("RIGCHECK_CLEAN_RUNS", ON_THE_STACK)).map(|row| Pack(vec![row]));
    let done = run(packs.collect(), REQUESTS, TRIES)?;
    let counts = done.iter().filter(|ran| ran.audited.busy <= QUIET);
    let (ready, undecided): (Vec<&Ran>, Vec<&Ran>) = counts.partition(|ran| ran.audited.verdict() == "ready");
    let (ready, ran, wanted) = (ready.len(), ready.len() + undecided.len(), done.len());
    let _ = writeln!(io::stderr(), "{}{ready} of {ran} clean runs on the real stack are READY, of {wanted} that were wanted", told(&done));
    let mut wrong: Vec<String> = done.iter().flat_map(wrong).chain(never_undisturbed(&done)).collect();
    if undecided.len() > MAY_BE_UNDECIDED {
        wrong.push(format!("only {ready} of {ran} clean runs are READY"));
        wrong.extend(undecided.into_iter().map(|ran| ran.audited.trouble()));
    }
    Ok(wrong)
}

/// What is wrong with many short clean runs on the embedded rig: each rule that failed.
pub fn on_the_embedded_rig() -> Vec<String> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let short = so_many("RIGCHECK_SHORT_CLEAN_RUNS", SHORT);
    let stressed = short / STRESSED;
    // Whether a run counts is decided by how long its load generator stood still, before anyone looks at what it found.
    let counting = |runs: Vec<Run>| runs.into_iter().filter(|run| run.held_up() < STARVED).collect::<Vec<_>>();
    let mut runs = counting(runtime.block_on(short_runs(short - stressed)));
    let beside = {
        let _stress = Stress::on_one_core();
        counting(runtime.block_on(short_runs(stressed)))
    };
    let stressed_count = beside.len();
    runs.extend(beside);
    let alarms: Vec<_> = runs.iter().filter(|run| !run.rules(Status::Fail).is_empty() || !run.rules(Status::Error).is_empty()).collect();
    let ready = runs.iter().filter(|run| run.report.assessment.verdict == Verdict::Ready).count();
    let bound = clopper_pearson_hi(alarms.len() as u64, runs.len() as u64, 0.05);
    let _ = writeln!(
        io::stderr(),
        "{short} short clean runs, {stressed} of them beside a program that only computes; {} and {stressed_count} of those count, the \
         others stood still for 1 s or longer: {} with a false alarm, {ready} READY; of runs that count at most {:.2} % have one \
         (one-sided 95 %, Clopper-Pearson)",
        runs.len(),
        alarms.len(),
        100.0 * bound
    );
    if ready < runs.len() {
        let _ = writeln!(io::stderr(), "{}", left_open(&runs));
    }
    let mut wrong: Vec<_> = alarms.into_iter().map(|run| format!("a false alarm:\n{}", run.told())).collect();
    // Silence is no proof: half an hour on a machine that had no time shows nothing.
    if 10 * runs.len() < 9 * short || 2 * stressed_count < stressed {
        wrong.push(format!("only {} of {short} short clean runs and {stressed_count} of {stressed} beside a program that only computes count: this machine is too busy", runs.len()));
    }
    wrong
}

/// What kept clean runs from being READY: each rule that could not tell, and in how many of them.
fn left_open(runs: &[Run]) -> String {
    let undecided: Vec<_> = runs.iter().filter(|run| run.report.assessment.verdict != Verdict::Ready).collect();
    let mut open: BTreeMap<String, usize> = BTreeMap::new();
    for rule in undecided.iter().flat_map(|run| &run.rules(Status::Inconclusive) | &run.rules(Status::NoData)) {
        *open.entry(rule).or_default() += 1;
    }
    let open: Vec<_> = open.iter().map(|(rule, n)| format!("{rule} in {n}")).collect();
    format!("left open in the {} that are not READY: {}", undecided.len(), open.join(", "))
}

async fn short_runs(many: usize) -> Vec<Run> {
    let running = futures_util::stream::iter(0..many).map(|_| tokio::spawn(of_reference_in_short(None)));
    let mut running = running.buffer_unordered(SHORT_AT_ONCE);
    let mut runs = vec![];
    while let Some(run) = running.next().await {
        runs.push(run.expect("a run ends"));
        if runs.len() % 10 == 0 {
            let _ = writeln!(io::stderr(), "{} of {many} short clean runs", runs.len());
        }
    }
    runs
}

/// A program that only computes, until dropped.
struct Stress(Arc<AtomicBool>);

impl Stress {
    fn on_one_core() -> Stress {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        thread::spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                spin_loop();
            }
        });
        Stress(stop)
    }
}

impl Drop for Stress {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
