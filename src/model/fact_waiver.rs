//! An accepted difference between two environments: bound to a fact and to its two values, with a reason, an owner and an end.

use super::{glob::Glob, units::Wall, waiver::SOON_US};
use serde::{Deserialize, Serialize};

/// One waiver of a difference, resolved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FactWaiver {
    /// Which facts: `gateway.process.workers`, with `*` for anything.
    pub fact: Glob,
    /// The value in the environment under test when it was signed, as written: `4`, `2GiB`, `absent`.
    pub here: String,
    /// The value in the reference, likewise.
    pub there: String,
    /// Why it is accepted.
    pub reason: String,
    /// Who answers for it.
    pub owner: String,
    /// What it does to the results, where the owner says so.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub impact: String,
    /// When it ends.
    pub expires: Wall,
    /// The same, as written, with its offset.
    pub expires_text: String,
}

/// A waiver is signed for half a year at most: two environments drift apart, and a difference that nobody looks at again is
/// no accepted one.
pub const LONGEST_US: i64 = 180 * 86_400_000_000;

/// How a waiver of a difference stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FactWaiverState {
    /// It covers a difference.
    Active,
    /// It does, and ends within two weeks.
    Expiring,
    /// It would cover a difference, and its time is over: the difference counts.
    Expired,
    /// The values are no longer those that were signed: the difference counts.
    Outgrown,
    /// The fact is known on both sides and does not differ: it can be removed.
    Unused,
    /// It fits no fact of either environment: a misspelt or a forgotten one.
    Stale,
    /// What it names is not known on both sides.
    Unknown,
}

impl FactWaiverState {
    /// The word for reports.
    pub fn word(self) -> &'static str {
        match self {
            FactWaiverState::Active => "active",
            FactWaiverState::Expiring => "expiring",
            FactWaiverState::Expired => "expired",
            FactWaiverState::Outgrown => "outgrown",
            FactWaiverState::Unused => "unused",
            FactWaiverState::Stale => "stale",
            FactWaiverState::Unknown => "unknown",
        }
    }
    /// Does it cover its difference?
    pub fn holds(self) -> bool {
        matches!(self, FactWaiverState::Active | FactWaiverState::Expiring)
    }
}

impl FactWaiver {
    /// How it stands over a difference with exactly its values.
    pub fn at(&self, now: Wall) -> FactWaiverState {
        match self.expires.0.saturating_sub(now.0) {
            left if left <= 0 => FactWaiverState::Expired,
            left if left <= SOON_US => FactWaiverState::Expiring,
            _ => FactWaiverState::Active,
        }
    }
}
