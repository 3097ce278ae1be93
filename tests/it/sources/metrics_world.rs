//! What the tests of metric sources share: servers on port 0, an act that is over, claims.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "helpers of tests")]

use axum::{Router, body::Body, response::Response};
use rigcheck::{
    model::{
        act::{Act, Api, Destination, LoadAct, Traced},
        evidence::{Method, Origin, Seen},
        key::{Histogram, Payload, When},
        name,
        payload::{Heartbeat, Performed},
        rig::{By, Claim, HistogramOf, Quantity},
        rows::{InMemory, Rows},
        source::Slot,
        timeline::{Nanos, Timeline},
        units::{Span, Wall},
    },
    spec::settings::Connection,
};
use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

pub async fn serve(router: Router) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    address
}

pub fn to(url: String) -> Connection {
    Connection { url, ..Connection::default() }
}

pub fn answer(status: u16, content_type: &str, body: impl Into<Body>) -> Response {
    Response::builder().status(status).header("content-type", content_type).body(body.into()).unwrap()
}

pub fn now() -> Wall {
    Wall(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros() as i64)
}

pub fn slot(seconds: f64) -> Slot {
    Slot::detached(Instant::now() + Duration::from_secs_f64(seconds), Arc::new(InMemory::default()))
}

pub fn trace(n: u64) -> String {
    format!("{n:032x}")
}

/// An act of `n` requests with the trace ids 1 to n, the last of which failed if `failed`.
pub fn act(n: u64, from: Wall, to: Wall, failed: bool) -> Arc<Seen> {
    let request = |i: u64| Timeline {
        id: format!("r{i}"),
        trace_id: trace(i),
        closed: Some(Nanos(1)),
        status: Some(if failed && i == n { 500 } else { 200 }),
        ..Timeline::default()
    };
    let performed = Performed {
        started: from,
        asked: n,
        requests: Rows::inline((1..=n).map(request).collect()),
        heartbeat: Heartbeat::default(),
        tokens_allowed: 0,
        cut: None,
    };
    Arc::new(Seen {
        payload: Payload::Perform(performed),
        covered: Span { from, to },
        origin: Origin { request: "load".into(), server: None, method: Method::Measured },
        notes: vec![],
        partial: None,
    })
}

pub fn claim(source: &str, metric: &str, labels: &[(&str, &str)]) -> Claim {
    let labels: BTreeMap<_, _> = labels.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    let by = By::Histogram(HistogramOf { metric: metric.into(), labels, unit_ms: 1e3, exemplars: true });
    Claim { name: name("total"), source: name(source), quantity: Quantity::Total, by }
}

pub fn during() -> Histogram {
    let act = LoadAct {
        name: name("controlled"),
        to: Destination::Target,
        api: Api::Chat,
        model: "m".into(),
        path: "/".into(),
        stream: true,
        per_kilosecond: 15_000,
        max_tokens: 8,
        planted: false,
        traced: Traced::All,
    };
    Histogram { claim: name("total"), when: When::During(Act::Load(act)) }
}
