//! What a control group used, from its own files: v1, v2, and the mixture in which v1 has the controllers and v2 is mounted beside them.
#![allow(clippy::disallowed_methods, reason = "reads the kernel's files on a thread of its own, and stamps what it read")]

mod above;
pub(crate) mod files;
mod place;
mod quota;
mod sampler;

pub(crate) use above::Above;
pub use sampler::Sampler;

use crate::model::{
    evidence::Gap,
    payload::{CgroupMemory, CgroupReading, Throttling},
    units::Wall,
};
use files::{Flat, limit, number, some_total};
use place::Places;
use std::{
    fmt, fs,
    io::ErrorKind,
    path::{Path, PathBuf},
};

/// Whose control group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    /// A process', by its id in our own namespace.
    Pid(u32),
    /// That of a container of Docker, by its full id, for daemons that drive control groups by files or by systemd.
    Container(String),
    /// The group at this path below each hierarchy's root, such as `/system.slice/nginx.service`.
    Path(PathBuf),
}

/// A control group whose files were found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cgroup {
    who: String,
    places: Places,
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Who::Pid(pid) => write!(f, "process {pid}"),
            Who::Container(id) => write!(f, "container {id:.12}"),
            Who::Path(path) => write!(f, "group {}", path.display()),
        }
    }
}

impl Cgroup {
    /// Looks for its files.
    pub fn of(who: &Who) -> Result<Cgroup, Gap> {
        let mounts = text(Path::new("/proc/self/mountinfo"), "mounts")?;
        let name = who.to_string();
        let found = |places: Places| Cgroup { who: name.clone(), places };
        match who {
            Who::Pid(pid) => {
                let groups = text(Path::new(&format!("/proc/{pid}/cgroup")), &name)?;
                Places::of_process(&groups, &mounts).map(found)
            }
            Who::Path(path) => Places::at(path, &mounts).map(found),
            Who::Container(id) => {
                let tried = [PathBuf::from(format!("/docker/{id}")), PathBuf::from(format!("/system.slice/docker-{id}.scope"))];
                let there = tried.iter().filter_map(|path| Places::at(path, &mounts).ok()).find(|places| places.all().any(|p| p.is_dir()));
                there.map(found).ok_or_else(|| {
                    Gap::NotConfigured(format!(
                        "cgroup: {name} has no group at /docker/ID or /system.slice/docker-ID.scope; it has ended, or is another runtime's"
                    ))
                })
            }
        }
    }

    /// Reads them now. A gap where neither CPU time nor memory can be told.
    pub fn read(&self) -> Result<CgroupReading, Gap> {
        let mut missing = vec![];
        let mut kept = |read: Result<_, Gap>| read.map_err(|gap| missing.push(gap)).ok();
        let cpu_s = kept(self.cpu_s());
        let at = Wall(jiff::Timestamp::now().as_microsecond());
        let throttling = self.throttling();
        let waited_s = kept(self.waited_s());
        let memory = self.memory();
        let throttling = throttling.unwrap_or_else(|gap| {
            missing.push(gap);
            None
        });
        let memory = memory.map_err(|gap| missing.push(gap)).ok();
        match missing.first() {
            Some(gap) if cpu_s.is_none() && memory.is_none() => Err(gap.clone()),
            _ => Ok(CgroupReading { at, cpu_s, memory, throttling, waited_s, missing }),
        }
    }

    /// Reads the CPU time alone, CPU-seconds, and when that was.
    pub fn cpu(&self) -> Result<(Wall, f64), Gap> {
        let cpu_s = self.cpu_s()?;
        Ok((Wall(jiff::Timestamp::now().as_microsecond()), cpu_s))
    }

    fn cpu_s(&self) -> Result<f64, Gap> {
        if let Some(v1) = &self.places.cpuacct {
            return self.number(v1, "cpuacct.usage").map(|ns| ns as f64 / 1e9);
        }
        let v2 = self.unified("CPU time")?;
        Ok(self.flat(v2, "cpu.stat")?.get("usage_usec")? as f64 / 1e6)
    }

    fn throttling(&self) -> Result<Option<Throttling>, Gap> {
        let (folder, per_second, waited) = match &self.places.cpu {
            Some(v1) => (v1, 1e9, "throttled_time"),
            None => (self.unified("throttling")?, 1e6, "throttled_usec"),
        };
        let stat = self.flat(folder, "cpu.stat")?;
        // Without the controller there is no quota, and nothing that it could hold back.
        let (Ok(periods), Ok(throttled), Ok(waited)) = (stat.get("nr_periods"), stat.get("nr_throttled"), stat.get(waited)) else { return Ok(None) };
        Ok(Some(Throttling { periods, throttled, seconds: waited as f64 / per_second }))
    }

