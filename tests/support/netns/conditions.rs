//! What a relay does to the packets of one direction.

use std::time::Duration;

/// Delay, loss and limits of one direction of a path.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Conditions {
    /// One-way delay of each packet.
    pub delay: Duration,
    /// What varies around that delay; a packet's delay is never below zero.
    pub jitter: Jitter,
    /// Which packets are lost.
    pub loss: Loss,
    /// The path MTU, where it is smaller than that of the devices.
    pub largest: Option<Largest>,
    /// The bottleneck, which packets pass before they are delayed.
    pub rate: Option<Rate>,
    /// Packets may overtake one another where jitter makes them; otherwise a packet waits for the one before it.
    pub reorders: bool,
}

/// How the delay of a packet differs from the base delay.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub enum Jitter {
    /// Not at all.
    #[default]
    None,
    /// Evenly between minus and plus this much.
    Uniform(Duration),
    /// By a normal distribution with mean 0 and this standard deviation.
    Normal(Duration),
    /// Longer by an exponential distribution with this mean.
    Exponential(Duration),
}

/// Which packets are lost.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub enum Loss {
    /// None.
    #[default]
    Never,
    /// Each one with this probability, independently.
    Chance(f64),
    /// Exactly the n-th, the 2n-th and so on, counted since the conditions were set.
    EachNth(u64),
    /// The first n TCP SYN or SYN-ACK segments since the conditions were set.
    FirstSyns(u64),
    /// Each TCP SYN or SYN-ACK segment with this probability.
    Syns(f64),
    /// All: a black hole.
    All,
}

/// Path MTU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Largest {
    /// Size of the largest packet that passes, with its IP header, bytes.
    pub bytes: usize,
    /// Is the sender told by ICMP ("fragmentation needed", in IPv6 "packet too big")? If not, it is an MTU black hole.
    pub told: bool,
}

/// A token bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Sustained rate of IP packets with their headers, bit/s.
    pub bits_per_second: u64,
    /// What passes at once after a pause, bytes.
    pub burst: usize,
    /// What can wait for its turn, bytes; packets that find no room are dropped.
    pub queue: usize,
}

impl Conditions {
    /// Nothing but a one-way delay.
    pub fn delay_ms(ms: f64) -> Conditions {
        Conditions { delay: Duration::from_secs_f64(ms / 1e3), ..Conditions::default() }
    }

    /// A black hole.
    pub fn black_hole() -> Conditions {
        Conditions { loss: Loss::All, ..Conditions::default() }
    }
}
