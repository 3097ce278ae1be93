//! Addresses that no other test takes meanwhile: one that is merely free is somebody's soon.

use std::net::{Ipv4Addr, SocketAddr};
use tokio::net::TcpSocket;

/// An address at which nobody listens, and nobody can as long as this process lives.
pub fn nobody() -> SocketAddr {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind((Ipv4Addr::LOCALHOST, 0).into()).expect("a free port");
    let at = socket.local_addr().expect("an address");
    std::mem::forget(socket);
    at
}
