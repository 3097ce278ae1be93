//! The routers on the way, without privileges: a connection attempt with a small TTL dies at a router, whose message the kernel
//! keeps for this socket (`IP_RECVERR`, ip(7)).

use super::{
    clock::{us, wall_ns},
    control,
    leash::{Leash, Off},
    sockets, tcp_info,
};
use crate::model::{
    evidence::Gap,
    payload::network::{AddressClass, Flow, Hop, Hops, Measured, Target},
};
use socket2::{Domain, Protocol, Socket, Type};
use std::{
    io,
    net::{IpAddr, SocketAddr},
    os::fd::AsFd as _,
    time::{Duration, Instant},
};
use tokio::io::Interest;

/// Ways further than this are not followed.
const MOST_HOPS: u8 = 30;
/// After so many silent ones in a row nobody further is waited for.
const MOST_SILENT: usize = 5;
/// Time between two attempts of a flow.
const GAP: Duration = Duration::from_millis(100);
/// ICMP's time exceeded, and ICMPv6's.
const EXCEEDED: u8 = 11;
const EXCEEDED6: u8 = 3;

/// Follows three flows beside one another, each begun so much later than the one before: their last attempts reach the target, and
/// come no faster than connects do.
pub async fn trace(target: usize, to: &Target, apart: Duration, patience: Duration, leash: &Leash) -> Measured<Hops> {
    let later = async |nth: u32| match leash.until(Instant::now() + apart * nth).await {
        Ok(()) => flow(to.address, patience, leash).await,
        Err(_) => Ok(Flow { from_port: None, hops: vec![], reached: false }),
    };
    let (a, b, c) = tokio::join!(later(0), later(1), later(2));
    let mut flows = vec![];
    for flow in [a, b, c] {
        match flow {
            Ok(flow) if !flow.hops.is_empty() => flows.push(flow),
            Ok(_) => {}
            Err(error) => return refused(&error, to),
        }
    }
    if flows.is_empty() {
        return Measured::missing(leash.over().unwrap_or(Off::End).gap("path"));
    }
    Measured::Known(Hops { target, flows })
}

async fn flow(to: SocketAddr, patience: Duration, leash: &Leash) -> io::Result<Flow> {
    let mut flow = Flow { from_port: None, hops: vec![], reached: false };
    for ttl in 1..=MOST_HOPS {
        let socket = prepared(to, ttl, flow.from_port)?;
        if ttl == 1 {
            flow.from_port = socket.local_addr()?.as_socket().map(|at| at.port());
        }
        let Ok(found) = attempt(socket, to, ttl, patience, leash).await? else { break };
        flow.reached = found.target;
        // A router that says more than that a packet died knows no way on.
        let gone = found.icmp.is_some_and(|(kind, _)| kind != if to.is_ipv4() { EXCEEDED } else { EXCEEDED6 });
        flow.hops.push(found);
        let silent = flow.hops.iter().rev().take_while(|hop| hop.by.is_none()).count();
        if flow.reached || gone || silent >= MOST_SILENT || leash.until(Instant::now() + GAP).await.is_err() {
            break;
        }
    }
    Ok(flow)
}

/// A socket whose packets live for so many hops. It has the flow's port, so that routers that balance send all the same way.
fn prepared(to: SocketAddr, ttl: u8, port: Option<u16>) -> io::Result<Socket> {
    let domain = if to.is_ipv4() { Domain::IPV4 } else { Domain::IPV6 };
    let socket = Socket::new(domain, Type::STREAM, Some(Protocol::TCP))?;
    socket.set_nonblocking(true)?;
    let (level, errors) = if to.is_ipv4() { (libc::IPPROTO_IP, libc::IP_RECVERR) } else { (libc::IPPROTO_IPV6, libc::IPV6_RECVERR) };
    sockets::set(socket.as_fd(), level, errors, 1)?;
    let _ = sockets::set(socket.as_fd(), libc::SOL_SOCKET, libc::SO_TIMESTAMPNS, 1);
    if to.is_ipv4() {
        socket.set_ttl_v4(ttl.into())?;
    } else {
        socket.set_unicast_hops_v6(ttl.into())?;
    }
    socket.set_reuse_address(true)?;
    let any: IpAddr = if to.is_ipv4() { [0; 4].into() } else { [0_u16; 8].into() };
    socket.bind(&SocketAddr::new(any, port.unwrap_or(0)).into())?;
    // What an attempt leaves behind is taken down at once (RST), not kept for minutes.
    socket.set_linger(Some(Duration::ZERO))?;
    Ok(socket)
}

