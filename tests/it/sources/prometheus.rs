//! The Prometheus client: raw samples around an act, and what each fault of a server becomes.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, clippy::float_cmp, reason = "helpers of tests")]

use super::metrics_world::{act, answer, claim, during, now, serve, slot, to, trace};
use crate::address::nobody;
use axum::{
    Router,
    extract::{Query as Params, Request},
    response::Response,
};
use rigcheck::{
    model::{
        Gap, Query, Source,
        audit::Effort,
        evidence::Seen,
        key::{Facts, Page, Payload},
        name,
        payload::{Cell, HistogramSeries, Part},
        rig::DEFAULT_SETTLE,
        source::{Slot, Timing},
        units::Wall,
    },
    sources::prometheus::Prometheus,
};
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

pub(super) type Asked = Arc<Mutex<Vec<(String, HashMap<String, String>)>>>;

/// A server that answers `/api/v1/...` by path and parameters, and remembers what it was asked.
pub(super) async fn server(of: impl Fn(&str, &HashMap<String, String>) -> Response + Clone + Send + Sync + 'static) -> (String, Asked) {
    let asked = Asked::default();
    let seen = Arc::clone(&asked);
    let router = Router::new().fallback(move |params: Params<HashMap<String, String>>, request: Request| {
        let path = request.uri().path().trim_start_matches("/api/v1/").to_owned();
        seen.lock().unwrap().push((path.clone(), params.0.clone()));
        let response = of(&path, &params.0);
        async move { response }
    });
    (format!("http://{}", serve(router).await), asked)
}

pub(super) fn ok(data: &Value) -> Response {
    answer(200, "application/json", json!({"status": "success", "data": data}).to_string())
}

pub(super) fn matrix(series: &[Value]) -> Value {
    json!({"resultType": "matrix", "result": series})
}

fn one(labels: &Value, values: &[(f64, &str)]) -> Value {
    json!({"metric": labels, "values": values})
}

/// Two instances, scraped every 5 s around an act of 20 s that ended 8 s ago; `b` appears during the act.
pub(super) fn stored(end: f64) -> Vec<Value> {
    let part = |name: &str, instance: &str, le: Option<&str>, values: &[(f64, &str)]| {
        let mut labels = json!({"__name__": name, "job": "gateway", "instance": instance, "route": "/chat"});
        if let Some(le) = le {
            labels["le"] = le.into();
        }
        one(&labels, values)
    };
    let a = [(end - 26.0, "5"), (end - 11.0, "9"), (end + 4.0, "11")];
    let b = [(end - 6.0, "3"), (end + 4.123, "4")];
    vec![
        part("t_seconds_bucket", "a", Some("0.5"), &a),
        part("t_seconds_bucket", "a", Some("+Inf"), &a),
        part("t_seconds_count", "a", None, &a),
        part("t_seconds_sum", "a", None, &[(end - 26.0, "2.5"), (end + 4.0, "5.5e0")]),
        part("t_seconds_bucket", "b", Some("+Inf"), &b),
        part("t_seconds_count", "b", None, &b),
        part("t_seconds_created", "b", None, &[(end + 4.123, "1700000000.5")]),
    ]
}

/// The same before the first scrape after the act.
fn stored_before(end: f64) -> Vec<Value> {
    let mut all = stored(end);
    for series in &mut all {
        series["values"].as_array_mut().unwrap().retain(|v| v[0].as_f64().unwrap() < end);
    }
    all
}

fn targets() -> Value {
    let target = |instance: &str, interval: &str| json!({"labels": {"job": "gateway", "instance": instance}, "scrapePool": "gateway", "health": "up", "lastError": "", "scrapeInterval": interval});
    json!({"activeTargets": [target("a", "5s"), target("b", "5s"), target("elsewhere", "1m")]})
}

