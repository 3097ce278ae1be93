use super::Via;
use serde::{Deserialize, Serialize};

/// The parts of a baseline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Seeing {
    /// Names.
    Resolution,
    /// TCP connects.
    Connects,
    /// TLS handshakes and certificates.
    Tls,
    /// HTTP responses to a stranger's requests.
    Http,
    /// ICMP echoes.
    Ping,
    /// Routers.
    Hops,
    /// The large body.
    LargeBody,
    /// The download.
    Bandwidth,
}

/// Up to where a measurement reaches. None of them reaches the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Proves {
    /// The resolver of this machine and what it asks.
    Resolver,
    /// Whoever ends the TCP connection first.
    FirstTerminator,
    /// The configured proxy.
    Proxy,
    /// Whoever ends TLS.
    TlsTerminator,
    /// Whoever turns strangers away.
    EdgeFrontend,
    /// The routers that tell.
    Routers,
    /// The host that the address leads to, or who answers echoes for it.
    AnsweringHost,
    /// All of the path that one packet takes.
    WholePath,
}

impl Proves {
    /// What a part proves, on this way.
    pub fn by(part: Seeing, via: &Via) -> Proves {
        let proxied = matches!(via, Via::Proxy { .. });
        match part {
            Seeing::Resolution => Proves::Resolver,
            // Packets end at a proxy.
            Seeing::Connects | Seeing::Ping | Seeing::LargeBody | Seeing::Bandwidth if proxied => Proves::Proxy,
            Seeing::Connects => Proves::FirstTerminator,
            Seeing::Tls => Proves::TlsTerminator,
            Seeing::Http => Proves::EdgeFrontend,
            Seeing::Ping => Proves::AnsweringHost,
            Seeing::Hops => Proves::Routers,
            Seeing::LargeBody | Seeing::Bandwidth => Proves::WholePath,
        }
    }

    /// The same in a sentence.
    pub fn sentence(self) -> &'static str {
        match self {
            Proves::Resolver => "how names become addresses here; nothing about the way to them",
            Proves::FirstTerminator => {
                "the way to whoever ends the TCP connection first: the provider's edge, a private endpoint or a transparent proxy; not to the model"
            }
            Proves::Proxy => "the way to the configured proxy only; what lies behind it shows in the times of the tunnel, of TLS and of HTTP alone",
            Proves::TlsTerminator => "who ends TLS: the provider's edge, or an intercepting proxy, which its issuer shows",
            Proves::EdgeFrontend => "the time to whoever turns strangers away, with its work: an upper bound of the way to the provider's frontend",
            Proves::Routers => "which routers tell of themselves; a silent one proves nothing, and neither does loss before the last hop",
            Proves::AnsweringHost => "the way to whoever answers ICMP for that address, which need not be who answers TCP",
            Proves::WholePath => "that the whole path to whoever ends the TCP connection carries full packets",
        }
    }
}
