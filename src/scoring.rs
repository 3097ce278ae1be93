//! Level 3: outcomes to score and verdict. The score is an interval: its width is the evidence that was not obtained.
//!
//! One subject of a rule with value v (pass 1, warn ½, fail 0) and strength q contributes [q v, q v + (1 − q)], an unknown
//! status [0, 1]. A rule is the worst of its subjects at both ends, a case the weighted mean of its rules, the whole the
//! weighted mean of its cases. Losing evidence can therefore never raise the lower end nor lower the upper one.

mod board;
mod flips;

use crate::model::{
    event::{CaseJudged, Gate},
    name::Name,
    outcome::Outcome,
};
use board::Board;
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
    /// All of them, best first.
    pub const ALL: [Verdict; 4] = [Verdict::Ready, Verdict::ReadyWithWaivers, Verdict::NotReady, Verdict::Indeterminate];
    /// The word for programs, as JSON has it.
    pub fn key(self) -> &'static str {
        match self {
            Verdict::Ready => "ready",
            Verdict::ReadyWithWaivers => "ready_with_waivers",
            Verdict::NotReady => "not_ready",
            Verdict::Indeterminate => "indeterminate",
        }
    }
    /// Glyph, so that colour is never alone.
    pub fn glyph(self) -> &'static str {
        match self {
            Verdict::Ready => "✓",
            Verdict::ReadyWithWaivers => "~",
            Verdict::NotReady => "✗",
            Verdict::Indeterminate => "?",
        }
    }
    /// The words of the report.
    pub fn words(self) -> &'static str {
        match self {
            Verdict::Ready => "READY",
            Verdict::ReadyWithWaivers => "READY WITH WAIVERS",
            Verdict::NotReady => "NOT READY",
            Verdict::Indeterminate => "INDETERMINATE",
        }
    }
    /// May the numbers be trusted, with waivers or without?
    pub fn good(self) -> bool {
        matches!(self, Verdict::Ready | Verdict::ReadyWithWaivers)
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
    /// The smallest sets of rules that, if they passed, would better the verdict; the shortest first.
    pub flips: Vec<Flip>,
    /// Are those all such sets?
    pub flips_are_all: bool,
    /// The shortest set that would make it READY, with or without waivers, where none of `flips` does.
    pub to_ready: Option<Flip>,
    /// Where it could not be told: rules that, if they failed alone, would make it NOT READY.
    pub threats: Vec<Flip>,
    /// Rules without whose waivers the verdict would be worse.
    pub leans_on: Vec<Flip>,
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

/// A smallest set of rules that would change the verdict: no part of it would.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Flip {
    /// Their ids.
    pub rules: Vec<Name>,
    /// The verdict then.
    pub verdict: Verdict,
    /// The score then, at best.
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
    let board = Board::of(cases);
    let (verdict, reason) = board.decide(gate, true);
    let bare = board.decide(gate, false).0;
    let (flips, flips_are_all) = flips::better(&board, gate, verdict);
    let tally = board.tally();
    Assessment {
        verdict,
        because: board.because(reason, gate, true),
        score: tally.score,
        coverage: tally.coverage,
        cases: board.case_scores(),
        rules_in_scope: board.rules.len(),
        without_waivers: (bare != verdict).then_some(bare),
        to_ready: flips::to_ready(&board, gate, &flips),
        flips,
        flips_are_all,
        threats: flips::threats(&board, gate, verdict),
        leans_on: flips::leans_on(&board, gate, verdict),
    }
}
