//! What is found, and that nothing is lost where answers are cut.

use super::{
    super::traced_act::{BEGAN, ask, sent, slot, spans, trace},
    client,
    fake::{FakeSpan, Manner, Presence, request, serve},
    whole,
};
use rigcheck::model::{Gap, Source as _, payload::SpanRow};
use std::{sync::atomic::Ordering, time::Duration};

const TIME: Duration = Duration::from_secs(30);

fn requests(count: usize) -> Vec<FakeSpan> {
    (0..count).flat_map(|n| request(&trace(n), sent(n))).collect()
}

#[tokio::test]
async fn finds_our_spans_and_counts_the_traces_of_others() {
    let mut all = requests(5);
    all.extend(request(&trace(5), sent(5))); // The failed request's trace is one of ours, too.
    all.extend(request("ffff0000000000000000000000000001", sent(2)));
    all.extend(request("ffff0000000000000000000000000002", sent(3)));
    all.extend(request("ffff0000000000000000000000000003", BEGAN - 3_000_000)); // Near the act, not in it.
    let (url, fake) = serve(all, Manner::default()).await;
    let jaeger = client(&url);
    let seen = ask(&jaeger, &spans(), &slot(5, TIME)).await.unwrap();
    assert!(seen.origin.request.contains("/api/v3/traces?query.service_name=gateway"), "{}", seen.origin.request);
    let (found, notes) = whole(Ok(seen));
    assert_eq!((found.traces, found.spans.len(), found.foreign, found.truncated), (6, 12, 2, 0));
    assert_eq!(notes, Vec::<String>::new());
    let rows: Vec<SpanRow> = found.spans.iter().collect();
    let root = rows.iter().find(|r| r.trace_id == trace(3) && r.kind == "server").unwrap();
    assert_eq!((root.span_id.as_str(), root.parent_id.as_deref()), ("0000000000000011", Some("0000000000000004")));
    assert_eq!((root.start_ns, root.end_ns - root.start_ns), (sent(3) as u64 * 1_000 + 123, 4_000_000));
    assert_eq!((root.service.as_str(), root.name.as_str()), ("gateway", "POST /v1/chat/completions"));
    assert_eq!(root.attributes["http.response.status_code"], "200");
    assert_eq!(root.attributes["otel.scope.name"], "opentelemetry.instrumentation.asgi");
    assert_eq!(fake.unlike_raw.load(Ordering::SeqCst), 0, "every search asks for raw traces");
    assert!(jaeger.cost().queries >= 2 && jaeger.cost().bytes > 1_000);
}

#[tokio::test]
async fn every_dialect_gives_the_same_spans() {
    let (plain, _) = serve(requests(4), Manner::default()).await;
    let (found, _) = whole(ask(&client(&plain), &spans(), &slot(4, TIME)).await);
    let expected: Vec<SpanRow> = found.spans.iter().collect();
    for manner in [Manner { proto_json: true, ..Manner::default() }, Manner { streamed: true, ..Manner::default() }] {
        let (url, _) = serve(requests(4), manner).await;
        let (found, _) = whole(ask(&client(&url), &spans(), &slot(4, TIME)).await);
        assert_eq!(found.spans.iter().collect::<Vec<_>>(), expected);
    }
}

#[tokio::test]
async fn falls_back_to_the_legacy_api() {
    for v3 in [Presence::NotFound, Presence::WebPage, Presence::OtherJson, Presence::Status(405)] {
        let (url, fake) = serve(requests(4), Manner { v3, ..Manner::default() }).await;
        let (found, notes) = whole(ask(&client(&url), &spans(), &slot(4, TIME)).await);
        let rows: Vec<SpanRow> = found.spans.iter().collect();
        assert_eq!((found.traces, rows.len()), (4, 8));
        assert_eq!(rows[0].start_ns % 1_000, 0, "the legacy API has no nanoseconds");
        assert_eq!((rows[0].trace_id.len(), rows[0].service.as_str()), (32, "gateway"));
        assert!(notes[0].contains("microseconds"), "{notes:?}");
        assert_eq!(fake.unlike_raw.load(Ordering::SeqCst), 0);
    }
}

