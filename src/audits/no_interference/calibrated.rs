//! How a small fixed load fared, round by round.

use crate::{
    model::payload::{Calibration, CalibrationKernel},
    stats::{median, rounds::median_interval95},
};

/// One load's times, ms, by round.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Calibrated {
    /// By the clock.
    pub wall: Vec<Vec<f64>>,
    /// CPU time.
    pub cpu: Vec<Vec<f64>>,
    /// How often it was preempted in all.
    pub preempted: u64,
}

impl Calibrated {
    /// Those of a calibration.
    pub fn of(calibration: &Calibration, kernel: CalibrationKernel) -> Calibrated {
        let mut all = Calibrated::default();
        for round in &calibration.rounds {
            all.wall.push(round.of(kernel).map(|run| run.wall_ms).collect());
            all.cpu.push(round.of(kernel).map(|run| run.cpu_ms).collect());
            all.preempted += round.of(kernel).map(|run| u64::from(run.preempted)).sum::<u64>();
        }
        all
    }
    /// Runs in all.
    pub fn runs(&self) -> u64 {
        self.wall.iter().map(|round| round.len() as u64).sum()
    }
}

/// The medians of rounds.
pub fn medians(rounds: &[Vec<f64>]) -> Vec<f64> {
    rounds.iter().filter_map(|round| median(round)).collect()
}

/// How far the medians of rounds lie apart, as a share of their median: (at least, estimate), where the intervals of the medians are
/// granted to them. `None` below two rounds or where a round is too short for an interval.
pub fn spread(rounds: &[Vec<f64>]) -> Option<(f64, f64)> {
    let (middles, bounds) = (medians(rounds), rounds.iter().map(|round| median_interval95(round)).collect::<Option<Vec<_>>>()?);
    let level = median(&middles).filter(|level| *level > 0.0 && middles.len() >= 2)?;
    let most = |of: &mut dyn Iterator<Item = f64>| of.fold(f64::NEG_INFINITY, f64::max);
    let (highest, lowest) = (most(&mut middles.iter().copied()), -most(&mut middles.iter().map(|m| -m)));
    let sure = most(&mut bounds.iter().map(|b| b.0)) + most(&mut bounds.iter().map(|b| -b.1));
    Some((sure.max(0.0) / level, (highest - lowest) / level))
}

/// Standard deviation over mean.
pub fn variation(values: &[f64]) -> Option<f64> {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|v| (v - mean).powi(2)).sum();
    (n >= 2.0 && mean > 0.0).then(|| (squares / (n - 1.0)).sqrt() / mean)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_that_differ_by_more_than_their_medians_are_unsure_of_are_apart() {
        let round = |level: f64| (0..30).map(|n| level + 0.01 * f64::from(n)).collect::<Vec<_>>();
        let (sure, apart) = spread(&[round(20.0), round(20.0), round(22.0)]).unwrap();
        assert!(apart > 0.098 && apart < 0.1 && sure > 0.09 && sure < apart, "{sure} {apart}");
        let (sure, apart) = spread(&[round(20.0), round(20.02)]).unwrap();
        assert!(sure == 0.0 && apart > 0.0 && apart < 0.002);
        assert_eq!(spread(&[round(20.0)]), None);
        assert_eq!(spread(&[round(20.0), vec![1.0]]), None);
    }

    #[test]
    fn the_variation_is_that_of_a_sample() {
        // statistics.stdev([2, 4, 4, 4, 5, 5, 7, 9]) / 5 of Python.
        assert!((variation(&[2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0]).unwrap() - 2.138_089_935_299_395 / 5.0).abs() < 1e-12);
        assert_eq!((variation(&[1.0]), variation(&[])), (None, None));
    }
}
