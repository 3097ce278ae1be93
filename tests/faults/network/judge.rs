//! What an audit should have said of a way, beside what it said.

use crate::{audited::Audited, rows::Stray};

/// A prober that is short of CPU says so itself, and then accuses nobody by its own stopwatch.
const QUIET_PROBER: &str = "NET-18";
/// Rules that judge by that stopwatch, or by how steady the relay of the laboratory is, which waits for the same CPUs.
const OF_A_CALM_MACHINE: [&str; 7] = ["NET-04", "NET-07", "NET-12", "NET-15", "NET-17", "NET-20", "NET-23"];
/// A relay that passes one packet in twenty on so much later than asked is a way with a jitter of its own, ms.
const LATE: f64 = 1.0;

/// What is wrong with the run of a row, a line each. `late` is how much later than asked the relay passed 95 % of the packets on, ms.
pub fn wrong(row: &Stray, audited: &Audited, late: f64) -> Vec<String> {
    let of = |status: &str| audited.rules(status);
    let (failed, warned) = (of("fail"), of("warn"));
    let untold: Vec<&str> = of("no_data").into_iter().chain(of("inconclusive")).collect();
    let busy = !of("pass").contains(QUIET_PROBER) || late > LATE;
    let of_a_busy_machine = |rule: &&str| busy && OF_A_CALM_MACHINE.contains(rule);
    let excused = |rule: &&str| of_a_busy_machine(rule) && untold.contains(rule);
    let mut wrong = vec![];
    wrong.extend(row.must.iter().filter(|rule| !failed.contains(*rule) && !excused(rule)).map(|rule| format!("{rule} must fail")));
    wrong.extend(row.warns.iter().filter(|rule| !warned.contains(*rule) && !excused(rule)).map(|rule| format!("{rule} must warn")));
    wrong.extend(row.untold.iter().filter(|rule| !untold.contains(*rule)).map(|rule| format!("{rule} cannot tell")));
    let known = |rule: &&&str| row.touches(rule) || **rule == QUIET_PROBER || of_a_busy_machine(rule) && !failed.contains(*rule);
    for (status, rules) in [("fail", failed.iter().collect::<Vec<_>>()), ("warn", warned.iter().collect()), ("cannot tell", untold.iter().collect())]
    {
        wrong.extend(rules.iter().filter(|rule| !known(rule)).map(|rule| format!("{rule}: {status}, and it must be quiet")));
    }
    wrong.extend(of("error").iter().map(|rule| format!("{rule} broke")));
    let report = audited.report.to_string();
    wrong.extend(row.says.iter().filter(|text| !report.contains(*text)).map(|text| format!("the report must say `{text}`")));
    if audited.verdict() == "ready" && !(row.must.is_empty() && row.untold.is_empty()) {
        wrong.push("a way with this fault is READY".into());
    }
    audited.complaints(row.name, wrong)
}
