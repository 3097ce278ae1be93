//! A container's standard output and error as an access log, through Docker's API (`GET /containers/NAME/logs`, read only).

use super::tally::Tally;
use crate::{
    model::{evidence::Gap, units::Wall},
    sources::{
        docker::{io_kind, socket},
        lines::{Line, Pieces, Take as _, owners_of},
    },
};
use bollard::{Docker, container::LogOutput, errors::Error, query_parameters::LogsOptionsBuilder};
use futures_util::StreamExt;
use std::io;

/// A connection to the daemon: the given one, else `DOCKER_HOST`, else the local socket.
pub fn connect(host: Option<&str>) -> Result<Docker, Gap> {
    let connected = host.map_or_else(Docker::connect_with_defaults, Docker::connect_with_host);
    connected.map_err(|e| refused("", &e))
}

/// Reads everything that the container wrote since `since`; returns lines and bytes read.
pub async fn read(docker: &Docker, container: &str, since: Wall, tally: &mut Tally) -> Result<(u64, u64), Gap> {
    // Whole seconds, rounded down: the daemon takes no less.
    let since = i32::try_from(since.0.div_euclid(1_000_000)).unwrap_or(0);
    let options = LogsOptionsBuilder::new().stdout(true).stderr(true).timestamps(false).since(since).build();
    let mut frames = Box::pin(docker.logs(container, Some(options)));
    // Two streams, each with lines of its own, arrive interleaved and in pieces.
    let (mut out, mut err, mut bytes) = (Pieces::default(), Pieces::default(), 0);
    let mut lines = 0;
    let mut each = |_: u64, line: Line<'_>| {
        lines += 1;
        let n = lines;
        tally.line(line, &|| format!("docker {container}:{n}"));
    };
    while let Some(frame) = frames.next().await {
        let frame = frame.map_err(|e| refused(container, &e))?;
        bytes += frame.as_ref().len() as u64;
        match frame {
            LogOutput::StdErr { message } => err.feed(&message, &mut each),
            LogOutput::StdOut { message } | LogOutput::StdIn { message } | LogOutput::Console { message } => out.feed(&message, &mut each),
        }
    }
    out.end(&mut each);
    err.end(&mut each);
    Ok((lines, bytes))
}

/// What Docker's refusal means. Its texts are not repeated: they may hold anything.
pub fn refused(container: &str, error: &Error) -> Gap {
    let kind = io_kind(error);
    match error {
        Error::DockerResponseServerError { status_code: 404, .. } => {
            Gap::NotConfigured(format!("docker: no container `{container}`; `docker ps --format '{{{{.Names}}}}'` lists those that run"))
        }
        Error::DockerResponseServerError { status_code: 403, .. } => Gap::Denied(format!(
            "docker: may not read the logs of `{container}`; let the socket proxy allow `GET /containers/{container}/logs` (CONTAINERS=1)"
        )),
        Error::DockerResponseServerError { status_code, .. } => Gap::Malformed(format!(
            "docker: answered {status_code} to the logs of `{container}`; a logging driver other than json-file, local or journald cannot be read, name the file instead"
        )),
        Error::RequestTimeoutError => Gap::TooLate(format!("docker: no answer about `{container}`")),
        Error::UnsupportedURISchemeError { .. } => {
            Gap::NotConfigured("docker: DOCKER_HOST must be unix:// or tcp:// without TLS; name the log file instead".into())
        }
        _ if kind == Some(io::ErrorKind::PermissionDenied) => {
            let socket = socket();
            Gap::Denied(format!(
                "docker: no permission for {socket}{}; add this user to the group that owns it, or set DOCKER_HOST to a proxy that lets \
                 `GET /containers/{container}/logs` through, or name the log file instead",
                owners_of(socket.as_ref())
            ))
        }
        Error::SocketNotFoundError(_) => Gap::Unreachable(NOT_THERE.into()),
        _ if matches!(kind, Some(io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused)) => Gap::Unreachable(NOT_THERE.into()),
        _ => Gap::Unreachable(format!("docker: no answer ({})", kind.map_or_else(|| "connection failed".into(), |k| k.to_string()))),
    }
}

const NOT_THERE: &str = "docker: no daemon at the socket; start Docker, set DOCKER_HOST, or name the log file instead";
