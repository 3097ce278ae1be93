//! Whatever counted something during an act: by a page before and after, and by stored samples.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, clippy::float_cmp, reason = "helpers of tests")]

use super::metrics_world::{act, answer, claim, during, now, serve, slot, to};
use axum::{Router, extract::Query as Params, extract::Request, response::Response, routing::get};
use rigcheck::{
    model::{
        Gap, Query, Source,
        audit::Effort,
        evidence::Seen,
        key::{Payload, Risen},
        name,
        payload::Rises,
        source::{ActState, Timing},
        units::Ms,
    },
    sources::{prometheus::Prometheus, scrape::Scrape},
};
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};
use tokio::sync::watch;

fn risen() -> Risen {
    Risen { when: during().when }
}

fn rises(seen: &Seen) -> &Rises {
    match &seen.payload {
        Payload::Risen(rises) => rises,
        other => panic!("{other:?}"),
    }
}

/// A page on which three series count from its second reading on.
fn page(after: bool) -> String {
    let n = u64::from(after);
    format!(
        "# TYPE t_seconds histogram\nt_seconds_bucket{{route=\"/v2\",le=\"+Inf\"}} {a}\nt_seconds_sum{{route=\"/v2\"}} {s}\nt_seconds_count{{route=\"/v2\"}} {a}\n\
         t_seconds_bucket{{route=\"/chat\",le=\"+Inf\"}} 9\nt_seconds_sum{{route=\"/chat\"}} 1\nt_seconds_count{{route=\"/chat\"}} 9\n\
         # TYPE u summary\nu_sum{{{of}}} {s}\nu_count{{{of}}} {a}\n\
         # TYPE queue_count gauge\nqueue_count {many}\n# TYPE busy_seconds summary\nbusy_seconds_sum {many}\nbusy_seconds_count {many}\n",
        // Names and values of others: an address, a prompt and a key; a route and a tenant that are none.
        of = r#"user="jane@example.com",prompt="my illness",key="tok-9f8e7d6c5b4a",model="m-4.1:free",path="/of/jane@example.com",handler="my illness",tenant="tok-9f8e7d6c5b4a""#,
        a = 4 + n,
        s = 2.0 + 0.5 * n as f64,
        many = 10 + 7 * n
    )
}

#[tokio::test]
async fn a_page_tells_what_rose_nearest_to_ours_first_and_no_text_of_others() {
    let reads = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&reads);
    let handler = move || {
        let after = counted.fetch_add(1, Ordering::SeqCst) > 0;
        async move { answer(200, "text/plain; version=0.0.4", page(after)) }
    };
    let address = serve(Router::new().route("/metrics", get(handler))).await;
    let source =
        Scrape::new(name("scrape"), &to(format!("http://{address}/metrics")), Ms(50.0), vec![claim("scrape", "t_seconds", &[("tenant", "a")])])
            .unwrap();
    assert_eq!(source.timing(&risen().into()), Timing::Watch);
    let (state, rx) = watch::channel(ActState::Waiting);
    let mut slot = slot(20.0);
    slot.act = rx;
    let mut ready = slot.ready.subscribe();
    let load = async {
        ready.wait_for(|r| *r).await.unwrap();
        let from = now();
        state.send_replace(ActState::Done(act(1, from, now(), false)));
    };
    let query: Query = risen().into();
    let (seen, ()) = tokio::join!(source.ask(&query, Effort::default(), &slot), load);
    let seen = seen.unwrap();
    let got = rises(&seen);
    let told: Vec<_> = got.series.iter().map(|r| (r.metric.as_str(), r.count, r.sum)).collect();
    assert_eq!(told, [("t_seconds", 1.0, Some(0.5)), ("u", 1.0, Some(0.5)), ("busy_seconds", 7.0, Some(7.0))]);
    assert_eq!((got.series[0].labels["route"].as_str(), got.series[0].labels["instance"].as_str()), ("/v2", address.to_string().as_str()));
    assert_eq!(got.series[1].labels.keys().collect::<Vec<_>>(), ["instance", "model"]);
    assert_eq!((got.left_out, got.watched, seen.partial), (0, 4, None));
}

type Asked = Arc<Mutex<Vec<(String, String)>>>;

/// A server that stores a scrape a second, in which `series` counts and sums are.
async fn server(there: &'static str, samples: impl Fn(f64) -> Vec<Value> + Clone + Send + Sync + 'static) -> (Prometheus, Asked) {
    let asked = Asked::default();
    let seen = Arc::clone(&asked);
    let router = Router::new().fallback(move |params: Params<HashMap<String, String>>, request: Request| {
        let path = request.uri().path().trim_start_matches("/api/v1/").to_owned();
        let query = params.get("query").or(params.get("match[]")).cloned().unwrap_or_default();
        seen.lock().unwrap().push((path.clone(), query.clone()));
        let response = said(&path, &query, there, &samples);
        async move { response }
    });
    let url = format!("http://{}", serve(router).await);
    (Prometheus::new(name("prometheus"), &to(url), vec![claim("prometheus", "t_seconds", &[("route", "/chat")])]).unwrap(), asked)
}

