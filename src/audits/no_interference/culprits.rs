//! Whose CPU time it was: the monitors', the rig's own, or somebody else's.

use crate::model::{
    payload::{By, UsedBy},
    rig::Rig,
    workload::Found,
};

/// Somebody who used CPU time while nothing was asked of the rig.
#[derive(Clone, Copy, Debug)]
pub struct Culprit<'e> {
    /// What it used.
    pub used: &'e UsedBy,
    /// What it is to the rig.
    pub role: Role,
}

/// What somebody is to the rig.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Neither of the others: it does not belong to the test.
    Stranger,
    /// It only watches.
    Monitor,
    /// A workload of the rig: an API server, its database.
    Served,
}

impl Role {
    /// Of somebody, by the workloads of the rig and the names of programs that only watch.
    pub fn of(used: &UsedBy, rig: &Rig, known: &[String]) -> Role {
        let workload = rig.workloads.values().find(|w| is(used, &w.found));
        let named = rig.noise.iter().flat_map(|noise| &noise.monitors);
        if workload.is_some_and(|w| w.observer) || named.chain(known).any(|monitor| goes_by(used, monitor)) {
            return Role::Monitor;
        }
        if workload.is_some() { Role::Served } else { Role::Stranger }
    }
    /// The word for reports.
    pub fn word(self) -> &'static str {
        match self {
            Role::Stranger => "somebody else",
            Role::Monitor => "monitor",
            Role::Served => "the rig's own",
        }
    }
}

/// Is it what a workload is found by? Ports and labels are not known here.
fn is(used: &UsedBy, found: &Found) -> bool {
    match (&used.by, found) {
        (By::Container { id, name }, Found::Container(wanted)) => {
            name.as_ref() == Some(wanted) || wanted.len() >= 12 && id.starts_with(wanted.as_str())
        }
        (By::Group(path), Found::Cgroup(wanted)) => path.strip_prefix(wanted.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')),
        (By::Process { pid, .. } | By::EndedOf { pid, .. }, Found::Pid(wanted)) => pid == wanted,
        (By::Process { name, .. } | By::EndedOf { name, .. }, Found::Process(wanted)) => same_program(name, wanted),
        _ => false,
    }
}

/// Is it known by this name: of a program, a container, a service?
fn goes_by(used: &UsedBy, wanted: &str) -> bool {
    match &used.by {
        By::Container { name, .. } => name.as_deref() == Some(wanted) || mostly(used, wanted),
        By::Group(path) => {
            let last = path.rsplit('/').next().unwrap_or(path);
            last == wanted || last.strip_suffix(".service") == Some(wanted) || mostly(used, wanted)
        }
        By::Process { name, .. } | By::EndedOf { name, .. } => same_program(name, wanted),
    }
}

/// Is it the program of a group that used the most?
fn mostly(used: &UsedBy, wanted: &str) -> bool {
    used.programs.first().is_some_and(|program| same_program(program, wanted))
}

/// The kernel keeps 15 bytes of a program's name (`TASK_COMM_LEN`).
const KEPT: usize = 15;

fn same_program(comm: &str, wanted: &str) -> bool {
    comm == wanted || comm.len() == KEPT && wanted.starts_with(comm)
}

impl Culprit<'_> {
    /// What it used, cores.
    pub fn cores(&self, over_s: f64) -> f64 {
        if over_s > 0.0 { self.used.cpu_s / over_s } else { 0.0 }
    }
    /// Does it come in bursts? Then how far apart they begin, s: at least three that are evenly spaced, of what is far more than its mean.
    pub fn rhythm_s(&self, seconds: usize) -> Option<f64> {
        let mean = self.used.cpu_s / seconds.max(1) as f64;
        let loud: Vec<u32> = self.used.when.iter().filter(|(_, used)| *used > 2.0 * mean).map(|(at, _)| *at).collect();
        let mut begins: Vec<u32> = vec![];
        for (n, at) in loud.iter().enumerate() {
            if n == 0 || at.saturating_sub(loud[n - 1]) > 1 {
                begins.push(*at);
            }
        }
        let apart: Vec<u32> = begins.windows(2).map(|pair| pair[1].saturating_sub(pair[0])).collect();
        let (least, most) = (apart.iter().min()?, apart.iter().max()?);
        (apart.len() >= 2 && *least >= 3 && most - least <= 2).then(|| f64::from(begins[begins.len() - 1] - begins[0]) / apart.len() as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{name::name, noise::Noise, workload::Workload};

    fn used(by: By) -> UsedBy {
        UsedBy { by, programs: vec![], cpu_s: 1.0, when: vec![], nice: None }
    }

    fn process(name: &str) -> UsedBy {
        used(By::Process { pid: 7, name: name.into(), kernel: false })
    }

    fn container(name: &str, programs: &[&str]) -> UsedBy {
        let programs = programs.iter().map(|p| (*p).to_owned()).collect();
        UsedBy { programs, ..used(By::Container { id: "0123456789abcdef".into(), name: Some(name.into()) }) }
    }

    #[test]
    fn a_culprit_is_a_monitor_the_rigs_own_or_a_stranger() {
        let mut rig = Rig { noise: Some(Noise { monitors: vec!["watchful".into()], calibrate: true }), ..Rig::default() };
        let mut put = |key: &str, found: Found, observer: bool| rig.workloads.insert(name(key), Workload { found, observer });
        put("gateway", Found::Container("gateway".into()), false);
        put("database", Found::Process("postgres".into()), false);
        put("exporter", Found::Cgroup("/system.slice/exporter.service".into()), true);
        let known = ["prometheus".to_owned(), "prometheus-node-exporter".to_owned()];
        for (used, role) in [
            (process("prometheus"), Role::Monitor),
            // 15 bytes of it.
            (process("prometheus-node"), Role::Monitor),
            (process("prometheus-fork"), Role::Stranger),
            (process("watchful"), Role::Monitor),
            (container("metrics-1", &["prometheus", "sh"]), Role::Monitor),
            (container("metrics-1", &["sh", "prometheus"]), Role::Stranger),
            (container("gateway", &["uvicorn"]), Role::Served),
            (container("watchful", &[]), Role::Monitor),
            (process("postgres"), Role::Served),
            (used(By::Group("/system.slice/exporter.service".into())), Role::Monitor),
            (used(By::Group("/system.slice/exporter.service.d".into())), Role::Stranger),
            (used(By::Group("/system.slice/prometheus.service".into())), Role::Monitor),
            (used(By::EndedOf { pid: 9, name: "make".into() }), Role::Stranger),
        ] {
            assert_eq!(Role::of(&used, &rig, &known), role, "{used:?}");
        }
    }

    #[test]
    fn bursts_that_are_evenly_spaced_have_a_rhythm() {
        let burst = |at: &[u32]| UsedBy { when: at.iter().map(|at| (*at, 0.5)).collect(), cpu_s: 0.5 * at.len() as f64, ..process("cron") };
        let rhythm = |used: &UsedBy| Culprit { used, role: Role::Stranger }.rhythm_s(60);
        assert_eq!(rhythm(&burst(&[3, 13, 23, 33, 43, 53])), Some(10.0));
        assert_eq!(rhythm(&burst(&[3, 4, 13, 14, 23, 34])), Some(31.0 / 3.0));
        assert_eq!(rhythm(&burst(&[3, 13])), None);
        assert_eq!(rhythm(&burst(&[3, 13, 40, 53])), None);
        assert_eq!(rhythm(&burst(&(0..60).collect::<Vec<_>>())), None);
    }
}
