//! What an audit should have said of a changed environment, beside what it said.

use crate::{audited::Audited, rows::Unlike};

/// The rules whose failure decides the verdict.
const BLOCKERS: [&str; 4] = ["CFG-01", "CFG-02", "CFG-06", "CFG-13"];

/// What is wrong with the run of a row, a line each.
pub fn wrong(row: &Unlike, audited: &Audited) -> Vec<String> {
    let demanded = [(row.must, "fail"), (row.warns, "warn"), (row.untold, "no_data")];
    let expected = |rule: &str, subject: &str| {
        let of = demanded.iter().find(|(pairs, _)| pairs.contains(&(rule, subject)));
        of.map(|(_, status)| *status)
    };
    let outcomes = audited.outcomes();
    let mut wrong = vec![];
    for (pairs, status) in demanded {
        let missing = pairs.iter().filter(|(rule, subject)| !outcomes.iter().any(|o| (o.0, o.1) == (*rule, *subject)));
        wrong.extend(missing.map(|(rule, subject)| format!("{rule} of `{subject}` must {status}, and is not judged")));
    }
    for (rule, subject, status, _) in outcomes {
        let fits = match expected(rule, subject) {
            Some(wanted) => status == wanted,
            // Where much is not known on purpose, others may not know it either; they must not call it a fault.
            None => ["pass", "not_applicable"].contains(&status) || !row.untold.is_empty() && status == "no_data",
        };
        if !fits {
            let wanted = expected(rule, subject).unwrap_or("be quiet");
            wrong.push(format!("{rule} of `{subject}` must {wanted}: {status}"));
        }
    }
    // One rule that is no blocker may fail in an environment that is READY in all; a blocker ends that.
    if let Some((rule, _)) = row.must.iter().find(|(rule, _)| BLOCKERS.contains(rule))
        && audited.verdict() != "not_ready"
    {
        wrong.push(format!("{rule} is a blocker, and the verdict is {}", audited.verdict()));
    }
    audited.complaints(row.name, wrong)
}

/// What is wrong with a run beside which nothing was changed.
pub fn clean(audited: &Audited) -> Vec<String> {
    let quiet = |status: &str| ["pass", "not_applicable"].contains(&status);
    let loud = audited.outcomes().into_iter().filter(|o| !quiet(o.2)).map(|o| format!("{} of `{}` says {}", o.0, o.1, o.2));
    let verdict = (audited.verdict() != "ready").then(|| "a clean environment is not READY".to_owned());
    audited.complaints("clean", loud.chain(verdict).collect())
}
