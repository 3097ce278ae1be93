//! Control groups of ours.
#![allow(clippy::disallowed_methods, reason = "makes folders of the kernel's")]

use crate::stack::NotUp;
use std::{
    fs, io,
    path::{Path, PathBuf},
    process::Command,
    sync::atomic::{AtomicU32, Ordering},
    thread::sleep,
    time::Duration,
};

/// A control group with one limit, in version 1's hierarchy of a controller. It is removed when dropped: end first who is in it.
pub struct Group(PathBuf);

impl Group {
    pub fn limited(controller: &str, knob: &str, value: &str) -> Result<Group, NotUp> {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let name = format!("rigcheck-test-{}-{controller}-{}", std::process::id(), MADE.fetch_add(1, Ordering::Relaxed));
        let group = Path::new("/sys/fs/cgroup").join(controller).join(name);
        let missing =
            |what: &str, e: io::Error| NotUp::Missing(format!("{what} {}: {e}; it takes root and control groups of version 1", group.display()));
        fs::create_dir(&group).map_err(|e| missing("making", e))?;
        let made = Group(group.clone());
        fs::write(group.join(knob), value).map_err(|e| missing("limiting", e))?;
        Ok(made)
    }

    /// That many hundredths of a CPU, in periods of 100 ms.
    pub fn percent_of_a_cpu(percent: u32) -> Result<Group, NotUp> {
        Group::limited("cpu", "cpu.cfs_quota_us", &(percent * 1_000).to_string())
    }

    /// Runs a program in it.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", "echo $$ > \"$0\"/cgroup.procs && exec \"$@\""]).arg(&self.0).arg(program);
        command
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // A group is empty a moment after its last process has ended.
        for _ in 0..50 {
            if fs::remove_dir(&self.0).is_ok() {
                break;
            }
            sleep(Duration::from_millis(20));
        }
    }
}
