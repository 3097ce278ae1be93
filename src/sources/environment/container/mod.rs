//! A container as its daemon was told to run it. The daemon is asked, nothing in the container is.

mod image;
mod resources;
mod settings;

use crate::{
    kept::{self, variables::Variables},
    model::{
        evidence::Gap,
        payload::{FactTable, FactValue, Scheme},
        workload::Found,
    },
    sources::containers::Daemon,
};
use bollard::models::ContainerInspectResponse;

/// The facts of a container, `container.*` and its variables `env.*`; and the id of its first process on this machine, while
/// it runs.
pub async fn facts(daemon: &Daemon, found: &Found, variables: &Variables) -> Result<(FactTable, Option<u32>), Gap> {
    let container = daemon.find(found).await?;
    // By its id: its name may be another container's by now.
    let told = daemon.told(&container.id).await?;
    let mut table = FactTable::default();
    of(&mut table, &told, variables)?;
    image::tell(&mut table, daemon, &told).await;
    let engine = daemon.docker.version().await.map_err(|e| daemon.refused("tell its version", "GET /version", &e));
    table.answer("container.engine", engine.map(|engine| engine.version.map(|version| numbered(&version))), "GET /version: Version");
    Ok((table, container.pid))
}

/// What one inspection tells. A daemon that leaves out whole parts is no Docker.
fn of(table: &mut FactTable, told: &ContainerInspectResponse, variables: &Variables) -> Result<(), Gap> {
    let left_out = |what: &str| Gap::Malformed(format!("docker: does not tell {what} of the container; compare `docker inspect`"));
    let host = told.host_config.as_ref().ok_or_else(|| left_out("HostConfig"))?;
    let config = told.config.as_ref().ok_or_else(|| left_out("Config"))?;
    resources::tell(table, host);
    settings::tell(table, told, host, config);
    let env = config.env.iter().flatten().map(|line| line.split_once('=').unwrap_or((line, "")));
    variables.tell(table, env.map(|(name, value)| (name.to_owned(), value.to_owned())), &from("Config.Env"));
    Ok(())
}

/// Docker numbers by Semantic Versioning since 23.0; before, months had leading zeros.
fn numbered(version: &str) -> FactValue {
    let version = kept::plain(version);
    if semver::Version::parse(&version).is_ok() { FactValue::version(Scheme::Semver, version) } else { FactValue::Text(version) }
}

/// A text, or nothing where it is empty.
fn text(of: Option<&str>) -> Option<FactValue> {
    of.map(kept::plain).filter(|text| !text.is_empty()).map(FactValue::Text)
}

