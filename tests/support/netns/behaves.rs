//! How a server of HTTPS behaves.

use super::authority::Certificate;
use std::time::Duration;

/// All that can be planted in a server. It can be changed while it runs, and holds for connections that are accepted from then on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Behaves {
    /// What it does with a connection.
    pub accepted: Accepted,
    /// The certificate it shows.
    pub certificate: Certificate,
    /// Newest version of TLS that it speaks.
    pub tls: Tls,
    /// May a client resume a session?
    pub resumes: bool,
    /// Time from the end of a request until the first byte of its answer.
    pub first_byte: Duration,
    /// Status of each answer.
    pub status: u16,
    /// `Retry-After` of each answer, s.
    pub retry_after: Option<u32>,
    /// Size of the answer's body, bytes.
    pub body: usize,
    /// Does the connection stay open after an answer?
    pub keeps_alive: bool,
}

/// What a server does with a connection that its kernel has accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Accepted {
    /// TLS, then HTTP.
    #[default]
    Served,
    /// A reset at once, as from a load balancer that has no backend.
    Reset,
    /// Closed at once, without a byte.
    Closed,
    /// Nothing is ever read or written.
    Silent,
    /// HTTP without TLS.
    Plain,
    /// Reset when the request has been read.
    ResetAfterRequest,
    /// A proxy: CONNECT without TLS, then whatever is said to whom it names.
    Tunnel,
}

/// Versions of TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Tls {
    /// 1.2 only.
    V12,
    /// 1.2 and 1.3.
    #[default]
    V13,
}

impl Default for Behaves {
    fn default() -> Behaves {
        Behaves {
            accepted: Accepted::default(),
            certificate: Certificate::default(),
            tls: Tls::default(),
            resumes: true,
            first_byte: Duration::ZERO,
            status: 200,
            retry_after: None,
            body: 2,
            keeps_alive: true,
        }
    }
}

impl Behaves {
    /// Well, but for this certificate.
    pub fn with_certificate(certificate: Certificate) -> Behaves {
        Behaves { certificate, ..Behaves::default() }
    }

    /// Well, but for this answer.
    pub fn with_status(status: u16) -> Behaves {
        Behaves { status, ..Behaves::default() }
    }

    /// Well, if one gets so far.
    pub fn when_accepted(accepted: Accepted) -> Behaves {
        Behaves { accepted, ..Behaves::default() }
    }
}
