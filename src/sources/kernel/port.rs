//! Who listens on a TCP port: sockets by `/proc/net/tcp`, their holders by `/proc/PID/fd`.

use super::processes::Processes;
use crate::model::evidence::Gap;
use procfs::{
    ProcError,
    net::{TcpNetEntry, TcpState},
    process::{FDTarget, Process},
};
use std::collections::BTreeSet;

/// The processes that listen there and were not started by others that do.
pub fn listeners(port: u16) -> Result<Vec<i32>, Gap> {
    let sockets = sockets(port, procfs::net::tcp().into_iter().chain(procfs::net::tcp6()).flatten());
    if sockets.is_empty() {
        return Err(Gap::NotConfigured(format!(
            "kernel: nobody listens on TCP port {port} here; start it, or find the workload by `container`, `process` or `pid`"
        )));
    }
    let all = Processes::now()?;
    let (mut holders, mut closed) = (BTreeSet::new(), false);
    for pid in all.ids() {
        match holds(pid, &sockets) {
            Ok(true) => drop(holders.insert(pid)),
            Err(ProcError::PermissionDenied(_)) => closed = true,
            // It does not, or ended meanwhile.
            Ok(false) | Err(_) => {}
        }
    }
    // Who hands sockets to others keeps them.
    if holders.len() > 1 {
        holders.remove(&1);
    }
    let tops = all.tops(&holders);
    if tops.is_empty() {
        let why = if closed { "who it is may not be seen, since it is another user's" } else { "no process here holds the socket" };
        return Err(Gap::Denied(format!(
            "kernel: somebody listens on TCP port {port}, but {why}; run rigcheck as that user or as root, or find the workload by `container`, \
             `process` or `pid`"
        )));
    }
    for top in &tops {
        if *top == 1 || all.comm(*top) == Some("docker-proxy") {
            let who = if *top == 1 { "the machine's first process" } else { "Docker's proxy" };
            return Err(Gap::NotConfigured(format!(
                "kernel: {who} listens on TCP port {port} for somebody else; find the workload by `container`, `process` or `pid`"
            )));
        }
    }
    Ok(tops)
}

/// Inodes of the sockets that listen on a port.
fn sockets(port: u16, all: impl IntoIterator<Item = TcpNetEntry>) -> BTreeSet<u64> {
    let there = all.into_iter().filter(|s| s.state == TcpState::Listen && s.local_address.port() == port);
    there.map(|s| s.inode).collect()
}

fn holds(pid: i32, sockets: &BTreeSet<u64>) -> Result<bool, ProcError> {
    let mut open = Process::new(pid)?.fd()?;
    Ok(open.any(|fd| fd.is_ok_and(|fd| matches!(fd.target, FDTarget::Socket(inode) if sockets.contains(&inode)))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    #[test]
    fn whoever_listens_is_found_by_the_port() {
        for address in ["127.0.0.1:0", "[::1]:0"] {
            let Ok(listener) = TcpListener::bind(address) else { continue };
            let port = listener.local_addr().unwrap().port();
            assert_eq!(listeners(port).unwrap(), [std::process::id().cast_signed()], "{address}");
            drop(listener);
            assert!(matches!(listeners(port), Err(Gap::NotConfigured(why)) if why.contains(&format!("port {port}"))));
        }
    }
}
