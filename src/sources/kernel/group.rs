//! What a control group uses.

use super::network::Network;
use crate::{
    model::{evidence::Gap, usage::Measure},
    sources::{cgroup::Cgroup, notebook::Notebook},
};
use procfs::process::Process;

/// A control group that is read again and again.
pub struct Group {
    cgroup: Cgroup,
    /// Its first process, if it is told, and when that began.
    first: Option<(Process, u64)>,
    network: Option<Network>,
    /// Does the group end with its first process, as a container does?
    container: bool,
    /// Is CPU time told, as far as is known?
    cpu: bool,
}

impl Group {
    /// Of a container whose first process is known.
    pub fn of_container(cgroup: Cgroup, pid: Option<u32>) -> Group {
        Group::new(cgroup, pid, true)
    }
    /// Of a group as it is.
    pub fn of(cgroup: Cgroup) -> Group {
        let pid = cgroup.processes().first().copied();
        Group::new(cgroup, pid, false)
    }
    fn new(cgroup: Cgroup, pid: Option<u32>, container: bool) -> Group {
        let pid = pid.and_then(|pid| i32::try_from(pid).ok());
        let first = pid.and_then(|pid| Process::new(pid).ok()).and_then(|p| p.stat().ok().map(|stat| (p, stat.starttime)));
        Group { cgroup, first, network: pid.and_then(Network::of), container, cpu: true }
    }

    /// Reads CPU time; all the rest where it is its turn. An error: neither CPU time nor memory can be read any more.
    pub fn read(&mut self, slow: bool, book: &mut Notebook) -> Result<(), Gap> {
        if !slow {
            if self.cpu {
                let (at, cpu_s) = self.cgroup.cpu()?;
                book.put(Measure::Cpu, at, cpu_s);
            }
            return Ok(());
        }
        if self.container && self.first.as_ref().is_some_and(ended) {
            return Err(Gap::NotConfigured("kernel: the container's first process has ended".into()));
        }
        let read = self.cgroup.read()?;
        self.cpu = read.cpu_s.is_some();
        let at = read.at;
        let mut put = |measure: Measure, value: Option<f64>| value.map(|value| book.put(measure, at, value));
        put(Measure::Cpu, read.cpu_s);
        if let Some(memory) = read.memory {
            put(Measure::MemoryUsage, Some(memory.usage as f64));
            put(Measure::WorkingSet, Some(memory.working_set as f64));
            put(Measure::Rss, Some(memory.anon as f64));
            put(Measure::Cache, Some(memory.file as f64));
            put(Measure::MemoryLimit, memory.limit.map(|bytes| bytes as f64));
        }
        if let Some(held) = read.throttling {
            put(Measure::Periods, Some(held.periods as f64));
            put(Measure::ThrottledPeriods, Some(held.throttled as f64));
            put(Measure::Throttled, Some(held.seconds));
        }
        put(Measure::Waiting, read.waited_s);
        match self.cgroup.quota_cores() {
            Ok(cores) => drop(put(Measure::CpuLimit, cores)),
            Err(gap) => book.say(gap.to_string()),
        }
        for gap in read.missing {
            book.say(gap.to_string());
        }
        match &self.network {
            Some(network) => network.read(book),
            None => book.say("none of its processes is told: its bytes over the network are not read".into()),
        }
        Ok(())
    }
}

/// Is a process gone, or does it only wait to be buried?
fn ended((process, started): &(Process, u64)) -> bool {
    !process.stat().is_ok_and(|stat| stat.starttime == *started && !matches!(stat.state, 'Z' | 'X'))
}
