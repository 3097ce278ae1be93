//! The packets of one direction that share conditions: all, or those of one server address.

use super::{
    bucket::Bucket,
    conditions::{Conditions, Jitter, Loss},
    header::Header,
    log::Why,
};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;
use std::f64::consts::TAU;

/// Conditions and what happened under them.
pub(super) struct Lane {
    conditions: Conditions,
    random: Pcg64,
    bucket: Option<Bucket>,
    packets: u64,
    syns: u64,
    last_due_ns: u64,
}

impl Lane {
    pub fn new(conditions: Conditions, seed: u64) -> Lane {
        Lane { conditions, random: Pcg64::seed_from_u64(seed), bucket: None, packets: 0, syns: 0, last_due_ns: 0 }
    }

    /// Other conditions from the next packet on. Packets under way keep their time, and the random numbers go on.
    pub fn set(&mut self, conditions: Conditions) {
        (self.conditions, self.bucket, self.packets, self.syns) = (conditions, None, 0, 0);
    }

    /// When a packet that comes now is due, monotonic ns, or why it is dropped.
    pub fn decide(&mut self, header: &Header, bytes: usize, now_ns: u64) -> Result<u64, Why> {
        self.packets += 1;
        self.syns += u64::from(header.is_syn());
        if self.is_lost(header) {
            return Err(Why::Lost);
        }
        if let Some(largest) = self.conditions.largest.filter(|largest| bytes > largest.bytes) {
            return Err(Why::TooLarge { told: largest.told });
        }
        let passed_ns = match self.conditions.rate {
            Some(rate) => self.bucket.get_or_insert_with(|| Bucket::full(rate, now_ns)).pass(rate, bytes, now_ns).ok_or(Why::QueueFull)?,
            None => now_ns,
        };
        let mut due_ns = passed_ns + self.delay_ns();
        if !self.conditions.reorders {
            due_ns = due_ns.max(self.last_due_ns);
        }
        self.last_due_ns = due_ns;
        Ok(due_ns)
    }

    /// The path MTU that a sender is told.
    pub fn mtu(&self) -> Option<usize> {
        Some(self.conditions.largest?.bytes)
    }

    fn is_lost(&mut self, header: &Header) -> bool {
        match self.conditions.loss {
            Loss::Never => false,
            Loss::All => true,
            Loss::Chance(share) => self.random.random_bool(share),
            Loss::EachNth(n) => self.packets.is_multiple_of(n),
            Loss::FirstSyns(n) => header.is_syn() && self.syns <= n,
            Loss::Syns(share) => header.is_syn() && self.random.random_bool(share),
        }
    }

    fn delay_ns(&mut self) -> u64 {
        let varied = match self.conditions.jitter {
            Jitter::None => 0.0,
            Jitter::Uniform(most) => (2.0 * self.random.random::<f64>() - 1.0) * most.as_nanos() as f64,
            Jitter::Normal(deviation) => self.standard_normal() * deviation.as_nanos() as f64,
            Jitter::Exponential(mean) => self.standard_exponential() * mean.as_nanos() as f64,
        };
        (self.conditions.delay.as_nanos() as f64 + varied).max(0.0).round() as u64
    }

    fn standard_exponential(&mut self) -> f64 {
        -(1.0 - self.random.random::<f64>()).ln()
    }

    /// By Box and Muller.
    fn standard_normal(&mut self) -> f64 {
        (2.0 * self.standard_exponential()).sqrt() * (TAU * self.random.random::<f64>()).cos()
    }
}
