//! What the verdict needs of each rule in scope, and the verdict that follows from it.

use super::{CaseScore, Interval, UNKNOWN, Verdict, contribution};
use crate::model::{
    case::RuleSpec,
    event::{CaseJudged, Gate},
    name::Name,
    outcome::{Outcome, Status, Strength},
};

/// All rules in scope, in report order.
#[derive(Clone)]
pub(super) struct Board<'r> {
    /// Id and weight of each judged case.
    pub cases: Vec<(&'r Name, f64)>,
    /// Case by case.
    pub rules: Vec<Standing<'r>>,
}

/// How a rule stands, all its subjects together.
#[derive(Clone, Copy)]
pub(super) struct Standing<'r> {
    /// Which case it is of.
    pub case: usize,
    /// The rule.
    pub rule: &'r RuleSpec,
    /// The worst subject at both ends.
    pub score: Interval,
    /// Was its every subject judged?
    pub known: bool,
    /// Does it fail for a subject for which no waiver holds?
    pub fails: bool,
    /// Does it fail for a subject for which one does?
    pub waived: bool,
    /// Its score if it passed, at the strength that its evidence has or could have; `None` where it passes.
    pub passed: Option<Interval>,
}

/// Score and coverage of a board.
pub(super) struct Tally {
    pub score: Interval,
    pub coverage: f64,
    /// Does anything carry a score?
    any: bool,
}

/// What decided.
#[derive(Clone, Copy)]
pub(super) enum Reason {
    NothingInScope,
    Fails,
    CannotReach,
    BlockerUnknown,
    Coverage,
    Between,
    Waived,
    Good,
}

impl<'r> Board<'r> {
    pub fn of(cases: &'r [CaseJudged]) -> Board<'r> {
        let rules = cases.iter().enumerate().flat_map(|(at, judged)| in_scope(judged).map(move |rule| Standing::of(at, judged, rule)));
        Board { cases: cases.iter().map(|c| (&c.case.id, c.case.weight.value())).collect(), rules: rules.collect() }
    }
    fn means(&self) -> Vec<Mean> {
        let mut means = vec![Mean::default(); self.cases.len()];
        for s in &self.rules {
            means[s.case].add(s.rule.weight.value(), s.score, f64::from(u8::from(s.known)));
        }
        means
    }
    pub fn tally(&self) -> Tally {
        let mut whole = Mean::default();
        for ((_, weight), mean) in self.cases.iter().zip(self.means()) {
            if let Some((interval, coverage)) = mean.value() {
                whole.add(*weight, interval, coverage);
            }
        }
        let (score, coverage) = whole.value().unwrap_or((UNKNOWN, 0.0));
        Tally { score, coverage, any: whole.weight > 0.0 }
    }
    pub fn case_scores(&self) -> Vec<CaseScore> {
        let of = |((id, _), mean): (&(&Name, f64), Mean)| {
            let value = mean.value();
            CaseScore { case: (*id).clone(), score: value.map(|v| v.0), coverage: value.map_or(0.0, |v| v.1) }
        };
        self.cases.iter().zip(self.means()).map(of).collect()
    }
    fn blockers(&self, which: impl Fn(&Standing<'_>) -> bool) -> Vec<String> {
        self.rules.iter().filter(|s| s.rule.blocks() && which(s)).map(|s| s.rule.id.to_string()).collect()
    }
    /// Definite negatives first.
    pub fn decide(&self, gate: &Gate, waivers: bool) -> (Verdict, Reason) {
        let tally = self.tally();
        let blocker = |which: &dyn Fn(&Standing<'_>) -> bool| self.rules.iter().any(|s| s.rule.blocks() && which(s));
        // Sums of products carry rounding errors; a score that equals the threshold on paper must meet it.
        let meets = |x: f64, limit: f64| x >= limit - 1e-9;
        if !tally.any {
            (Verdict::Indeterminate, Reason::NothingInScope)
        } else if blocker(&|s| s.fails || (s.waived && !waivers)) {
            (Verdict::NotReady, Reason::Fails)
        } else if !meets(tally.score.hi, gate.threshold) {
            (Verdict::NotReady, Reason::CannotReach)
        } else if blocker(&|s| !s.known) {
            (Verdict::Indeterminate, Reason::BlockerUnknown)
        } else if !meets(tally.coverage, gate.coverage) {
            (Verdict::Indeterminate, Reason::Coverage)
        } else if !meets(tally.score.lo, gate.threshold) {
            (Verdict::Indeterminate, Reason::Between)
        } else if waivers && blocker(&|s| s.waived) {
            (Verdict::ReadyWithWaivers, Reason::Waived)
        } else {
            (Verdict::Ready, Reason::Good)
        }
    }
    /// What decided, one sentence without a full stop.
    pub fn because(&self, reason: Reason, gate: &Gate, waivers: bool) -> String {
        let Tally { score, coverage, .. } = self.tally();
        match reason {
            Reason::NothingInScope => "nothing is in scope".to_owned(),
            Reason::Fails => blocks(&self.blockers(|s| s.fails || (s.waived && !waivers)), "blocks", "block"),
            Reason::CannotReach => format!("the score cannot reach {:.2} any more", gate.threshold),
            Reason::BlockerUnknown => {
                blocks(&self.blockers(|s| !s.known), "is a blocker and could not be told", "are blockers and could not be told")
            }
            Reason::Coverage => {
                format!("only {} % of the rules in scope could be judged", below(coverage * 100.0, gate.coverage * 100.0, 0))
            }
            Reason::Between => format!("the evidence leaves the score between {} and {:.2}", below(score.lo, gate.threshold, 2), score.hi),
            Reason::Waived => blocks(&self.blockers(|s| s.waived), "fails and is waived", "fail and are waived"),
            Reason::Good => format!("no blocker fails and the score is at least {:.2}", gate.threshold),
        }
    }
}

impl<'r> Standing<'r> {
    fn of(case: usize, judged: &'r CaseJudged, rule: &'r RuleSpec) -> Standing<'r> {
        // A rule in scope without any outcome is a missing outcome: unknown.
        let worst =
            |of: &dyn Fn(&Outcome) -> Interval| subjects(judged, rule).map(of).reduce(|a, b| Interval { lo: a.lo.min(b.lo), hi: a.hi.min(b.hi) });
        let score = worst(&contribution);
        let fails = |waived: bool| subjects(judged, rule).any(|o| o.status == Status::Fail && o.waived() == waived);
        let open = score.is_none() || subjects(judged, rule).any(|o| o.status != Status::Pass);
        Standing {
            case,
            rule,
            score: score.unwrap_or(UNKNOWN),
            known: score.is_some() && subjects(judged, rule).all(|o| o.status.value().is_some()),
            fails: fails(false),
            waived: fails(true),
            passed: open.then(|| worst(&|o| pass(o.strength.unwrap_or(at_best(rule)))).unwrap_or(pass(at_best(rule)))),
        }
    }
    /// As it would stand if it passed for every subject.
    pub fn passing(self) -> Standing<'r> {
        Standing { score: self.passed.unwrap_or(self.score), known: true, fails: false, waived: false, passed: None, ..self }
    }
    /// As it would stand if it failed, with evidence as strong as it could have.
    pub fn failing(self) -> Standing<'r> {
        Standing {
            score: Interval { lo: 0.0, hi: self.score.hi.min(1.0 - at_best(self.rule).least()) },
            known: true,
            fails: true,
            waived: false,
            ..self
        }
    }
    /// As it would stand without its waivers.
    pub fn unwaived(self) -> Standing<'r> {
        Standing { fails: self.fails || self.waived, waived: false, ..self }
    }
}

