//! The rules of a server.

use super::super::{
    metrics_world::{answer, slot, to},
    prometheus::{ok, server},
};
use axum::response::Response;
use rigcheck::{
    model::{
        Gap, Source,
        audit::Effort,
        evidence::Seen,
        key::{Payload, Queries},
        name,
        payload::StoredQueries,
    },
    sources::prometheus::Prometheus,
};
use serde_json::{Value, json};
use std::collections::HashMap;

async fn ask(of: impl Fn(&str, &HashMap<String, String>) -> Response + Clone + Send + Sync + 'static) -> (Result<Seen, Gap>, f64) {
    let (url, _) = server(of).await;
    let source = Prometheus::new(name("prometheus"), &to(url), vec![]).unwrap();
    let answer = source.ask(&Queries {}.into(), Effort::default(), &slot(10.0)).await;
    (answer, source.waits().0)
}

fn stored(seen: &Seen) -> &StoredQueries {
    match &seen.payload {
        Payload::Queries(stored) => stored,
        other => panic!("{other:?}"),
    }
}

fn group(n: u32) -> Value {
    json!({"name": format!("g{n}"), "file": "/etc/rules.yml", "interval": 30, "limit": 0, "rules": [
        {"name": "gateway:cpu", "query": "rate(container_cpu_usage_seconds_total[1m])", "health": "ok", "type": "recording", "labels": {}},
        {"state": "inactive", "name": "Hot", "query": "gateway:cpu > 2", "duration": 60, "type": "alerting", "alerts": []}]})
}

#[tokio::test]
async fn recording_and_alerting_rules_are_read_page_by_page() {
    let (seen, waits) = ask(|path, params| match (path, params.get("group_next_token").map(String::as_str)) {
        ("rules", None) => ok(&json!({"groups": [group(1)], "groupNextToken": "t1"})),
        ("rules", Some("t1")) => ok(&json!({"groups": [group(2)]})),
        ("targets", _) => ok(&json!({"activeTargets": [{"labels": {}, "scrapeInterval": "15s"}, {"labels": {}, "scrapeInterval": "10m"}]})),
        _ => answer(404, "text/plain", "404"),
    })
    .await;
    let seen = seen.unwrap();
    let got = stored(&seen);
    assert_eq!((got.queries.len(), got.interval_ms, seen.partial.as_ref(), waits), (4, Some(15e3), None, 15e3));
    let first = &got.queries[0];
    assert_eq!((first.place.as_str(), first.every_ms), ("rule gateway:cpu", Some(30_000)));
    assert_eq!((got.queries[1].place.as_str(), got.queries[1].expr.as_str()), ("alert Hot", "gateway:cpu > 2"));
}

#[tokio::test]
async fn a_server_without_rules_has_an_empty_answer_and_one_that_evaluates_none_has_no_answer() {
    let with = |knows_types: bool| {
        move |path: &str, params: &HashMap<String, String>| match path {
            "rules" if knows_types && params.contains_key("type") => {
                answer(400, "application/json", r#"{"status": "error", "errorType": "bad_data", "error": "not supported value"}"#)
            }
            "rules" => ok(&json!({"groups": []})),
            "status/config" => ok(&json!({"yaml": "global:\n  scrape_interval: 20s\n"})),
            _ => answer(404, "text/plain", "404"),
        }
    };
    let (seen, _) = ask(with(true)).await;
    let seen = seen.unwrap();
    assert_eq!((stored(&seen).queries.len(), stored(&seen).interval_ms), (0, Some(20e3)));
    let (gap, _) = ask(with(false)).await;
    assert!(matches!(&gap, Err(Gap::NotConfigured(why)) if why.contains("vmalert")), "{gap:?}");
}

#[tokio::test]
async fn what_is_no_list_of_rules_is_a_gap_and_pages_without_end_are_left() {
    for (status, body) in [(404, "404 page not found"), (200, "{\"status\": \"success\", \"data\": {\"groups\": [{"), (200, "<html>")] {
        let (gap, _) = ask(move |_, _| answer(status, "application/json", body)).await;
        assert!(matches!(gap, Err(Gap::Malformed(_))), "{body}: {gap:?}");
    }
    let endless = std::sync::Arc::new(std::sync::atomic::AtomicU32::new(0));
    let (seen, _) = ask(move |path, _| match path {
        "rules" => {
            let n = endless.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            ok(&json!({"groups": [group(n)], "groupNextToken": n.to_string()}))
        }
        _ => answer(404, "text/plain", "404"),
    })
    .await;
    let seen = seen.unwrap();
    assert!(matches!(seen.partial, Some(Gap::Truncated(_))) && stored(&seen).queries.len() == 200, "{}", stored(&seen).queries.len());
}
