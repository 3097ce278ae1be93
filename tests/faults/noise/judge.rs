//! What an audit should have said of a disturbed machine, beside what it said.

use crate::{audited::Audited, rows::Loud};

/// Rules that the machine of the tests may fail by itself: what its hypervisor takes is not ours to plant or to prevent.
const OF_THE_HOST: [&str; 2] = ["INT-02", "INT-03"];
/// Rules of the small fixed loads, which a host that takes its guests' CPUs makes differ.
const OF_LOADS: [&str; 3] = ["INT-16", "INT-17", "INT-18"];
/// Rules about what others use of the CPUs.
const OF_OTHERS: [&str; 4] = ["INT-01", "INT-06", "INT-08", "INT-15"];
/// Above this share of a CPU, by the test's own count, somebody else is at the machine: then it is no alarm to say so.
const QUIET: f64 = 0.03;

/// What is wrong with the run of a row, a line each. That nothing else is found is asked where nobody else is at the machine.
pub fn wrong(row: &Loud, audited: &Audited, alone: bool) -> Vec<String> {
    let (failed, warned) = (audited.rules("fail"), audited.rules("warn"));
    let mut wrong = vec![];
    for rule in row.must.iter().filter(|rule| !failed.contains(*rule)) {
        wrong.push(format!("{rule} must fail"));
    }
    for rule in row.warns.iter().filter(|rule| !failed.contains(*rule) && !warned.contains(*rule)) {
        wrong.push(format!("{rule} must warn"));
    }
    let report = audited.report.to_string();
    for text in row.says.iter().filter(|text| !report.contains(*text)) {
        wrong.push(format!("the report must say `{text}`"));
    }
    // Files are the same whoever else is at the machine.
    let strict = alone || row.planted().is_some();
    // The probes are this machine's whatever the files say.
    let excused = |rule: &str| of_the_host(rule, audited) && !(row.planted().is_some() && rule == "INT-02");
    let others = failed.iter().filter(|rule| strict && !row.touches(rule) && !excused(rule));
    wrong.extend(others.map(|rule| format!("{rule} must stay quiet")));
    if audited.verdict() == "ready" {
        wrong.push("a disturbed machine is READY".into());
    }
    audited.complaints(row.name, wrong)
}

/// What is wrong with a run beside which nothing was done on purpose: with the machine for itself nothing fails but what its hypervisor
/// takes; beside others, whoever makes a rule fail must be named. `others` is the share of a CPU that others used, counted by the test.
pub fn clean(audited: &Audited, alone: bool, others: Option<f64>) -> Vec<String> {
    let failed = audited.rules("fail");
    let mut wrong: Vec<String> = vec![];
    if alone {
        // Who ran for a moment and cannot be named was there all the same, where the counters of the CPUs have it, too.
        let somebody = !audited.rules("pass").contains("INT-01");
        let not_quiet = others.is_some_and(|share| share > QUIET);
        let excused = |rule: &str| of_the_host(rule, audited) || somebody && rule == "INT-08" || not_quiet && OF_OTHERS.contains(&rule);
        wrong.extend(failed.iter().filter(|rule| !excused(rule)).map(|rule| format!("{rule}: a false alarm")));
    } else if failed.contains("INT-01") && !failed.contains("INT-06") && !failed.contains("INT-08") {
        wrong.push("the CPUs are busy, and neither is it said who it is nor that nobody can be named".into());
    }
    wrong.extend(audited.rules("error").iter().map(|rule| format!("{rule} broke")));
    audited.complaints("clean", wrong)
}

/// Is the failure of a rule the doing of this machine's host? The loads differ only where it takes something.
fn of_the_host(rule: &str, audited: &Audited) -> bool {
    let takes = || audited.rules("fail").iter().any(|failed| OF_THE_HOST.contains(failed));
    OF_THE_HOST.contains(&rule) || OF_LOADS.contains(&rule) && takes()
}
