//! What the system, TLS and HTTP call a failure, as an end of a connection.

use super::{http::NoHead, leash::Off, tls};
use crate::model::payload::network::{Ended, NoRoute, Stage};
use std::io::{self, ErrorKind};

/// How a connection ended by an error.
pub fn of(error: &io::Error, at: Stage) -> Ended {
    if let Some(fault) = tls::fault(error) {
        return Ended::TlsFailed(fault);
    }
    match error.kind() {
        ErrorKind::ConnectionRefused if at == Stage::Tcp => Ended::Refused,
        ErrorKind::ConnectionRefused | ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe => Ended::Reset(at),
        ErrorKind::UnexpectedEof => Ended::Closed(at),
        ErrorKind::TimedOut => Ended::TimedOut(at),
        ErrorKind::NetworkUnreachable => Ended::Unreachable(NoRoute::Network),
        ErrorKind::HostUnreachable => Ended::Unreachable(NoRoute::Host),
        ErrorKind::PermissionDenied => Ended::Unreachable(NoRoute::Prohibited),
        ErrorKind::AddrNotAvailable => Ended::Unreachable(NoRoute::NoAddress),
        _ if error.raw_os_error() == Some(libc::EAFNOSUPPORT) => Ended::Unreachable(NoRoute::NoAddress),
        // The system's own words for its number, or a library's kind: never what a peer wrote.
        kind => Ended::Failed(at, error.raw_os_error().map_or_else(|| kind.to_string(), |n| io::Error::from_raw_os_error(n).to_string())),
    }
}

/// How it ended by the end of somebody's patience.
pub fn off(off: Off, at: Stage) -> Ended {
    if off == Off::Patience { Ended::TimedOut(at) } else { Ended::Cut(at) }
}

/// How it ended without a head.
pub fn no_head(why: &NoHead, at: Stage) -> Ended {
    match why {
        NoHead::Io(error) => of(error, at),
        NoHead::Closed => Ended::Closed(at),
        NoHead::NotHttp => Ended::NotHttp,
    }
}
