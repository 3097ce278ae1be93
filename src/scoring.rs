//! Level 3: outcomes to score and verdict. The score is an interval: its width is the evidence that was not obtained.
//!
//! One subject of a rule with value v (pass 1, warn ½, fail 0) and strength q contributes [q v, q v + (1 − q)], an unknown
//! status [0, 1]. A rule is the worst of its subjects at both ends, a case the weighted mean of its rules, the whole the
//! weighted mean of its cases. Losing evidence can therefore never raise the lower end nor lower the upper one.

use crate::model::{
    case::RuleSpec,
    event::{CaseJudged, Gate},
    name::Name,
    outcome::{Outcome, Status, Strength},
};
use serde::{Deserialize, Serialize};

/// Where a score lies, whatever the missing evidence would have said.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// If all that is unknown were bad.
    pub lo: f64,
    /// If all that is unknown were good.
    pub hi: f64,
}

/// Nothing is known.
pub const UNKNOWN: Interval = Interval { lo: 0.0, hi: 1.0 };

/// May the numbers from this rig be trusted?
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Yes.
    Ready,
    /// Yes, with failures that somebody answers for.
    ReadyWithWaivers,
    /// No.
    NotReady,
    /// It could not be told.
    Indeterminate,
}

impl Verdict {
    /// The words of the report.
    pub fn words(self) -> &'static str {
        match self {
            Verdict::Ready => "READY",
            Verdict::ReadyWithWaivers => "READY WITH WAIVERS",
            Verdict::NotReady => "NOT READY",
            Verdict::Indeterminate => "INDETERMINATE",
        }
    }
    fn rank(self) -> u8 {
        match self {
            Verdict::NotReady => 0,
            Verdict::Indeterminate => 1,
            Verdict::ReadyWithWaivers => 2,
            Verdict::Ready => 3,
        }
    }
}

/// Score, coverage and verdict of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Assessment {
    /// The verdict.
    pub verdict: Verdict,
    /// What decided it, one sentence without a full stop.
    pub because: String,
    /// The whole score.
    pub score: Interval,
    /// Weighted share of the rules in scope whose every subject was judged.
    pub coverage: f64,
    /// One entry per judged case, in the given order.
    pub cases: Vec<CaseScore>,
    /// Rules in scope.
    pub rules_in_scope: usize,
    /// Would the verdict be another one without waivers, and which?
    pub without_waivers: Option<Verdict>,
    /// The smallest changes that would better the verdict.
    pub flips: Vec<Flip>,
}

/// One case's share.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CaseScore {
    /// Its id.
    pub case: Name,
    /// `None` where nothing of it is in scope.
    pub score: Option<Interval>,
    /// As for the whole.
    pub coverage: f64,
}

/// A set of rules that, if they passed, would better the verdict.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Flip {
    /// Their ids.
    pub rules: Vec<Name>,
    /// The verdict then.
    pub verdict: Verdict,
    /// The score then.
    pub score: Interval,
}

/// What an outcome contributes.
pub fn contribution(outcome: &Outcome) -> Interval {
    match (outcome.status.value(), &outcome.strength) {
        (Some(v), Some(strength)) => {
            let q = strength.least();
            Interval { lo: q * v, hi: q * v + (1.0 - q) }
        }
        _ => UNKNOWN,
    }
}

/// Scores all judged cases and decides.
pub fn assess(cases: &[CaseJudged], gate: &Gate) -> Assessment {
    let (verdict, because, tally) = decide(cases, gate, true);
    let bare = decide(cases, gate, false).0;
    Assessment {
        verdict,
        because,
        score: tally.score,
        coverage: tally.coverage,
        rules_in_scope: cases.iter().map(|c| in_scope(c).count()).sum(),
        without_waivers: (bare != verdict).then_some(bare),
        flips: flips(cases, gate, verdict),
        cases: tally.cases,
    }
}

struct Tally {
    score: Interval,
    coverage: f64,
    cases: Vec<CaseScore>,
}

/// The rules of a case that carry a score: neither out of scope nor shown not to apply to any subject.
fn in_scope(judged: &CaseJudged) -> impl Iterator<Item = &RuleSpec> {
    judged.case.rules.iter().filter(|rule| {
        let mut of_rule = judged.outcomes.iter().filter(|o| o.rule == rule.id).peekable();
        let out = judged.out_of_scope.iter().any(|o| o.rule == rule.id);
        !out && (of_rule.peek().is_none() || of_rule.any(|o| o.status != Status::NotApplicable))
    })
}

fn subjects<'a>(judged: &'a CaseJudged, rule: &'a RuleSpec) -> impl Iterator<Item = &'a Outcome> {
    judged.outcomes.iter().filter(move |o| o.rule == rule.id && o.status != Status::NotApplicable)
}

/// The worst subject at both ends. A rule in scope without any outcome is a missing outcome: unknown.
fn rule_score(judged: &CaseJudged, rule: &RuleSpec) -> (Interval, bool) {
    let worst = subjects(judged, rule).map(contribution).reduce(|a, b| Interval { lo: a.lo.min(b.lo), hi: a.hi.min(b.hi) });
    let known = worst.is_some() && subjects(judged, rule).all(|o| o.status.value().is_some());
    (worst.unwrap_or(UNKNOWN), known)
}

