//! Names of containers, as Docker tells them.

use super::ladder::Names;
use crate::{kept::named, model::evidence::Gap, sources::containers::Daemon};
use bollard::query_parameters::ListContainersOptionsBuilder;
use std::time::Duration;

/// Names are not waited for longer.
const PATIENCE: Duration = Duration::from_secs(3);

/// Those of all containers that there are; without a place, of the daemon at the usual one.
pub async fn names(docker: Option<&str>) -> Result<Names, Gap> {
    let asked = tokio::time::timeout(PATIENCE, ask(docker)).await;
    asked.unwrap_or_else(|_| Err(Gap::TooLate(format!("docker: no answer within {} s", PATIENCE.as_secs()))))
}

async fn ask(docker: Option<&str>) -> Result<Names, Gap> {
    let daemon = Daemon::connect(docker).await?;
    let options = ListContainersOptionsBuilder::new().all(true).build();
    let told = daemon.docker.list_containers(Some(options)).await;
    let told = told.map_err(|e| daemon.refused("list containers", "GET /containers/json", &e))?;
    let name = |names: Option<Vec<String>>| names?.first().map(|name| named(name.trim_start_matches('/')));
    Ok(told.into_iter().filter_map(|c| Some((c.id?, name(c.names)?))).collect())
}
