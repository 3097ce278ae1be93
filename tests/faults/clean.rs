//! Rigs without a fault: none may be called broken.

use crate::{
    audited::QUIET,
    lanes,
    reference::{Run, audit},
    rig::{AT_ONCE, Gateway, REQUESTS, Rig, Turn},
    stack::NotUp,
};
use futures_util::StreamExt;
use rigcheck::{engine::PATIENCE, model::outcome::Status, reference::rig::ReferenceRig, scoring::Verdict, stats::clopper_pearson_hi};
use std::{
    hint::spin_loop,
    io::{self, Write},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

/// Clean runs on the real stack, and how many of them may be left undecided.
const ON_THE_STACK: usize = 20;
const MAY_BE_UNDECIDED: usize = 1;
/// Short clean runs on the embedded rig: with no alarm in 300 the rate of false alarms is below 0.99 % a run.
const SHORT: usize = 300;
/// What the stack is, and the engine that reads the gateway's page beside Prometheus, if one does.
const VARIANTS: &[(&str, &str)] = &[("plain", "")];
/// One of so many short runs shares its processors with a program that only computes.
const STRESSED: usize = 3;
/// The fewest at which the rules judge.
const FEW: u64 = 220;
/// Short runs at once: they wait most of their time.
const SHORT_AT_ONCE: usize = 5;
/// Twice as fast as a user's run.
const RATE: &str = "max_tokens: 64, rate: 30/s";

/// What is wrong with clean runs on the real stack: a rule that fails in any of them, or too few that are READY.
pub fn on_the_real_stack() -> Result<Vec<String>, NotUp> {
    let on_the_stack = so_many("RIGCHECK_CLEAN_RUNS", ON_THE_STACK);
    let shared =
        VARIANTS.iter().enumerate().map(|(i, variant)| (variant, on_the_stack / VARIANTS.len() + usize::from(i < on_the_stack % VARIANTS.len())));
    let left = Mutex::new(shared.rev().collect::<Vec<_>>());
    let done = Mutex::new(vec![]);
    let next = || left.lock().ok().and_then(|mut left| left.pop());
    let lane = || -> Result<(), NotUp> {
        while let Some((variant, runs)) = next() {
            if runs == 0 {
                continue;
            }
            let mut rig: Rig = lanes::start(Gateway::REPAIRED)?;
            let engine = variant.1;
            if !engine.is_empty() {
                rig.stack.add(&[engine, "--targets", "gateway", "--interval", "1s"])?;
            }
            let spec = spec(&rig, engine);
            for n in 1..=runs {
                let audited = rig.audit_spec_in_turn(&Turn::take(AT_ONCE / 2), &format!("clean-{n}"), &spec, || {});
                let _ = writeln!(io::stderr(), "clean run {n} of {runs}, {}: {}", variant.0, audited.verdict());
                if let Ok(mut done) = done.lock() {
                    done.push(audited);
                }
            }
        }
        Ok(())
    };
    thread::scope(|scope| {
        let lanes = [scope.spawn(lane), scope.spawn(lane)];
        lanes.into_iter().try_for_each(|lane| lane.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    })?;
    let done = done.into_inner().expect("no lane panicked");
    let ready = done.iter().filter(|audited| audited.verdict() == "ready").count();
    let busy = done.iter().filter(|audited| audited.busy > QUIET).count();
    let _ = writeln!(io::stderr(), "{ready} of {} clean runs on the real stack are READY; the machine was busy in {busy}", done.len());
    let mut wrong: Vec<String> = done
        .iter()
        .filter(|a| !a.failed_not_for_noise().is_empty() || !a.rules("error").is_empty())
        .map(|a| format!("a false alarm: {}", a.trouble()))
        .collect();
    // On a machine that does something else the share of READY says nothing.
    if ready + MAY_BE_UNDECIDED + busy < done.len() {
        wrong.push(format!("only {ready} of {} clean runs are READY", done.len()));
        wrong.extend(done.iter().filter(|a| a.verdict() != "ready").map(|a| a.trouble()));
    }
    Ok(wrong)
}

/// The rig's spec; a second engine answers for the same claims.
fn spec(rig: &Rig, engine: &str) -> String {
    let spec = rig.spec(&format!("audit: {{requests: {REQUESTS}}}"));
    if engine.is_empty() {
        return spec;
    }
    spec.replacen("sources:\n", &format!("sources:\n  {engine}: {{kind: prometheus, url: {}}}\n", rig.stack.url(engine)), 1)
}

/// What is wrong with many short clean runs on the embedded rig: each rule that failed.
pub fn on_the_embedded_rig() -> Vec<String> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let short = so_many("RIGCHECK_SHORT_CLEAN_RUNS", SHORT);
    let stressed = short / STRESSED;
    let mut runs = runtime.block_on(short_runs(short - stressed));
    runs.extend({
        let _stress = Stress::on_one_core();
        runtime.block_on(short_runs(stressed))
    });
    let alarms: Vec<_> = runs.iter().filter(|run| !run.rules(Status::Fail).is_empty() || !run.rules(Status::Error).is_empty()).collect();
    let ready = runs.iter().filter(|run| run.report.assessment.verdict == Verdict::Ready).count();
    let bound = clopper_pearson_hi(alarms.len() as u64, runs.len() as u64, 0.05);
    let _ = writeln!(
        io::stderr(),
        "{} short clean runs, {stressed} of them beside a program that only computes: {} with a false alarm, {ready} READY; \
         false alarms per run at most {:.2} % (one-sided 95 %, Clopper-Pearson)",
        runs.len(),
        alarms.len(),
        100.0 * bound
    );
    alarms.into_iter().map(|run| format!("a false alarm:\n{}", run.told())).collect()
}

/// As many as usual, or as the environment says.
#[allow(clippy::disallowed_methods, reason = "a person can ask for fewer runs, or more")]
fn so_many(variable: &str, usual: usize) -> usize {
    std::env::var(variable).map_or(usual, |n| n.parse().expect("a number of runs"))
}

async fn short_runs(many: usize) -> Vec<Run> {
    let running = futures_util::stream::iter(0..many).map(|_| tokio::spawn(short_run()));
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

async fn short_run() -> Run {
    let folder = tempfile::tempdir().expect("a folder");
    let rig = ReferenceRig::start(folder.path(), None, FEW).expect("the embedded rig");
    let spec = rig.spec();
    assert!(spec.contains("max_tokens: 64"), "{spec}");
    let run = audit(&spec.replace("max_tokens: 64", RATE), folder.path(), PATIENCE).await;
    rig.stop().await;
    run
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
