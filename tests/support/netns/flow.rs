//! What the log says of one connection, one ping, one exchange of datagrams. All times are those at the device of the client,
//! and bounds from below: what a client measures is longer by what its kernel, the device and its own waiting for a processor take.

use super::{
    header::{Transport, flags},
    log::{Direction, Log, Packet},
};
use std::collections::BTreeSet;

/// The packets of one TCP connection, by the client's port.
#[derive(Clone, Debug)]
pub struct Flow {
    /// In the order in which they were read.
    pub packets: Vec<Packet>,
}

/// One echo request and its reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Echo {
    /// Which ping.
    pub id: u16,
    /// Which of its requests.
    pub sequence: u16,
    /// When the request was read from the client's device, monotonic ns.
    pub read_ns: u64,
    /// From then until the reply was written to the client's device, ns; nothing while there is none.
    pub round_trip_ns: Option<u64>,
    /// Where the relay dropped it.
    pub lost: Option<Direction>,
}

/// A datagram and its answer, such as a question of the DNS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// Port of the client.
    pub client_port: u16,
    /// Port of the server.
    pub server_port: u16,
    /// When the first datagram was read from the client's device, monotonic ns.
    pub read_ns: u64,
    /// From then until the first answer was written to the client's device, ns.
    pub round_trip_ns: Option<u64>,
}

impl Log {
    /// The client's ports of all TCP connections, in the order of their first SYN.
    pub fn client_ports(&self) -> Vec<u16> {
        let mut ports = vec![];
        for packet in self.of(Direction::Forward).filter(|p| p.header.is_syn()) {
            if let Transport::Tcp { source_port, .. } = packet.header.transport
                && !ports.contains(&source_port)
            {
                ports.push(source_port);
            }
        }
        ports
    }

    /// The connection of a client's port; without packets if there was none. A port that was used again joins both.
    pub fn flow(&self, client_port: u16) -> Flow {
        let is_its = |packet: &&Packet| match (packet.header.transport, packet.direction) {
            (Transport::Tcp { source_port, .. }, Direction::Forward) => source_port == client_port,
            (Transport::Tcp { target_port, .. }, Direction::Reverse) => target_port == client_port,
            _ => false,
        };
        Flow { packets: self.packets.iter().filter(is_its).copied().collect() }
    }

    /// The connection of a client's port that began nearest to then, monotonic ns: kernels use a port again for another one.
    pub fn connection(&self, client_port: u16, began_ns: u64) -> Option<Flow> {
        let since = |flow: &Flow| flow.packets.first().map(|first| first.read_ns.abs_diff(began_ns));
        self.flow(client_port).connections().into_iter().min_by_key(since)
    }

    /// All pings of the client.
    pub fn echoes(&self) -> Vec<Echo> {
        let requests = self.of(Direction::Forward).filter_map(|packet| match packet.header.transport {
            Transport::Echo { reply: false, id, sequence } => Some((packet, id, sequence)),
            _ => None,
        });
        let echo = |(request, id, sequence): (&Packet, u16, u16)| {
            let answers = Transport::Echo { reply: true, id, sequence };
            let reply = self.of(Direction::Reverse).find(|p| p.header.transport == answers && p.read_ns > request.read_ns);
            let round_trip_ns = reply.and_then(Packet::written_ns).map(|at_ns| at_ns - request.read_ns);
            let lost = match reply {
                _ if request.is_dropped() => Some(Direction::Forward),
                Some(reply) if reply.is_dropped() => Some(Direction::Reverse),
                _ => None,
            };
            Echo { id, sequence, read_ns: request.read_ns, round_trip_ns, lost }
        };
        requests.map(echo).collect()
    }

