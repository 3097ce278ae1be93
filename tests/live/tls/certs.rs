//! Throw-away authorities and certificates, as files.
#![allow(clippy::disallowed_methods, reason = "writes the files that nginx and the spec read")]

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd};
use std::{fs, path::Path};
use tempfile::TempDir;

type Authority = CertifiedIssuer<'static, KeyPair>;

/// A folder with `ca.pem`, the certificates it signed (`server`, `expired`, `client`), and a `stranger` with its `stranger-ca.pem`.
pub fn certs() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path();
    let ours = authority(path, "ca", "authority of the tests");
    signed(path, "server", &ours, false);
    signed(path, "expired", &ours, true);
    signed(path, "client", &ours, false);
    signed(path, "old-client", &ours, true);
    let theirs = authority(path, "stranger-ca", "another authority");
    signed(path, "stranger", &theirs, false);
    folder
}

fn authority(folder: &Path, file: &str, name: &str) -> Authority {
    let mut params = CertificateParams::new(vec![]).expect("no names");
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = Authority::self_signed(params, KeyPair::generate().expect("a key")).expect("a certificate");
    fs::write(folder.join(format!("{file}.pem")), authority.pem()).expect("a file");
    authority
}

fn signed(folder: &Path, file: &str, by: &Authority, over: bool) {
    let mut params = CertificateParams::new(vec!["127.0.0.1".to_owned(), "localhost".to_owned()]).expect("names");
    params.distinguished_name.push(DnType::CommonName, file);
    if over {
        (params.not_before, params.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(2021, 1, 1));
    }
    let key = KeyPair::generate().expect("a key");
    let cert = params.signed_by(&key, by).expect("a certificate");
    fs::write(folder.join(format!("{file}.pem")), cert.pem()).expect("a file");
    fs::write(folder.join(format!("{file}.key")), key.serialize_pem()).expect("a file");
}
