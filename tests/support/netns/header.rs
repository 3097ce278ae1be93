//! The headers of one IP packet, as far as the log keeps them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Bits of the TCP header's flags (RFC 9293, section 3.1).
pub mod flags {
    /// The sender has no more to send.
    pub const FIN: u8 = 0x01;
    /// The connection begins.
    pub const SYN: u8 = 0x02;
    /// The connection is refused or given up.
    pub const RST: u8 = 0x04;
    /// The acknowledgement number counts.
    pub const ACK: u8 = 0x10;
}

/// Who sent a packet to whom, and what it carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Sender.
    pub source: IpAddr,
    /// Receiver.
    pub target: IpAddr,
    /// Time to live, in IPv6 the hop limit.
    pub ttl: u8,
    /// What it carries.
    pub transport: Transport,
}

/// What a packet carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// A TCP segment.
    Tcp {
        /// Port of the sender.
        source_port: u16,
        /// Port of the receiver.
        target_port: u16,
        /// Sequence number of the first byte.
        sequence: u32,
        /// Next sequence number that the sender expects.
        acknowledgement: u32,
        /// See [`flags`].
        flags: u8,
        /// Data, bytes.
        payload: usize,
    },
    /// A UDP datagram.
    Udp {
        /// Port of the sender.
        source_port: u16,
        /// Port of the receiver.
        target_port: u16,
        /// Data, bytes.
        payload: usize,
    },
    /// An echo request or reply of ICMP or ICMPv6.
    Echo {
        /// Is it the reply?
        reply: bool,
        /// Which ping.
        id: u16,
        /// Which of its requests.
        sequence: u16,
    },
    /// Any other message of ICMP or ICMPv6.
    Icmp {
        /// Its type.
        kind: u8,
        /// Its code.
        code: u8,
    },
    /// Any other protocol, a later fragment, or a header that is cut off.
    Other(u8),
}

impl Header {
    /// Reads the headers of an IPv4 or IPv6 packet; nothing if it is neither.
    pub fn parse(packet: &[u8]) -> Option<Header> {
        match packet.first()? >> 4 {
            4 => Header::parse_v4(packet),
            6 => Header::parse_v6(packet),
            _ => None,
        }
    }

    fn parse_v4(packet: &[u8]) -> Option<Header> {
        let fixed: &[u8; 20] = packet.first_chunk()?;
        let body = packet.get(usize::from(fixed[0] & 0x0f) * 4..)?;
        let is_later_fragment = be16(fixed, 6)? & 0x1fff != 0;
        let source = Ipv4Addr::from(*fixed[12..].first_chunk::<4>()?).into();
        let target = Ipv4Addr::from(*fixed[16..].first_chunk::<4>()?).into();
        let transport = if is_later_fragment { None } else { transport(fixed[9], body) };
        Some(Header { source, target, ttl: fixed[8], transport: transport.unwrap_or(Transport::Other(fixed[9])) })
    }

    fn parse_v6(packet: &[u8]) -> Option<Header> {
        let fixed: &[u8; 40] = packet.first_chunk()?;
        let source = Ipv6Addr::from(*fixed[8..].first_chunk::<16>()?).into();
        let target = Ipv6Addr::from(*fixed[24..].first_chunk::<16>()?).into();
        let transport = transport(fixed[6], &packet[40..]).unwrap_or(Transport::Other(fixed[6]));
        Some(Header { source, target, ttl: fixed[7], transport })
    }

    /// Is it a SYN or a SYN-ACK?
    pub fn is_syn(&self) -> bool {
        matches!(self.transport, Transport::Tcp { flags, .. } if flags & flags::SYN != 0)
    }
}

/// By the number of the protocol (1 ICMP, 6 TCP, 17 UDP, 58 ICMPv6); nothing if it is another one or cut off.
fn transport(protocol: u8, body: &[u8]) -> Option<Transport> {
    let icmp = |request: u8, reply: u8| match (*body.first()?, *body.get(1)?) {
        (kind, 0) if kind == request || kind == reply => Some(Transport::Echo { reply: kind == reply, id: be16(body, 4)?, sequence: be16(body, 6)? }),
        (kind, code) => Some(Transport::Icmp { kind, code }),
    };
    match protocol {
        1 => icmp(8, 0),
        58 => icmp(128, 129),
        6 => Some(Transport::Tcp {
            source_port: be16(body, 0)?,
            target_port: be16(body, 2)?,
            sequence: be32(body, 4)?,
            acknowledgement: be32(body, 8)?,
            flags: *body.get(13)?,
            payload: body.len().saturating_sub(usize::from(body.get(12)? >> 4) * 4),
        }),
        17 => Some(Transport::Udp { source_port: be16(body, 0)?, target_port: be16(body, 2)?, payload: body.len().checked_sub(8)? }),
        _ => None,
    }
}

fn be16(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().copied().map(u16::from_be_bytes)
}

fn be32(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().copied().map(u32::from_be_bytes)
}
