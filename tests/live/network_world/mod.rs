//! The small networks that other tests measure show what was planted in them, and leave nothing behind.
#![allow(clippy::disallowed_methods, reason = "connects inside network namespaces, and looks for what is left of them")]

mod change;
mod delay;
mod https;
mod loss;
mod mtu;
mod names;
mod ping;
mod rate;
mod removed;
mod route;

use crate::{
    stack,
    support::netns::{Accepted, Authority, Behaves, Https, Plan, World},
};
use std::{
    io::{self, Read, Write},
    net::{IpAddr, Shutdown, SocketAddr, TcpStream},
    time::Duration,
};

/// A world, or nothing after saying that the test is skipped.
fn world(test: &str, plan: Plan) -> Option<World> {
    stack::or_skip(test, World::up(plan))
}

/// A server of HTTP without TLS on all of the server's addresses, whose answers have bodies of this size.
fn plain(world: &World, body: usize) -> Https {
    let behaves = Behaves { body, keeps_alive: false, ..Behaves::when_accepted(Accepted::Plain) };
    Https::start(world.server(), everywhere(80), &["server.test"], &Authority::new(), behaves).expect("a server")
}

/// All addresses of a host, IPv4 too.
fn everywhere(port: u16) -> SocketAddr {
    SocketAddr::new("::".parse().expect("the unspecified address"), port)
}

/// Asks that server for its answer from the client, and returns the bytes of it; an error if it stalls for a second.
fn fetch(world: &World, from: IpAddr) -> io::Result<Vec<u8>> {
    world.client().enter(|| {
        let mut stream = TcpStream::connect_timeout(&(from, 80).into(), Duration::from_secs(5))?;
        stream.set_read_timeout(Some(Duration::from_secs(1)))?;
        stream.write_all(b"GET / HTTP/1.1\r\nHost: server.test\r\n\r\n")?;
        stream.shutdown(Shutdown::Write)?;
        let mut answer = vec![];
        stream.read_to_end(&mut answer)?;
        Ok(answer)
    })?
}
