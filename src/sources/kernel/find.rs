//! From what the spec says of a workload to what is read.

use super::{group::Group, host, network::Network, port, processes::Processes, target::Target, tree::Tree};
use crate::{
    model::{evidence::Gap, workload::Found},
    sources::{
        cgroup::{Cgroup, Who},
        containers::{Container, Daemon},
        notebook::Notebook,
    },
};
use std::{
    fs,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

/// What else a container could be found by.
const OR_ELSE: &str = "or find the workload by `pid`, `port`, `process` or `cgroup`";

/// A container that Docker knows, whose control group is on this machine.
pub async fn container(host: Option<&str>, found: &Found, book: &Mutex<Notebook>) -> Result<Target, Gap> {
    let told = told(host, found).await?;
    if !told.running {
        return Err(Gap::NotConfigured(format!("kernel: {found} does not run; start it")));
    }
    let group = group_of(&told)?;
    book.lock().unwrap_or_else(PoisonError::into_inner).begins(told.id.clone(), told.began);
    Ok(Target::Group(Box::new(Group::of_container(group, told.pid))))
}

/// What Docker says of it now.
pub async fn told(host: Option<&str>, found: &Found) -> Result<Container, Gap> {
    let daemon = Daemon::connect(host).await.map_err(or_else)?;
    daemon.find(found).await.map_err(or_else)
}

fn or_else(gap: Gap) -> Gap {
    match gap {
        Gap::Unreachable(why) => Gap::Unreachable(format!("{why}; start Docker, {OR_ELSE}")),
        Gap::Denied(why) => Gap::Denied(format!("{why}, {OR_ELSE}")),
        other => other,
    }
}

/// By its first process, whose group bears the container's id whatever drives it; a process of the same number on another
/// machine does not.
fn group_of(container: &Container) -> Result<Cgroup, Gap> {
    let of_it = |pid: &u32| fs::read_to_string(format!("/proc/{pid}/cgroup")).is_ok_and(|groups| groups.contains(&container.id));
    match container.pid.filter(of_it) {
        Some(pid) => Cgroup::of(&Who::Pid(pid)),
        None => Cgroup::of(&Who::Container(container.id.clone())),
    }
}

/// Whoever is found without asking anybody but the kernel.
pub fn here(found: &Found, book: &Arc<Mutex<Notebook>>) -> Result<Target, Gap> {
    let mut book = book.lock().unwrap_or_else(PoisonError::into_inner);
    let book = &mut *book;
    match found {
        Found::Pid(pid) => {
            let ended = || Gap::NotConfigured(format!("kernel: there is no process {pid}; look for its id again, or find it by `process` or `port`"));
            let pid = i32::try_from(*pid).map_err(|_| ended())?;
            tree([pid], None, book).map_err(|_| ended())
        }
        Found::Port(port) => tree(port::listeners(*port)?, None, book),
        Found::Process(name) => {
            let all = Processes::now()?;
            let none = || {
                Gap::NotConfigured(format!(
                    "kernel: no process is named `{name}` here: neither by `/proc/PID/comm` nor by its first two arguments; `ps -eo pid,comm,args` \
                     lists those that can be seen"
                ))
            };
            let tops = all.tops(&all.named(name));
            if tops.is_empty() {
                return Err(none());
            }
            tree(tops, Some(name.clone()), book).map_err(|_| none())
        }
        Found::Cgroup(path) => {
            let group = Cgroup::of(&Who::Path(Path::new(path).into()))?;
            book.begins(path.clone(), None);
            Ok(Target::Group(Box::new(Group::of(group))))
        }
        Found::Host => {
            book.begins("host".into(), host::began());
            Ok(Target::Host(Network::own()))
        }
        Found::Container(_) | Found::Label(_) | Found::Burn(_) | Found::Elsewhere => {
            Err(Gap::NotConfigured(format!("kernel: {found} is not looked for among this machine's processes")))
        }
    }
}

fn tree(tops: impl IntoIterator<Item = i32>, name: Option<String>, book: &mut Notebook) -> Result<Target, Gap> {
    let tree = Tree::of(tops, name, book)?;
    let network = tree.first().and_then(|first| Network::of(first.pid));
    Ok(Target::Tree(Box::new(tree), network))
}
