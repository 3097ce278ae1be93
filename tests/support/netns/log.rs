//! What a relay saw and did, packet by packet: the truth that a measurement is laid beside.

use super::header::Header;

/// Which way a packet goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Direction {
    /// From the client towards the server.
    Forward,
    /// From the server towards the client.
    Reverse,
}

impl Direction {
    /// The other one.
    pub fn opposite(self) -> Direction {
        match self {
            Direction::Forward => Direction::Reverse,
            Direction::Reverse => Direction::Forward,
        }
    }
}

/// Why a packet was dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// By [`Loss`](super::Loss).
    Lost,
    /// Larger than the path MTU; was the sender told?
    TooLarge {
        /// By a message of ICMP, written back at once.
        told: bool,
    },
    /// The bottleneck's queue was full.
    QueueFull,
    /// The receiving device did not take it.
    NotTaken,
}

/// What became of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It waits for its time.
    Waiting {
        /// When it is to be written, monotonic ns.
        due_ns: u64,
    },
    /// It was passed on.
    Written {
        /// When it was to be written, monotonic ns.
        due_ns: u64,
        /// When it was, monotonic ns, taken just before: the receiver has it no earlier.
        at_ns: u64,
    },
    /// It was dropped.
    Dropped(Why),
}

/// One packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet {
    /// Which way it went.
    pub direction: Direction,
    /// When it was read from the sender's device, `CLOCK_MONOTONIC` in ns, taken just after: the sender had sent it by then.
    pub read_ns: u64,
    /// Size with its IP header, bytes.
    pub bytes: usize,
    /// Its headers.
    pub header: Header,
    /// What became of it.
    pub fate: Fate,
}

impl Packet {
    /// When it was passed on, monotonic ns.
    pub fn written_ns(&self) -> Option<u64> {
        match self.fate {
            Fate::Written { at_ns, .. } => Some(at_ns),
            _ => None,
        }
    }

    /// The delay that the conditions asked for, ns; with order kept that includes waiting for the packet before it.
    pub fn asked_ns(&self) -> Option<u64> {
        match self.fate {
            Fate::Written { due_ns, .. } | Fate::Waiting { due_ns } => Some(due_ns.saturating_sub(self.read_ns)),
            Fate::Dropped(_) => None,
        }
    }

    /// How much later than asked for it was passed on, ns: what the relay itself adds.
    pub fn overhead_ns(&self) -> Option<u64> {
        match self.fate {
            Fate::Written { due_ns, at_ns } => Some(at_ns.saturating_sub(due_ns)),
            _ => None,
        }
    }

    /// Does it wait for its time?
    pub fn is_under_way(&self) -> bool {
        matches!(self.fate, Fate::Waiting { .. })
    }

    /// Was it dropped by the relay?
    pub fn is_dropped(&self) -> bool {
        matches!(self.fate, Fate::Dropped(_))
    }
}

/// All packets so far, as they were read.
#[derive(Clone, Debug, Default)]
pub struct Log {
    /// In the order of `read_ns`.
    pub packets: Vec<Packet>,
}

impl Log {
    /// The packets of one direction.
    pub fn of(&self, direction: Direction) -> impl Iterator<Item = &Packet> {
        self.packets.iter().filter(move |p| p.direction == direction)
    }

    /// What the relay itself added to each packet, ns, sorted.
    pub fn overheads_ns(&self) -> Vec<u64> {
        let mut all: Vec<_> = self.packets.iter().filter_map(Packet::overhead_ns).collect();
        all.sort_unstable();
        all
    }
}

/// The least of some sorted values that this share of them does not exceed (nearest rank).
pub fn quantile(sorted: &[u64], share: f64) -> Option<u64> {
    let rank = (share * sorted.len() as f64).ceil().max(1.0) as usize;
    sorted.get(rank.min(sorted.len()).checked_sub(1)?).copied()
}
