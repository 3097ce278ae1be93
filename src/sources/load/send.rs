//! One request: send it, stamp what happens, keep no body.

use super::{
    body::Body,
    connecting::{Stood, watched},
    plan::Request,
};
use crate::{
    model::{
        act::Api,
        evidence::Gap,
        source::{Cost, Slot},
        timeline::{Nanos, Timeline},
    },
    sources::{
        failing::{failed, on_the_way, tls},
        http::{Http, product},
    },
    spec::settings::Connection,
};
use reqwest::{
    StatusCode,
    header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue, SERVER},
};
use std::{
    error::Error,
    io,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Where `rigcheck mock` serves its emission log, and as what.
const EMISSIONS: &str = "/rigcheck/emissions";
const MIME: &str = "application/x-ndjson";
/// The log of an instant before there were mocks is empty; more is no mock's answer.
const CAP: usize = 1 << 16;

/// Where requests go.
pub struct Endpoint {
    http: Http,
    client: reqwest::Client,
    requests: AtomicU64,
    bytes: AtomicU64,
}

impl Endpoint {
    /// An endpoint: the origin's credentials, and the client that sends.
    pub fn new(http: Http, client: reqwest::Client) -> Endpoint {
        Endpoint { http, client, requests: AtomicU64::new(0), bytes: AtomicU64::new(0) }
    }
    /// The base URL.
    pub fn url(&self) -> &str {
        self.http.url()
    }
    /// What stands between, to append to a place.
    pub fn through(&self) -> String {
        self.connection().through()
    }
    /// How it is reached.
    pub fn connection(&self) -> &Connection {
        self.http.connection()
    }
    /// Requests sent and bytes read.
    pub fn cost(&self) -> Cost {
        Cost { queries: self.requests.load(Ordering::Relaxed), bytes: self.bytes.load(Ordering::Relaxed) }
    }
    /// Nothing limits what is sent to the reference endpoint, because it is free: so it must show first that it is one.
    pub async fn must_be_a_mock(&self, slot: &Slot) -> Result<(), Gap> {
        let none = [("from_us", "0".to_owned()), ("to_us", "0".to_owned())];
        let answered = self.http.get_any(EMISSIONS, &none, MIME, slot, CAP).await?;
        // 410: a mock that has forgotten that time.
        let mock = answered.status.is_success() && answered.content_type.starts_with(MIME) || answered.status == StatusCode::GONE;
        if mock {
            return Ok(());
        }
        Err(Gap::Refused(format!(
            "{}: nothing was sent: this is no `rigcheck mock` (it answered {}), and requests to anything else may cost money; correct sources.truth",
            answered.request, answered.status
        )))
    }
    /// A request of ours, with the origin's credentials.
    pub fn build(&self, path: &str, request: &mut Request) -> Result<reqwest::Request, Gap> {
        let url = format!("{}{path}", self.url());
        let post = self.client.post(&url).body(std::mem::take(&mut request.body));
        // Ours replace the connection's: an id that somebody else chose would join to nothing.
        let built = self.http.authorize(post).headers(headers(request)).build();
        built.map_err(|e| Gap::NotConfigured(format!("{url}: {}", innermost(&e))))
    }
}

fn headers(request: &Request) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(ACCEPT, HeaderValue::from_static(if request.stream { "text/event-stream" } else { "application/json" }));
    for (name, value) in [("traceparent", &request.traceparent), ("x-request-id", &request.id)] {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    }
    headers
}

/// What became of a request.
pub struct Sent {
    /// Its stamps.
    pub timeline: Timeline,
    /// Why the target itself was not reached, if it was not: no connection, a certificate, a proxy.
    pub unreachable: Option<Gap>,
    /// The `Server` header.
    pub server: Option<String>,
}

/// When a request's time is over.
pub struct Limits {
    /// Nanosecond 0 of the act.
    pub start: Instant,
    /// Time for the whole request.
    pub timeout: Duration,
    /// Cancelled when the act must end now.
    pub stop: CancellationToken,
}

