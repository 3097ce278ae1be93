//! Traces that no program means: circles, spans that are their own parents, one id many times, chains without end, and
//! documents that are small on the wire and huge in memory.

use crate::sources::{
    metrics_world::answer,
    traced_act::{QUICK, ask, connection, our_span, sent, serve, slot, spans, trace},
};
use axum::Router;
use rigcheck::{
    model::{Gap, Seen, key, key::Question as _, name},
    sources::{
        internals::{spans_of_json, spans_of_protobuf},
        jaeger::Jaeger,
    },
};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// A span of our first trace.
fn span(id: u64, parent: u64, start_ns: i128) -> Value {
    let (id, parent) = (format!("{id:016x}"), format!("{parent:016x}"));
    json!({"traceId": trace(0), "spanId": id, "parentSpanId": parent, "name": "POST /v1/chat", "kind": 2,
        "startTimeUnixNano": start_ns.to_string(), "endTimeUnixNano": (start_ns + 1_000_000).to_string()})
}

fn document(spans: &[Value]) -> String {
    json!({"result": {"resourceSpans": [{"resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "gateway"}}]},
        "scopeSpans": [{"spans": spans}]}]}})
    .to_string()
}

async fn jaeger_with(body: String) -> Result<Seen, Gap> {
    let body = bytes::Bytes::from(body);
    let url = serve(Router::new().fallback(move || std::future::ready(answer(200, "application/json", body.clone())))).await;
    let jaeger = Jaeger::new(name("jaeger"), &connection(&url), "gateway".into()).unwrap().with_pace(QUICK);
    ask(&jaeger, &spans(), &slot(1, Duration::from_mins(1))).await
}

#[tokio::test]
async fn circles_and_doubles_are_taken_once_and_never_followed_round() {
    let at = i128::from(sent(0)) * 1_000;
    let ours = our_span(&trace(0));
    for (what, list, there) in [
        ("its own parent", vec![span(7, 7, at)], 1),
        ("a circle of two", vec![span(7, 8, at), span(8, 7, at)], 2),
        ("one span a thousand times", vec![span(7, ours, at); 1_000], 1),
        ("one id at several times", (0..10).map(|i| span(7, ours, at + i)).collect(), 10),
        ("a parent that never comes", vec![span(7, 9, at)], 1),
    ] {
        let began = Instant::now();
        let seen = jaeger_with(document(&list)).await.unwrap_or_else(|gap| panic!("{what}: {gap}"));
        let found = key::Spans::pick(&seen.payload).unwrap();
        assert_eq!((found.traces, found.spans.iter().count()), (1, there), "{what}");
        assert!(began.elapsed() < Duration::from_secs(50), "{what}");
    }
}

#[tokio::test]
async fn times_that_are_none_are_no_times() {
    for time in ["\"-1\"", "-1", "1.5", "1e30", "\"NaN\"", "\"99999999999999999999999\"", "[]", "{}"] {
        let body = document(&[span(7, 0, 1)]).replace("\"startTimeUnixNano\":\"1\"", &format!("\"startTimeUnixNano\":{time}"));
        assert!(body.contains(&format!(":{time}")), "{body}");
        assert!(spans_of_json(body.as_bytes()).is_err(), "{time}");
        assert!(matches!(jaeger_with(body).await, Err(Gap::Malformed(_))), "{time}");
    }
}

/// Spans of which each is the parent of the next, in one trace of ours. Judging a longer one is tested where it is judged.
#[tokio::test]
async fn a_chain_without_end_is_read_in_time() {
    const LONG: u64 = 10_000;
    let at = i128::from(sent(0)) * 1_000;
    let ours = our_span(&trace(0));
    let chain: Vec<Value> = (0..LONG).map(|i| span(i + 1, if i == 0 { ours } else { i }, at + i128::from(i))).collect();
    let seen = jaeger_with(document(&chain)).await.unwrap();
    let found = key::Spans::pick(&seen.payload).unwrap();
    let rows: Vec<_> = found.spans.iter().collect();
    assert_eq!((found.traces, rows.len() as u64), (1, LONG));
}

/// Empty elements cost three bytes of JSON and two of protobuf, and some 300 bytes as a struct each.
#[test]
fn empty_elements_are_counted_not_kept() {
    let many = "{},".repeat(1_000_000) + "{}";
    let wrap = |what: &str| format!("{{\"resourceSpans\":[{}]}}", what.replace('@', &many));
    for (what, bad) in
        [("@", 0), ("{\"scopeSpans\":[@]}", 0), ("{\"scopeSpans\":[{\"spans\":[@]}]}", 1_000_001), ("{\"resource\":{\"attributes\":[@]}}", 0)]
    {
        assert_eq!(spans_of_json(wrap(what).as_bytes()), Ok((vec![], bad)), "{what}");
    }
    let message = |number: u8, inner: &[u8]| {
        let mut out = vec![number << 3 | 2];
        let mut len = inner.len();
        while len > 0x7f {
            out.push(len as u8 | 0x80);
            len >>= 7;
        }
        out.push(len as u8);
        out.extend(inner);
        out
    };
    let spans = message(2, b"").repeat(1_000_000);
    assert_eq!(spans_of_protobuf(&message(1, &message(2, &spans))), Ok((vec![], 1_000_000)));
    assert_eq!(spans_of_protobuf(&message(1, b"").repeat(1_000_000)), Ok((vec![], 0)));
}

#[test]
fn more_spans_than_are_taken_from_one_document_are_refused_as_too_many() {
    let list: String = (1..=200_001).map(|i| format!("{{\"traceId\":\"1\",\"spanId\":\"{i:x}\"}},")).collect();
    let body = format!("{{\"resourceSpans\":[{{\"scopeSpans\":[{{\"spans\":[{}]}}]}}]}}", list.trim_end_matches(','));
    assert_eq!(spans_of_json(body.as_bytes()), Err("TooMany".into()));
    let fewer = body.replacen("{\"traceId\":\"1\",\"spanId\":\"1\"},", "", 1);
    assert_eq!(spans_of_json(fewer.as_bytes()).map(|(rows, bad)| (rows.len(), bad)), Ok((200_000, 0)));
}
