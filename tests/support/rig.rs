//! A whole rig to audit: a provider whose delays are known, the gateway, Prometheus and Jaeger; audited by the binary, as a user does.
#![allow(clippy::disallowed_methods, reason = "runs the binary and its rig")]

#[allow(unused_imports, reason = "one of the two targets names it from here")]
pub use super::audited::QUIET;
use super::stack::{NotUp, Stack};
pub use super::{audited::Audited, busy::Busy, turn::Turn};
use rigcheck::reference::{
    mock_llm::{Mock, MockSettings},
    rig::for_later,
};
use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

/// Requests of an audit: 299 is the least at which LAT-10 can pass, and a trace or two may be lost.
pub const REQUESTS: u64 = 320;
/// The id of requests that are not of an audit.
pub const STRANGER: &str = "a-stranger";
/// The case that is audited.
const CASE: &str = "PERF_INFRA_MONITORING_LATENCY_ACCURACY_001";

/// The case of its traces.
const TRACES: &str = "PERF_INFRA_MONITORING_GRANULARITY_TRACE_003";

/// How the gateway is started.
#[derive(Clone, Debug, PartialEq)]
pub struct Gateway {
    pub variant: &'static str,
    /// Names of faults, separated by commas.
    pub faults: String,
    /// Does the provider send its headers at once, or with the first chunk?
    pub headers_first: bool,
    /// How far its wall clock is off, in libfaketime's words.
    pub faketime: Option<&'static str>,
}

impl Gateway {
    pub const COMMON: Gateway = Gateway { variant: "common", faults: String::new(), headers_first: false, faketime: None };
    pub const REPAIRED: Gateway = Gateway { variant: "repaired", faults: String::new(), headers_first: false, faketime: None };
}

/// A rig that runs. Dropping it ends it.
pub struct Rig {
    pub stack: Stack,
    mock: Mock,
    gateway: Gateway,
    /// Where traces are received where no store is there to take them.
    receiver: String,
    asks: tokio::runtime::Runtime,
}

impl Rig {
    /// Starts everything; `interval` is the time between two scrapes.
    pub fn start(gateway: Gateway, interval: &str) -> Result<Rig, NotUp> {
        Rig::start_with(gateway, &["--interval", interval])
    }

    /// Starts everything, Prometheus with options of its own.
    pub fn start_with(gateway: Gateway, prometheus: &[&str]) -> Result<Rig, NotUp> {
        let _turn = Turn::take(1);
        let mock = provider(&gateway);
        let mut rig = Rig::around(Stack::up(&["jaeger"])?, gateway, mock, String::new());
        rig.add_gateway()?;
        rig.stack.add(&[&["prometheus", "--targets", "gateway"], prometheus].concat())?;
        Ok(rig)
    }

    /// Only the gateway: its spans go to the receiver of whoever audits it, and its page is read directly.
    pub fn bare(gateway: Gateway) -> Result<Rig, NotUp> {
        let _turn = Turn::take(1);
        let free = for_later().expect("a free port");
        let mock = provider(&gateway);
        let receiver = free.to_string();
        let (url, otlp) = (mock.url(), format!("http://{receiver}"));
        let mut args = vec!["gateway", "--mock", &url, "--variant", gateway.variant, "--otlp", &otlp];
        args.extend(gateway.faketime.into_iter().flat_map(|off| ["--faketime", off]));
        let stack = Stack::up(&args)?;
        Ok(Rig::around(stack, gateway, mock, receiver))
    }

    /// Everything, with a collector between the gateway and Jaeger; `collector` are the options of that part.
    pub fn collected(gateway: Gateway, collector: &[&str]) -> Result<Rig, NotUp> {
        let _turn = Turn::take(1);
        let parts: Vec<&str> = ["jaeger", "collector"].into_iter().chain(collector.iter().copied()).collect();
        let mock = provider(&gateway);
        let mut rig = Rig::around(Stack::up(&parts)?, gateway, mock, String::new());
        rig.add_gateway()?;
        rig.stack.add(&["prometheus", "--targets", "gateway", "--interval", "1s"])?;
        Ok(rig)
    }

    fn around(stack: Stack, gateway: Gateway, mock: Mock, receiver: String) -> Rig {
        let asks = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        Rig { stack, mock, gateway, receiver, asks }
    }

