//! What was found about one rule and one subject.

use super::{
    case::Weight,
    evidence::{Gap, Unknown},
    key::Key,
    name::Name,
    waiver::WaiverState,
};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The status of an outcome. `waived` is an overlay, never a status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It holds.
    Pass,
    /// It holds, but close to or between the limits.
    Warn,
    /// It does not hold.
    Fail,
    /// Measured, but the interval straddles the limit.
    Inconclusive,
    /// A question that it needs has no answer.
    NoData,
    /// Our bug.
    Error,
    /// Deselected by the user.
    Skipped,
    /// An observation proves that it does not apply.
    NotApplicable,
    /// A person has to look.
    ManualPending,
}

impl Status {
    /// All of them, in the order in which reports count them.
    pub const ALL: [Status; 9] = [
        Status::Pass,
        Status::Warn,
        Status::Fail,
        Status::Inconclusive,
        Status::NoData,
        Status::Error,
        Status::ManualPending,
        Status::Skipped,
        Status::NotApplicable,
    ];
    /// Does nobody have to look at it? It holds, does not apply, or was deselected.
    pub fn fine(self) -> bool {
        matches!(self, Status::Pass | Status::NotApplicable | Status::Skipped)
    }
    /// Could it not be told? What was deselected was not tried.
    pub fn unknown(self) -> bool {
        matches!(self, Status::Inconclusive | Status::NoData | Status::Error | Status::ManualPending)
    }
    /// Which of several speaks for them all, the highest: a definite failure, then what could not be told, then the rest.
    pub fn badness(self) -> u8 {
        match self {
            Status::NotApplicable => 0,
            Status::Pass => 1,
            Status::Warn => 2,
            Status::Skipped => 3,
            Status::ManualPending => 4,
            Status::Inconclusive => 5,
            Status::NoData => 6,
            Status::Error => 7,
            Status::Fail => 8,
        }
    }
    /// The word for programs, as JSON has it.
    pub fn key(self) -> &'static str {
        match self {
            Status::Pass => "pass",
            Status::Warn => "warn",
            Status::Fail => "fail",
            Status::Inconclusive => "inconclusive",
            Status::NoData => "no_data",
            Status::Error => "error",
            Status::Skipped => "skipped",
            Status::NotApplicable => "not_applicable",
            Status::ManualPending => "manual_pending",
        }
    }
    /// The word for reports.
    pub fn word(self) -> &'static str {
        match self {
            Status::Pass => "PASS",
            Status::Warn => "WARN",
            Status::Fail => "FAIL",
            Status::Inconclusive => "INCONCLUSIVE",
            Status::NoData => "NO DATA",
            Status::Error => "ERROR",
            Status::Skipped => "SKIPPED",
            Status::NotApplicable => "N/A",
            Status::ManualPending => "MANUAL",
        }
    }
    /// Glyph, so that colour is never alone.
    pub fn glyph(self) -> &'static str {
        match self {
            Status::Pass => "✓",
            Status::Warn => "!",
            Status::Fail => "✗",
            Status::Inconclusive => "~",
            Status::NoData => "?",
            Status::Error => "‼",
            Status::Skipped | Status::NotApplicable => "–",
            Status::ManualPending => "☐",
        }
    }
    /// The value that it scores, if it was judged: pass 1, warn ½, fail 0.
    pub fn value(self) -> Option<f64> {
        match self {
            Status::Pass => Some(1.0),
            Status::Warn => Some(0.5),
            Status::Fail => Some(0.0),
            _ => None,
        }
    }
}

/// A number with its interval, sample size and unit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// What it is: `bias`, `matched share`.
    pub name: String,
    /// The estimate.
    pub value: f64,
    /// Lower bound of the interval that decided; equal to `value` for exact counts.
    pub lo: f64,
    /// Upper bound.
    pub hi: f64,
    /// Rows that it rests on.
    pub n: u64,
    /// `ms`, `%` (then 2 means 2 %), `requests`, or empty.
    pub unit: String,
}

