//! Connections of a server, each served as the server behaves when it is accepted.

use super::{
    authority::{Authority, Certificate},
    behaves::{Accepted, Behaves, Tls},
    http,
    relay::now_ns,
    tunnel,
};
use rustls::{
    HandshakeKind, ServerConfig, ServerConnection, Stream,
    crypto::aws_lc_rs,
    server::{NoServerSessionStorage, ServerSessionMemoryCache},
    sign::{CertifiedKey, SingleCertAndKey},
    version::{TLS12, TLS13},
};
use std::{
    collections::BTreeMap,
    io::{self, Read, Write},
    net::{IpAddr, Shutdown, SocketAddr, TcpStream},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// A connection as the server saw it. All times are monotonic ns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The client's end.
    pub peer: SocketAddr,
    /// When the program had it from its kernel.
    pub accepted_ns: u64,
    /// When the TLS handshake was complete on the server's side.
    pub handshake_ns: Option<u64>,
    /// Was a session resumed?
    pub resumed: Option<bool>,
    /// The name that the client asked for (SNI).
    pub server_name: Option<String>,
    /// The requests.
    pub requests: Vec<SeenRequest>,
}

/// A request as the server saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenRequest {
    /// Method, target and version.
    pub line: String,
    /// When it was read in full.
    pub read_ns: u64,
    /// When the answer had been given to the kernel.
    pub answered_ns: Option<u64>,
}

/// What all connections of a server share.
pub(super) struct Served {
    certificates: Vec<(Certificate, Arc<CertifiedKey>)>,
    now: Mutex<Now>,
    seen: Mutex<Vec<Seen>>,
    open: Mutex<BTreeMap<usize, Arc<TcpStream>>>,
    ended: (Mutex<bool>, Condvar),
}

/// How it behaves now. Sessions live as long as what they depend on.
struct Now {
    behaves: Behaves,
    tls: Arc<ServerConfig>,
}

impl Served {
    pub fn new(authority: &Authority, names: &[&str], address: IpAddr, behaves: Behaves) -> Served {
        let all = [Certificate::Valid, Certificate::Expired, Certificate::OtherIssuer, Certificate::OtherName];
        let certificates: Vec<_> = all.into_iter().map(|which| (which, authority.sign(names, address, which))).collect();
        // the first random number of a process takes the library a tenth of a second, which no client should see
        let _ = aws_lc_rs::default_provider().secure_random.fill(&mut [0; 32]);
        let now = Mutex::new(Now { tls: config(&certificates, &behaves), behaves });
        Served { certificates, now, seen: Mutex::default(), open: Mutex::default(), ended: (Mutex::new(false), Condvar::new()) }
    }

    pub fn behave(&self, behaves: Behaves) {
        let mut now = lock(&self.now);
        let of_tls = |b: &Behaves| (b.certificate, b.tls, b.resumes);
        if of_tls(&now.behaves) != of_tls(&behaves) {
            now.tls = config(&self.certificates, &behaves);
        }
        now.behaves = behaves;
    }

    pub fn seen(&self) -> Vec<Seen> {
        lock(&self.seen).clone()
    }

