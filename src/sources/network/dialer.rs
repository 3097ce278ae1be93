//! One connection: TCP, the proxy's tunnel, TLS. What it saw goes into a row; whoever asked goes on with what is left of it.

use super::{
    clock::{us_since, wall_now},
    failure,
    leash::Leash,
    pace::Pace,
    proxy::{self, Proxy},
    tcp_info,
    tls::{Manner, Tls},
    witness::Shown,
};
use crate::model::{
    endpoint::Endpoint,
    payload::network::{Connect, Ended, Stage, TlsFault},
};
use std::{
    net::SocketAddr,
    os::fd::{AsFd as _, OwnedFd},
    time::Instant,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};

/// A stream, whatever it is made of.
pub trait Wire: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Wire for T {}

/// Who connects.
pub struct Dialer<'a> {
    /// To whom.
    pub endpoint: &'a Endpoint,
    /// Through whom.
    pub proxy: Option<&'a Proxy>,
    /// How TLS is spoken, if it is.
    pub tls: Option<&'a Result<Tls, TlsFault>>,
    /// For how long.
    pub pace: Pace,
}

/// A connection that stands.
pub struct Opened {
    /// What is spoken over.
    pub wire: Box<dyn Wire>,
    /// Its socket, to ask the kernel.
    pub socket: OwnedFd,
    /// The certificates that were shown, unless a session was resumed.
    pub shown: Option<Shown>,
}

/// A row that has not begun.
pub fn row(round: u32, target: usize) -> Connect {
    Connect {
        round,
        at: wall_now(),
        target,
        from_port: None,
        connect_us: None,
        tcp: None,
        at_end: None,
        tunnel_us: None,
        tls: None,
        certificate: None,
        http: None,
        ended: Ended::Done,
        waited_us: None,
    }
}

impl Dialer<'_> {
    /// Connects and tells the row. With `Err` nothing is left of the connection; whether what it showed is trusted is not
    /// looked at.
    pub async fn open(&self, to: SocketAddr, manner: Option<&Manner>, leash: &Leash, row: &mut Connect) -> Result<Opened, Ended> {
        row.at = wall_now();
        let began = Instant::now();
        let stream = leash.hold(self.pace.connect, TcpStream::connect(to)).await;
        let took = us_since(began);
        let mut stream = stream.map_err(|off| failure::off(off, Stage::Tcp))?.map_err(|e| failure::of(&e, Stage::Tcp))?;
        row.connect_us = Some(took);
        row.tcp = tcp_info::read(stream.as_fd());
        row.from_port = stream.local_addr().ok().map(|at| at.port());
        // Small writes leave at once.
        let _ = stream.set_nodelay(true);
        let socket = stream.as_fd().try_clone_to_owned().map_err(|e| failure::of(&e, Stage::Tcp))?;

        if self.proxy.is_some() {
            let began = Instant::now();
            let made = leash.hold(self.pace.answer, proxy::tunnel(&mut stream, self.endpoint)).await;
            made.map_err(|off| failure::off(off, Stage::Tunnel)).flatten().inspect_err(|_| row.at_end = tcp_info::read(socket.as_fd()))?;
            row.tunnel_us = Some(us_since(began));
        }
        let Some(tls) = self.tls else { return Ok(Opened { wire: Box::new(stream), socket, shown: None }) };
        let tls = tls.as_ref().map_err(|fault| Ended::TlsFailed(fault.clone()))?;
        let fallback;
        let manner = if let Some(manner) = manner {
            manner
        } else {
            fallback = tls.fresh(&[]);
            &fallback
        };
        let secured = leash.hold(self.pace.answer, tls.handshake(manner, stream)).await;
        let secured = secured.map_err(|off| failure::off(off, Stage::Tls)).and_then(|done| done.map_err(|e| failure::of(&e, Stage::Tls)));
        let secured = secured.inspect_err(|_| row.at_end = tcp_info::read(socket.as_fd()))?;
        row.tls = Some(secured.handshake);
        Ok(Opened { wire: Box::new(secured.stream), socket, shown: secured.shown })
    }
}