    /// Another gateway in the place of the one that runs; Prometheus and Jaeger stay, with what they know.
    pub fn replace_gateway(&mut self, gateway: Gateway) -> Result<(), NotUp> {
        let before = self.address();
        self.stack.down("gateway");
        if gateway.headers_first != self.gateway.headers_first {
            self.mock = provider(&gateway);
        }
        self.gateway = gateway;
        self.add_gateway()?;
        let config = &self.stack.part("prometheus").files["config"];
        let text = fs::read_to_string(config).expect("the configuration that `up` wrote");
        assert!(text.contains(&before), "{text}");
        fs::write(config, text.replace(&before, &self.address())).expect("a file of ours");
        let url = self.stack.url("prometheus");
        let reloaded = self.asks.block_on(async { reqwest::Client::new().post(format!("{url}/-/reload")).send().await });
        assert!(reloaded.is_ok_and(|r| r.status().is_success()), "Prometheus takes no new configuration");
        let scraped = format!("{url}/api/v1/query?query=up{{instance=\"{}\"}}==1", self.address());
        let until = Instant::now() + Duration::from_secs(30);
        while !self.get(&scraped).contains("\"value\"") {
            assert!(Instant::now() < until, "the new gateway is not scraped");
            sleep(Duration::from_millis(200));
        }
        Ok(())
    }

    fn add_gateway(&mut self) -> Result<(), NotUp> {
        let mock = self.mock.url();
        let mut args = vec!["gateway", "--mock", &mock, "--variant", self.gateway.variant];
        let faults = Some(self.gateway.faults.as_str()).filter(|f| !f.is_empty());
        args.extend(faults.into_iter().flat_map(|faults| ["--fault", faults]));
        // Exemplars need one process: prometheus_client has none in multiprocess mode.
        args.extend(if self.gateway.faults.contains("exemplars") { &["--workers", "1"][..] } else { &[] });
        args.extend(self.gateway.faketime.into_iter().flat_map(|off| ["--faketime", off]));
        self.stack.add(&args)
    }

    /// The provider's address.
    pub fn provider(&self) -> String {
        self.mock.url()
    }

    /// The gateway's `host:port`.
    fn address(&self) -> String {
        self.stack.url("gateway").trim_start_matches("http://").to_owned()
    }

    /// A few requests of somebody, and a wait until metrics and traces show them: labels, spans and log lines appear with the first.
    pub fn use_it(&self) {
        let chat = format!("{}/api/v1/chat/completions", self.stack.url("gateway"));
        let body = serde_json::json!({"model": "rigcheck-truth", "stream": true, "messages": [{"role": "user", "content": "hello"}]});
        let mut n = 0;
        let mut ask = || {
            n += 1;
            let request = reqwest::Client::new().post(&chat).header("x-request-id", format!("before-{n}")).json(&body);
            let sent = async { request.send().await?.text().await };
            assert!(self.block_on(sent).expect("an answer").contains("[DONE]"));
        };
        (0..3).for_each(|_| ask());
        let mut shown = |url: String, what: &str| {
            let until = Instant::now() + Duration::from_secs(30);
            for looks in 1.. {
                if self.get(&url).contains(what) {
                    break;
                }
                assert!(Instant::now() < until, "{url} does not show {what}");
                sleep(Duration::from_millis(200));
                // Where each worker counts for itself, the one that is read may not have had any.
                if looks % 25 == 0 {
                    ask();
                }
            }
        };
        shown(format!("{}/api/v1/query?query=gateway_ttft_seconds_count", self.stack.url("prometheus")), "rigcheck-truth");
        shown(format!("{}/api/v3/services", self.stack.url("jaeger")), "gateway");
    }

    /// Waits until the gateway has answered so many requests more; the calibration goes past it.
    pub fn wait_for_answers(&self, more: usize) {
        let log = &self.stack.part("gateway").files["access_log"];
        let lines = || fs::read_to_string(log).unwrap_or_default().lines().count();
        let (before, until) = (lines(), Instant::now() + Duration::from_mins(1));
        while lines() < before + more {
            assert!(Instant::now() < until, "the gateway gets no requests");
            sleep(Duration::from_millis(50));
        }
    }

    /// Waits until the gateway has answered so many requests of an audit in all: a stranger's carry another id.
    pub fn wait_for_ours(&self, many: usize) {
        let log = &self.stack.part("gateway").files["access_log"];
        let ours = |line: &&str| serde_json::from_str::<Value>(line).is_ok_and(|l| l["request_id"].as_str().is_some_and(|id| id != STRANGER));
        let until = Instant::now() + Duration::from_mins(2);
        while fs::read_to_string(log).unwrap_or_default().lines().filter(ours).count() < many {
            assert!(Instant::now() < until, "the gateway gets no requests of the audit");
            sleep(Duration::from_millis(50));
        }
    }

    /// Ends a part behind the stack's back, as if it had crashed; the spec still names it.
    pub fn kill(&self, part: &str) {
        let part = self.stack.part(part);
        let told = Command::new("kill").args(["-TERM", &part.pid.to_string()]).status();
        assert!(told.is_ok_and(|s| s.success()), "{part:?} could not be ended");
        let address = part.url.trim_start_matches("http://");
        let until = Instant::now() + Duration::from_secs(20);
        while std::net::TcpStream::connect(address).is_ok() {
            assert!(Instant::now() < until, "{part:?} does not end");
            sleep(Duration::from_millis(50));
        }
    }

