//! What the spec says exists, resolved and without secrets. Audits see this, never the spec.

use super::{
    act::{BurnAct, LoadAct},
    capability::Capability,
    environment::Environment,
    name::Name,
    network::{FarEnd, Network},
    noise::Noise,
    times::Times,
    units::{Count, Ms, PerSecond},
    usage::UsageClaim,
    workload::{HOST, Workload},
};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

/// The rig under audit.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Rig {
    /// What the user calls it.
    pub name: Name,
    /// Where load goes, if any.
    pub target: Option<Target>,
    /// The loads that audits may ask for, by name.
    pub loads: BTreeMap<Name, LoadAct>,
    /// The sources, by name.
    pub sources: BTreeMap<Name, SourceInfo>,
    /// Who claims to measure what; the order is the order of the spec.
    pub claims: Vec<Claim>,
    /// Whose CPU time, memory and network are looked at, by name; with the machine itself where there is any.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub workloads: BTreeMap<Name, Workload>,
    /// Who claims to measure what of them, in the order of the spec.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub usage: Vec<UsageClaim>,
    /// What users may expect of it, by quantity.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub slo: BTreeMap<Quantity, Ms>,
    /// Which events a claim times, by subject, where the spec says so.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub definitions: BTreeMap<Name, Times>,
    /// Sources whose wall-clock times are read, and so must agree with ours, in name order.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub clocks: BTreeSet<Name>,
    /// What the spec declares to be there; fixes the scope before the run.
    pub capabilities: BTreeSet<Capability>,
    /// The environment that this one is compared with.
    pub reference: Option<Name>,
    /// What of its configuration is read, where the spec wants it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<Environment>,
    /// How its machine is watched while nothing is asked of it, where the spec wants it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub noise: Option<Noise>,
    /// To whom the way is measured, where the spec names somebody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<Network>,
}

/// The API under test.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Target {
    /// Base URL, without credentials.
    pub url: String,
    /// Is it on this machine's loopback interface?
    pub loopback: bool,
    /// What may be spent on it.
    pub allow: Allow,
}

/// Spending limits of a run.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Allow {
    /// Requests, warm-ups included.
    pub requests: Count,
    /// Worst-case tokens, prompt and `max_tokens`.
    pub tokens: Count,
    /// Highest rate.
    pub rate: PerSecond,
}

/// What kind of source a name stands for, in the words of the spec.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SourceInfo {
    /// The spec's word: `prometheus`, `scrape`, `jaeger`, `otlp`, `access_log`, `truth`, `clock`, `load`.
    pub kind: Name,
    /// Where it is, without credentials: a URL, a path, `docker: NAME`.
    pub place: String,
    /// What is read of it, where the spec chooses: fields and units of a log, the service of a trace source. Answers that
    /// were read otherwise are no answers under another spec.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reads: String,
}

/// What a latency figure is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quantity {
    /// Time to first token: request sent to first content.
    Ttft,
    /// Total response time.
    Total,
    /// Gap between two content chunks of one stream.
    InterChunk,
}

impl Quantity {
    /// All of them, in report order.
    pub const ALL: [Quantity; 3] = [Quantity::Ttft, Quantity::Total, Quantity::InterChunk];
    /// The spec's word.
    pub fn word(self) -> &'static str {
        match self {
            Quantity::Ttft => "ttft",
            Quantity::Total => "total",
            Quantity::InterChunk => "inter_chunk",
        }
    }
    /// The field's word, for reports.
    pub fn title(self) -> &'static str {
        match self {
            Quantity::Ttft => "TTFT",
            Quantity::Total => "total time",
            Quantity::InterChunk => "inter-chunk latency",
        }
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// One statement "this source measures that".
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Claim {
    /// The claim's own name: `ttft`, or a name of the user's for a second metric of the same quantity.
    pub name: Name,
    /// Who claims.
    pub source: Name,
    /// What is claimed.
    pub quantity: Quantity,
    /// How it is told.
    pub by: By,
}

