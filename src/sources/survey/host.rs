//! This host: its containers, and the address of a URL.

use super::look::PATIENCE;
use crate::{sources::access_log::docker, spec::draft::found::Container};
use bollard::query_parameters::ListContainersOptions;

/// More containers than this are not told.
const MOST: usize = 50;

/// The containers that run, by name.
pub async fn containers() -> Result<Vec<Container>, String> {
    let client = docker::connect(None).map_err(|gap| gap.to_string())?;
    let listed = tokio::time::timeout(PATIENCE, client.list_containers(None::<ListContainersOptions>)).await;
    let listed = listed.map_err(|_| "docker: no answer".to_owned())?.map_err(|e| docker::refused("", &e).to_string())?;
    let named = listed.into_iter().filter_map(|c| {
        let name = c.names?.into_iter().next()?.trim_start_matches('/').to_owned();
        Some(Container { name, image: c.image.unwrap_or_default() })
    });
    let mut all: Vec<_> = named.filter(|c| c.name.chars().all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c))).collect();
    all.sort();
    all.truncate(MOST);
    Ok(all)
}

/// `host:port` of a URL, as Prometheus names an instance.
pub fn address(url: &str) -> String {
    let parsed = reqwest::Url::parse(url).ok();
    parsed.and_then(|u| Some(format!("{}:{}", u.host_str()?, u.port_or_known_default()?))).unwrap_or_default()
}
