//! A proxy that is configured for an endpoint: the tunnel that `CONNECT` makes (RFC 9110, 9.3.6).

use super::{failure, http};
use crate::model::{
    endpoint::Endpoint,
    evidence::Gap,
    payload::network::{Ended, Stage},
};
use std::time::Instant;
use tokio::{io::AsyncWriteExt as _, net::TcpStream};

/// Where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proxy {
    /// Its URL, as it is told.
    pub url: String,
    /// Host name or address.
    pub host: String,
    /// TCP port.
    pub port: u16,
}

impl Proxy {
    /// Reads `http://HOST:PORT`.
    pub fn parse(url: &str) -> Result<Proxy, Gap> {
        let bad = |what: &str| Gap::NotConfigured(format!("the proxy's URL {what}; write `http://HOST:PORT`"));
        let authority = url.strip_prefix("http://").ok_or_else(|| bad("does not begin with `http://`"))?.trim_end_matches('/');
        if authority.contains('@') {
            return Err(bad("has credentials in it, and none are sent by a baseline"));
        }
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, port.parse().map_err(|_| bad("has a port that is no number"))?),
            _ => (authority, 80),
        };
        let host = host.trim_start_matches('[').trim_end_matches(']');
        if host.is_empty() || host.contains('/') {
            return Err(bad("names no host"));
        }
        Ok(Proxy { url: format!("http://{authority}"), host: host.into(), port })
    }
}

/// Asks for a tunnel. What an unready server sends with the answer would be lost: nobody speaks before the client in TLS or HTTP.
pub async fn tunnel(stream: &mut TcpStream, endpoint: &Endpoint) -> Result<(), Ended> {
    let to = endpoint.authority();
    let request = format!("CONNECT {to} HTTP/1.1\r\nHost: {to}\r\nUser-Agent: {}\r\n\r\n", http::USER_AGENT);
    stream.write_all(request.as_bytes()).await.map_err(|e| failure::of(&e, Stage::Tunnel))?;
    let head = http::head(stream, Instant::now()).await.map_err(|why| failure::no_head(&why, Stage::Tunnel))?;
    match head.answer.status {
        200..300 => Ok(()),
        status => Err(Ended::TunnelRefused(status)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_a_host_and_a_port() {
        let read = |url| Proxy::parse(url).map(|p| (p.host, p.port, p.url));
        assert_eq!(read("http://proxy.example:3128/"), Ok(("proxy.example".into(), 3128, "http://proxy.example:3128".into())));
        assert_eq!(read("http://[fd00::1]:8080"), Ok(("fd00::1".into(), 8080, "http://[fd00::1]:8080".into())));
        assert_eq!(read("http://[fd00::1]"), Ok(("fd00::1".into(), 80, "http://[fd00::1]".into())));
        assert_eq!(read("http://p"), Ok(("p".into(), 80, "http://p".into())));
        for bad in ["https://p:1", "p:3128", "http://", "http://p:x", "http://user:hunter2@p:1", "http://p/x"] {
            let gap = Proxy::parse(bad).unwrap_err().to_string();
            assert!(gap.contains("http://HOST:PORT") && !gap.contains("hunter2"), "{gap}");
        }
    }
}
