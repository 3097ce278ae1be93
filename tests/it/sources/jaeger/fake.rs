//! A query service with traces in memory.
#![allow(clippy::disallowed_methods, reason = "a fake server has a clock: spans arrive late")]

use super::super::traced_act::our_span;
use axum::{
    Router,
    extract::{Path, RawQuery, State},
    http::StatusCode,
    response::{Html, IntoResponse, Response},
    routing::get,
};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

/// One span and when it can be found.
#[derive(Clone)]
pub struct FakeSpan {
    pub trace: String,
    pub id: u64,
    pub parent: u64,
    pub name: String,
    pub kind: u8,
    pub service: String,
    pub start_ns: u64,
    pub end_ns: u64,
    pub attributes: Vec<(String, Value)>,
    pub after: Duration,
    pub adjusted: Adjusted,
}

/// What its adjuster makes of a span where no raw one is asked for.
#[derive(Clone, Default)]
pub struct Adjusted {
    /// So much later it is shown.
    pub shift_us: i64,
    pub warnings: Vec<String>,
    /// The store holds it so, for those who ask for raw spans, too.
    pub kept: bool,
}

/// How it answers.
#[derive(Clone, Default)]
pub struct Manner {
    /// What `/api/v3` is: there, or this other thing.
    pub v3: Presence,
    /// The same of the legacy API.
    pub legacy: Presence,
    /// Ids in base64 and enums by name, as protobuf's own JSON mapping has them.
    pub proto_json: bool,
    /// One document per trace, a line each, and none at all where nothing is found.
    pub streamed: bool,
    /// Returns no more traces than this and says nothing of it.
    pub silent_cap: Option<usize>,
    /// Refuses to search deeper than this.
    pub deepest: Option<usize>,
    /// So many searches are answered 503 first.
    pub busy: usize,
    /// What answers the web page's own call for one trace, from this look on (0 is the first).
    pub page: (usize, Presence),
}

/// What is at a path.
#[derive(Clone, Copy, Default, PartialEq)]
pub enum Presence {
    #[default]
    There,
    NotFound,
    WebPage,
    Garbage,
    OtherJson,
    Hangs,
    Status(u16),
}

/// The server's state, to look at afterwards.
pub struct Fake {
    spans: Vec<FakeSpan>,
    manner: Manner,
    since: Instant,
    pub searches: AtomicUsize,
    pub most: AtomicUsize,
    pub unlike_raw: AtomicUsize,
    /// Traces that were asked for as the web page does.
    pub looks: Mutex<Vec<String>>,
}

/// A server span of a request, with a child.
pub fn request(trace: &str, start_us: i64) -> Vec<FakeSpan> {
    let start_ns = start_us as u64 * 1_000 + 123;
    let root = FakeSpan {
        trace: trace.into(),
        id: 0x11,
        parent: our_span(trace),
        name: "POST /v1/chat/completions".into(),
        kind: 2,
        service: "gateway".into(),
        start_ns,
        end_ns: start_ns + 4_000_000,
        attributes: vec![("http.response.status_code".into(), json!({"intValue": "200"}))],
        after: Duration::ZERO,
        adjusted: Adjusted::default(),
    };
    let child = FakeSpan {
        id: 0x12,
        parent: 0x11,
        name: "POST /v1/chat/completions http send".into(),
        kind: 1,
        start_ns: start_ns + 1_000_000,
        end_ns: start_ns + 1_100_000,
        attributes: vec![("asgi.event.type".into(), json!({"stringValue": "http.response.body"}))],
        ..root.clone()
    };
    vec![root, child]
}

pub async fn serve(spans: Vec<FakeSpan>, manner: Manner) -> (String, Arc<Fake>) {
    let zero = || AtomicUsize::new(0);
    let fake = Arc::new(Fake { spans, manner, since: Instant::now(), searches: zero(), most: zero(), unlike_raw: zero(), looks: Mutex::default() });
    let app = Router::new()
        .route("/api/v3/traces", get(|s, q| search(s, q, true)))
        .route("/api/traces", get(|s, q| search(s, q, false)))
        .route("/api/v3/traces/{id}", get(|s, p, q| by_id(s, p, q, true)))
        .route("/api/traces/{id}", get(|s, p, q| by_id(s, p, q, false)))
        .route("/api/v3/services", get(async |State(f): State<Arc<Fake>>| axum::Json(json!({"services": f.services()}))))
        .with_state(Arc::clone(&fake));
    (super::super::traced_act::serve(app).await, fake)
}

