//! Who vouches for certificates here: the machine's store, the public list where it has none, and the configured file.

use crate::{
    model::{
        evidence::Gap,
        payload::network::{Distrust, Trust},
    },
    spec::bounded_file::bytes,
};
use std::path::Path;
use tokio_rustls::rustls::{
    CertificateError, Error, RootCertStore,
    client::{verify_server_cert_signed_by_trust_anchor, verify_server_name},
    crypto::WebPkiSupportedAlgorithms,
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject as _},
    server::ParsedCertificate,
};

/// A bundle of all public authorities is a quarter of this; larger is a mistake.
const MAX_FILE: usize = 1 << 20;

/// The authorities.
#[derive(Debug)]
pub struct Roots {
    system: RootCertStore,
    /// Is `system` the public list that is built in?
    bundled: bool,
    configured: Option<RootCertStore>,
}

impl Roots {
    /// The machine's authorities, and those of a PEM file.
    pub fn load(ca_file: Option<&Path>) -> Result<Roots, Gap> {
        let mut system = RootCertStore::empty();
        system.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        let bundled = system.is_empty();
        if bundled {
            system.add_parsable_certificates(webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter().cloned());
        }
        let configured = ca_file.map(configured).transpose()?;
        Ok(Roots { system, bundled, configured })
    }

    /// What is to be thought of a chain; the name is looked at last, since a chain that nobody vouches for is worse.
    pub fn judge(&self, chain: &[CertificateDer<'_>], server: &ServerName<'_>, now: UnixTime, algorithms: &WebPkiSupportedAlgorithms) -> Trust {
        let Some((leaf, others)) = chain.split_first() else { return Trust::Not(Distrust::Invalid) };
        let Ok(leaf) = ParsedCertificate::try_from(leaf) else { return Trust::Not(Distrust::Invalid) };
        let by = |roots: &RootCertStore| verify_server_cert_signed_by_trust_anchor(&leaf, roots, others, now, algorithms.all).map_err(|e| why(&e));
        let trust = match (by(&self.system), self.configured.as_ref().map(by)) {
            (Ok(()), _) => Ok(if self.bundled { Trust::Bundled } else { Trust::System }),
            (_, Some(Ok(()))) => Ok(Trust::Configured),
            // The authority that knows it says more than the one that does not.
            (Err(Distrust::UnknownIssuer), Some(Err(why))) | (Err(why), _) => Err(why),
        };
        let named = verify_server_name(&leaf, server).map_err(|e| why(&e));
        match trust.and_then(|trust| named.map(|()| trust)) {
            Ok(trust) => trust,
            Err(why) => Trust::Not(why),
        }
    }
}

/// Does the leaf stand for that name?
pub fn stands_for(leaf: &CertificateDer<'_>, server: &ServerName<'_>) -> bool {
    ParsedCertificate::try_from(leaf).is_ok_and(|leaf| verify_server_name(&leaf, server).is_ok())
}

fn configured(file: &Path) -> Result<RootCertStore, Gap> {
    let refused = |why: String| Gap::NotConfigured(format!("ca_file {}: {why}", file.display()));
    let pem = bytes(file, MAX_FILE).map_err(|why| refused(why.to_string()))?;
    let mut roots = RootCertStore::empty();
    let certificates: Vec<_> = CertificateDer::pem_slice_iter(&pem).flatten().collect();
    let (taken, _) = roots.add_parsable_certificates(certificates);
    if taken == 0 { Err(refused("holds no certificate in PEM form".into())) } else { Ok(roots) }
}

fn why(error: &Error) -> Distrust {
    use CertificateError as E;
    let Error::InvalidCertificate(error) = error else { return Distrust::Invalid };
    match error {
        E::Expired | E::ExpiredContext { .. } => Distrust::Expired,
        E::NotValidYet | E::NotValidYetContext { .. } => Distrust::NotYetValid,
        // A signature that does not hold is one by another key: an authority of the same name.
        E::UnknownIssuer | E::BadSignature => Distrust::UnknownIssuer,
        E::NotValidForName | E::NotValidForNameContext { .. } => Distrust::OtherName,
        E::InvalidPurpose | E::InvalidPurposeContext { .. } => Distrust::OtherPurpose,
        _ => Distrust::Invalid,
    }
}
