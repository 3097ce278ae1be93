//! Configurations of TLS: those of a handshake by itself, and those of two that share a session.

use super::{
    roots::Roots,
    sessions::Sessions,
    witness::{Shown, Witness},
};
use crate::model::payload::network::{Handshake, Session, TlsFault};
use std::{
    io,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::net::TcpStream;
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{
        AlertDescription, ClientConfig, Error, HandshakeKind, ProtocolVersion,
        client::Resumption,
        crypto::{CryptoProvider, aws_lc_rs},
        pki_types::ServerName,
    },
};

/// What makes configurations: the provider is the one of all HTTP clients here.
#[derive(Clone, Debug)]
pub struct Tls {
    provider: Arc<CryptoProvider>,
    roots: Arc<Roots>,
    server: ServerName<'static>,
}

/// What one handshake does.
pub struct Manner {
    config: Arc<ClientConfig>,
    witness: Arc<Witness>,
    sessions: Option<Arc<Sessions>>,
    session: Session,
    offered: Vec<String>,
}

/// A handshake that was finished.
pub struct Secured {
    /// The stream.
    pub stream: TlsStream<TcpStream>,
    /// Its figures.
    pub handshake: Handshake,
    /// The certificates, unless a session was resumed.
    pub shown: Option<Shown>,
}

impl Tls {
    /// For one name; `Err` if it is none.
    pub fn new(roots: Arc<Roots>, server: &str) -> Result<Tls, TlsFault> {
        let server = ServerName::try_from(server.trim_end_matches('.').to_owned()).map_err(|_| TlsFault::BadName)?;
        Ok(Tls { provider: Arc::new(aws_lc_rs::default_provider()), roots, server })
    }
    /// The name that is shown.
    pub fn server(&self) -> &ServerName<'static> {
        &self.server
    }
    /// A full handshake that keeps nothing.
    pub fn fresh(&self, alpn: &[&str]) -> Manner {
        self.manner(alpn, None)
    }
    /// A full handshake that keeps the session.
    pub fn kept(&self, alpn: &[&str]) -> Manner {
        self.manner(alpn, Some(Arc::new(Sessions::new())))
    }

    fn manner(&self, alpn: &[&str], sessions: Option<Arc<Sessions>>) -> Manner {
        let witness = Arc::new(Witness::new(Arc::clone(&self.roots), self.provider.signature_verification_algorithms));
        let mut config = ClientConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_safe_default_protocol_versions()
            .expect("the provider speaks TLS 1.2 and 1.3")
            .dangerous()
            .with_custom_certificate_verifier(Arc::clone(&witness) as _)
            .with_no_client_auth();
        config.alpn_protocols = alpn.iter().map(|p| p.as_bytes().to_vec()).collect();
        config.resumption = sessions.clone().map_or_else(Resumption::disabled, |sessions| Resumption::store(sessions));
        let session = if sessions.is_some() { Session::Kept } else { Session::Fresh };
        Manner { config: Arc::new(config), witness, sessions, session, offered: alpn.iter().map(|p| (*p).to_owned()).collect() }
    }

    /// Shakes hands over a connection.
    pub async fn handshake(&self, manner: &Manner, stream: TcpStream) -> io::Result<Secured> {
        let began = Instant::now();
        let stream = TlsConnector::from(Arc::clone(&manner.config)).connect(self.server.clone(), stream).await?;
        let took = began.elapsed();
        let handshake = figures(manner, &stream, took);
        Ok(Secured { handshake, shown: manner.witness.take(), stream })
    }
}

impl Manner {
    /// The handshake after one that kept its session: it offers that.
    #[must_use]
    pub fn offering(self) -> Manner {
        let had = self.sessions.as_ref().is_some_and(|s| s.given());
        Manner { session: Session::Offered { had }, ..self }
    }
    /// Does it wait for a session that the server may give?
    pub fn waits_for_session(&self) -> bool {
        self.session == Session::Kept && self.sessions.as_ref().is_some_and(|s| !s.given())
    }
}

fn figures(manner: &Manner, stream: &TlsStream<TcpStream>, took: Duration) -> Handshake {
    let connection = stream.get_ref().1;
    let version = match connection.protocol_version() {
        Some(ProtocolVersion::TLSv1_3) => "1.3",
        Some(ProtocolVersion::TLSv1_2) => "1.2",
        _ => "unknown",
    };
    let cipher = connection.negotiated_cipher_suite().and_then(|suite| suite.suite().as_str().map(str::to_owned));
    Handshake {
        took_us: super::clock::us(took),
        version: version.into(),
        cipher: cipher.unwrap_or_default(),
        // It is one of those that were offered: the library refuses any other.
        alpn: connection.alpn_protocol().map(|p| String::from_utf8_lossy(p).into_owned()),
        offered: manner.offered.clone(),
        session: manner.session,
        resumed: connection.handshake_kind() == Some(HandshakeKind::Resumed),
        retried: connection.handshake_kind() == Some(HandshakeKind::FullWithHelloRetryRequest),
    }
}

/// What is wrong by the protocol, if an error is of TLS.
pub fn fault(error: &io::Error) -> Option<TlsFault> {
    let error = error.get_ref()?.downcast_ref::<Error>()?;
    Some(match error {
        Error::AlertReceived(AlertDescription::ProtocolVersion) | Error::PeerIncompatible(_) | Error::NoApplicationProtocol => {
            TlsFault::NothingInCommon
        }
        Error::AlertReceived(alert) => TlsFault::Alert(alert.as_str().unwrap_or("of no name").into()),
        Error::InvalidMessage(_) => TlsFault::NotTls,
        _ => TlsFault::Misbehaved,
    })
}
