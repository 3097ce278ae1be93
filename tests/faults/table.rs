//! The matrix as a page of the documentation, generated from the same rows that the tests demand.
#![allow(clippy::disallowed_methods, reason = "compares a generated page, and writes it if asked to")]

use crate::rows::{LOUD, ROWS, Row, STRAY, TOGETHER, UNLIKE, USED, Wanted};
use rigcheck::reference::faults::ALL;
use std::{fmt::Write as _, fs};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/fault-matrix.md");

const HEAD: &str = "\
# The fault matrix

What a rig can do wrong, and what rigcheck must make of it. Generated from the rows that the tests demand: a rule that misses its fault,
or that fails where it must stay quiet, fails the tests.

- **must fail**: rules that find the fault in every run. **may fail**: rules in whose eyes the same thing is wrong. All others stay quiet.
- **cannot tell**: rules that have no data or no conclusion then, and never pass.
- **any** verdict: no figure is wrong; the evidence must show all the same that it was done.
- A name in both tables is one fault. A rule that must fail somewhere in this page counts as proven (`proven_by` in its case file).

`make faults` runs each row by itself, then clean rigs, on which no rule may fail; `make test` lets rows that touch nobody in common
share a run, as many of these runs as it takes to disturb each part once; that each rule fails it shows on the embedded rig.
";

fn page() -> String {
    let mut text = HEAD.to_owned();
    text += "\n## On the real stack\n\nFastAPI on two workers, OpenTelemetry, Prometheus, Jaeger (`tests/faults`).\n\n";
    text += "| fault | what is done | part | must fail | may fail | cannot tell | verdict |\n|---|---|---|---|---|---|---|\n";
    for row in ROWS {
        let verdict = match row.verdict {
            Wanted::NotReady => "NOT READY",
            Wanted::NeverReady => "never READY",
            Wanted::Any if row.notes.is_empty() => "any",
            Wanted::Any => "any, and a note says it",
        };
        let (must, may, untold) = (listed(row.must), listed(&also(row)), listed(row.untold));
        let _ = writeln!(text, "| `{}` | {} | {} | {must} | {may} | {untold} | {verdict} |", row.name, row.title, row.part);
    }
    text += "\n## Of its traces\n\nThe same gateway; the faults of a line share a run of `make faults`.\n\n";
    text += "| faults | what is done | must fail | may fail | verdict |\n|---|---|---|---|---|\n";
    for run in TOGETHER {
        let names: Vec<_> = run.faults.iter().map(|(name, _)| format!("`{name}`")).collect();
        let done: Vec<_> = run.faults.iter().map(|(_, done)| *done).collect();
        let _ = writeln!(text, "| {} | {} | {} | {} | never READY |", names.join(", "), done.join("; "), listed(run.must), listed(run.may));
    }
    text += "\n## Of what its containers use\n\nThe whole system: the gateway in a container, PostgreSQL, cAdvisor, netdata and exporters; one run of \
             `make faults` finds them all (`tests/live`).\n\n";
    text += "| fault | what is done | must fail | may fail | verdict |\n|---|---|---|---|---|\n";
    for used in USED {
        let must: Vec<_> = used.must.iter().map(|(rule, _)| *rule).collect();
        let _ = writeln!(text, "| `{}` | {} | {} | {} | never READY |", used.name, used.title, listed(&must), listed(used.may.0));
    }
    text += "\n## Of what makes an environment unlike production\n\nA uvicorn with two workers, PostgreSQL, this machine, and a snapshot of them as \
             production; one thing is changed, then undone (`tests/faults/environment`). All other rules of the case stay quiet: none of \
             them fails, warns, or has no data where nothing was taken from it.\n\n";
    text += "| fault | what is done | must fail | must warn | cannot tell |\n|---|---|---|---|---|\n";
    for row in UNLIKE {
        let [must, warns, untold] = [row.must, row.warns, row.untold].map(judged);
        let _ = writeln!(text, "| `{}` | {} | {must} | {warns} | {untold} |", row.name, row.title);
    }
    text += "\n## Of what else uses the machine\n\nEach is done to this machine for the length of a window, small and bounded; what cannot be done to it \
             stands in the files of a kernel that the audit reads instead (`tests/faults/noise`).\n\n";
    text += "| fault | what is done | must fail | must warn | may fail |\n|---|---|---|---|---|\n";
    for row in LOUD {
        let [must, warns, may] = [row.must, row.warns, row.may].map(listed);
        let _ = writeln!(text, "| `{}` | {} | {must} | {warns} | {may} |", row.name, row.title);
    }
    text += "\n## Of the way to an endpoint\n\nEach is planted in a network of namespaces of its own, with an endpoint of HTTPS and two nameservers; a record of \
             the same network without it is the reference (`tests/faults/network`). All other rules pass, or do not apply.\n\n";
    text += "| fault | what is done | must fail | must warn | cannot tell |\n|---|---|---|---|---|\n";
    for row in STRAY {
        let [must, warns, untold] = [row.must, row.warns, row.untold].map(listed);
        let _ = writeln!(text, "| `{}` | {} | {must} | {warns} | {untold} |", row.name, row.title);
    }
    text += "\n## On the embedded rig\n\nThe rig of `rigcheck demo --fault NAME` (`tests/faults`).\n\n";
    text += "| fault | what is done | must fail | may fail | verdict |\n|---|---|---|---|---|\n";
    for fault in ALL {
        let verdict = fault.tolerable.map_or("NOT READY".to_owned(), |why| format!("may be READY: {why}"));
        let _ = writeln!(text, "| `{}` | {} | {} | {} | {verdict} |", fault.name, fault.title, listed(fault.found_by), listed(fault.may_also));
    }
    text
}

/// Rules that may fail and need not.
fn also(row: &Row) -> Vec<&'static str> {
    [row.may, row.pairs].concat().into_iter().filter(|rule| !row.must.contains(rule)).collect()
}

/// Rules with whom they judge.
fn judged(pairs: &[(&str, &str)]) -> String {
    let of = |(rule, subject): &(&str, &str)| if subject.is_empty() { (*rule).to_owned() } else { format!("{rule} ({subject})") };
    if pairs.is_empty() { "–".into() } else { pairs.iter().map(of).collect::<Vec<_>>().join(", ") }
}

fn listed(rules: &[&str]) -> String {
    if rules.is_empty() { "–".into() } else { rules.join(", ") }
}

#[test]
fn the_page_is_what_the_tests_demand() {
    let (page, kept) = (page(), fs::read_to_string(PAGE).unwrap_or_default());
    if page != kept && std::env::var("BLESS").is_ok_and(|v| v == "1") {
        fs::write(PAGE, page).expect("docs");
    } else {
        assert!(page == kept, "docs/fault-matrix.md is not what the rows say: BLESS=1 cargo test --test faults writes it");
    }
}
