//! What the spec says exists, resolved and without secrets. Audits see this, never the spec.

use super::{
    key::{BurnAct, LoadAct},
    name::Name,
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

/// What a rule may require of the rig. Without it the rule is out of scope, and the report names what would bring it in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Capability {
    /// rigcheck may send requests to the target.
    ControlledLoad,
    /// The delays behind the target are known (`sources.truth`).
    KnownTruth,
    /// A server-side source has a value for each request (log or traces).
    PerRequestServerRecord,
    /// One of them times the whole request or its first token, not only the gaps inside it.
    PerRequestTime,
    /// One of them times the whole request.
    PerRequestTotal,
    /// A histogram claims a latency.
    Histogram,
    /// One that claims the time of whole requests or their first tokens, not only of the gaps inside them.
    RequestHistogram,
    /// A histogram that carries exemplars, and traces to find them in.
    Exemplars,
    /// A histogram claims a quantity for which an SLO is stated.
    Slo,
    /// A histogram claims the total time.
    TotalHistogram,
    /// A trace source claims the total time.
    TotalSpans,
    /// A trace store or receiver.
    Traces,
    /// A trace store with a web page of its own.
    TracePage,
    /// An access log.
    AccessLog,
    /// The target streams.
    Streaming,
    /// A source whose wall-clock times are read.
    Clocks,
    /// A workload of this machine.
    Workloads,
    /// A source besides the kernel tells what a workload uses.
    UsageClaims,
    /// One that tells its CPU time.
    CpuClaims,
    /// One that tells its memory.
    MemoryClaims,
    /// One that tells its network.
    NetworkClaims,
    /// A store or page that is read for it.
    ScrapedUsage,
    /// Docker's API tells what a container uses.
    DockerStats,
    /// rigcheck may burn a known load.
    KnownBurn,
    /// A source tells the memory of the known load.
    KnownMemory,
    /// A workload that only watches.
    Observers,
    /// Rules or dashboards that read figures can be looked at.
    StoredQueries,
}