#[tokio::test]
async fn full_answers_are_sliced_until_nothing_is_cut() {
    for v3 in [Presence::There, Presence::NotFound] {
        let (url, fake) = serve(requests(200), Manner { v3, ..Manner::default() }).await;
        let (found, _) = whole(ask(&client(&url).with_limit(10), &spans(), &slot(200, TIME)).await);
        assert_eq!((found.traces, found.truncated), (200, 0));
        assert!(fake.most.load(Ordering::SeqCst) <= 10, "the fake honours the limit");
    }
}

#[tokio::test]
async fn an_empty_stream_is_nothing_found() {
    let mut all = requests(200);
    // So that the first slice has something in it, and the next ones nothing.
    all.extend(request("ffff0000000000000000000000000001", BEGAN - 9_900_000));
    let (url, _) = serve(all, Manner { streamed: true, legacy: Presence::NotFound, ..Manner::default() }).await;
    let (found, _) = whole(ask(&client(&url).with_limit(10), &spans(), &slot(200, TIME)).await);
    assert_eq!((found.traces, found.foreign), (200, 0));
}

#[tokio::test]
async fn what_cannot_be_sliced_is_partial_never_whole() {
    let same_instant: Vec<FakeSpan> = (0..30).flat_map(|n| request(&trace(n), sent(7))).collect();
    let (url, _) = serve(same_instant, Manner::default()).await;
    let seen = ask(&client(&url).with_limit(10), &spans(), &slot(30, TIME)).await.unwrap();
    let gap = seen.partial.clone().unwrap();
    assert!(matches!(&gap, Gap::Truncated(t) if t.contains(&url) && t.contains("gateway")), "{gap}");
}

#[tokio::test]
async fn a_server_that_cuts_without_a_word_is_found_out() {
    let (url, _) = serve(requests(100), Manner { silent_cap: Some(25), ..Manner::default() }).await;
    let (found, notes) = whole(ask(&client(&url), &spans(), &slot(100, TIME)).await);
    assert_eq!(found.traces, 100);
    assert!(notes.iter().any(|n| n.contains("at most 25 traces")), "{notes:?}");
}

#[tokio::test]
async fn a_server_that_searches_less_deep_is_asked_for_less() {
    for v3 in [Presence::There, Presence::NotFound] {
        let (url, _) = serve(requests(120), Manner { deepest: Some(100), v3, ..Manner::default() }).await;
        let (found, _) = whole(ask(&client(&url), &spans(), &slot(120, TIME)).await);
        assert_eq!(found.traces, 120);
    }
}

#[tokio::test]
async fn a_clock_that_is_minutes_off_does_not_hide_the_traces() {
    let off = 300_000_000;
    let all = (0..6).flat_map(|n| request(&trace(n), sent(n) + off)).collect();
    let (url, _) = serve(all, Manner::default()).await;
    let (found, notes) = whole(ask(&client(&url), &spans(), &slot(6, TIME)).await);
    assert_eq!(found.traces, 6);
    assert!(notes.iter().any(|n| n.contains("+300.0 s") && n.contains("clock")), "{notes:?}");
}

#[tokio::test]
async fn traces_of_another_service_are_found_by_id_and_it_says_so() {
    let mut all = requests(6);
    for span in &mut all {
        span.service = "edge".into();
    }
    let (url, _) = serve(all, Manner::default()).await;
    let (found, notes) = whole(ask(&client(&url), &spans(), &slot(6, TIME)).await);
    assert_eq!((found.traces, found.elsewhere), (6, vec!["edge".to_owned()]));
    assert!(notes.iter().any(|n| n.contains("`gateway` leaves out traces of ours")), "{notes:?}");
}

#[tokio::test]
async fn no_traces_is_an_empty_answer_that_names_the_services_there_are() {
    let mut other = request("ffff0000000000000000000000000001", sent(1));
    for span in &mut other {
        span.service = "gatewy".into();
    }
    let (url, _) = serve(other, Manner::default()).await;
    let (found, notes) = whole(ask(&client(&url), &spans(), &slot(3, TIME)).await);
    assert_eq!((found.traces, found.spans.len(), found.elsewhere.len()), (0, 0, 0), "a stranger's service is not ours");
    assert!(notes[0].contains("knows no service `gateway`; it knows gatewy") && notes[0].contains("sources.jaeger.service"), "{notes:?}");
}
