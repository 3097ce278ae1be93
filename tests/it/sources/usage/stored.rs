//! Stored samples of a workload's series: what is brought, and how long is waited for it.

use super::{
    super::{
        metrics_world::{answer, now, to},
        prometheus::{matrix, ok, server},
    },
    after, ago, ask, claim, told, tracks, wall,
};
use axum::response::Response;
use rigcheck::{
    model::{Gap, Source, evidence::Method, key::Query, name, source::Timing, usage::Measure},
    sources::prometheus::Prometheus,
};
use serde_json::{Value, json};
use std::collections::HashMap;

pub(super) fn one(labels: &Value, values: &[(f64, &str)]) -> Value {
    json!({"metric": labels, "values": values})
}

fn container(metric: &str, id: &str, values: &[(f64, &str)]) -> Value {
    let labels = json!({"__name__": metric, "job": "cadvisor", "instance": "c:8080", "name": "db", "id": id, "image": "postgres:16", "cpu": "total"});
    one(&labels, values)
}

/// cAdvisor, scraped every 5 s, with stamps of its own that lie 2 s before the scrape's.
pub(super) fn good(end: f64, path: &str, params: &HashMap<String, String>) -> Response {
    let query = params.get("query").map_or("", String::as_str);
    let at = |back: f64| end - back;
    match (path, query) {
        ("query", "time()") => ok(&json!({"resultType": "scalar", "result": [now().seconds(), "0"]})),
        ("query", q) if q.starts_with("count(") => ok(&json!({"resultType": "vector", "result": [{"metric": {}, "value": [end, "1"]}]})),
        ("query", q) if q.starts_with("max(timestamp(up))") => {
            ok(&json!({"resultType": "vector", "result": [{"metric": {}, "value": [end, (now().seconds() - 1.0).to_string()]}]}))
        }
        ("query", q) if q.starts_with("up{") => {
            let up =
                |job: &str| one(&json!({"__name__": "up", "job": job, "instance": "c:8080"}), &[(at(25.0), "1"), (at(20.0), "0"), (at(-5.0), "1")]);
            ok(&matrix(&[up("cadvisor"), up("other")]))
        }
        ("query", q) if q.starts_with("scrape_duration_seconds{") => {
            let labels = json!({"__name__": "scrape_duration_seconds", "job": "cadvisor", "instance": "c:8080"});
            ok(&matrix(&[one(&labels, &[(at(25.0), "0.25"), (at(-5.0), "1.5")])]))
        }
        ("query", q) if q.contains("container_cpu_usage_seconds_total") => {
            let samples = [(at(32.0), "10"), (at(27.0), "10.5"), (at(7.0), "14"), (at(-3.0), "16"), (at(-8.0), "16.5")];
            ok(&matrix(&[container("container_cpu_usage_seconds_total", "/docker/aa", &samples)]))
        }
        ("query", q) if q.contains("container_memory_working_set_bytes") => {
            let samples = [(at(27.0), "4096"), (at(-3.0), "8192"), (at(-8.0), "8192")];
            ok(&matrix(&[container("container_memory_working_set_bytes", "/docker/aa", &samples)]))
        }
        ("query", _) => ok(&matrix(&[])),
        ("targets", _) => ok(&json!({"activeTargets": [
            {"labels": {"job": "cadvisor", "instance": "c:8080"}, "scrapePool": "cadvisor", "health": "up", "scrapeInterval": "5s", "scrapeTimeout": "4s"},
            {"labels": {"job": "other", "instance": "c:8080"}, "scrapePool": "other", "health": "up", "scrapeInterval": "1m", "scrapeTimeout": "10s"}]})),
        ("status/buildinfo", _) => ok(&json!({"version": "2.42.0", "goVersion": "go1.19.8"})),
        _ => answer(404, "text/plain", "404 page not found"),
    }
}

pub(super) fn source(url: &str) -> Prometheus {
    let of = [("name", "db")];
    let claims = vec![
        claim("prometheus", Measure::Cpu, "container_cpu_usage_seconds_total", &of),
        claim("prometheus", Measure::WorkingSet, "container_memory_working_set_bytes", &of),
    ];
    Prometheus::new(name("prometheus"), &to(url.into()), vec![]).unwrap().with_usage(claims)
}