    /// Ends all waiting, and cuts all connections.
    pub fn end(&self) {
        *lock(&self.ended.0) = true;
        self.ended.1.notify_all();
        for stream in lock(&self.open).values() {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// One connection, to its end. An error is the end of it and nothing else: the client sees it.
    pub fn serve(&self, stream: TcpStream, peer: SocketAddr, accepted_ns: u64) {
        let stream = Arc::new(stream);
        let nth = {
            let mut seen = lock(&self.seen);
            seen.push(Seen { peer, accepted_ns, handshake_ns: None, resumed: None, server_name: None, requests: vec![] });
            seen.len() - 1
        };
        lock(&self.open).insert(nth, Arc::clone(&stream));
        if !*lock(&self.ended.0) {
            let _ = self.behave_to(nth, &stream);
        }
        lock(&self.open).remove(&nth);
    }

    fn behave_to(&self, nth: usize, mut stream: &TcpStream) -> io::Result<()> {
        let (behaves, tls) = {
            let now = lock(&self.now);
            (now.behaves.clone(), Arc::clone(&now.tls))
        };
        stream.set_nodelay(true)?;
        match behaves.accepted {
            Accepted::Reset => reset_when_closed(stream),
            Accepted::Closed => {
                // what the client still sends must be read, or the kernel answers it with a reset, which may overtake the end of the stream
                stream.shutdown(Shutdown::Write)?;
                io::copy(&mut stream, &mut io::sink()).map(drop)
            }
            Accepted::Silent => {
                self.wait(Duration::MAX);
                Ok(())
            }
            Accepted::Tunnel => tunnel::carry(stream),
            Accepted::Plain => self.exchange(nth, &mut stream, &behaves).map(drop),
            Accepted::Served | Accepted::ResetAfterRequest => {
                let mut session = ServerConnection::new(tls).map_err(io::Error::other)?;
                while session.is_handshaking() {
                    session.complete_io(&mut stream)?;
                }
                self.note(nth, |seen| {
                    seen.handshake_ns = Some(now_ns());
                    seen.resumed = session.handshake_kind().map(|kind| kind == HandshakeKind::Resumed);
                    seen.server_name = session.server_name().map(str::to_owned);
                });
                if self.exchange(nth, &mut Stream::new(&mut session, &mut stream), &behaves)? {
                    return reset_when_closed(stream);
                }
                session.send_close_notify();
                session.write_tls(&mut stream).map(drop)
            }
        }
    }

    /// Requests and answers, until the connection ends; should it be reset?
    fn exchange(&self, nth: usize, with: &mut (impl Read + Write), behaves: &Behaves) -> io::Result<bool> {
        while let Some(line) = http::read_request(with)? {
            let is_head = line.starts_with("HEAD ");
            self.note(nth, |seen| seen.requests.push(SeenRequest { line, read_ns: now_ns(), answered_ns: None }));
            if behaves.accepted == Accepted::ResetAfterRequest {
                return Ok(true);
            }
            if self.wait(behaves.first_byte) {
                break;
            }
            http::answer(with, behaves, is_head)?;
            self.note(nth, |seen| {
                if let Some(request) = seen.requests.last_mut() {
                    request.answered_ns = Some(now_ns());
                }
            });
            if !behaves.keeps_alive {
                break;
            }
        }
        Ok(false)
    }

    fn note(&self, nth: usize, note: impl FnOnce(&mut Seen)) {
        note(&mut lock(&self.seen)[nth]);
    }

    /// Waits so long, or until the server ends; has it ended?
    fn wait(&self, time: Duration) -> bool {
        if time.is_zero() {
            return false;
        }
        let (ended, _) = self.ended.1.wait_timeout_while(lock(&self.ended.0), time, |ended| !*ended).unwrap_or_else(PoisonError::into_inner);
        *ended
    }
}

/// With this, closing resets the connection.
fn reset_when_closed(stream: &TcpStream) -> io::Result<()> {
    Ok(rustix::net::sockopt::set_socket_linger(stream, Some(Duration::ZERO))?)
}

fn config(certificates: &[(Certificate, Arc<CertifiedKey>)], behaves: &Behaves) -> Arc<ServerConfig> {
    let shown = certificates.iter().find(|(which, _)| *which == behaves.certificate).expect("all are signed");
    let versions = if behaves.tls == Tls::V12 { vec![&TLS12] } else { vec![&TLS12, &TLS13] };
    let builder = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider())).with_protocol_versions(&versions);
    let shown = Arc::new(SingleCertAndKey::from(CertifiedKey::clone(&shown.1)));
    let mut config = builder.expect("versions that the provider knows").with_no_client_auth().with_cert_resolver(shown);
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    if behaves.resumes {
        config.session_storage = ServerSessionMemoryCache::new(256);
    } else {
        // then no ticket is sent either
        config.session_storage = Arc::new(NoServerSessionStorage {});
    }
    Arc::new(config)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
