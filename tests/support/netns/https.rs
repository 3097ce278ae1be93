//! A server of HTTPS in a namespace, on threads of this process, that behaves as it is told.

use super::{
    authority::Authority,
    behaves::Behaves,
    connection::{Seen, Served},
    namespace::Namespace,
    relay::now_ns,
};
use rustix::event::{EventfdFlags, PollFd, PollFlags, eventfd, poll};
use std::{
    io,
    net::{IpAddr, SocketAddr, TcpListener},
    os::fd::OwnedFd,
    sync::{Arc, mpsc},
    thread::{self, JoinHandle},
};

/// The running server. It ends when dropped, with all of its connections.
pub struct Https {
    address: SocketAddr,
    served: Arc<Served>,
    stop: Arc<OwnedFd>,
    thread: Option<JoinHandle<io::Result<io::Result<()>>>>,
}

impl Https {
    /// Starts one on an address that the host has, or on all (`0.0.0.0`, `::`). It has these names and that address in its certificates.
    pub fn start(host: &Namespace, at: SocketAddr, names: &[&str], authority: &Authority, behaves: Behaves) -> io::Result<Https> {
        Https::start_for(host, at, at.ip(), names, authority, behaves)
    }

    /// The same, with another address in its certificates.
    pub fn start_for(host: &Namespace, at: SocketAddr, named: IpAddr, names: &[&str], authority: &Authority, behaves: Behaves) -> io::Result<Https> {
        let served = Arc::new(Served::new(authority, names, named, behaves));
        let stop = Arc::new(eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?);
        let (ours, stopped, (bound, listens)) = (Arc::clone(&served), Arc::clone(&stop), mpsc::channel());
        let thread = host.spawn(move || {
            let listener = TcpListener::bind(at)?;
            let _ = bound.send(listener.local_addr()?);
            accept(&listener, &stopped, &ours)
        });
        match listens.recv() {
            Ok(address) => Ok(Https { address, served, stop, thread: Some(thread) }),
            Err(_) => Err(thread.join().map_or_else(
                |_| io::Error::other("the server's thread panicked"),
                |ended| ended.flatten().err().unwrap_or_else(|| io::Error::other("the server ended")),
            )),
        }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Behaves otherwise, to connections that are accepted from now on.
    pub fn behave(&self, behaves: Behaves) {
        self.served.behave(behaves);
    }

    /// All connections so far, in the order in which they were accepted.
    pub fn seen(&self) -> Vec<Seen> {
        self.served.seen()
    }
}

impl Drop for Https {
    fn drop(&mut self) {
        let _ = rustix::io::write(&self.stop, &1u64.to_ne_bytes());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Accepts until it is stopped; then cuts what is open and waits for its threads.
fn accept(listener: &TcpListener, stop: &OwnedFd, served: &Served) -> io::Result<()> {
    thread::scope(|scope| {
        let ended = loop {
            let mut ready = [PollFd::new(listener, PollFlags::IN), PollFd::new(stop, PollFlags::IN)];
            if let Err(error) = poll(&mut ready, None) {
                break Err(error.into());
            }
            if !ready[1].revents().is_empty() {
                break Ok(());
            }
            let Ok((stream, peer)) = listener.accept() else { continue };
            let accepted_ns = now_ns();
            scope.spawn(move || served.serve(stream, peer, accepted_ns));
        };
        served.end();
        ended
    })
}
