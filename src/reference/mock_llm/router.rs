use super::{
    api::{ChatRequest, EmbeddingsRequest},
    clock,
    plan::Plan,
    served::{Served, Ticket},
    settings::UsageChunk,
    shared::Shared,
    speech,
    speech::Speech,
    stream,
    trace_context::TraceContext,
};
use crate::{llm::directive::Directive, reference::faults::Misbehaviour};
use axum::{
    Json, Router,
    body::Body,
    extract::{DefaultBodyLimit, Query, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use bytes::Bytes;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::json;
use std::sync::Arc;

const CHAT: &str = "/v1/chat/completions";
const EMBEDDINGS: &str = "/v1/embeddings";
/// Largest request body, bytes: prompts of a million tokens.
const BODY_LIMIT: usize = 16 << 20;
/// Longest vector of an embedding.
const DIMENSIONS_LIMIT: u32 = 8192;
/// Records of the emission log that are written to a response at a time.
const RECORDS_AT_ONCE: usize = 1000;
/// How long the hidden first attempt of [`Misbehaviour::HiddenRetry`] takes to fail, ns.
const ATTEMPT_NS: u64 = 150_000_000;

/// All routes of the mock.
pub fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route(CHAT, post(chat))
        .route(EMBEDDINGS, post(embeddings))
        .route("/v1/models", get(models))
        .route("/metrics", get(metrics))
        .route("/metrics/native", get(native_metrics))
        .route("/rigcheck/emissions", get(emissions))
        .route("/healthz", get(healthz))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .with_state(shared)
}

async fn chat(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Response {
    let mut ticket = begin(&shared, &headers, CHAT);
    let request: ChatRequest = match parse(&body) {
        Ok(request) => request,
        Err(why) => return refuse(&mut ticket, &why),
    };
    ticket.served.model.clone_from(&request.model);
    ticket.served.stream = request.stream;
    let directive = directive(&headers).or_else(|| request.directive());
    let plan = match request.refusal() {
        Some(why) => Err(why.to_owned()),
        None => Plan::new(&shared.settings, directive, text(&headers, "x-request-id"), request.max_tokens()),
    };
    let mut plan = match plan {
        Ok(plan) => plan,
        Err(why) => return refuse(&mut ticket, &why),
    };
    if let Err(failed) = route(&mut ticket, &mut plan).await {
        return failed;
    }
    let speech = Speech::new(ticket.served.n, ticket.served.wall_ns, &request.model, request.prompt_tokens());
    if request.stream {
        let usage = shared.settings.usage == UsageChunk::Always || request.include_usage();
        if !shared.settings.headers_first {
            ticket.until_due(plan.due(0)).await;
        }
        ticket.served.headers = Some(shared.clock.now());
        let headers = [
            (header::CONTENT_TYPE.as_str(), "text/event-stream; charset=utf-8".to_owned()),
            (header::CACHE_CONTROL.as_str(), "no-cache".to_owned()),
            ("x-request-id", ticket.served.request_id.clone()),
        ];
        return (headers, stream::body(ticket, plan, speech, usage)).into_response();
    }
    let body = speech.whole(&plan);
    ticket.until_due(plan.due_last()).await;
    ticket.whole(&plan);
    answer(&mut ticket, StatusCode::OK, body)
}

async fn embeddings(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Response {
    let mut ticket = begin(&shared, &headers, EMBEDDINGS);
    let request: EmbeddingsRequest = match parse(&body) {
        Ok(request) => request,
        Err(why) => return refuse(&mut ticket, &why),
    };
    ticket.served.model.clone_from(&request.model);
    let dimensions = request.dimensions.unwrap_or(8);
    if !(1..=DIMENSIONS_LIMIT).contains(&dimensions) {
        return refuse(&mut ticket, &format!("`dimensions` must lie in 1 ..= {DIMENSIONS_LIMIT}"));
    }
    let directive = directive(&headers).or_else(|| request.directive());
    let mut plan = match Plan::new(&shared.settings, directive, text(&headers, "x-request-id"), None) {
        Ok(plan) => plan,
        Err(why) => return refuse(&mut ticket, &why),
    };
    if let Err(failed) = route(&mut ticket, &mut plan).await {
        return failed;
    }
    let body = speech::embeddings(&request.model, request.inputs(), dimensions as usize, request.prompt_tokens());
    // An embedding has no stream: the time to its first token is all the time there is.
    ticket.until_due(plan.due(0)).await;
    ticket.chunk(plan.due(0), 0);
    answer(&mut ticket, StatusCode::OK, body)
}

async fn models(State(shared): State<Arc<Shared>>) -> Response {
    let data: Vec<_> = shared.settings.models.iter().map(|m| json!({"id": m, "object": "model", "created": 0, "owned_by": "rigcheck"})).collect();
    Json(json!({"object": "list", "data": data})).into_response()
}

async fn metrics(State(shared): State<Arc<Shared>>, headers: HeaderMap) -> Response {
    match shared.telemetry.page(text(&headers, "accept").unwrap_or_default()) {
        Ok(Some((content_type, page))) => ([(header::CONTENT_TYPE, content_type)], page).into_response(),
        Ok(None) => (StatusCode::SERVICE_UNAVAILABLE, "this mock was told to refuse a share of the readings\n").into_response(),
        Err(e) => (StatusCode::INTERNAL_SERVER_ERROR, e.to_string()).into_response(),
    }
}

async fn native_metrics(State(shared): State<Arc<Shared>>, headers: HeaderMap) -> Response {
    let (content_type, page) = shared.telemetry.native_page(text(&headers, "accept").unwrap_or_default());
    ([(header::CONTENT_TYPE, content_type)], page).into_response()
}

async fn healthz(State(shared): State<Arc<Shared>>) -> Response {
    let p = shared.pacing.summary();
    let late = json!({"n": p.n, "p50": p.p50.0, "p95": p.p95.0, "p99": p.p99.0, "max": p.max.0});
    Json(json!({"status": "ok", "late_ms": late})).into_response()
}

#[derive(Deserialize)]
struct Asked {
    from_us: Option<i64>,
    to_us: Option<i64>,
}

async fn emissions(State(shared): State<Arc<Shared>>, Query(asked): Query<Asked>) -> Response {
    let Ok(records) = shared.emissions.within(asked.from_us.unwrap_or(i64::MIN), asked.to_us.unwrap_or(i64::MAX)) else {
        let why = format!("the emission log holds {} records and has forgotten some of this span\n", shared.settings.emissions_kept);
        return (StatusCode::GONE, why).into_response();
    };
    let mut at = 0;
    let lines = std::iter::from_fn(move || {
        let some = records.get(at..)?.iter().take(RECORDS_AT_ONCE);
        at += some.len();
        let mut text = Vec::new();
        for record in some {
            if let Err(e) = serde_json::to_writer(&mut text, record.as_ref()) {
                return Some(Err(e));
            }
            text.push(b'\n');
        }
        (!text.is_empty()).then_some(Ok(Bytes::from(text)))
    });
    ([(header::CONTENT_TYPE, "application/x-ndjson")], Body::from_stream(futures_util::stream::iter(lines))).into_response()
}

/// Stamps a request whose headers and body have been read.
fn begin(shared: &Arc<Shared>, headers: &HeaderMap, route: &'static str) -> Ticket {
    let (received, wall_ns, n) = (shared.clock.now(), clock::wall_ns(), shared.next());
    let request_id = text(headers, "x-request-id").map(str::to_owned);
    let served = Served {
        n,
        id: request_id.clone().unwrap_or_default(),
        request_id: request_id.unwrap_or_else(|| format!("mock-{n}")),
        trace: TraceContext::of(text(headers, "traceparent")),
        route,
        model: String::new(),
        stream: false,
        asked: None,
        received,
        wall_ns,
        parsed: received,
        authorized: received,
        routed: received,
        headers: None,
        chunks: vec![],
        closed: received,
        tokens: 0,
        status: 0,
        ahead_from: None,
    };
    Ticket::new(served, shared.clone())
}

/// The stages between the body and the provider: there is no one to be turned away, but their time is measured.
async fn route(ticket: &mut Ticket, plan: &mut Plan) -> Result<(), Response> {
    let shared = ticket.shared().clone();
    ticket.served.id.clone_from(&plan.id);
    ticket.served.asked = plan.asked;
    if shared.settings.fault == Some(Misbehaviour::HiddenRetry) && ticket.served.n % 4 == 1 {
        ticket.until_due(ATTEMPT_NS).await;
        let first = Served { closed: shared.clock.now(), ..ticket.served.clone() };
        shared.emissions.push(first.emission());
        // From here on everybody's clock starts anew.
        (ticket.served.received, ticket.served.wall_ns) = (shared.clock.now(), clock::wall_ns());
    }
    let tracing = ticket.served.tracing_ns(shared.settings.fault);
    if tracing > 0 {
        ticket.until_due(tracing).await;
        plan.delay(tracing);
    }
    ticket.served.parsed = shared.clock.now();
    ticket.served.authorized = shared.clock.now();
    ticket.served.routed = shared.clock.now();
    if shared.fails(ticket.served.n) {
        let body = speech::error("this mock was told to fail a share of its requests", "server_error");
        return Err(answer(ticket, StatusCode::INTERNAL_SERVER_ERROR, body));
    }
    Ok(())
}

fn refuse(ticket: &mut Ticket, why: &str) -> Response {
    answer(ticket, StatusCode::BAD_REQUEST, speech::error(why, "invalid_request_error"))
}

fn answer(ticket: &mut Ticket, status: StatusCode, body: serde_json::Value) -> Response {
    let response = (status, [("x-request-id", ticket.served.request_id.clone())], Json(body)).into_response();
    ticket.finish(status.as_u16());
    response
}

/// The reason never repeats the body.
fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, String> {
    serde_json::from_slice(body).map_err(|e| format!("the body is not what this endpoint takes: line {} column {}", e.line(), e.column()))
}

fn directive(headers: &HeaderMap) -> Option<Directive> {
    Directive::find(text(headers, "x-rigcheck-directive")?)
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok().filter(|v| !v.is_empty() && v.len() <= 4096)
}
