//! The far end of a network baseline, as the spec describes it.

use super::name::Name;
use serde::{Deserialize, Serialize};

/// The source that measures the way to an endpoint.
pub const NETWORK: &str = "network";

/// Whoever is connected to. No credentials belong to it: whatever is asked of it is asked as a stranger.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Endpoint {
    /// Its name in the spec.
    pub name: Name,
    /// Host name or address, as an application is given it.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// Does it speak TLS?
    pub tls: bool,
    /// The name that is shown in the TLS handshake and must stand in the certificate, if it is not `host`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sni: Option<String>,
    /// What each connection asks by HTTP; `None`: nothing, it is opened and closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<Verb>,
    /// Path of the HTTP requests, beginning with `/`. One that answers 4xx to strangers costs nobody anything.
    pub path: String,
    /// Is a body of some 8 KB of invalid JSON posted to `path`, to find what swallows large packets?
    #[serde(default)]
    pub large_body: bool,
    /// What is downloaded to measure the bandwidth; `None`: nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub download: Option<Download>,
}

/// A request method without a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verb {
    /// `GET`.
    Get,
    /// `HEAD`.
    Head,
}

/// What is read to measure the bandwidth.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Download {
    /// Path of the GET request, at the endpoint's own host and port.
    pub path: String,
    /// No more bytes of the body are read than these.
    pub most_bytes: u64,
}

impl Verb {
    /// As it stands in a request.
    pub fn word(self) -> &'static str {
        match self {
            Verb::Get => "GET",
            Verb::Head => "HEAD",
        }
    }
}

impl Endpoint {
    /// `host:port`, an IPv6 address in brackets.
    pub fn authority(&self) -> String {
        let host = &self.host;
        if host.contains(':') { format!("[{host}]:{}", self.port) } else { format!("{host}:{}", self.port) }
    }
    /// The name that the TLS handshake shows.
    pub fn server_name(&self) -> &str {
        self.sni.as_deref().unwrap_or(&self.host)
    }
}
