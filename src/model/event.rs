//! What happens in a run, in order. The report is a fold of these; recording and progress are two more readers.

use super::{
    anchors::Anchors,
    capability::Capability,
    case::{Case, RuleSpec, Weight},
    change::Change,
    chart::Chart,
    evidence::{Fact, Gap},
    key::Key,
    name::Name,
    outcome::Outcome,
    rig::{Quantity, SourceInfo},
    source::Cost,
    units::{Ms, Share, Wall},
    waiver::Waiver,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Something that happened, stamped with its number and the time since the start of the run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stamped {
    /// Counts from 0.
    pub seq: u64,
    /// Since the start of the run, monotonic.
    pub after: Ms,
    /// What happened.
    pub event: Event,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The run began.
    Began(Header),
    /// What it will do; steps are numbered from 0.
    Planned {
        /// In order.
        steps: Vec<Step>,
    },
    /// A step began.
    StepBegan {
        /// Its number.
        step: usize,
    },
    /// A step goes on.
    StepMoved {
        /// Its number.
        step: usize,
        /// Done.
        done: u64,
        /// Of so many.
        total: u64,
    },
    /// A question was answered, or was not.
    Answered(Answered),
    /// A step ended.
    StepEnded {
        /// Its number.
        step: usize,
        /// How long it took.
        took: Ms,
        /// What it brought, in a few words.
        says: String,
        /// Did all of it work?
        ok: bool,
    },
    /// An act was done: what was sent.
    Sent(Sent),
    /// Something that the user should know.
    Notice {
        /// The sentence.
        text: String,
    },
    /// Gathering is over; from here on everything is computed.
    Gathered {
        /// The one "now" of the run.
        as_of: Wall,
        /// What the auditor itself used.
        own: OwnCost,
        /// Was it interrupted?
        interrupted: bool,
    },
    /// A case was judged.
    Judged(Box<CaseJudged>),
    /// The run is over.
    Ended,
}

/// How a run is described.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Header {
    /// Id of the run.
    pub run: Name,
    /// How the run is written (`store::FORMAT`); 0 where that was not told yet.
    #[serde(default)]
    pub format: u32,
    /// `rigcheck` and its version.
    pub tool: String,
    /// What the user calls the rig.
    pub rig: Name,
    /// Host that the auditor stands on.
    pub vantage: String,
    /// Edition of the checks.
    pub checks: String,
    /// Digest of the effective profile: cases, thresholds, weights, gate.
    pub profile: String,
    /// When it began, wall clock.
    pub started: Wall,
    /// A sentence about something special: a seeded fault, a replay under another spec.
    pub remark: Option<String>,
    /// What `--set` laid over the spec, as `PATH=VALUE`, without secrets.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub set: Vec<String>,
    /// What the spec of the recording looked at, and the one that judges it does not: sources and claims.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lacks: Vec<Name>,
    /// What decides the verdict.
    pub gate: Gate,
    /// Waivers, resolved.
    pub waivers: Vec<Waiver>,
    /// Sources and where they are.
    pub sources: BTreeMap<Name, SourceInfo>,
    /// Cases known to this release, selected or not.
    pub cases_known: usize,
    /// What cases and gate change of the edition of the checks.
    #[serde(default)]
    pub changed: Vec<Change>,
    /// Quantities that no source at the server claims to measure.
    #[serde(default)]
    pub unmeasured: Vec<Quantity>,
    /// Is each rule's own fault seeded into a copy of the evidence, to see whether the rule can fail on this rig?
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub prove: bool,
    /// Where the spec states what is expected.
    #[serde(default)]
    pub anchors: Anchors,
}

/// What decides the verdict.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Gate {
    /// Least score.
    pub threshold: f64,
    /// Least coverage.
    pub coverage: f64,
}

impl Default for Gate {
    fn default() -> Self {
        Gate { threshold: 0.85, coverage: 0.9 }
    }
}

