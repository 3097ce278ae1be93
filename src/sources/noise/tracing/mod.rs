//! Who ran in a second whose use no counter explains, by events of the scheduler in a trace instance of our own. Tracing of the
//! machine's owner is not touched, and nothing is mounted.

mod switches;

use crate::{
    model::{evidence::Gap, payload::TracedSecond},
    sources::environment::root::Root,
};
use rustix::fs::{Access, access};
use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::{self, Read as _},
    path::{Path, PathBuf},
    time::Instant,
};

/// Seconds of a window that are traced at the most.
const MOST: u32 = 10;
/// What the kernel keeps for a CPU, KiB.
const BUFFER_KB: &str = "512";
/// What is read of it, bytes.
const LONGEST: u64 = 12 << 20;
/// Our own probes wake often, and mostly an idle CPU: that is left out.
const FILTER: &str = "(prev_pid != 0 || next_comm !~ \"noise-probe*\") && (next_pid != 0 || prev_comm !~ \"noise-probe*\")";

/// Traces seconds, if it may.
pub struct Tracer {
    /// Where tracefs is mounted.
    place: Result<PathBuf, Gap>,
    running: Option<Instance>,
    told: Vec<TracedSecond>,
    begun: u32,
}

impl Tracer {
    /// Looks where tracefs is mounted, by the text of `/proc/self/mountinfo`.
    pub fn new(root: &Root, mounts: &str) -> Tracer {
        Tracer { place: place(root, mounts), running: None, told: vec![], begun: 0 }
    }
    /// Why it cannot.
    pub fn missing(&self) -> Option<Gap> {
        self.place.as_ref().err().cloned()
    }
    /// A second is over: ends tracing if it was traced, and begins with the next one if that is wanted.
    pub fn over(&mut self, second: u32, wanted: bool) {
        if let Some(running) = self.running.take() {
            match running.end(second) {
                Ok(traced) => self.told.push(traced),
                Err(e) => self.place = Err(refused(&e)),
            }
        }
        if let Ok(place) = &self.place
            && wanted
            && self.begun < MOST
        {
            self.begun += 1;
            match Instance::begin(place) {
                Ok(instance) => self.running = Some(instance),
                Err(e) => self.place = Err(refused(&e)),
            }
        }
    }
    /// What was traced.
    pub fn told(&mut self) -> Vec<TracedSecond> {
        self.running = None;
        std::mem::take(&mut self.told)
    }
}

/// The folder of a mount of tracefs that may be written to.
fn place(root: &Root, mounts: &str) -> Result<PathBuf, Gap> {
    let mount = |line: &str| {
        let (before, after) = line.split_once(" - ")?;
        (after.split(' ').next() == Some("tracefs")).then(|| before.split(' ').nth(4).map(str::to_owned)).flatten()
    };
    let point = mounts.lines().find_map(mount).ok_or_else(|| {
        Gap::NotConfigured(
            "noise: tracefs is not mounted, so seconds that counters do not explain were not traced; `mount -t tracefs tracefs /sys/kernel/tracing` as \
             root gives it"
                .into(),
        )
    })?;
    let place = PathBuf::from(root.shown(&point));
    access(place.join("instances"), Access::WRITE_OK).map_err(|e| refused(&e.into()))?;
    Ok(place)
}

fn refused(error: &io::Error) -> Gap {
    Gap::Denied(format!("noise: seconds that counters do not explain were not traced: tracefs refuses it ({error}); run as root"))
}

/// A trace instance, which is removed when it is dropped.
struct Instance {
    folder: PathBuf,
    began: Instant,
    /// Threads of this process when it began: some end before it does.
    ours: BTreeSet<u32>,
}

impl Instance {
    fn begin(place: &Path) -> io::Result<Instance> {
        let folder = place.join("instances").join(format!("rigcheck-{}", std::process::id()));
        // One that a killed process of this id left behind.
        drop(fs::remove_dir(&folder));
        fs::create_dir(&folder)?;
        let mut instance = Instance { folder, began: Instant::now(), ours: ours() };
        instance.write("tracing_on", "0")?;
        instance.write("buffer_size_kb", BUFFER_KB)?;
        // Kernels that do not know it trace more, and more is lost.
        drop(instance.write("events/sched/sched_switch/filter", FILTER));
        instance.write("events/sched/sched_switch/enable", "1")?;
        instance.write("tracing_on", "1")?;
        instance.began = Instant::now();
        Ok(instance)
    }
    /// Ends it, and tells what ran.
    fn end(self, second: u32) -> io::Result<TracedSecond> {
        self.write("tracing_on", "0")?;
        let over_s = self.began.elapsed().as_secs_f64();
        let mut text = vec![];
        File::open(self.folder.join("trace"))?.take(LONGEST).read_to_end(&mut text)?;
        let cut = text.len() as u64 == LONGEST;
        let ours = ours().union(&self.ours).copied().collect();
        let ran = switches::ran(&String::from_utf8_lossy(&text), &ours);
        let lost = ran.lost || cut;
        Ok(TracedSecond { second, over_s: if lost { ran.over_s.min(over_s) } else { over_s }, lost, ran: ran.tasks })
    }
    fn write(&self, file: &str, text: &str) -> io::Result<()> {
        fs::OpenOptions::new()
            .write(true)
            .truncate(true)
            .open(self.folder.join(file))
            .and_then(|mut file| io::Write::write_all(&mut file, text.as_bytes()))
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        drop(self.write("tracing_on", "0"));
        drop(self.write("events/sched/sched_switch/enable", "0"));
        drop(fs::remove_dir(&self.folder));
    }
}

/// The threads of this process.
fn ours() -> BTreeSet<u32> {
    let tasks = fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    tasks.filter_map(|task| task.file_name().to_str()?.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_tracefs_the_command_is_told() {
        let root = Root::machine();
        let none = Tracer::new(&root, "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
        assert!(matches!(none.missing(), Some(Gap::NotConfigured(why)) if why.contains("mount -t tracefs tracefs /sys/kernel/tracing")));
    }

    #[test]
    fn a_folder_that_is_no_tracefs_is_left_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("t/instances")).unwrap();
        let mut tracer = Tracer::new(&Root::at(folder.path()), "30 23 0:26 / /t rw - tracefs tracefs rw\n");
        assert_eq!(tracer.missing(), None);
        tracer.over(0, true);
        assert!(matches!(tracer.missing(), Some(Gap::Denied(_))) && tracer.told().is_empty());
        assert_eq!(fs::read_dir(folder.path().join("t/instances")).unwrap().count(), 0);
    }

    /// Runs where tracefs is mounted and may be used, and says so where it is not.
    #[test]
    fn a_second_is_traced_and_nothing_is_left_behind() {
        let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
        let mut tracer = Tracer::new(&Root::machine(), &mounts);
        if let Some(gap) = tracer.missing() {
            println!("skipped: {gap}");
            return;
        }
        let instances = || fs::read_dir(tracer.place.as_ref().unwrap().join("instances")).unwrap().count();
        let before = instances();
        tracer.over(0, true);
        let mut busy = std::process::Command::new("sh").args(["-c", "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done"]).spawn().unwrap();
        busy.wait().unwrap();
        tracer.over(1, false);
        let told = tracer.told();
        println!("{told:?}");
        assert!(told.len() == 1 && told[0].second == 1 && told[0].ran.iter().any(|ran| ran.name == "sh" && ran.cpu_s > 0.01), "{told:?}");
        let after = fs::read_dir(tracer.place.as_ref().unwrap().join("instances")).unwrap().count();
        assert_eq!(after, before);
    }
}
