//! A server of HTTPS on loopback that behaves as it is told.

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, SanType, date_time_ymd};
use rustls::{
    ServerConfig, ServerConnection, StreamOwned,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
    server::{NoServerSessionStorage, ServerSessionMemoryCache},
};
use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

/// What it does.
#[derive(Clone, Copy)]
pub struct Behaves {
    pub expired: bool,
    pub name: &'static str,
    pub resumes: bool,
    pub first_byte: Duration,
    pub response: &'static str,
}

impl Default for Behaves {
    fn default() -> Self {
        let response = "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n";
        Behaves { expired: false, name: "localhost", resumes: true, first_byte: Duration::ZERO, response }
    }
}

/// Where it is, who signed it, and all requests that it was sent.
pub struct Https {
    pub at: SocketAddr,
    pub pem: String,
    pub requests: Arc<Mutex<Vec<Vec<u8>>>>,
}

/// Reads a request with its body.
pub fn request(stream: &mut impl Read) -> Option<Vec<u8>> {
    let (mut all, mut piece) = (vec![], [0; 4096]);
    loop {
        let read = stream.read(&mut piece).ok().filter(|n| *n > 0)?;
        all.extend_from_slice(&piece[..read]);
        let Some(end) = all.windows(4).position(|w| w == b"\r\n\r\n") else { continue };
        let text = String::from_utf8_lossy(&all[..end]).to_lowercase();
        let body = text.lines().find_map(|l| l.strip_prefix("content-length: ")?.parse().ok()).unwrap_or(0);
        if all.len() >= end + 4 + body {
            return Some(all);
        }
    }
}

/// Starts one; its threads end with the test.
pub fn start(behaves: Behaves) -> Https {
    let mut authority = CertificateParams::new(vec![]).unwrap();
    authority.distinguished_name.push(DnType::CommonName, "authority of the tests");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    let mut params = CertificateParams::new(vec![behaves.name.into()]).unwrap();
    if behaves.name == "localhost" {
        params.subject_alt_names.push(SanType::IpAddress([127, 0, 0, 1].into()));
    }
    params.distinguished_name.push(DnType::CommonName, behaves.name);
    if behaves.expired {
        (params.not_before, params.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(2021, 1, 1));
    }
    let key = KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, &authority).unwrap();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let mut config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    if behaves.resumes {
        config.session_storage = ServerSessionMemoryCache::new(64);
    } else {
        (config.session_storage, config.send_tls13_tickets) = (Arc::new(NoServerSessionStorage {}), 0);
    }
    let config = Arc::new(config);
    let requests = Arc::new(Mutex::new(vec![]));
    let seen = Arc::clone(&requests);
    let at = accept(move |stream| {
        let mut stream = StreamOwned::new(ServerConnection::new(Arc::clone(&config)).unwrap(), stream);
        if let Some(read) = request(&mut stream) {
            seen.lock().unwrap().push(read);
            thread::sleep(behaves.first_byte);
            let _ = stream.write_all(behaves.response.as_bytes());
            stream.conn.send_close_notify();
            let _ = stream.flush();
        }
    });
    Https { at, pem: authority.pem(), requests }
}

/// Listens on loopback, with a thread for each connection.
pub fn accept(serve: impl Fn(TcpStream) + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = listener.local_addr().unwrap();
    let serve = Arc::new(serve);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let serve = Arc::clone(&serve);
            thread::spawn(move || serve(stream));
        }
    });
    at
}
