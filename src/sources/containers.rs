//! Containers of Docker, found by name or label, for all who measure them; and what its refusals mean.

use super::{
    docker::{io_kind, place},
    lines::owners_of,
};
use crate::model::{evidence::Gap, units::Wall, workload::Found};
use bollard::{
    Docker,
    errors::Error,
    models::ContainerInspectResponse,
    query_parameters::{InspectContainerOptions, ListContainersOptionsBuilder},
};
use std::{collections::HashMap, io::ErrorKind, time::Duration};

/// The oldest API whose stats tell the CPUs of the host: Docker 17.03.
const OLDEST_API: (usize, usize) = (1, 27);
/// A daemon that does not answer a look within this is not waited for.
const PATIENCE: Duration = Duration::from_secs(10);
/// Containers that a refusal names.
const NAMED: usize = 5;

/// A connection to the daemon, in an API that both speak.
pub struct Daemon {
    /// For further questions.
    pub docker: Docker,
    host: String,
}

/// A container as the daemon tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Container {
    /// Its full id.
    pub id: String,
    /// Id of its first process on the daemon's machine, while it runs.
    pub pid: Option<u32>,
    /// When it was started last.
    pub began: Option<Wall>,
    /// Does it run?
    pub running: bool,
}

impl Daemon {
    /// Connects: to the given host (`unix://PATH`), else to that of `DOCKER_HOST`, else to the usual socket.
    pub async fn connect(host: Option<&str>) -> Result<Daemon, Gap> {
        let host = host.map_or_else(place, str::to_owned);
        let refused = |e: &Error| refused(&host, "tell its version", "GET /version", e);
        let mut docker = Docker::connect_with_host(&host).map_err(|e| refused(&e))?;
        docker.set_timeout(PATIENCE);
        let docker = docker.negotiate_version().await.map_err(|e| refused(&e))?;
        let version = docker.client_version();
        if (version.major_version, version.minor_version) < OLDEST_API {
            let (major, minor) = OLDEST_API;
            return Err(Gap::Malformed(format!("docker: its API {version} is too old; {major}.{minor} is needed, which is Docker 17.03")));
        }
        Ok(Daemon { docker, host })
    }

    /// The container that is meant.
    pub async fn find(&self, found: &Found) -> Result<Container, Gap> {
        match found {
            Found::Container(name) => self.inspect(name).await,
            Found::Label(label) => {
                let id = self.labelled(label).await?;
                self.inspect(&id).await
            }
            other => Err(Gap::NotConfigured(format!("docker: {other} is no container"))),
        }
    }

    /// What an error of the daemon means.
    pub fn refused(&self, what: &str, call: &str, error: &Error) -> Gap {
        refused(&self.host, what, call, error)
    }

    /// Looks at one container.
    pub async fn inspect(&self, name: &str) -> Result<Container, Gap> {
        let told = self.told(name).await?;
        let state = told.state.unwrap_or_default();
        let running = state.running.unwrap_or(false);
        Ok(Container {
            id: told.id.filter(|id| !id.is_empty()).ok_or_else(|| Gap::Malformed(format!("docker: did not tell the id of `{name}`")))?,
            pid: state.pid.and_then(|pid| u32::try_from(pid).ok()).filter(|pid| *pid > 0 && running),
            began: state.started_at.as_deref().and_then(instant),
            running,
        })
    }

    /// All that the daemon tells of one container.
    pub async fn told(&self, name: &str) -> Result<ContainerInspectResponse, Gap> {
        self.docker.inspect_container(name, None::<InspectContainerOptions>).await.map_err(|e| match e {
            Error::DockerResponseServerError { status_code: 404, .. } => {
                Gap::NotConfigured(format!("docker: no container `{name}`; `docker ps --format '{{{{.Names}}}}'` lists those that run"))
            }
            e => self.refused(&format!("show the container `{name}`"), "GET /containers/NAME/json", &e),
        })
    }

    async fn labelled(&self, label: &str) -> Result<String, Gap> {
        let filters = HashMap::from([("label".to_owned(), vec![label.to_owned()])]);
        let there = self.docker.list_containers(Some(ListContainersOptionsBuilder::new().filters(&filters).build())).await;
        let there = there.map_err(|e| self.refused("list containers", "GET /containers/json", &e))?;
        let names: Vec<String> = there
            .iter()
            .map(|c| c.names.iter().flatten().next().map_or_else(|| c.id.clone().unwrap_or_default(), |n| n.trim_start_matches('/').to_owned()))
            .collect();
        match there.as_slice() {
            [one] => one.id.clone().ok_or_else(|| Gap::Malformed(format!("docker: did not tell the id of the container with label {label}"))),
            [] => Err(Gap::NotConfigured(format!(
                "docker: no running container has the label {label}; `docker ps --filter label={label}` looks for it"
            ))),
            _ => {
                let more = if names.len() > NAMED { format!(" and {} more", names.len() - NAMED) } else { String::new() };
                let some = names.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
                Err(Gap::Malformed(format!("docker: {} containers have the label {label}: {some}{more}; name one by `container`", names.len())))
            }
        }
    }
}