#[tokio::test]
async fn brings_raw_samples_with_their_own_stamps_and_the_readings_behind_them() {
    let end = ago(20.0);
    let (url, asked) = server(move |path, params| good(end, path, params)).await;
    let source = source(&url);
    assert!(matches!(source.timing(&Query::Usage(super::question())), Timing::Recall { .. }));
    let seen = ask(&source, &after(end, 20.0)).await.unwrap();
    assert_eq!((seen.partial.as_ref(), seen.notes.as_slice()), (None, [].as_slice()));
    assert_eq!((seen.origin.server.as_deref(), seen.origin.method), (Some("Prometheus 2.42.0"), Method::Measured));
    let got = tracks(&seen);
    assert_eq!(got.tracks.iter().map(|t| t.claim.as_str()).collect::<Vec<_>>(), ["cpu", "working_set"]);
    assert_eq!(told(&got.tracks[0])[..3], [(end - 32.0, 10.0), (end - 27.0, 10.5), (end - 7.0, 14.0)]);
    assert_eq!(got.tracks[0].samples.last().unwrap().0, wall(end + 8.0));
    let labels = &got.tracks[0].labels;
    assert_eq!((labels["name"].as_str(), labels["id"].as_str(), labels["instance"].as_str()), ("db", "/docker/aa", "c:8080"));
    assert!(labels["image"].starts_with('~') && !labels.contains_key("__name__"), "{labels:?}");
    assert_eq!(got.interval_ms, 5e3);
    assert!(got.doubt_us > 0 && got.doubt_us < 2_000_000);
    let readings: Vec<_> = got.readings.iter().map(|r| (r.at.seconds() - end, r.ok, r.took_ms, r.timeout_ms)).collect();
    assert_eq!(readings, [(-25.0, true, Some(250.0), Some(4e3)), (-20.0, false, None, Some(4e3)), (5.0, true, Some(1_500.0), Some(4e3))]);
    assert!(seen.origin.request.contains("container_cpu") && seen.origin.request.contains("container_memory"), "{}", seen.origin.request);
    let asked = asked.lock().unwrap();
    assert!(asked.iter().all(|(path, _)| path != "query_range"));
    let (_, raw) = asked.iter().find(|(_, p)| p.get("query").is_some_and(|q| q.starts_with("{__name__"))).unwrap();
    assert!(raw["query"].starts_with(r#"{__name__="container_cpu_usage_seconds_total",name="db"}["#), "{}", raw["query"]);
}

#[tokio::test]
async fn a_sample_stamped_after_the_act_is_waited_for() {
    // The act ends now; a scrape after it brings a stamp from before it, the next one a stamp from after it.
    let end = now().seconds();
    let (url, _) = server(move |path, params| {
        let shown = if now().seconds() < end + 2.5 { end - 1.0 } else { end + 6.0 };
        match params.get("query") {
            Some(q) if q.starts_with("{__name__") && q.contains("cpu") => {
                let stamps: Vec<_> = [end - 26.0, end - 21.0, end - 11.0, shown].map(|at| (at, "1")).to_vec();
                ok(&matrix(&[container("container_cpu_usage_seconds_total", "/docker/aa", &stamps)]))
            }
            _ => good(end, path, params),
        }
    })
    .await;
    let begun = std::time::Instant::now();
    let seen = ask(&source(&url), &after(end, 30.0)).await.unwrap();
    assert!(begun.elapsed().as_secs_f64() > 1.5 && seen.partial.is_none(), "{:?}", seen.partial);
    assert!(tracks(&seen).tracks[0].samples.last().unwrap().0 >= wall(end));
}

#[tokio::test]
async fn a_store_that_does_not_come_to_the_acts_end_is_no_whole_answer() {
    let end = now().seconds();
    let (url, _) = server(move |path, params| match params.get("query") {
        Some(q) if q.starts_with("{__name__") => ok(&matrix(&[container("m", "/docker/aa", &[(end - 26.0, "1"), (end - 6.0, "2")])])),
        Some(q) if q.starts_with("max(") => ok(&json!({"resultType": "vector", "result": []})),
        _ => good(end, path, params),
    })
    .await;
    let seen = ask(&source(&url), &after(end, 6.0)).await.unwrap();
    assert!(matches!(&seen.partial, Some(Gap::TooLate(why)) if why.contains("has no sample from after the act's end")), "{:?}", seen.partial);
}

#[tokio::test]
async fn a_claim_that_matches_nothing_is_an_empty_answer_with_its_selector() {
    let end = ago(60.0);
    let (url, _) = server(move |path, params| match params.get("query") {
        Some(q) if q.starts_with("{__name__") && q.contains("memory") => ok(&matrix(&[])),
        _ => good(end, path, params),
    })
    .await;
    let seen = ask(&source(&url), &after(end, 20.0)).await.unwrap();
    assert_eq!(seen.partial, None);
    assert_eq!(tracks(&seen).tracks.iter().map(|t| t.claim.as_str()).collect::<Vec<_>>(), ["cpu"]);
    let note = r#"`prometheus:db.working_set`: no series is container_memory_working_set_bytes{name="db"}"#;
    assert!(seen.notes.iter().any(|n| n.starts_with(note)), "{:?}", seen.notes);
    // Nothing at all, of a store that has nothing of others either.
    let (url, _) = server(move |path, params| match params.get("query") {
        Some(q) if q.starts_with("{__name__") || q.starts_with("max(") => ok(&matrix(&[])),
        _ => good(end, path, params),
    })
    .await;
    let seen = ask(&source(&url), &after(end, 20.0)).await.unwrap();
    assert!(tracks(&seen).tracks.is_empty() && tracks(&seen).readings.is_empty() && seen.notes.iter().any(|n| n.contains("`headers`")), "{seen:?}");
}

#[tokio::test]
async fn a_workload_of_which_nothing_is_claimed_is_not_asked_for() {
    let (url, asked) = server(move |path, params| good(0.0, path, params)).await;
    let source = Prometheus::new(name("prometheus"), &to(url), vec![]).unwrap();
    let gap = ask(&source, &after(ago(60.0), 5.0)).await.unwrap_err();
    assert!(matches!(&gap, Gap::NotConfigured(why) if why.contains("resources.db.metrics")), "{gap}");
    assert!(asked.lock().unwrap().is_empty());
}