    fn waited_s(&self) -> Result<f64, Gap> {
        let path = self.unified("CPU pressure")?.join("cpu.pressure");
        some_total(&text(&path, &self.who)?).map(|us| us as f64 / 1e6).ok_or_else(|| odd(&path))
    }

    fn memory(&self) -> Result<CgroupMemory, Gap> {
        let (folder, names) = match &self.places.memory {
            Some(v1) => (v1, files::V1),
            None => (self.unified("memory")?, files::V2),
        };
        let (usage, stat) = (self.number(folder, names.usage)?, self.flat(folder, "memory.stat")?);
        let inactive_file = stat.get(names.inactive_file)?;
        let path = folder.join(names.limit);
        Ok(CgroupMemory {
            usage,
            working_set: usage.saturating_sub(inactive_file),
            anon: stat.get(names.anon)?,
            file: stat.get(names.file)?,
            inactive_file,
            limit: limit(&text(&path, &self.who)?, &path)?,
        })
    }

    fn unified(&self, what: &str) -> Result<&PathBuf, Gap> {
        self.places.unified.as_ref().ok_or_else(|| Gap::NotConfigured(format!("cgroup: {} has no group that tells its {what}", self.who)))
    }

    fn number(&self, folder: &Path, file: &str) -> Result<u64, Gap> {
        let path = folder.join(file);
        number(&text(&path, &self.who)?).ok_or_else(|| odd(&path))
    }

    fn flat(&self, folder: &Path, file: &str) -> Result<Flat, Gap> {
        let path = folder.join(file);
        Ok(Flat::of(&text(&path, &self.who)?, path))
    }
}

/// A file that does not look like itself.
fn odd(path: &Path) -> Gap {
    Gap::Malformed(format!("cgroup: {} is not as the kernel writes it", path.display()))
}

