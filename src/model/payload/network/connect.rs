use super::{Ended, Handshake, HttpAnswer, TcpState};
use crate::model::units::Wall;
use serde::{Deserialize, Serialize};

/// One connection. Times are µs, by the monotonic clock of this machine.
///
/// `tcp.rtt_us` is the network's; `connect_us` is what an application waits, the scheduling of this process included. Rows with
/// `tcp.total_retrans` above 0 count for loss and not for the round trip.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Connect {
    /// In which round, from 0.
    pub round: u32,
    /// When it began.
    pub at: Wall,
    /// Which of the targets, by its place in the list.
    pub target: usize,
    /// Our port of it, to find it in a capture of packets; `None`: it did not come to stand.
    pub from_port: Option<u16>,
    /// From asking for the connection to having it, by a stopwatch; `None`: it did not come to stand.
    pub connect_us: Option<u64>,
    /// What the kernel said as soon as it stood; through a proxy, of the way to the proxy.
    pub tcp: Option<TcpState>,
    /// What the kernel said at its end: more samples of the round trip, and whether anything was sent again meanwhile.
    pub at_end: Option<TcpState>,
    /// From asking the proxy for a tunnel to having it: its way to the endpoint, and its own work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tunnel_us: Option<u64>,
    /// The TLS handshake.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<Handshake>,
    /// Which certificate was shown, by its place in the list; a resumed session shows none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<usize>,
    /// What was answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http: Option<HttpAnswer>,
    /// How it ended.
    pub ended: Ended,
    /// For how long threads of this process waited for a CPU while it went on, µs, added up (`run_delay` of
    /// `/proc/self/task/*/schedstat`): in `connect_us` and the other times of the stopwatch, never in `tcp`.
    pub waited_us: Option<u64>,
}

impl Connect {
    /// The kernel's round trip, ms, if nothing was sent again: the others are no samples of it.
    pub fn clean_rtt_ms(&self) -> Option<f64> {
        let tcp = self.tcp.as_ref().filter(|tcp| tcp.clean() == Some(true))?;
        tcp.rtt_us.map(|us| f64::from(us) / 1e3)
    }
    /// Was the SYN, or its answer, sent again? `None` where it does not stand or the kernel does not tell.
    pub fn lost(&self) -> Option<bool> {
        self.tcp.as_ref()?.clean().map(|clean| !clean)
    }
}