/// Sends a request and stamps it to its end.
pub async fn send(endpoint: &Endpoint, built: reqwest::Request, request: Request, limits: &Limits) -> Sent {
    let timeline = Timeline {
        id: request.id,
        trace_id: request.trace_id,
        warmup: request.warmup,
        stream: request.stream,
        untraced: request.untraced,
        planted: request.planted,
        scheduled: request.scheduled,
        sent: now(limits),
        ..Timeline::default()
    };
    let mut sent = Sent { timeline, unreachable: None, server: None };
    endpoint.requests.fetch_add(1, Ordering::Relaxed);
    let stood = Stood::default();
    let end = tokio::select! {
        biased;
        end = tokio::time::timeout(limits.timeout, watched(&stood, exchange(endpoint, built, request.api, limits, &mut sent))) => end.unwrap_or_else(|_| Err("timeout".into())),
        () = limits.stop.cancelled() => Err("interrupted".into()),
    };
    if let Err(word) = end {
        sent.timeline.error.get_or_insert(word);
    }
    sent.timeline.connected = stood.get().map(|at| since(limits, *at));
    sent
}

async fn exchange(endpoint: &Endpoint, built: reqwest::Request, api: Api, limits: &Limits, sent: &mut Sent) -> Result<(), String> {
    let url = built.url().to_string();
    let answered = endpoint.client.execute(built).await;
    let headers_at = now(limits);
    let mut response = match answered {
        Ok(response) => response,
        Err(e) => {
            let certificate = tls(endpoint.connection(), &innermost(&e));
            sent.unreachable = certificate.or_else(|| e.is_connect().then(|| failed(endpoint.connection(), &url, &e)));
            return Err(word(&e));
        }
    };
    let timeline = &mut sent.timeline;
    timeline.headers = Some(headers_at);
    timeline.status = Some(response.status().as_u16());
    let header = |name| response.headers().get(name).and_then(|v| v.to_str().ok());
    sent.server = header(SERVER).and_then(product);
    let content_type = header(CONTENT_TYPE).unwrap_or_default().trim().to_ascii_lowercase();
    let mut body = Body::new(response.status().is_success(), &content_type, api);
    loop {
        // The stamp comes before any look at the bytes.
        let read = response.chunk().await;
        let at = now(limits);
        match read {
            Ok(Some(bytes)) => {
                endpoint.bytes.fetch_add(bytes.len() as u64, Ordering::Relaxed);
                body.read(&bytes, at, timeline)?;
            }
            Ok(None) => {
                timeline.closed = Some(at);
                break;
            }
            Err(e) => return Err(word(&e)),
        }
    }
    body.end(timeline)?;
    sent.unreachable = on_the_way(endpoint.connection(), response.status(), body.of_refusal());
    match response.status() {
        status if status.is_success() => Ok(()),
        status => Err(format!("status {}", status.as_u16())),
    }
}

fn now(limits: &Limits) -> Nanos {
    since(limits, Instant::now())
}

fn since(limits: &Limits, at: Instant) -> Nanos {
    Nanos(at.duration_since(limits.start).as_nanos() as u64)
}

/// Why a request failed, in a word or two: the operating system's, where it has one. Never a text of the server's.
fn word(error: &reqwest::Error) -> String {
    let mut cause: Option<&dyn Error> = Some(error);
    while let Some(inner) = cause {
        if let Some(io) = inner.downcast_ref::<io::Error>()
            && !matches!(io.kind(), io::ErrorKind::Other)
        {
            return io.kind().to_string();
        }
        cause = inner.source();
    }
    let text = match error {
        e if e.is_timeout() => "timeout",
        e if e.is_connect() => "no connection",
        e if e.is_body() || e.is_decode() => "body cut short",
        e if is_no_http(&innermost(e)) => "no HTTP that can be read",
        _ => "connection closed",
    };
    text.into()
}

/// hyper's own words for a head that it cannot read.
fn is_no_http(text: &str) -> bool {
    text.ends_with(" parsed") || text == "message head is too large"
}

fn innermost(error: &dyn Error) -> String {
    error.source().map_or_else(|| error.to_string(), innermost)
}
