//! What an audit should have said of its faults, beside what it said.

use crate::{
    audited::{Audited, NOISE, QUIET},
    lanes::{Ran, TRIES},
    rows::{Row, Wanted},
};
use serde_json::Value;
use std::{collections::BTreeSet, fmt::Write as _};

/// What is wrong with a run, a line each.
pub fn wrong(ran: &Ran) -> Vec<String> {
    let (rows, audited) = (&ran.pack.0, &ran.audited);
    let mut wrong: Vec<String> = rows.iter().flat_map(|row| missed(row, ran)).collect();
    for (rule, subject, status, _) in audited.outcomes() {
        let expected =
            rows.iter().any(|row| row.pairs.contains(&rule) || touches(row, subject) && (row.must.contains(&rule) || row.may.contains(&rule)));
        let noise = audited.busy > QUIET && NOISE.contains(&rule);
        if status == "error" || status == "fail" && !expected && !noise {
            wrong.push(format!("{rule} of {subject} must be quiet: {status}"));
        }
    }
    if !deserved(rows, audited) {
        wrong.push(format!("the verdict is {}", audited.verdict()));
    }
    if !wrong.is_empty() {
        wrong.push(audited.trouble());
    }
    wrong.into_iter().map(|line| format!("{}: {line}", ran.pack.name())).collect()
}

fn touches(row: &Row, subject: &str) -> bool {
    row.touches.iter().any(|start| subject.starts_with(start))
}

/// The statuses of a rule among those whom a row touches.
fn statuses<'a>(row: &Row, audited: &'a Audited, rule: &str) -> BTreeSet<&'a str> {
    audited.outcomes().into_iter().filter(|o| o.0 == rule && touches(row, o.1)).map(|o| o.2).collect()
}

/// What a row demands and the audit does not say.
fn missed(row: &Row, ran: &Ran) -> Vec<String> {
    let audited = &ran.audited;
    let mut missed = vec![];
    for rule in row.must {
        let said = statuses(row, audited, rule);
        // On a busy machine a rule may say instead that it cannot tell, and why.
        if !(said.contains("fail") || audited.busy > QUIET && said.contains("inconclusive")) {
            missed.push(format!("{}: not found by {rule}, which says {said:?}", row.name));
        }
    }
    for rule in row.untold {
        let said = statuses(row, audited, rule);
        if said.contains("pass") || !(said.contains("no_data") || said.contains("inconclusive")) {
            missed.push(format!("{}: {rule} cannot tell, and says {said:?}", row.name));
        }
    }
    for (rule, subject) in row.passes {
        let said = audited.statuses(rule, subject);
        if !(said == BTreeSet::from(["pass"]) || audited.busy > QUIET && NOISE.contains(rule)) {
            missed.push(format!("{}: {rule} of {subject} must pass, and says {said:?}", row.name));
        }
    }
    let report = audited.text.split_whitespace().collect::<Vec<_>>().join(" ");
    for note in row.notes.iter().filter(|note| !report.contains(**note)) {
        missed.push(format!("{}: the report does not say `{note}`", row.name));
    }
    if ran.unseen.contains(&row.name) {
        missed.push(format!("{}: the evidence does not show that it was done", row.name));
    }
    // A span may end well after its last byte has arrived where its process waits for a processor.
    let planted = row.planted.filter(|_| audited.busy <= QUIET);
    missed.extend(planted.into_iter().flat_map(|planted| elsewhere(row, audited, planted)));
    missed
}

/// Findings whose bounds do not hold what was planted.
fn elsewhere(row: &Row, audited: &Audited, planted: f64) -> Vec<String> {
    let found = audited.outcomes().into_iter().filter(|o| o.2 == "fail" && row.must.contains(&o.0) && touches(row, o.1));
    let end = |outcome: &Value, end: &str| outcome["figure"][end].as_f64().unwrap_or(f64::NAN);
    let found = found.filter(|(.., outcome)| !(end(outcome, "lo") <= planted && planted <= end(outcome, "hi")));
    found.map(|(rule, subject, _, outcome)| format!("{}: {rule} of {subject} does not hold {planted} ms: {}", row.name, outcome["figure"])).collect()
}

/// Of runs that had to be undisturbed: those that never were.
pub fn never_undisturbed(all: &[Ran]) -> Vec<String> {
    let busy = all.iter().filter(|ran| ran.audited.busy > QUIET);
    busy.map(|ran| format!("{}: something else kept the processors busy in each of {TRIES} tries: not judged", ran.pack.name())).collect()
}

/// How many rows were judged without allowance for a busy machine, for people.
pub fn strictly(all: &[Ran]) -> String {
    let rows = |all: &mut dyn Iterator<Item = &Ran>| all.map(|ran| ran.pack.0.len()).sum::<usize>();
    let (strict, of) = (rows(&mut all.iter().filter(|ran| ran.audited.busy <= QUIET)), rows(&mut all.iter()));
    match strict {
        0 => format!("NOT ONE OF {of} ROWS WAS JUDGED STRICTLY: the processors were busy with something else"),
        _ => format!("{strict} of {of} rows were judged strictly; in the runs of the others the processors were busy with something else"),
    }
}

/// Is the verdict that of the worst fault? On a busy machine a finding may have become a doubt, never a pass.
fn deserved(rows: &[&Row], audited: &Audited) -> bool {
    let wanted = |wanted: Wanted| rows.iter().any(|row| row.verdict == wanted);
    let ready = audited.verdict().starts_with("ready");
    match audited.verdict() {
        "not_ready" => true,
        _ if wanted(Wanted::NotReady) => audited.busy > QUIET && !ready,
        _ if wanted(Wanted::NeverReady) => !ready,
        _ => true,
    }
}

/// All runs as a table for people.
pub fn told(all: &[Ran]) -> String {
    let join = |set: BTreeSet<&str>| set.into_iter().map(|r| r.trim_start_matches("LAT-")).collect::<Vec<_>>().join(" ");
    let mut text = format!("{:24} {:9} {:24} {:24} {:14} {:>4} {:>5}\n", "fault", "must fail", "failed too", "undecided", "verdict", "s", "busy");
    for ran in all {
        let audited = &ran.audited;
        for row in &ran.pack.0 {
            let own = |wanted: &[&str]| -> BTreeSet<&str> {
                audited.outcomes().into_iter().filter(|o| wanted.contains(&o.2) && touches(row, o.1)).map(|o| o.0).collect()
            };
            let (failed, must) = (own(&["fail"]), row.must.iter().copied().collect::<BTreeSet<_>>());
            let _ = writeln!(
                text,
                "{:24} {:9} {:24} {:24} {:14} {:>4.0} {:>5.2} {}",
                row.name,
                join(must.clone()),
                join(failed.difference(&must).copied().collect()),
                join(own(&["inconclusive", "no_data"]).difference(&failed).copied().collect()),
                audited.verdict(),
                audited.took.as_secs_f64(),
                audited.busy,
                if missed(row, ran).is_empty() { "✓" } else { "✗" },
            );
        }
    }
    text
}
