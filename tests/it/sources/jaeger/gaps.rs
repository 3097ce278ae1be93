//! Every way not to get an answer, and what the user reads then.

use super::{
    super::traced_act::{QUICK, ask, connection, open_slot, sent, slot, spans, trace, truth},
    client,
    fake::{Manner, Presence, request, serve},
    whole,
};
use crate::address::nobody;
use rigcheck::{
    model::{
        Gap, Timing, name,
        source::{ActState, Source as _},
        units::Ms,
    },
    sources::{jaeger::Jaeger, spans::Pace},
};
use std::time::Duration;
use tokio::time::Instant;

const TIME: Duration = Duration::from_secs(20);

async fn gap_of(manner: Manner, within: Duration) -> (Gap, String) {
    let (url, _) = serve(vec![], manner).await;
    (ask(&client(&url), &spans(), &slot(3, within)).await.unwrap_err(), url)
}

#[tokio::test]
async fn nobody_there() {
    let url = format!("http://{}", nobody());
    let gap = ask(&client(&url), &spans(), &slot(3, TIME)).await.unwrap_err();
    assert!(matches!(&gap, Gap::Unreachable(t) if t.contains(&url) && t.contains("refused") && t.contains("remove sources.jaeger")), "{gap}");
}

#[tokio::test]
async fn something_else_is_there() {
    for (v3, legacy, word) in [
        (Presence::WebPage, Presence::WebPage, "web page"),
        (Presence::Garbage, Presence::Garbage, "no whole JSON"),
        (Presence::NotFound, Presence::NotFound, "404"),
        (Presence::OtherJson, Presence::OtherJson, "another kind"),
    ] {
        let (gap, url) = gap_of(Manner { v3, legacy, ..Manner::default() }, TIME).await;
        assert!(matches!(&gap, Gap::Malformed(t) if t.contains(&url) && t.contains(word) && t.contains("base path")), "{gap}");
        assert!(!gap.to_string().contains("nonsense"), "bodies are not repeated");
    }
}

#[tokio::test]
async fn it_may_not_be_asked_or_is_broken() {
    let of = |status| Manner { v3: Presence::Status(status), ..Manner::default() };
    let (denied, _) = gap_of(of(401), TIME).await;
    assert!(matches!(&denied, Gap::Denied(t) if t.contains("bearer")), "{denied}");
    let (broken, _) = gap_of(of(500), TIME).await;
    assert!(matches!(&broken, Gap::Malformed(t) if t.contains("500")), "{broken}");
    let (busy, _) = gap_of(of(503), TIME).await;
    assert!(matches!(&busy, Gap::Busy(t) if t.contains("try again")), "{busy}");
    for gap in [denied, broken, busy] {
        assert!(!gap.to_string().contains("s3cret"), "bodies are not repeated");
    }
}

#[tokio::test]
async fn it_is_busy_only_for_a_moment() {
    let all = (0..3).flat_map(|n| request(&trace(n), sent(n))).collect();
    let (url, _) = serve(all, Manner { busy: 2, ..Manner::default() }).await;
    let (found, _) = whole(ask(&client(&url), &spans(), &slot(3, TIME)).await);
    assert_eq!(found.traces, 3);
}

#[tokio::test]
async fn it_hangs() {
    let (gap, url) = gap_of(Manner { v3: Presence::Hangs, ..Manner::default() }, Duration::from_secs(2)).await;
    assert!(matches!(&gap, Gap::TooLate(t) if t.contains(&url) && t.contains("more time")), "{gap}");
}

#[tokio::test]
async fn interrupted() {
    let (url, _) = serve(vec![], Manner { v3: Presence::Hangs, ..Manner::default() }).await;
    let slot = slot(3, Duration::from_mins(1));
    let began = Instant::now();
    let stop = slot.cancel.clone();
    let jaeger = client(&url);
    let query = spans();
    let (answer, ()) = tokio::join!(ask(&jaeger, &query, &slot), async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        stop.cancel();
    });
    assert!(matches!(answer, Err(Gap::NotReached(_))));
    assert!(began.elapsed() < Duration::from_secs(30));
}

#[tokio::test]
async fn the_act_failed_or_never_began() {
    let (url, _) = serve(vec![], Manner::default()).await;
    let (slot, act, _heard) = open_slot(TIME);
    act.send_replace(ActState::Failed(Gap::Unreachable("target: connection refused".into())));
    let gap = ask(&client(&url), &spans(), &slot).await.unwrap_err();
    assert!(matches!(&gap, Gap::NotReached(t) if t.contains("connection refused")), "{gap}");
    let (slot, act, _heard) = open_slot(TIME);
    drop(act);
    assert!(matches!(ask(&client(&url), &spans(), &slot).await, Err(Gap::NotReached(_))));
}

#[tokio::test]
async fn asked_for_what_it_cannot_tell() {
    let jaeger = client("http://127.0.0.1:9");
    assert!(matches!(ask(&jaeger, &truth(), &slot(1, TIME)).await, Err(Gap::NotConfigured(t)) if t.contains("Truth")));
    assert!(matches!(jaeger.timing(&spans()), Timing::Recall { .. }));
    // The spec's `settle` is known to whoever sets the deadline.
    assert_eq!(client("http://127.0.0.1:9").with_pace(Pace::settling(Ms(35_000.0))).waits(), Ms(35_000.0));
    let nameless = Jaeger::new(name("jaeger"), &connection("http://127.0.0.1:9"), String::new());
    assert!(matches!(nameless.map(|j| j.with_pace(QUICK).name().clone()), Err(Gap::NotConfigured(t)) if t.contains("service")));
}
