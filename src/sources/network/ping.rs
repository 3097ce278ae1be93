//! Echoes of ICMP, through a ping socket where this user may have one, through a raw one where not. The kernel's stamp of each
//! reply bounds the round trip without what this process waited.

use super::{
    clock::{us, wall_ns},
    control,
    echo::Mark,
    leash::{Leash, Off},
    sockets,
};
use crate::model::{
    evidence::Gap,
    payload::network::{Echo, Measured, Ping, PingSocket, Reply, Target},
};
use socket2::{Domain, Protocol, Socket, Type};
use std::{
    io,
    net::SocketAddr,
    os::fd::AsFd as _,
    time::{Duration, Instant},
};
use tokio::io::{Interest, unix::AsyncFd};

/// Requests; the first one is not counted.
pub const COUNT: u16 = 11;
/// A reply that is not there by then is lost.
const PATIENCE: Duration = Duration::from_secs(1);

/// Sends the requests, one after another.
pub async fn ping(target: usize, to: &Target, gap: Duration, leash: &Leash) -> Measured<Ping> {
    let (socket, kind) = match open(to.address) {
        Ok(opened) => opened,
        Err(error) => return refused(&error, to),
    };
    let mark = Mark::new(to.is_v6());
    let headed = kind == PingSocket::Raw && !to.is_v6();
    let mut echoes = vec![];
    for nth in 0..COUNT {
        let next = Instant::now() + gap;
        match echo(&socket, &mark, nth, headed, leash).await {
            Ok(reply) => echoes.push(Echo { nth, reply }),
            Err(Failed::Off) => break,
            Err(Failed::Io(error)) if echoes.is_empty() => return refused(&error, to),
            // A router says that nobody is there, such as: no reply.
            Err(Failed::Io(_)) => echoes.push(Echo { nth, reply: None }),
        }
        if nth + 1 < COUNT && leash.until(next).await.is_err() {
            break;
        }
    }
    if echoes.is_empty() {
        return Measured::missing(leash.over().unwrap_or(Off::End).gap("ping"));
    }
    Measured::Known(Ping { target, socket: kind, echoes })
}

enum Failed {
    Io(io::Error),
    Off,
}

fn open(to: SocketAddr) -> io::Result<(AsyncFd<Socket>, PingSocket)> {
    let (domain, protocol) = if to.is_ipv4() { (Domain::IPV4, Protocol::ICMPV4) } else { (Domain::IPV6, Protocol::ICMPV6) };
    let of = |kind| Socket::new(domain, kind, Some(protocol));
    let (socket, kind) = match of(Type::DGRAM) {
        Ok(socket) => (socket, PingSocket::Datagram),
        Err(denied) => (of(Type::RAW).map_err(|_| denied)?, PingSocket::Raw),
    };
    socket.set_nonblocking(true)?;
    // Without the stamp the bounds are wider: its absence is no failure.
    let _ = sockets::set(socket.as_fd(), libc::SOL_SOCKET, libc::SO_TIMESTAMPNS, 1);
    socket.connect(&SocketAddr::new(to.ip(), 0).into())?;
    Ok((sockets::watched(socket, Interest::READABLE)?, kind))
}

/// One request and its reply, if one comes.
async fn echo(socket: &AsyncFd<Socket>, mark: &Mark, nth: u16, headed: bool, leash: &Leash) -> Result<Option<Reply>, Failed> {
    let (before, before_ns) = (Instant::now(), wall_ns());
    socket.get_ref().send(&mark.request(nth)).map_err(Failed::Io)?;
    let after_ns = wall_ns();
    let answered = async {
        let mut buffer = vec![0; 2 << 10];
        loop {
            let mut ready = socket.readable().await?;
            let received = match ready.try_io(|inner| sockets::receive(inner.get_ref().as_fd(), &mut buffer, 0)) {
                Ok(received) => received?,
                Err(_would_block) => continue,
            };
            if mark.reply(&buffer[..received.bytes], headed) == Some(nth) {
                let read_us = us(before.elapsed());
                let stamp = control::stamp_ns(&received.control).and_then(|ns| u64::try_from(ns).ok());
                return Ok::<_, io::Error>(bounds(before_ns, after_ns, stamp, read_us));
            }
        }
    };
    match leash.hold(PATIENCE, answered).await {
        Ok(Ok(reply)) => Ok(Some(reply)),
        Ok(Err(error)) => Err(Failed::Io(error)),
        Err(Off::Patience) => Ok(None),
        Err(Off::End | Off::Interrupted) => Err(Failed::Off),
    }
}

/// The request left between two readings of the wall clock. A stamp that does not lie between sending and reading, such as after
/// a step of that clock, bounds nothing.
fn bounds(before_ns: u64, after_ns: u64, stamp_ns: Option<u64>, read_us: u64) -> Reply {
    let at_most = stamp_ns.and_then(|stamp| stamp.checked_sub(before_ns)).map(|ns| ns.div_ceil(1_000)).filter(|us| *us <= read_us);
    match (at_most, stamp_ns) {
        (Some(at_most_us), Some(stamp)) => Reply { at_least_us: stamp.saturating_sub(after_ns) / 1_000, at_most_us, read_us },
        _ => Reply { at_least_us: 0, at_most_us: read_us, read_us },
    }
}

fn refused(error: &io::Error, to: &Target) -> Measured<Ping> {
    let at = to.address.ip();
    match error.kind() {
        io::ErrorKind::PermissionDenied => Measured::remediable(
            Gap::Denied(format!("ping {at}: this user may have neither a ping socket nor a raw one")),
            "`sysctl -w net.ipv4.ping_group_range=\"0 2147483647\"` lets all groups ping, over IPv6, too; in a container of Docker \
             `--sysctl net.ipv4.ping_group_range=\"0 2147483647\"`; or give the program CAP_NET_RAW",
        ),
        io::ErrorKind::NetworkUnreachable | io::ErrorKind::AddrNotAvailable => {
            let family = if to.is_v6() { "IPv6" } else { "IPv4" };
            Measured::remediable(Gap::Unreachable(format!("ping {at}: no {family} route there")), format!("a route of {family} from this machine"))
        }
        _ => Measured::missing(Gap::Unreachable(format!("ping {at}: {error}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_stamp_bounds_the_round_trip_from_both_sides() {
        assert_eq!(bounds(1_000, 6_000, Some(41_500), 90), Reply { at_least_us: 35, at_most_us: 41, read_us: 90 });
        // On loopback the reply is there before the call returns.
        assert_eq!(bounds(1_000, 60_000, Some(41_000), 90), Reply { at_least_us: 0, at_most_us: 40, read_us: 90 });
        // The clock was set back, or forward, or there is no stamp.
        for stamp in [Some(500), Some(10_000_000), None] {
            assert_eq!(bounds(1_000, 6_000, stamp, 90), Reply { at_least_us: 0, at_most_us: 90, read_us: 90 });
        }
    }
}
