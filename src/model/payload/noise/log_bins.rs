use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Durations counted by their binary logarithm: bin k holds those of at least 2^k and below 2^(k+1) µs; bin 0 holds all below 2 µs, the
/// last one all that are longer than it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LogBins(pub Vec<u64>);

impl LogBins {
    /// Beyond 2^31 µs, 36 minutes, everything is alike.
    const MOST: usize = 32;

    /// Counts one.
    pub fn add(&mut self, lasted: Duration) {
        let us = u64::try_from(lasted.as_micros()).unwrap_or(u64::MAX).max(1);
        let bin = (us.ilog2() as usize).min(LogBins::MOST - 1);
        if self.0.len() <= bin {
            self.0.resize(bin + 1, 0);
        }
        self.0[bin] += 1;
    }
    /// How many there are.
    pub fn count(&self) -> u64 {
        self.0.iter().sum()
    }
    /// At least the share `q` of them is below this, µs: the upper edge of the bin that holds the quantile. `None` if there are none.
    pub fn quantile_edge_us(&self, q: f64) -> Option<f64> {
        let wanted = (q.clamp(0.0, 1.0) * self.count() as f64).ceil().max(1.0) as u64;
        let mut so_far = 0;
        let bin = self.0.iter().position(|n| {
            so_far += n;
            so_far >= wanted
        })?;
        Some(2_f64.powi(i32::try_from(bin).unwrap_or(i32::MAX).saturating_add(1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_counted_where_its_logarithm_is() {
        let mut bins = LogBins::default();
        for us in [0, 1, 2, 3, 4, 1_023, 1_024, u64::MAX] {
            bins.add(Duration::from_micros(us));
        }
        assert_eq!((bins.0[0], bins.0[1], bins.0[2], bins.0[9], bins.0[10], bins.0[31]), (2, 2, 1, 1, 1, 1));
        assert_eq!(bins.count(), 8);
    }

    #[test]
    fn a_quantile_is_the_upper_edge_of_its_bin() {
        let mut bins = LogBins::default();
        assert_eq!(bins.quantile_edge_us(0.5), None);
        for us in [10; 99] {
            bins.add(Duration::from_micros(us));
        }
        bins.add(Duration::from_millis(3));
        assert_eq!((bins.quantile_edge_us(0.5), bins.quantile_edge_us(0.99), bins.quantile_edge_us(1.0)), (Some(16.0), Some(16.0), Some(4_096.0)));
    }
}
