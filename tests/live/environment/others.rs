//! What other tools show of the same environment.
#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "starts servers, and asks other tools about them")]

use super::{
    engine::{Engine, docker},
    tool::{Tool, cells},
};
use crate::{rig::Turn, stack::or_skip, support::postgres::Server};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Fields of `docker inspect` that are told, or that tell only which container it is, or what it does at the moment.
const KEPT: &[&str] = &[
    "Config.Cmd",
    "Config.Entrypoint",
    "Config.Env",
    "Config.Healthcheck",
    "Config.Image",
    "Driver",
    "HostConfig.CpuPeriod",
    "HostConfig.CpuQuota",
    "HostConfig.CpuShares",
    "HostConfig.CpusetCpus",
    "HostConfig.LogConfig",
    "HostConfig.Memory",
    "HostConfig.MemorySwap",
    "HostConfig.NanoCpus",
    "HostConfig.NetworkMode",
    "HostConfig.OomKillDisable",
    "HostConfig.PidsLimit",
    "HostConfig.Privileged",
    "HostConfig.ReadonlyRootfs",
    "HostConfig.RestartPolicy",
    "HostConfig.Runtime",
    "HostConfig.Ulimits",
    "Image",
    "Mounts",
    // by the process that it became
    "HostConfig.OomScoreAdj",
    "Config.User",
    "Path",
    "Args",
];
const OF_THIS_ONE: &[&str] = &[
    "Id",
    "Created",
    "Name",
    "State",
    "ExecIDs",
    "ResolvConfPath",
    "HostnamePath",
    "HostsPath",
    "LogPath",
    "MountLabel",
    "ProcessLabel",
    "GraphDriver",
    "NetworkSettings",
    "RestartCount",
    "Config.Hostname",
    "HostConfig.ContainerIDFile",
    "Config.AttachStdin",
    "Config.AttachStdout",
    "Config.AttachStderr",
    "Config.OpenStdin",
    "Config.StdinOnce",
    "Config.Tty",
    "HostConfig.ConsoleSize",
];
/// Fields that are not told. Those that could change what a load test shows stand first.
const NOT_KEPT: &[&str] = &[
    // performance could change with them
    "HostConfig.CpuRealtimePeriod",
    "HostConfig.CpuRealtimeRuntime",
    "HostConfig.CpusetMems",
    "HostConfig.BlkioWeight",
    "HostConfig.BlkioWeightDevice",
    "HostConfig.BlkioDeviceReadBps",
    "HostConfig.BlkioDeviceReadIOps",
    "HostConfig.BlkioDeviceWriteBps",
    "HostConfig.BlkioDeviceWriteIOps",
    "HostConfig.MemoryReservation",
    "HostConfig.KernelMemory",
    "HostConfig.KernelMemoryTCP",
    "HostConfig.MemorySwappiness",
    "HostConfig.ShmSize",
    "HostConfig.DeviceRequests",
    "HostConfig.Devices",
    "HostConfig.Dns",
    "HostConfig.DnsOptions",
    "HostConfig.DnsSearch",
    "HostConfig.ExtraHosts",
    "HostConfig.IpcMode",
    "HostConfig.PidMode",
    "HostConfig.UTSMode",
    "HostConfig.CgroupnsMode",
    "HostConfig.Cgroup",
    "HostConfig.CgroupParent",
    "HostConfig.StorageOpt",
    "HostConfig.SecurityOpt",
    "HostConfig.CpuCount",
    "HostConfig.CpuPercent",
    "HostConfig.IOMaximumBandwidth",
    "HostConfig.IOMaximumIOps",
    "HostConfig.PortBindings",
    "HostConfig.PublishAllPorts",
    "HostConfig.Links",
    "AppArmorProfile",
    // what it may do, and what it is called
    "HostConfig.AutoRemove",
    "HostConfig.Binds",
    "HostConfig.CapAdd",
    "HostConfig.CapDrop",
    "HostConfig.DeviceCgroupRules",
    "HostConfig.GroupAdd",
    "HostConfig.Isolation",
    "HostConfig.MaskedPaths",
    "HostConfig.ReadonlyPaths",
    "HostConfig.UsernsMode",
    "HostConfig.VolumeDriver",
    "HostConfig.VolumesFrom",
    "Config.Domainname",
    "Config.Labels",
    "Config.OnBuild",
    "Config.Volumes",
    "Config.WorkingDir",
    "Platform",
];

/// Settings of one session or transaction, or such as are told beside the settings (`version`, `encoding`, `in_recovery`, ...).
const OF_A_SESSION: &[&str] = &[
    "application_name",
    "client_encoding",
    "datestyle",
    "in_hot_standby",
    "lc_collate",
    "lc_ctype",
    "server_encoding",
    "server_version",
    "server_version_num",
    "transaction_deferrable",
    "transaction_isolation",
    "transaction_read_only",
];

