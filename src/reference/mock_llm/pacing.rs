use crate::{model::units::Ms, stats::quantile::quantile_sorted};
use std::{
    collections::VecDeque,
    fmt,
    sync::{Mutex, PoisonError},
};

/// Deadlines that are remembered; older ones are forgotten.
const KEPT: usize = 100_000;

/// How late content was handed over, against the delay that was asked for: actual minus asked. Never negative.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Pacing {
    /// Deadlines that these figures are over.
    pub n: usize,
    /// Median.
    pub p50: Ms,
    /// 95th percentile (type 7, as all percentiles of samples).
    pub p95: Ms,
    /// 99th percentile.
    pub p99: Ms,
    /// Largest.
    pub max: Ms,
}

/// Collects the errors.
#[derive(Default)]
pub struct PacingErrors(Mutex<VecDeque<f32>>);

impl PacingErrors {
    /// Notes one deadline and when it was met, both in nanoseconds of one clock.
    pub fn note(&self, deadline: u64, actual: u64) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() == KEPT {
            kept.pop_front();
        }
        kept.push_back(((actual as f64 - deadline as f64) / 1e6) as f32);
    }
    /// The figures so far.
    pub fn summary(&self) -> Pacing {
        let mut errors: Vec<f64> = self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().map(|e| f64::from(*e)).collect();
        errors.sort_by(f64::total_cmp);
        let at = |q| Ms(quantile_sorted(&errors, q).unwrap_or(0.0));
        Pacing { n: errors.len(), p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1.0) }
    }
}

impl fmt::Display for Pacing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.n == 0 {
            return write!(f, "nothing was emitted yet");
        }
        write!(f, "{} deadlines met late by p50 {}, p95 {}, p99 {}, at most {}", self.n, self.p50, self.p95, self.p99, self.max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summarises() {
        let errors = PacingErrors::default();
        assert_eq!(errors.summary().to_string(), "nothing was emitted yet");
        for i in 0..=100 {
            errors.note(1_000_000, 1_000_000 + i * 1_000_000);
        }
        let s = errors.summary();
        assert_eq!((s.n, s.p50, s.p95, s.p99, s.max), (101, Ms(50.0), Ms(95.0), Ms(99.0), Ms(100.0)));
        assert!(s.to_string().starts_with("101 deadlines met late by p50 50.0 ms"), "{s}");
    }
}
