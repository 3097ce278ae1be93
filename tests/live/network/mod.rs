//! The network baseline in small networks whose delay, loss and failures are known.
#![allow(clippy::disallowed_methods, clippy::print_stderr, reason = "measures inside network namespaces, and shows the figures")]

mod delay;
mod families;
mod loss;
mod mtu;
mod names;
mod path;

use crate::{
    stack,
    support::netns::{Accepted, Authority, Behaves, Flow, Https, Log, Plan, World, now_ns},
};
use rigcheck::{
    model::{
        act::{Act, ProbeAct},
        audit::Effort,
        endpoint::{Endpoint, Verb},
        evidence::Seen,
        key::{Probe, Query, Question},
        name::name,
        payload::network::{Connect, Probed},
        rows::InMemory,
        source::{Slot, Source},
    },
    sources::network::{Network, NetworkSettings, Pace},
};
use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

/// A world, or nothing after saying that the test is skipped.
fn world(test: &str, plan: Plan) -> Option<World> {
    stack::or_skip(test, World::up(plan))
}

/// A server of HTTP without TLS on all of the server's addresses.
fn plain(world: &World) -> Https {
    let behaves = Behaves { body: 2, keeps_alive: false, status: 404, ..Behaves::when_accepted(Accepted::Plain) };
    let everywhere = SocketAddr::new("::".parse().expect("the unspecified address"), 80);
    Https::start(world.server(), everywhere, &["server.test"], &Authority::new(), behaves).expect("a server")
}

fn endpoint(host: &str) -> Endpoint {
    Endpoint {
        name: name("server"),
        host: host.into(),
        port: 80,
        tls: false,
        sni: None,
        method: Some(Verb::Get),
        path: "/v1/models".into(),
        large_body: false,
        download: None,
    }
}

/// Faster than strangers are asked: the network is the test's own.
fn settings() -> NetworkSettings {
    let ms = Duration::from_millis;
    let pace = Pace { mean_gap: ms(10), burst: 4, between_rounds: ms(50), echo: ms(20), hop: ms(500), seed: 3, ..Pace::default() };
    NetworkSettings { pace, ..NetworkSettings::default() }
}

/// Measures from the client.
fn baseline(world: &World, settings: NetworkSettings, endpoint: Endpoint, requests: u64, rounds: u64) -> Seen {
    world.client().enter(|| ask(settings, endpoint, requests, rounds)).expect("inside")
}

/// Measures from where this thread is.
fn ask(settings: NetworkSettings, endpoint: Endpoint, requests: u64, rounds: u64) -> Seen {
    let query: Query = Probe { act: Act::Probe(ProbeAct { endpoint }) }.into();
    let slot = Slot::detached(Instant::now() + Duration::from_mins(2), Arc::new(InMemory::default()));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let source = Network::new(settings);
    runtime.block_on(source.ask(&query, Effort { requests, rounds, ..Effort::default() }, &slot)).expect("an answer")
}

fn probed(seen: &Seen) -> &Probed {
    Probe::pick(&seen.payload).expect("a baseline")
}

/// What the relay's log says of a connect.
fn connection(log: &Log, row: &Connect) -> Flow {
    let began = SystemTime::UNIX_EPOCH + Duration::from_micros(row.at.0.cast_unsigned());
    let since = began.elapsed().expect("it has begun").as_nanos() as u64;
    log.connection(row.from_port.expect("it stood"), now_ns() - since).expect("its packets passed the relay")
}

/// The value that this share of them does not exceed (nearest rank).
fn quantile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = (share * sorted.len() as f64).ceil().max(1.0) as usize;
    sorted[rank.min(sorted.len()) - 1]
}
