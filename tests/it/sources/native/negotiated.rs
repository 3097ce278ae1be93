//! Which form of a page is asked for, and read.
#![allow(clippy::disallowed_methods, reason = "helpers of tests")]

use super::{last, part, series};
use crate::sources::metrics_world::{act, answer, claim, during, now, serve, slot, to};
use axum::{Router, http::HeaderMap, response::Response, routing::get};
use prost::Message;
use rigcheck::{
    model::{Gap, Source, audit::Effort, evidence::Seen, name, payload::Part, source::ActState, units::Ms},
    sources::scrape::Scrape,
};
use std::sync::{Arc, Mutex};
use tokio::sync::watch;

const PROTOBUF: &str = "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited";

/// As lines, such a histogram has no bucket but the last.
const LINES: &str = "# TYPE t_seconds histogram\nt_seconds_bucket{route=\"/chat\",le=\"+Inf\"} 3\nt_seconds_sum{route=\"/chat\"} 4\nt_seconds_count{route=\"/chat\"} 3\n";

#[derive(Clone, PartialEq, Message)]
struct Family {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(int32, tag = "3")]
    kind: i32,
    #[prost(message, repeated, tag = "4")]
    metrics: Vec<Metric>,
    /// None that the format has.
    #[prost(string, tag = "99")]
    later: String,
}

#[derive(Clone, PartialEq, Message)]
struct Metric {
    #[prost(message, repeated, tag = "1")]
    labels: Vec<Pair>,
    #[prost(message, optional, tag = "7")]
    histogram: Option<Histogram>,
}

#[derive(Clone, PartialEq, Message)]
struct Pair {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "2")]
    value: String,
}

#[derive(Clone, PartialEq, Message)]
struct Histogram {
    #[prost(uint64, tag = "1")]
    count: u64,
    #[prost(double, tag = "4")]
    count_float: f64,
    #[prost(double, tag = "2")]
    sum: f64,
    #[prost(message, repeated, tag = "3")]
    classic: Vec<Bucket>,
    #[prost(sint32, tag = "5")]
    schema: i32,
    #[prost(double, tag = "6")]
    threshold: f64,
    #[prost(uint64, tag = "7")]
    zero: u64,
    #[prost(message, repeated, tag = "9")]
    below: Vec<Reach>,
    #[prost(sint64, repeated, tag = "10")]
    below_deltas: Vec<i64>,
    #[prost(message, repeated, tag = "12")]
    reaches: Vec<Reach>,
    /// Packed, unlike the mock's.
    #[prost(sint64, repeated, tag = "13")]
    deltas: Vec<i64>,
    #[prost(double, repeated, tag = "14")]
    counts: Vec<f64>,
}

#[derive(Clone, PartialEq, Message)]
struct Bucket {
    #[prost(uint64, tag = "1")]
    count: u64,
    #[prost(double, tag = "2")]
    edge: f64,
}

#[derive(Clone, PartialEq, Message)]
struct Reach {
    #[prost(sint32, tag = "1")]
    offset: i32,
    #[prost(uint32, tag = "2")]
    length: u32,
}

/// One of the zero bucket, one in (1, 2], one in (4, 8].
fn three() -> Histogram {
    let reaches = vec![Reach { offset: 1, length: 1 }, Reach { offset: 1, length: 1 }];
    Histogram { count: 3, sum: 4.0, threshold: 1e-9, zero: 1, reaches, deltas: vec![1, 0], ..Histogram::default() }
}

fn page(histogram: Histogram, kind: i32) -> Vec<u8> {
    let other = Family { name: "other_total".into(), ..Family::default() };
    let labels = vec![Pair { name: "route".into(), value: "/chat".into() }];
    let later = "of a later version".to_owned();
    let ours = Family { name: "t_seconds".into(), kind, metrics: vec![Metric { labels, histogram: Some(histogram) }], later };
    [other.encode_length_delimited_to_vec(), ours.encode_length_delimited_to_vec()].concat()
}

