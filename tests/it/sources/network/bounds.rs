//! Deadlines, interruptions, pace and what the plan is told.

use super::{brisk, effort, endpoint, https::accept, probed, query, settings, slot};
use rigcheck::{
    model::{
        endpoint::Endpoint,
        evidence::Gap,
        key::{Clock, Query},
        payload::network::Cut,
        source::{Slot, Source},
    },
    sources::network::{Network, NetworkSettings, Pace},
};
use std::{
    io::{Read as _, Write as _},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

fn answering() -> Endpoint {
    let at = accept(|mut stream| {
        if stream.read(&mut [0; 2048]).is_ok() {
            let _ = stream.write_all(b"HTTP/1.1 401 x\r\n\r\n");
        }
    });
    endpoint(at, false)
}

#[tokio::test]
async fn a_deadline_brings_a_partial_answer_with_what_was_measured() {
    let pace = Pace { mean_gap: Duration::from_millis(50), ..brisk() };
    let network = Network::new(NetworkSettings { pace, ..settings() });
    let (begun, slot) = (Instant::now(), slot(Duration::from_secs(1)));
    let seen = network.ask(&query(answering()), effort(500, 5), &slot).await.unwrap();
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    let told = probed(&seen);
    assert!(matches!(&seen.partial, Some(Gap::TooLate(why)) if why.contains("of 500 connects")), "{:?}", seen.partial);
    assert!(told.cut == Some(Cut::Deadline) && told.connects.len() > 3, "{} rows", told.connects.len());
}

#[tokio::test]
async fn a_server_that_never_speaks_costs_no_more_than_the_deadline() {
    let silent = accept(|stream| {
        thread::sleep(Duration::from_secs(5));
        drop(stream);
    });
    let pace = Pace { answer: Duration::from_mins(1), ..brisk() };
    let network = Network::new(NetworkSettings { pace, ..settings() });
    for tls in [false, true] {
        let (begun, slot) = (Instant::now(), slot(Duration::from_secs(1)));
        let there = Endpoint { large_body: true, ..endpoint(silent, tls) };
        let seen = network.ask(&query(there), effort(10, 1), &slot).await.unwrap();
        assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
        assert_eq!((probed(&seen).connects.len(), probed(&seen).connects[0].ended.cut()), (1, true), "{:?}", probed(&seen).connects);
    }
}

#[tokio::test]
async fn an_interruption_is_heard_at_once() {
    let pace = Pace { mean_gap: Duration::from_secs(30), burst: 1, ..brisk() };
    let network = Network::new(NetworkSettings { pace, ..settings() });
    let slot = slot(Duration::from_mins(1));
    let cancel = slot.cancel.clone();
    let (begun, asked) = (Instant::now(), query(answering()));
    let (seen, ()) = tokio::join!(network.ask(&asked, effort(10, 1), &slot), async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        cancel.cancel();
    });
    let seen = seen.unwrap();
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    assert!(matches!(&seen.partial, Some(Gap::NotReached(why)) if why.contains("interrupted")), "{:?}", seen.partial);
}

#[tokio::test]
async fn strangers_are_met_at_two_connects_a_second() {
    let network = Network::new(NetworkSettings::default());
    let asked = query(answering());
    let estimate = network.estimate(&asked, effort(100, 3));
    assert!(estimate.requests == 100 && (50_000.0..120_000.0).contains(&estimate.lasting.0), "{estimate:?}");
    let seen = network.ask(&asked, effort(100, 3), &slot(Duration::from_secs(4))).await.unwrap();
    let rows = &probed(&seen).connects;
    assert!((2..=8).contains(&rows.len()), "{} in some 2.5 s", rows.len());
    for pair in rows.windows(3) {
        assert!(pair[2].at.0 - pair[0].at.0 > 400_000, "{pair:?}");
    }
}

#[test]
fn a_fast_pace_still_leaves_connects_the_time_that_they_take() {
    let pace = Pace { mean_gap: Duration::from_millis(1), between_rounds: Duration::ZERO, ..Pace::default() };
    let network = Network::new(NetworkSettings { pace, ..NetworkSettings::default() });
    // 800 connects, of which 4 % lose a packet and wait a second for it, take about a minute on a way of 6 ms.
    let estimate = network.estimate(&query(answering()), effort(800, 5));
    assert!((60_000.0..120_000.0).contains(&estimate.lasting.0), "{estimate:?}");
}

#[tokio::test]
async fn progress_and_cost_are_told_and_other_questions_refused() {
    let said = Arc::new(Mutex::new(vec![]));
    let heard = Arc::clone(&said);
    let slot = Slot { progress: Arc::new(move |done, total| heard.lock().unwrap().push((done, total))), ..slot(Duration::from_secs(5)) };
    let network = Network::new(settings());
    network.ask(&query(answering()), effort(5, 2), &slot).await.unwrap();
    assert_eq!(*said.lock().unwrap(), [(1, 5), (2, 5), (3, 5), (4, 5), (5, 5)]);
    assert!(network.cost().queries >= 5);
    let other: Query = Clock {}.into();
    assert!(matches!(network.ask(&other, effort(1, 1), &slot).await, Err(Gap::NotConfigured(_))));
}
