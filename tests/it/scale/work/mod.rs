//! What a large rig says, made as it is read, and what our sources make of it. Each piece of work runs in a process of its
//! own, whose peak of memory is then its own: in `cargo test` at a size that takes seconds in a debug build, in `cargo bench --bench
//! scale` whole; the bounds are the same.
#![allow(dead_code, reason = "the tests and the bench each use a part")]
#![allow(clippy::cast_possible_wrap, reason = "numbers of this size fit")]
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "helpers of tests; real files, servers and clocks")]

pub mod jaeger;
pub mod judged;
pub mod log;
pub mod page;
pub mod receiver;
pub mod traces;

use rigcheck::{
    model::{
        act::{Act, Api, Destination, LoadAct, Traced},
        audit::Effort,
        evidence::{Gap, Origin, Seen},
        key::{Payload, Query},
        name,
        payload::{Heartbeat, Performed},
        rows::{InMemory, Rows},
        source::{ActState, Slot, Source},
        timeline::{Nanos, Timeline},
        units::{Span, Wall},
    },
    traces::marked_trace,
};
use std::{
    future::Future,
    sync::Arc,
    time::{Duration, Instant},
};

/// Requests of ours among all the others.
pub const OURS: usize = 300;
/// How long the act took, µs.
const LASTING: i64 = 20_000_000;

/// One source that reads what a large rig says.
pub struct Work {
    /// What is read.
    pub name: &'static str,
    /// How much of it in `cargo bench --bench scale`: bytes, spans or lines.
    pub full: usize,
    /// How much in a test.
    pub small: usize,
    /// What so much may add to the peak of memory at most, MiB, with the server or client that is the other side.
    pub most: fn(usize) -> f64,
    /// Does it, and says what it saw.
    pub run: fn(usize) -> String,
}

/// All of them.
pub const ALL: [Work; 7] = [
    // The page itself, and at most as much again for what is remembered of its series; code and runtime of a debug build.
    Work { name: "page", full: 200 << 20, small: page::SMALL, most: |bytes| 2.0 * bytes as f64 / f64::from(1 << 20) + 60.0, run: page::read },
    // The strangers' spans that are held, however many come.
    Work { name: "receiver", full: 1_000_000, small: 320_000, most: |_| 480.0, run: receiver::read },
    // One answer at a time, and the ids of foreign traces.
    Work { name: "jaeger", full: 1_000_000, small: 50_000, most: |_| 300.0, run: jaeger::read },
    // Our own lines.
    Work { name: "log", full: 1_000_000, small: 50_000, most: |_| 40.0, run: log::plain },
    Work { name: "gzipped log", full: 1_000_000, small: 50_000, most: |_| 40.0, run: log::gzipped },
    // One trace at a time: a row of a span takes some 700 bytes, what is made of it half of that.
    Work { name: "traces", full: 1_000_000, small: 100_000, most: |_| 120.0, run: traces::read },
    // The rows that a writer holds before they go to a blob, then one trace at a time.
    Work { name: "judged traces", full: 1_000_000, small: 300_000, most: |_| 190.0, run: judged::judge },
];

/// The work of this name.
pub fn named(name: &str) -> Work {
    ALL.into_iter().find(|work| work.name == name).unwrap()
}

/// The trace id of a request of ours.
pub fn trace(n: usize) -> u128 {
    marked_trace(0x0af7_6519_0000_0000 + n as u64)
}

pub fn id(n: usize) -> String {
    format!("01JTESTTESTTESTTESTTESTTES-{n:05}")
}

pub fn load() -> Act {
    Act::Load(LoadAct {
        name: name("controlled"),
        to: Destination::Target,
        api: Api::Chat,
        model: "m".into(),
        path: "/v1/chat/completions".into(),
        stream: true,
        per_kilosecond: 15_000,
        max_tokens: 16,
        planted: true,
        traced: Traced::All,
    })
}

pub fn now() -> Wall {
    Wall(jiff::Timestamp::now().as_microsecond())
}

/// An act that ends now, all of whose requests ended well.
pub fn act() -> Arc<Seen> {
    let started = now().plus_us(-LASTING);
    let request = |n: usize| {
        let sent = Nanos(n as u64 * (LASTING as u64 * 1_000) / OURS as u64);
        Timeline {
            id: id(n),
            trace_id: format!("{:032x}", trace(n)),
            scheduled: sent,
            sent,
            closed: Some(Nanos(sent.0 + 1)),
            status: Some(200),
            ..Timeline::default()
        }
    };
    let performed = Performed {
        started,
        asked: OURS as u64,
        requests: Rows::inline((0..OURS).map(request).collect()),
        heartbeat: Heartbeat::default(),
        tokens_allowed: 0,
        cut: None,
    };
    let covered = Span { from: started, to: started.plus_us(LASTING) };
    Arc::new(Seen { payload: Payload::Perform(performed), covered, origin: Origin::default(), notes: vec![], partial: None })
}

/// Asks a source about an act: once it is ready, `during` goes on, then the act is over.
pub fn ask(source: &dyn Source, query: &Query, act: impl FnOnce() -> Arc<Seen>, during: impl Future<Output = ()>) -> Result<Seen, Gap> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let (state, seen) = tokio::sync::watch::channel(ActState::Waiting);
        let slot = Slot { act: seen, ..Slot::detached(Instant::now() + Duration::from_mins(5), Arc::new(InMemory::default())) };
        let mut ready = slot.ready.subscribe();
        let watch = source.timing(query) == rigcheck::model::source::Timing::Watch;
        let played = async {
            if watch {
                ready.wait_for(|r| *r).await.unwrap();
            }
            during.await;
            state.send_replace(ActState::Done(act()));
        };
        tokio::join!(source.ask(query, Effort::default(), &slot), played).0
    })
}

/// Serves on a free loopback port, from a thread of its own; the base URL.
pub fn serve(app: axum::Router) -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            axum::serve(listener, app).await.unwrap();
        });
    });
    format!("http://{address}")
}
