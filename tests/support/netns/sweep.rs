//! Removes namespaces: those of a world that ends, and those that a killed run left behind.

use super::namespace::{FILES, NAMED, NAMES, succeeds};
use rustix::process::{Pid, Signal, kill_process};
use std::{
    fs,
    path::Path,
    process::{self, Command},
    sync::PoisonError,
};

/// What the names of all namespaces of the tests begin with; the pid of the process that made them follows.
pub(super) const PREFIX: &str = "rc-";

/// Kills what runs inside, then removes the name and the files in `/etc/netns`.
pub(super) fn remove(name: &str) {
    if let Ok(out) = succeeds(Command::new("ip").args(["netns", "pids", name])) {
        let pids = String::from_utf8_lossy(&out.stdout).lines().filter_map(|pid| pid.trim().parse().ok()).collect::<Vec<i32>>();
        let ours = process::id().cast_signed();
        for pid in pids.into_iter().filter(|pid| *pid != ours).filter_map(Pid::from_raw) {
            let _ = kill_process(pid, Signal::KILL);
        }
    }
    let _one = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    let _ = succeeds(Command::new("ip").args(["netns", "del", name]));
    let _ = fs::remove_dir_all(Path::new(FILES).join(name));
}

/// Removes the namespaces of processes that live no more.
pub fn remove_left_over() {
    for folder in [NAMED, FILES] {
        let Ok(entries) = fs::read_dir(folder) else { continue };
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        names.filter(|name| owner(name).is_some_and(is_gone)).for_each(|name| remove(&name));
    }
}

/// The pid in a namespace's name, or nothing if it is none of ours.
fn owner(name: &str) -> Option<u32> {
    name.strip_prefix(PREFIX)?.split('-').next()?.parse().ok()
}

/// Is there no such process, or has it ended and only its parent not yet asked for its status?
fn is_gone(pid: u32) -> bool {
    fs::read_to_string(format!("/proc/{pid}/stat"))
        .map_or(true, |stat| stat.rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with('Z')))
}