    /// All exchanges of datagrams with a server's port, such as 53.
    pub fn exchanges(&self, server_port: u16) -> Vec<Exchange> {
        let mut exchanges: Vec<Exchange> = vec![];
        for packet in &self.packets {
            let Transport::Udp { source_port, target_port, .. } = packet.header.transport else { continue };
            if packet.direction == Direction::Forward && target_port == server_port {
                if !exchanges.iter().any(|e| e.client_port == source_port) {
                    exchanges.push(Exchange { client_port: source_port, server_port, read_ns: packet.read_ns, round_trip_ns: None });
                }
            } else if source_port == server_port
                && let Some(exchange) = exchanges.iter_mut().find(|e| e.client_port == target_port && e.round_trip_ns.is_none())
            {
                exchange.round_trip_ns = packet.written_ns().map(|at_ns| at_ns - exchange.read_ns);
            }
        }
        exchanges
    }
}

impl Flow {
    /// One for each connection of the port: each begins with a SYN of a number that none before it had.
    pub fn connections(&self) -> Vec<Flow> {
        let mut begun = BTreeSet::new();
        let mut all: Vec<Flow> = vec![];
        for packet in &self.packets {
            let begins = match packet.header.transport {
                Transport::Tcp { sequence, .. } if packet.direction == Direction::Forward && packet.header.is_syn() => begun.insert(sequence),
                _ => false,
            };
            match all.last_mut() {
                Some(connection) if !begins => connection.packets.push(*packet),
                _ => all.push(Flow { packets: vec![*packet] }),
            }
        }
        all
    }

    /// From when the SYN was read from the client's device until its SYN-ACK was written to it, ns. If the SYN was sent more than once: the last
    /// one that had reached the server before it answered. The client's kernel cannot see a shorter round trip of its handshake.
    pub fn handshake_relay_ns(&self) -> Option<u64> {
        let answer = self.syn_ack()?;
        let syns = self.syns().filter(|syn| syn.written_ns().is_some_and(|at_ns| at_ns <= answer.read_ns));
        Some(answer.written_ns()? - syns.last()?.read_ns)
    }

    /// From when the first SYN was read from the client's device until the first SYN-ACK was written to it, ns: the least that `connect` takes,
    /// with all that was lost.
    pub fn connect_relay_ns(&self) -> Option<u64> {
        Some(self.syn_ack()?.written_ns()? - self.syns().next()?.read_ns)
    }

    /// SYNs of the client.
    pub fn syns(&self) -> impl Iterator<Item = &Packet> {
        self.packets.iter().filter(|p| p.direction == Direction::Forward && p.header.is_syn())
    }

    /// SYNs and SYN-ACKs that the relay dropped.
    pub fn syns_lost(&self) -> usize {
        self.packets.iter().filter(|p| p.header.is_syn() && p.is_dropped()).count()
    }

    /// Packets that the relay dropped.
    pub fn dropped(&self, direction: Direction) -> usize {
        self.packets.iter().filter(|p| p.direction == direction && p.is_dropped()).count()
    }

    /// Segments with a SYN, with data or with a FIN that the sender had sent before: sent again, needed or not.
    pub fn retransmissions(&self, direction: Direction) -> usize {
        let mut seen = BTreeSet::new();
        let mut again = 0;
        for packet in self.packets.iter().filter(|p| p.direction == direction) {
            let Transport::Tcp { sequence, flags: bits, payload, .. } = packet.header.transport else { continue };
            if bits & (flags::SYN | flags::FIN) != 0 || payload > 0 {
                again += usize::from(!seen.insert(sequence));
            }
        }
        again
    }

    /// From when the client's first data were read from its device until the server's first data were written to it, ns:
    /// of a TLS connection, from ClientHello to ServerHello.
    pub fn first_answer_relay_ns(&self) -> Option<u64> {
        let asked = self.packets.iter().find(|p| p.direction == Direction::Forward && has_data(p))?;
        let answer = self.packets.iter().find(|p| p.direction == Direction::Reverse && has_data(p) && p.written_ns().is_some())?;
        Some(answer.written_ns()? - asked.read_ns)
    }

    fn syn_ack(&self) -> Option<&Packet> {
        self.packets.iter().find(|p| p.direction == Direction::Reverse && p.header.is_syn() && p.written_ns().is_some())
    }
}

fn has_data(packet: &Packet) -> bool {
    matches!(packet.header.transport, Transport::Tcp { payload, .. } if payload > 0)
}
