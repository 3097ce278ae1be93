//! What workloads use: by this machine's kernel against real processes, by Docker's API against a fake daemon, and our own burn.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "helpers of tests; real processes and clocks")]

mod burn;
mod daemon;
mod docker_stats;
mod kernel;

use rigcheck::model::{
    act::{Act, BurnAct},
    audit::Effort,
    evidence::{Gap, Origin, Seen},
    key::{Payload, Queries, Query, Question, Usage, When},
    name::{Name, name},
    payload::{StoredQueries, Tracks},
    rows::InMemory,
    source::{ActState, Slot, Source},
    units::{Span, Wall},
    workload::{Found, Workload},
};
use std::{
    collections::BTreeMap,
    future::Future,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::watch;

fn now() -> Wall {
    Wall(jiff::Timestamp::now().as_microsecond())
}

fn burn_act(contained: bool) -> BurnAct {
    BurnAct { name: name("burner"), contained, millicores: 300, memory: 0, network: 0 }
}

fn query(of: &str) -> Query {
    Usage { of: name(of), when: When::During(Act::Burn(burn_act(false))) }.into()
}

fn workloads<const N: usize>(all: [(&str, Found); N]) -> BTreeMap<Name, Workload> {
    all.map(|(key, found)| (name(key), Workload { found, observer: false })).into()
}

fn tracks(seen: &Seen) -> &Tracks {
    Usage::pick(&seen.payload).unwrap()
}

/// Samples of a claim, as µs and value; all of its interfaces.
fn samples(seen: &Seen, claim: &str) -> Vec<(i64, f64)> {
    tracks(seen).of(&name(claim)).flat_map(|t| t.samples.iter().map(|s| (s.0.0, s.1))).collect()
}

/// Asks a watcher around an act that is this work; how long until it was ready is bounded, as in a run.
async fn during<T>(source: &dyn Source, of: &str, work: impl Future<Output = T>) -> (Result<Seen, Gap>, T) {
    let (state, stands) = watch::channel(ActState::Waiting);
    let slot = Slot { act: stands, ..Slot::detached(Instant::now() + Duration::from_mins(1), Arc::new(InMemory::default())) };
    let mut ready = slot.ready.subscribe();
    let query = query(of);
    let acting = async {
        let _ = tokio::time::timeout(Duration::from_secs(5), ready.wait_for(|r| *r)).await;
        let from = now();
        state.send_replace(ActState::Running(from));
        let done = work.await;
        let payload: Payload = Queries::wrap(StoredQueries::default());
        let seen = Seen { payload, covered: Span { from, to: now() }, origin: Origin::default(), notes: vec![], partial: None };
        state.send_replace(ActState::Done(Arc::new(seen)));
        done
    };
    tokio::join!(source.ask(&query, Effort::default(), &slot), acting)
}

async fn pause(ms: u64) {
    tokio::time::sleep(Duration::from_millis(ms)).await;
}