/// One step of a plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// What it does: `controlled load`, `read back`.
    pub title: String,
    /// Who is asked what in it.
    pub asks: Vec<String>,
    /// How long it takes.
    pub lasting: Ms,
    /// Requests that it sends.
    pub requests: u64,
    /// Worst-case tokens.
    pub tokens: u64,
    /// Do they go to the reference endpoint, past the target? That one is ours and free.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub reference: bool,
}

/// How a question was answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answered {
    /// The question.
    pub key: Key,
    /// How long it took.
    pub took: Ms,
    /// Asked again so often.
    pub retries: u32,
    /// Why there is no (whole) answer.
    pub gap: Option<Gap>,
    /// The exact request.
    pub request: String,
    /// Who answered.
    pub server: Option<String>,
    /// SHA-256 of the answer as recorded.
    pub digest: Option<String>,
    /// Warnings and infos that came with it.
    pub notes: Vec<String>,
}

/// What an act sent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sent {
    /// Requests, warm-ups included.
    pub requests: u64,
    /// Of which were there to warm up: they are no part of what is compared.
    #[serde(default)]
    pub warmup: u64,
    /// Of which failed.
    pub failed: u64,
    /// Of which we cut off ourselves, on an interruption or when the time was over; not among the failed.
    #[serde(default)]
    pub cut_off: u64,
    /// Worst-case tokens.
    pub tokens_allowed: u64,
    /// Tokens that the target reported.
    pub tokens_used: u64,
    /// All to the reference endpoint, as far as declared?
    pub planted: bool,
    /// Schedule lag, 99th percentile.
    pub lag_p99: Ms,
    /// Share of requests that overlapped a stall of the load generator.
    pub stalled: Share,
    /// Where they went.
    pub target: String,
}

/// What the auditor itself used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct OwnCost {
    /// CPU time, s.
    pub cpu_s: f64,
    /// Peak resident memory, MiB.
    pub peak_mib: f64,
    /// Queries to sources, without the load.
    pub cost: Cost,
    /// Wall time of gathering.
    pub wall: Ms,
}

/// How a case was judged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CaseJudged {
    /// The case as resolved, thresholds included.
    pub case: Case,
    /// In report order: rules in order of the case, subjects in order of the rig.
    pub outcomes: Vec<Outcome>,
    /// Rules that are out of scope, and what would bring them in.
    pub out_of_scope: Vec<OutOfScope>,
    /// Pictures.
    pub charts: Vec<Chart>,
    /// Unscored truths.
    pub notes: Vec<String>,
}

impl CaseJudged {
    /// Rules in scope, in order of the case; those that are newer than the edition, too.
    pub fn in_scope(&self) -> impl Iterator<Item = &RuleSpec> {
        self.case.rules.iter().filter(|rule| !self.out_of_scope.iter().any(|o| o.rule == rule.id))
    }
    /// What was found by one rule. None of it for a rule in scope is our fault, and as bad as an error.
    pub fn of_rule(&self, rule: &RuleSpec) -> impl Iterator<Item = &Outcome> {
        self.outcomes.iter().filter(|o| o.rule == rule.id)
    }
    /// Outcomes that carry a score: not those of rules that are newer than the edition.
    pub fn scored(&self) -> impl Iterator<Item = &Outcome> {
        self.outcomes.iter().filter(|o| !self.case.rules.iter().any(|r| r.newer && r.id == o.rule))
    }
}

/// A rule that is out of scope.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OutOfScope {
    /// The rule.
    pub rule: Name,
    /// Its title.
    pub title: String,
    /// Its weight.
    pub weight: Weight,
    /// What it would need.
    pub missing: Vec<Capability>,
    /// Was it deselected by the user?
    pub deselected: bool,
}

/// Who keeps what was answered, as it arrives. A full disk is an error, said at once.
pub trait Recorder: Send + Sync {
    /// Called once per question.
    fn keep(&self, fact: &Fact) -> std::io::Result<()>;
}

/// Who is told.
pub trait Sink: Send + Sync {
    /// Called in order, synchronously: back-pressure for free.
    fn on(&self, event: &Stamped);
}
