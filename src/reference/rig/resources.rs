//! What the rig's spec says of workloads: this process as the endpoint, a burn in it, and the panels by which they are looked at.

use crate::reference::faults::{Fault, Misbehaviour};
use serde_json::json;
use std::path::Path;

/// The section `resources`. The endpoint is this process, and so is who burns: the truth of the burn is all that the process used.
pub(super) fn section(fault: Option<&Fault>) -> String {
    let what = fault.map(|f| f.what);
    let cpu = match what {
        Some(Misbehaviour::CpuPercentLifetime | Misbehaviour::ZeroFilled) => {
            "{series: process_cpu_percent, source: scrape, type: gauge, unit: percent}"
        }
        Some(Misbehaviour::DeadSeries) => "{series: container_cpu_usage_seconds_total, source: scrape}",
        _ => "{series: process_cpu_seconds_total, source: scrape}",
    };
    let metrics = format!("{{cpu: {cpu}, rss: {{series: process_resident_memory_bytes, source: scrape}}}}");
    // A process may burn for several rigs at once: only those that need it take memory, which then belongs to all of them.
    let takes = fault.is_none() || matches!(what, Some(Misbehaviour::MemoryWithCache | Misbehaviour::MemoryDoubled));
    let memory = if takes { ", memory: 64MiB" } else { "" };
    let pid = std::process::id();
    let observer = if what == Some(Misbehaviour::HeavyObserver) { format!("\x20 exporter: {{pid: {pid}, observer: true}}\n") } else { String::new() };
    format!(
        "resources:\n\
         \x20 endpoint: {{pid: {pid}, metrics: {metrics}}}\n\
         \x20 burner: {{burn: {{cpu: 0.5{memory}}}, metrics: {metrics}}}\n\
         {observer}"
    )
}

/// Its case: the shortest burn that covers enough readings of the page.
pub(super) fn case(requests: u64) -> String {
    format!("  PERF_INFRA_MONITORING_RESOURCE_ACCURACY_002: {{audit: {{requests: {requests}, burn: {BURN}}}}}\n")
}

/// For how long it burns.
const BURN: &str = "13s";

/// A dashboard that reads the page's counters, as Grafana exports it, to be written to `path`.
pub(super) fn dashboard(fault: Option<&Fault>) -> String {
    let over = match fault.map(|f| f.what) {
        Some(Misbehaviour::ShortWindows) => "1s",
        Some(Misbehaviour::CoarseWindows) => "5s",
        _ => "8s",
    };
    let expr = format!("sum(rate(process_cpu_seconds_total[{over}]))");
    let panel = json!({"id": 1, "type": "timeseries", "title": "CPU", "targets": [{"refId": "A", "expr": expr}]});
    format!("{:#}\n", json!({"title": "Endpoint", "schemaVersion": 39, "panels": [panel]}))
}

/// The source that reads it.
pub(super) fn dashboards(path: &Path) -> String {
    format!("\x20 dashboards: {{path: {}}}\n", serde_json::Value::from(path.to_string_lossy()))
}
