//! The direct scrape: what it keeps of a page around an act, and what each fault of a page becomes.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, clippy::float_cmp, reason = "helpers of tests")]

use super::metrics_world::{act, answer, claim, during, now, serve, slot, to, trace};
use crate::address::nobody;
use axum::{Router, body::Body, extract::State, http::HeaderMap, response::Response, routing::get};
use futures_util::stream;
use rigcheck::{
    model::{
        Gap, Query, Source,
        audit::Effort,
        evidence::Seen,
        key::{Facts, Page, Payload},
        name,
        payload::{HistogramSeries, Part},
        source::{ActState, Slot, Timing},
        units::Ms,
    },
    sources::scrape::Scrape,
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::sync::watch;

/// A server whose page depends on how often it was read.
async fn page(of: impl Fn(u64) -> Response + Clone + Send + Sync + 'static) -> (String, Arc<AtomicU64>) {
    let reads = Arc::new(AtomicU64::new(0));
    let handler = move |State(reads): State<Arc<AtomicU64>>, headers: HeaderMap| {
        assert!(headers["accept"].to_str().unwrap().starts_with("application/openmetrics-text"));
        let response = of(reads.fetch_add(1, Ordering::SeqCst));
        async move { response }
    };
    let address = serve(Router::new().route("/metrics", get(handler)).with_state(Arc::clone(&reads))).await;
    (format!("http://{address}/metrics"), reads)
}

fn scrape(url: &str) -> Scrape {
    Scrape::new(name("scrape"), &to(url.into()), Ms(50.0), vec![claim("scrape", "t_seconds", &[("route", "/chat")])]).unwrap()
}

fn text(count: u64) -> String {
    format!(
        "# TYPE t_seconds histogram\nt_seconds_bucket{{route=\"/chat\",le=\"1\"}} {count}\nt_seconds_bucket{{route=\"/chat\",le=\"+Inf\"}} {count}\n\
         t_seconds_sum{{route=\"/chat\"}} {}\nt_seconds_count{{route=\"/chat\"}} {count}\n",
        count as f64 / 2.0
    )
}

fn plain(body: impl Into<Body>) -> Response {
    answer(200, "text/plain; version=0.0.4", body)
}

async fn ask(source: &Scrape, query: impl Into<Query>, slot: &Slot) -> Result<Seen, Gap> {
    source.ask(&query.into(), Effort::default(), slot).await
}

fn series(seen: &Seen) -> &HistogramSeries {
    match &seen.payload {
        Payload::Histogram(series) => series,
        other => panic!("{other:?}"),
    }
}

/// Watches an act of `requests` that goes on from the first reading until `reads` were done.
async fn watched(url: &str, reads: &Arc<AtomicU64>, until: u64, requests: u64, seconds: f64) -> Result<Seen, Gap> {
    let source = scrape(url);
    let (state, rx) = watch::channel(ActState::Waiting);
    let mut slot = slot(seconds);
    slot.act = rx;
    let mut ready = slot.ready.subscribe();
    let load = async {
        if ready.wait_for(|r| *r).await.is_err() {
            return;
        }
        let from = now();
        state.send_replace(ActState::Running(from));
        let stop = Instant::now() + Duration::from_secs(5);
        while reads.load(Ordering::SeqCst) < until && Instant::now() < stop {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        state.send_replace(ActState::Done(act(requests, from, now(), false)));
    };
    let (seen, ()) = tokio::join!(ask(&source, during(), &slot), load);
    seen
}

#[tokio::test]
async fn reads_before_during_and_until_the_counts_close() {
    // 7 stood there before; ours are counted late: only readings after the act see all 10.
    let (url, reads) = page(|n| plain(text(7 + n.min(10)))).await;
    let seen = watched(&url, &reads, 5, 10, 20.0).await.unwrap();
    let got = series(&seen);
    assert_eq!((seen.partial.as_ref(), got.declared_type.as_deref(), got.interval_ms), (None, Some("histogram"), 50.0));
    assert_eq!(got.series.len(), 4);
    let count = got.series.iter().find(|s| s.part == Part::Count).unwrap();
    assert_eq!((count.samples.first().unwrap().1, count.samples.last().unwrap().1), (7.0, 17.0));
    assert_eq!(count.labels["route"], "/chat");
    let instance = url.trim_start_matches("http://").trim_end_matches("/metrics");
    assert_eq!(count.labels["instance"], instance);
    assert!(got.scrapes.len() >= 10 && got.scrapes.iter().all(|s| s.ok && s.instance == instance));
    assert!(seen.covered.from <= count.samples[0].0 && count.samples.last().unwrap().0 <= seen.covered.to);
    assert_eq!(seen.origin.request, url);
}

#[tokio::test]
async fn keeps_only_the_edges_of_what_does_not_change() {
    let (url, reads) = page(|_| plain(text(7))).await;
    let seen = watched(&url, &reads, 20, 3, 20.0).await.unwrap();
    let got = series(&seen);
    assert!(got.scrapes.len() > 20);
    assert!(got.series.iter().all(|s| s.samples.len() == 2), "{:?}", got.series);
    assert!(seen.notes.iter().any(|n| n.contains("counted 0 observations, our load had 3")), "{:?}", seen.notes);
    assert_eq!(seen.partial, None);
}

#[tokio::test]
async fn a_metric_that_appears_later_has_proof_that_it_was_not_there() {
    let (url, reads) = page(|n| plain(if n < 3 { "other 1\n".into() } else { text(2) })).await;
    let seen = watched(&url, &reads, 6, 2, 20.0).await.unwrap();
    let got = series(&seen);
    let first = got.series[0].samples[0].0;
    assert!(got.scrapes.iter().filter(|s| s.ok && s.at < first).count() >= 3);
    // A metric that never comes is an empty answer, not a missing one.
    let (url, reads) = page(|_| plain("other 1\n")).await;
    let seen = watched(&url, &reads, 3, 2, 20.0).await.unwrap();
    assert!(series(&seen).series.is_empty() && seen.partial.is_none());
}

/// Somebody wrote a user and a prompt into labels: they tell label sets apart, and are not kept.
#[tokio::test]
async fn label_values_of_others_are_not_kept() {
    let of = |user: &str, n: u64| {
        let labels = format!("route=\"/chat\",user=\"{user}\",prompt=\"tell me a secret\"");
        format!("t_seconds_bucket{{{labels},le=\"+Inf\"}} {n}\nt_seconds_sum{{{labels}}} {n}\nt_seconds_count{{{labels}}} {n}\n")
    };
    let body = move |n: u64| plain(format!("# TYPE t_seconds histogram\n{}{}", of("jane@example.com", n.min(3)), of("joe@example.com", n.min(5))));
    let (url, reads) = page(body).await;
    let seen = watched(&url, &reads, 6, 5, 20.0).await.unwrap();
    let text = serde_json::to_string(&seen).unwrap();
    assert!(!text.contains("example.com") && !text.contains("secret"), "{text}");
    let got = series(&seen);
    let sets: std::collections::BTreeSet<_> = got.series.iter().map(|s| s.labels.clone()).collect();
    assert_eq!((got.series.len(), sets.len()), (6, 2), "still two label sets of three parts");
    assert!(got.series.iter().all(|s| s.labels["route"] == "/chat"), "what the spec names itself is kept");
}

#[tokio::test]
async fn keeps_exemplars_of_ours_only() {
    let (url, reads) = page(|_| {
        let (ours, foreign) = (trace(2), trace(99));
        let body = format!(
            "# TYPE t_seconds histogram\n# UNIT t_seconds seconds\n\
             t_seconds_bucket{{route=\"/chat\",le=\"1.0\"}} 2 # {{trace_id=\"{ours}\"}} 0.25 1700000000.5\n\
             t_seconds_bucket{{route=\"/chat\",le=\"+Inf\"}} 3 # {{trace_id=\"{foreign}\"}} 7\n\
             t_seconds_sum{{route=\"/chat\"}} 8\nt_seconds_count{{route=\"/chat\"}} 3\nt_seconds_created{{route=\"/chat\"}} 1700000000.0\n\
             t_seconds_bucket{{route=\"/other\",le=\"+Inf\"}} 3 # {{trace_id=\"{ours}\"}} 7\n\
             t_seconds_sum{{route=\"/other\"}} 8\nt_seconds_count{{route=\"/other\"}} 3\n# EOF\n"
        );
        answer(200, "application/openmetrics-text; version=1.0.0; charset=utf-8", body)
    })
    .await;
    let seen = watched(&url, &reads, 2, 3, 20.0).await.unwrap();
    let got = series(&seen);
    assert_eq!((got.exemplars.len(), got.declared_unit.as_deref()), (1, Some("seconds")));
    assert_eq!((got.exemplars[0].trace_id.as_str(), got.exemplars[0].le, got.exemplars[0].value), (trace(2).as_str(), 1.0, 0.25));
    assert!(got.series.iter().all(|s| s.labels["route"] == "/chat" && s.created == Some(1_700_000_000.0)));
    assert!(!serde_json::to_string(got).unwrap().contains(&trace(99)));
}

#[tokio::test]
async fn a_broken_line_of_ours_makes_the_answer_partial_and_one_of_others_a_note() {
    let ours = text(3).replace("le=\"1\"} 3", "le=\"1\"} three");
    let (url, reads) = page(move |_| plain(ours.clone())).await;
    let seen = watched(&url, &reads, 2, 0, 20.0).await.unwrap();
    assert!(matches!(&seen.partial, Some(Gap::Malformed(why)) if why.contains("line 2") && !why.contains("three")), "{:?}", seen.partial);
    assert_eq!(series(&seen).series.len(), 3, "what could be read is there");

    let (url, reads) = page(|_| plain(format!("{}other many\n", text(3)))).await;
    let seen = watched(&url, &reads, 2, 0, 20.0).await.unwrap();
    assert_eq!(seen.partial, None);
    assert!(seen.notes.iter().any(|n| n.contains("line 6")), "{:?}", seen.notes);
}

#[tokio::test]
async fn failures_during_the_act_are_recorded_and_failures_after_it_leave_a_gap() {
    let (url, reads) = page(|n| if (2..5).contains(&n) { answer(503, "text/plain", "") } else { plain(text(n.min(8))) }).await;
    let seen = watched(&url, &reads, 6, 8, 20.0).await.unwrap();
    assert_eq!(seen.partial, None);
    assert_eq!(series(&seen).scrapes.iter().filter(|s| !s.ok).count(), 3);

    let (url, reads) = page(|n| if n > 2 { answer(500, "text/plain", "") } else { plain(text(n)) }).await;
    let seen = watched(&url, &reads, 3, 8, 3.0).await.unwrap();
    // The last failed reading, or the deadline that came while another one was tried.
    assert!(matches!(seen.partial, Some(Gap::Malformed(_) | Gap::TooLate(_))), "{:?}", seen.partial);
    assert!(!series(&seen).series.is_empty());
}

#[tokio::test]
async fn a_first_reading_that_fails_is_a_gap_of_its_kind() {
    let cases: Vec<(&str, fn() -> Response)> = vec![
        ("malformed", || answer(200, "text/html", "<html><body>Sign in</body></html>")),
        ("malformed", || answer(200, "application/json", "{}")),
        ("malformed", || answer(302, "text/plain", "")),
        ("malformed", || answer(404, "text/plain", "")),
        ("denied", || answer(401, "text/plain", "")),
        ("denied", || answer(403, "text/plain", "")),
        ("busy", || answer(503, "text/plain", "")),
        ("truncated", || {
            let line = bytes::Bytes::from(vec![b'x'; 1 << 20]);
            plain(Body::from_stream(stream::iter((0..257).map(move |_| Ok::<_, std::io::Error>(line.clone())))))
        }),
        ("malformed", || {
            let parts = vec![Ok(bytes::Bytes::from("t_seconds_count 1")), Err(std::io::Error::other("cut"))];
            plain(Body::from_stream(stream::iter(parts)))
        }),
        ("too late", || plain(Body::from_stream(stream::pending::<Result<bytes::Bytes, std::io::Error>>()))),
    ];
    for (word, response) in cases {
        let (url, _) = page(move |_| response()).await;
        let slot = slot(if word == "too late" { 1.0 } else { 10.0 });
        let gap = ask(&scrape(&url), during(), &slot).await.unwrap_err();
        assert_eq!(gap.word(), word, "{gap}");
        assert!(!*slot.ready.borrow(), "it will not watch");
        assert!(!gap.to_string().contains("Sign in"));
    }
    let gap = ask(&scrape(&format!("http://{}/metrics", nobody())), during(), &slot(10.0)).await.unwrap_err();
    assert_eq!(gap.word(), "unreachable", "{gap}");
}

#[tokio::test]
async fn a_failed_act_an_interruption_and_a_deadline_end_the_watch() {
    let (url, _) = page(|_| plain(text(1))).await;
    let mut failed = slot(20.0);
    failed.act = watch::channel(ActState::Failed(Gap::Refused("no budget".into()))).1;
    let gap = ask(&scrape(&url), during(), &failed).await.unwrap_err();
    assert!(matches!(&gap, Gap::NotReached(why) if why.contains("no budget")), "{gap}");

    let (_state, rx) = watch::channel(ActState::Waiting);
    let mut cancelled = slot(20.0);
    cancelled.act = rx.clone();
    let stop = cancelled.cancel.clone();
    let source = scrape(&url);
    let (gap, ()) = tokio::join!(ask(&source, during(), &cancelled), async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        stop.cancel();
    });
    assert_eq!(gap.unwrap_err().word(), "not reached");

    let mut late = slot(1.0);
    late.act = rx;
    assert_eq!(ask(&scrape(&url), during(), &late).await.unwrap_err().word(), "too late");
}

#[tokio::test]
async fn watchers_of_one_page_share_readings() {
    let (url, reads) = page(|_| plain(text(7))).await;
    let mut second = claim("scrape", "t_seconds", &[]);
    second.name = name("other");
    let claims = vec![claim("scrape", "t_seconds", &[("route", "/chat")]), second];
    let source = Scrape::new(name("scrape"), &to(url), Ms(200.0), claims).unwrap();
    let slot = slot(20.0).after(act(0, now(), now(), false));
    let mut other = during();
    other.claim = name("other");
    let (a, b) = tokio::join!(ask(&source, during(), &slot), ask(&source, other, &slot));
    let scrapes = series(&a.unwrap()).scrapes.len().max(series(&b.unwrap()).scrapes.len()) as u64;
    assert!(reads.load(Ordering::SeqCst) < 2 * scrapes, "{} reads for twice {scrapes} readings", reads.load(Ordering::SeqCst));
    assert_eq!(source.cost().queries, reads.load(Ordering::SeqCst));
}

#[tokio::test]
async fn tells_how_well_formed_a_page_is() {
    let body = format!("{}a{{x=\"p=q\"}} 1\nbad many\n", text(1));
    let size = body.len() as u64;
    let (url, _) = page(move |_| plain(body.clone())).await;
    let source = scrape(&url);
    assert_eq!(source.timing(&Page { when: rigcheck::model::key::When::Now }.into()), Timing::Recall { settle: Ms(0.0) });
    assert_eq!(source.timing(&during().into()), Timing::Watch);
    let seen = ask(&source, Page { when: rigcheck::model::key::When::Now }, &slot(10.0)).await.unwrap();
    let Payload::Page(told) = &seen.payload else { panic!("{seen:?}") };
    assert_eq!((told.format.as_str(), told.families, told.samples, told.bytes), ("text/plain 0.0.4", 2, 5, size));
    assert_eq!((told.doubts, told.first_doubts[0].line, told.lost_by_lax_reader), (1, 7, 1));
    assert!(matches!(ask(&source, Facts { scope: name("server") }, &slot(1.0)).await, Err(Gap::NotConfigured(_))));
    let mut unknown = during();
    unknown.claim = name("nobody");
    assert!(matches!(ask(&source, unknown, &slot(1.0)).await, Err(Gap::NotConfigured(_))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_without_end_is_read_to_its_limit_once() {
    let (url, reads) = page(|_| {
        let piece = bytes::Bytes::from(vec![b'\n'; 1 << 16]);
        plain(Body::from_stream(stream::repeat_with(move || Ok::<_, std::io::Error>(piece.clone()))))
    })
    .await;
    let source = scrape(&url);
    for _ in 0..3 {
        let gap = ask(&source, Page { when: during().when }, &slot(60.0)).await.unwrap_err();
        assert!(matches!(&gap, Gap::Truncated(why) if why.contains("268435456 bytes")), "{gap}");
    }
    assert_eq!(reads.load(Ordering::SeqCst), 1);
}
