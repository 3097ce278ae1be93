//! Counters of the whole machine, read each second.

mod disks;
mod flows;
mod memory;
mod pressure;
mod reading;
mod stat;

pub use reading::Counters;
pub use stat::Stat;

use super::{kept_file::KeptFile, missed::Missed};
use crate::{
    model::evidence::Gap,
    reference::burner::clocks::{mono_ns, process_cpu},
    sources::environment::root::Root,
};
use disks::disks;
use flows::{interfaces, softnet};
use memory::Memory;
use pressure::Totals;
use std::borrow::Cow;

/// The files in which they are.
pub struct CounterFiles {
    stat: KeptFile,
    pressure: [KeptFile; 3],
    memory: KeptFile,
    disks: KeptFile,
    interfaces: KeptFile,
    softnet: KeptFile,
    own: KeptFile,
    /// CPU time of all tasks, exact, where v1's root group is the machine's.
    precise: Option<KeptFile>,
    /// Is it this machine's, so that this process' own clock belongs to it?
    live: bool,
    buffer: Vec<u8>,
}

impl CounterFiles {
    /// Those below a root; `precise` is the folder of v1's root group, where that is known to be the machine's.
    pub fn new(root: &Root, precise: Option<&str>) -> CounterFiles {
        let file = |path: &str| KeptFile::new(root, path);
        CounterFiles {
            stat: file("/proc/stat"),
            pressure: ["cpu", "memory", "io"].map(|of| file(&format!("/proc/pressure/{of}"))),
            memory: file("/proc/vmstat"),
            disks: file("/proc/diskstats"),
            interfaces: file("/proc/net/dev"),
            softnet: file("/proc/net/softnet_stat"),
            own: file("/proc/self/stat"),
            precise: precise.map(|folder| file(&format!("{folder}/cpuacct.usage"))),
            live: *root == Root::machine(),
            buffer: vec![],
        }
    }

    /// Reads all of them. Without `/proc/stat` there is nothing to tell; whatever else is missing is said once.
    pub fn read(&mut self, missed: &mut Missed) -> Result<Counters, Gap> {
        let buffer = &mut self.buffer;
        let before_ns = mono_ns();
        let (stat, at_ns) = match self.stat.read(buffer)? {
            // Each CPU's part is read at another instant; in the middle no CPU is far from it.
            Some(text) => (Stat::of(&text), before_ns.midpoint(mono_ns())),
            None => return Err(Gap::Unreachable("noise: /proc/stat is not there; run where /proc is mounted".into())),
        };
        let stat = stat.ok_or_else(|| Gap::Malformed("noise: /proc/stat is not as the kernel writes it".into()))?;
        // Both at one instant with it, as near as can be.
        let own_ns = if self.live { u64::try_from(process_cpu().as_nanos()).unwrap_or(u64::MAX) } else { 0 };
        let precise_ns = self.precise.as_mut().and_then(|file| file.read(buffer).ok()?.and_then(|text| text.trim().parse().ok()));
        if stat.all.steal.is_none() {
            missed.say("steal", || Gap::NotConfigured("noise: /proc/stat has no steal column; Linux 2.6.11 and newer have one".into()));
        }
        let [cpu, memory, io] = &mut self.pressure;
        let mut totals = |file: &mut KeptFile| read(file, buffer, Totals::of);
        let pressure = match (totals(cpu), totals(memory), totals(io)) {
            (Ok(cpu), Ok(memory), Ok(io)) => Some([cpu, memory, io]),
            (Err(gap), _, _) | (_, Err(gap), _) | (_, _, Err(gap)) => {
                missed.say("pressure", || match gap {
                    Gap::Denied(why) => Gap::Denied(format!("noise: {why}; run as a user who may read it")),
                    _ => Gap::NotConfigured(
                        "noise: /proc/pressure tells nothing; boot with `psi=1` on the kernel's command line (a kernel with CONFIG_PSI)".into(),
                    ),
                });
                None
            }
        };
        let mut other = |what: &str, gap: Gap| {
            missed.say(what, || match gap {
                Gap::NotConfigured(why) => Gap::NotConfigured(format!("noise: {why}; this kernel or container does not tell it")),
                Gap::Denied(why) => Gap::Denied(format!("noise: {why}; run as a user who may")),
                gap => gap,
            });
        };
        Ok(Counters {
            at_ns,
            stat,
            own_ns,
            precise_ns,
            pressure,
            memory: read(&mut self.memory, buffer, Memory::of).map_err(|gap| other("memory events", gap)).ok(),
            disks: read(&mut self.disks, buffer, disks).map_err(|gap| other("disks", gap)).unwrap_or_default(),
            interfaces: read(&mut self.interfaces, buffer, interfaces).map_err(|gap| other("network", gap)).unwrap_or_default(),
            softnet: read(&mut self.softnet, buffer, softnet).map_err(|gap| other("packets dropped", gap)).ok(),
            own_major_faults: read(&mut self.own, buffer, own_major_faults).unwrap_or(0),
        })
    }
}

