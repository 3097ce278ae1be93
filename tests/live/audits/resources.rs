//! What the whole system uses: as it is, all its sources tell the truth; each fault of what they tell is found by its rule.
#![allow(clippy::disallowed_methods, reason = "restarts a container")]

use crate::{
    rig::{Audited, QUIET, Turn},
    stack::or_skip,
    support::{
        audited::{OF_THE_MACHINE, so_many},
        rows::resources::{PARTS, RULES, TARGETS, USED},
        whole::{Beside, TRACES, Whole},
    },
};
use std::{
    collections::BTreeSet,
    io::{self, Write},
    process::Command,
    thread::sleep,
    time::Duration,
};

/// Clean runs in one go; `RIGCHECK_CLEAN_RUNS` says another number.
const RUNS: usize = 20;

/// Audits until one of them is READY: what else runs on this machine keeps a rule from judging now and then.
const TRIES: usize = 3;

/// Rules that tell of a machine that is busy with something else: scrapes that come late, requests that do not fit.
const NOISE: &[&str] = &["RES-08", "RES-10", "RES-14"];

#[test]
fn the_whole_system_tells_the_truth_of_what_it_uses() {
    let name = "the_whole_system_tells_the_truth_of_what_it_uses";
    let Some(whole) = or_skip(name, Whole::start(&Beside::default())) else { return };
    whole.use_it();
    let spec = format!("{}{TRACES}", whole.spec("", &[]));
    let run = until_ready(|nth| whole.audit(&Turn::calm(nth), &format!("clean-{nth}"), &spec, || {}));
    println!("{}\n{}", run.trouble(), figures(&run));
    assert!(alarms(&run).is_empty(), "{:?}: {}", alarms(&run), run.trouble());
    assert!(run.busy > QUIET || run.verdict() == "ready", "{}", run.trouble());
    // Traces of the containers show where the time goes.
    assert!(run.rules("pass").contains("TRC-01") && run.rules("pass").contains("TRC-11"), "{}", run.trouble());
    // Each source's CPU time was laid beside the kernel's and the known load's.
    for (rule, subject) in [("RES-01", "docker:burner.cpu"), ("RES-01", "prometheus:burner.netdata_cpu"), ("RES-03", "prometheus:database.cpu")] {
        let statuses = run.statuses(rule, subject);
        assert!(!statuses.is_empty() && !statuses.contains("fail"), "{rule} {subject}: {}", run.trouble());
    }
}

/// What an audit of the clean system says that is not so: rules that fail for nothing, that break, or that have no data.
fn alarms(run: &Audited) -> BTreeSet<&str> {
    let noise = if run.busy > QUIET { NOISE } else { &[OF_THE_MACHINE] };
    let failed = run.rules("fail").into_iter().filter(|rule| !noise.contains(rule));
    failed.chain(run.rules("error")).chain(run.rules("no_data")).collect()
}

#[test]
#[ignore = "two minutes each: `make faults`"]
fn clean_runs_raise_no_alarm() {
    let name = "clean_runs_raise_no_alarm";
    let Some(whole) = or_skip(name, Whole::start(&Beside::default())) else { return };
    whole.use_it();
    let spec = format!("{}{TRACES}", whole.spec("", &[]));
    let (runs, mut wrong, mut undecided, mut quiet) = (so_many("RIGCHECK_CLEAN_RUNS", RUNS), vec![], vec![], 0);
    for nth in 1..=runs {
        let run = whole.audit(&Turn::alone(), &format!("clean-{nth}"), &spec, || {});
        // Past the capture of the test runner: it takes its time.
        let (verdict, open) = (run.verdict(), run.rules("inconclusive"));
        let _ = writeln!(io::stderr(), "{nth:>3} of {runs}: {verdict}, busy {:.2}; alarms {:?}, could not tell {open:?}", run.busy, alarms(&run));
        wrong.extend(alarms(&run).into_iter().map(|rule| format!("{rule} in run {nth}")));
        quiet += usize::from(run.busy <= QUIET);
        wrong.extend(run.accused().into_iter().filter(|_| run.busy <= QUIET).map(|row| format!("{row} in run {nth}")));
        undecided.extend((run.busy <= QUIET && run.verdict() != "ready").then(|| run.trouble()));
    }
    assert!(wrong.is_empty(), "{wrong:?}");
    assert!(10 * undecided.len() <= quiet, "{} of {quiet} undisturbed runs are not READY:\n{}", undecided.len(), undecided.concat());
    assert!(2 * quiet >= runs, "{quiet} of {runs} runs were undisturbed: this machine is too busy");
}

/// The first audit that is READY, or at fault by more than what the machine lets it tell, or the last one; `audit` is told which
/// one it is.
fn until_ready(mut audit: impl FnMut(usize) -> Audited) -> Audited {
    let mut nth = 1;
    loop {
        let audited = audit(nth);
        if nth == TRIES || audited.verdict() == "ready" || !alarms(&audited).is_empty() {
            return audited;
        }
        nth += 1;
    }
}

#[test]
#[ignore = "2 minutes: `make faults`"]
fn each_fault_of_what_is_told_is_found_by_its_rule() {
    let name = "each_fault_of_what_is_told_is_found_by_its_rule";
    let beside = Beside { parts: PARTS, targets: TARGETS, rules: Some(RULES) };
    let Some(whole) = or_skip(name, Whole::start(&beside)) else { return };
    whole.use_it();
    let adds: Vec<(&str, &str)> = USED.iter().flat_map(|used| used.adds).copied().collect();
    let brief = whole.stack.part("brief_container").words["container"].clone();
    let run = whole.audit(&Turn::alone(), "bent", &whole.spec("", &adds), || {
        // The load goes on for half a minute; it comes before the burn.
        sleep(Duration::from_secs(15));
        let restarted = Command::new("docker").args(["restart", "--time", "1", &brief]).status();
        assert!(restarted.is_ok_and(|s| s.success()), "{brief} is not restarted");
    });
    println!("{}", run.trouble());
    let failed: Vec<(&str, &str)> = run.outcomes().into_iter().filter(|o| o.2 == "fail").map(|o| (o.0, o.1)).collect();
    let mut wrong: Vec<String> = vec![];
    for used in USED {
        let missed = used.must.iter().filter(|must| !failed.contains(must));
        wrong.extend(missed.map(|(rule, subject)| format!("{}: not found by {rule} for {subject}", used.name)));
    }
    let expected = |rule: &str, subject: &str| {
        USED.iter().any(|used| used.must.contains(&(rule, subject)) || used.may.0.contains(&rule) && subject.contains(used.may.1))
    };
    let noise = if run.busy > QUIET { NOISE } else { &[] };
    let beside = failed.iter().filter(|(rule, subject)| !expected(rule, subject) && !noise.contains(rule));
    wrong.extend(beside.map(|(rule, subject)| format!("{rule} fails for {subject}, which is true")));
    assert!(wrong.is_empty(), "{}\n{}", wrong.join("\n"), run.trouble());
    assert_ne!(run.verdict(), "ready", "{}", run.trouble());
}

/// What each rule that compares figures saw, a line each.
fn figures(run: &Audited) -> String {
    let told = |o: &serde_json::Value| o["observed"].as_str().unwrap_or_default().to_owned();
    let lines = run.outcomes().into_iter().map(|(rule, subject, status, o)| format!("{rule:7} {status:12} {subject:34} {}", told(o)));
    lines.collect::<Vec<_>>().join("\n")
}
