use serde::{Deserialize, Serialize};

/// What the kernel says of a connection (`TCP_INFO`, `struct tcp_info` of `linux/tcp.h`). A field that a kernel is too old to
/// give is `None`.
///
/// The round trip is taken by the kernel where packets pass: no scheduling of this process is in it. Where the SYN or its answer
/// was sent again (`total_retrans` above 0) it may cover the wait, so such a row says nothing about the round trip.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TcpState {
    /// Smoothed round trip, µs; of a connection that was just made it is the one sample that the handshake gave.
    pub rtt_us: Option<u32>,
    /// Its mean deviation, µs; half of the sample where there is but one.
    pub rttvar_us: Option<u32>,
    /// The least round trip, µs.
    pub min_rtt_us: Option<u32>,
    /// Segments that were sent again since the connection began, SYN included.
    pub total_retrans: Option<u32>,
    /// Times in a row that the segment in question has been sent again.
    pub retransmits: Option<u8>,
    /// Largest packet of the path, as far as known, bytes.
    pub pmtu: Option<u32>,
    /// Largest segment that is sent, bytes.
    pub snd_mss: Option<u32>,
    /// Largest segment that was advertised to the peer, bytes.
    pub advmss: Option<u32>,
    /// Segments sent and not yet acknowledged.
    pub unacked: Option<u32>,
    /// Bytes that the peer acknowledged.
    pub bytes_acked: Option<u64>,
    /// Bytes that were handed over and not yet sent for the first time.
    pub notsent_bytes: Option<u32>,
    /// Latest rate of delivery, bytes per second: one reading of it says little (it follows bursts).
    pub delivery_rate: Option<u64>,
}

impl TcpState {
    /// Was nothing sent again? `None` where the kernel does not tell.
    pub fn clean(&self) -> Option<bool> {
        self.total_retrans.map(|n| n == 0)
    }
}
