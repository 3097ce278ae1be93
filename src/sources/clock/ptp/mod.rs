//! ptp4l's answers about whom it follows (linuxptp), by management messages over its Unix socket: what `pmc -u -b 0` speaks.
#![allow(clippy::disallowed_methods, reason = "ptp4l answers to a socket that has a path: it is made for a question and removed")]

mod following;
mod message;

use super::Told;
use crate::{
    engine::wall_now,
    model::{
        evidence::{Gap, Method},
        payload::ClockReadings,
        source::{Cost, Slot},
        units::Wall,
    },
};
use following::Following;
use message::{ANY_PORT, DataSet, NOT_SUPPORTED, Reply, get, reply};
use std::{
    io::{Error, ErrorKind},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};
use tokio::net::UnixDatagram;

pub use message::MOST;

/// No datagram is lost on a socket of this machine, but ptp4l may be busy.
const TRIES: u16 = 3;
const PATIENCE: Duration = Duration::from_secs(1);
/// Of a bridge's ports no more are asked for the one that follows.
const MOST_PORTS: u16 = 64;

/// A ptp4l.
pub struct Ptp4l {
    socket: PathBuf,
    domain: u8,
    queries: AtomicU64,
    bytes: AtomicU64,
}

/// Our own end. ptp4l answers to its path.
struct Ours {
    socket: UnixDatagram,
    path: PathBuf,
}

impl Drop for Ours {
    fn drop(&mut self) {
        // What cannot be removed is an empty file in a folder of sockets.
        let _ = std::fs::remove_file(&self.path);
    }
}

impl Ptp4l {
    /// At its socket, in its domain.
    pub fn new(socket: PathBuf, domain: u8) -> Ptp4l {
        Ptp4l { socket, domain, queries: AtomicU64::new(0), bytes: AtomicU64::new(0) }
    }
    /// What asking has cost so far.
    pub fn cost(&self) -> Cost {
        Cost { queries: self.queries.load(Ordering::Relaxed), bytes: self.bytes.load(Ordering::Relaxed) }
    }
    /// Asks for its data sets.
    pub async fn following(&self, slot: &Slot) -> Result<Told, Gap> {
        tokio::select! {
            () = slot.cancel.cancelled() => Err(Gap::NotReached("interrupted".into())),
            told = self.exchange() => told,
        }
    }

    async fn exchange(&self) -> Result<Told, Gap> {
        let ours = self.connected()?;
        let mut following = Following::default();
        for set in DataSet::ALL {
            let ports = if set == DataSet::PortProperties { 1..=following.ports.min(MOST_PORTS) } else { ANY_PORT..=ANY_PORT };
            for port in ports {
                if !self.data_set(&ours, set, port, &mut following).await? || following.has_slave() {
                    break;
                }
            }
        }
        Ok(Told {
            readings: following.readings(wall_now()),
            request: format!("PTP management GET, domain {}, {}", self.domain, self.socket.display()),
            server: Some("ptp4l".into()),
            method: Method::Reported,
            notes: following.notes(),
        })
    }

    /// Asks for one data set; `false` if this socket does not tell it.
    async fn data_set(&self, ours: &Ours, set: DataSet, port: u16, following: &mut Following) -> Result<bool, Gap> {
        let at = self.socket.display();
        let malformed = |why: String| Gap::Malformed(format!("{at}: {why}"));
        // The same for each try: the answer to an earlier one is as good.
        let sequence = u16::try_from(self.queries.load(Ordering::Relaxed) & 0xffff).unwrap_or_default();
        let mut datagram = [0; MOST];
        for _ in 0..TRIES {
            self.queries.fetch_add(1, Ordering::Relaxed);
            let until = Instant::now() + PATIENCE;
            let sent = tokio::time::timeout(PATIENCE, ours.socket.send(&get(set, port, self.domain, sequence))).await;
            let Ok(sent) = sent else { continue };
            sent.map_err(|e| self.failed(&e))?;
            loop {
                let left = until.saturating_duration_since(Instant::now());
                let Ok(read) = tokio::time::timeout(left, ours.socket.recv(&mut datagram)).await else { break };
                let read = read.map_err(|e| self.failed(&e))?;
                self.bytes.fetch_add(read as u64, Ordering::Relaxed);
                match reply(&datagram[..read], set, sequence).map_err(malformed)? {
                    Reply::Data(data) => {
                        following.learn(set, data);
                        return Ok(true);
                    }
                    Reply::Refused(NOT_SUPPORTED) if set == DataSet::PortProperties => {
                        following.refuse_ports();
                        return Ok(false);
                    }
                    Reply::Refused(reason) => return Err(malformed(format!("refuses {} with error {reason:#06x}", set.name()))),
                    Reply::Another => {}
                }
            }
        }
        let folder = ours.path.parent().unwrap_or(Path::new("/")).display();
        Err(Gap::TooLate(format!(
            "{at}: no answer to {TRIES} requests; ptp4l answers in its own domain only (`domainNumber`; {} was asked, see `ptp: {{socket: …, domain: …}}`), \
             and only if it can write to our own socket, which was in {folder}",
            self.domain
        )))
    }

