//! Where Docker's daemon is, and what became of a connection to it; for all who ask it.
#![allow(clippy::disallowed_methods, reason = "DOCKER_HOST names the daemon, for every client of Docker alike")]

use bollard::errors::Error;
use std::io;

/// Where the daemon listens unless told otherwise.
const SOCKET: &str = "/var/run/docker.sock";

/// Where the daemon is looked for: `DOCKER_HOST`, else the local socket.
pub fn place() -> String {
    std::env::var("DOCKER_HOST").ok().filter(|host| !host.is_empty()).unwrap_or_else(|| format!("unix://{SOCKET}"))
}

/// The path of its socket.
pub fn socket() -> String {
    place().strip_prefix("unix://").unwrap_or(SOCKET).to_owned()
}

/// The error of the connection below a refusal.
pub fn io_kind(error: &Error) -> Option<io::ErrorKind> {
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    while let Some(inner) = cause {
        if let Some(io) = inner.downcast_ref::<io::Error>() {
            return Some(io.kind());
        }
        cause = inner.source();
    }
    None
}
