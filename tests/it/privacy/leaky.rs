//! A rig that shows a prompt, an address and a token wherever it can.

use axum::{
    Json, Router,
    body::Body,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use rigcheck::reference::rig::for_later;
use serde_json::{Value, json};
use std::{
    fmt::Write as _,
    fs::{self, File, OpenOptions},
    io::Write as _,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

pub const PROMPT: &str = "tell me about my illness";
pub const EMAIL: &str = "jane.doe@example.com";
pub const TOKEN: &str = "tok-9f8e7d6c5b4a";

/// All of it.
fn planted() -> String {
    format!("{PROMPT} {EMAIL} {TOKEN}")
}

struct Shared {
    n: AtomicU64,
    observed: AtomicU64,
    spans: AtomicU64,
    log: Mutex<File>,
    receiver: SocketAddr,
    client: reqwest::Client,
}

pub struct Leaky {
    url: String,
    log: PathBuf,
    shared: Arc<Shared>,
}

impl Leaky {
    pub async fn start(folder: &Path) -> Leaky {
        let log = folder.join("access.jsonl");
        let receiver = for_later().unwrap();
        let shared = Arc::new(Shared {
            n: AtomicU64::new(0),
            observed: AtomicU64::new(0),
            spans: AtomicU64::new(0),
            log: Mutex::new(OpenOptions::new().create(true).append(true).open(&log).unwrap()),
            receiver,
            client: reqwest::Client::new(),
        });
        let app =
            Router::new().route("/v1/chat/completions", post(chat)).route("/metrics", get(page)).fallback(other).with_state(Arc::clone(&shared));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::task::spawn(async move { axum::serve(listener, app).await });
        Leaky { url, log, shared }
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    pub fn spec(&self) -> String {
        let (url, receiver, log) = (&self.url, self.shared.receiver, self.log.display());
        format!(
            "version: 1\n\
             rig: leaky\n\
             target: {{url: {url}, chat: {{model: m, max_tokens: 16, rate: 30/s}}}}\n\
             sources:\n\
             \x20 scrape: {{url: {url}/metrics}}\n\
             \x20 prometheus: {{url: {url}}}\n\
             \x20 jaeger: {{url: {url}, service: leaky}}\n\
             \x20 otlp: {{listen: {receiver}, service: leaky, claims: [total, ttft]}}\n\
             \x20 access_log: {{path: {log}, id: request_id, at: ts, status: status, duration: {{field: ms, unit: ms}}}}\n\
             metrics:\n\
             \x20 total: {{histogram: leaky_seconds, unit: s, source: scrape, exemplars: true}}\n\
             cases: {{PERF_INFRA_MONITORING_LATENCY_ACCURACY_001: {{audit: {{requests: 60}}}}}}\n"
        )
    }

    /// Was everything shown?
    pub fn planted_everywhere(&self) {
        let log = fs::read_to_string(&self.log).unwrap();
        for planted in [PROMPT, EMAIL, TOKEN] {
            assert!(log.matches(planted).count() > 60, "{planted} is in the log");
        }
        assert!(self.shared.n.load(Ordering::SeqCst) >= 60 && self.shared.observed.load(Ordering::SeqCst) >= 50);
        assert!(self.shared.spans.load(Ordering::SeqCst) >= 50, "spans were taken");
    }
}

fn headers(content_type: &str) -> Vec<(&'static str, String)> {
    vec![
        ("content-type", content_type.to_owned()),
        ("server", format!("leaky/1 {EMAIL}")),
        ("set-cookie", format!("session={TOKEN}; user={EMAIL}")),
        ("x-debug", planted()),
    ]
}

fn answer(status: u16, content_type: &str, body: String) -> Response {
    let mut response = Response::builder().status(status);
    for (name, value) in headers(content_type) {
        response = response.header(name, value);
    }
    response.body(Body::from(body)).unwrap()
}

async fn chat(State(shared): State<Arc<Shared>>, headers: HeaderMap, Json(_): Json<Value>) -> Response {
    let header = |name: &str| headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
    let (id, parent) = (header("x-request-id"), header("traceparent"));
    let n = shared.n.fetch_add(1, Ordering::SeqCst);
    let began = jiff::Timestamp::now();
    tokio::time::sleep(Duration::from_millis(20)).await;
    shared.write_log(&id, n);
    // Failures of each kind, too few to end the load.
    match n % 30 {
        7 => return answer(500, "application/json", json!({"error": {"message": planted(), "code": TOKEN}}).to_string()),
        17 => {
            let mut moved = answer(302, "text/plain", planted());
            let to = format!("http://127.0.0.1:1/login?user={EMAIL}&token={TOKEN}");
            moved.headers_mut().insert("location", to.parse().unwrap());
            return moved;
        }
        27 => return answer(200, "text/event-stream", format!("event: error\ndata: {}\n\n", json!({"error": {"message": planted()}}))),
        _ => {}
    }
    shared.observed.fetch_add(1, Ordering::SeqCst);
    shared.export(&parent, began);
    let mut events = String::new();
    for word in [planted().as_str(), "b", "c"] {
        let _ = write!(events, "data: {}\n\n", json!({"model": PROMPT, "choices": [{"index": 0, "delta": {"content": word}}]}));
    }
    events += "data: [DONE]\n\n";
    answer(200, "text/event-stream", events)
}

impl Shared {
    /// Ours with more than anybody asked for, a stranger's, and two that cannot be read.
    fn write_log(&self, id: &str, n: u64) {
        let now = jiff::Timestamp::now();
        let more = |id: &str| json!({"request_id": id, "ts": now.to_string(), "status": 200, "ms": 20.5, "prompt": PROMPT, "user": EMAIL, "authorization": format!("Bearer {TOKEN}")});
        let mut lines = vec![more(id).to_string(), more(EMAIL).to_string(), more(&planted()).to_string()];
        if n % 10 == 3 {
            let mut odd = more(id);
            (odd["request_id"], odd["ms"], odd["status"], odd["ts"]) = (json!(TOKEN), json!(EMAIL), json!(TOKEN), json!(PROMPT));
            lines.push(odd.to_string());
            lines.push(format!("{{\"request_id\": \"{EMAIL}\", \"ms\": {TOKEN}, {PROMPT}"));
            lines.push(planted());
        }
        writeln!(self.log.lock().unwrap(), "{}", lines.join("\n")).unwrap();
    }

    /// A server span for the request and a trace of somebody else.
    fn export(self: &Arc<Shared>, parent: &str, began: jiff::Timestamp) {
        let mut parts = parent.split('-').skip(1);
        let (trace, above) = (parts.next().unwrap_or_default().to_owned(), parts.next().unwrap_or_default().to_owned());
        let ended = jiff::Timestamp::now();
        let attribute = |key: &str, value: &str| json!({"key": key, "value": {"stringValue": value}});
        let attributes = vec![
            attribute("user.email", EMAIL),
            attribute("gen_ai.prompt", PROMPT),
            attribute("gen_ai.operation.name", TOKEN),
            attribute("http.request.method", PROMPT),
            attribute("http.route", &format!("/of/{EMAIL}/{TOKEN}")),
            attribute("http.request.header.authorization", &format!("Bearer {TOKEN}")),
            attribute("gen_ai.server.time_to_first_token", TOKEN),
            attribute("asgi.event.type", TOKEN),
            attribute(TOKEN, EMAIL),
            attribute(TOKEN, &format!("redis://{EMAIL}:{TOKEN}@cache")),
            attribute("openai.api_key", TOKEN),
            attribute("http.url", &format!("https://jane:{TOKEN}@{EMAIL}/")),
            json!({"key": "http.request.header.cookie", "value": {"arrayValue": {"values": [{"stringValue": TOKEN}]}}}),
            json!({"key": "settings", "value": {"kvlistValue": {"values": [attribute("password", TOKEN), attribute(EMAIL, PROMPT)]}}}),
        ];
        let span = |trace: &str, above: &str, name: String| {
            json!({
                "traceId": trace, "spanId": format!("{:016x}", self.n.load(Ordering::SeqCst) + 1), "parentSpanId": above, "name": name, "kind": 2,
                "traceState": format!("user={TOKEN}"),
                "startTimeUnixNano": began.as_nanosecond().to_string(), "endTimeUnixNano": ended.as_nanosecond().to_string(),
                "attributes": attributes, "events": [{"name": PROMPT, "attributes": attributes}],
                "status": {"code": 2, "message": format!("{} Bearer {TOKEN}", planted())},
            })
        };
        let spans = [
            span(&trace, &above, format!("POST /chat/{TOKEN}?q={PROMPT}")),
            span("ffff0000000000000000000000000001", "", format!("{PROMPT} {EMAIL}")),
        ];
        let body = json!({"resourceSpans": [{
            "resource": {"attributes": [attribute("service.name", "leaky"), attribute("host.name", EMAIL), attribute("service.secret", TOKEN)]},
            "scopeSpans": [{"scope": {"name": "leaky"}, "spans": spans}],
        }]});
        let shared = Arc::clone(self);
        tokio::task::spawn(async move {
            let sent = shared.client.post(format!("http://{}/v1/traces", shared.receiver)).json(&body).send().await;
            shared.spans.fetch_add(u64::from(sent.is_ok_and(|r| r.status().is_success())), Ordering::SeqCst);
        });
    }
}

/// A page whose claimed family has labels and exemplars with all of it, beside lines that are odd.
async fn page(State(shared): State<Arc<Shared>>) -> Response {
    let n = shared.observed.load(Ordering::SeqCst);
    let labels = format!("route=\"/chat\",user=\"{EMAIL}\",prompt=\"{PROMPT}\",key=\"{TOKEN}\"");
    let exemplar = format!("# {{trace_id=\"ffff0000000000000000000000000001\",user=\"{EMAIL}\"}} 0.02");
    let text = format!(
        "# HELP leaky_seconds {all}\n# TYPE leaky_seconds histogram\n\
         leaky_seconds_bucket{{{labels},le=\"0.01\"}} 0\nleaky_seconds_bucket{{{labels},le=\"0.1\"}} {n} {exemplar}\n\
         leaky_seconds_bucket{{{labels},le=\"+Inf\"}} {n}\nleaky_seconds_sum{{{labels}}} {sum}\nleaky_seconds_count{{{labels}}} {n}\n\
         # HELP others {all}\n# TYPE others counter\nothers_total{{user=\"{EMAIL}\",prompt=\"{PROMPT}\",key=\"{TOKEN}\"}} 1\n\
         others_total{{user=\"{EMAIL}\"}} {TOKEN}\n# EOF\n",
        all = planted(),
        sum = n as f64 * 0.0205,
    );
    answer(200, "application/openmetrics-text; version=1.0.0; charset=utf-8", text)
}

/// Whatever else is asked (Prometheus' and Jaeger's paths): JSON of another shape, or an error, with all of it inside.
async fn other(uri: axum::http::Uri) -> Response {
    if uri.path().contains("/status/") {
        return answer(200, "application/json", json!({"status": "success", "data": planted()}).to_string());
    }
    if uri.path().starts_with("/api/v1/") {
        return answer(StatusCode::BAD_REQUEST.as_u16(), "application/json", json!({"status": planted(), "error": [planted()]}).to_string());
    }
    answer(200, "application/json", json!({"result": planted(), "data": planted(), "errors": [{"code": 7, "msg": planted()}]}).to_string())
        .into_response()
}
