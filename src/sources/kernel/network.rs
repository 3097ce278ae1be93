//! Bytes over the interfaces of a process' network namespace (`/proc/PID/net/dev`).

use crate::{model::units::Wall, reference::burner::clocks::wall_us, sources::notebook::Notebook};
use procfs::process::Process;
use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsStr,
};

/// The namespace of a process, beside that of this one, which stands for the host's.
#[derive(Debug)]
pub struct Network {
    process: Process,
    host: bool,
}

impl Network {
    /// That of a process.
    pub fn of(pid: i32) -> Option<Network> {
        let process = Process::new(pid).ok()?;
        let host = is_own(&process);
        Some(Network { process, host })
    }
    /// That of this process.
    pub fn own() -> Option<Network> {
        Some(Network { process: Process::myself().ok()?, host: true })
    }
    /// Reads its counters.
    pub fn read(&self, book: &mut Notebook) {
        let before = wall_us();
        match self.process.dev_status() {
            Ok(interfaces) => {
                let at = Wall(i64::midpoint(before, wall_us()));
                for (interface, of) in interfaces.into_iter().collect::<BTreeMap<_, _>>() {
                    book.bytes(&interface, self.host, at, of.recv_bytes as f64, of.sent_bytes as f64);
                }
            }
            Err(_) => book.say("its network interfaces could not be read each time".into()),
        }
    }
}

/// Is a process in our own network namespace? Where the link may not be read, as those of others' processes may not be without
/// rights, the same interfaces say so.
fn is_own(process: &Process) -> bool {
    let namespace = |of: &Process| of.namespaces().ok().and_then(|all| all.0.get(OsStr::new("net")).map(|ns| (ns.device_id, ns.identifier)));
    let Ok(me) = Process::myself() else { return false };
    if let (Some(theirs), Some(ours)) = (namespace(process), namespace(&me)) {
        return theirs == ours;
    }
    let interfaces = |of: &Process| of.dev_status().ok().map(|all| all.into_keys().collect::<BTreeSet<_>>());
    interfaces(process).is_some_and(|theirs| Some(theirs) == interfaces(&me))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::usage::Measure;

    #[test]
    fn what_goes_over_loopback_comes_in_and_goes_out_there() {
        use std::net::UdpSocket;
        let of = || {
            let mut book = Notebook::default();
            Network::of(std::process::id().cast_signed()).unwrap().read(&mut book);
            let (tracks, _) = book.close();
            let lo = |claim: Measure| {
                let mut of_lo = tracks.tracks.iter().filter(|t| t.claim.as_str() == claim.word());
                let track = of_lo.find(|t| t.labels.get("interface").is_some_and(|i| i == "lo")).unwrap();
                assert_eq!(track.labels.get("netns").map(String::as_str), Some("host"));
                track.samples[0].1
            };
            (lo(Measure::Received), lo(Measure::Sent))
        };
        let before = of();
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        for _ in 0..100 {
            socket.send_to(&[0; 10_000], socket.local_addr().unwrap()).unwrap();
        }
        let after = of();
        // 100 datagrams of 10 kB with their headers; others of this machine may send, too.
        assert!(after.0 - before.0 >= 1_000_000.0 && after.1 - before.1 >= 1_000_000.0, "{before:?} {after:?}");
    }
}