/// How a source tells a quantity.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// The load generator's own clock, by a named definition over the timeline (`total.closed`).
    Client {
        /// Name of the definition in `llm::definitions`.
        definition: Name,
    },
    /// A value per request in a log line.
    LogField,
    /// A value per request, derived from the spans of its trace.
    Spans,
    /// Buckets, sum and count over all requests.
    Histogram(HistogramOf),
}

/// Which series a histogram claim means.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HistogramOf {
    /// Base name, without `_bucket`, `_sum`, `_count`.
    pub metric: String,
    /// Labels that must match exactly.
    pub labels: BTreeMap<String, String>,
    /// The unit that its values are in; one value in milliseconds is `unit_ms` times the stored number.
    pub unit_ms: f64,
    /// Does it carry exemplars with a trace id?
    pub exemplars: bool,
}

impl Claim {
    /// How reports and rules name it: `access_log:total`.
    pub fn subject(&self) -> Name {
        Name(format!("{}:{}", self.source, self.name))
    }
    /// Does it have a value for each request?
    pub fn per_request(&self) -> bool {
        matches!(self.by, By::LogField | By::Spans)
    }
    /// Is it about whole requests, and not about the gaps inside them?
    pub fn of_requests(&self) -> bool {
        self.quantity != Quantity::InterChunk
    }
    /// The histogram that it means, if it is one.
    pub fn histogram(&self) -> Option<&HistogramOf> {
        if let By::Histogram(h) = &self.by { Some(h) } else { None }
    }
}

impl Rig {
    /// What another rig of this one's kind looks at and this one does not: sources, and claims of sources that both have.
    pub fn lacks(&self, other: &Rig) -> Vec<Name> {
        let sources = other.sources.keys().filter(|source| !self.sources.contains_key(*source)).cloned();
        let claims = other.claims.iter().filter(|c| self.sources.contains_key(&c.source)).map(Claim::subject).filter(|s| self.claim(s).is_none());
        sources.chain(claims).collect()
    }
    /// Base URL of the target; `no target` where load goes nowhere.
    pub fn target_url(&self) -> &str {
        self.target.as_ref().map_or("no target", |t| &t.url)
    }
    /// The claims about a quantity, in the order of the spec.
    pub fn claims_of(&self, quantity: Quantity) -> impl Iterator<Item = &Claim> {
        self.claims.iter().filter(move |c| c.quantity == quantity)
    }
    /// The claim behind a subject.
    pub fn claim(&self, subject: &Name) -> Option<&Claim> {
        self.claims.iter().find(|c| c.subject() == *subject)
    }
    /// The sources of a kind, in name order.
    pub fn sources_of<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Name> {
        self.sources.iter().filter(move |(_, s)| s.kind.as_str() == kind).map(|(n, _)| n)
    }
    /// What sources besides the kernel claim of a workload, in the order of the spec.
    pub fn usage_of<'a>(&'a self, workload: &'a Name) -> impl Iterator<Item = &'a UsageClaim> {
        self.usage.iter().filter(move |c| c.workload == *workload)
    }
    /// The usage claim behind a subject.
    pub fn usage_claim(&self, subject: &Name) -> Option<&UsageClaim> {
        self.usage.iter().find(|c| c.subject() == *subject)
    }
    /// The workload that rigcheck burns, if there is one.
    pub fn burner(&self) -> Option<(&Name, &BurnAct)> {
        self.workloads.iter().find_map(|(name, w)| Some((name, w.burn()?)))
    }
    /// The workloads that are neither the burn nor the machine.
    pub fn served(&self) -> impl Iterator<Item = (&Name, &Workload)> {
        self.workloads.iter().filter(|(name, w)| w.burn().is_none() && name.as_str() != HOST)
    }
    /// The endpoints to which the way is measured, in name order.
    pub fn far_ends(&self) -> impl Iterator<Item = (&Name, &FarEnd)> {
        self.network.iter().flat_map(|network| &network.endpoints)
    }
    /// Is a capability declared?
    pub fn has(&self, capability: Capability) -> bool {
        self.capabilities.contains(&capability)
    }
}

/// How long a source may take to show what it saw, when the spec does not say.
pub const DEFAULT_SETTLE: Ms = Ms(1_000.0);
