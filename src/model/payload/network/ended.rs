use serde::{Deserialize, Serialize};
use std::fmt;

/// How far a connection had come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// The TCP handshake.
    Tcp,
    /// `CONNECT` at a proxy.
    Tunnel,
    /// The TLS handshake.
    Tls,
    /// The HTTP request and the head of its response.
    Http,
}

/// How a connection ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ended {
    /// All that was to be done was done.
    Done,
    /// The peer, or somebody on the way in its name, refused the connection (RST to the SYN).
    Refused,
    /// It was reset (RST).
    Reset(Stage),
    /// The peer closed it (FIN).
    Closed(Stage),
    /// Nothing came in the time that was allowed.
    TimedOut(Stage),
    /// There is no way there.
    Unreachable(NoRoute),
    /// The proxy answered `CONNECT` with this status instead of 2xx.
    TunnelRefused(u16),
    /// The TLS handshake failed.
    TlsFailed(TlsFault),
    /// The handshake went well, and the certificate is not trusted: nothing was sent. The certificate tells why.
    Untrusted,
    /// What came is no HTTP/1.
    NotHttp,
    /// The deadline of the act, or an interruption, came first.
    Cut(Stage),
    /// Something else, by the name of the system's error.
    Failed(Stage, String),
}

/// Why there is no way to an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoRoute {
    /// This machine has no route there (ENETUNREACH), such as one without IPv6.
    Network,
    /// A router, or the last link, says that nobody is there (EHOSTUNREACH).
    Host,
    /// This machine's or a router's filter forbids it (EACCES, EPERM).
    Prohibited,
    /// This machine has no address of that family (EADDRNOTAVAIL, EAFNOSUPPORT).
    NoAddress,
}

/// Why a TLS handshake failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TlsFault {
    /// What answers does not speak TLS.
    NotTls,
    /// The peer sent this alert, by its name in the registry.
    Alert(String),
    /// It speaks no version of TLS, or no cipher, that is spoken here (1.2 and 1.3).
    NothingInCommon,
    /// It broke the rules of the protocol, or its signature does not hold.
    Misbehaved,
    /// The name that was to be shown is neither a host name nor an address.
    BadName,
}

impl Ended {
    /// Did the TCP handshake succeed?
    pub fn stood(&self) -> bool {
        !matches!(
            self,
            Ended::Refused
                | Ended::Unreachable(_)
                | Ended::Reset(Stage::Tcp)
                | Ended::TimedOut(Stage::Tcp)
                | Ended::Cut(Stage::Tcp)
                | Ended::Failed(Stage::Tcp, _)
                | Ended::Closed(Stage::Tcp)
        )
    }
    /// Was it our own end that came, so that it says nothing of the network?
    pub fn cut(&self) -> bool {
        matches!(self, Ended::Cut(_))
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Stage::Tcp => "connecting",
            Stage::Tunnel => "asking the proxy for a tunnel",
            Stage::Tls => "the TLS handshake",
            Stage::Http => "waiting for the HTTP response",
        })
    }
}

impl fmt::Display for NoRoute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            NoRoute::Network => "no route to the network",
            NoRoute::Host => "host unreachable",
            NoRoute::Prohibited => "prohibited by a filter",
            NoRoute::NoAddress => "no address of that family here",
        })
    }
}

impl fmt::Display for TlsFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TlsFault::NotTls => f.write_str("what answers does not speak TLS"),
            TlsFault::Alert(name) => write!(f, "the peer sent the alert {name}"),
            TlsFault::NothingInCommon => f.write_str("no version or cipher of TLS in common"),
            TlsFault::Misbehaved => f.write_str("the peer broke the rules of the protocol"),
            TlsFault::BadName => f.write_str("the name to show is no host name"),
        }
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Ended::Done => f.write_str("done"),
            Ended::Refused => f.write_str("refused"),
            Ended::Reset(at) => write!(f, "reset at {at}"),
            Ended::Closed(at) => write!(f, "closed at {at}"),
            Ended::TimedOut(at) => write!(f, "timed out at {at}"),
            Ended::Unreachable(why) => why.fmt(f),
            Ended::TunnelRefused(status) => write!(f, "the proxy answered {status}"),
            Ended::TlsFailed(why) => why.fmt(f),
            Ended::Untrusted => f.write_str("certificate not trusted"),
            Ended::NotHttp => f.write_str("answered something that is no HTTP/1"),
            Ended::Cut(at) => write!(f, "cut at {at} by the act's own end"),
            Ended::Failed(at, why) => write!(f, "failed at {at}: {why}"),
        }
    }
}