    /// Our own end beside ptp4l's socket, which both see where one of them runs in a container or has a `/tmp` of its own; else
    /// in the folder for temporary files.
    fn connected(&self) -> Result<Ours, Gap> {
        let beside = self.socket.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let failed = |e: Error| self.failed(&e);
        let ours = bound_in(beside).or_else(|_| bound_in(&std::env::temp_dir())).map_err(failed)?;
        // Who is connected receives from there only.
        ours.socket.connect(&self.socket).map_err(failed)?;
        Ok(ours)
    }

    fn failed(&self, error: &Error) -> Gap {
        let at = self.socket.display();
        match error.kind() {
            ErrorKind::PermissionDenied => Gap::Denied(format!("{at}: {error}; only root may write to ptp4l's socket, or whom `uds_file_mode` lets")),
            _ => Gap::Unreachable(format!("{at}: {error}; is there a ptp4l with this `uds_address`?")),
        }
    }
}

fn bound_in(folder: &Path) -> Result<Ours, Error> {
    let path = folder.join(format!("rigcheck-{}", ulid::Ulid::new()));
    let ours = Ours { socket: UnixDatagram::bind(&path)?, path };
    // ptp4l may be another user than we are (`user`).
    std::fs::set_permissions(&ours.path, std::fs::Permissions::from_mode(0o666))?;
    Ok(ours)
}

/// What ptp4l's replies to our requests say, one behind the other in one piece, or what they are instead.
pub fn followed(mut replies: &[u8], now: Wall) -> Result<ClockReadings, String> {
    let mut following = Following::default();
    for set in DataSet::ALL {
        let length = usize::from(message::u16_at(replies, 2)).min(replies.len());
        let (datagram, rest) = replies.split_at(length);
        match reply(datagram, set, message::u16_at(datagram, 30))? {
            Reply::Data(data) => following.learn(set, data),
            Reply::Refused(_) => following.refuse_ports(),
            Reply::Another => return Err("answers another request".into()),
        }
        replies = rest;
    }
    Ok(following.readings(now))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What ptp4l 3.1.1 of Debian 12 answered: a slave with software time stamps behind a veth pair, which runs free, of a
    /// grandmaster that says UTC is a second behind its own time, while both read one clock.
    const CAPTURED: [&str; 6] = [
        "0d02004a00000000000000000000000000000000daba97fffebdfa0900000000047f00000000000000007263000002000001001620000300000180fffeffff80daba97fffebdfa090000",
        "0d02004600000000000000000000000000000000daba97fffebdfa0900010006047f000000000000000072630000020000010012c004daba97fffebdfa090001090002766200",
        "0d02005600000000000000000000000000000000daba97fffebdfa0900000002047f000000000000000072630000020000010022200272142efffeb5392700010000ffff7fffffff6406214e5d8072142efffeb53927",
        "0d02003a00000000000000000000000000000000daba97fffebdfa0900000003047f000000000000000072630000020000010006200300013c20",
        "0d02004800000000000000000000000000000000daba97fffebdfa0900000001047f0000000000000000726300000200000100142001000100003b9ac8c700000000000003ce0000",
        "0d02006800000000000000000000000000000000daba97fffebdfa0900000004047f000000000000000072630000020000010034c000000000003b9ac8c718eb8e7df6435882000000000000000000000000000000000000000000000000000172142efffeb53927",
    ];

    #[test]
    fn what_a_real_ptp4l_answered() {
        let bytes = |hex: &str| -> Vec<u8> { (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect() };
        let replies = CAPTURED.map(bytes).concat();
        // Its last Sync came in at 1795685548.090939522 s on its clock, and it is asked 200 ms later.
        let told = followed(&replies, Wall(1_795_685_548_290_939)).unwrap();
        let [one] = told.readings.as_slice() else { panic!("{told:?}") };
        let (offset, around) = (f64::midpoint(one.lo_ms, one.hi_ms), (one.hi_ms - one.lo_ms) / 2.0);
        assert!((offset - 999.999_687).abs() < 1e-9, "pmc: 999999687.0 ns; {offset}");
        assert!((around - (974e-6 + 100e-6 + 0.1)).abs() < 1e-6, "pmc: 974.0 ns; {around}");
        assert_eq!((told.against.as_str(), told.unbounded), ("UTC", None));
        assert!(followed(&replies[..300], Wall(0)).is_err() && followed(b"", Wall(0)).is_err());
    }
}