    /// Waits for something asynchronous.
    pub fn block_on<T>(&self, work: impl Future<Output = T>) -> T {
        self.asks.block_on(work)
    }

    /// The text behind a URL.
    pub fn get(&self, url: &str) -> String {
        self.asks.block_on(async { reqwest::get(url).await.expect("an answer").text().await.expect("text") })
    }

    /// The spec by which this rig is audited, as a user would write it; `case` are settings of the case.
    pub fn spec(&self, case: &str) -> String {
        let route = "/api/v1/chat/completions";
        let matching = format!("match: {{route: {route}, model: rigcheck-truth}}");
        let traced = "service: gateway, claims: [total, ttft]";
        let stores = if self.stack.has("jaeger") {
            let (prometheus, jaeger) = (self.stack.url("prometheus"), self.stack.url("jaeger"));
            format!("  prometheus: {{url: {prometheus}}}\n  jaeger: {{url: {jaeger}, {traced}}}\n")
        } else {
            format!("  otlp: {{listen: \"{}\", {traced}}}\n", self.receiver)
        };
        format!(
            "version: 1\n\
             checks: \"2027.1\"\n\
             rig: fastapi-gateway\n\
             target:\n\
             \x20 url: {gateway}\n\
             \x20 chat: {{path: {route}, model: rigcheck-truth, max_tokens: 64}}\n\
             sources:\n\
             {stores}\
             \x20 scrape: {{url: {gateway}/metrics}}\n\
             \x20 access_log:\n\
             \x20   path: {log}\n\
             \x20   id: request_id\n\
             \x20   at: ts\n\
             \x20   status: status\n\
             \x20   duration: {{field: duration_ms, unit: ms}}\n\
             \x20   ttft: {{field: ttft_ms, unit: ms}}\n\
             \x20 truth: {{url: {mock}}}\n\
             metrics:\n\
             \x20 ttft: {{histogram: gateway_ttft_seconds, unit: s, {matching}}}\n\
             \x20 total: {{histogram: gateway_request_duration_seconds, unit: s, {matching}}}\n\
             cases:\n\
             \x20 {CASE}: {{{case}}}\n",
            gateway = self.stack.url("gateway"),
            log = Value::from(self.stack.part("gateway").files["access_log"].to_string_lossy()),
            mock = self.mock.url(),
        )
    }

    /// The spec by which the traces of this rig are audited, with calls of all kinds.
    pub fn spec_of_traces(&self) -> String {
        let spec = self.spec("");
        let (before, _) = spec.split_once("cases:").expect("cases");
        let embeddings = "  embeddings: {path: /api/v1/embeddings, model: rigcheck-truth-embed}\nsources:";
        let case = "audit: {requests: 60, calls: 45, half_traced: 100}";
        let faster = before.replacen("max_tokens: 64", "max_tokens: 64, rate: 30/s", 1);
        format!("{}cases:\n  {TRACES}: {{{case}}}\n", faster.replacen("sources:", embeddings, 1))
    }

    /// The same rig with the load through nginx, whose log claims the total time: `$request_time` ends when the last byte is sent.
    /// `$upstream_header_time` is the time to the headers, which is no time to a first token, so that it claims nothing.
    pub fn through_front(&self, spec: &str) -> String {
        let (front, gateway) = (self.stack.part("front"), self.stack.url("gateway"));
        let log = format!(
            "sources:\n  nginx_log: {{kind: access_log, path: {}, id: request_id, at: ts, status: status, duration: {{field: request_time, unit: s}}}}\n",
            front.files["access_log"].display()
        );
        let direct = format!("target:\n  url: {gateway}\n");
        assert!(spec.contains("sources:\n") && spec.contains(&direct), "{spec}");
        spec.replacen("sources:\n", &log, 1).replacen(&direct, &format!("target:\n  url: {}\n", front.url), 1)
    }

    /// Audits with so many requests; runs are kept in a folder of that name.
    pub fn audit(&self, folder: &str, requests: u64) -> Audited {
        self.audit_meanwhile(folder, requests, || {})
    }

