//! An accepted failure: bound to a rule, a subject and a range of the observed value, with a reason, an owner and an end.
//! An overlay, never a status: it lifts a blocker, never the score.

use super::{name::Name, outcome::Figure, units::Wall};
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

impl Waiver {
    /// Is its time over?
    pub fn expired(&self, now: Wall) -> bool {
        now >= self.expires
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