/// Watches an act that is over at once; what was asked for, and the answer.
async fn watched(of: impl Fn(&str) -> Response + Clone + Send + Sync + 'static) -> (Vec<String>, Result<Seen, Gap>) {
    let asked = Arc::new(Mutex::new(vec![]));
    let seen = Arc::clone(&asked);
    let handler = move |headers: HeaderMap| {
        let accept = headers["accept"].to_str().unwrap().to_owned();
        let response = of(&accept);
        seen.lock().unwrap().push(accept);
        async move { response }
    };
    let url = format!("http://{}/metrics", serve(Router::new().route("/metrics", get(handler))).await);
    let source = Scrape::new(name("scrape"), &to(url), Ms(50.0), vec![claim("scrape", "t_seconds", &[("route", "/chat")])]).unwrap();
    let (state, rx) = watch::channel(ActState::Waiting);
    let mut slot = slot(20.0);
    slot.act = rx;
    let mut ready = slot.ready.subscribe();
    let load = async {
        if ready.wait_for(|r| *r).await.is_ok() {
            let from = now();
            state.send_replace(ActState::Running(from));
            state.send_replace(ActState::Done(act(0, from, now(), false)));
        }
    };
    let query = during().into();
    // A page that cannot be read ends the watch before the act.
    let got = tokio::select! {
        got = source.ask(&query, Effort::default(), &slot) => got,
        () = async { load.await; std::future::pending().await } => unreachable!("the load has no end"),
    };
    let asked = asked.lock().unwrap().clone();
    (asked, got)
}

fn either(accept: &str, histogram: Histogram, kind: i32) -> Response {
    if accept.starts_with("application/vnd.google.protobuf") {
        answer(200, PROTOBUF, page(histogram, kind))
    } else {
        answer(200, "text/plain; version=0.0.4", LINES)
    }
}

#[tokio::test]
async fn protobuf_is_asked_for_where_lines_cannot_hold_the_histogram() {
    let (asked, seen) = watched(|accept| either(accept, three(), 4)).await;
    let seen = seen.unwrap();
    let got = series(&seen);
    assert_eq!((seen.partial.as_ref(), got.schema, got.declared_type.as_deref()), (None, Some(0), Some("histogram")));
    assert_eq!(last(got), [(1e-9, 1.0), (1.0, 1.0), (2.0, 2.0), (4.0, 2.0), (8.0, 3.0)]);
    assert_eq!((part(got, Part::Count), part(got, Part::Sum), part(got, Part::Bucket(f64::INFINITY))), (3.0, 4.0, 3.0));
    assert!(seen.notes.iter().any(|n| n.contains("schema 0")), "{:?}", seen.notes);
    assert!(
        asked[0].starts_with("application/openmetrics-text") && asked.iter().filter(|a| a.starts_with("application/openmetrics")).count() == 1,
        "{asked:?}"
    );

    // Float counts say the same.
    let float = Histogram { count: 0, count_float: 3.0, deltas: vec![], counts: vec![1.0, 1.0], ..three() };
    let (_, seen) = watched(move |accept| either(accept, float.clone(), 4)).await;
    assert_eq!(last(series(&seen.unwrap())), last(got));
    // A page in that form may hold a classic one.
    let classic = Histogram { count: 3, sum: 4.0, classic: vec![Bucket { count: 2, edge: 2.0 }], ..Histogram::default() };
    let (_, seen) = watched(move |accept| either(accept, classic.clone(), 4)).await;
    let seen = seen.unwrap();
    assert_eq!((last(series(&seen)), series(&seen).schema), (vec![(2.0, 2.0)], None));
}

