//! The network baseline against fakes on loopback.

mod bounds;
mod connects;
mod https;
mod names;
mod nameserver;
mod proxied;

use rigcheck::{
    model::{
        act::{Act, ProbeAct},
        audit::Effort,
        endpoint::{Endpoint, Verb},
        evidence::{Gap, Seen},
        key::{Probe, Query, Question},
        name::name,
        payload::network::Probed,
        rows::InMemory,
        source::{Slot, Source},
    },
    sources::network::{Network, NetworkSettings, Pace, Reach, Resolver},
};
use std::{
    io::Write as _,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};
use tempfile::NamedTempFile;

/// Faster than strangers are asked: the endpoint is ours.
pub fn brisk() -> Pace {
    let ms = Duration::from_millis;
    Pace { mean_gap: ms(5), burst: 4, between_rounds: ms(5), connect: ms(400), answer: ms(800), hop: ms(200), echo: ms(5), seed: 7 }
}

pub fn endpoint(at: SocketAddr, tls: bool) -> Endpoint {
    Endpoint {
        name: name("fake"),
        host: at.ip().to_string(),
        port: at.port(),
        tls,
        sni: None,
        method: Some(Verb::Get),
        path: "/v1/models".into(),
        large_body: false,
        download: None,
    }
}

/// Nothing of this machine's own resolver; it has no nameserver.
pub fn settings() -> NetworkSettings {
    NetworkSettings { pace: brisk(), ..NetworkSettings::default() }
}

/// Trusts the authority of that text.
pub fn trusting(pem: &str) -> (NetworkSettings, NamedTempFile) {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(pem.as_bytes()).unwrap();
    let reach = Reach { ca_file: Some(file.path().into()), ..Reach::default() };
    (NetworkSettings { reach, ..settings() }, file)
}

/// Asks nameservers of this text at that port.
pub fn resolving(text: &str, port: u16) -> (NetworkSettings, NamedTempFile) {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    (NetworkSettings { resolver: Resolver { conf: file.path().into(), port }, ..settings() }, file)
}

pub fn query(endpoint: Endpoint) -> Query {
    Probe { act: Act::Probe(ProbeAct { endpoint }) }.into()
}

pub fn effort(requests: u64, rounds: u64) -> Effort {
    Effort { requests, rounds, ..Effort::default() }
}

pub fn slot(within: Duration) -> Slot {
    Slot::detached(Instant::now() + within, Arc::new(InMemory::default()))
}

pub async fn ask(settings: NetworkSettings, endpoint: Endpoint, effort: Effort) -> Seen {
    Network::new(settings).ask(&query(endpoint), effort, &slot(Duration::from_secs(20))).await.unwrap()
}

pub fn probed(seen: &Seen) -> &Probed {
    Probe::pick(&seen.payload).unwrap()
}

/// A recording keeps all of it.
pub fn survives(seen: &Seen) {
    let text = serde_json::to_string(seen).unwrap();
    let read: Seen = serde_json::from_str(&text).unwrap();
    assert_eq!(probed(&read), probed(seen));
}

pub fn refusal(settings: NetworkSettings, endpoint: Endpoint) -> Gap {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(Network::new(settings).ask(&query(endpoint), effort(1, 1), &slot(Duration::from_secs(5)))).unwrap_err()
}
