//! From what the spec says of a workload to the processes whose facts are told.

use super::{Arguments, server::base};
use crate::{
    model::{evidence::Gap, workload::Found},
    sources::{
        environment::root::Root,
        kernel::{port, processes::Processes},
    },
};
use procfs::process::Process;
use std::collections::BTreeSet;

/// What only starts a server and waits for it.
const WRAPPERS: [&str; 18] = [
    "sh",
    "bash",
    "dash",
    "ash",
    "busybox",
    "tini",
    "dumb-init",
    "docker-init",
    "catatonit",
    "s6-supervise",
    "runsv",
    "uv",
    "poetry",
    "pdm",
    "hatch",
    "rye",
    "sudo",
    "su",
];
/// No chain of them is longer.
const DEEPEST: usize = 8;

/// The first processes of a workload that is looked for on this machine.
pub fn tops_of(found: &Found) -> Result<Vec<i32>, Gap> {
    match found {
        Found::Pid(pid) => {
            let pid = i32::try_from(*pid).ok().filter(|pid| Process::new(*pid).is_ok());
            pid.map(|pid| vec![pid])
                .ok_or_else(|| Gap::NotConfigured(format!("process: there is no {found}; look for its id again, or find it by `port`")))
        }
        Found::Port(port) => port::listeners(*port),
        Found::Process(name) => {
            let all = Processes::now()?;
            some(all.tops(&all.named(name)), found, "`ps -eo pid,comm,args` lists those that can be seen")
        }
        Found::Cgroup(path) => {
            let all = Processes::now()?;
            let inside = all.ids().filter(|pid| is_in(*pid, path)).collect();
            some(all.tops(&inside), found, "`systemd-cgls` lists groups and their processes")
        }
        other => Err(Gap::NotConfigured(format!("process: {other} is not looked for among this machine's processes"))),
    }
}

fn some(tops: Vec<i32>, found: &Found, help: &str) -> Result<Vec<i32>, Gap> {
    if tops.is_empty() { Err(Gap::NotConfigured(format!("process: no {found} here; {help}"))) } else { Ok(tops) }
}

/// Is a process in a group, or in one below it?
fn is_in(pid: i32, path: &str) -> bool {
    let groups = Root::machine().read(&format!("/proc/{pid}/cgroup")).ok().flatten().unwrap_or_default();
    let path = path.trim_end_matches('/');
    groups.lines().filter_map(|line| line.splitn(3, ':').nth(2)).any(|group| {
        group
            .strip_prefix(path)
            .is_some_and(|rest| rest.is_empty() && !path.is_empty() || rest.starts_with('/') && (rest.len() > 1 || path.is_empty()))
    })
}

/// The process behind shells, inits and starters that each have one child; itself, where it is none of them.
pub fn head(top: i32) -> i32 {
    let mut pid = top;
    for _ in 0..DEEPEST {
        if !wraps(pid) {
            break;
        }
        let below = Processes::now().map(|all| all.below(&BTreeSet::from([pid]))).unwrap_or_default();
        let children: Vec<i32> =
            below.into_iter().filter(|id| Process::new(*id).and_then(|p| p.stat()).is_ok_and(|s| s.ppid == pid && s.state != 'Z')).collect();
        match children.as_slice() {
            [one] => pid = *one,
            _ => break,
        }
    }
    pid
}

/// Does it only start others?
pub(crate) fn wraps(pid: i32) -> bool {
    let first = Arguments::of_process(pid).ok().and_then(|arguments| arguments.0.into_iter().next());
    first.is_some_and(|program| WRAPPERS.contains(&base(&program).trim_start_matches('-')))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        process::{Command, Stdio},
        time::{Duration, Instant},
    };

    #[test]
    fn the_server_behind_a_shell_is_what_is_looked_at() {
        // `; true` keeps the shell from becoming the program.
        let mut shell = Command::new("sh").args(["-c", "sh -c 'read x; true' ; true"]).stdin(Stdio::piped()).spawn().unwrap();
        let pid = shell.id().cast_signed();
        let below = || Processes::now().unwrap().below(&BTreeSet::from([pid]));
        let until = Instant::now() + Duration::from_secs(20);
        while below().is_empty() && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(20));
        }
        let below = below();
        let behind = head(pid);
        drop(shell.stdin.take());
        shell.wait().unwrap();
        assert_eq!(vec![behind], below);
        let me = std::process::id();
        assert_eq!(head(me.cast_signed()), me.cast_signed());
    }

    #[test]
    fn processes_are_found_as_the_spec_says() {
        let me = std::process::id().cast_signed();
        assert_eq!(tops_of(&Found::Pid(std::process::id())), Ok(vec![me]));
        assert!(matches!(tops_of(&Found::Pid(u32::MAX)), Err(Gap::NotConfigured(_))));
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        assert_eq!(tops_of(&Found::Port(listener.local_addr().unwrap().port())), Ok(vec![me]));
        assert!(matches!(tops_of(&Found::Process("no such program".into())), Err(Gap::NotConfigured(_))));
        assert!(matches!(tops_of(&Found::Host), Err(Gap::NotConfigured(_))));
        let groups = std::fs::read_to_string("/proc/self/cgroup").unwrap();
        let own = groups.lines().last().and_then(|line| line.splitn(3, ':').nth(2)).unwrap();
        assert!(is_in(me, own) && !is_in(me, "/no-such-group"), "{own}");
    }
}