fn said(path: &str, query: &str, there: &str, samples: &dyn Fn(f64) -> Vec<Value>) -> Response {
    let ok = |data: Value| answer(200, "application/json", json!({"status": "success", "data": data}).to_string());
    let target =
        json!({"labels": {"job": "gateway", "instance": "a"}, "scrapePool": "gateway", "health": "up", "lastError": "", "scrapeInterval": "1s"});
    match (path, query) {
        ("query", "time()") => ok(json!({"resultType": "scalar", "result": [now().seconds(), "0"]})),
        ("query", q) if q.starts_with("scalar(count(") => ok(json!({"resultType": "scalar", "result": [now().seconds(), there]})),
        ("query", _) => ok(json!({"resultType": "matrix", "result": samples(now().seconds())})),
        ("targets", _) => ok(json!({"activeTargets": [target]})),
        ("label/job/values", _) => ok(json!(["gateway"])),
        _ => answer(404, "text/plain", "404"),
    }
}

fn stored(at: f64, metric: &str, route: &str, part: &str, grew: f64) -> Value {
    let labels = json!({"__name__": format!("{metric}_{part}"), "job": "gateway", "instance": "a", "route": route});
    let values: Vec<Value> = (-6..=0).map(|n| json!([at + f64::from(n), if n >= -3 { format!("{}", 5.0 + grew) } else { "5".to_owned() }])).collect();
    json!({"metric": labels, "values": values})
}

#[tokio::test]
async fn stored_samples_tell_what_rose_in_the_jobs_of_the_claims() {
    let began = now();
    let samples = |at: f64| {
        let mut all = vec![];
        for (metric, route, count, sum) in [("t_seconds", "/v2", 1.0, 0.25), ("t_seconds", "/chat", 0.0, 0.0), ("http_seconds", "/v2", 3.0, 1.0)] {
            all.push(stored(at, metric, route, "count", count));
            all.push(stored(at, metric, route, "sum", sum));
        }
        // A count without a sum is no histogram.
        all.push(stored(at, "items", "/v2", "count", 1.0));
        all
    };
    let (source, asked) = server("7", samples).await;
    let slot = slot(30.0).after(act(1, began.plus_us(-4_000_000), began.plus_us(-3_500_000), false));
    let seen = source.ask(&risen().into(), Effort::default(), &slot).await.unwrap();
    let got = rises(&seen);
    let told: Vec<_> = got.series.iter().map(|r| (r.metric.as_str(), r.labels["route"].as_str(), r.count, r.sum)).collect();
    assert_eq!(told, [("t_seconds", "/v2", 1.0, Some(0.25)), ("http_seconds", "/v2", 3.0, Some(1.0))]);
    assert_eq!((got.watched, seen.partial), (3, None));
    let asked = asked.lock().unwrap();
    let job = asked.iter().find(|(path, _)| path == "label/job/values").unwrap();
    assert_eq!(job.1, r#"{__name__=~"(t_seconds)(_bucket|_sum|_count)"}"#);
    let read = asked.iter().filter(|(path, q)| path == "query" && q.contains("_(count|sum)") && !q.contains("scalar")).count();
    let bounded = asked.iter().filter(|(_, q)| q.starts_with(r#"{__name__=~".+_(count|sum)",job=~"gateway"}["#)).count();
    assert!(read > 0 && read == bounded, "{asked:?}");
}

#[tokio::test]
async fn strangers_whose_counts_never_rest_are_not_waited_for() {
    let labels = |part: &str| json!({"__name__": format!("t_seconds_{part}"), "job": "gateway", "instance": "a", "route": "/chat"});
    let rising = move |at: f64, part: &str| {
        let values: Vec<Value> = (-20..=0).map(|n| json!([at + f64::from(n), format!("{}", 30 + n)])).collect();
        json!({"metric": labels(part), "values": values})
    };
    let (source, asked) = server("2", move |at| vec![rising(at, "count"), rising(at, "sum")]).await;
    let slot = slot(30.0).after(act(1, now().plus_us(-6_500_000), now().plus_us(-6_000_000), false));
    let seen = source.ask(&risen().into(), Effort::default(), &slot).await.unwrap();
    assert!(seen.partial.is_none() && rises(&seen).series.len() == 1, "{seen:?}");
    let reads = asked.lock().unwrap().iter().filter(|(_, q)| q.contains("ms]")).count();
    assert_eq!(reads, 1, "the request was over 6 s before");
}

#[tokio::test]
async fn too_many_counts_are_not_read() {
    let (source, asked) = server("250000", |_| vec![]).await;
    let slot = slot(20.0).after(act(1, now().plus_us(-2_000_000), now().plus_us(-1_000_000), false));
    let gap = source.ask(&risen().into(), Effort::default(), &slot).await.unwrap_err();
    assert!(matches!(&gap, Gap::Truncated(text) if text.contains("250000 counts and sums of job `gateway`")), "{gap}");
    assert!(asked.lock().unwrap().iter().all(|(_, q)| !q.contains("ms]")), "no samples were asked for");
}