async fn search(State(fake): State<Arc<Fake>>, RawQuery(query): RawQuery, v3: bool) -> Response {
    if let Some(other) = fake.presence(v3).other().await {
        return other;
    }
    let n = fake.searches.fetch_add(1, Ordering::SeqCst);
    if n < fake.manner.busy {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let url = reqwest::Url::parse(&format!("http://x/?{}", query.unwrap_or_default())).unwrap();
    let asked: BTreeMap<String, String> = url.query_pairs().into_owned().collect();
    let names = if v3 {
        ["query.service_name", "query.start_time_min", "query.start_time_max", "query.num_traces", "query.raw_traces"]
    } else {
        ["service", "start", "end", "limit", "raw"]
    };
    let [service, from, to, limit, raw] = names.map(|name| asked.get(name).cloned().unwrap_or_default());
    let at = |text: String| if v3 { text.parse::<jiff::Timestamp>().unwrap().as_microsecond() } else { text.parse().unwrap() };
    let (from, to) = (at(from) as u64 * 1_000, at(to) as u64 * 1_000);
    let limit: usize = limit.parse().unwrap();
    if raw != "true" {
        fake.unlike_raw.fetch_add(1, Ordering::SeqCst);
    }
    if fake.manner.deepest.is_some_and(|deepest| limit > deepest) {
        let message = "search depth must be greater than 0 and less than max traces";
        let body = if v3 {
            json!({"error": {"httpCode": 500, "message": message}})
        } else {
            json!({"data": null, "errors": [{"code": 500, "msg": message}]})
        };
        return (StatusCode::INTERNAL_SERVER_ERROR, body.to_string()).into_response();
    }
    let mut traces: BTreeMap<String, Vec<FakeSpan>> = BTreeMap::new();
    let hits = fake.visible().filter(|s| s.service == service && (from..=to).contains(&s.start_ns)).map(|s| s.trace.clone());
    let hits: std::collections::BTreeSet<String> = hits.collect();
    // Like the memory store, the most recent ones are returned where there are too many.
    for id in hits.into_iter().rev().take(limit.min(fake.manner.silent_cap.unwrap_or(usize::MAX))) {
        traces.insert(id.clone(), fake.visible().filter(|s| s.trace == id).cloned().collect());
    }
    fake.most.fetch_max(traces.len(), Ordering::SeqCst);
    fake.answer(&traces, v3, true)
}

async fn by_id(State(fake): State<Arc<Fake>>, Path(id): Path<String>, RawQuery(query): RawQuery, v3: bool) -> Response {
    let raw = query.unwrap_or_default().contains("=true");
    let as_the_page_does = !v3 && !raw;
    let looks = as_the_page_does.then(|| {
        let mut looks = fake.looks.lock().unwrap();
        looks.push(id.clone());
        looks.len() - 1
    });
    if v3 && !raw {
        fake.unlike_raw.fetch_add(1, Ordering::SeqCst);
    }
    let presence = match looks {
        Some(look) if look < fake.manner.page.0 => Presence::There,
        Some(_) => fake.manner.page.1,
        None => fake.presence(v3),
    };
    if let Some(other) = presence.other().await {
        return other;
    }
    let spans: Vec<FakeSpan> = fake.visible().filter(|s| s.trace == id).cloned().collect();
    let traces = if spans.is_empty() { BTreeMap::new() } else { BTreeMap::from([(id, spans)]) };
    if !v3 && traces.is_empty() {
        return (StatusCode::NOT_FOUND, json!({"data": null, "errors": [{"code": 404, "msg": "trace not found"}]}).to_string()).into_response();
    }
    fake.answer(&traces, v3, raw)
}

impl Presence {
    async fn other(self) -> Option<Response> {
        Some(match self {
            Presence::There => return None,
            Presence::NotFound => (StatusCode::NOT_FOUND, "404 page not found").into_response(),
            Presence::WebPage => Html("<!DOCTYPE html><html><title>Jaeger UI</title></html>").into_response(),
            Presence::Garbage => "\u{1}\u{2} nonsense".into_response(),
            Presence::OtherJson => axum::Json(json!({"status": "success"})).into_response(),
            Presence::Hangs => std::future::pending().await,
            Presence::Status(code) => (StatusCode::from_u16(code).unwrap(), "s3cret body").into_response(),
        })
    }
}

impl Fake {
    fn presence(&self, v3: bool) -> Presence {
        if v3 { self.manner.v3 } else { self.manner.legacy }
    }
    fn visible(&self) -> impl Iterator<Item = &FakeSpan> {
        let now = self.since.elapsed();
        self.spans.iter().filter(move |s| s.after <= now)
    }
    fn services(&self) -> Vec<&str> {
        let all: std::collections::BTreeSet<&str> = self.visible().map(|s| s.service.as_str()).collect();
        all.into_iter().collect()
    }
    fn answer(&self, traces: &BTreeMap<String, Vec<FakeSpan>>, v3: bool, raw: bool) -> Response {
        let traces: BTreeMap<&String, Vec<FakeSpan>> = traces.iter().map(|(id, spans)| (id, spans.iter().map(|s| s.told(raw)).collect())).collect();
        if !v3 {
            let data: Vec<Value> = traces
                .iter()
                .map(|(id, spans)| json!({"traceID": id, "spans": spans.iter().map(legacy).collect::<Vec<_>>(), "processes": {}}))
                .collect();
            return axum::Json(json!({"data": data, "total": 0, "limit": 0, "offset": 0, "errors": null})).into_response();
        }
        if traces.is_empty() && self.manner.streamed {
            return "".into_response();
        }
        if traces.is_empty() {
            return (StatusCode::NOT_FOUND, json!({"error": {"httpCode": 404, "message": "No traces found"}}).to_string()).into_response();
        }
        let resources = |spans: &[FakeSpan]| spans.iter().map(|s| self.otlp(s)).collect::<Vec<_>>();
        if self.manner.streamed {
            let lines = traces.values().map(|spans| json!({"result": {"resourceSpans": resources(spans)}}).to_string() + "\n");
            return lines.collect::<String>().into_response();
        }
        let all: Vec<FakeSpan> = traces.values().flatten().cloned().collect();
        json!({"result": {"resourceSpans": resources(&all)}}).to_string().into_response()
    }
    fn otlp(&self, s: &FakeSpan) -> Value {
        let (mut trace, mut id, mut parent, mut kind) =
            (json!(s.trace), json!(format!("{:016x}", s.id)), json!(format!("{:016x}", s.parent)), json!(s.kind));
        if self.manner.proto_json {
            let number = u128::from_str_radix(&s.trace, 16).unwrap();
            (trace, id, parent) = (json!(base64(&number.to_be_bytes())), json!(base64(&s.id.to_be_bytes())), json!(base64(&s.parent.to_be_bytes())));
            kind = json!(if s.kind == 2 { "SPAN_KIND_SERVER" } else { "SPAN_KIND_INTERNAL" });
        }
        let mut attributes: Vec<Value> = s.attributes.iter().map(|(k, v)| json!({"key": k, "value": v})).collect();
        if !s.adjusted.warnings.is_empty() {
            let values: Vec<Value> = s.adjusted.warnings.iter().map(|w| json!({"stringValue": w})).collect();
            attributes.push(json!({"key": "@jaeger@warnings", "value": {"arrayValue": {"values": values}}}));
        }
        json!({
            "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": s.service}}, {"key": "host.name", "value": {"stringValue": "host-of-jane@example.com"}}]},
            "scopeSpans": [{"scope": {"name": "opentelemetry.instrumentation.asgi"}, "spans": [{
                "traceId": trace, "spanId": id, "parentSpanId": parent, "name": s.name, "kind": kind, "attributes": attributes,
                "startTimeUnixNano": s.start_ns.to_string(), "endTimeUnixNano": s.end_ns.to_string(), "status": {"message": "tell jane@example.com"},
                "events": [{"name": "prompt", "attributes": [{"key": "message", "value": {"stringValue": "the planted prompt"}}]}],
            }]}]
        })
    }
}

