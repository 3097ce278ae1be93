use serde::{Deserialize, Serialize};

/// A TLS handshake that was finished.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handshake {
    /// From the first byte of it to its end, µs.
    pub took_us: u64,
    /// `1.2` or `1.3`.
    pub version: String,
    /// Name of the cipher suite.
    pub cipher: String,
    /// The protocol that the server chose of those offered; `None`: it chose none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alpn: Option<String>,
    /// Which protocols were offered.
    pub offered: Vec<String>,
    /// What became of sessions on this connection.
    pub session: Session,
    /// Did it resume an earlier session? It then costs less of both ends, and with TLS 1.2 one round trip less.
    pub resumed: bool,
    /// Did it take a round trip more, because the server wanted another key share (`HelloRetryRequest`)?
    pub retried: bool,
}

/// What a connection does about TLS sessions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Session {
    /// None is offered and none is kept: a full handshake.
    Fresh,
    /// None is offered; what the server gives is kept for the next connection to this address.
    Kept,
    /// The one that the connection before kept is offered. `had` tells whether the server had given one.
    Offered {
        /// Did the server give a session?
        had: bool,
    },
}