/// One of them; a gap where it is not there or cannot be read.
fn read<T>(file: &mut KeptFile, buffer: &mut Vec<u8>, of: impl Fn(&str) -> Option<T>) -> Result<T, Gap> {
    let path = file.path().to_owned();
    match file.read(buffer)? {
        Some(text) => of(&text).ok_or_else(|| Gap::NotConfigured(format!("{path} is not as the kernel writes it"))),
        None => Err(Gap::NotConfigured(format!("{path} is not there"))),
    }
}

/// The tenth figure behind the name (proc_pid_stat(5)).
fn own_major_faults(text: &str) -> Option<u64> {
    let (_, rest) = text.rsplit_once(") ")?;
    rest.split_ascii_whitespace().nth(9)?.parse().ok()
}

/// A text of a file that is read once; empty where there is none.
pub fn once<'b>(root: &Root, path: &str, buffer: &'b mut Vec<u8>) -> Cow<'b, str> {
    KeptFile::opened_each_time(root, path).read(buffer).ok().flatten().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_tells_its_own() {
        let (mut missed, mut files) = (Missed::default(), CounterFiles::new(&Root::machine(), None));
        let first = files.read(&mut missed).unwrap();
        let second = files.read(&mut missed).unwrap();
        assert!(second.stat.all.busy >= first.stat.all.busy && second.own_ns > first.own_ns && !first.stat.cpus.is_empty());
        assert!(second.memory.is_some() && first.interfaces.contains_key("lo"));
    }

    #[test]
    fn a_tree_with_nothing_but_stat_says_what_is_missing_once() {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::at(folder.path());
        let (mut missed, mut files) = (Missed::default(), CounterFiles::new(&root, None));
        assert!(matches!(files.read(&mut missed), Err(Gap::Unreachable(why)) if why.contains("/proc/stat")));
        std::fs::create_dir_all(folder.path().join("proc")).unwrap();
        std::fs::write(folder.path().join("proc/stat"), "cpu 1 2 3 4\n").unwrap();
        for _ in 0..3 {
            assert_eq!(files.read(&mut missed).unwrap().stat.all.busy, 6);
        }
        let told = missed.told();
        assert_eq!(
            told.iter().map(|m| m.what.as_str()).collect::<Vec<_>>(),
            ["disks", "memory events", "network", "packets dropped", "pressure", "steal"]
        );
        assert!(told.iter().any(|m| m.why.detail().contains("psi=1")), "{told:?}");
        std::fs::write(folder.path().join("proc/stat"), "nothing\n").unwrap();
        assert!(matches!(files.read(&mut missed), Err(Gap::Malformed(_))));
    }

    #[test]
    fn own_faults_are_behind_a_name_with_blanks_and_parentheses() {
        assert_eq!(own_major_faults("7 (a) b) c) R 1 7 7 0 -1 4194304 100 0 42 0 5 6"), Some(42));
        assert_eq!(own_major_faults("7 (a) R 1"), None);
    }
}
