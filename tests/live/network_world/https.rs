//! A server of HTTPS, and what can be wrong with it.

use super::{everywhere, world};
use crate::support::netns::{Accepted, Authority, Behaves, Certificate, Https, Plan, Tls, World, now_ns};
use rustls::{
    ClientConfig, ClientConnection, HandshakeKind, RootCertStore, StreamOwned,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use std::{
    io::{self, Read, Write},
    net::TcpStream,
    sync::Arc,
    time::Duration,
};

/// What a client sees.
#[derive(Debug)]
struct Answer {
    head: String,
    resumed: bool,
    first_byte: Duration,
}

struct Client<'w> {
    world: &'w World,
    config: Arc<ClientConfig>,
}

impl Client<'_> {
    fn new<'w>(world: &'w World, authority: &Authority) -> Client<'w> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(authority.pem().as_bytes()).expect("a certificate")).expect("an authority");
        let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider())).with_safe_default_protocol_versions();
        let config = builder.expect("versions").with_root_certificates(roots).with_no_client_auth();
        Client { world, config: Arc::new(config) }
    }

    /// One request on a connection of its own.
    fn ask(&self) -> io::Result<Answer> {
        self.world.client().enter(|| {
            let stream = TcpStream::connect((self.world.server_v4(), 443))?;
            stream.set_read_timeout(Some(Duration::from_millis(700)))?;
            let name = ServerName::try_from("api.test").expect("a name");
            let session = ClientConnection::new(Arc::clone(&self.config), name).map_err(io::Error::other)?;
            let mut tls = StreamOwned::new(session, stream);
            tls.write_all(b"GET /v1/models HTTP/1.1\r\nHost: api.test\r\n\r\n")?;
            tls.flush()?;
            let sent_ns = now_ns();
            let mut bytes = [0; 1024];
            let length = tls.read(&mut bytes)?;
            let first_byte = Duration::from_nanos(now_ns() - sent_ns);
            if length == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let resumed = tls.conn.handshake_kind() == Some(HandshakeKind::Resumed);
            tls.conn.send_close_notify();
            let _ = tls.flush();
            Ok(Answer { head: String::from_utf8_lossy(&bytes[..length]).into_owned(), resumed, first_byte })
        })?
    }
}

#[test]
fn a_server_behaves_as_it_is_told() {
    let Some(world) = world("a_server_behaves_as_it_is_told", Plan::delay_ms(2.0)) else { return };
    let authority = Authority::new();
    let server = Https::start(world.server(), everywhere(443), &["api.test"], &authority, Behaves::default()).expect("a server");
    let client = Client::new(&world, &authority);
    assert!(client.ask().expect("an answer").head.starts_with("HTTP/1.1 200 "));

    let refused = [(Certificate::Expired, "expired"), (Certificate::OtherIssuer, "UnknownIssuer"), (Certificate::OtherName, "not valid for name")];
    for (certificate, says) in refused {
        server.behave(Behaves::with_certificate(certificate));
        let error = client.ask().expect_err("no such certificate is trusted").to_string();
        assert!(error.contains(says), "{certificate:?}: {error}");
    }
    let cut = [
        (Accepted::Reset, vec![io::ErrorKind::ConnectionReset]),
        (Accepted::Closed, vec![io::ErrorKind::UnexpectedEof]),
        (Accepted::ResetAfterRequest, vec![io::ErrorKind::ConnectionReset]),
        (Accepted::Silent, vec![io::ErrorKind::WouldBlock, io::ErrorKind::TimedOut]),
    ];
    for (accepted, kinds) in cut {
        server.behave(Behaves::when_accepted(accepted));
        let error = client.ask().expect_err("no answer");
        assert!(kinds.contains(&error.kind()), "{accepted:?}: {error:?}");
    }
    server.behave(Behaves { retry_after: Some(7), first_byte: Duration::from_millis(150), ..Behaves::with_status(429) });
    let answers = [(); 3].map(|()| client.ask().expect("an answer"));
    for answer in &answers {
        assert!(answer.head.starts_with("HTTP/1.1 429 ") && answer.head.contains("retry-after: 7\r\n"), "{answer:?}");
        assert!(answer.first_byte.as_millis() >= 154, "{answer:?}");
    }
    // A busy machine only adds.
    assert!(answers.iter().any(|answer| answer.first_byte.as_millis() < 300), "{answers:?}");

    let seen = server.seen();
    assert_eq!(seen.len(), 11, "{seen:?}");
    let last = &seen[10];
    assert_eq!((last.server_name.as_deref(), last.requests[0].line.as_str()), (Some("api.test"), "GET /v1/models HTTP/1.1"));
    assert!(last.requests[0].answered_ns.expect("it was answered") - last.requests[0].read_ns > 150_000_000);
}

#[test]
fn sessions_are_resumed_where_the_server_allows_it() {
    let Some(world) = world("sessions_are_resumed_where_the_server_allows_it", Plan::delay_ms(1.0)) else { return };
    let authority = Authority::new();
    let server = Https::start(world.server(), everywhere(443), &["api.test"], &authority, Behaves::default()).expect("a server");
    for tls in [Tls::V13, Tls::V12] {
        for resumes in [true, false] {
            server.behave(Behaves { tls, resumes, ..Behaves::default() });
            let client = Client::new(&world, &authority);
            let resumed = [(); 2].map(|()| client.ask().expect("an answer").resumed);
            assert_eq!(resumed, [false, resumes], "{tls:?}");
        }
    }
    let seen: Vec<_> = server.seen().iter().map(|seen| seen.resumed == Some(true)).collect();
    assert_eq!(seen, [false, true, false, false, false, true, false, false]);
}
