//! Who looks at the certificates of a handshake. The handshake goes on whatever is thought of them, so that it can be measured;
//! what is thought of them is kept, and nothing is sent to who is not trusted.

use super::roots::Roots;
use crate::model::payload::network::Trust;
use std::sync::{Arc, Mutex, PoisonError};
use tokio_rustls::rustls::{
    DigitallySignedStruct, Error, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime},
};

/// What was shown in one handshake.
#[derive(Clone, Debug)]
pub struct Shown {
    /// Leaf first.
    pub chain: Vec<CertificateDer<'static>>,
    /// What is thought of it.
    pub trust: Trust,
}

/// Keeps what is shown.
#[derive(Debug)]
pub struct Witness {
    roots: Arc<Roots>,
    algorithms: WebPkiSupportedAlgorithms,
    shown: Mutex<Option<Shown>>,
}

impl Witness {
    /// One for one configuration.
    pub fn new(roots: Arc<Roots>, algorithms: WebPkiSupportedAlgorithms) -> Witness {
        Witness { roots, algorithms, shown: Mutex::new(None) }
    }
    /// Takes what was shown since it was last asked; a resumed session shows nothing.
    pub fn take(&self) -> Option<Shown> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl ServerCertVerifier for Witness {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        server: &ServerName<'_>,
        _ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let chain: Vec<_> = std::iter::once(leaf).chain(others).map(|cert| cert.clone().into_owned()).collect();
        let trust = self.roots.judge(&chain, server, now, &self.algorithms);
        *self.shown.lock().unwrap_or_else(PoisonError::into_inner) = Some(Shown { chain, trust });
        Ok(ServerCertVerified::assertion())
    }
    // Signatures are checked as ever: who shows a certificate must have its key.
    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.algorithms)
    }
    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.algorithms)
    }
    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