/// One attempt. `Err` within: the act is over.
async fn attempt(socket: Socket, to: SocketAddr, ttl: u8, patience: Duration, leash: &Leash) -> io::Result<Result<Hop, Off>> {
    let (before, before_ns) = (Instant::now(), wall_ns());
    let mut hop = Hop { ttl, by: None, class: None, rtt_us: None, target: false, icmp: None };
    match socket.connect(&to.into()) {
        Ok(()) => {}
        Err(e) if e.raw_os_error() == Some(libc::EINPROGRESS) => {}
        // A router's message to an earlier attempt is kept for the route; here it ends the attempt.
        Err(e) if e.kind() == io::ErrorKind::HostUnreachable => return Ok(Ok(hop)),
        Err(e) => return Err(e),
    }
    let socket = sockets::watched(socket, Interest::WRITABLE | Interest::ERROR)?;
    let answered = async {
        loop {
            let mut ready = socket.ready(Interest::WRITABLE | Interest::ERROR).await?;
            let rtt_us = us(before.elapsed());
            match (told(socket.get_ref()), socket.get_ref().take_error()?, socket.get_ref().peer_addr().is_ok()) {
                (Some((sent, stamp)), _, _) => {
                    let kernels = stamp.and_then(|ns| u64::try_from(ns).ok()?.checked_sub(before_ns)).map(|ns| ns / 1_000);
                    let rtt_us = kernels.filter(|us| *us <= rtt_us).unwrap_or(rtt_us);
                    return io::Result::Ok(Some((sent.by, rtt_us, Some(sent.icmp))));
                }
                // The target refuses, which is an answer as good as any.
                (None, Some(error), _) if error.kind() == io::ErrorKind::ConnectionRefused => return Ok(Some((to.ip(), rtt_us, None))),
                (None, Some(_), _) => return Ok(None),
                (None, None, true) => {
                    let kernels = tcp_info::read(socket.get_ref().as_fd()).filter(|tcp| tcp.clean() == Some(true));
                    let rtt_us = kernels.and_then(|tcp| tcp.rtt_us).map_or(rtt_us, u64::from);
                    return Ok(Some((to.ip(), rtt_us, None)));
                }
                (None, None, false) => ready.clear_ready(),
            }
        }
    };
    match leash.hold(patience, answered).await {
        Err(Off::Patience) => Ok(Ok(hop)),
        Err(off) => Ok(Err(off)),
        Ok(found) => {
            if let Some((by, rtt_us, icmp)) = found? {
                hop = Hop { by: Some(by), class: Some(AddressClass::of(by)), rtt_us: Some(rtt_us), target: by == to.ip(), icmp, ..hop };
            }
            Ok(Ok(hop))
        }
    }
}

/// What lies in the error queue.
fn told(socket: &Socket) -> Option<(control::Sent, Option<i64>)> {
    let received = sockets::receive(socket.as_fd(), &mut [0; 512], libc::MSG_ERRQUEUE).ok()?;
    Some((control::sent(&received.control)?, control::stamp_ns(&received.control)))
}

fn refused(error: &io::Error, to: &Target) -> Measured<Hops> {
    let (at, family) = (to.address.ip(), if to.is_v6() { "IPv6" } else { "IPv4" });
    match error.kind() {
        io::ErrorKind::NetworkUnreachable | io::ErrorKind::AddrNotAvailable => {
            Measured::remediable(Gap::Unreachable(format!("path to {at}: no {family} route there")), format!("a route of {family} from this machine"))
        }
        _ => Measured::missing(Gap::Unreachable(format!("path to {at}: {error}"))),
    }
}