/// A well-behaved server.
pub(super) fn good(end: f64, path: &str, params: &HashMap<String, String>) -> Response {
    let up = |instance: &str, job: &str| {
        let at = |back: f64| (end - back, if back == 21.0 { "0" } else { "1" });
        one(&json!({"__name__": "up", "job": job, "instance": instance}), &[at(26.0), at(21.0), at(6.0), at(-4.0)])
    };
    match (path, params.get("query").map_or("", String::as_str)) {
        ("query", "time()") => ok(&json!({"resultType": "scalar", "result": [now().seconds(), "0"]})),
        ("query", q) if q.starts_with("up{") => ok(&matrix(&[up("a", "gateway"), up("b", "gateway"), up("a", "other")])),
        ("query", _) => ok(&matrix(&stored(end))),
        ("targets", _) => ok(&targets()),
        ("metadata", _) => ok(&json!({"t_seconds": [{"type": "histogram", "help": "", "unit": "seconds"}]})),
        ("status/buildinfo", _) => ok(&json!({"version": "2.42.0", "revision": "abc", "goVersion": "go1.19.8"})),
        ("query_exemplars", _) => {
            let exemplar = |id: String, value: &str| json!({"labels": {"trace_id": id}, "value": value, "timestamp": end - 3.5});
            ok(
                &json!([{"seriesLabels": {"__name__": "t_seconds_bucket", "le": "0.5"}, "exemplars": [exemplar(trace(1), "0.4"), exemplar(trace(77), "0.3")]}]),
            )
        }
        _ => answer(404, "text/plain", "404 page not found"),
    }
}

pub(super) fn source(url: &str) -> Prometheus {
    Prometheus::new(name("prometheus"), &to(url.into()), vec![claim("prometheus", "t_seconds", &[("route", "/chat")])]).unwrap()
}

pub(super) async fn ask(url: &str, query: impl Into<Query>, slot: &Slot) -> Result<Seen, Gap> {
    source(url).ask(&query.into(), Effort::default(), slot).await
}

pub(super) fn series(seen: &Seen) -> &HistogramSeries {
    match &seen.payload {
        Payload::Histogram(series) => series,
        other => panic!("{other:?}"),
    }
}

/// The end of the act in the tests: 8 s ago, whole seconds.
pub(super) fn end() -> f64 {
    (now().seconds() - 8.0).floor()
}

fn wall(seconds: f64) -> Wall {
    Wall((seconds * 1e6).round() as i64)
}

/// A slot after an act of 20 s and `requests`.
pub(super) fn after(requests: u64, end: f64, seconds: f64) -> Slot {
    slot(seconds).after(act(requests, wall(end - 20.0), wall(end), false))
}

