//! A whole rig around the reference endpoint, for demonstrations and for the fault matrix.
#![allow(clippy::disallowed_methods, reason = "makes the folder of the rig that it starts")]

mod resources;

use super::{
    faults::{Fault, Misbehaviour},
    mock_llm::{Mock, MockSettings, Pacing, UsageChunk},
};
use std::{
    io,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
};

const SERVICE: &str = "rigcheck-mock";

/// A free port for whoever reads the spec: tried and released. It lies below those that the system gives to connections, one of
/// which could take it meanwhile.
pub fn for_later() -> io::Result<SocketAddr> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    const FROM: u16 = 24_000;
    const MANY: u16 = 8_000;
    let free = (0..MANY).find_map(|_| {
        let nth = std::process::id().wrapping_mul(37).wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) % u32::from(MANY);
        TcpListener::bind((Ipv4Addr::LOCALHOST, FROM + u16::try_from(nth).ok()?)).ok()
    });
    free.map_or_else(|| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)), Ok)?.local_addr()
}

/// A small rig on loopback whose truth is known: the mock endpoint as a gateway with access log, metrics and traces, and
/// the `rigcheck.yaml` by which the normal pipeline audits it.
pub struct ReferenceRig {
    mock: Mock,
    receiver: SocketAddr,
    access_log: PathBuf,
    /// The definition by which the load tool times the total.
    total: &'static str,
    /// The histogram that is claimed as TTFT.
    ttft: &'static str,
    /// A file with the panels by which it is looked at.
    dashboard: PathBuf,
    /// The section of its spec that says whose resources are looked at; of a fault of other parts nothing.
    resources: String,
    /// Is its fault one of what is told of resources? Then nothing else is looked at, and no request is sent.
    only_resources: bool,
    /// The cases that its spec selects: those whose rules must find its fault, all without one.
    cases: String,
}

impl ReferenceRig {
    /// Starts it. The access log goes to `dir`, which is made if there is none and stays the caller's; `requests` is what
    /// the audit will send. The OTLP receiver is to be started by whoever reads the spec.
    pub fn start(dir: &Path, fault: Option<&Fault>, requests: u64) -> io::Result<ReferenceRig> {
        std::fs::create_dir_all(dir)?;
        let access_log = dir.join("access.jsonl");
        let receiver = for_later()?;
        let mock = Mock::start(MockSettings {
            usage: UsageChunk::Always,
            service: SERVICE.into(),
            otlp: Some(format!("http://{receiver}")),
            access_log: Some(access_log.clone()),
            fault: fault.map(|f| f.what),
            ..MockSettings::default()
        })?;
        let total = if fault.is_some_and(|f| f.what == Misbehaviour::ClientAtHeaders) { "total.headers" } else { "total.closed" };
        let prefill = fault.is_some_and(|f| f.what == Misbehaviour::PrefillAsTtft);
        let ttft = if prefill { "vllm:request_prefill_time_seconds" } else { "rigcheck_mock_ttft_seconds" };
        let dashboard = dir.join("dashboard.json");
        let looked_at = fault.is_none_or(|f| f.is_of("RES"));
        if looked_at {
            std::fs::write(&dashboard, resources::dashboard(fault))?;
        }
        Ok(ReferenceRig {
            mock,
            receiver,
            access_log,
            total,
            ttft,
            dashboard,
            resources: if looked_at { resources::section(fault) } else { String::new() },
            only_resources: fault.is_some_and(|f| f.is_of("RES")),
            cases: cases(fault, requests),
        })
    }

    /// The text of its `rigcheck.yaml`.
    pub fn spec(&self) -> String {
        let (url, cases, resources) = (self.url(), &self.cases, &self.resources);
        if self.only_resources {
            let dashboards = resources::dashboards(&self.dashboard);
            return format!(
                "version: 1\nrig: reference\nsources:\n\x20 scrape: {{url: {url}/metrics, interval: 1s}}\n{dashboards}{resources}cases:\n{cases}"
            );
        }
        let (receiver, total, ttft) = (self.receiver, self.total, self.ttft);
        let dashboards = if resources.is_empty() { String::new() } else { resources::dashboards(&self.dashboard) };
        // A path may hold anything; a JSON string is a YAML string.
        let log = serde_json::Value::from(self.access_log.to_string_lossy());
        let route = "/v1/chat/completions";
        format!(
            "version: 1\n\
             rig: reference\n\
             target: {{url: {url}, embeddings: {{model: rigcheck-truth-embed}}, chat: {{path: {route}, model: rigcheck-truth, max_tokens: 64, timing: {{total: {total}}}}}}}\n\
             sources:\n\
             \x20 scrape: {{url: {url}/metrics, interval: 1s}}\n\
             \x20 otlp: {{listen: {receiver}, service: {SERVICE}, claims: [total, ttft]}}\n\
             \x20 access_log:\n\
             \x20   path: {log}\n\
             \x20   id: request_id\n\
             \x20   at: ts\n\
             \x20   status: status\n\
             \x20   duration: {{field: duration_ms, unit: ms}}\n\
             \x20   ttft: {{field: ttft_ms, unit: ms}}\n\
             \x20   inter_chunk: {{field: inter_chunk_ms, unit: ms}}\n\
             \x20 truth: {{url: {url}}}\n\
             {dashboards}\
             metrics:\n\
             \x20 ttft: {{histogram: {ttft}, unit: s, match: {{route: {route}}}, exemplars: true}}\n\
             \x20 total: {{histogram: rigcheck_mock_request_duration_seconds, unit: s, match: {{route: {route}}}, exemplars: true}}\n\
             \x20 inter_chunk: {{histogram: rigcheck_mock_inter_chunk_seconds, unit: s, match: {{route: {route}}}}}\n\
             {resources}\
             cases:\n\
             {cases}"
        )
    }

    /// Where the endpoint listens, `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        self.mock.url()
    }

    /// Where spans are sent to, and a receiver should listen.
    pub fn receiver(&self) -> SocketAddr {
        self.receiver
    }

    /// How exactly the endpoint kept its delays.
    pub fn pacing(&self) -> Pacing {
        self.mock.pacing()
    }

    /// Ends everything that was started; the access log stays in its folder.
    pub async fn stop(self) {
        self.mock.stop().await;
    }
}

/// The cases of a rig with this fault, as its spec has them. What they ask of the controlled load is sent once.
fn cases(fault: Option<&Fault>, requests: u64) -> String {
    let latency = format!("  PERF_INFRA_MONITORING_LATENCY_ACCURACY_001: {{audit: {{requests: {requests}}}, slo: {{ttft: 500ms, total: 1s}}}}\n");
    let traces =
        format!("  PERF_INFRA_MONITORING_GRANULARITY_TRACE_003: {{audit: {{requests: {CALLS}, calls: {CALLS}, half_traced: {HALF_TRACED}}}}}\n");
    let wanted = |rules: &str| fault.is_none_or(|f| f.is_of(rules));
    let all = [("LAT", latency), ("RES", resources::case(CALLS)), ("TRC", traces)];
    all.into_iter().filter(|(rules, _)| wanted(rules)).map(|(_, case)| case).collect()
}

/// The fewest calls of a kind at which each rule can judge them: a location takes 40, and some may fail.
const CALLS: u64 = 45;
/// The same of pairs of a traced and an untraced call.
const HALF_TRACED: u64 = 100;
