//! An accepted failure: bound to a rule, a subject and a range of the observed value, with a reason, an owner and an end.
//! An overlay, never a status: it lifts a blocker, never the score.

use super::{
    name::Name,
    outcome::{Figure, Outcome, Status},
    units::Wall,
};
use serde::{Deserialize, Serialize};

/// One waiver, resolved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Waiver {
    /// The rule.
    pub rule: Name,
    /// The subject; `None` means every subject of the rule.
    pub of: Option<Name>,
    /// It holds only while the observed figure stays in this range.
    pub holds: Option<Range>,
    /// Why it is accepted.
    pub reason: String,
    /// Who answers for it.
    pub owner: String,
    /// When it ends.
    pub expires: Wall,
    /// The same, as written, with its offset.
    pub expires_text: String,
}

/// Two weeks: long enough to renew a waiver or to mend its cause.
pub(super) const SOON_US: i64 = 14 * 86_400_000_000;

/// A range of one figure. The same rule may decide by another figure next time (a share instead of a bias): that failure
/// is not the one that was accepted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Range {
    /// The figure's name: `bias`.
    pub figure: String,
    /// `ms`, `%`, or empty for a plain number of whatever else.
    pub unit: String,
    /// Lower end, in that unit.
    pub lo: f64,
    /// Upper end.
    pub hi: f64,
}

/// `access_log` names every subject of that source, `access_log:total` one.
pub fn names(of: &str, subject: &Name) -> bool {
    subject.as_str().strip_prefix(of).is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
}

impl Waiver {
    /// Is its time over?
    pub fn expired(&self, now: Wall) -> bool {
        now >= self.expires
    }
    /// Is its time over soon?
    pub fn lapses_soon(&self, now: Wall) -> bool {
        !self.expired(now) && self.expires.0.saturating_sub(now.0) <= SOON_US
    }
    /// Is it about this subject?
    pub fn names(&self, subject: &Name) -> bool {
        self.of.as_ref().is_none_or(|of| names(of.as_str(), subject))
    }
    /// What it does to a failure; `None` where it is about something else.
    pub fn on(&self, outcome: &Outcome, now: Wall) -> Option<WaiverState> {
        if outcome.status != Status::Fail || self.rule != outcome.rule || !self.names(&outcome.subject) {
            return None;
        }
        let figure = outcome.finding.as_ref().map(|f| &f.figure);
        Some(match &self.holds {
            _ if self.expired(now) => WaiverState::Lapsed,
            Some(range) if !figure.is_some_and(|f| range.holds(f)) => WaiverState::Outgrown,
            _ => WaiverState::Holds,
        })
    }
}

impl Range {
    /// Is this the figure that was accepted, and inside the range?
    pub fn holds(&self, figure: &Figure) -> bool {
        self.is_of(figure) && (self.lo..=self.hi).contains(&figure.value)
    }
    /// Is this the figure that was accepted?
    pub fn is_of(&self, figure: &Figure) -> bool {
        let plain = |unit: &str| !matches!(unit, "ms" | "%");
        figure.name == self.figure && (figure.unit == self.unit || plain(&self.unit) && plain(&figure.unit))
    }
}

/// What a waiver did to an outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WaiverState {
    /// It applies.
    Holds,
    /// Its time is over.
    Lapsed,
    /// The observed value left its range.
    Outgrown,
    /// Nothing failed that it could waive.
    Unused,
}
