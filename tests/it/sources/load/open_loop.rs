use super::{
    act, ask, effort,
    fake::{Fake, Step, stream},
    perform, performed, rows, slot, target,
};
use rigcheck::{
    model::{
        act::{Destination, LoadAct},
        evidence::Gap,
        source::Source,
        units::{Ms, Wall},
    },
    sources::load::Load,
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

/// Waits for what a test observes; what does not come within ten seconds is not coming.
async fn until(what: &str, mut seen: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !seen() {
        assert!(begun.elapsed() < Duration::from_secs(10), "not seen: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_stalls_does_not_delay_later_sends() {
    let server = Fake::answering(|n, _| if n < 5 { [vec![Step::Wait(3_000)], stream()].concat() } else { stream() }).await;
    let load = Load::new(Some(&target(&server.url)), None).unwrap();
    let seen = ask(&load, act(20), effort(2, 18)).await.unwrap();
    let rows = rows(&seen);
    assert_eq!(rows.len(), 20);
    for (n, t) in rows.iter().enumerate() {
        assert_eq!(t.scheduled.0, n as u64 * 50_000_000, "due times come from the start, not from the last answer");
        assert_eq!(t.warmup, n < 2);
        // Lag of a busy machine; a closed loop would be late by the whole three seconds.
        assert!(t.sent.since(t.scheduled).0 < 1_500.0, "{t:?}");
        assert!(t.ok(), "{t:?}");
    }
    let during_stall = server.received().iter().filter(|r| r.at < server.received()[0].at + Duration::from_millis(2_900)).count();
    assert!(during_stall >= 15, "{during_stall} requests arrived while the first five were held");
    let slow = rows.iter().filter(|t| t.closed.unwrap().since(t.sent).0 >= 2_999.0).count();
    assert!(slow >= 5, "the stall is in the figures of those that met it");
}

#[tokio::test]
async fn the_answer_says_what_was_done() {
    let server = Fake::answering(|_, _| stream()).await;
    let load = Load::new(Some(&target(&server.url)), None).unwrap();
    let mut slot = slot();
    let last = Arc::new(AtomicU64::new(0));
    let told = Arc::clone(&last);
    slot.progress = Arc::new(move |done, total| {
        assert_eq!((told.fetch_add(1, Ordering::Relaxed) + 1, total), (done, 8));
    });
    let before = jiff::Timestamp::now().as_microsecond();
    let seen = load.ask(&perform(act(100)), effort(3, 5), &slot).await.unwrap();
    let after = jiff::Timestamp::now().as_microsecond();
    assert_eq!(last.load(Ordering::Relaxed), 8);
    let p = performed(&seen);
    assert_eq!((p.asked, p.requests.len(), p.cut.as_deref()), (8, 8, None));
    assert!(p.tokens_allowed >= 8 * 16 && p.heartbeat.max_gap_ms > 0.0);
    assert!(Wall(before) <= p.started && p.started == seen.covered.from && seen.covered.to <= Wall(after));
    assert!(seen.covered.length().0 >= 69.0, "eight requests at 100/s begin over 70 ms");
    assert_eq!(seen.origin.request, format!("POST {}/v1/chat/completions × 8 at 100/s", server.url));
    assert_eq!(seen.origin.server.as_deref(), Some("fake/1"));
    assert_eq!(load.cost().queries, 0, "what was sent is told as sent, not as the cost of reading");
    assert!(load.cost().bytes > 8 * 200);
}

#[tokio::test]
async fn the_plan_is_known_beforehand() {
    let load = Load::new(Some(&target("http://127.0.0.1:9")), None).unwrap();
    let plan = load.estimate(&perform(act(20)), effort(20, 480));
    assert_eq!(plan.requests, 500);
    // The sending, and what the last answer takes where nothing says how long.
    assert_eq!(plan.lasting, Ms(27_000.0));
    assert!(plan.tokens > 500 * 16 && plan.tokens < 500 * (16 + 100), "{plan:?}");
    let to_reference = load.estimate(&perform(LoadAct { to: Destination::Reference, ..act(20) }), effort(20, 480));
    assert_eq!(to_reference, plan, "what goes to the reference endpoint is counted, too; the plan tells it apart");
}

#[tokio::test]
async fn an_interrupted_act_ends_soon_with_what_there_is() {
    let server = Fake::answering(|n, _| if n < 3 { stream() } else { vec![Step::Hang] }).await;
    let load = Load::new(Some(&target(&server.url)), None).unwrap();
    let mut slot = slot();
    let answered = Arc::new(AtomicU64::new(0));
    let told = Arc::clone(&answered);
    slot.progress = Arc::new(move |done, _| told.store(done, Ordering::Relaxed));
    let cancel = slot.cancel.clone();
    let query = perform(act(20));
    let begun = Instant::now();
    let (seen, ()) = tokio::join!(load.ask(&query, effort(0, 600), &slot), async {
        until("three are answered and two more are under way", || answered.load(Ordering::Relaxed) == 3 && server.received().len() >= 5).await;
        cancel.cancel();
    });
    assert!(begun.elapsed() < Duration::from_secs(10), "600 requests would take 30 s");
    let seen = seen.unwrap();
    assert!(matches!(&seen.partial, Some(Gap::NotReached(t)) if t.contains("of 600 requests")), "{:?}", seen.partial);
    let rows = rows(&seen);
    assert!(rows.len() >= 4 && rows.len() < 600, "{}", rows.len());
    assert_eq!(rows.iter().filter(|t| t.ok()).count(), 3);
    assert!(rows.iter().filter(|t| !t.ok()).all(|t| t.error.as_deref() == Some("interrupted")));
    assert!(performed(&seen).cut.is_some());
}

#[tokio::test]
async fn the_deadline_is_kept() {
    let server = Fake::answering(|_, _| vec![Step::Hang]).await;
    let load = Load::new(Some(&target(&server.url)), None).unwrap();
    let mut slot = slot();
    slot.deadline = Instant::now() + Duration::from_millis(1_500);
    let seen = load.ask(&perform(act(10)), effort(0, 500), &slot).await.unwrap();
    assert!(matches!(seen.partial, Some(Gap::TooLate(_))));
    assert!(!rows(&seen).is_empty());
    let cancelled = super::slot();
    cancelled.cancel.cancel();
    assert!(matches!(load.ask(&perform(act(10)), effort(0, 5), &cancelled).await, Err(Gap::NotReached(_))));
}

#[tokio::test]
async fn a_dropped_act_stops_everything() {
    let server = Fake::answering(|_, _| stream()).await;
    let load = Load::new(Some(&target(&server.url)), None).unwrap();
    let (query, slot) = (perform(act(50)), slot());
    tokio::select! {
        ended = load.ask(&query, effort(0, 900), &slot) => panic!("900 requests at 50/s take 18 s: {ended:?}"),
        () = until("some are sent", || server.received().len() >= 5) => {}
    }
    // What was on its way may still arrive; then there is silence, long before the 18 s are over.
    let (mut arrived, mut since) = (0, Instant::now());
    until("nothing more arrives for 400 ms", || {
        if server.received().len() > arrived {
            (arrived, since) = (server.received().len(), Instant::now());
        }
        since.elapsed() >= Duration::from_millis(400)
    })
    .await;
    // What was not sent is still there to spend: 900 of 1000 were set aside.
    assert!(ask(&load, act(500), effort(0, 500)).await.is_ok());
}

#[tokio::test]
async fn a_stall_of_the_load_generator_is_marked() {
    let server = Fake::answering(|_, _| stream()).await;
    let load = Load::new(Some(&target(&server.url)), None).unwrap();
    let (query, slot) = (perform(act(20)), slot());
    // One thread runs everything here: to block it is to stall the load generator.
    let (seen, ()) = tokio::join!(load.ask(&query, effort(0, 40), &slot), async {
        until("a quarter is sent", || server.received().len() >= 10).await;
        std::thread::sleep(Duration::from_millis(600));
    });
    let seen = seen.unwrap();
    let heartbeat = &performed(&seen).heartbeat;
    assert!(heartbeat.max_gap_ms >= 599.0 && !heartbeat.stalls.is_empty(), "{heartbeat:?}");
    let rows = rows(&seen);
    let stalled = rows.iter().filter(|t| t.stalled).count();
    assert!((10..40).contains(&stalled), "about 12 of 40 were due within the stall: {stalled}");
    let due_within = |t: &rigcheck::model::timeline::Timeline| heartbeat.stalls.iter().any(|(a, b)| (*a..=*b).contains(&t.scheduled.0));
    assert!(rows.iter().filter(|t| due_within(t)).all(|t| t.stalled));
}
