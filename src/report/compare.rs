//! One run against an earlier one: what is new, and what is resolved. Silence never improves: who was judged then and could
//! not be told now, or is not there any more, is new.

use super::Report;
use crate::model::{
    name::Name,
    outcome::{Outcome, Status},
    units::Wall,
};
use std::collections::{BTreeMap, BTreeSet};

/// A case, a rule of it, and whom it judges.
pub type Judged = (Name, Name, Name);

/// A run against an earlier one.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// The earlier run.
    pub run: Name,
    /// When it began.
    pub started: Wall,
    /// Why the two are not quite comparable, one sentence each.
    pub doubts: Vec<String>,
    /// What is worse than it was there: failures first, then what could not be told.
    pub new: Vec<Shift>,
    /// What is better than it was there.
    pub resolved: Vec<Shift>,
    /// Does what is new decide how the command ends, instead of the verdict?
    pub gates: bool,
    known: BTreeSet<Judged>,
}

/// What changed for one subject of one rule.
#[derive(Clone, Debug, PartialEq)]
pub struct Shift {
    /// Whom it is about.
    pub of: Judged,
    /// The rule's title.
    pub title: String,
    /// What it is now.
    pub kind: Kind,
    /// The word of what it was, `not there` where it was not judged.
    pub was: &'static str,
    /// The word of what it is.
    pub is: &'static str,
}

/// What something has become.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// It fails.
    Failure,
    /// It could not be told, or is not there any more.
    Unknown,
    /// It fails, and somebody answers for it.
    Waived,
    /// It holds, but close to its limit.
    Warning,
    /// It holds, or does not apply.
    Good,
}

impl Kind {
    /// The word of reports.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Failure => "failure",
            Kind::Unknown => "unknown",
            Kind::Waived => "waived",
            Kind::Warning => "warning",
            Kind::Good => "good",
        }
    }
    fn of(outcome: &Outcome) -> Kind {
        match outcome.status {
            Status::Fail if outcome.waived() => Kind::Waived,
            Status::Fail => Kind::Failure,
            Status::Warn => Kind::Warning,
            Status::Pass | Status::NotApplicable => Kind::Good,
            // What was deselected, too: whoever deselects a failure has not resolved it.
            Status::Inconclusive | Status::NoData | Status::Error | Status::Skipped | Status::ManualPending => Kind::Unknown,
        }
    }
}

/// How things stand for one subject; `None` where a rule in scope has no outcome.
type Standing<'r> = (Kind, Option<&'r Outcome>, &'r str);

impl Comparison {
    /// Compares a run with an earlier one.
    pub fn of(now: &Report, then: &Report) -> Comparison {
        let (is, was) = (standings(now), standings(then));
        let (mut new, mut resolved) = (vec![], vec![]);
        let gone = was.keys().filter(|of| !is.contains_key(*of));
        for of in is.keys().chain(gone) {
            let (is, was) = (is.get(of), was.get(of));
            let title = is.or(was).map(|s| s.2.to_owned()).unwrap_or_default();
            let shift = |kind| Shift { of: of.clone(), title: title.clone(), kind, was: word(was), is: word(is) };
            match step(was.map(|s| s.0), is.map(|s| s.0)) {
                Step::Worse(kind) if applies(was) || kind != Kind::Unknown || is.is_some() => new.push(shift(kind)),
                Step::Better(kind) => resolved.push(shift(kind)),
                _ => {}
            }
        }
        new.sort_by_key(|s| s.kind);
        Comparison {
            run: then.header.run.clone(),
            started: then.header.started,
            doubts: doubts(now, then),
            new,
            resolved,
            gates: false,
            known: was.into_keys().collect(),
        }
    }
    /// Lets what is new decide how the command ends. A gate that opens has to have seen something: blockers that cannot be told
    /// count as new also where they could not be told before, and so does everything where nothing could be told.
    pub fn gate(&mut self, now: &Report, then: &Report) {
        self.gates = true;
        let blocks = |(case, rule, _): &Judged| {
            now.cases.iter().filter(|c| c.case.id == *case).flat_map(|c| &c.case.rules).any(|r| r.id == *rule && r.blocks())
        };
        let (all, before) = (standings(now), standings(then));
        let nothing = all.values().all(|(kind, ..)| *kind == Kind::Unknown);
        for (of, standing) in all.iter().filter(|(of, (kind, ..))| *kind == Kind::Unknown && (nothing || blocks(of))) {
            if !self.new.iter().any(|s| s.of == *of) {
                let (was, is) = (word(before.get(of)), word(Some(standing)));
                self.new.push(Shift { of: of.clone(), title: standing.2.to_owned(), kind: Kind::Unknown, was, is });
            }
        }
        self.new.sort_by_key(|s| s.kind);
    }
    /// Was it there in the earlier run?
    pub fn knew(&self, of: &Judged) -> bool {
        self.known.contains(of)
    }
    /// What is new of these kinds.
    pub fn any_new(&self, kinds: &[Kind]) -> bool {
        self.new.iter().any(|s| kinds.contains(&s.kind))
    }
}

