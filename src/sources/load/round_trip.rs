//! Time to set up a TCP connection to the target: the round trip of the path, without the target's own work.
#![allow(clippy::disallowed_methods, reason = "what is timed is a bare connection")]

use crate::engine::wall_now;
use crate::model::{
    audit::Effort,
    evidence::{Gap, Method, Origin, Seen},
    key::{Question, RoundTrip},
    payload::RoundTrips,
    source::Slot,
    units::{Ms, Span},
};
use std::time::Duration;
use tokio::{
    net::{TcpStream, lookup_host},
    time::{Instant, timeout},
};

/// Rounds when nobody asks for another number.
const ROUNDS: u64 = 20;
/// Time between two connections: the target's backlog must not see a burst.
const SPACING: Duration = Duration::from_millis(20);
/// A connection that is not there after this time is not coming.
const CONNECT: Duration = Duration::from_secs(5);

fn rounds(effort: Effort) -> u64 {
    if effort.rounds == 0 { ROUNDS } else { effort.rounds }
}

/// How long it takes.
pub fn lasting(effort: Effort) -> Ms {
    Ms(rounds(effort) as f64 * SPACING.as_secs_f64() * 1e3 + 500.0)
}

/// Opens and closes connections, one after the other.
pub async fn measure(url: &str, effort: Effort, slot: &Slot) -> Result<Seen, Gap> {
    let parsed = reqwest::Url::parse(url).map_err(|e| Gap::NotConfigured(format!("target {url}: {e}")))?;
    let (host, port) = match (parsed.host_str(), parsed.port_or_known_default()) {
        (Some(host), Some(port)) => (host.trim_start_matches('[').trim_end_matches(']').to_owned(), port),
        _ => return Err(Gap::NotConfigured(format!("target {url}: has no host and port"))),
    };
    let place = format!("{host}:{port}");
    // The name is looked up once, before the clock runs: this is about the path, not about DNS.
    let address = lookup_host((host.as_str(), port)).await.map_err(|e| Gap::Unreachable(format!("{place}: {e}")))?.next();
    let address = address.ok_or_else(|| Gap::Unreachable(format!("{place}: the name has no address")))?;
    let from = wall_now();
    let (asked, mut trips, mut partial) = (rounds(effort), RoundTrips::default(), None);
    let deadline = Instant::from_std(slot.deadline).checked_sub(Duration::from_millis(100)).unwrap_or_else(Instant::now);
    let start = Instant::now();
    for n in 0..asked {
        tokio::select! {
            biased;
            () = slot.cancel.cancelled() => partial = Some(Gap::NotReached(format!("interrupted after {n} of {asked} rounds"))),
            () = tokio::time::sleep_until(deadline) => partial = Some(Gap::TooLate(format!("{place}: {n} of {asked} rounds before the deadline"))),
            () = tokio::time::sleep_until(start + SPACING * u32::try_from(n).unwrap_or(u32::MAX)) => {
                let before = Instant::now();
                match timeout(CONNECT, TcpStream::connect(address)).await {
                    Ok(Ok(stream)) => {
                        trips.connect_ms.push(before.elapsed().as_secs_f64() * 1e3);
                        if trips.from.is_empty() {
                            trips.from = vantage(&stream);
                        }
                    }
                    Ok(Err(e)) => partial = Some(Gap::Unreachable(format!("{place}: {e}, after {n} of {asked} rounds"))),
                    Err(_) => partial = Some(Gap::TooLate(format!("{place}: no connection within {}, after {n} of {asked} rounds", Ms(CONNECT.as_secs_f64() * 1e3)))),
                }
            }
        }
        if partial.is_some() {
            break;
        }
        (slot.progress)(n + 1, asked);
    }
    match partial {
        Some(gap) if trips.connect_ms.is_empty() => Err(gap),
        partial => Ok(Seen {
            payload: RoundTrip::wrap(trips),
            covered: Span { from, to: wall_now() },
            origin: Origin { request: format!("TCP connect {place} × {asked}"), server: None, method: Method::Measured },
            notes: vec![],
            partial,
        }),
    }
}

/// Where we stand. An address of the user's network is nobody's business in a report.
fn vantage(stream: &TcpStream) -> String {
    match stream.local_addr() {
        Ok(local) if local.ip().is_loopback() => local.ip().to_string(),
        _ => "non-loopback".into(),
    }
}
