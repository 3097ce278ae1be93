//! Throw-away certificate authorities and what they sign.

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, SanType, date_time_ymd};
use rustls::{
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer},
    sign::CertifiedKey,
};
use std::{net::IpAddr, sync::Arc};

/// Which certificate a server shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Certificate {
    /// Valid, of its authority, for its names and its address.
    #[default]
    Valid,
    /// It ran out years ago.
    Expired,
    /// Of another authority: a proxy that intercepts, or one that trusts it would say so.
    OtherIssuer,
    /// Valid, for another name.
    OtherName,
}

/// Common name of the authority that clients trust.
pub const TRUSTED: &str = "authority of the tests";
/// Common name of the one that they do not know.
pub const INTERCEPTING: &str = "intercepting proxy of the tests";

/// An authority, and another one that nobody trusts.
pub struct Authority {
    trusted: CertifiedIssuer<'static, KeyPair>,
    intercepting: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    /// A new one.
    pub fn new() -> Authority {
        Authority { trusted: issuer(TRUSTED), intercepting: issuer(INTERCEPTING) }
    }

    /// What clients are told to trust.
    pub fn pem(&self) -> String {
        self.trusted.pem()
    }

    /// What a client would have to trust to be content with [`Certificate::OtherIssuer`].
    pub fn intercepting_pem(&self) -> String {
        self.intercepting.pem()
    }

    /// A certificate with its key.
    pub(super) fn sign(&self, names: &[&str], address: IpAddr, which: Certificate) -> Arc<CertifiedKey> {
        let names = if which == Certificate::OtherName { &["elsewhere.test"] } else { names };
        let mut params = CertificateParams::new(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()).expect("names of hosts");
        if which != Certificate::OtherName {
            params.subject_alt_names.push(SanType::IpAddress(address));
        }
        params.distinguished_name.push(DnType::CommonName, *names.first().unwrap_or(&"a server of the tests"));
        if which == Certificate::Expired {
            (params.not_before, params.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(2021, 1, 1));
        }
        let issuer = if which == Certificate::OtherIssuer { &self.intercepting } else { &self.trusted };
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, issuer).expect("a certificate");
        let chain = vec![certificate.der().clone(), CertificateDer::from(issuer.der().to_vec())];
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        Arc::new(CertifiedKey::from_der(chain, key, &rustls::crypto::aws_lc_rs::default_provider()).expect("the key of the certificate"))
    }
}

impl Default for Authority {
    fn default() -> Authority {
        Authority::new()
    }
}

fn issuer(name: &str) -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::new(vec![]).expect("no names");
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("a certificate")
}
