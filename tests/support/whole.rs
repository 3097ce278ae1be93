//! A whole system to audit for what it uses: the gateway in a container, its database, a burn in a container, and who tells of them.
#![allow(clippy::disallowed_methods, reason = "writes the spec by which its rig is audited")]

use super::{
    audited::Audited,
    rig::Rig,
    stack::{NotUp, Stack},
    turn::Turn,
};
use rigcheck::reference::mock_llm::{Mock, MockSettings};
use std::{
    fmt::Write as _,
    fs,
    net::{IpAddr, SocketAddr},
    time::{Duration, Instant},
};

/// The case of traces, in short: its calls come beside the load that is looked at anyway.
pub const TRACES: &str = "  PERF_INFRA_MONITORING_GRANULARITY_TRACE_003: {audit: {requests: 240, calls: 45, half_traced: 100}}\n";
/// The case that is audited.
pub const CASE: &str = "PERF_INFRA_MONITORING_RESOURCE_ACCURACY_002";
/// The container in which rigcheck burns.
const BURN: &str = "rigcheck-burn";

/// It runs. Dropping it ends it.
pub struct Whole {
    pub stack: Stack,
    mock: Mock,
}

/// What is done beside the clean system.
#[derive(Default)]
pub struct Beside<'a> {
    /// Parts that are started before Prometheus is, with their options.
    pub parts: &'a [&'a [&'a str]],
    /// More targets of Prometheus, each with a comma before it.
    pub targets: &'a str,
    /// Recording rules of Prometheus.
    pub rules: Option<&'a str>,
}

impl Whole {
    /// Starts everything; `beside` is told the names of containers: `{gateway}`, `{burn}`.
    pub fn start(beside: &Beside<'_>) -> Result<Whole, NotUp> {
        let _turn = Turn::take(1);
        let mut stack = Stack::up(&["docker"])?;
        let bridge = stack.part("docker").words["bridge"].clone();
        let address: IpAddr = bridge.parse().map_err(|e| NotUp::Broken(format!("Docker's bridge has no address ({bridge}): {e}")))?;
        // Only containers of this machine reach it there.
        let listen = SocketAddr::new(address, 0);
        let mock = Mock::start(MockSettings { listen, headers_first: false, ..MockSettings::default() }).expect("a provider on a free port");
        let url = mock.url();
        stack.add(&["postgres", "jaeger", "--otlp-on", &bridge])?;
        stack.add(&["gateway_container", "--mock", &url, "--variant", "repaired"])?;
        stack.add(&["node_exporter", "cadvisor", "netdata", "postgres_exporter", "process_exporter", "--parts", "postgres"])?;
        let mut whole = Whole { stack, mock };
        for part in beside.parts {
            let words: Vec<String> = part.iter().map(|word| whole.filled(word)).collect();
            whole.stack.add(&words.iter().map(String::as_str).collect::<Vec<_>>())?;
        }
        let targets = format!(
            "gateway=gateway_container,node=node_exporter,cadvisor=cadvisor,netdata=netdata,database@5s=postgres_exporter,\
             processes@2s=process_exporter,prometheus=prometheus{}",
            beside.targets
        );
        let mut prometheus = vec!["prometheus", "--interval", "1s", "--targets", &targets];
        let rules = whole.stack.dir().join("rules.yml");
        if let Some(text) = beside.rules {
            fs::write(&rules, whole.filled(text)).expect("a file of ours");
            prometheus.extend(["--rules", rules.to_str().expect("a path")]);
        }
        whole.stack.add(&prometheus)?;
        Ok(whole)
    }

    /// A text with the names of containers and numbers of processes in it.
    pub fn filled(&self, text: &str) -> String {
        let mut text = text.replace("{burn}", BURN);
        for (key, part) in [
            ("gateway", "gateway_container"),
            ("busy", "busy_container"),
            ("spare", "spare_container"),
            ("brief", "brief_container"),
            ("early", "early_container"),
        ] {
            if self.stack.has(part) {
                let words = &self.stack.part(part).words;
                text = text.replace(&format!("{{{key}}}"), &words["container"]).replace(&format!("{{id of {key}}}"), &words["id"]);
            }
        }
        for part in ["postgres", "postgres_exporter", "process_exporter", "node_exporter", "cadvisor", "netdata", "prometheus"] {
            if self.stack.has(part) {
                text = text.replace(&format!("{{pid of {part}}}"), &self.stack.part(part).pid.to_string());
            }
        }
        text
    }

    /// The spec by which it is audited, as a user would write it. `more` are claims or workloads, in YAML: what begins with a
    /// workload's name and a dot is a claim more of that workload, all else a workload of its own.
    pub fn spec(&self, case: &str, more: &[(&str, &str)]) -> String {
        let mut spec = format!(
            "version: 1\n\
             checks: \"{edition}\"\n\
             rig: whole-system\n\
             target:\n\
             \x20 url: {gateway}\n\
             \x20 headers: {{x-api-key: rig-key}}\n\
             \x20 chat: {{path: /api/v1/chat/completions, model: rigcheck-truth, max_tokens: 64}}\n\
             \x20 embeddings: {{path: /api/v1/embeddings, model: rigcheck-truth-embed}}\n\
             sources:\n\
             \x20 prometheus: {{url: {prometheus}}}\n\
             \x20 jaeger: {{url: {jaeger}, service: gateway, claims: [total, ttft]}}\n\
             \x20 docker: {{}}\n\
             \x20 truth: {{url: {mock}}}\n\
             resources:\n",
            edition = rigcheck::spec::EDITION,
            gateway = self.stack.url("gateway_container"),
            prometheus = self.stack.url("prometheus"),
            jaeger = self.stack.url("jaeger"),
            mock = self.mock.url(),
        );
        let ours = |(name, _): &&(&str, &str)| name.contains('.');
        let claims: Vec<_> = more.iter().filter(ours).collect();
        for (workload, found, series) in WORKLOADS {
            let _ = writeln!(spec, "  {workload}:");
            if !found.is_empty() {
                let _ = writeln!(spec, "    {found}");
            }
            let _ = writeln!(spec, "    metrics:");
            for line in series.lines().map(str::trim).filter(|line| !line.is_empty()) {
                let _ = writeln!(spec, "      {line}");
            }
            for (name, claim) in &claims {
                if let Some(name) = name.strip_prefix(workload).and_then(|rest| rest.strip_prefix('.')) {
                    let _ = writeln!(spec, "      {name}: {claim}");
                }
            }
        }
        for (name, workload) in more.iter().filter(|more| !ours(more)) {
            let _ = writeln!(spec, "  {name}: {workload}");
        }
        let _ = writeln!(spec, "cases:\n  {CASE}: {{{case}}}");
        self.filled(&spec)
    }

