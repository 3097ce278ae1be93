//! The one factory of HTTP clients: no redirects (credentials never cross an origin), no proxy from the environment.

use crate::{
    model::evidence::Gap,
    spec::{
        settings::{Auth, Connection},
        tls_files::{self, Unfit},
    },
};
use reqwest::{Client, ClientBuilder, redirect::Policy};
use std::time::Duration;

/// A connection that is not there after this time is not coming.
const CONNECT: Duration = Duration::from_secs(5);

/// A client for one connection.
pub fn client(connection: &Connection) -> Result<Client, Gap> {
    client_with(connection, |builder| builder)
}

/// The same for a source that needs more of its client than that.
pub fn client_with(connection: &Connection, shape: impl Fn(ClientBuilder) -> ClientBuilder) -> Result<Client, Gap> {
    let url = &connection.url;
    let roots = match &connection.ca_file {
        Some(path) => tls_files::roots(path).map_err(|why| Gap::NotConfigured(format!("ca_file of {url}: {why}")))?,
        None => vec![],
    };
    let identity = connection.client_cert.as_ref().map(tls_files::identity).transpose().map_err(|unfit| {
        let (Unfit::Cert(why) | Unfit::Key(why)) = unfit;
        Gap::NotConfigured(format!("client_cert of {url}: {why}"))
    })?;
    let proxy = proxy(connection)?;
    let builder = || {
        let mut plain = Client::builder()
            .redirect(Policy::none())
            .no_proxy()
            .connect_timeout(CONNECT)
            .user_agent(concat!("rigcheck/", env!("CARGO_PKG_VERSION")));
        if let Some(identity) = &identity {
            plain = plain.identity(identity.clone());
        }
        if let Some(proxy) = &proxy {
            plain = plain.proxy(proxy.clone());
        }
        shape(plain)
    };
    builder().tls_certs_merge(roots.clone()).build().or_else(|_| {
        // Where the host has no CA store, reqwest refuses to build a client at all, even for http://.
        let bundled = webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter().filter_map(|der| reqwest::Certificate::from_der(der).ok());
        builder().tls_certs_only(bundled.chain(roots)).build().map_err(|e| Gap::NotConfigured(format!("TLS: {e}")))
    })
}

fn proxy(connection: &Connection) -> Result<Option<reqwest::Proxy>, Gap> {
    let Some(proxy) = &connection.proxy else { return Ok(None) };
    let made = reqwest::Proxy::all(&proxy.url).map_err(|e| Gap::NotConfigured(format!("proxy {}: {e}", proxy.url)))?;
    Ok(Some(match &proxy.auth {
        Auth::Basic { user, password } => made.basic_auth(user, password.expose()),
        // The spec gives a proxy no other kind.
        Auth::None | Auth::Bearer(_) => made,
    }))
}
