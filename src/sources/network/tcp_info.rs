//! `struct tcp_info` of `linux/tcp.h`: fields by their offsets, as far as the kernel gave bytes.

use super::sockets;
use crate::model::payload::network::TcpState;
use std::os::fd::BorrowedFd;

/// What the kernel says of a connection now; nothing where it does not.
pub fn read(socket: BorrowedFd<'_>) -> Option<TcpState> {
    sockets::tcp_info(socket).ok().map(|bytes| parse(&bytes))
}

/// The kernel's mark of a least round trip that was never taken.
const NONE_YET: u32 = u32::MAX;

/// Reads the fields that are there.
pub fn parse(bytes: &[u8]) -> TcpState {
    let u32_at = |at: usize| bytes.get(at..at + 4)?.try_into().ok().map(u32::from_ne_bytes);
    let u64_at = |at: usize| bytes.get(at..at + 8)?.try_into().ok().map(u64::from_ne_bytes);
    TcpState {
        retransmits: bytes.get(2).copied(),
        snd_mss: u32_at(16),
        unacked: u32_at(24),
        pmtu: u32_at(60),
        rtt_us: u32_at(68),
        rttvar_us: u32_at(72),
        advmss: u32_at(84),
        total_retrans: u32_at(100),
        bytes_acked: u64_at(120),
        notsent_bytes: u32_at(144),
        min_rtt_us: u32_at(148).filter(|us| *us != NONE_YET),
        delivery_rate: u64_at(160),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        net::{TcpListener, TcpStream},
        os::fd::AsFd,
    };

    #[test]
    fn loopback_has_a_round_trip_and_the_largest_packets() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let state = read(stream.as_fd()).unwrap();
        assert!(state.rtt_us.is_some_and(|us| us > 0 && us < 1_000_000), "{state:?}");
        assert!(state.pmtu.is_some_and(|mtu| (1_280..=65_536).contains(&mtu)), "{state:?}");
        assert!(state.snd_mss.is_some_and(|mss| mss + 40 <= state.pmtu.unwrap()), "{state:?}");
        assert_eq!((state.total_retrans, state.clean()), (Some(0), Some(true)));
    }

    #[test]
    fn an_older_kernel_gives_fewer_fields() {
        let mut bytes: Vec<u8> = (0..70_u32).flat_map(|n| (4 * n).to_ne_bytes()).collect();
        let whole = parse(&bytes);
        assert_eq!((whole.rtt_us, whole.pmtu, whole.total_retrans, whole.min_rtt_us), (Some(68), Some(60), Some(100), Some(148)));
        bytes.truncate(104);
        let old = parse(&bytes);
        assert_eq!((old.total_retrans, old.bytes_acked, old.min_rtt_us), (Some(100), None, None));
        bytes.truncate(102);
        assert_eq!(parse(&bytes).total_retrans, None);
        assert_eq!(parse(&[]), TcpState::default());
    }
}
