//! Who of a server's processes holds the sockets on which it listens, for servers that are not known by their command line.

use crate::model::evidence::Gap;
use procfs::{
    ProcError,
    net::TcpState,
    process::{FDTarget, Process},
};
use std::collections::BTreeSet;

/// Open files of one process beyond this are not looked at.
const MOST: usize = 100_000;

/// The listening TCP sockets that a process holds, by inode.
pub(super) fn held(process: &Process) -> Result<BTreeSet<u64>, Gap> {
    let refused = |e: &ProcError| match e {
        ProcError::PermissionDenied(_) => Gap::Denied(format!("may not read /proc/{}/fd; run as the user of the process or as root", process.pid)),
        _ => super::ended(process.pid),
    };
    let all = process.tcp().map_err(|e| refused(&e))?.into_iter().chain(process.tcp6().unwrap_or_default());
    let listening: BTreeSet<u64> = all.filter(|socket| socket.state == TcpState::Listen).map(|socket| socket.inode).collect();
    let open = process.fd().map_err(|e| refused(&e))?.take(MOST).flatten();
    let sockets = open.filter_map(|fd| if let FDTarget::Socket(inode) = fd.target { Some(inode) } else { None });
    Ok(sockets.filter(|inode| listening.contains(inode)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_is_held_while_it_listens() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let inode = |fd: i32| std::fs::read_link(format!("/proc/self/fd/{fd}")).unwrap().to_string_lossy().into_owned();
        let own = inode(std::os::fd::AsRawFd::as_raw_fd(&listener));
        let held = || held(&Process::myself().unwrap()).unwrap();
        let shown = |inodes: BTreeSet<u64>| inodes.into_iter().map(|n| format!("socket:[{n}]")).collect::<Vec<_>>();
        assert!(shown(held()).contains(&own));
        drop(listener);
        assert!(!shown(held()).contains(&own));
    }
}
