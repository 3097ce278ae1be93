//! Misbehaviours seeded into the real gateway: each is found by the rule that is for it, and by no rule that must stay quiet.

use crate::{
    rig::{Audited, Gateway, REQUESTS, Rig},
    stack::{NotUp, or_skip},
};
use std::{collections::BTreeSet, fmt::Write as _, sync::Mutex, thread};

/// What an audit must make of a fault.
struct Expected {
    fault: &'static str,
    /// Rules that must fail.
    must: &'static [&'static str],
    /// Rules that may fail too, since the same thing is wrong in their eyes.
    may: &'static [&'static str],
    /// What the notes must say.
    note: &'static str,
}

const fn of(fault: &'static str, must: &'static [&'static str], may: &'static [&'static str]) -> Expected {
    Expected { fault, must, may, note: "" }
}

/// Every fault of `examples/fastapi-gateway/gateway/faults.py`.
const FAULTS: &[Expected] = &[
    of("log-rounds-seconds", &["LAT-14"], &["LAT-01", "LAT-08", "LAT-10", "LAT-15", "LAT-16", "LAT-17"]),
    of("log-ms-as-s", &["LAT-08", "LAT-14"], &["LAT-01", "LAT-10", "LAT-15", "LAT-16", "LAT-17"]),
    of("log-offset-200ms", &["LAT-14", "LAT-17"], &["LAT-01", "LAT-10", "LAT-15", "LAT-16"]),
    of("log-scale-5pct", &["LAT-15"], &["LAT-01", "LAT-14", "LAT-16", "LAT-17"]),
    of("log-outliers", &["LAT-16"], &["LAT-10", "LAT-17"]),
    of("log-early", &["LAT-14"], &["LAT-01", "LAT-02", "LAT-08", "LAT-10", "LAT-13", "LAT-15", "LAT-16"]),
    // Half of the requests have no line of their own; the others have two that contradict one another.
    of("duplicate-ids", &["LAT-02"], &["LAT-13"]),
    of("metric-ms", &["LAT-08"], &["LAT-03", "LAT-04", "LAT-05", "LAT-06"]),
    of("metric-no-stream", &["LAT-03"], &["LAT-04", "LAT-05", "LAT-08"]),
    of("buckets-pinned", &["LAT-06"], &["LAT-04", "LAT-05"]),
    of("private-registries", &["LAT-02"], &["LAT-03", "LAT-04"]),
    // The task runs inside the application: the server span lasts until its end, too.
    of("background-task", &["LAT-03"], &["LAT-01", "LAT-04", "LAT-10", "LAT-14", "LAT-15", "LAT-16", "LAT-17"]),
    // Its first chunk comes when the span is over: the attribute is lost.
    of("span-without-stream", &["LAT-14"], &["LAT-01", "LAT-08", "LAT-10", "LAT-13", "LAT-15", "LAT-16"]),
    of("head-sampling-10pct", &["LAT-02"], &["LAT-13"]),
    of("buffered-sse", &["LAT-14"], &["LAT-01", "LAT-10", "LAT-15", "LAT-16"]),
    // Log, metrics and traces tell the truth of how long it took; that the provider was asked twice is a note.
    Expected { note: "reached the reference endpoint more than once", ..of("retry-hidden", &[], &[]) },
    of("nagle", &["LAT-14"], &[]),
];

/// A fault, and what was found.
struct Row {
    expected: &'static Expected,
    audited: Audited,
}

#[test]
fn every_seeded_fault_is_found_by_the_rule_that_is_for_it_and_by_no_other() {
    let name = "every_seeded_fault_is_found_by_the_rule_that_is_for_it_and_by_no_other";
    let (left, rows) = (Mutex::new(chosen()), Mutex::new(vec![]));
    let next = || left.lock().ok().and_then(|mut left| left.pop());
    let up = thread::scope(|lanes| {
        let lane = || -> Result<(), NotUp> {
            let mut rig: Option<Rig> = None;
            while let Some(expected) = next() {
                let gateway = Gateway { fault: Some(expected.fault), ..Gateway::REPAIRED };
                match &mut rig {
                    None => rig = Some(Rig::start(gateway, "1s")?),
                    Some(rig) => rig.replace_gateway(gateway)?,
                }
                let Some(rig) = &rig else { continue };
                let audited = rig.audit(expected.fault, REQUESTS);
                if let Ok(mut rows) = rows.lock() {
                    rows.push(Row { expected, audited });
                }
            }
            Ok(())
        };
        let lanes = [lanes.spawn(lane), lanes.spawn(lane)];
        lanes.into_iter().try_for_each(|lane| lane.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    });
    if or_skip(name, up).is_none() {
        return;
    }
    let mut rows = rows.into_inner().expect("no lane panicked");
    rows.sort_by_key(|row| row.expected.fault);
    let wrong: String = rows.iter().filter_map(wrong).collect();
    for row in &rows {
        println!("{}: {}", row.expected.fault, row.audited.trouble());
    }
    println!("{}", table(&rows));
    assert!(wrong.is_empty(), "{}{wrong}", table(&rows));
}

/// All of them, or those that `RIGCHECK_LIVE_FAULTS` names.
#[allow(clippy::disallowed_methods, reason = "a person can ask for a few faults only")]
fn chosen() -> Vec<&'static Expected> {
    let wanted = std::env::var("RIGCHECK_LIVE_FAULTS").unwrap_or_default();
    let wanted: Vec<&str> = wanted.split(',').filter(|w| !w.is_empty()).collect();
    FAULTS.iter().rev().filter(|f| wanted.is_empty() || wanted.contains(&f.fault)).collect()
}

/// What is wrong with a row, if anything is.
fn wrong(row: &Row) -> Option<String> {
    let (must, may): (BTreeSet<&str>, BTreeSet<&str>) = (row.expected.must.iter().copied().collect(), row.expected.may.iter().copied().collect());
    let missed: Vec<_> = must.iter().filter(|rule| !row.audited.found(rule)).collect();
    let told = row.audited.failed_not_for_noise();
    let loud: Vec<_> = told.iter().filter(|r| !must.contains(*r) && !may.contains(*r)).collect();
    let sound = missed.is_empty() && loud.is_empty() && row.audited.rules("error").is_empty() && row.audited.text.contains(row.expected.note);
    (!sound).then(|| format!("{}: missed {missed:?}, must be quiet {loud:?}; {}", row.expected.fault, row.audited.trouble()))
}

fn table(rows: &[Row]) -> String {
    let join = |set: BTreeSet<&str>| set.into_iter().map(|r| r.trim_start_matches("LAT-")).collect::<Vec<_>>().join(" ");
    let mut text = format!(
        "\n{:22} {:10} {:24} {:24} {:14} {:16} {:>4} {:>5} {:>5}\n",
        "fault", "must fail", "failed too", "undecided", "verdict", "score", "exit", "s", "busy"
    );
    for Row { expected, audited } in rows {
        let failed = audited.rules("fail");
        let must: BTreeSet<&str> = expected.must.iter().copied().collect();
        let found = must.iter().all(|rule| audited.found(rule));
        let undecided: BTreeSet<&str> = audited.rules("inconclusive").union(&audited.rules("no_data")).copied().collect();
        let (lo, hi) = (audited.report["score"]["lo"].as_f64().unwrap_or(0.0), audited.report["score"]["hi"].as_f64().unwrap_or(1.0));
        let _ = writeln!(
            text,
            "{:22} {:10} {:24} {:24} {:14} {:16} {:>4} {:>5.0} {:>5.2}",
            expected.fault,
            format!("{} {}", join(must.clone()), if found { "✓" } else { "✗" }),
            join(failed.difference(&must).copied().collect()),
            join(undecided.difference(&failed).copied().collect()),
            audited.verdict(),
            format!("{lo:.2} … {hi:.2}"),
            audited.code,
            audited.took.as_secs_f64(),
            audited.busy,
        );
    }
    text
}
