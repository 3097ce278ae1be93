//! What control messages tell: who let a packet die, and when the kernel received one.

use super::sockets::Control;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// An error that a router or host sent (`struct sock_extended_err` of `linux/errqueue.h`, and the address behind it).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent {
    /// Who.
    pub by: IpAddr,
    /// ICMP's type and code.
    pub icmp: (u8, u8),
}

const FROM_ICMP: u8 = 2;
const FROM_ICMP6: u8 = 3;
/// `struct sock_extended_err`; the sender's address follows.
const ERROR: usize = 16;

/// The error, if one is among them.
pub fn sent(control: &[Control]) -> Option<Sent> {
    let error = control
        .iter()
        .find(|c| (c.level, c.kind) == (libc::SOL_IP, libc::IP_RECVERR) || (c.level, c.kind) == (libc::SOL_IPV6, libc::IPV6_RECVERR))?;
    let data = &error.data;
    let (origin, kind, code) = (*data.get(4)?, *data.get(5)?, *data.get(6)?);
    let by = match origin {
        FROM_ICMP => IpAddr::from(<[u8; 4]>::try_from(data.get(ERROR + 4..ERROR + 8)?).map(Ipv4Addr::from).ok()?),
        FROM_ICMP6 => IpAddr::from(<[u8; 16]>::try_from(data.get(ERROR + 8..ERROR + 24)?).map(Ipv6Addr::from).ok()?),
        _ => return None,
    };
    Some(Sent { by, icmp: (kind, code) })
}

/// When the kernel received the packet, ns since the epoch on its wall clock (`SO_TIMESTAMPNS`), if it says so.
pub fn stamp_ns(control: &[Control]) -> Option<i64> {
    let stamp = control.iter().find(|c| (c.level, c.kind) == (libc::SOL_SOCKET, libc::SCM_TIMESTAMPNS))?;
    let number = |at: usize| stamp.data.get(at..at + 8)?.try_into().ok().map(i64::from_ne_bytes);
    number(0)?.checked_mul(1_000_000_000)?.checked_add(number(8)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_router_is_named_by_the_address_behind_the_error() {
        let mut data = vec![113, 0, 0, 0, FROM_ICMP, 11, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 10, 9, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0];
        let error = |data: &[u8]| Control { level: libc::SOL_IP, kind: libc::IP_RECVERR, data: data.to_vec() };
        assert_eq!(sent(&[error(&data)]), Some(Sent { by: "10.9.8.7".parse().unwrap(), icmp: (11, 0) }));
        assert_eq!(sent(&[error(&data[..20])]), None);
        // An error of this machine's own is no router's.
        data[4] = 1;
        assert_eq!(sent(&[error(&data)]), None);

        let mut data = [vec![113, 0, 0, 0, FROM_ICMP6, 3, 0, 0], vec![0; 16]].concat();
        data.extend(Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, 1).octets());
        let error = Control { level: libc::SOL_IPV6, kind: libc::IPV6_RECVERR, data };
        assert_eq!(sent(&[error]), Some(Sent { by: "fd00::1".parse().unwrap(), icmp: (3, 0) }));
    }

    #[test]
    fn the_stamp_is_seconds_and_nanoseconds() {
        let data = [5_i64.to_ne_bytes(), 7_i64.to_ne_bytes()].concat();
        let stamp = |data: Vec<u8>| stamp_ns(&[Control { level: libc::SOL_SOCKET, kind: libc::SCM_TIMESTAMPNS, data }]);
        assert_eq!((stamp(data.clone()), stamp(data[..9].to_vec()), stamp_ns(&[])), (Some(5_000_000_007), None, None));
        assert_eq!(stamp([i64::MAX.to_ne_bytes(), [0; 8]].concat()), None);
    }
}