fn pass(strength: Strength) -> Interval {
    Interval { lo: strength.least(), hi: 1.0 }
}

/// The strength that evidence for a rule can have at best.
fn at_best(rule: &RuleSpec) -> Strength {
    Strength { origin: 1.0, freshness: 1.0, rows: 1.0, control: if rule.proven_by.is_empty() { Strength::UNPROVEN } else { 1.0 } }
}

/// The rules of a case that carry a score: neither newer than the edition, nor out of scope, nor shown not to apply to any subject.
fn in_scope(judged: &CaseJudged) -> impl Iterator<Item = &RuleSpec> {
    judged.in_scope().filter(|rule| {
        let mut of_rule = judged.of_rule(rule).peekable();
        !rule.newer && (of_rule.peek().is_none() || of_rule.any(|o| o.status != Status::NotApplicable))
    })
}

fn subjects<'a>(judged: &'a CaseJudged, rule: &'a RuleSpec) -> impl Iterator<Item = &'a Outcome> {
    judged.outcomes.iter().filter(move |o| o.rule == rule.id && o.status != Status::NotApplicable)
}

#[derive(Clone, Default)]
struct Mean {
    weight: f64,
    lo: f64,
    hi: f64,
    coverage: f64,
}

impl Mean {
    fn add(&mut self, weight: f64, interval: Interval, coverage: f64) {
        self.weight += weight;
        self.lo += weight * interval.lo;
        self.hi += weight * interval.hi;
        self.coverage += weight * coverage;
    }
    fn value(&self) -> Option<(Interval, f64)> {
        (self.weight > 0.0).then(|| (Interval { lo: self.lo / self.weight, hi: self.hi / self.weight }, self.coverage / self.weight))
    }
}

/// A number below a limit with so few digits that rounding does not lift it to the limit.
fn below(x: f64, limit: f64, digits: usize) -> String {
    let shown = (digits..digits + 7).map(|n| format!("{x:.n$}"));
    shown.into_iter().find(|text| text.parse().is_ok_and(|v: f64| v < limit)).unwrap_or_else(|| x.to_string())
}

fn blocks(rules: &[String], one: &str, many: &str) -> String {
    format!("{} {}", rules.join(", "), if rules.len() == 1 { one } else { many })
}