#[tokio::test]
async fn brings_raw_samples_of_all_instances_with_proof_of_absence() {
    let end = end();
    let (url, asked) = server(move |path, params| good(end, path, params)).await;
    let seen = ask(&url, during(), &after(10, end, 20.0)).await.unwrap();
    assert_eq!((seen.partial.as_ref(), seen.notes.as_slice()), (None, [].as_slice()));
    assert_eq!(seen.origin.server.as_deref(), Some("Prometheus 2.42.0"));
    let got = series(&seen);
    assert_eq!((got.interval_ms, got.declared_type.as_deref(), got.declared_unit.as_deref()), (5e3, Some("histogram"), Some("seconds")));
    assert_eq!(got.series.len(), 6);
    let of = |instance: &str, part| got.series.iter().find(|s| s.labels["instance"] == instance && s.part == part).unwrap();
    let samples: Vec<_> = of("a", Part::Sum).samples.iter().map(|s| (s.0, s.1)).collect();
    assert_eq!(samples, [(wall(end - 26.0), 2.5), (wall(end + 4.0), 5.5)]);
    assert_eq!(of("b", Part::Count).samples[1].0, wall(end + 4.123));
    assert_eq!((of("b", Part::Bucket(f64::INFINITY)).created, of("a", Part::Count).created), (Some(1_700_000_000.5), None));
    assert!(!of("a", Part::Bucket(0.5)).labels.contains_key("le") && !of("a", Part::Sum).labels.contains_key("__name__"));

    let of_b: Vec<_> = got.scrapes.iter().filter(|s| s.instance == "b").map(|s| (s.at, s.ok)).collect();
    assert_eq!(of_b, [(wall(end - 26.0), true), (wall(end - 21.0), false), (wall(end - 6.0), true), (wall(end + 4.0), true)]);
    assert_eq!(got.scrapes.len(), 8, "`up` of another job at the same address is not ours");
    assert_eq!(got.exemplars.iter().map(|e| (e.trace_id.clone(), e.value, e.le)).collect::<Vec<_>>(), [(trace(1), 0.4, 0.5)]);
    assert!(!serde_json::to_string(got).unwrap().contains(&trace(77)));

    let asked = asked.lock().unwrap();
    assert!(asked.iter().all(|(path, _)| path != "query_range"));
    let (_, raw) = asked.iter().find(|(_, p)| p.get("query").is_some_and(|q| q.contains("t_seconds_bucket"))).unwrap();
    assert!(raw["query"].contains(r#",route="/chat"}["#), "{}", raw["query"]);
    let length: f64 = raw["query"].rsplit('[').next().unwrap().trim_end_matches("ms]").parse().unwrap();
    let from = raw["time"].parse::<f64>().unwrap() - length / 1e3;
    assert!(from <= end - 20.0 - 299.0, "the window begins {from}, the act began {}", end - 20.0);
}

#[tokio::test]
async fn waits_until_every_instance_was_read_after_the_act() {
    let end = now().seconds();
    let begun = std::time::Instant::now();
    // The last samples come 4 s after the act: before that the server does not have them.
    let (url, _) = server(move |path, params| {
        let fresh = now().seconds() >= end + 2.0;
        match params.get("query") {
            Some(q) if q.contains("t_seconds_bucket") && path == "query" && !fresh => ok(&matrix(&stored_before(end))),
            _ => good(end, path, params),
        }
    })
    .await;
    let seen = ask(&url, during(), &after(10, end, 30.0)).await.unwrap();
    assert!(begun.elapsed().as_secs_f64() > 1.0);
    assert_eq!(seen.partial, None);
    assert_eq!(series(&seen).series.iter().filter(|s| s.part == Part::Count).map(|s| s.samples.last().unwrap().1).sum::<f64>(), 15.0);
}

#[tokio::test]
async fn a_store_that_stays_behind_is_partial_and_a_metric_that_is_not_there_is_an_empty_answer() {
    let end = now().seconds();
    let (url, _) = server(move |path, params| match params.get("query") {
        Some(q) if q.contains("t_seconds_bucket") && path == "query" => ok(&matrix(&stored_before(end))),
        _ => good(end, path, params),
    })
    .await;
    let seen = ask(&url, during(), &after(10, end, 6.0)).await.unwrap();
    assert!(matches!(seen.partial, Some(Gap::TooLate(_))), "{:?}", seen.partial);

    let without_the_metric = |tells_targets: bool, end: f64| {
        move |path: &str, params: &HashMap<String, String>| match params.get("query") {
            Some(q) if q.contains("t_seconds_bucket") && path == "query" => ok(&matrix(&[])),
            _ if path == "targets" && !tells_targets => answer(404, "text/plain", "404"),
            _ => good(end, path, params),
        }
    };
    let untold = |seen: &Seen| seen.notes.iter().any(|n| n.contains("scrape interval could not be told"));
    let absent = |seen: &Seen| series(seen).series.is_empty() && series(seen).scrapes.is_empty() && seen.partial.is_none();
    let a_minute_ago = end - 60.0;
    let (url, _) = server(without_the_metric(false, a_minute_ago)).await;
    let seen = ask(&url, during(), &after(10, a_minute_ago, 20.0)).await.unwrap();
    assert!(absent(&seen) && untold(&seen), "{seen:?}");
    // Just after the act it is too early to say that.
    let just_now = slot(5.0).after(act(10, now(), now(), false));
    let seen = ask(&url, during(), &just_now).await.unwrap();
    assert!(matches!(seen.partial, Some(Gap::TooLate(_))), "{:?}", seen.partial);
    // So it is after a minute where some target, and nobody knows which, is scraped once a minute; not after three.
    for (ago, told) in [(60.0, false), (180.0, true)] {
        let (url, _) = server(without_the_metric(true, end - ago)).await;
        let seen = ask(&url, during(), &after(10, end - ago, 5.0)).await.unwrap();
        assert!(absent(&seen) == told && !untold(&seen), "{ago}: {seen:?}");
    }
}

/// Where each target is scraped once in so long; samples of the act come when they are due.
fn rarely(interval: &'static str, end: f64) -> impl Fn(&str, &HashMap<String, String>) -> Response + Clone {
    move |path, params| match params.get("query") {
        _ if path == "targets" => {
            let mut told = targets();
            told["activeTargets"].as_array_mut().unwrap().iter_mut().for_each(|t| t["scrapeInterval"] = interval.into());
            ok(&told)
        }
        Some(q) if q.contains("t_seconds_bucket") => ok(&matrix(&stored_before(end))),
        _ => good(end, path, params),
    }
}

#[tokio::test]
async fn the_next_scrape_is_waited_for_once_the_server_has_told_when_it_comes() {
    let server_facts = || Facts { scope: name("server") };
    for (interval, waits) in [("5s", 5e3), ("1m", 60e3), ("5m", 300e3), ("10m", 0.0), ("1d", 0.0)] {
        let (url, _) = server(rarely(interval, end())).await;
        let source = source(&url);
        assert_eq!(source.waits().0, 0.0, "nothing was told yet");
        let seen = source.ask(&server_facts().into(), Effort::default(), &slot(10.0)).await.unwrap();
        assert!(seen.partial.is_none() && source.waits().0 == waits, "{interval}: {}", source.waits());
    }
    // One target that is scraped rarely does not take the waiting from the others.
    let (url, _) = server(|path, params| {
        let mut told = targets();
        told["activeTargets"][2]["scrapeInterval"] = "1h".into();
        if path == "targets" { ok(&told) } else { good(end(), path, params) }
    })
    .await;
    let source = source(&url);
    source.ask(&server_facts().into(), Effort::default(), &slot(10.0)).await.unwrap();
    assert_eq!(source.waits().0, 5e3);
}

#[tokio::test]
async fn a_scrape_that_is_not_due_is_not_told_as_one_that_is_late() {
    for (interval, words) in [("10m", "the next one is due 10.0 min after it"), ("2s", "it gets its samples late")] {
        let end = now().seconds();
        let (url, _) = server(rarely(interval, end)).await;
        let seen = ask(&url, during(), &after(10, end, 6.0)).await.unwrap();
        assert!(matches!(&seen.partial, Some(Gap::TooLate(text)) if text.contains(words)), "{interval}: {:?}", seen.partial);
    }
}

#[tokio::test]
async fn warnings_make_it_partial_and_infos_are_notes() {
    let end = end();
    let with = |extra: Value| {
        move |path: &str, params: &HashMap<String, String>| match params.get("query") {
            Some(q) if q.contains("t_seconds_bucket") && path == "query" => {
                let mut body = json!({"status": "success", "data": matrix(&stored(end))});
                body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
                answer(200, "application/json", body.to_string())
            }
            _ => good(end, path, params),
        }
    };
    for (extra, partial) in [
        (json!({"warnings": ["fetch series for store-2: context deadline exceeded"]}), true),
        (json!({"isPartial": true}), true),
        (json!({"warnings": ["PromQL info: metric might not be a counter"]}), false),
        (json!({"infos": ["PromQL info: something"], "warnings": null}), false),
    ] {
        let (url, _) = server(with(extra.clone())).await;
        let seen = ask(&url, during(), &after(10, end, 20.0)).await.unwrap();
        assert_eq!(matches!(seen.partial, Some(Gap::Truncated(_))), partial, "{extra}");
        assert_eq!(seen.notes.len(), 1, "{:?}", seen.notes);
    }
}

#[tokio::test]
async fn values_that_no_counter_has_and_edges_that_are_no_number_make_it_partial() {
    let end = end();
    let change: [fn(&mut Vec<Value>); 3] =
        [|all| all[2]["values"][0][1] = "NaN".into(), |all| all[3]["values"][1][1] = "+Inf".into(), |all| all[0]["metric"]["le"] = "much".into()];
    for change in change {
        let (url, _) = server(move |path, params| match params.get("query") {
            Some(q) if q.contains("t_seconds_bucket") && path == "query" => {
                let mut all = stored(end);
                change(&mut all);
                ok(&matrix(&all))
            }
            _ => good(end, path, params),
        })
        .await;
        let seen = ask(&url, during(), &after(10, end, 20.0)).await.unwrap();
        assert!(matches!(seen.partial, Some(Gap::Malformed(_))), "{:?}", seen.partial);
        let text = serde_json::to_string(&seen).unwrap();
        serde_json::from_str::<Seen>(&text).expect("what is recorded can be read back");
    }
}

#[tokio::test]
async fn failing_side_questions_leave_a_partial_answer_or_none_of_its_ornaments() {
    let end = end();
    for (broken, partial) in
        [("query_exemplars", false), ("up", true), ("targets", false), ("metadata", false), ("status/buildinfo", false), ("time", false)]
    {
        let (url, _) = server(move |path, params| {
            let query = params.get("query").map_or("", String::as_str);
            let this = path == broken || broken == "up" && query.starts_with("up{") || broken == "time" && query == "time()";
            if this { answer(500, "text/plain", "oops") } else { good(end, path, params) }
        })
        .await;
        let seen = ask(&url, during(), &after(10, end, 20.0)).await.unwrap();
        assert_eq!(seen.partial.is_some(), partial, "{broken}: {:?}", seen.partial);
        assert_eq!(series(&seen).series.len(), 6);
        // No exemplars cost the rule about exemplars, and no other.
        assert_eq!(series(&seen).no_exemplars.is_some(), broken == "query_exemplars", "{broken}");
        if broken == "targets" {
            assert!(series(&seen).interval_ms > 0.0);
        }
    }
}

#[tokio::test]
async fn each_fault_of_the_server_is_a_gap_of_its_kind() {
    let error = |status, kind: &str, text: &str| {
        let body = json!({"status": "error", "errorType": kind, "error": text}).to_string();
        move || answer(status, "application/json", body.clone())
    };
    let cases: Vec<(&str, &str, Box<dyn Fn() -> Response + Send + Sync>)> = vec![
        ("malformed", "bad_data: parse error", Box::new(error(400, "bad_data", "parse error"))),
        ("malformed", "execution: too many samples", Box::new(error(200, "execution", "too many samples"))),
        ("too late", "query timed out", Box::new(error(503, "timeout", "query timed out"))),
        ("busy", "not ready", Box::new(error(503, "unavailable", "not ready"))),
        ("busy", "503", Box::new(|| answer(503, "text/plain", "Service Unavailable"))),
        ("denied", "401", Box::new(|| answer(401, "application/json", "{}"))),
        ("denied", "403", Box::new(|| answer(403, "text/plain", "no org id"))),
        ("malformed", "HTML page", Box::new(|| answer(200, "text/html", "<html>Sign in</html>"))),
        ("malformed", "redirects", Box::new(|| answer(302, "text/plain", ""))),
        ("malformed", "not the JSON", Box::new(|| answer(200, "application/json", "{\"status\": \"succ"))),
        ("malformed", "without data", Box::new(|| answer(200, "application/json", "{\"status\": \"success\"}"))),
        ("malformed", "a vector", Box::new(|| ok(&json!({"resultType": "vector", "result": []})))),
    ];
    for (word, text, response) in cases {
        let response = Arc::new(response);
        let (url, _) = server(move |path, params| match params.get("query") {
            Some(q) if q.contains("t_seconds_bucket") && path == "query" => response(),
            _ => good(end(), path, params),
        })
        .await;
        let gap = ask(&url, during(), &after(10, end() - 60.0, 20.0)).await.unwrap_err();
        assert!(gap.word() == word && gap.detail().contains(text), "expected {word}, {text}: {gap}");
    }
    let gap = ask(&format!("http://{}", nobody()), during(), &after(1, end(), 10.0)).await.unwrap_err();
    assert_eq!(gap.word(), "unreachable", "{gap}");
    let silent = serve(Router::new().fallback(std::future::pending::<Response>)).await;
    let gap = ask(&format!("http://{silent}"), during(), &after(1, end(), 1.5)).await.unwrap_err();
    assert_eq!(gap.word(), "too late", "{gap}");
}

#[tokio::test]
async fn a_clock_that_is_off_is_said_and_the_window_follows_it() {
    let ahead = 100.0;
    let end = end();
    let (url, asked) = server(move |path, params| match params.get("query").map(String::as_str) {
        Some("time()") => ok(&json!({"resultType": "scalar", "result": [now().seconds() + ahead, "0"]})),
        _ => good(end + ahead, path, params),
    })
    .await;
    let seen = ask(&url, during(), &after(10, end, 20.0)).await.unwrap();
    assert_eq!(seen.partial, None);
    assert!(seen.notes.iter().any(|n| n.contains("ahead of ours")), "{:?}", seen.notes);
    {
        let asked = asked.lock().unwrap();
        let at: f64 = asked.iter().find_map(|(_, p)| p.get("time")).unwrap().parse().unwrap();
        assert!((at - now().seconds() - ahead).abs() < 10.0);
    }
    // The answer is on our clock, as the act is: else samples from during the act would count as taken before it.
    let same = |ahead: f64| async move {
        let (url, _) = server(move |path, params| match params.get("query").map(String::as_str) {
            Some("time()") => ok(&json!({"resultType": "scalar", "result": [now().seconds() + ahead, "0"]})),
            _ => good(end + ahead, path, params),
        })
        .await;
        let seen = ask(&url, during(), &after(10, end, 20.0)).await.unwrap();
        let got = series(&seen);
        let last = got.series.iter().filter_map(|s| s.samples.last()).map(|s| s.0.seconds() - end).fold(f64::MIN, f64::max);
        let scrape = got.scrapes.last().unwrap().at.seconds() - end;
        (last, scrape, seen.covered.to)
    };
    let right = same(0.0).await;
    for off in [100.0, -100.0, 3_600.0] {
        let moved = same(off).await;
        assert!((moved.0 - right.0).abs() < 0.5 && (moved.1 - right.1).abs() < 0.5, "{off}: {moved:?} {right:?}");
        assert!((moved.2.seconds() - right.2.seconds()).abs() < 30.0, "{off}");
    }
}

#[tokio::test]
async fn tells_facts_about_the_server_and_nothing_else() {
    let config = "global:\n  scrape_interval: 15s\n  external_labels: {secret_label: x}\nremote_write:\n- url: http://user:hunter2@10.9.8.7/\n\
                  scrape_configs:\n- job_name: gateway\n  scrape_interval: 1s\n  basic_auth: {password: hunter2}\n  static_configs: [{targets: ['10.1.2.3:80']}]\n";
    let (url, _) = server(move |path, params| match path {
        "status/flags" => ok(&json!({"enable-feature": "exemplar-storage", "web.listen-address": "10.9.8.7:9090", "query.lookback-delta": "5m"})),
        "status/config" => ok(&json!({"yaml": config})),
        "features" => ok(&json!({"api": {"otlp_write_receiver": true}, "promql_functions": {"abs": true}})),
        "targets" => {
            let mut targets = targets();
            targets["activeTargets"][0]["health"] = "down".into();
            targets["activeTargets"][0]["lastError"] = "Get \"http://10.1.2.3:80/metrics\": dial tcp 10.1.2.3:80: connect: connection refused".into();
            ok(&targets)
        }
        _ => good(end(), path, params),
    })
    .await;
    let seen = ask(&url, Facts { scope: name("server") }, &slot(10.0)).await.unwrap();
    let Payload::Facts(facts) = &seen.payload else { panic!("{seen:?}") };
    let value = |fact| facts.value(fact).unwrap_or("none");
    assert_eq!([value("version"), value("config.scrape_interval"), value("job.gateway.scrape_interval")], ["2.42.0", "15s", "1s"]);
    assert_eq!([value("targets"), value("targets.up"), value("job.gateway.last_error")], ["3", "2", "connection refused"]);
    assert_eq!([value("flag.enable-feature"), value("flag.query.lookback-delta")], ["exemplar-storage", "5m"]);
    assert_eq!((value("feature.otlp_write_receiver"), facts.0.contains_key("feature.abs")), ("true", false));
    assert_eq!(facts.0.get("flag.storage.tsdb.retention.time"), Some(&Cell::Absent));
    let text = serde_json::to_string(&seen).unwrap();
    for secret in ["hunter2", "10.9.8.7", "10.1.2.3", "secret_label"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }

    let (url, _) = server(|path, params| if path == "status/config" { answer(403, "text/plain", "") } else { good(end(), path, params) }).await;
    let seen = ask(&url, Facts { scope: name("server") }, &slot(10.0)).await.unwrap();
    let Payload::Facts(facts) = &seen.payload else { panic!("{seen:?}") };
    assert!(matches!(facts.0.get("config"), Some(Cell::Gap(Gap::Denied(_)))));
    assert!(matches!(facts.0.get("flags"), Some(Cell::Gap(Gap::Malformed(_)))));
}

#[tokio::test]
async fn refuses_what_it_does_not_know() {
    let (url, asked) = server(|path, params| good(end(), path, params)).await;
    assert_eq!(source(&url).timing(&during().into()), Timing::Recall { settle: DEFAULT_SETTLE });
    for query in [Query::from(Page { when: rigcheck::model::key::When::Now }), Query::from(Facts { scope: name("kernel") })] {
        assert!(matches!(ask(&url, query, &slot(1.0)).await, Err(Gap::NotConfigured(_))));
    }
    let mut unknown = during();
    unknown.claim = name("nobody");
    assert!(matches!(ask(&url, unknown, &slot(1.0)).await, Err(Gap::NotConfigured(_))));
    assert!(asked.lock().unwrap().is_empty());
}
