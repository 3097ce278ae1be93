//! The section `resources`: whose CPU time, memory and network are looked at, and which series claim to measure them.

use super::{
    diagnostics::Problem,
    sources::Declared,
    table::{Field, Reading, Table, check_name},
    usage,
};
use crate::model::{
    act::BurnAct,
    name::{Name, name},
    usage::{Measure, Told, UsageClaim},
    workload::{Found, HOST, Workload},
};
use std::collections::BTreeMap;

/// What the section says.
#[derive(Default)]
pub(super) struct Resources {
    /// With the machine itself, where there is any other.
    pub(super) workloads: BTreeMap<Name, Workload>,
    /// In the order of the spec, Docker's own before those of series.
    pub(super) usage: Vec<UsageClaim>,
}

/// The ways of finding a workload, each with an example.
const WAYS: [(&str, &str); 7] = [
    ("container", "gateway"),
    ("label", "app=gateway"),
    ("pid", "4711"),
    ("port", "8000"),
    ("process", "postgres"),
    ("cgroup", "/system.slice/postgresql.service"),
    ("burn", "{cpu: 0.5}"),
];

/// Reads the workloads in the order of the spec.
pub(super) fn read(section: &Field<'_>, sources: &[Declared], cx: &Reading) -> Resources {
    let mut all = Resources::default();
    let mut burner: Option<(String, crate::model::node::At)> = None;
    for (key, field) in section.entries(cx) {
        if !check_name("a workload", key, field.key, cx) {
            continue;
        }
        let Some((workload, claims)) = workload(key, &field, sources, cx) else { continue };
        if workload.burn().is_some() {
            if let Some((first, at)) = &burner {
                cx.problem(
                    Problem::new(field.key, format!("`{key}` is a second burn"))
                        .label("one known load is enough")
                        .also(*at, format!("`{first}` is the first")),
                );
            } else {
                burner = Some((key.to_owned(), field.key));
            }
        }
        all.usage.extend(own(key, &workload, sources));
        all.usage.extend(claims);
        all.workloads.insert(name(key), workload);
    }
    if all.workloads.values().any(|w| w.found != Found::Elsewhere) {
        all.workloads.entry(name(HOST)).or_insert(Workload { found: Found::Host, observer: false });
    }
    all
}

fn workload(key: &str, field: &Field<'_>, sources: &[Declared], cx: &Reading) -> Option<(Workload, Vec<UsageClaim>)> {
    let before = cx.count();
    let mut table = field.table(cx)?;
    let found = if key == HOST { Some(Found::Host) } else { found(key, &mut table, cx) };
    let observer = table.get("observer").map_or(Some(false), |f| f.flag(cx));
    let metrics = table.get("metrics");
    let claims = metrics.as_ref().map(|f| usage::read(key, f, sources, cx)).unwrap_or_default();
    table.close(cx);
    let workload = Workload { found: found?, observer: observer? };
    if workload.found == Found::Elsewhere && claims.is_empty() && cx.count() == before {
        let ways = WAYS.map(|(way, example)| format!("`{way}: {example}`")).join(", ");
        cx.problem(
            Problem::new(field.key, format!("`{}` says neither how it is found here nor who tells of it", field.path))
                .label(format!("add one of {ways}; or `metrics`, if it runs elsewhere")),
        );
        return None;
    }
    Some((workload, claims))
}

