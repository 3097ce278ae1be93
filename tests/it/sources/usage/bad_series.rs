//! Series as no program should write them.

use super::{
    super::prometheus::{matrix, ok, server},
    after, ago, ask,
    stored::{good, one, source},
    told, tracks,
};
use rigcheck::model::{Gap, evidence::Seen};
use serde_json::{Value, json};

/// What is answered where the CPU's series are these.
async fn asked(end: f64, series: Vec<Value>) -> Result<Seen, Gap> {
    let (url, _) = server(move |path, params| match params.get("query") {
        Some(q) if q.starts_with("{__name__") && q.contains("cpu") => ok(&matrix(&series)),
        _ => good(end, path, params),
    })
    .await;
    ask(&source(&url), &after(end, 20.0)).await
}

fn cpu(id: &str, values: &[(f64, &str)]) -> Value {
    one(&json!({"__name__": "container_cpu_usage_seconds_total", "job": "cadvisor", "instance": "c:8080", "id": id}), values)
}

#[tokio::test]
async fn a_counter_that_runs_backwards_and_stamps_that_repeat_are_told_as_they_are() {
    let end = ago(20.0);
    let values = [(end - 25.0, "10"), (end - 15.0, "3"), (end - 15.0, "4"), (end - 20.0, "11"), (end + 6.0, "5")];
    let seen = asked(end, vec![cpu("/a", &values)]).await.unwrap();
    assert_eq!(seen.partial, None);
    assert_eq!(told(&tracks(&seen).tracks[0]), [(end - 25.0, 10.0), (end - 20.0, 11.0), (end - 15.0, 3.0), (end + 6.0, 5.0)]);
}

#[tokio::test]
async fn what_is_no_number_is_left_out_and_told_and_markers_of_staleness_are_not() {
    let end = ago(20.0);
    let seen =
        asked(end, vec![cpu("/a", &[(end - 25.0, "10"), (end - 15.0, "NaN"), (end + 6.0, "12")]), cpu("/b", &[(end - 15.0, "1"), (end + 6.0, "2")])])
            .await
            .unwrap();
    assert_eq!(told(&tracks(&seen).tracks[0]), [(end - 25.0, 10.0), (end + 6.0, 12.0)]);
    assert!(seen.notes.iter().any(|n| n.contains("1 samples") && n.contains("no number")), "{:?}", seen.notes);
    // A target that could not be scraped: VictoriaMetrics marks all of its series.
    let gone = [(end - 25.0, "10"), (end - 15.0, "NaN"), (end + 6.0, "12")];
    let seen = asked(end, vec![cpu("/a", &gone), cpu("/b", &gone)]).await.unwrap();
    assert_eq!((seen.notes.as_slice(), tracks(&seen).tracks[1].samples.len()), ([].as_slice(), 2));
    for bad in ["+Inf", "many"] {
        let seen = asked(end, vec![cpu("/a", &[(end - 25.0, bad), (end + 6.0, "12")])]).await.unwrap();
        assert!(matches!(seen.partial, Some(Gap::Malformed(_))), "{bad}: {:?}", seen.partial);
    }
}

#[tokio::test]
async fn a_series_that_vanishes_while_its_target_goes_on_is_what_there_is_to_see() {
    let end = ago(90.0);
    let seen = asked(end, vec![cpu("/a", &[(end - 25.0, "10"), (end - 12.0, "11")])]).await.unwrap();
    assert_eq!(seen.partial, None);
    assert_eq!(tracks(&seen).tracks[0].samples.len(), 2);
    assert!(seen.notes.iter().any(|n| n.contains("has ended")), "{:?}", seen.notes);
    // One of two containers.
    let seen =
        asked(end, vec![cpu("/a", &[(end - 25.0, "10"), (end - 12.0, "11")]), cpu("/b", &[(end - 5.0, "1"), (end + 6.0, "2")])]).await.unwrap();
    assert_eq!((seen.partial.as_ref(), tracks(&seen).tracks.len()), (None, 3));
}

#[tokio::test]
async fn a_claim_that_matches_far_more_than_a_workload_is_refused_before_it_is_read() {
    let end = ago(20.0);
    let (url, asked) = server(move |path, params| match params.get("query") {
        Some(q) if q.starts_with("count(") => ok(&json!({"resultType": "vector", "result": [{"metric": {}, "value": [end, "100000"]}]})),
        _ => good(end, path, params),
    })
    .await;
    let gap = ask(&source(&url), &after(end, 20.0)).await.unwrap_err();
    assert!(matches!(&gap, Gap::Truncated(why) if why.contains("resources.db.metrics.cpu.match")), "{gap}");
    assert!(!asked.lock().unwrap().iter().any(|(_, p)| p.get("query").is_some_and(|q| q.starts_with("{__name__"))));
    // A server that does not count, or counts wrongly.
    let many: Vec<Value> = (0..1_001).map(|n| cpu(&format!("/{n}"), &[(end + 6.0, "1")])).collect();
    assert!(matches!(super::bad_series::asked(end, many).await, Err(Gap::Truncated(_))));
}

#[tokio::test]
async fn what_two_scrapers_store_is_not_added_up() {
    let end = ago(20.0);
    let twice = move |metric: &str, value: &str| -> Vec<Value> {
        let labels = |replica: &str| json!({"__name__": metric, "job": "cadvisor", "instance": "c:8080", "id": "/a", "replica": replica});
        ["x", "y"].map(|replica| one(&labels(replica), &[(end - 25.0, value), (end + 6.0, value)])).to_vec()
    };
    let (url, _) = server(move |path, params| match params.get("query") {
        Some(q) if q.starts_with("up{") => ok(&matrix(&twice("up", "1"))),
        Some(q) if q.starts_with("{__name__") => ok(&matrix(&twice("container_cpu_usage_seconds_total", "5"))),
        _ => good(end, path, params),
    })
    .await;
    let seen = ask(&source(&url), &after(end, 20.0)).await.unwrap();
    assert!(matches!(&seen.partial, Some(Gap::Malformed(why)) if why.contains("label `replica`")), "{:?}", seen.partial);
}

#[tokio::test]
async fn what_is_no_answer_is_a_gap() {
    let end = ago(20.0);
    for (body, kind) in
        [("{\"status\": \"success\", \"data\": {\"resultType\": \"matrix\", \"result\": [{\"metric\"", "malformed"), ("<html>", "malformed")]
    {
        let (url, _) = server(move |path, params| match params.get("query") {
            Some(q) if q.starts_with("{__name__") => super::super::metrics_world::answer(200, "application/json", body),
            _ => good(end, path, params),
        })
        .await;
        let gap = ask(&source(&url), &after(end, 10.0)).await.unwrap_err();
        assert_eq!(gap.word(), kind, "{body}: {gap}");
    }
}