#[tokio::test]
async fn lines_are_read_where_there_is_no_other_form() {
    type Answers = fn(&str) -> Response;
    let same: Answers = |_| answer(200, "text/plain; version=0.0.4", LINES);
    let refuses: Answers = |accept| {
        let protobuf = accept.starts_with("application/vnd.google.protobuf");
        if protobuf { answer(406, "text/plain", "") } else { answer(200, "text/plain; version=0.0.4", LINES) }
    };
    for of in [same, refuses] {
        let (asked, seen) = watched(of).await;
        let seen = seen.unwrap();
        assert_eq!((seen.partial.as_ref(), series(&seen).schema, part(series(&seen), Part::Count)), (None, None, 3.0));
        assert_eq!(asked.iter().filter(|a| a.starts_with("application/vnd")).count(), 1, "asked once: {asked:?}");
    }
    // Classic buckets are lines: nothing else is asked for.
    let lines = LINES.replace("t_seconds_sum", "t_seconds_bucket{route=\"/chat\",le=\"1\"} 2\nt_seconds_sum");
    let (asked, _) = watched(move |_| answer(200, "text/plain; version=0.0.4", lines.clone())).await;
    assert!(asked.iter().all(|a| a.starts_with("application/openmetrics-text")), "{asked:?}");
}

#[tokio::test]
async fn what_is_wrong_on_a_page_in_protobuf_is_said() {
    let cut = |accept: &str| {
        let mut page = page(three(), 4);
        page.truncate(page.len() - 3);
        if accept.starts_with("application/vnd") { answer(200, PROTOBUF, page) } else { either(accept, three(), 4) }
    };
    let cases: Vec<(&str, Box<dyn Fn(&str) -> Response + Send + Sync>)> = vec![
        ("the page is cut", Box::new(cut)),
        ("gauge histogram", Box::new(|accept| either(accept, three(), 5))),
        ("schema", Box::new(|accept| either(accept, Histogram { schema: 9, ..three() }, 4))),
        ("disagree", Box::new(|accept| either(accept, Histogram { deltas: vec![1, 0, 0], ..three() }, 4))),
        ("disagree", Box::new(|accept| either(accept, Histogram { deltas: vec![1], ..three() }, 4))),
        (
            "below zero",
            Box::new(|accept| either(accept, Histogram { below: vec![Reach { offset: 1, length: 1 }], below_deltas: vec![2], ..three() }, 4)),
        ),
        ("no number", Box::new(|accept| either(accept, Histogram { sum: f64::NAN, ..three() }, 4))),
        ("-1 observations", Box::new(|accept| either(accept, Histogram { deltas: vec![1, -2], ..three() }, 4))),
    ];
    for (why, of) in cases {
        let of = Arc::new(of);
        let (_, seen) = watched(move |accept| of(accept)).await;
        let partial = seen.unwrap().partial;
        assert!(partial.as_ref().is_some_and(|gap| gap.to_string().contains(why)), "{why}: {partial:?}");
    }
}

#[tokio::test]
async fn a_page_in_the_draft_of_openmetrics_2_is_asked_for_as_text() {
    let draft = "application/openmetrics-text; version=2.0.0; charset=utf-8";
    let composite = "# TYPE t_seconds histogram\nt_seconds{route=\"/chat\"} {count:3,sum:4,bucket:[1:2,+Inf:3]}\n# EOF\n";
    let lines = LINES.replace("t_seconds_sum", "t_seconds_bucket{route=\"/chat\",le=\"1\"} 2\nt_seconds_sum");
    let (asked, seen) =
        watched(
            move |accept| {
                if accept.contains("openmetrics") { answer(200, draft, composite) } else { answer(200, "text/plain; version=0.0.4", lines.clone()) }
            },
        )
        .await;
    let seen = seen.unwrap();
    assert_eq!((seen.partial.as_ref(), last(series(&seen))), (None, vec![(1.0, 2.0)]));
    assert!(seen.notes.iter().any(|n| n.contains("OpenMetrics 2")), "{:?}", seen.notes);
    assert_eq!(asked.iter().filter(|a| a.contains("openmetrics")).count(), 1, "{asked:?}");

    let (_, seen) = watched(move |_| answer(200, draft, composite)).await;
    let gap = seen.unwrap_err();
    assert!(gap.to_string().contains("OpenMetrics 2 only") && gap.word() == "malformed", "{gap}");
}