fn text(path: &Path, who: &str) -> Result<String, Gap> {
    fs::read_to_string(path).map_err(|e| match e.kind() {
        ErrorKind::PermissionDenied => Gap::Denied(format!("cgroup: may not read {}; run as a user who may", path.display())),
        // A group that is removed between two reads answers ENODEV.
        ErrorKind::NotFound => {
            Gap::NotConfigured(format!("cgroup: {} is not there: {who} has ended, or its hierarchy has no such file", path.display()))
        }
        _ => Gap::Unreachable(format!("cgroup: {} cannot be read: {who} has ended", path.display())),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A group whose files are these texts.
    pub(super) fn group(files: &[(&str, &str)]) -> (tempfile::TempDir, Cgroup) {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let place = |name: &str| Some(folder.path().join(name)).filter(|path| path.is_dir());
        let places = Places { cpuacct: place("cpuacct"), cpu: place("cpu"), memory: place("memory"), unified: place("unified") };
        (folder, Cgroup { who: "container 0123".into(), places })
    }

    // As read on Linux 6.18 with Docker 20.10, but for lines that are not asked for.
    const V1: [(&str, &str); 5] = [
        ("cpuacct/cpuacct.usage", "129505681\n"),
        ("cpu/cpu.stat", "nr_periods 150\nnr_throttled 149\nthrottled_time 6940000000\nnr_bursts 0\nburst_time 0\n"),
        ("memory/memory.usage_in_bytes", "3960832\n"),
        ("memory/memory.limit_in_bytes", "9223372036854771712\n"),
        (
            "memory/memory.stat",
            "cache 4096\nrss 3133440\ninactive_file 4096\nhierarchical_memory_limit 9223372036854771712\ntotal_cache 8192\n\
             total_rss 3137536\ntotal_inactive_file 4096\n",
        ),
    ];
    const PRESSURE: (&str, &str) =
        ("unified/cpu.pressure", "some avg10=0.72 avg60=0.13 avg300=0.02 total=146445\nfull avg10=0.72 avg60=0.13 avg300=0.02 total=134182\n");
    /// v2 beside v1: no controllers.
    const BARE: (&str, &str) = ("unified/cpu.stat", "usage_usec 132258\nuser_usec 71216\nsystem_usec 61042\nnice_usec 0\n");

    const V1_MEMORY: CgroupMemory =
        CgroupMemory { usage: 3_960_832, working_set: 3_956_736, anon: 3_137_536, file: 8_192, inactive_file: 4_096, limit: None };
    const HELD_BACK: Throttling = Throttling { periods: 150, throttled: 149, seconds: 6.94 };

    #[test]
    fn a_hybrid_host_tells_all_of_it() {
        let (_folder, group) = group(&[&V1[..], &[PRESSURE, BARE]].concat());
        let read = group.read().unwrap();
        assert_eq!(
            (read.cpu_s, read.memory, read.throttling, read.waited_s),
            (Some(0.129_505_681), Some(V1_MEMORY), Some(HELD_BACK), Some(0.146_445))
        );
        assert_eq!(read.missing, []);
        assert!(read.at.0 > 1_700_000_000_000_000);
    }

    #[test]
    fn v1_alone_knows_no_pressure() {
        let (_folder, group) = group(&V1);
        let read = group.read().unwrap();
        assert_eq!((read.cpu_s, read.memory, read.throttling, read.waited_s), (Some(0.129_505_681), Some(V1_MEMORY), Some(HELD_BACK), None));
        assert!(
            matches!(read.missing.as_slice(), [Gap::NotConfigured(why)] if why.contains("container 0123") && why.contains("CPU pressure")),
            "{read:?}"
        );
    }

    #[test]
    fn v2_alone_tells_the_same() {
        let stat = "usage_usec 7974000\nuser_usec 7000000\nsystem_usec 974000\nnr_periods 150\nnr_throttled 149\nthrottled_usec 6940000\n";
        let memory = "anon 134217728\nfile 9437184\nkernel 1048576\ninactive_anon 0\ninactive_file 8388608\n";
        let (_folder, group) = group(&[
            ("unified/cpu.stat", stat),
            PRESSURE,
            ("unified/memory.current", "146800640\n"),
            ("unified/memory.max", "314572800\n"),
            ("unified/memory.stat", memory),
        ]);
        let read = group.read().unwrap();
        let expected = CgroupMemory {
            usage: 146_800_640,
            working_set: 138_412_032,
            anon: 134_217_728,
            file: 9_437_184,
            inactive_file: 8_388_608,
            limit: Some(314_572_800),
        };
        assert_eq!((read.cpu_s, read.memory, read.throttling, read.missing.len()), (Some(7.974), Some(expected), Some(HELD_BACK), 0));
    }

    #[test]
    fn what_is_not_there_is_a_gap_of_its_own() {
        // No quota: nothing is missing. No memory controller: that is said, and the rest is told.
        let (_folder, few) = group(&[BARE, PRESSURE]);
        let read = few.read().unwrap();
        assert_eq!((read.cpu_s, read.memory, read.throttling), (Some(0.132_258), None, None));
        assert!(matches!(read.missing.as_slice(), [Gap::NotConfigured(why)] if why.contains("memory.current is not there")), "{read:?}");
        // What is not as the kernel writes it is not guessed at.
        let (_folder, odd) = group(&[("unified/cpu.stat", "usage_usec much\n"), PRESSURE]);
        assert!(matches!(odd.read(), Err(Gap::Malformed(why)) if why.contains("cpu.stat")));
        // The group is gone.
        let (folder, gone) = group(&V1);
        drop(folder);
        assert!(matches!(gone.read(), Err(Gap::NotConfigured(why)) if why.contains("container 0123 has ended")));
    }

    #[test]
    fn this_process_is_read_by_its_id() {
        let Ok(own) = Cgroup::of(&Who::Pid(std::process::id())) else { return };
        let Ok(first) = own.read() else { return };
        let second = own.read().unwrap();
        assert!(second.at >= first.at && second.cpu_s >= first.cpu_s, "{first:?} {second:?}");
        assert!(matches!(Cgroup::of(&Who::Pid(u32::MAX >> 2)), Err(Gap::NotConfigured(why)) if why.contains("process 1073741823")));
        let none = Cgroup::of(&Who::Container("0".repeat(64))).unwrap_err();
        assert!(none.to_string().contains("container 000000000000 has no group"), "{none}");
    }

    #[test]
    fn a_sampler_reads_until_the_group_is_gone() {
        let (folder, group) = group(&V1);
        let sampler = Sampler::start(group, std::time::Duration::from_millis(10)).unwrap();
        while sampler.read() < 3 {
            std::thread::yield_now();
        }
        drop(folder);
        let readings = sampler.stop();
        assert!(readings.len() >= 3 && readings.windows(2).all(|pair| pair[0].at <= pair[1].at), "{readings:?}");
    }
}
