//! PEM files of a connection: additional trust roots, and what proves who we are. Read when the spec is, so that a file
//! that cannot serve is a problem at its place, and again when a client is made. What stands in them is never shown.

use super::{
    bounded_file::bytes,
    settings::ClientCert,
    table::{Field, Reading},
};
use reqwest::{Certificate, Identity};
use std::path::{Path, PathBuf};

/// A bundle of all public authorities is a quarter of this; larger is a mistake.
const MAX_FILE: usize = 1 << 20;

/// Why a file of a client certificate does not serve.
#[derive(Debug)]
pub enum Unfit {
    /// The certificate's file.
    Cert(String),
    /// The key's file, or what both are together.
    Key(String),
}

/// The trust roots of a PEM file; never none.
pub fn roots(path: &Path) -> Result<Vec<Certificate>, String> {
    let pem = read(path)?;
    match Certificate::from_pem_bundle(&pem) {
        Ok(roots) if !roots.is_empty() => Ok(roots),
        _ => Err("holds no certificate in PEM form".into()),
    }
}

/// Certificate and key, as a client shows them.
pub fn identity(files: &ClientCert) -> Result<Identity, Unfit> {
    let mut pem = read(&files.cert).map_err(Unfit::Cert)?;
    if !Certificate::from_pem_bundle(&pem).is_ok_and(|certs| !certs.is_empty()) {
        return Err(Unfit::Cert("holds no certificate in PEM form".into()));
    }
    if let Some(key) = &files.key {
        pem.push(b'\n');
        pem.extend(read(key).map_err(Unfit::Key)?);
    }
    let text = String::from_utf8_lossy(&pem);
    if text.contains("ENCRYPTED") {
        return Err(Unfit::Key("holds an encrypted key; `openssl pkey -in KEY -out PLAIN` makes one that a program can use".into()));
    }
    if !text.contains("PRIVATE KEY-----") {
        let missing = if files.key.is_some() { "holds no private key in PEM form" } else { "holds no private key: add `key: FILE.pem`" };
        return Err(Unfit::Key(missing.into()));
    }
    let identity = Identity::from_pem(&pem).map_err(|_| Unfit::Key("is not a private key in PEM form".into()))?;
    // Only a client tells whether the two belong together; the text of its error is a library's.
    let tried = reqwest::Client::builder().tls_certs_only([]).no_proxy().identity(identity.clone()).build();
    tried.map(|_| identity).map_err(|_| Unfit::Key("does not belong to the certificate".into()))
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    bytes(path, MAX_FILE).map_err(|why| why.to_string())
}

/// Reads `ca_file`.
pub(super) fn ca_file(field: &Field<'_>, cx: &Reading) -> Option<PathBuf> {
    let path = field.file(cx)?;
    let fit = roots(&path);
    if let Err(why) = &fit {
        cx.problem(field.refuse(why, "a PEM file; relative paths start at the spec's folder"));
    }
    fit.is_ok().then_some(path)
}

/// Reads `client_cert`.
pub(super) fn client_cert(field: &Field<'_>, cx: &Reading) -> Option<ClientCert> {
    let mut table = field.table(cx)?;
    let cert_at = table.need("cert", "client.pem", cx);
    let key_at = table.get("key");
    table.close(cx);
    let cert_at = cert_at?;
    let cert = cert_at.file(cx)?;
    let key = match &key_at {
        Some(field) => Some(field.file(cx)?),
        None => None,
    };
    let files = ClientCert { cert, key };
    let (at, why) = match identity(&files) {
        Ok(_) => return Some(files),
        Err(Unfit::Cert(why)) => (&cert_at, why),
        Err(Unfit::Key(why)) => (key_at.as_ref().unwrap_or(&cert_at), why),
    };
    cx.problem(at.refuse(why, "a PEM file; relative paths start at the spec's folder"));
    None
}
