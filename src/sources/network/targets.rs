//! Which addresses of a name are connected to.

use crate::model::payload::network::{AddressClass, Target};
use std::net::{IpAddr, SocketAddr, UdpSocket};

/// No more than these.
const MOST: usize = 4;

/// The first ones in the resolver's order, both families where there are both; and how many are left out.
pub fn choose(addresses: &[IpAddr], port: u16) -> (Vec<Target>, usize) {
    let mut chosen: Vec<IpAddr> = addresses.iter().copied().take(MOST).collect();
    let other = |ip: &&IpAddr| chosen.iter().all(|c| c.is_ipv4() != ip.is_ipv4());
    if let (Some(ip), true) = (addresses.iter().find(other).copied(), chosen.len() == MOST) {
        chosen[MOST - 1] = ip;
    }
    let left_out = addresses.len() - chosen.len();
    (chosen.into_iter().map(|ip| target(SocketAddr::new(ip, port))).collect(), left_out)
}

fn target(address: SocketAddr) -> Target {
    Target { address, class: AddressClass::of(address.ip()), from: from(address) }
}

/// The address that the kernel would go from. Connecting a datagram socket sends nothing.
fn from(to: SocketAddr) -> Option<IpAddr> {
    let socket = UdpSocket::bind(if to.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" }).ok()?;
    socket.connect(to).ok()?;
    Some(socket.local_addr().ok()?.ip())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_families_are_connected_to_where_there_are_both() {
        let all: Vec<IpAddr> = ["::1", "::2", "::3", "::4", "::5", "127.0.0.9"].map(|a| a.parse().unwrap()).to_vec();
        let (chosen, left_out) = choose(&all, 443);
        let ips: Vec<String> = chosen.iter().map(|t| t.address.ip().to_string()).collect();
        assert_eq!((ips, left_out), (["::1", "::2", "::3", "127.0.0.9"].map(String::from).to_vec(), 2));
        assert_eq!(chosen[3].from, Some("127.0.0.1".parse().unwrap()));
        assert_eq!(choose(&all[..2], 443).1, 0);
        assert_eq!(choose(&[], 443).0.len(), 0);
    }
}
