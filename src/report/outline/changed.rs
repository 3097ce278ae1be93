//! What the spec changes of the edition of the checks, in words.

use crate::{
    model::change::{Change, Changed, What},
    report::{Report, phrases},
};

/// Cases that are left out are named up to here.
const NAMED: usize = 3;
/// Changes listed unless all are asked for.
const FEW: usize = 6;

/// All that differs.
pub struct ChangedLine {
    /// `3 of 15 rules differ from checks 2027.1`.
    pub lead: String,
    /// `LAT-14 margin.absolute 5ms → 100s`; what takes out a blocker or lowers the gate first, then limits.
    pub all: Vec<String>,
    /// Is only how an audit gathers changed, and none of the limits by which it is judged?
    pub quiet: bool,
}

impl ChangedLine {
    /// Those that are always shown, and the others.
    pub fn few(&self) -> (&[String], &[String]) {
        self.all.split_at(FEW.min(self.all.len()))
    }
}

/// `None` where nothing differs.
pub fn of(report: &Report) -> Option<ChangedLine> {
    let h = &report.header;
    let mut sorted: Vec<&Change> = h.changed.iter().collect();
    sorted.sort_by_key(|c| rank(c));
    let quiet = sorted.iter().all(|c| matches!((&c.of, &c.what), (Changed::Case(_), What::Param(_))));
    let all = lines(&sorted);
    (!all.is_empty()).then(|| ChangedLine { lead: lead(report), all, quiet })
}

/// A line each; cases that are left out share one.
fn lines(sorted: &[&Change]) -> Vec<String> {
    let gone = |change: &Change| matches!((&change.of, &change.what), (Changed::Case(_), What::LeftOut));
    let ids: Vec<&str> = sorted.iter().filter(|c| gone(c)).map(|c| c.of.id()).collect();
    let mut told = false;
    let line = |change: &&Change| match ids.as_slice() {
        [_, _, ..] if gone(change) => {
            let first = !std::mem::replace(&mut told, true);
            first.then(|| {
                let mut named: Vec<String> = ids.iter().take(NAMED).map(|id| (*id).to_owned()).collect();
                named.extend(ids.len().checked_sub(NAMED).filter(|more| *more > 0).map(|more| format!("{more} more cases")));
                format!("{} left out", phrases::list(&named))
            })
        }
        _ => Some(change.to_string()),
    };
    sorted.iter().filter_map(line).collect()
}

/// What is read first: what lets through by itself, then limits of rules, then the rest, and last how an audit gathers.
fn rank(change: &Change) -> u8 {
    match (&change.of, &change.what) {
        _ if change.lets_through => 0,
        (Changed::Rule(_), What::Param(_)) => 1,
        (Changed::Case(_), What::Param(_)) => 3,
        _ => 2,
    }
}

fn lead(report: &Report) -> String {
    let changed = &report.header.changed;
    let ids = |of: fn(&Changed) -> bool| {
        let mut ids: Vec<&str> = changed.iter().map(|c| &c.of).filter(|c| of(c)).map(Changed::id).collect();
        ids.dedup();
        ids.len()
    };
    let (rules, cases) = (ids(|c| matches!(c, Changed::Rule(_))), ids(|c| matches!(c, Changed::Case(_))));
    let gate = changed.iter().any(|c| c.of == Changed::Gate);
    // Rules of judged cases, and those that the edition has beside them; unknown where nothing was judged.
    let gone = changed.iter().filter(|c| matches!(c.of, Changed::Rule(_)) && c.what == What::LeftOut).count();
    let all = report.cases.iter().map(|c| c.case.rules.len()).sum::<usize>() + gone;
    let mut parts = vec![];
    if rules > 0 && report.cases.is_empty() {
        parts.push(phrases::count(rules as u64, "rule"));
    } else if rules > 0 {
        parts.push(format!("{rules} of {all} rules"));
    }
    parts.extend((cases > 0).then(|| phrases::count(cases as u64, "case")));
    parts.extend(gate.then(|| "the gate".to_owned()));
    let verb = if rules + cases + usize::from(gate) == 1 { "differs" } else { "differ" };
    format!("{} {verb} from checks {}", phrases::list(&parts), report.header.checks)
}