fn tally(cases: &[CaseJudged]) -> Tally {
    let mut whole = Mean::default();
    let mut scores = vec![];
    for judged in cases {
        let mut mean = Mean::default();
        for rule in in_scope(judged) {
            let (interval, known) = rule_score(judged, rule);
            mean.add(rule.weight.value(), interval, f64::from(u8::from(known)));
        }
        let of_case = mean.value();
        if let Some((interval, coverage)) = of_case {
            whole.add(judged.case.weight.value(), interval, coverage);
        }
        scores.push(CaseScore { case: judged.case.id.clone(), score: of_case.map(|c| c.0), coverage: of_case.map_or(0.0, |c| c.1) });
    }
    let (score, coverage) = whole.value().unwrap_or((UNKNOWN, 0.0));
    Tally { score, coverage, cases: scores }
}

#[derive(Default)]
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

/// Definite negatives first.
fn decide(cases: &[CaseJudged], gate: &Gate, waivers: bool) -> (Verdict, String, Tally) {
    let tally = tally(cases);
    let blockers = || cases.iter().flat_map(|c| in_scope(c).filter(|r| r.blocker).map(move |r| (c, r)));
    let failing = |honour: bool| {
        let fails = blockers().filter(move |(c, r)| subjects(c, r).any(|o| o.status == Status::Fail && !(honour && o.waived())));
        fails.map(|(_, r)| r.id.to_string()).collect::<Vec<_>>()
    };
    let unknown: Vec<_> = blockers().filter(|(c, r)| !rule_score(c, r).1).map(|(_, r)| r.id.to_string()).collect();
    let (fails, score) = (failing(waivers), tally.score);
    // Sums of products carry rounding errors; a score that equals the threshold on paper must meet it.
    let meets = |x: f64, limit: f64| x >= limit - 1e-9;
    let (verdict, because) = if tally.cases.iter().all(|c| c.score.is_none()) {
        (Verdict::Indeterminate, "nothing is in scope".to_owned())
    } else if !fails.is_empty() {
        (Verdict::NotReady, blocks(&fails, "blocks", "block"))
    } else if !meets(score.hi, gate.threshold) {
        (Verdict::NotReady, format!("the score cannot reach {:.2} any more", gate.threshold))
    } else if !unknown.is_empty() {
        (Verdict::Indeterminate, blocks(&unknown, "is a blocker and could not be told", "are blockers and could not be told"))
    } else if !meets(tally.coverage, gate.coverage) {
        (Verdict::Indeterminate, format!("only {} % of the rules in scope could be judged", below(tally.coverage * 100.0, gate.coverage * 100.0, 0)))
    } else if !meets(score.lo, gate.threshold) {
        (Verdict::Indeterminate, format!("the evidence leaves the score between {} and {:.2}", below(score.lo, gate.threshold, 2), score.hi))
    } else if waivers && !failing(false).is_empty() {
        (Verdict::ReadyWithWaivers, blocks(&failing(false), "fails and is waived", "fail and are waived"))
    } else {
        (Verdict::Ready, format!("no blocker fails and the score is at least {:.2}", gate.threshold))
    };
    (verdict, because, tally)
}

/// A number below a limit with so few digits that rounding does not lift it to the limit.
fn below(x: f64, limit: f64, digits: usize) -> String {
    let shown = (digits..digits + 7).map(|n| format!("{x:.n$}"));
    shown.into_iter().find(|text| text.parse().is_ok_and(|v: f64| v < limit)).unwrap_or_else(|| x.to_string())
}

fn blocks(rules: &[String], one: &str, many: &str) -> String {
    format!("{} {}", rules.join(", "), if rules.len() == 1 { one } else { many })
}

/// Single rules that would better the verdict; else the shortest run of rules, blockers and heavy ones first, that would.
fn flips(cases: &[CaseJudged], gate: &Gate, now: Verdict) -> Vec<Flip> {
    let mut open: Vec<(&RuleSpec, f64)> = vec![];
    for judged in cases {
        for rule in in_scope(judged).filter(|r| subjects(judged, r).next().is_none() || subjects(judged, r).any(|o| o.status != Status::Pass)) {
            let lost = judged.case.weight.value() * rule.weight.value() * (1.0 - rule_score(judged, rule).0.lo);
            open.push((rule, lost + if rule.blocker { 1e6 } else { 0.0 }));
        }
    }
    open.sort_by(|a, b| b.1.total_cmp(&a.1));
    let try_with = |rules: &[&RuleSpec]| {
        let mended: Vec<_> = cases.iter().map(|c| passing(c, rules)).collect();
        let (verdict, _, tally) = decide(&mended, gate, true);
        // Tried by weight, told in report order.
        let in_order = cases.iter().flat_map(|c| &c.case.rules).filter(|r| rules.iter().any(|mended| mended.id == r.id));
        (verdict.rank() > now.rank()).then(|| Flip { rules: in_order.map(|r| r.id.clone()).collect(), verdict, score: tally.score })
    };
    let singles: Vec<_> = open.iter().filter_map(|(r, _)| try_with(&[*r])).take(3).collect();
    if !singles.is_empty() {
        return singles;
    }
    let ordered: Vec<_> = open.iter().map(|(r, _)| *r).collect();
    (2..=ordered.len()).find_map(|n| try_with(&ordered[..n])).into_iter().collect()
}

/// A copy in which these rules pass, at the strength that they have (or fully, where they had none).
fn passing(judged: &CaseJudged, rules: &[&RuleSpec]) -> CaseJudged {
    const WHOLE: Strength = Strength { origin: 1.0, freshness: 1.0, rows: 1.0, control: 1.0 };
    let mut copy = judged.clone();
    for outcome in copy.outcomes.iter_mut().filter(|o| rules.iter().any(|r| r.id == o.rule)) {
        outcome.status = Status::Pass;
        outcome.strength.get_or_insert(WHOLE);
    }
    copy
}
