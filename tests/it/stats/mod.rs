//! Statistics against independent truth: numpy and scipy, certified data, laws, and simulation.

mod bounds;
mod coverage;
mod laws;
mod laws_of_answers;
mod nist;
mod rounds;
mod simulation;
mod vectors;

use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;

/// Random numbers that are the same on every run.
pub struct Dice(Pcg64);

impl Dice {
    pub fn seeded(seed: u64) -> Dice {
        Dice(Pcg64::seed_from_u64(seed))
    }
    /// Uniform on 0 .. 1.
    pub fn uniform(&mut self) -> f64 {
        self.0.random()
    }
    /// Standard normal, by Box and Muller.
    pub fn normal(&mut self) -> f64 {
        let (u, v) = (1.0 - self.uniform(), self.uniform());
        (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()
    }
    /// Log-normal with this median and shape.
    pub fn lognormal(&mut self, median: f64, sigma: f64) -> f64 {
        median * (sigma * self.normal()).exp()
    }
    /// Exponential with this mean.
    pub fn exponential(&mut self, mean: f64) -> f64 {
        -mean * (1.0 - self.uniform()).ln()
    }
    /// Fisher and Yates.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, (self.uniform() * (i + 1) as f64) as usize);
        }
    }
}

/// Asserts equality to a relative (or, near zero, absolute) tolerance.
#[track_caller]
pub fn close(ours: f64, theirs: f64, tolerance: f64, what: &str) {
    let allowed = tolerance * theirs.abs().max(1.0);
    assert!((ours - theirs).abs() <= allowed, "{what}: {ours} is not within {allowed:e} of {theirs}");
}
