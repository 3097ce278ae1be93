//! From text to rig, or to every problem in it.

mod bad;
mod changes;
mod connection;
mod discover;
mod documented;
pub mod editions;
mod exec;
mod extends;
mod good;
mod init;
mod laws;
mod resolved;
mod schema;
mod secrets;

use rigcheck::spec::{Loaded, Options, diagnostics::Problems, load_text};
use std::path::Path;

/// The environment of these tests.
fn env(name: &str) -> Option<String> {
    match name {
        "API_KEY" => Some("k3y-of-the-gateway".into()),
        "MODEL" => Some("rigcheck-truth".into()),
        "EMPTY" => Some(String::new()),
        "BROKEN" => Some("two\nlines".into()),
        _ => None,
    }
}

fn read(text: &str) -> Result<Loaded, Problems> {
    load_text(text, "rigcheck.yaml", Path::new("/nowhere"), &Options { checks_dir: None, env: &env, exec: rigcheck::spec::Exec::Refused })
}

fn good(text: &str) -> Loaded {
    read(text).unwrap_or_else(|problems| panic!("{problems}"))
}

/// The cases beside the first: what a spec leaves out is named, and these tests are about other things.
const OTHERS: [&str; 5] = [
    "PERF_INFRA_MONITORING_RESOURCE_ACCURACY_002",
    "PERF_INFRA_MONITORING_GRANULARITY_TRACE_003",
    "PERF_INFRA_ENVIRONMENT_CONFIG_MATCH_001",
    "PERF_INFRA_ENVIRONMENT_NO_INTERFERENCE_003",
    "PERF_INFRA_ENVIRONMENT_NETWORK_BASELINE_002",
];
/// The texts of their files.
const OTHER_FILES: [&str; 5] = [
    include_str!("../../../checks/observability/resource_accuracy.yaml"),
    include_str!("../../../checks/observability/trace_granularity.yaml"),
    include_str!("../../../checks/fidelity/config_match.yaml"),
    include_str!("../../../checks/fidelity/no_interference.yaml"),
    include_str!("../../../checks/fidelity/network_baseline.yaml"),
];

/// As a spec selects them, within braces.
fn others() -> String {
    OTHERS.map(|id| format!("{id}: {{}}")).join(", ")
}

/// A rig on loopback that the other specs of these tests are changes of.
const SMALL: &str = "\
version: 1
rig: dev
target: {url: http://127.0.0.1:8000, chat: {model: rigcheck-truth}}
sources:
  access_log: {path: access.jsonl}
  prometheus: {url: http://127.0.0.1:9090}
  truth: {url: http://localhost:9999}
metrics:
  total: {histogram: http_request_duration_seconds}
";
