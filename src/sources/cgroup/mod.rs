//! What a control group used, from its own files: v1, v2, and the mixture in which v1 has the controllers and v2 is mounted beside them.
#![allow(clippy::disallowed_methods, reason = "reads the kernel's files on a thread of its own, and stamps what it read")]

mod files;
mod place;
mod sampler;

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

    fn cpu_s(&self) -> Result<f64, Gap> {
        if let Some(v1) = &self.places.cpuacct {
            return self.number(v1, "cpuacct.usage").map(|ns| ns as f64 / 1e9);
        }
        let v2 = self.unified("CPU time")?;
        Ok(self.flat(v2, "cpu.stat")?.get("usage_usec")? as f64 / 1e6)
    }

    fn throttling(&self) -> Result<Option<Throttling>, Gap> {
        let (folder, factor, waited) = match &self.places.cpu {
            Some(v1) => (v1, 1e-9, "throttled_time"),
            None => (self.unified("throttling")?, 1e-6, "throttled_usec"),
        };
        let stat = self.flat(folder, "cpu.stat")?;
        // Without the controller there is no quota, and nothing that it could hold back.
        let (Ok(periods), Ok(throttled), Ok(waited)) = (stat.get("nr_periods"), stat.get("nr_throttled"), stat.get(waited)) else { return Ok(None) };
        Ok(Some(Throttling { periods, throttled, seconds: waited as f64 * factor }))
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
