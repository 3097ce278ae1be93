//! A plain HTTP client, a fake OTLP receiver, and what they saw.

use axum::{Router, body::Bytes, extract::State, http::StatusCode, routing::post};
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::any_value::Value as Any,
    trace::v1::{ResourceSpans, Span},
};
use prost::Message;
use rigcheck::model::{payload::Emission, timeline::Planted};
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

pub fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().unwrap()
}

/// One request as the client sees it.
#[derive(Debug)]
pub struct Streamed {
    pub sent: Instant,
    pub headers: Instant,
    pub events: Vec<(Instant, Value)>,
    pub done: bool,
    pub closed: Instant,
}

impl Streamed {
    pub fn contents(&self) -> Vec<(Instant, &str)> {
        let text = |v: &'_ Value| v["choices"][0]["delta"]["content"].as_str().is_some_and(|t| !t.is_empty());
        let some = self.events.iter().filter(|(_, v)| text(v));
        some.map(|(at, v)| (*at, v["choices"][0]["delta"]["content"].as_str().unwrap())).collect()
    }
    pub fn usage(&self) -> Option<u64> {
        self.events.iter().find_map(|(_, v)| v["usage"]["completion_tokens"].as_u64())
    }
}

pub fn directive(id: &str, ttft_ms: f64, chunks: u32, gap_ms: f64) -> String {
    rigcheck::llm::directive::Directive { id: id.into(), delays: Some(Planted { ttft_ms, chunks, gap_ms }) }.to_text()
}

pub fn body(prompt: &str, stream: bool) -> Value {
    json!({"model": "rigcheck-truth", "messages": [{"role": "user", "content": prompt}], "max_tokens": 64, "stream": stream})
}

pub async fn stream(client: &reqwest::Client, url: &str, body: &Value, headers: &[(&str, String)]) -> Streamed {
    let mut request = client.post(format!("{url}/v1/chat/completions")).json(body);
    for (name, value) in headers {
        request = request.header(*name, value);
    }
    let sent = Instant::now();
    let mut response = request.send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert!(response.headers()["content-type"].to_str().unwrap().starts_with("text/event-stream"));
    let (headers, mut events, mut done, mut text) = (Instant::now(), vec![], false, String::new());
    while let Some(chunk) = response.chunk().await.unwrap() {
        let at = Instant::now();
        text.push_str(std::str::from_utf8(&chunk).unwrap());
        while let Some((event, rest)) = text.split_once("\n\n") {
            let data = event.strip_prefix("data: ").expect("every event is one data line");
            assert!(!done, "nothing comes after [DONE]");
            if data == "[DONE]" {
                done = true;
            } else {
                events.push((at, serde_json::from_str(data).unwrap()));
            }
            text = rest.to_owned();
        }
    }
    assert_eq!(text, "");
    Streamed { sent, headers, events, done, closed: Instant::now() }
}

pub async fn emissions(url: &str, query: &str) -> Vec<Emission> {
    let text = client().get(format!("{url}/rigcheck/emissions{query}")).send().await.unwrap().text().await.unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

pub async fn page(url: &str, accept: &str) -> (String, String) {
    let response = client().get(format!("{url}/metrics")).header("accept", accept).send().await.unwrap();
    assert_eq!(response.status(), 200);
    let content_type = response.headers()["content-type"].to_str().unwrap().to_owned();
    (content_type, response.text().await.unwrap())
}

/// Waits until a condition holds; the machine may be slow, so for long.
pub async fn eventually(what: &str, holds: impl AsyncFn() -> bool) {
    let start = Instant::now();
    while !holds().await {
        assert!(start.elapsed() < Duration::from_secs(20), "waited in vain for: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A fake OTLP receiver that decodes what it gets, and refuses the first few posts.
#[derive(Clone, Default)]
pub struct Receiver {
    pub got: Arc<Mutex<Vec<ResourceSpans>>>,
    refuse: Arc<Mutex<u32>>,
}

impl Receiver {
    pub async fn start(at: SocketAddr, refuse: u32) -> (Receiver, SocketAddr) {
        let receiver = Receiver { refuse: Arc::new(Mutex::new(refuse)), ..Receiver::default() };
        let listener = tokio::net::TcpListener::bind(at).await.unwrap();
        let addr = listener.local_addr().unwrap();
        let app = Router::new().route("/v1/traces", post(take)).with_state(receiver.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        (receiver, addr)
    }
    /// Every `service.instance.id` that reported spans.
    pub fn instances(&self) -> BTreeSet<String> {
        let got = self.got.lock().unwrap();
        let all = got.iter().filter_map(|r| r.resource.as_ref()).flat_map(|r| &r.attributes).filter(|a| a.key == "service.instance.id");
        all.filter_map(|a| match a.value.clone()?.value? {
            Any::StringValue(id) => Some(id),
            _ => None,
        })
        .collect()
    }
    pub fn spans(&self) -> Vec<Span> {
        self.got.lock().unwrap().iter().flat_map(|r| &r.scope_spans).flat_map(|s| s.spans.clone()).collect()
    }
}

async fn take(State(receiver): State<Receiver>, headers: axum::http::HeaderMap, body: Bytes) -> StatusCode {
    assert_eq!(headers["content-type"], "application/x-protobuf");
    let mut refuse = receiver.refuse.lock().unwrap();
    if *refuse > 0 {
        *refuse -= 1;
        return StatusCode::SERVICE_UNAVAILABLE;
    }
    receiver.got.lock().unwrap().extend(ExportTraceServiceRequest::decode(body).unwrap().resource_spans);
    StatusCode::OK
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, b| text + &format!("{b:02x}"))
}

pub fn attribute(span: &Span, key: &str) -> Option<Any> {
    span.attributes.iter().find(|a| a.key == key)?.value.clone()?.value
}
