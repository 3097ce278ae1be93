//! Bytes over loopback TCP, from this process to itself.

use super::stop::Stop;
use crate::model::payload::BurnAsked;
use std::{
    io::{self, Read as _, Write as _},
    net::{Ipv4Addr, Shutdown, TcpListener, TcpStream},
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

/// What is due is sent this often, at absolute times.
const STEP: Duration = Duration::from_millis(10);
/// What is still due at the end is sent within this time, or not at all.
const GRACE: Duration = Duration::from_millis(200);
/// At most so much in one write.
const PIECE: usize = 64 << 10;
/// A receiver that takes nothing for so long is gone.
const STUCK: Duration = Duration::from_secs(5);

/// Two connected sockets on loopback: one to send, one to receive. Nobody else can connect to them.
pub fn pair() -> io::Result<(TcpStream, TcpStream)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let sending = TcpStream::connect(listener.local_addr()?)?;
    let (receiving, from) = listener.accept()?;
    if from != sending.local_addr()? {
        return Err(io::Error::new(io::ErrorKind::ConnectionRefused, "another process connected to the burn's own socket; try again"));
    }
    sending.set_write_timeout(Some(STUCK))?;
    sending.set_nodelay(true)?;
    Ok((sending, receiving))
}

/// Sends what is due until the end of the burn, and closes. A step that comes late sends what is due by then.
pub fn send(mut socket: TcpStream, asked: &BurnAsked, began: Instant, stop: &Stop, sent: &AtomicU64) {
    let piece = vec![0x5A; PIECE];
    let end = Duration::from_secs_f64(asked.for_ms / 1e3);
    let on = asked.pattern.on(asked.for_ms);
    let due = |at: Duration| {
        let ms = at.as_secs_f64() * 1e3;
        let on_ms: f64 = on.iter().map(|(from, to)| (to.min(ms) - from).max(0.0)).sum();
        (asked.network_bytes_per_s * on_ms / 1e3) as u64
    };
    let mut total = 0;
    for step in 1_u32.. {
        let at = (STEP * step).min(end);
        let stopped = stop.wait_until(began + at);
        let due = due(began.elapsed().min(end));
        while total < due && !stop.is_set() && began.elapsed() < end + GRACE {
            let more = usize::try_from(due - total).unwrap_or(PIECE).min(PIECE);
            match socket.write(&piece[..more]) {
                Ok(0) | Err(_) => return,
                Ok(n) => total += n as u64,
            }
            sent.store(total, Ordering::Relaxed);
        }
        if stopped || at == end {
            break;
        }
    }
    drop(socket.shutdown(Shutdown::Write));
}

/// Receives until the sender closes.
pub fn receive(mut socket: TcpStream, received: &AtomicU64) {
    let mut piece = vec![0; PIECE];
    let mut total = 0;
    while let Ok(n) = socket.read(&mut piece) {
        if n == 0 {
            return;
        }
        total += n as u64;
        received.store(total, Ordering::Relaxed);
    }
}