impl Capability {
    /// All of them, in the order in which reports name them.
    pub const ALL: [Capability; 27] = [
        Capability::ControlledLoad,
        Capability::KnownTruth,
        Capability::PerRequestServerRecord,
        Capability::PerRequestTime,
        Capability::PerRequestTotal,
        Capability::Histogram,
        Capability::RequestHistogram,
        Capability::Exemplars,
        Capability::Slo,
        Capability::TotalHistogram,
        Capability::TotalSpans,
        Capability::Traces,
        Capability::TracePage,
        Capability::AccessLog,
        Capability::Streaming,
        Capability::Clocks,
        Capability::Workloads,
        Capability::UsageClaims,
        Capability::CpuClaims,
        Capability::MemoryClaims,
        Capability::NetworkClaims,
        Capability::ScrapedUsage,
        Capability::DockerStats,
        Capability::KnownBurn,
        Capability::KnownMemory,
        Capability::Observers,
        Capability::StoredQueries,
    ];
    /// The word of the spec and of the cases.
    pub fn word(self) -> &'static str {
        match self {
            Capability::ControlledLoad => "controlled_load",
            Capability::KnownTruth => "known_truth",
            Capability::PerRequestServerRecord => "per_request_server_record",
            Capability::PerRequestTime => "per_request_time",
            Capability::PerRequestTotal => "per_request_total",
            Capability::Histogram => "histogram",
            Capability::RequestHistogram => "request_histogram",
            Capability::Exemplars => "exemplars",
            Capability::Slo => "slo",
            Capability::TotalHistogram => "total_histogram",
            Capability::TotalSpans => "total_spans",
            Capability::Traces => "traces",
            Capability::TracePage => "trace_page",
            Capability::AccessLog => "access_log",
            Capability::Streaming => "streaming",
            Capability::Clocks => "clocks",
            Capability::Workloads => "workloads",
            Capability::UsageClaims => "usage_claims",
            Capability::CpuClaims => "cpu_claims",
            Capability::MemoryClaims => "memory_claims",
            Capability::NetworkClaims => "network_claims",
            Capability::ScrapedUsage => "scraped_usage",
            Capability::DockerStats => "docker_stats",
            Capability::KnownBurn => "known_burn",
            Capability::KnownMemory => "known_memory",
            Capability::Observers => "observers",
            Capability::StoredQueries => "stored_queries",
        }
    }
    /// What the user can add to the spec to get it.
    pub fn how(self) -> &'static str {
        match self {
            Capability::ControlledLoad => "add `target` with a `chat` endpoint (and `allow`, off loopback)",
            Capability::KnownTruth => "route a model of the target to `rigcheck mock` and add `sources.truth`",
            Capability::PerRequestServerRecord => "add `sources.access_log` or a trace source",
            Capability::PerRequestTime => "name `duration` or `ttft` of the access log, or let a trace source claim `total` or `ttft`",
            Capability::PerRequestTotal => "name `duration` of the access log, or let a trace source claim `total`",
            Capability::RequestHistogram => "name a histogram of `total` or `ttft` under `metrics` and a `prometheus` or `scrape` source",
            Capability::Histogram => "name a histogram under `metrics` and a `prometheus` or `scrape` source",
            Capability::Exemplars => "set `exemplars: true` on a metric whose traces a trace source keeps",
            Capability::Slo => {
                "state it, of a quantity that a histogram claims: `cases: {PERF_INFRA_MONITORING_LATENCY_ACCURACY_001: {slo: {total: 10s}}}`"
            }
            Capability::TotalHistogram => "name a histogram of `total` under `metrics`",
            Capability::TotalSpans => "let a trace source claim `total`",
            Capability::Traces => "add `sources.jaeger` or `sources.otlp`",
            Capability::TracePage => "add `sources.jaeger`",
            Capability::AccessLog => "add `sources.access_log`",
            Capability::Streaming => "set `target.chat.stream: true`",
            Capability::Clocks => "name the field `at` of `sources.access_log`, add a trace source, or `sources.clock`",
            Capability::Workloads => "name the API server or its database under `resources`: `resources: {gateway: {container: gateway}}`",
            Capability::UsageClaims => "add `sources.docker`, or name series under `resources.NAME.metrics`",
            Capability::CpuClaims => "add `sources.docker`, or name a series of `cpu` under `resources.NAME.metrics`",
            Capability::MemoryClaims => {
                "add `sources.docker`, or name a series of memory under `resources.NAME.metrics`: `working_set`, `memory_usage`, `rss`"
            }
            Capability::NetworkClaims => "add `sources.docker`, or name series of `received` and `sent` under `resources.NAME.metrics`",
            Capability::ScrapedUsage => "name series of a `prometheus` or `scrape` source under `resources.NAME.metrics`",
            Capability::DockerStats => "add `sources.docker`, and find a workload by `container` or `label`",
            Capability::KnownBurn => "add a workload that rigcheck burns, and the series that tell it: `resources: {burner: {burn: {cpu: 0.5}}}`",
            Capability::KnownMemory => {
                "let the burn take memory, and name a series that tells it: `resources: {burner: {burn: {memory: 64MiB}, metrics: …}}`"
            }
            Capability::Observers => {
                "name whoever watches, such as an exporter, and say so: `resources: {exporter: {process: node_exporter, observer: true}}`"
            }
            Capability::StoredQueries => "add `sources.prometheus`, or `dashboards: {path: dashboards/*.json}`",
        }
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
    /// Is a capability declared?
    pub fn has(&self, capability: Capability) -> bool {
        self.capabilities.contains(&capability)
    }
}

/// How long a source may take to show what it saw, when the spec does not say.
pub const DEFAULT_SETTLE: Ms = Ms(1_000.0);
