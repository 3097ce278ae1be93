//! A test case and its rules, as `checks/*.yaml` define them. Thresholds are data, not code.

use super::{capability::Capability, name::Name, node::Node, units::Ms};
use serde::{Deserialize, Serialize};

/// Cases of the method, 15 of infrastructure and 10 of LLM behaviour; a release may know fewer.
pub const CATALOGUE: usize = 25;

/// One test case with its rules.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Case {
    /// Unique id, never reused: `PERF_INFRA_MONITORING_LATENCY_ACCURACY_001`.
    pub id: Name,
    /// Group of the case.
    pub category: String,
    /// One line.
    pub title: String,
    /// The question that it answers, as a user would ask it.
    pub question: String,
    /// What must be there to run it.
    pub prerequisites: Vec<String>,
    /// What a good rig shows.
    pub expected: String,
    /// Weight among the cases.
    pub weight: Weight,
    /// The audit that gathers and joins.
    pub audit: Name,
    /// The audit's parameters.
    pub params: Node,
    /// The rules.
    pub rules: Vec<RuleSpec>,
}

/// One rule of a case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RuleSpec {
    /// Unique id, never reused: `LAT-14`.
    pub id: Name,
    /// The name of the judging rule in the audit.
    pub judge: Name,
    /// One line.
    pub title: String,
    /// Without these the rule is out of scope.
    pub requires: Vec<Capability>,
    /// Weight inside the case.
    pub weight: Weight,
    /// Does a failure alone make the rig not ready?
    pub blocker: bool,
    /// The rule's parameters.
    pub params: Node,
    /// Rows inside one observation at which it counts fully.
    pub n_min: u64,
    /// How long an observation stays fresh, ms.
    pub ttl: Ms,
    /// Did the user take it out?
    #[serde(default)]
    pub deselected: bool,
    /// Is it newer than the edition of the checks that the spec chose? Then it is judged and shown, and counts for nothing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub newer: bool,
    /// Names of seeded faults that this release's fault matrix shows to be found by this rule.
    pub proven_by: Vec<Name>,
    /// Why it exists.
    pub why: String,
    /// What is measured and how.
    pub method: String,
    /// The formula and limits in words, if the method does not say it all.
    pub formula: String,
    /// What it cannot see.
    pub blind_spots: String,
    /// What to do when it fails.
    pub remedy: String,
    /// Where thresholds and formula come from.
    pub source: String,
}

/// Weights 4:3:2:1, as Scorecard and the Instrumentation Score use them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Weight {
    /// 1.
    Low,
    /// 2.
    #[default]
    Normal,
    /// 3.
    Important,
    /// 4.
    Critical,
}

impl Weight {
    /// The number.
    pub fn value(self) -> f64 {
        match self {
            Weight::Critical => 4.0,
            Weight::Important => 3.0,
            Weight::Normal => 2.0,
            Weight::Low => 1.0,
        }
    }
    /// The word.
    pub fn word(self) -> &'static str {
        match self {
            Weight::Critical => "critical",
            Weight::Important => "important",
            Weight::Normal => "normal",
            Weight::Low => "low",
        }
    }
}

impl RuleSpec {
    /// Is it judged on a rig with these capabilities?
    pub fn in_scope(&self, has: &std::collections::BTreeSet<Capability>) -> bool {
        !self.deselected && self.missing(has).is_empty()
    }
    /// Does its failure alone make the rig not ready? Never where its edition has not come yet.
    pub fn blocks(&self) -> bool {
        self.blocker && !self.newer
    }
    /// The capabilities that a rig does not have.
    pub fn missing(&self, has: &std::collections::BTreeSet<Capability>) -> Vec<Capability> {
        self.requires.iter().filter(|c| !has.contains(c)).copied().collect()
    }
}