impl FakeSpan {
    /// The span as it is told to who asks for raw ones, or does not.
    fn told(&self, raw: bool) -> FakeSpan {
        if raw && !self.adjusted.kept {
            return FakeSpan { adjusted: Adjusted::default(), ..self.clone() };
        }
        let moved = |ns: u64| ns.saturating_add_signed(self.adjusted.shift_us * 1_000);
        FakeSpan { start_ns: moved(self.start_ns), end_ns: moved(self.end_ns), ..self.clone() }
    }
}

fn legacy(s: &FakeSpan) -> Value {
    let warnings = if s.adjusted.warnings.is_empty() { Value::Null } else { json!(s.adjusted.warnings) };
    let tag = |(key, value): &(String, Value)| json!({"key": key, "type": "string", "value": value.as_object().unwrap().values().next().unwrap()});
    let mut tags: Vec<Value> = s.attributes.iter().map(tag).collect();
    tags.push(json!({"key": "span.kind", "type": "string", "value": if s.kind == 2 { "server" } else { "internal" }}));
    tags.push(json!({"key": "otel.scope.name", "type": "string", "value": "opentelemetry.instrumentation.asgi"}));
    json!({
        "traceID": s.trace.trim_start_matches('0'), "spanID": format!("{:016x}", s.id), "operationName": s.name,
        "references": [{"refType": "CHILD_OF", "traceID": s.trace.trim_start_matches('0'), "spanID": format!("{:016x}", s.parent)}],
        "startTime": s.start_ns / 1_000, "duration": (s.end_ns - s.start_ns) / 1_000, "tags": tags,
        "logs": [{"timestamp": 0, "fields": [{"key": "message", "type": "string", "value": "the planted prompt"}]}],
        "warnings": warnings,
        "process": {"serviceName": s.service, "tags": [{"key": "host.name", "type": "string", "value": "host-of-jane@example.com"}]},
    })
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let groups = bytes.chunks(3).map(|three| {
        let padded = [three[0], *three.get(1).unwrap_or(&0), *three.get(2).unwrap_or(&0)];
        let number = padded.iter().fold(0_u32, |n, b| (n << 8) | u32::from(*b));
        let letters = (0..4).map(|i| char::from(LETTERS[(number >> (18 - 6 * i)) as usize & 63]));
        letters.take(three.len() + 1).collect::<String>() + &"=".repeat(3 - three.len())
    });
    groups.collect()
}