/// An instant as the daemon writes it; `None` for its zero, year 1.
pub fn instant(text: &str) -> Option<Wall> {
    let at = text.parse::<jiff::Timestamp>().ok()?.as_microsecond();
    (at > 0).then_some(Wall(at))
}

/// What a refusal means. The daemon's texts are not repeated: they may hold anything.
fn refused(host: &str, what: &str, call: &str, error: &Error) -> Gap {
    let kind = io_kind(error);
    match error {
        Error::DockerResponseServerError { status_code: 403, .. } => {
            // As tecnativa/docker-socket-proxy names its switches.
            let switch = ["IMAGES", "VERSION"].into_iter().find(|s| call.to_ascii_uppercase().contains(&format!("/{s}"))).unwrap_or("CONTAINERS");
            Gap::Denied(format!("docker: may not {what}; let the socket proxy allow `{call}` ({switch}=1)"))
        }
        Error::DockerResponseServerError { status_code: 400, message } if message.contains("API version") => {
            let newer = version_in(message).map_or_else(String::new, |v| format!(" {v} or newer"));
            let ours = bollard::API_DEFAULT_VERSION;
            Gap::Malformed(format!("docker: the daemon wants API{newer}, this program speaks up to {ours}; use a newer rigcheck, or an older daemon"))
        }
        Error::DockerResponseServerError { status_code, .. } => Gap::Malformed(format!("docker: answered {status_code} when asked to {what}")),
        Error::APIVersionParseError {} | Error::JsonDataError { .. } | Error::JsonSerdeError { .. } => {
            Gap::Malformed(format!("docker: what answers at {host} when asked to {what} is no Docker daemon"))
        }
        Error::RequestTimeoutError => Gap::TooLate(format!("docker: no answer within {} s when asked to {what}", PATIENCE.as_secs())),
        Error::UnsupportedURISchemeError { .. } => {
            Gap::NotConfigured("docker: DOCKER_HOST must be unix:// or tcp:// without TLS; or name the socket: `docker: {socket: PATH}`".into())
        }
        _ if kind == Some(ErrorKind::PermissionDenied) => {
            let socket = host.strip_prefix("unix://").unwrap_or(host);
            let owners = owners_of(socket.as_ref());
            Gap::Denied(format!(
                "docker: no permission for {socket}{owners}; add this user to the group that owns it, mostly `docker`, or set DOCKER_HOST to a \
                 proxy that lets `{call}` through"
            ))
        }
        Error::SocketNotFoundError(_) => Gap::Unreachable(format!("docker: no daemon at {host}")),
        _ if matches!(kind, Some(ErrorKind::NotFound | ErrorKind::ConnectionRefused)) => Gap::Unreachable(format!("docker: no daemon at {host}")),
        _ => Gap::Unreachable(format!("docker: no answer at {host} ({})", kind.map_or_else(|| "connection failed".into(), |k| k.to_string()))),
    }
}

/// The last version that a text names: nothing else of it is shown.
fn version_in(text: &str) -> Option<String> {
    let digits = |part: &str| !part.is_empty() && part.len() <= 4 && part.bytes().all(|b| b.is_ascii_digit());
    let words = text.split(|c: char| !c.is_ascii_digit() && c != '.').map(|word| word.trim_matches('.'));
    words.filter(|word| word.split_once('.').is_some_and(|(major, minor)| digits(major) && digits(minor))).map(str::to_owned).next_back()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_daemons_zero_is_no_instant() {
        assert_eq!(instant("0001-01-01T00:00:00Z"), None);
        assert_eq!(instant("2026-11-23T10:00:00.5Z"), Some(Wall(1_795_428_000_500_000)));
        assert_eq!(instant("soon"), None);
    }

    #[test]
    fn of_a_refusal_only_a_version_is_repeated() {
        let error = |status_code, message: &str| Error::DockerResponseServerError { status_code, message: message.into() };
        let newer =
            error(400, "client version 1.53 is too old. Minimum supported API version is 1.60, please upgrade your client to a newer version");
        let gap = refused("unix:///x", "tell its version", "GET /version", &newer);
        assert!(matches!(&gap, Gap::Malformed(why) if why.contains("wants API 1.60 or newer") && why.contains("speaks up to 1.")), "{gap}");
        let gap = refused("unix:///x", "list containers", "GET /containers/json", &error(500, "jane@example.com"));
        assert_eq!(gap.to_string(), "malformed: docker: answered 500 when asked to list containers");
        let gap = refused("unix:///x", "list containers", "GET /containers/json", &error(403, "jane"));
        assert!(
            matches!(&gap, Gap::Denied(why) if why.contains("GET /containers/json") && why.contains("CONTAINERS=1") && !why.contains("jane")),
            "{gap}"
        );
        let gap = refused("unix:///x", "show the image", "GET /images/NAME/json", &error(403, "jane"));
        assert!(matches!(&gap, Gap::Denied(why) if why.contains("IMAGES=1")), "{gap}");
    }
}
