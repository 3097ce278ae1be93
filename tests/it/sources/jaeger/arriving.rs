//! Spans that come late, or never.

use super::{
    super::traced_act::{QUICK, ask, sent, slot, spans, trace},
    client,
    fake::{FakeSpan, Manner, request, serve},
    whole,
};
use rigcheck::model::{
    Gap,
    key::{Question as _, Spans},
};
use std::time::Duration;
use tokio::time::Instant;

const TIME: Duration = Duration::from_secs(30);

#[tokio::test]
async fn waits_for_traces_that_are_on_their_way() {
    let late = |n: usize| if n < 5 { Duration::ZERO } else { Duration::from_millis(700) };
    let all = (0..10).flat_map(|n| request(&trace(n), sent(n)).into_iter().map(move |s| FakeSpan { after: late(n), ..s }));
    let (url, _) = serve(all.collect(), Manner::default()).await;
    let (found, _) = whole(ask(&client(&url), &spans(), &slot(10, TIME)).await);
    assert_eq!((found.traces, found.spans.len()), (10, 20));
}

#[tokio::test]
async fn waits_for_a_span_between_two_that_are_there() {
    let mut all: Vec<FakeSpan> = (0..4).flat_map(|n| request(&trace(n), sent(n))).collect();
    // A span comes long after its own child, whose parent is missing until then: the trace has a hole.
    let grandchild = FakeSpan { id: 0x13, parent: 0x12, ..all[1].clone() };
    all[1].after = Duration::from_millis(900);
    all.push(grandchild);
    let (url, _) = serve(all, Manner::default()).await;
    let (found, _) = whole(ask(&client(&url), &spans(), &slot(4, TIME)).await);
    assert_eq!(found.spans.len(), 9);
}

#[tokio::test]
async fn waits_for_the_outermost_span_whose_children_are_there() {
    // The server span ends last: a batch exporter sends it seconds after its children, and no trace is missing meanwhile.
    let late = |s: FakeSpan| FakeSpan { after: if s.id == 0x11 { Duration::from_millis(900) } else { Duration::ZERO }, ..s };
    let all = (0..4).flat_map(|n| request(&trace(n), sent(n))).map(late).collect();
    let (url, _) = serve(all, Manner::default()).await;
    let (found, _) = whole(ask(&client(&url), &spans(), &slot(4, TIME)).await);
    assert_eq!((found.traces, found.spans.len()), (4, 8));
}

#[tokio::test]
async fn a_span_in_front_of_the_service_that_is_never_exported_ends_the_wait() {
    let all = (0..4).flat_map(|n| request(&trace(n), sent(n))).map(|s| if s.id == 0x11 { FakeSpan { parent: 0x7001, ..s } } else { s }).collect();
    let (url, _) = serve(all, Manner::default()).await;
    let (found, _) = whole(ask(&client(&url), &spans(), &slot(4, TIME)).await);
    assert_eq!((found.traces, found.spans.len()), (4, 8));
}

#[tokio::test]
async fn traces_that_never_come_end_the_wait_but_not_before_it_is_quiet() {
    let all = (0..3).flat_map(|n| request(&trace(n), sent(n))).collect();
    let (url, _) = serve(all, Manner::default()).await;
    let began = Instant::now();
    let (found, _) = whole(ask(&client(&url), &spans(), &slot(5, TIME)).await);
    assert_eq!(found.traces, 3);
    assert!(began.elapsed() >= QUICK.quiet);
}

#[tokio::test]
async fn what_still_arrives_at_the_deadline_is_partial() {
    // A new trace every 150 ms for much longer than there is time.
    let all =
        (0..60).flat_map(|n| request(&trace(n), sent(n)).into_iter().map(move |s| FakeSpan { after: Duration::from_millis(150) * n as u32, ..s }));
    let (url, _) = serve(all.collect(), Manner::default()).await;
    let seen = ask(&client(&url), &spans(), &slot(60, Duration::from_secs(3))).await.unwrap();
    let found = Spans::pick(&seen.payload).unwrap();
    assert!(found.traces > 0 && found.traces < 60, "{}", found.traces);
    assert!(matches!(&seen.partial, Some(Gap::TooLate(t)) if t.contains("of 60 traces had not come")), "{:?}", seen.partial);
}

#[tokio::test]
async fn a_span_returned_twice_is_kept_once() {
    let mut all: Vec<FakeSpan> = (0..3).flat_map(|n| request(&trace(n), sent(n))).collect();
    all.extend(all.clone());
    let (url, _) = serve(all, Manner::default()).await;
    let (found, _) = whole(ask(&client(&url), &spans(), &slot(3, TIME)).await);
    assert_eq!(found.spans.len(), 6);
}

#[tokio::test]
async fn many_spans_go_to_a_blob_and_come_back_sorted() {
    let all: Vec<FakeSpan> = (0..1_200).rev().flat_map(|n| request(&trace(n), sent(n))).collect();
    let (url, _) = serve(all, Manner::default()).await;
    let (found, _) = whole(ask(&client(&url), &spans(), &slot(1_200, TIME)).await);
    assert!(found.spans.blob().is_some());
    let ids: Vec<String> = found.spans.iter().map(|s| s.trace_id).collect();
    assert_eq!(ids.len(), 2_400);
    assert!(ids.is_sorted());
}
