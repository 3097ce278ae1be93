//! As Prometheus answers them: `histograms` beside `values`.
#![allow(clippy::disallowed_methods, reason = "helpers of tests")]

use super::{last, part, series};
use crate::sources::metrics_world::{act, answer, claim, during, now, serve, slot, to};
use axum::{Router, extract::Query as Params, extract::Request, response::Response};
use rigcheck::{
    model::{
        Gap, Source,
        audit::Effort,
        evidence::Seen,
        name,
        payload::{HistogramSeries, Part},
        units::Wall,
    },
    sources::prometheus::Prometheus,
};
use serde_json::{Value, json};
use std::collections::HashMap;

/// A histogram at a time: count, sum, buckets (lower, upper, count).
fn at(t: f64, count: &str, sum: &str, buckets: &[(&str, &str, &str)]) -> Value {
    let buckets: Vec<_> = buckets.iter().map(|(lower, upper, n)| json!([0, lower, upper, n])).collect();
    json!([t, {"count": count, "sum": sum, "buckets": buckets}])
}

fn labelled(name: &str, instance: &str, le: Option<&str>) -> Value {
    let mut labels = json!({"__name__": name, "job": "gateway", "instance": instance, "route": "/chat"});
    if let Some(le) = le {
        labels["le"] = le.into();
    }
    labels
}

fn native(instance: &str, histograms: &[Value]) -> Value {
    json!({"metric": labelled("t_seconds", instance, None), "histograms": histograms})
}

fn classic(ending: &str, le: Option<&str>, values: &[(f64, &str)]) -> Value {
    json!({"metric": labelled(&format!("t_seconds{ending}"), "a", le), "values": values})
}

/// An act of 20 s that ended 8 s ago at a server that stores these series.
async fn asked(of: impl Fn(f64) -> Vec<Value>, kind: &'static str) -> Result<Seen, Gap> {
    let end = (now().seconds() - 8.0).floor();
    let stored = json!({"resultType": "matrix", "result": of(end)});
    let router = Router::new().fallback(move |Params(params): Params<HashMap<String, String>>, request: Request| {
        let ok = |data: &Value| answer(200, "application/json", json!({"status": "success", "data": data}).to_string());
        let response: Response = match (request.uri().path(), params.get("query").map_or("", String::as_str)) {
            ("/api/v1/query", "time()") => ok(&json!({"resultType": "scalar", "result": [now().seconds(), "0"]})),
            ("/api/v1/query", q) if q.starts_with("up{") => ok(&json!({"resultType": "matrix", "result": []})),
            ("/api/v1/query", _) => ok(&stored),
            ("/api/v1/metadata", _) => ok(&json!({"t_seconds": [{"type": kind, "help": "", "unit": ""}]})),
            ("/api/v1/query_exemplars", q) => {
                assert!(q.contains("__name__=\"t_seconds"), "{q}");
                ok(&json!([]))
            }
            _ => answer(404, "text/plain", "404 page not found"),
        };
        async move { response }
    });
    let url = format!("http://{}", serve(router).await);
    let source = Prometheus::new(name("prometheus"), &to(url), vec![claim("prometheus", "t_seconds", &[("route", "/chat")])]).unwrap();
    let wall = |seconds: f64| Wall((seconds * 1e6).round() as i64);
    let slot = slot(20.0).after(act(3, wall(end - 20.0), wall(end), false));
    source.ask(&during().into(), Effort::default(), &slot).await
}

fn schema_1(end: f64) -> Vec<Value> {
    let (one, middle, two, four) = ("1", "1.414213562373095", "2", "4");
    vec![
        native(
            "a",
            &[
                at(end - 26.0, "2", "3", &[(one, middle, "1"), (middle, two, "1")]),
                at(end + 4.0, "5", "10", &[(one, middle, "1"), (middle, two, "3"), ("2.82842712474619", four, "1")]),
            ],
        ),
        // Another instance, whose buckets became too many: its schema is coarser since.
        native(
            "b",
            &[
                at(end - 26.0, "1", "1.2", &[(one, middle, "1")]),
                at(end + 4.0, "2", "2.4", &[("-2.938735877055719e-39", "2.938735877055719e-39", "1"), (one, two, "1")]),
            ],
        ),
    ]
}

