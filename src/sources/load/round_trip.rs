//! Time to set up a TCP connection to the target: the round trip of the path, without the target's own work. Through a
//! proxy that is the time of a `CONNECT` on a connection that stands: a connection to the proxy alone would measure the proxy.
#![allow(clippy::disallowed_methods, reason = "what is timed is a bare connection")]

use crate::engine::wall_now;
use crate::model::{
    audit::Effort,
    evidence::{Gap, Method, Origin, Seen},
    key::{Question, RoundTrip},
    payload::RoundTrips,
    secret::Secret,
    source::Slot,
    units::{Ms, Span},
};
use crate::spec::settings::{Connection, Proxy};
use std::{io, net::SocketAddr, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
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
pub async fn measure(connection: &Connection, effort: Effort, slot: &Slot) -> Result<Seen, Gap> {
    let place = host_and_port("target", &connection.url)?;
    let way = Way::to(&place, connection.proxy.as_ref()).await?;
    let (from, through) = (wall_now(), connection.through());
    let (asked, mut trips, mut partial) = (rounds(effort), RoundTrips::default(), None);
    let deadline = Instant::from_std(slot.deadline).checked_sub(Duration::from_millis(100)).unwrap_or_else(Instant::now);
    let start = Instant::now();
    for n in 0..asked {
        tokio::select! {
            biased;
            () = slot.cancel.cancelled() => partial = Some(Gap::NotReached(format!("interrupted after {n} of {asked} rounds"))),
            () = tokio::time::sleep_until(deadline) => partial = Some(Gap::TooLate(format!("{place}: {n} of {asked} rounds before the deadline"))),
            () = tokio::time::sleep_until(start + SPACING * u32::try_from(n).unwrap_or(u32::MAX)) => {
                match timeout(CONNECT, way.trip()).await {
                    Ok(Ok((took, stream))) => {
                        trips.connect_ms.push(took.as_secs_f64() * 1e3);
                        if trips.from.is_empty() {
                            trips.from = vantage(&stream);
                        }
                    }
                    Ok(Err(e)) if e.kind() == io::ErrorKind::PermissionDenied => partial = Some(Gap::Denied(format!(
                        "{place}{through}: {e}, so the way to the target cannot be timed; allow CONNECT to this host and port there"
                    ))),
                    Ok(Err(e)) => partial = Some(Gap::Unreachable(format!("{place}{through}: {e}, after {n} of {asked} rounds"))),
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
            origin: Origin { request: format!("{} {place}{through} × {asked}", way.word()), server: None, method: Method::Measured },
            notes: way.notes(),
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

/// How the target is reached.
enum Way {
    Straight(SocketAddr),
    /// The proxy's address, and what it is asked.
    Through(SocketAddr, Secret),
}

impl Way {
    async fn to(place: &str, proxy: Option<&Proxy>) -> Result<Way, Gap> {
        let Some(proxy) = proxy else { return Ok(Way::Straight(address(place).await?)) };
        let credentials = proxy.auth.header().map(|h| format!("Proxy-Authorization: {}\r\n", h.expose())).unwrap_or_default();
        let ask = Secret::new(format!("CONNECT {place} HTTP/1.1\r\nHost: {place}\r\n{credentials}\r\n"));
        Ok(Way::Through(address(&host_and_port("proxy", &proxy.url)?).await?, ask))
    }
    /// One round trip, and the connection.
    async fn trip(&self) -> io::Result<(Duration, TcpStream)> {
        match self {
            Way::Straight(address) => {
                let before = Instant::now();
                let stream = TcpStream::connect(address).await?;
                Ok((before.elapsed(), stream))
            }
            Way::Through(proxy, ask) => {
                let mut stream = TcpStream::connect(proxy).await?;
                let before = Instant::now();
                stream.write_all(ask.expose().as_bytes()).await?;
                // `HTTP/1.1 200`; the rest may be the proxy's own text.
                let mut status = [0; 12];
                stream.read_exact(&mut status).await?;
                let took = before.elapsed();
                match &status[9..] {
                    [b'2', ..] => Ok((took, stream)),
                    b"407" => Err(io::Error::new(io::ErrorKind::PermissionDenied, "the proxy answers CONNECT with 407 (wants credentials)")),
                    code if code.iter().all(u8::is_ascii_digit) => {
                        let text = format!("the proxy answers CONNECT with {}", String::from_utf8_lossy(code));
                        Err(io::Error::new(io::ErrorKind::PermissionDenied, text))
                    }
                    _ => Err(io::Error::new(io::ErrorKind::InvalidData, "the proxy's answer to CONNECT is no HTTP")),
                }
            }
        }
    }
    fn word(&self) -> &'static str {
        match self {
            Way::Straight(_) => "TCP connect",
            Way::Through(..) => "CONNECT",
        }
    }
    fn notes(&self) -> Vec<String> {
        match self {
            Way::Straight(_) => vec![],
            Way::Through(..) => {
                vec!["timed from CONNECT to the proxy's answer; a proxy that answers before it has connected makes it too short".into()]
            }
        }
    }
}

fn host_and_port(what: &str, url: &str) -> Result<String, Gap> {
    let parsed = reqwest::Url::parse(url).map_err(|e| Gap::NotConfigured(format!("{what} {url}: {e}")))?;
    match (parsed.host_str(), parsed.port_or_known_default()) {
        (Some(host), Some(port)) => Ok(format!("{host}:{port}")),
        _ => Err(Gap::NotConfigured(format!("{what} {url}: has no host and port"))),
    }
}

/// The name is looked up once, before the clock runs: this is about the path, not about DNS.
async fn address(place: &str) -> Result<SocketAddr, Gap> {
    let address = lookup_host(place).await.map_err(|e| Gap::Unreachable(format!("{place}: {e}")))?.next();
    address.ok_or_else(|| Gap::Unreachable(format!("{place}: the name has no address")))
}
