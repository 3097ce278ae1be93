//! What Docker's refusals mean. Its texts are not repeated, but for those that answer what we ourselves asked for.

use super::ContainerError;
use crate::sources::{
    docker::{io_kind, place, socket},
    lines::owners_of,
};
use bollard::errors::Error;
use std::io::ErrorKind;

/// What is asked for when a name may be taken.
pub const MAKE: &str = "make the container";

/// Whose doing it was, and what to do.
pub fn refused(what: &str, error: &Error) -> ContainerError {
    match (error, io_kind(error)) {
        (Error::DockerResponseServerError { status_code: 403, .. }, _) => ContainerError::Denied(format!(
            "may not {what}; a burn in a container needs the daemon itself, or a proxy before it that lets it make, start and remove containers and images"
        )),
        (Error::DockerResponseServerError { status_code: 409, message }, _) if what == MAKE => {
            ContainerError::Taken(format!("cannot {what}: {}", line(message)))
        }
        (Error::DockerResponseServerError { status_code: 409, message }, _) => ContainerError::Failed(format!("cannot {what}: {}", line(message))),
        (Error::DockerResponseServerError { status_code, message }, _) => {
            ContainerError::Failed(format!("cannot {what}: it answered {status_code}: {}", line(message)))
        }
        (Error::DockerStreamError { error }, _) => ContainerError::Failed(format!("cannot {what}: {}", line(error))),
        (Error::RequestTimeoutError, _) => ContainerError::Failed(format!("no answer within 2 min when asked to {what}")),
        (Error::UnsupportedURISchemeError { .. }, _) => ContainerError::Absent("DOCKER_HOST must be unix:// or tcp:// without TLS".into()),
        (_, Some(ErrorKind::PermissionDenied)) => {
            let socket = socket();
            ContainerError::Denied(format!(
                "no permission for {socket}{}; add this user to the group that owns it, or run as root",
                owners_of(socket.as_ref())
            ))
        }
        (Error::SocketNotFoundError(_), _) | (_, Some(ErrorKind::NotFound | ErrorKind::ConnectionRefused)) => {
            ContainerError::Absent(format!("no daemon at {}; start Docker, set DOCKER_HOST, or burn in this process, without --container", place()))
        }
        (_, kind) => ContainerError::Failed(format!("cannot {what}: {}", kind.map_or_else(|| "the connection failed".into(), |k| k.to_string()))),
    }
}

/// The first line of a text, no longer than a line.
fn line(text: &str) -> String {
    text.lines().next().unwrap_or_default().chars().take(200).collect()
}