#[tokio::test]
async fn become_counts_at_the_edges_that_all_of_them_know() {
    let seen = asked(schema_1, "histogram").await.unwrap();
    let got = series(&seen);
    assert_eq!((seen.partial.as_ref(), got.schema), (None, Some(0)), "{:?}", seen.notes);
    assert!(seen.notes.iter().any(|n| n.contains("native histogram of schema 0")), "{:?}", seen.notes);
    assert_eq!(last(got), [(2.938_735_877_055_719e-39, 0.0), (1.0, 0.0), (2.0, 4.0), (2.828_427_124_746_19, 4.0), (4.0, 5.0)]);
    assert_eq!((part(got, Part::Count), part(got, Part::Sum), part(got, Part::Bucket(f64::INFINITY))), (7.0, 12.4, 7.0));
    // What was recorded is what was answered, with and without a schema.
    let read: HistogramSeries = serde_json::from_str(&serde_json::to_string(got).unwrap()).unwrap();
    assert_eq!((read.schema, &read.series), (got.schema, &got.series));
    let mut old = serde_json::to_value(got).unwrap();
    old.as_object_mut().unwrap().remove("schema");
    assert_eq!(serde_json::from_value::<HistogramSeries>(old).unwrap().schema, None);
}

fn beside(end: f64, counted: &str, until: f64) -> Vec<Value> {
    let values = [(end - 26.0, "2"), (until, counted)];
    let mut all = vec![
        classic("_bucket", Some("2.5"), &values),
        classic("_bucket", Some("+Inf"), &values),
        classic("_count", None, &values),
        classic("_sum", None, &values),
    ];
    all.extend(schema_1(end).into_iter().take(1));
    all
}

#[tokio::test]
async fn the_coarser_one_is_read_where_both_are_stored_and_they_must_agree() {
    let seen = asked(|end| beside(end, "5", end + 4.0), "histogram").await.unwrap();
    assert_eq!((last(series(&seen)), series(&seen).schema, seen.partial), (vec![(2.5, 5.0)], None, None));
    assert!(seen.notes.iter().any(|n| n.contains("native histograms too; the classic ones")), "{:?}", seen.notes);

    let seen = asked(|end| beside(end, "4", end + 4.0), "histogram").await.unwrap();
    let why = seen.partial.unwrap().to_string();
    assert!(why.contains("stored twice and differs") && why.contains("count 4") && why.contains("one 5"), "{why}");

    // One that is not written any more is history.
    let seen = asked(|end| beside(end, "2", end - 11.0), "histogram").await.unwrap();
    assert_eq!((series(&seen).schema, seen.partial.as_ref()), (Some(1), None));
    assert_eq!(part(series(&seen), Part::Count), 5.0);
}

#[tokio::test]
async fn what_cannot_be_latencies_is_no_whole_answer() {
    let one = |histogram: Value| vec![native("a", &[histogram])];
    let cases: Vec<(&str, &str, Box<dyn Fn(f64) -> Vec<Value>>)> = vec![
        ("below zero", "histogram", Box::new(move |end| one(at(end + 4.0, "3", "-1", &[("-2", "-1", "1")])))),
        ("no number", "histogram", Box::new(move |end| one(at(end + 4.0, "3", "NaN", &[("1", "2", "1")])))),
        ("no number", "histogram", Box::new(move |end| one(at(end + 4.0, "3", "1", &[("1", "two", "1")])))),
        ("no width", "histogram", Box::new(move |end| one(at(end + 4.0, "3", "1", &[("2", "2", "1")])))),
        ("gauge histogram", "gaugehistogram", Box::new(move |end| one(at(end + 4.0, "3", "1", &[("1", "2", "3")])))),
    ];
    // At once: where nothing can be read, more scrapes are waited for.
    let asked_all = cases.into_iter().map(|(why, kind, of)| async move { (why, asked(of, kind).await.unwrap()) });
    for (why, seen) in futures_util::future::join_all(asked_all).await {
        assert!(seen.partial.as_ref().is_some_and(|gap| gap.to_string().contains(why)), "{why}: {:?}", seen.partial);
    }
    // Custom bounds follow no schema.
    let seen = asked(|end| one(at(end + 4.0, "3", "1", &[("-Inf", "0.1", "1"), ("0.1", "0.25", "2")])), "histogram").await.unwrap();
    assert_eq!((last(series(&seen)), series(&seen).schema, seen.partial), (vec![(0.1, 1.0), (0.25, 3.0)], None, None));
}
