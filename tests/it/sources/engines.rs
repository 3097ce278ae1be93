//! Other engines behind the Prometheus API, as fakes that speak as they document: each is told by what it does.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use super::{
    metrics_world::{act, answer, claim, during, now, slot, to},
    prometheus::{after, ask, end, good, matrix, ok, series, server, stored},
};
use axum::{
    Router,
    extract::{Query as Params, Request},
    response::Response,
};
use rigcheck::{
    model::{
        Gap, Source, audit::Effort, evidence::Seen, key::Facts, key::Payload, name, payload::Part, rig::By, secret::Secret, source::Slot, units::Wall,
    },
    sources::{
        prometheus::Prometheus,
        survey::{Places, survey},
    },
    spec::{
        draft::options::{Reach, Written},
        settings::Connection,
    },
};
use serde_json::{Value, json};
use std::collections::HashMap;

type Asking = HashMap<String, String>;

fn query(params: &Asking) -> &str {
    params.get("query").map_or("", String::as_str)
}

fn is_claim(path: &str, params: &Asking) -> bool {
    path == "query" && query(params).contains("t_seconds_bucket")
}

fn vector(values: &[String]) -> Value {
    let elements: Vec<Value> = values.iter().map(|v| json!({"metric": {}, "value": [now().seconds().floor(), v]})).collect();
    json!({"resultType": "vector", "result": elements})
}

fn counts(seen: &Seen) -> f64 {
    let counts = series(seen).series.iter().filter(|s| s.part == Part::Count);
    counts.map(|s| s.samples.last().map_or(0.0, |l| l.1) - s.samples.first().map_or(0.0, |f| f.1)).sum()
}

