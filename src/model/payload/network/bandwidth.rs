use super::Ended;
use serde::{Deserialize, Serialize};

/// A bounded download, as its receiver saw it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bandwidth {
    /// Which of the targets, by its place in the list.
    pub target: usize,
    /// Status of the response.
    pub status: u16,
    /// Bytes of the body that had come by then, in order of time, 400 at most.
    pub arrived: Vec<Arrived>,
    /// How it ended.
    pub ended: Ended,
}

/// So much had come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arrived {
    /// Since the first byte of the response, µs.
    pub after_us: u64,
    /// Bytes of the body in all.
    pub bytes: u64,
}

/// What comes before this share of the bytes is the beginning of a connection, not its rate.
const BEGINNING: f64 = 0.2;

impl Bandwidth {
    /// Bits per second after the first 20 % of the bytes: bytes over time of the rest. All bytes over all time would count what
    /// waited in buffers, and the time until the window had grown. `None`: too little came.
    pub fn bits_per_s(&self) -> Option<f64> {
        let last = self.arrived.last()?;
        let from = self.arrived.iter().find(|a| a.bytes as f64 >= BEGINNING * last.bytes as f64)?;
        let us = last.after_us.checked_sub(from.after_us).filter(|us| *us > 0)?;
        Some((last.bytes - from.bytes) as f64 * 8e6 / us as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_beginning_is_left_out() {
        // 20 % at once, the rest at 1 byte/µs.
        let arrived = [(0, 20_000), (40_000, 60_000), (80_000, 100_000)].map(|(after_us, bytes)| Arrived { after_us, bytes }).to_vec();
        let read = Bandwidth { target: 0, status: 200, arrived, ended: Ended::Done };
        assert_eq!(read.bits_per_s(), Some(8e6));
        assert_eq!(Bandwidth { arrived: vec![], ..read }.bits_per_s(), None);
    }
}