    /// Audits by this spec; does something meanwhile.
    pub fn audit(&self, turn: &Turn, folder: &str, spec: &str, meanwhile: impl FnOnce()) -> Audited {
        let folder = self.stack.dir().join(folder);
        fs::create_dir_all(&folder).expect("a folder");
        fs::write(folder.join("rigcheck.yaml"), spec).expect("a file");
        Rig::audit_by_meanwhile(turn, &folder, meanwhile)
    }

    /// Requests of somebody before the audit: pools, pages and series are there with the first.
    pub fn use_it(&self) {
        let chat = format!("{}/api/v1/chat/completions", self.stack.url("gateway_container"));
        let body = serde_json::json!({"model": "rigcheck-truth", "stream": true, "messages": [{"role": "user", "content": "hello"}]});
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        for n in 0..6 {
            let request = reqwest::Client::new().post(&chat).header("x-api-key", "rig-key").header("x-request-id", format!("before-{n}"));
            let sent = async { request.json(&body).send().await?.text().await };
            assert!(runtime.block_on(sent).expect("an answer").contains("[DONE]"));
        }
        // netdata finds the network of a container last.
        let shown = self.filled("netdata_cgroup_net_net_total{chart=\"cgroup_{gateway}.net_eth0\"}");
        let url = format!("{}/api/v1/query", self.stack.url("prometheus"));
        let until = Instant::now() + Duration::from_mins(1);
        let asked = || async { reqwest::Client::new().get(&url).query(&[("query", &shown)]).send().await?.text().await };
        while !runtime.block_on(asked()).expect("an answer").contains("\"value\"") {
            assert!(Instant::now() < until, "Prometheus does not show {shown}");
            std::thread::sleep(Duration::from_millis(500));
        }
    }
}

/// Workloads: name, how it is found, and who claims to measure it. cAdvisor reads a container when it can, and stamps that itself;
/// netdata reads each second and stamps that itself, and calls usage less inactive file pages `ram`; it tells CPU time of control groups of version 1 for each core.
const WORKLOADS: &[(&str, &str, &str)] = &[
    (
        "gateway",
        "container: \"{gateway}\"",
        "cpu: {series: container_cpu_usage_seconds_total, match: {name: \"{gateway}\"}}
         working_set: {series: container_memory_working_set_bytes, match: {name: \"{gateway}\"}}
         rss: {series: container_memory_rss, match: {name: \"{gateway}\"}}
         received: {series: container_network_receive_bytes_total, match: {name: \"{gateway}\"}}
         sent: {series: container_network_transmit_bytes_total, match: {name: \"{gateway}\"}}
         netdata_cpu: {of: cpu, series: netdata_cgroup_cpu_per_core_total, unit: ns, match: {chart: \"cgroup_{gateway}.cpu_per_core\"}}
         netdata_memory: {of: working_set, series: netdata_cgroup_mem_usage, unit: bytes, match: {chart: \"cgroup_{gateway}.mem_usage\", dimension: ram}}
         netdata_received: {of: received, series: netdata_cgroup_net_net_total, unit: bytes, match: {chart: \"cgroup_{gateway}.net_eth0\", dimension: received}}
         netdata_sent: {of: sent, series: netdata_cgroup_net_net_total, unit: bytes, match: {chart: \"cgroup_{gateway}.net_eth0\", dimension: sent}}",
    ),
    (
        "database",
        "pid: {pid of postgres}",
        "cpu: {series: namedprocess_namegroup_cpu_seconds_total, match: {groupname: postgres, job: processes}}",
    ),
    (
        "burner",
        "burn: {cpu: 0.5, memory: 64MiB, in: container}",
        "cpu: {series: container_cpu_usage_seconds_total, match: {name: \"{burn}\"}}
         working_set: {series: container_memory_working_set_bytes, match: {name: \"{burn}\"}}
         rss: {series: container_memory_rss, match: {name: \"{burn}\"}}
         netdata_cpu: {of: cpu, series: netdata_cgroup_cpu_per_core_total, unit: ns, match: {chart: \"cgroup_{burn}.cpu_per_core\"}}",
    ),
    ("host", "", "waiting: {series: node_pressure_cpu_waiting_seconds_total}
         memory_limit: {series: node_memory_MemTotal_bytes, unit: bytes}"),
    (
        "postgres_exporter",
        "pid: {pid of postgres_exporter}\n    observer: true",
        "cpu: {series: process_cpu_seconds_total, match: {job: database}}",
    ),
    ("metrics_store", "pid: {pid of prometheus}\n    observer: true", "cpu: {series: process_cpu_seconds_total, match: {job: prometheus}}"),
    ("exporter", "pid: {pid of node_exporter}\n    observer: true", "cpu: {series: process_cpu_seconds_total, match: {job: node}}"),
];