fn from(field: &str) -> String {
    format!("docker inspect: {field}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        kept::variables::Variables,
        model::{
            payload::{Cell, Told},
            secret::Secret,
        },
    };
    use std::collections::BTreeSet;

    /// What Docker 20.10 answered of a container that was started with
    /// `--cpus 0.5 --memory 300m --memory-swap 400m --pids-limit 64 --cpuset-cpus 1 --ulimit nofile=1024:2048 --network none
    /// --restart on-failure:3 --read-only -v /tmp:/data:ro --health-cmd '/bin/busybox true' --health-interval 15s`, less what is
    /// not asked for.
    const TOLD: &str = r#"{
 "Id": "85555a424ad6edfdef2101ddad66fd01db79a639f8bf29021330135de60f9ba6",
 "State": {"Status": "running", "Running": true, "Pid": 14589, "StartedAt": "2026-11-27T11:30:06.601138391Z",
  "Health": {"Status": "starting", "FailingStreak": 0, "Log": []}},
 "Image": "sha256:a4b28625ad71bb20b7f86d73ba597e06a55354043145816ca0b5707f56925125",
 "Driver": "overlay2",
 "HostConfig": {"LogConfig": {"Type": "json-file", "Config": {}}, "NetworkMode": "none", "RestartPolicy": {"Name": "on-failure", "MaximumRetryCount": 3},
  "Privileged": false, "ReadonlyRootfs": true, "Runtime": "runc", "CpuShares": 0, "Memory": 314572800, "NanoCpus": 500000000, "CpuPeriod": 0, "CpuQuota": 0,
  "CpusetCpus": "1", "MemorySwap": 419430400, "OomKillDisable": false, "PidsLimit": 64, "Ulimits": [{"Name": "nofile", "Hard": 2048, "Soft": 1024}]},
 "Mounts": [{"Type": "bind", "Source": "/tmp", "Destination": "/data", "Mode": "ro", "RW": false, "Propagation": "rprivate"}],
 "Config": {"Env": ["WEB_CONCURRENCY=4", "API_KEY=abc123def456", "EMPTY="], "Cmd": ["sh", "-c", "while :; do /bin/busybox sleep 1; done", "serve",
   "--api-key", "hunter2hunter2", "--db", "postgres://u:pw1234567@h/x"],
  "Healthcheck": {"Test": ["CMD-SHELL", "/bin/busybox true"], "Interval": 15000000000}, "Image": "host-facts:v1", "Entrypoint": ["/bin/busybox"]}
}"#;

    /// The same of one that was started with nothing but its command.
    const BARE: &str = r#"{
 "Id": "3bc9833d7409f66cd553c6fc64e0c10af8cf8fdab9b4626a2dba0b5d1d4be734", "State": {"Running": true, "Pid": 14700}, "Image": "sha256:a4b2", "Driver": "overlay2",
 "HostConfig": {"LogConfig": {"Type": "json-file", "Config": {}}, "NetworkMode": "default", "RestartPolicy": {"Name": "no", "MaximumRetryCount": 0},
  "Privileged": false, "ReadonlyRootfs": false, "Runtime": "runc", "CpuShares": 0, "Memory": 0, "NanoCpus": 0, "CpuPeriod": 0, "CpuQuota": 0,
  "CpusetCpus": "", "MemorySwap": 0, "OomKillDisable": false, "PidsLimit": null, "Ulimits": null},
 "Mounts": [], "Config": {"Env": ["API_KEY=abc123def456"], "Cmd": ["/bin/busybox", "sleep", "3000"], "Image": "host-facts:v1", "Entrypoint": null}
}"#;

    fn table(json: &str) -> Result<FactTable, Gap> {
        let mut table = FactTable::default();
        let variables = Variables { shown: BTreeSet::new(), key: Some(Secret::new("k")) };
        of(&mut table, &serde_json::from_str(json).unwrap(), &variables)?;
        Ok(table)
    }

    fn shown(table: &FactTable, fact: &str) -> String {
        match &table.0[fact] {
            Cell::Value(Told { value, .. }) => value.to_string(),
            Cell::Absent => "absent".into(),
            Cell::Gap(gap) => gap.to_string(),
        }
    }

    #[test]
    fn a_container_is_what_it_was_started_with() {
        let table = table(TOLD).unwrap();
        for (fact, expected) in [
            ("image", "host-facts:v1"),
            ("image_id", "sha256:a4b28625ad71bb20b7f86d73ba597e06a55354043145816ca0b5707f56925125"),
            ("cpus", "0.5 cores"),
            ("cpu_shares", "absent"),
            ("cpuset", "1"),
            ("memory", "300 MiB"),
            ("memory_swap", "400 MiB"),
            ("pids", "64"),
            ("ulimits.nofile", "1024"),
            ("ulimits.nofile_hard", "2048"),
            ("network", "none"),
            ("privileged", "no"),
            ("restart", "on-failure, 3 times"),
            ("health", "starting"),
            ("healthcheck.interval", "15 s"),
            ("entrypoint", "/bin/busybox"),
            ("command", "sh -c 'while :; do /bin/busybox sleep 1; done' serve --api-key (not kept) --db (not kept)"),
            ("mounts", "/data"),
            ("runtime", "runc"),
            ("log_driver", "json-file"),
            ("read_only", "yes"),
            ("oom_kill_disable", "no"),
            ("storage_driver", "overlay2"),
        ] {
            assert_eq!(shown(&table, &format!("container.{fact}")), expected, "{fact}");
        }
        assert_eq!((shown(&table, "env.WEB_CONCURRENCY").as_str(), shown(&table, "env").as_str()), ("4", "3 listed"));
        assert!(shown(&table, "env.API_KEY").starts_with("(fingerprint"));
    }

    #[test]
    fn what_was_not_asked_for_is_absent() {
        let table = table(BARE).unwrap();
        for fact in ["cpus", "cpuset", "memory", "memory_swap", "pids", "ulimits.nofile", "health", "healthcheck.interval", "entrypoint"] {
            assert_eq!(table.0[&format!("container.{fact}")], Cell::Absent, "{fact}");
        }
        assert_eq!((shown(&table, "container.network").as_str(), shown(&table, "container.mounts").as_str()), ("bridge", "(empty)"));
        assert_eq!(table.0.len(), self::table(TOLD).unwrap().0.len() - 2, "the same facts, but for two variables");
    }

    #[test]
    fn nothing_of_a_secret_is_kept() {
        let text = serde_json::to_string(&table(TOLD).unwrap()).unwrap();
        assert!(!["hunter2", "pw1234567", "abc123def456"].iter().any(|secret| text.contains(secret)), "{text}");
    }

    #[test]
    fn an_answer_without_its_parts_is_no_container_without_limits() {
        assert!(matches!(table(r#"{"Id": "a"}"#), Err(Gap::Malformed(why)) if why.contains("HostConfig")));
        assert!(matches!(table(r#"{"Id": "a", "HostConfig": {}}"#), Err(Gap::Malformed(why)) if why.contains("Config")));
        let untold = table(r#"{"Id": "a", "HostConfig": {}, "Config": {}}"#).unwrap();
        assert!(matches!(&untold.0["container.privileged"], Cell::Gap(Gap::Malformed(_))));
    }

    #[test]
    fn versions_of_docker_are_numbered_as_they_may_be() {
        assert_eq!(numbered("20.10.24+dfsg1"), FactValue::version(Scheme::Semver, "20.10.24+dfsg1"));
        assert_eq!(numbered("17.03.0-ce"), FactValue::Text("17.03.0-ce".into()));
    }
}