impl Figure {
    /// A figure without an interval.
    pub fn exact(name: impl Into<String>, value: f64, n: u64, unit: impl Into<String>) -> Figure {
        Figure { name: name.into(), value, lo: value, hi: value, n, unit: unit.into() }
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:.3} {} [{:.3} … {:.3}] n={}", self.name, self.value, self.unit, self.lo, self.hi, self.n)
    }
}

/// What a rule says about a subject. Every number in its sentences comes from `observed`, `expected` or `because`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// Pass, warn, fail, inconclusive or not applicable.
    pub status: Status,
    /// The figure that decided; history keeps it per (environment, rule, subject).
    pub figure: Figure,
    /// What was observed, as a sentence without a full stop.
    pub observed: String,
    /// What was expected, likewise.
    pub expected: String,
    /// Distance of the figure from its limit in units of the limit: positive inside, negative outside.
    pub margin: Option<f64>,
    /// Facts that explain it, most telling first.
    pub because: Vec<String>,
    /// Rows inside the observation (n of n/n_min).
    pub rows: u64,
    /// The n that would settle an inconclusive one.
    pub settles_at: Option<u64>,
    /// What to do, where the rule knows it better than the case, which speaks for all rigs; of an inconclusive one what would
    /// settle it, where that is something else than more requests or a quieter rig.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
    /// The questions whose answers it rests on.
    pub from: Vec<Key>,
}

impl Finding {
    /// Says what would settle it, if it is inconclusive and does not say so itself.
    #[must_use]
    pub fn settled_by(mut self, what: &str) -> Finding {
        if self.status == Status::Inconclusive && self.remedy.is_none() {
            self.remedy = Some(what.to_owned());
        }
        self
    }
}

/// The strength of the evidence behind an outcome; the score uses the minimum.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Strength {
    /// Measured 1, reported 0.9, declared 0.85.
    pub origin: f64,
    /// 1 until the time to live, falling to 0 at twice that.
    pub freshness: f64,
    /// n / n_min inside one observation, at most 1.
    pub rows: f64,
    /// 1 if this release or this rig showed that the rule can fail, else [`Strength::UNPROVEN`].
    pub control: f64,
}

impl Strength {
    /// How far a rule without a negative control is trusted.
    pub const UNPROVEN: f64 = 0.9;
    /// The minimum: one sentence explains it.
    pub fn least(&self) -> f64 {
        self.origin.min(self.freshness).min(self.rows).min(self.control).clamp(0.0, 1.0)
    }
}

/// What became of the rule's own fault, seeded into a copy of this run's evidence: its negative control on this rig.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    /// The rule fails there, as it must.
    Fires,
    /// It says something else there.
    Silent(Status),
}

/// What was found about one rule and one subject, with all that scoring needs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// The rule's id.
    pub rule: Name,
    /// The subject; empty where the rule has one for the whole rig.
    pub subject: Name,
    /// The rule's title.
    pub title: String,
    /// Its weight inside the case.
    pub weight: Weight,
    /// Does a failure alone make the rig not ready?
    pub blocker: bool,
    /// What was found.
    pub status: Status,
    /// What the rule said, if it could be asked.
    pub finding: Option<Finding>,
    /// Why it could not tell.
    pub unknown: Option<Unknown>,
    /// Why it broke.
    pub error: Option<String>,
    /// How strong the evidence is; `None` for unknown statuses.
    pub strength: Option<Strength>,
    /// Was it shown on this rig that the rule can fail for this subject? `None` where nobody tried, or nothing was judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<Proof>,
    /// What to do when it is not a pass.
    pub remedy: String,
    /// The waiver that was looked at and what it did.
    pub waiver: Option<(usize, WaiverState)>,
}

impl Outcome {
    /// Why there is no answer, if there is none.
    pub fn gap(&self) -> Option<&Gap> {
        self.unknown.as_ref().map(|u| &u.gap)
    }
    /// Is it a failure that a waiver covers?
    pub fn waived(&self) -> bool {
        matches!(self.waiver, Some((_, WaiverState::Holds)))
    }
}