fn found(key: &str, table: &mut Table<'_>, cx: &Reading) -> Option<Found> {
    let fields = WAYS.map(|(way, _)| table.get(way));
    let told: Vec<&Field<'_>> = fields.iter().flatten().collect();
    if let [first, second, ..] = told.as_slice() {
        cx.problem(
            Problem::new(second.key, format!("`{}` and `{}` both say how it is found", first.path, second.path))
                .label("keep one of them")
                .also(first.key, "the other"),
        );
        return None;
    }
    let [container, label, pid, port, process, cgroup, burn] = fields;
    if let Some(field) = container {
        return field.text(cx).map(Found::Container);
    }
    if let Some(field) = label {
        return field.text(cx).map(Found::Label);
    }
    if let Some(field) = pid {
        return number(&field, "the id of a process", cx).map(Found::Pid);
    }
    if let Some(field) = port {
        let port = number(&field, "a TCP port", cx)?;
        let fits = u16::try_from(port).ok();
        if fits.is_none() {
            cx.problem(field.refuse("is no TCP port", "1 to 65535"));
        }
        return fits.map(Found::Port);
    }
    if let Some(field) = process {
        return field.text(cx).map(Found::Process);
    }
    if let Some(field) = cgroup {
        let path = field.text(cx)?;
        if !path.starts_with('/') || path.split('/').any(|part| part == "..") {
            cx.problem(
                field.refuse("is not the path of a control group", "write it from the root of its hierarchy: `/system.slice/postgresql.service`"),
            );
            return None;
        }
        return Some(Found::Cgroup(path));
    }
    match burn {
        Some(field) => burnt(key, &field, cx).map(Found::Burn),
        None => Some(Found::Elsewhere),
    }
}

fn number(field: &Field<'_>, what: &str, cx: &Reading) -> Option<u32> {
    let count = field.count(1, cx)?;
    let fits = u32::try_from(count.0).ok();
    if fits.is_none() {
        cx.problem(field.refuse(format!("is not {what}"), "a smaller number"));
    }
    fits
}

/// CPU that is burned unless the spec says otherwise, in thousandths of a core.
const MILLICORES: u32 = 500;

/// `{cpu: 0.5, memory: 64MiB, network: 1MB/s, in: container}`.
fn burnt(key: &str, field: &Field<'_>, cx: &Reading) -> Option<BurnAct> {
    let mut table = field.table(cx)?;
    let millicores = table.get("cpu").map_or(Some(MILLICORES), |f| cores(&f, cx));
    let memory = table.get("memory").map_or(Some(0), |f| f.bytes(cx).map(|b| b.0));
    let network = table.get("network").map_or(Some(0), |f| f.bytes_per_second(cx).map(|b| b.0.round() as u64));
    let contained = table.get("in").map_or(Some(false), |f| f.word("place of a burn", &[("process", false), ("container", true)], cx));
    table.close(cx);
    Some(BurnAct { name: name(key), contained: contained?, millicores: millicores?, memory: memory?, network: network? })
}

/// A number of cores with at most three digits behind the point.
pub(super) fn cores(field: &Field<'_>, cx: &Reading) -> Option<u32> {
    use crate::model::node::Value;
    let told = match &field.node.value {
        Value::Num(n) => Some(*n),
        Value::Text(t) => t.trim().parse::<f64>().ok(),
        _ => None,
    };
    let cores = told.filter(|cores| (0.01..=1024.0).contains(cores));
    if cores.is_none() {
        cx.problem(field.refuse("is not a number of cores", "write `0.5`, or another from 0.01 to 1024"));
    }
    cores.map(|cores| (cores * 1e3).round() as u32)
}

/// What Docker's API tells of a container that is judged; its name is the measure's.
const DOCKER: [Measure; 8] = [
    Measure::Cpu,
    Measure::MemoryUsage,
    Measure::WorkingSet,
    Measure::MemoryLimit,
    Measure::Received,
    Measure::Sent,
    Measure::ThrottledPeriods,
    Measure::Throttled,
];

/// What sources claim by themselves: Docker of each container.
fn own(key: &str, workload: &Workload, sources: &[Declared]) -> Vec<UsageClaim> {
    let container = match &workload.found {
        Found::Container(_) | Found::Label(_) => true,
        Found::Burn(act) => act.contained,
        _ => false,
    };
    let dockers = sources.iter().filter(|s| container && s.kind == "docker");
    let claim = |source: &Name, measure: Measure| UsageClaim {
        name: name(measure.word()),
        source: source.clone(),
        workload: name(key),
        measure,
        told: Told::Own,
    };
    // The burn's container has no network but its own loopback.
    let there = |m: &Measure| workload.burn().is_none() || !m.network();
    dockers.flat_map(|s| DOCKER.into_iter().filter(there).map(move |m| claim(&s.name, m))).collect()
}