#[test]
fn what_other_tools_show_that_we_miss() {
    let test = "what_other_tools_show_that_we_miss";
    let _turn = Turn::take(1);
    let Some(engine) = or_skip(test, Engine::up()) else { return };
    let Some(server) = or_skip(test, Server::start("others", "shared_preload_libraries = 'auto_explain'\nmy.own = 'x'", "")) else { return };
    server.psql("CREATE EXTENSION citext");
    let gateway = engine.serve(&engine.image, &["--network=none", "--cpus=1", "--memory=256m", "-eLOG_LEVEL=info"], 2, &[]);
    let tool = Tool::new();
    let spec = format!(
        "version: 1\nrig: r\nenvironment: {{}}\nresources:\n  gateway: {{container: {}}}\nsources:\n  postgres: {{url: \"postgresql://postgres@127.0.0.1:{}/postgres\"}}\n",
        gateway.name, server.port
    );
    tool.capture("a", &spec).ends(0);
    let facts = tool.cells("a", "gateway");

    // pip's own list, of its own reader of metadata.
    let list = docker(&["exec", &gateway.name, &engine.python, "-m", "pip", "list", "--format", "json", "--disable-pip-version-check"]).unwrap();
    let list: Vec<Value> = serde_json::from_str(&list).unwrap();
    let text = |of: &Value, key: &str| of[key].as_str().unwrap().to_owned();
    let pips: BTreeMap<String, String> =
        list.iter().map(|of| (text(of, "name").to_lowercase().replace(['_', '.'], "-"), text(of, "version"))).collect();
    let version = |cell: &Value| cell["value"]["version"]["text"].as_str().map_or_else(|| panic!("{cell}"), str::to_owned);
    let ours: BTreeMap<String, String> =
        facts.iter().filter_map(|(fact, cell)| Some((fact.strip_prefix("python.packages.")?.to_owned(), version(cell)))).collect();
    assert!(pips.len() > 30, "{pips:?}");
    assert_eq!(ours, pips);

    // Every setting that the database has, and its own count of them.
    let settings = tool.cells("a", "postgres");
    let count: usize = server.psql("SELECT count(*) FROM pg_settings").parse().unwrap();
    assert_eq!(settings["settings"]["value"]["list"], count - OF_A_SESSION.len());
    let names = server.psql("SELECT lower(name) FROM pg_settings");
    let mut missed: Vec<_> = names.lines().filter(|name| !settings.contains_key(&format!("settings.{name}"))).collect();
    missed.sort_unstable();
    assert_eq!(missed, OF_A_SESSION);
    assert!(count > 300, "{count}");
    assert!(settings.contains_key("extensions.citext") && settings.contains_key("extensions.plpgsql"));

    // The variables that Docker gave it.
    let told: Value = serde_json::from_str(&docker(&["inspect", &gateway.name]).unwrap()).unwrap();
    for variable in told[0]["Config"]["Env"].as_array().unwrap() {
        let name = variable.as_str().unwrap().split('=').next().unwrap();
        assert!(facts.contains_key(&format!("env.{name}")), "{name}");
    }
    // Each of Docker's fields is told, or stands in a list of those that are not.
    let fields: BTreeSet<String> = told[0]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(key, value)| match (key.as_str(), value) {
            ("Config" | "HostConfig", Value::Object(below)) => below.keys().map(|of| format!("{key}.{of}")).collect(),
            _ => vec![key.clone()],
        })
        .collect();
    let known: BTreeSet<&str> = [KEPT, OF_THIS_ONE, NOT_KEPT].concat().into_iter().collect();
    let unknown: Vec<_> = fields.iter().filter(|field| !known.contains(field.as_str())).collect();
    assert!(unknown.is_empty(), "Docker tells what nobody has decided upon: {unknown:?}");
    println!(
        "{} packages, {count} settings, {} fields of `docker inspect` of which {} are not told: {}",
        ours.len(),
        fields.len(),
        NOT_KEPT.len(),
        NOT_KEPT.join(", ")
    );
    let from: BTreeSet<String> = cells(&tool.read("a.json"), "gateway")
        .values()
        .filter_map(|cell| Some(cell["value"]["from"].as_str()?.strip_prefix("docker inspect: ")?.split(' ').next()?.to_owned()))
        .collect();
    for field in from {
        let top = field.split('.').take(2).collect::<Vec<_>>().join(".");
        assert!(known.contains(top.as_str()) && !NOT_KEPT.contains(&top.as_str()), "{field} is said to be told");
    }
}