/// Which way something went.
#[derive(Debug, PartialEq)]
enum Step {
    Worse(Kind),
    Better(Kind),
    Same,
}

/// Pass, warning, waived, failure get worse in this order. What could not be told stands beside them: it is worse than
/// whatever could, a failure included, and whatever is bad is worse than it.
fn step(was: Option<Kind>, is: Option<Kind>) -> Step {
    use Kind::{Failure, Good, Unknown, Waived, Warning};
    match (was, is) {
        (Some(Unknown), None) | (None, None | Some(Good)) => Step::Same,
        (Some(was), Some(is)) if was == is => Step::Same,
        (_, Some(Failure)) => Step::Worse(Failure),
        (_, None | Some(Unknown)) => Step::Worse(Unknown),
        // Somebody answers for a failure now: it is there all the same.
        (Some(Failure), Some(Waived)) => Step::Same,
        (_, Some(Waived)) => Step::Worse(Waived),
        (Some(Good) | None, Some(Warning)) => Step::Worse(Warning),
        (Some(_), Some(is)) => Step::Better(is),
    }
}

/// Was there something to lose? What an observation showed not to apply is not missed.
fn applies(was: Option<&Standing<'_>>) -> bool {
    was.is_none_or(|(_, outcome, _)| outcome.is_none_or(|o| o.status != Status::NotApplicable))
}

fn word(standing: Option<&Standing<'_>>) -> &'static str {
    match standing {
        None => "not judged",
        Some((_, None, _)) => "without an outcome",
        Some((Kind::Waived, ..)) => "FAIL (waived)",
        Some((_, Some(outcome), _)) => outcome.status.word(),
    }
}

fn standings(report: &Report) -> BTreeMap<Judged, Standing<'_>> {
    let mut all = BTreeMap::new();
    for judged in &report.cases {
        let case = &judged.case.id;
        for outcome in judged.scored() {
            all.insert((case.clone(), outcome.rule.clone(), outcome.subject.clone()), (Kind::of(outcome), Some(outcome), outcome.title.as_str()));
        }
        for rule in judged.in_scope().filter(|r| !r.newer && judged.of_rule(r).next().is_none()) {
            all.insert((case.clone(), rule.id.clone(), Name::default()), (Kind::Unknown, None, rule.title.as_str()));
        }
    }
    all
}

fn doubts(now: &Report, then: &Report) -> Vec<String> {
    let (a, b) = (&now.header, &then.header);
    let mut doubts = vec![];
    if a.rig != b.rig {
        doubts.push(format!("that run looked at another rig, {}", b.rig));
    }
    if a.profile != b.profile {
        let told = |profile: &str| if profile.is_empty() { "unknown".to_owned() } else { profile.to_owned() };
        doubts.push(format!(
            "the two were judged by different profiles ({} then, {} now): some of what differs may come from rules, limits or gate",
            told(&b.profile),
            told(&a.profile)
        ));
    }
    if then.interrupted {
        doubts.push("that run was cut short: what it did not reach counts as not judged then".into());
    }
    doubts
}

#[cfg(test)]
mod tests {
    use super::{Kind::*, *};

    #[test]
    fn silence_never_improves() {
        for judged in [Good, Warning, Waived, Failure] {
            assert_eq!(step(Some(judged), Some(Unknown)), Step::Worse(Unknown));
            assert_eq!(step(Some(judged), None), Step::Worse(Unknown));
        }
        assert_eq!(step(None, Some(Unknown)), Step::Worse(Unknown));
        assert_eq!((step(Some(Unknown), Some(Unknown)), step(Some(Unknown), None)), (Step::Same, Step::Same));
    }

    #[test]
    fn each_step_is_what_it_is_by_hand() {
        // Columns: what it is now, in the order of `all`. `=` the same, `+` better, else what is new.
        let all = [None, Some(Good), Some(Warning), Some(Waived), Some(Failure), Some(Unknown)];
        let rows = ["==wafu", "u=wafu", "u+=afu", "u++=fu", "u++==u", "=++af="];
        for (was, row) in all.into_iter().zip(rows) {
            for (is, expected) in all.into_iter().zip(row.chars()) {
                let found = match step(was, is) {
                    Step::Same => '=',
                    Step::Better(kind) => {
                        assert_eq!(Some(kind), is);
                        '+'
                    }
                    Step::Worse(Failure) => 'f',
                    Step::Worse(Unknown) => 'u',
                    Step::Worse(Waived) => 'a',
                    Step::Worse(Warning) => 'w',
                    Step::Worse(Good) => '!',
                };
                assert_eq!(found, expected, "{was:?} to {is:?}");
            }
        }
    }
}
