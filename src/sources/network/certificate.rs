//! What stands in a certificate that was shown.

use super::{roots::stands_for, witness::Shown};
use crate::{
    kept::plain,
    model::{evidence::digest, payload::network::Certificate, units::Wall},
};
use std::net::{Ipv4Addr, Ipv6Addr};
use tokio_rustls::rustls::pki_types::ServerName;
use x509_parser::prelude::{FromDer as _, GeneralName, X509Certificate};

/// Names that are kept of one.
const MOST_NAMES: usize = 32;

/// Its figures; one that cannot be read has only its digest.
pub fn read(shown: &Shown, server: &ServerName<'_>, target: usize) -> Option<Certificate> {
    let leaf = shown.chain.first()?;
    let parsed = X509Certificate::from_der(leaf).ok().map(|(_, parsed)| parsed);
    let names = parsed.as_ref().map(names).unwrap_or_default();
    let wall = |seconds: i64| Wall(seconds.saturating_mul(1_000_000));
    let subject = parsed.as_ref().and_then(|c| c.subject().iter_common_name().next()?.as_str().ok().map(plain));
    Some(Certificate {
        sha256: digest(leaf),
        subject,
        issuer: parsed.as_ref().map(|c| plain(&c.issuer().to_string())).unwrap_or_default(),
        names_in_all: names.len(),
        names: names.into_iter().take(MOST_NAMES).collect(),
        matched: stands_for(leaf, server),
        not_before: parsed.as_ref().map(|c| wall(c.validity().not_before.timestamp())).unwrap_or_default(),
        not_after: parsed.as_ref().map(|c| wall(c.validity().not_after.timestamp())).unwrap_or_default(),
        chain: shown.chain.len(),
        chain_sha256: digest(&shown.chain.iter().map(AsRef::as_ref).collect::<Vec<&[u8]>>().concat()),
        trust: shown.trust.clone(),
        shown_by: vec![target],
    })
}

fn names(certificate: &X509Certificate<'_>) -> Vec<String> {
    let Ok(Some(extension)) = certificate.subject_alternative_name() else { return vec![] };
    let name = |name: &GeneralName<'_>| match name {
        GeneralName::DNSName(name) => Some(plain(name)),
        GeneralName::IPAddress(bytes) => <[u8; 4]>::try_from(*bytes)
            .map(|v4| Ipv4Addr::from(v4).to_string())
            .or_else(|_| <[u8; 16]>::try_from(*bytes).map(|v6| Ipv6Addr::from(v6).to_string()))
            .ok(),
        _ => None,
    };
    extension.value.general_names.iter().filter_map(name).collect()
}