/// VictoriaMetrics 1.79 as it was seen to answer: no scalars, whole seconds, 30 s of latency offset, markers of staleness,
/// no build, no flags, an empty list of exemplars for whatever is asked.
fn victoria(end: f64, path: &str, params: &Asking) -> Response {
    let hides = params.get("nocache").is_none_or(|v| v != "1");
    match (path, query(params)) {
        ("query", "time()") => ok(&vector(&[if hides { now().seconds() - 30.0 } else { now().seconds().floor() }.to_string()])),
        ("query", q) if q.starts_with("max(timestamp") => ok(&vector(if hides { vec![] } else { vec![(end + 4.0).to_string()] }.as_slice())),
        ("query", q) if q.contains(",\"http.route\"=") => {
            answer(422, "application/json", r#"{"status":"error","errorType":"422","error":"labelFilterExpr: unexpected token"}"#)
        }
        ("query", q) if q.contains("t_seconds_bucket") => {
            let mut all = stored(end);
            for series in &mut all {
                if series["metric"]["instance"] == "a" {
                    series["values"].as_array_mut().unwrap().insert(1, json!([end - 21.0, "NaN"]));
                }
                series["metric"]["http.route"] = "/chat".into();
            }
            ok(&matrix(&all))
        }
        ("targets", _) => {
            let target = |instance: &str| json!({"labels": {"job": "gateway", "instance": instance}, "scrapePool": "gateway", "health": "up", "lastError": "", "discoveredLabels": {"__scrape_interval__": "5s", "__address__": "10.1.2.3:9"}});
            ok(&json!({"activeTargets": [target("a"), target("b")], "droppedTargets": []}))
        }
        ("query_exemplars", _) => ok(&json!([])),
        ("metadata" | "status/buildinfo", _) => ok(&json!({})),
        ("status/flags" | "features", _) => answer(400, "text/plain", "unsupported path requested"),
        _ => good(end, path, params),
    }
}

#[tokio::test]
async fn an_engine_without_scalars_flags_and_exemplars_is_read_to_the_same_figures() {
    let end = end();
    let (url, _) = server(move |path, params| victoria(end, path, params)).await;
    let seen = ask(&url, during(), &after(10, end, 20.0)).await.unwrap();
    // Its clock has whole seconds, and without `nocache` it would seem to be 30 s behind.
    assert_eq!((seen.partial.as_ref(), seen.notes.as_slice()), (None, [].as_slice()));
    let (plain, _) = server(move |path, params| good(end, path, params)).await;
    let prometheus = ask(&plain, during(), &after(10, end, 20.0)).await.unwrap();
    let samples = |seen: &Seen| -> Vec<_> { series(seen).series.iter().map(|s| (s.part, s.samples.clone())).collect() };
    assert_eq!(samples(&seen), samples(&prometheus), "markers of staleness are no samples");
    assert_eq!((series(&seen).interval_ms, &seen.origin.server), (5e3, &None));
    let Some(Gap::NotConfigured(why)) = &series(&seen).no_exemplars else { panic!("{:?}", series(&seen).no_exemplars) };
    assert!(why.contains("keeps no exemplars"), "{why}");

    let seen = ask(&url, Facts { scope: name("server") }, &slot(10.0)).await.unwrap();
    let Payload::Facts(facts) = &seen.payload else { panic!("{seen:?}") };
    assert_eq!((facts.value("version"), facts.value("targets.up")), (None, Some("2")));
}

#[tokio::test]
async fn names_of_labels_that_are_no_words_are_quoted_or_else_escaped() {
    let end = end();
    let (url, asked) = server(move |path, params| victoria(end, path, params)).await;
    let mut claim = claim("prometheus", "t_seconds", &[("http.route", "/chat")]);
    if let By::Histogram(of) = &mut claim.by {
        of.exemplars = false;
    }
    let source = Prometheus::new(name("prometheus"), &to(url), vec![claim]).unwrap();
    let seen = source.ask(&during().into(), Effort::default(), &after(10, end, 20.0)).await.unwrap();
    assert_eq!((seen.partial.as_ref(), counts(&seen)), (None, 7.0));
    let asked = asked.lock().unwrap();
    let both: Vec<&str> = asked.iter().filter(|(path, p)| is_claim(path, p)).map(|(_, p)| query(p)).collect();
    assert!(both[0].contains(r#","http.route"="/chat"}"#) && both[1].contains(r#",http\.route="/chat"}"#), "{both:?}");
}

/// A store of one target, scraped every second, that shows nothing younger than `hidden` seconds.
fn behind(end: f64, hidden: f64, path: &str, params: &Asking) -> Response {
    let until = (now().seconds() - hidden).floor();
    let values = |of: &dyn Fn(f64) -> String| -> Vec<Value> {
        (-60..=60).map(|s| end + f64::from(s)).filter(|at| *at <= until).map(|at| json!([at, of(at)])).collect()
    };
    let labels = |name: &str| json!({"__name__": name, "job": "gateway", "instance": "a", "route": "/chat"});
    match (path, query(params)) {
        ("query", q) if q.starts_with("max(timestamp") => ok(&vector(&[until.to_string()])),
        ("query", q) if q.contains("t_seconds_bucket") => {
            let count = |at: f64| (at - end + 20.0).clamp(0.0, 20.0).div_euclid(2.0).to_string();
            let part = |name: &str, le: Option<&str>| {
                let mut labels = labels(name);
                labels.as_object_mut().unwrap().extend(le.map(|le| ("le".to_owned(), le.into())));
                json!({"metric": labels, "values": values(&count)})
            };
            ok(&matrix(&[part("t_seconds_bucket", Some("+Inf")), part("t_seconds_count", None)]))
        }
        ("query", q) if q.starts_with("up{") => {
            ok(&matrix(&[json!({"metric": {"__name__": "up", "job": "gateway", "instance": "a"}, "values": values(&|_| "1".into())})]))
        }
        ("targets", _) => answer(404, "text/plain", "404 page not found"),
        _ => good(end, path, params),
    }
}

#[tokio::test]
async fn a_store_that_shows_its_samples_late_is_waited_for_and_one_that_never_catches_up_says_so() {
    let end = end();
    // Later than four intervals and five seconds after the act, which is the patience with a store that shows nothing new.
    let (url, _) = server(move |path, params| behind(end, 12.0, path, params)).await;
    let seen = ask(&url, during(), &after(10, end, 30.0)).await.unwrap();
    assert_eq!((seen.partial.as_ref(), counts(&seen)), (None, 10.0), "{:?}", seen.notes);

    let (url, _) = server(move |path, params| behind(end, 45.0, path, params)).await;
    let seen = ask(&url, during(), &after(10, end, 6.0)).await.unwrap();
    let Some(Gap::TooLate(why)) = &seen.partial else { panic!("{:?}", seen.partial) };
    assert!(why.contains("it gets its samples late, or hides the latest"), "{why}");
}

/// Mimir: below a prefix, by tenant, without targets.
async fn mimir(end: f64) -> String {
    let router = Router::new().fallback(move |params: Params<Asking>, request: Request| {
        let tenant = request.headers().get("x-scope-orgid").and_then(|v| v.to_str().ok()).map(str::to_owned);
        let path = request.uri().path().strip_prefix("/prometheus/api/v1/").map(str::to_owned);
        async move {
            match (path.as_deref(), tenant.as_deref()) {
                (None | Some("targets"), _) => answer(404, "text/plain", "404 page not found\n"),
                (Some("status/buildinfo"), _) => {
                    ok(&json!({"application": "Grafana Mimir", "version": "2.14.0", "revision": "r", "goVersion": "go1.22", "features": {}}))
                }
                (_, None) => answer(401, "text/plain", "no org id\n"),
                (Some("query"), _) if query(&params).starts_with("time") => good(end, "query", &params),
                (Some("query"), Some("ours")) if query(&params).starts_with("max(timestamp") => ok(&vector(&[(end + 4.0).to_string()])),
                (Some("label/__name__/values"), Some("ours")) => ok(&json!(["t_seconds_bucket"])),
                (Some(path), Some("ours")) => good(end, path, &params),
                (Some("query"), _) if query(&params).starts_with("max(timestamp") => ok(&vector(&[])),
                (Some("query"), _) => ok(&matrix(&[])),
                _ => ok(&json!([])),
            }
        }
    });
    format!("http://{}", super::metrics_world::serve(router).await)
}

async fn of_tenant(url: &str, tenant: Option<&str>, slot: &Slot) -> Result<Seen, Gap> {
    let headers = tenant.map(|t| ("X-Scope-OrgID".to_owned(), Secret::new(t))).into_iter().collect();
    let connection = Connection { headers, ..to(url.to_owned()) };
    let source = Prometheus::new(name("prometheus"), &connection, vec![claim("prometheus", "t_seconds", &[("route", "/chat")])]).unwrap();
    source.ask(&during().into(), Effort::default(), slot).await
}

#[tokio::test]
async fn a_store_of_tenants_is_read_by_the_right_one_only() {
    let end = end();
    let url = mimir(end).await;
    let at = format!("{url}/prometheus");
    let slot = after(10, end, 20.0);
    let seen = of_tenant(&at, Some("ours"), &slot).await.unwrap();
    assert_eq!((seen.partial.as_ref(), counts(&seen), seen.origin.server.as_deref()), (None, 7.0, Some("Grafana Mimir 2.14.0")));
    assert_eq!((series(&seen).interval_ms, series(&seen).no_exemplars.as_ref()), (15e3, None), "by its samples, without targets");

    let gap = of_tenant(&at, None, &slot).await.unwrap_err();
    assert!(matches!(&gap, Gap::Denied(t) if t.contains("add `headers: {X-Scope-OrgID: TENANT}`")), "{gap}");
    let gap = of_tenant(&url, Some("ours"), &slot).await.unwrap_err();
    assert!(matches!(&gap, Gap::Malformed(t) if t.contains("below `/prometheus`")), "{gap}");

    let long_ago =
        Slot::detached(slot.deadline, slot.blobs.clone()).after(act(10, Wall(((end - 80.0) * 1e6) as i64), Wall(((end - 60.0) * 1e6) as i64), false));
    let seen = of_tenant(&at, Some("theirs"), &long_ago).await.unwrap();
    assert!(series(&seen).series.is_empty() && seen.notes.iter().any(|n| n.contains("where tenants are kept apart")), "{:?}", seen.notes);
}

#[tokio::test]
async fn init_finds_the_api_below_its_prefix_and_says_that_a_tenant_is_missing() {
    let url = mimir(end()).await;
    let found = async |tenant: Option<&str>| {
        let headers = tenant.map(|t| ("X-Scope-OrgID".to_owned(), Secret::new(t))).into_iter().collect();
        let reach = Reach { prometheus: Some(Connection { headers, ..to(url.clone()) }), ..Reach::default() };
        let written = Written { prometheus: Some(url.clone()), ..Written::default() };
        survey(&Places { written, reach, rig: "r".into(), ..Places::default() }).await.prometheus.unwrap()
    };
    let place = found(Some("ours")).await;
    assert_eq!(place.at, format!("{url}/prometheus"));
    let server = place.said.unwrap();
    assert_eq!((server.title.as_str(), server.histograms), ("Grafana Mimir 2.14.0", 1));
    let place = found(None).await;
    assert!(place.at.ends_with("/prometheus") && place.said.as_ref().is_err_and(|why| why.contains("X-Scope-OrgID")), "{:?}", place.said);
}

#[tokio::test]
async fn partial_answers_of_a_querier_are_gaps_and_raw_deduplicated_samples_are_asked_for() {
    let end = end();
    // Parts of the data are missing, and it says so beside a success.
    let warns = "receive series from Addr: 10.1.2.3:10901 LabelSets: {replica=\"a\"}: rpc error: code = Unavailable";
    let (url, _) = server(move |path, params| {
        if !is_claim(path, params) {
            return good(end, path, params);
        }
        let body = json!({"status": "success", "data": matrix(&stored(end)[..3]), "warnings": [warns]});
        answer(200, "application/json", body.to_string())
    })
    .await;
    let seen = ask(&url, during(), &after(10, end, 20.0)).await.unwrap();
    let Some(Gap::Truncated(why)) = &seen.partial else { panic!("{:?}", seen.partial) };
    assert!(why.contains("rpc error: code = Unavailable") && !why.contains("10.1.2.3"), "{why}");

    // Replicas of the scraper: one series by default, both where the querier is told so or does not know their label.
    let replicas = move |known: bool| {
        move |path: &str, params: &Asking| {
            let said = |name: &str, value: &str| params.get(name).is_some_and(|v| v == value);
            if path == "query" && query(params).contains('[') && !said("max_source_resolution", "0s") {
                return ok(&matrix(&[])); // downsampled data has no such samples
            }
            let both = path == "query" && query(params).contains('[') && !(known && said("dedup", "true"));
            let response = good(end, path, params);
            if !both {
                return response;
            }
            let up = |replica: &str| json!({"metric": {"__name__": "up", "job": "gateway", "instance": "a", "replica": replica}, "values": [[end - 26.0, "1"], [end + 4.0, "1"]]});
            let all: Vec<Value> = ["x", "y"]
                .iter()
                .flat_map(|replica| {
                    let mut copy = if is_claim(path, params) { stored(end) } else { vec![up(replica)] };
                    for series in &mut copy {
                        series["metric"]["replica"] = (*replica).into();
                    }
                    copy
                })
                .collect();
            ok(&matrix(&all))
        }
    };
    let (url, _) = server(replicas(true)).await;
    let seen = ask(&url, during(), &after(10, end, 20.0)).await.unwrap();
    assert_eq!((seen.partial.as_ref(), counts(&seen)), (None, 7.0));
    let (url, _) = server(replicas(false)).await;
    let seen = ask(&url, during(), &after(10, end, 20.0)).await.unwrap();
    let Some(Gap::Malformed(why)) = &seen.partial else { panic!("{:?}", seen.partial) };
    assert!(why.contains("scrapers that differ in the label `replica`"), "{why}");
}

/// A histogram of one instance with these counts.
fn counted(values: &[(f64, u32)]) -> Response {
    let values: Vec<Value> = values.iter().map(|(at, n)| json!([at, n.to_string()])).collect();
    let part = |name: &str, le: Value| json!({"metric": {"__name__": name, "job": "gateway", "instance": "a", "le": le}, "values": values});
    ok(&matrix(&[part("t_seconds_bucket", "+Inf".into()), part("t_seconds_count", Value::Null)].map(|mut series| {
        let labels = series["metric"].as_object_mut().unwrap();
        labels.retain(|_, v| !v.is_null());
        series
    })))
}

/// What was counted from the last sample that is surely from before the act on.
fn grown(seen: &Seen, began: f64) -> f64 {
    let series = series(seen);
    let before = Wall((began * 1e6) as i64).plus_us(-series.doubt_us);
    let counts = series.series.iter().filter(|s| s.part == Part::Count);
    counts.map(|s| s.samples.last().unwrap().1 - s.samples.iter().rev().find(|s| s.0 <= before).unwrap().1).sum()
}

#[tokio::test]
async fn where_clocks_agree_to_half_a_second_only_a_sample_at_the_act_s_edge_is_neither_its_beginning_nor_its_end() {
    let end = now().seconds() - 3.0;
    let since = std::time::Instant::now();
    let (url, _) = server(move |path, params| {
        if !is_claim(path, params) {
            return victoria(end, path, params);
        }
        // Four requests of ours are in a sample that is stamped before the act, and the last is missing from one after it.
        let mut values = vec![(end - 30.0, 5), (end - 25.0, 5), (end - 20.3, 9), (end - 15.0, 11), (end - 5.0, 13), (end + 0.2, 15)];
        values.extend((since.elapsed().as_secs_f64() > 1.0).then_some((end + 5.2, 15)));
        counted(&values)
    })
    .await;
    let seen = ask(&url, during(), &after(10, end, 20.0)).await.unwrap();
    let told = series(&seen);
    assert_eq!((seen.partial.as_ref(), grown(&seen, end - 20.0)), (None, 10.0), "{:?}", seen.notes);
    assert!((500_000..2_000_000).contains(&told.doubt_us), "{}", told.doubt_us);
    assert!(told.series.iter().all(|s| s.samples.last().unwrap().0.seconds() > end + 5.0), "a later sample is waited for");
}

/// Prometheus 3 leaves the beginning of a range out, Prometheus 2 and VictoriaMetrics do not.
#[tokio::test]
async fn a_sample_at_the_very_beginning_of_the_range_is_counted_alike_by_open_and_closed_ranges() {
    let end = end();
    let mut read = vec![];
    for open in [false, true] {
        let (url, _) = server(move |path, params| {
            if !is_claim(path, params) {
                return good(end, path, params);
            }
            let length: f64 = query(params).rsplit('[').next().unwrap().trim_end_matches("ms]").parse().unwrap();
            let to: f64 = params["time"].parse().unwrap();
            let from = to - length / 1e3;
            // An increment lies between the range's very beginning and the next sample.
            let mut values = vec![(from, 100), (end - 25.0, 105), (end - 11.0, 109), (end + 4.0, 115)];
            if open {
                values.remove(0);
            }
            counted(&values)
        })
        .await;
        let seen = ask(&url, during(), &after(10, end, 20.0)).await.unwrap();
        assert_eq!(seen.partial, None);
        read.push((grown(&seen, end - 20.0), series(&seen).series[0].samples.len()));
    }
    assert_eq!(read, [(10.0, 4), (10.0, 3)]);
}
