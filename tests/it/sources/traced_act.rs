//! An act that is over, with requests whose trace ids are known.
#![allow(clippy::disallowed_methods, reason = "tests set deadlines and start their fake servers")]
#![allow(clippy::unwrap_used, reason = "a helper of tests that cannot go on fails them")]

use axum::Router;
use rigcheck::{
    model::{
        act::{Act, Api, Destination, LoadAct, Traced},
        evidence::{Origin, Seen},
        key::{Payload, Query, Spans, Truth},
        name,
        payload::Performed,
        rows::{InMemory, Rows},
        source::{ActState, Slot, Source},
        timeline::{Nanos, Timeline},
        units::{Span, Wall},
    },
    sources::spans::Pace,
};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{net::TcpListener, sync::watch};

/// Patience for fakes on this machine.
pub const QUICK: Pace = Pace { poll: Duration::from_millis(50), quiet: Duration::from_millis(1_200), confirm: Duration::from_millis(250) };
/// When the act began, µs since the epoch.
pub const BEGAN: i64 = 1_790_000_000_000_000;
/// Between two requests, µs.
pub const APART: i64 = 10_000;

/// The trace id of a request.
pub fn trace(n: usize) -> String {
    format!("{:032x}", 0x0af7_6519_16cd_43dd_0000_0000_0000_0000_u128 + n as u128 + 1)
}

/// The span id under which the load generator sends the request of a trace: the low half of the trace id.
pub fn our_span(trace: &str) -> u64 {
    u128::from_str_radix(trace, 16).unwrap() as u64
}

/// The id of a request.
pub fn id(n: usize) -> String {
    format!("rq-{n:05}")
}

/// When a request was sent, µs since the epoch.
pub fn sent(n: usize) -> i64 {
    BEGAN + APART * i64::try_from(n).unwrap()
}

/// An act of `count` successful requests, one failed one after them.
pub fn act(count: usize) -> Arc<Seen> {
    let rows = (0..=count).map(|n| {
        let at = Nanos((APART as u64) * 1_000 * n as u64);
        let closed = Some(Nanos(at.0 + 5_000_000));
        let status = Some(if n == count { 503 } else { 200 });
        Timeline { id: id(n), trace_id: trace(n), scheduled: at, sent: at, closed, status, ..Timeline::default() }
    });
    let requests = Rows::inline(rows.collect());
    let performed = Performed {
        started: Wall(BEGAN),
        asked: count as u64 + 1,
        requests,
        heartbeat: rigcheck::model::payload::Heartbeat::default(),
        tokens_allowed: 0,
        cut: None,
    };
    Arc::new(Seen {
        payload: Payload::Perform(performed),
        covered: Span { from: Wall(BEGAN), to: Wall(sent(count) + 5_000) },
        origin: Origin::default(),
        notes: vec![],
        partial: None,
    })
}

fn load() -> Act {
    Act::Load(LoadAct {
        name: name("main"),
        to: Destination::Target,
        api: Api::Chat,
        model: "mock".into(),
        path: "/v1/chat/completions".into(),
        stream: true,
        per_kilosecond: 1_000,
        max_tokens: 8,
        planted: true,
        traced: Traced::All,
    })
}

/// The question for spans.
pub fn spans() -> Query {
    Spans { of: load() }.into()
}

/// The question for the emission log.
pub fn truth() -> Query {
    Truth { of: load() }.into()
}

/// A slot of an act that goes on, with the ends that the engine holds.
pub fn open_slot(within: Duration) -> (Slot, watch::Sender<ActState>, watch::Receiver<bool>) {
    let (act, seen) = watch::channel(ActState::Waiting);
    let (ready, heard) = watch::channel(false);
    let slot = Slot { act: seen, ready, ..Slot::detached(Instant::now() + within, Arc::new(InMemory::default())) };
    (slot, act, heard)
}

/// A slot of an act that is over.
pub fn slot(count: usize, within: Duration) -> Slot {
    Slot::detached(Instant::now() + within, Arc::new(InMemory::default())).after(act(count))
}

/// Asks, and sees to it that the answer comes before the deadline, as the engine would.
pub async fn ask(source: &impl Source, query: &Query, slot: &Slot) -> Result<Seen, rigcheck::model::Gap> {
    tokio::time::timeout_at(slot.deadline.into(), source.ask(query, rigcheck::model::audit::Effort::default(), slot))
        .await
        .expect("answers before the deadline")
}

/// Serves on a free loopback port; the base URL.
pub async fn serve(app: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    format!("http://{address}")
}

/// A connection without credentials.
pub fn connection(url: &str) -> rigcheck::spec::settings::Connection {
    rigcheck::spec::settings::Connection { url: url.to_owned(), ..Default::default() }
}
