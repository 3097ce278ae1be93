use super::{Ended, TcpState};
use serde::{Deserialize, Serialize};

/// A request with a body of several full packets. What swallows large packets lets handshakes and small requests pass, and stops
/// long prompts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LargeBody {
    /// Which of the targets, by its place in the list.
    pub target: usize,
    /// Bytes of the body.
    pub bytes: u64,
    /// What the kernel said before it was sent.
    pub before: TcpState,
    /// Each time that the kernel said something else, until the end; the last one is at the end. 100 at most.
    pub looks: Vec<Look>,
    /// From the first byte of the request to the first byte of the response, µs.
    pub answered_us: Option<u64>,
    /// Status of the response. An error is what the body is meant to bring.
    pub status: Option<u16>,
    /// How it ended.
    pub ended: Ended,
}

/// What the kernel said at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Look {
    /// Since the first byte of the request, µs.
    pub after_us: u64,
    /// What it said.
    pub tcp: TcpState,
}

/// What became of the large packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PathMtu {
    /// They passed.
    Passed {
        /// Largest packet, bytes.
        mtu: u32,
    },
    /// They were too large, a router said so, and smaller ones passed: as it should be (RFC 1191, RFC 8201).
    Found {
        /// Largest packet before, bytes.
        from: u32,
        /// ... and since.
        to: u32,
    },
    /// They were sent again and again, and nobody said that they are too large: a black hole.
    BlackHole {
        /// The size that does not pass, bytes.
        mtu: u32,
        /// How often something was sent again.
        retransmits: u32,
    },
    /// It ended before that could be told.
    Unclear,
}

/// So often in a row the timer sends a segment again before its path is called a black hole: loss of 2 % does that to one of six
/// million. What selective acknowledgements make the kernel send again at once does not count: a burst that was lost looks the same.
const AGAIN: u8 = 3;

impl LargeBody {
    /// What the kernel said last.
    pub fn last(&self) -> TcpState {
        self.looks.last().map_or(self.before, |look| look.tcp)
    }
    /// Did the peer acknowledge the whole body?
    pub fn arrived(&self) -> Option<bool> {
        let acked = self.last().bytes_acked?.saturating_sub(self.before.bytes_acked?);
        Some(acked >= self.bytes)
    }
    /// What became of the large packets.
    pub fn path_mtu(&self) -> PathMtu {
        let last = self.last();
        let (Some(from), Some(to)) = (self.before.pmtu, last.pmtu) else { return PathMtu::Unclear };
        let again = last.total_retrans.unwrap_or(0).saturating_sub(self.before.total_retrans.unwrap_or(0));
        if self.arrived() == Some(true) || self.status.is_some_and(|status| status < 500) && self.arrived().is_none() {
            return if to < from { PathMtu::Found { from, to } } else { PathMtu::Passed { mtu: to } };
        }
        if to == from && last.retransmits.is_some_and(|n| n >= AGAIN) { PathMtu::BlackHole { mtu: to, retransmits: again } } else { PathMtu::Unclear }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(pmtu: u32, retrans: u32, in_a_row: u8, acked: u64) -> PathMtu {
        let before = TcpState { pmtu: Some(1500), total_retrans: Some(1), bytes_acked: Some(500), ..TcpState::default() };
        let tcp =
            TcpState { pmtu: Some(pmtu), total_retrans: Some(1 + retrans), retransmits: Some(in_a_row), bytes_acked: Some(500 + acked), ..before };
        let looks = vec![Look { after_us: 9, tcp }];
        LargeBody { target: 0, bytes: 8192, before, looks, answered_us: None, status: None, ended: Ended::Done }.path_mtu()
    }

    #[test]
    fn a_stall_with_retransmits_and_the_same_mtu_is_a_black_hole() {
        assert_eq!(body(1500, 0, 0, 8192), PathMtu::Passed { mtu: 1500 });
        assert_eq!(body(1500, 5, 0, 8192), PathMtu::Passed { mtu: 1500 }, "loss");
        assert_eq!(body(1300, 6, 0, 8192), PathMtu::Found { from: 1500, to: 1300 });
        assert_eq!(body(1500, 7, 3, 0), PathMtu::BlackHole { mtu: 1500, retransmits: 7 });
        assert_eq!(body(1500, 5, 1, 0), PathMtu::Unclear, "a burst that was lost");
    }
}