    /// Probes by the spec of this rig, changed as given: the exit code, what it says to programs, and its talk.
    pub fn probe(&self, folder: &str, change: impl FnOnce(String) -> String) -> (i32, Value, String) {
        let _turn = Turn::take(1);
        let folder = self.stack.dir().join(folder);
        fs::create_dir_all(&folder).expect("a folder");
        fs::write(folder.join("rigcheck.yaml"), change(self.spec(""))).expect("a file");
        let out = rigcheck(&folder).args(["plan", "--probe", "--output", "json"]).output().expect("the binary ends");
        let talk = String::from_utf8_lossy(&out.stderr).into_owned();
        let said = serde_json::from_slice(&out.stdout).unwrap_or_else(|e| panic!("{e}\n{}\n{talk}", String::from_utf8_lossy(&out.stdout)));
        (out.status.code().unwrap_or(-1), said, talk)
    }

    /// A second gateway beside the first one, before the same provider, scraped by the same Prometheus.
    pub fn add_replica(&mut self) -> Result<Stack, NotUp> {
        let second = self.unscraped_replica()?;
        let also = format!("replica={}", second.url("gateway").trim_start_matches("http://"));
        self.stack.down("prometheus");
        self.stack.add(&["prometheus", "--targets", &format!("gateway,{also}"), "--interval", "1s"])?;
        Ok(second)
    }

    /// A gateway more before the same provider, of which Prometheus knows nothing.
    pub fn unscraped_replica(&self) -> Result<Stack, NotUp> {
        let mock = self.mock.url();
        let otlp = format!("http://127.0.0.1:{}", self.stack.part("jaeger").ports["otlp_http"]);
        Stack::up(&["gateway", "--mock", &mock, "--variant", self.gateway.variant, "--otlp", &otlp])
    }

    /// Audits for the nth time, in calm: a clean rig must be READY.
    pub fn audit_in_calm(&self, nth: usize, folder: &str, requests: u64) -> Audited {
        self.audit_in(&Turn::calm(nth), folder, &few(self, requests), &[], || {})
    }

    /// Audits, and does something meanwhile.
    pub fn audit_meanwhile(&self, folder: &str, requests: u64, meanwhile: impl FnOnce()) -> Audited {
        self.audit_in(&Turn::take(1), folder, &few(self, requests), &[], meanwhile)
    }

    /// Audits in a turn that was taken before, for what would disturb others already while it waits for one; does something meanwhile.
    pub fn audit_in_turn(&self, turn: &Turn, folder: &str, requests: u64, meanwhile: impl FnOnce()) -> Audited {
        self.audit_in(turn, folder, &few(self, requests), &[], meanwhile)
    }

    /// The same by a spec of the test's own.
    pub fn audit_spec_in_turn(&self, turn: &Turn, folder: &str, spec: &str, meanwhile: impl FnOnce()) -> Audited {
        self.audit_in(turn, folder, spec, &[], meanwhile)
    }

    /// Audits by a spec of the test's own, with more in the environment.
    pub fn audit_spec(&self, folder: &str, spec: &str, env: &[(&str, &str)]) -> Audited {
        self.audit_in(&Turn::take(1), folder, spec, env, || {})
    }

    /// Audits by the spec that is in a folder.
    pub fn audit_by(turn: &Turn, folder: &Path) -> Audited {
        Rig::audit_there(turn, folder.to_owned(), &[], || {})
    }

    /// The same, and does something meanwhile.
    pub fn audit_by_meanwhile(turn: &Turn, folder: &Path, meanwhile: impl FnOnce()) -> Audited {
        Rig::audit_there(turn, folder.to_owned(), &[], meanwhile)
    }

    fn audit_in(&self, turn: &Turn, folder: &str, spec: &str, env: &[(&str, &str)], meanwhile: impl FnOnce()) -> Audited {
        let folder = self.stack.dir().join(folder);
        fs::create_dir_all(&folder).expect("a folder");
        fs::write(folder.join("rigcheck.yaml"), spec).expect("a file");
        Rig::audit_there(turn, folder, env, meanwhile)
    }

    fn audit_there(_turn: &Turn, folder: PathBuf, env: &[(&str, &str)], meanwhile: impl FnOnce()) -> Audited {
        let (began, busy) = (Instant::now(), Busy::watch());
        let mut command = rigcheck(&folder);
        command.args(["audit", "--output", "json:report.json", "--output", "human:report.txt"]).envs(env.iter().copied());
        let child = command.spawn().expect("the binary");
        meanwhile();
        let out = child.wait_with_output().expect("the binary ends");
        let took = began.elapsed();
        Audited::of(folder, &out, took, busy.share())
    }
}

/// The rig's spec with so many requests.
fn few(rig: &Rig, requests: u64) -> String {
    rig.spec(&format!("audit: {{requests: {requests}}}"))
}

fn provider(gateway: &Gateway) -> Mock {
    Mock::start(MockSettings { headers_first: gateway.headers_first, ..MockSettings::default() }).expect("a provider on a free port")
}

/// The binary in a folder.
pub fn rigcheck(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rigcheck"));
    command.current_dir(folder).env_remove("RIGCHECK_SPEC").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}
