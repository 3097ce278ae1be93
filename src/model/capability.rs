//! What the spec declares to be there, which fixes the scope of a run.

use serde::{Deserialize, Serialize};

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
    /// The configuration of the environment is read.
    Environment,
    /// ... and there is another environment to compare it with.
    Reference,
    /// ... and a database that tells its settings is a part of it.
    Database,
    /// The machine is watched while nothing is asked of the rig.
    IdleNoise,
    /// ... and small fixed loads are run on it.
    Calibration,
    /// Endpoints to which the way is measured.
    NetworkEndpoints,
    /// ... and another environment whose ways they are compared with.
    NetworkReference,
    /// ... and a time to first token of which the network may take a share.
    NetworkBudget,
    /// ... and a large body is sent to one of them.
    NetworkLargeBody,
}

impl Capability {
    /// All of them, in the order in which reports name them.
    pub const ALL: [Capability; 36] = [
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
        Capability::Environment,
        Capability::Reference,
        Capability::Database,
        Capability::IdleNoise,
        Capability::Calibration,
        Capability::NetworkEndpoints,
        Capability::NetworkReference,
        Capability::NetworkBudget,
        Capability::NetworkLargeBody,
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
            Capability::Environment => "environment",
            Capability::Reference => "reference",
            Capability::Database => "database",
            Capability::IdleNoise => "idle_noise",
            Capability::Calibration => "calibration",
            Capability::NetworkEndpoints => "network_endpoints",
            Capability::NetworkReference => "network_reference",
            Capability::NetworkBudget => "network_budget",
            Capability::NetworkLargeBody => "network_large_body",
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
            Capability::Environment => "let the configuration be read: `environment: {}`",
            Capability::Reference => {
                "name the environment that this one stands for, a baseline, a snapshot or a document: `environment: {reference: production.yaml}`"
            }
            Capability::Database => "add `sources.postgres` and `environment`",
            Capability::IdleNoise => "let this machine be watched while nothing is asked of the rig: `noise: {}`",
            Capability::Calibration => "let small fixed loads be run on this machine: `noise: {calibrate: true}`",
            Capability::NetworkEndpoints => {
                "name whom the system under test calls: `network: {endpoints: {bedrock: {from: bedrock-runtime, region: us-east-1}}}`"
            }
            Capability::NetworkReference => {
                "record the ways of the environment that this one stands for (`rigcheck network record --as production`), and name that record as `network.reference`"
            }
            Capability::NetworkBudget => "say which TTFT is aimed at: `network: {ttft: 500ms}`",
            Capability::NetworkLargeBody => {
                "let a body of 8 KB be sent, which finds what swallows large packets: `network: {endpoints: {NAME: {large_body: true}}}`"
            }
            Capability::StoredQueries => "add `sources.prometheus`, or `dashboards: {path: dashboards/*.json}`",
        }
    }
}
