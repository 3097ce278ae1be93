//! The example gateway: one request leaves one log line, one observation and one trace, and each variant is what it says.

#![allow(clippy::disallowed_methods, reason = "the provider runs beside the test")]
use crate::stack::{Stack, or_skip};
use axum::{Json, Router, response::IntoResponse, routing::post};
use serde_json::{Value, json};
use std::time::Duration;

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const CHUNKS: usize = 5;

/// A provider on loopback that streams a role, some content and the end.
async fn provider() -> String {
    async fn chat(Json(body): Json<Value>) -> axum::response::Response {
        if body["stream"] != true {
            return Json(json!({"choices": [{"message": {"role": "assistant", "content": "hi"}}]})).into_response();
        }
        let mut events = vec![json!({"choices": [{"delta": {"role": "assistant"}}]}).to_string()];
        events.extend((0..CHUNKS).map(|n| json!({"choices": [{"delta": {"content": format!("t{n} ")}}]}).to_string()));
        events.push("[DONE]".into());
        let events = futures_util::stream::unfold(events.into_iter(), |mut rest| async move {
            let event = rest.next()?;
            tokio::time::sleep(Duration::from_millis(20)).await;
            Some((Ok::<_, std::io::Error>(format!("data: {event}\n\n")), rest))
        });
        ([("content-type", "text/event-stream")], axum::body::Body::from_stream(events)).into_response()
    }
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let app = Router::new().route("/v1/chat/completions", post(chat));
    tokio::task::spawn(async move { axum::serve(listener, app).await });
    url
}

/// One streamed request through the gateway, read to its end.
async fn ask(gateway: &str) -> String {
    let answer = reqwest::Client::new()
        .post(format!("{gateway}/api/v1/chat/completions"))
        .header("x-request-id", "request-1")
        .header("traceparent", format!("00-{TRACE}-b7ad6b7169203331-01"))
        .json(&json!({"model": "m", "stream": true, "messages": [{"role": "user", "content": "hello"}]}))
        .send()
        .await
        .expect("an answer");
    assert_eq!(answer.status(), 200);
    answer.text().await.expect("a stream")
}

/// Sum of the samples that begin like this.
fn total(page: &str, start: &str) -> f64 {
    page.lines().filter(|l| l.starts_with(start)).filter_map(|l| l.rsplit(' ').next()?.parse::<f64>().ok()).sum()
}

/// The trace's spans in OTLP form, once the batch exporter has delivered the server span.
async fn spans(jaeger: &str) -> Vec<Value> {
    for _ in 0..150 {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let answer = reqwest::get(format!("{jaeger}/api/v3/traces/{TRACE}")).await.expect("an answer");
        let body: Value = answer.json().await.expect("JSON");
        let found: Vec<Value> = body["result"]["resourceSpans"]
            .as_array()
            .into_iter()
            .flatten()
            .flat_map(|r| r["scopeSpans"].as_array().cloned().unwrap_or_default())
            .flat_map(|s| s["spans"].as_array().cloned().unwrap_or_default())
            .collect();
        if found.iter().any(|span| span["kind"] == 2) {
            return found;
        }
    }
    panic!("no server span arrived in 15 s");
}

/// What one request left behind.
struct Left {
    line: Value,
    page: String,
    spans: Vec<Value>,
}

async fn one_request(test: &str, variant: &str, fault: Option<&str>) -> Option<Left> {
    let provider = provider().await;
    let mut args = vec!["jaeger", "gateway", "--mock", &provider, "--variant", variant];
    args.extend(fault.into_iter().flat_map(|fault| ["--fault", fault]));
    let stack = or_skip(test, Stack::up(&args))?;
    let answer = ask(stack.url("gateway")).await;
    assert_eq!(answer.matches("data: ").count(), CHUNKS + 2, "{answer}");

    let spans = spans(stack.url("jaeger")).await;
    let page = reqwest::get(stack.part("gateway").metrics_url()).await.expect("an answer").text().await.expect("text");
    let log = tokio::fs::read_to_string(&stack.part("gateway").files["access_log"]).await.expect("a log");
    assert_eq!(log.lines().count(), 1, "{log}");
    let line: Value = serde_json::from_str(&log).expect("JSON");
    assert_eq!((&line["request_id"], &line["trace_id"], &line["status"]), (&json!("request-1"), &json!(TRACE), &json!(200)));
    Some(Left { line, page, spans })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_common_variant_has_the_usual_telemetry() {
    let Some(left) = one_request("the_common_variant_has_the_usual_telemetry", "common", None).await else { return };
    let ms = left.line["duration_ms"].as_f64().expect("a number");
    assert!(ms > left.line["ttft_ms"].as_f64().expect("a number"), "{}", left.line);
    for histogram in ["gateway_request_duration_seconds", "gateway_ttft_seconds"] {
        assert!((total(&left.page, &format!("{histogram}_count")) - 1.0).abs() < 1e-9, "{}", left.page);
    }
    assert!((total(&left.page, "gateway_request_duration_seconds_sum") * 1000.0 - ms).abs() < 0.01, "{}", left.page);
    assert_eq!(left.page.lines().filter(|l| l.starts_with("gateway_ttft_seconds_bucket")).count(), 15);
    let sent = left.spans.iter().filter(|s| s["name"].as_str().unwrap_or_default().ends_with("http send")).count();
    assert!(sent > CHUNKS, "a span per message is the instrumentation's default, {sent} seen");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_repaired_variant_resolves_quantiles_and_marks_the_first_chunk() {
    let name = "the_repaired_variant_resolves_quantiles_and_marks_the_first_chunk";
    let Some(left) = one_request(name, "repaired", None).await else { return };
    let edges: Vec<f64> = left
        .page
        .lines()
        .filter(|l| l.starts_with("gateway_ttft_seconds_bucket"))
        .filter_map(|l| l.split("le=\"").nth(1)?.split('"').next()?.parse().ok())
        .filter(|e: &f64| e.is_finite())
        .collect();
    assert!(edges[0] <= 0.001 && edges[edges.len() - 1] >= 60.0, "{edges:?}");
    assert!(edges.windows(2).all(|w| w[1] / w[0] < 1.1), "{edges:?}");

    assert!(left.spans.iter().all(|s| !s["name"].as_str().unwrap_or_default().contains("http ")), "{:?}", left.spans);
    let server = left.spans.iter().find(|s| s["kind"] == 2).expect("a server span");
    let first = server["attributes"].as_array().expect("attributes").iter().find(|a| a["key"] == "gen_ai.response.time_to_first_chunk");
    let seconds = first.expect("the attribute")["value"]["doubleValue"].as_f64().expect("a number");
    assert!((seconds * 1000.0 - left.line["ttft_ms"].as_f64().expect("a number")).abs() < 0.01, "{seconds} s, {}", left.line);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_seeded_fault_changes_what_it_names_and_nothing_else() {
    let name = "a_seeded_fault_changes_what_it_names_and_nothing_else";
    let Some(left) = one_request(name, "repaired", Some("log-offset")).await else { return };
    let logged = left.line["duration_ms"].as_f64().expect("a number");
    let observed = total(&left.page, "gateway_request_duration_seconds_sum") * 1000.0;
    assert!((logged - observed - 200.0).abs() < 0.01, "log {logged} ms, histogram {observed} ms");
}
