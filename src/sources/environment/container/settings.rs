//! How a container is run.

use super::{from, text};
use crate::{
    kept::{self, arguments},
    model::{
        evidence::Gap,
        payload::{FactTable, FactValue},
    },
};
use bollard::models::{ContainerConfig, ContainerInspectResponse, HealthStatusEnum, HostConfig, RestartPolicyNameEnum};

/// Docker's, where a check is given and no interval (its reference of `HEALTHCHECK`).
const INTERVAL_NS: i64 = 30_000_000_000;

/// `container.network` and all that is not about resources.
pub fn tell(table: &mut FactTable, told: &ContainerInspectResponse, host: &HostConfig, config: &ContainerConfig) {
    let mut fact = |name: &str, value: Option<FactValue>, field: &str| table.answer(format!("container.{name}"), Ok(value), from(field));
    fact("image", text(config.image.as_deref()), "Config.Image");
    fact("image_id", told.image.as_deref().map(|id| FactValue::Digest(kept::plain(id))), "Image");
    fact("network", host.network_mode.as_deref().map(|mode| FactValue::Text(network(mode).into())), "HostConfig.NetworkMode");
    fact("restart", Some(FactValue::Text(restart(host))), "HostConfig.RestartPolicy");
    fact("health", told.state.as_ref().and_then(|state| health(state.health.as_ref()?.status?)), "State.Health.Status");
    fact("healthcheck.interval", interval(config), "Config.Healthcheck.Interval");
    fact("entrypoint", arguments::shown(config.entrypoint.as_deref()), "Config.Entrypoint");
    fact("command", arguments::shown(config.cmd.as_deref()), "Config.Cmd");
    fact("runtime", text(host.runtime.as_deref()), "HostConfig.Runtime");
    fact("log_driver", text(host.log_config.as_ref().and_then(|log| log.typ.as_deref())), "HostConfig.LogConfig.Type");
    fact("storage_driver", text(told.driver.as_deref()), "Driver");
    let mounts = kept::set(told.mounts.iter().flatten().filter_map(|mount| mount.destination.as_deref()), &from("Mounts"));
    table.answer("container.mounts", mounts.map(Some), from("Mounts"));
    for (name, flag, field) in
        [("privileged", host.privileged, "HostConfig.Privileged"), ("read_only", host.readonly_rootfs, "HostConfig.ReadonlyRootfs")]
    {
        let told = flag.map(|flag| Some(FactValue::Flag(flag)));
        let told = told.ok_or_else(|| Gap::Malformed(format!("docker: does not tell {field}; compare `docker inspect`")));
        table.answer(format!("container.{name}"), told, from(field));
    }
}

/// Networks that somebody made have names of his own, which mean nothing elsewhere.
fn network(mode: &str) -> &'static str {
    match mode {
        "host" => "host",
        "none" => "none",
        "bridge" | "default" | "" => "bridge",
        mode if mode.starts_with("container:") => "another container's",
        _ => "own network",
    }
}

fn restart(host: &HostConfig) -> String {
    let Some(policy) = &host.restart_policy else { return "no".into() };
    match (policy.name, policy.maximum_retry_count) {
        (None | Some(RestartPolicyNameEnum::EMPTY), _) => "no".into(),
        (Some(RestartPolicyNameEnum::ON_FAILURE), Some(times)) if times > 0 => format!("on-failure, {times} times"),
        (Some(name), _) => name.to_string(),
    }
}

fn health(status: HealthStatusEnum) -> Option<FactValue> {
    (!matches!(status, HealthStatusEnum::NONE | HealthStatusEnum::EMPTY)).then(|| FactValue::Text(status.to_string()))
}

fn interval(config: &ContainerConfig) -> Option<FactValue> {
    let check = config.healthcheck.as_ref()?;
    let test = check.test.as_deref().unwrap_or_default();
    if test.first().is_none_or(|kind| kind == "NONE") {
        return None;
    }
    Some(FactValue::Micros(check.interval.filter(|ns| *ns > 0).unwrap_or(INTERVAL_NS) / 1_000))
}

#[cfg(test)]
mod tests {
    use super::*;
    use bollard::models::{HealthConfig, RestartPolicy};

    #[test]
    fn a_check_without_an_interval_has_dockers_own() {
        let of = |test: &[&str], interval| {
            let check = HealthConfig { test: Some(test.iter().map(|w| (*w).to_owned()).collect()), interval, ..HealthConfig::default() };
            super::interval(&ContainerConfig { healthcheck: Some(check), ..ContainerConfig::default() })
        };
        assert_eq!(of(&["CMD", "true"], Some(5_000_000_000)), Some(FactValue::Micros(5_000_000)));
        assert_eq!(of(&["CMD", "true"], Some(0)), Some(FactValue::Micros(30_000_000)));
        assert_eq!((of(&["NONE"], Some(5_000_000_000)), interval(&ContainerConfig::default())), (None, None));
    }

    #[test]
    fn a_network_with_a_name_is_one_of_their_own() {
        let all = ["host", "none", "default", "bridge", "container:3f4e", "shop_default"].map(network);
        assert_eq!(all, ["host", "none", "bridge", "bridge", "another container's", "own network"]);
    }

    #[test]
    fn a_policy_is_told_with_how_often() {
        let of = |name, maximum_retry_count| {
            restart(&HostConfig { restart_policy: Some(RestartPolicy { name, maximum_retry_count }), ..HostConfig::default() })
        };
        assert_eq!(of(Some(RestartPolicyNameEnum::ON_FAILURE), Some(3)), "on-failure, 3 times");
        assert_eq!(of(Some(RestartPolicyNameEnum::UNLESS_STOPPED), Some(0)), "unless-stopped");
        assert_eq!((of(None, None), restart(&HostConfig::default())), ("no".into(), "no".into()));
    }
}
