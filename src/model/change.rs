//! How what is judged differs from the edition of the checks. Only what decides counts; prose may be written anew.

use super::name::Name;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Ends the name of an edition that only a folder of checks knows: this release vouches for nothing in it.
pub const OWN_EDITION: &str = " (own)";

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Of whom.
    pub of: Changed,
    /// What differs.
    pub what: What,
    /// As the edition has it, in the words of the spec.
    pub from: String,
    /// As it is judged here.
    pub to: String,
    /// Does it let through by itself what the edition holds back: is a blocker taken out, or the gate lowered?
    pub lets_through: bool,
}

/// What is changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Changed {
    /// A rule.
    Rule(Name),
    /// A case.
    Case(Name),
    /// The gate.
    Gate,
}

/// What of it is changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// It is not of the edition.
    Added,
    /// The edition has it, and it is not there.
    LeftOut,
    /// It is there, and not judged.
    Deselected,
    /// An earlier edition judges it without a share of the score, a later one scores it.
    Scored,
    /// The audit of a case.
    Audit,
    /// The judge of a rule.
    Judge,
    /// What a rule requires of the rig.
    Requires,
    /// Its weight.
    Weight,
    /// Does its failure alone make the rig not ready?
    Blocker,
    /// A parameter, by its path: `margin.absolute`.
    Param(String),
    /// From how many rows on it counts fully.
    NMin,
    /// How long an observation stays fresh.
    Ttl,
    /// Is it said that a seeded fault makes it fail?
    Proven,
    /// The gate's least score.
    Score,
    /// The gate's least coverage.
    Coverage,
}

impl Changed {
    /// The id, or `gate`.
    pub fn id(&self) -> &str {
        match self {
            Changed::Rule(id) | Changed::Case(id) => id.as_str(),
            Changed::Gate => "gate",
        }
    }
}

impl What {
    /// The word of reports; a parameter's path.
    pub fn word(&self) -> &str {
        match self {
            What::Added => "added",
            What::LeftOut => "left_out",
            What::Deselected => "deselected",
            What::Scored => "scored",
            What::Audit => "audit",
            What::Judge => "judge",
            What::Requires => "requires",
            What::Weight => "weight",
            What::Blocker => "blocker",
            What::Param(path) => path,
            What::NMin => "n_min",
            What::Ttl => "ttl",
            What::Proven => "proven",
            What::Score => "score",
            What::Coverage => "coverage",
        }
    }
}

impl fmt::Display for Change {
    /// `LAT-14 margin.absolute 5ms → 100s`, `LAT-01 deselected`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (id, Change { from, to, .. }) = (self.of.id(), self);
        match &self.what {
            What::Added => write!(f, "{id} not of this edition"),
            What::LeftOut => write!(f, "{id} left out"),
            What::Deselected => write!(f, "{id} deselected"),
            What::Scored if to == "yes" => write!(f, "{id} is scored from now on"),
            What::Scored => write!(f, "{id} is judged and not scored"),
            what => write!(f, "{id} {} {from} → {to}", what.word()),
        }
    }
}
