//! Our own receiver, fed with what `opentelemetry-proto` writes.
#![allow(clippy::unwrap_used, reason = "a helper of tests that cannot go on fails them")]

pub mod export;
mod files;
mod hostile;
mod limits;
mod receiving;

use super::traced_act::{QUICK, act, open_slot, spans};
use export::export;
use rigcheck::{
    model::{
        Gap, Seen,
        audit::Effort,
        name,
        source::{ActState, Slot, Source as _},
    },
    reference::rig::for_later,
    sources::otlp::Otlp,
};
use std::{future::Future, net::SocketAddr, time::Duration};

const TIME: Duration = Duration::from_secs(20);

fn free() -> SocketAddr {
    for_later().unwrap()
}

fn receiver(at: SocketAddr, service: &str) -> Otlp {
    Otlp::new(name("otlp"), at, service.into()).unwrap().with_pace(QUICK)
}

/// Asks; once the receiver says that it listens, `during` runs, then the act of `count` requests is over, then `after` runs.
async fn run(otlp: &Otlp, count: usize, within: Duration, during: impl Future<Output = ()>, after: impl Future<Output = ()>) -> Result<Seen, Gap> {
    let (slot, state, mut ready) = open_slot(within);
    let query = spans();
    let played = async {
        ready.wait_for(|r| *r).await.unwrap();
        during.await;
        state.send_replace(ActState::Done(act(count)));
        after.await;
    };
    let (answer, ()) = tokio::join!(asked(otlp, &query, &slot), played);
    answer
}

async fn asked(otlp: &Otlp, query: &rigcheck::model::Query, slot: &Slot) -> Result<Seen, Gap> {
    tokio::time::timeout_at(slot.deadline.into(), otlp.ask(query, Effort::default(), slot)).await.expect("answers before the deadline")
}
