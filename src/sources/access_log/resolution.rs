//! The step of a log's figures: a log that prints whole seconds cannot tell 40 ms from 400.

use super::value::Number;

/// Steps that loggers print in, ms: 1 and 5 in each decade.
const STEPS: [f64; 20] = [1e3, 5e2, 1e2, 5e1, 1e1, 5.0, 1.0, 0.5, 0.1, 0.05, 1e-2, 5e-3, 1e-3, 5e-4, 1e-4, 5e-5, 1e-5, 5e-6, 1e-6, 5e-7];
/// Below this many values a common step is chance.
const ENOUGH: u64 = 20;

/// Which steps all values so far fit.
#[derive(Clone, Debug)]
pub struct Grid {
    fits: [bool; STEPS.len()],
    n: u64,
    first: f64,
    varies: bool,
    finest_print: f64,
}

impl Default for Grid {
    fn default() -> Self {
        Grid { fits: [true; STEPS.len()], n: 0, first: 0.0, varies: false, finest_print: f64::INFINITY }
    }
}

impl Grid {
    /// Takes a value and what one unit of it is in ms.
    pub fn add(&mut self, number: Number, unit_ms: f64) {
        let ms = number.value * unit_ms;
        if self.n == 0 {
            self.first = ms;
        }
        self.n += 1;
        self.varies |= ms.to_bits() != self.first.to_bits();
        self.finest_print = self.finest_print.min(10f64.powi(-number.decimals) * unit_ms);
        for (fits, step) in self.fits.iter_mut().zip(STEPS) {
            let ratio = ms / step;
            // A double holds 15 digits: what is left of a true multiple is far below this.
            *fits &= (ratio - ratio.round()).abs() <= 1e-6 + ratio * 1e-12;
        }
    }
    /// The largest step that fits all, ms; where too few values or only one value were seen, what the printed decimals allow.
    /// 0 where there is no value.
    pub fn step_ms(&self) -> f64 {
        if self.n == 0 {
            return 0.0;
        }
        let common = STEPS.iter().zip(self.fits).find(|(_, fits)| *fits).map(|(step, _)| *step);
        match common {
            Some(step) if self.n >= ENOUGH && self.varies => step,
            _ => self.finest_print,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(values: impl IntoIterator<Item = (f64, i32)>, unit_ms: f64) -> f64 {
        let mut grid = Grid::default();
        values.into_iter().for_each(|(value, decimals)| grid.add(Number { value, decimals }, unit_ms));
        grid.step_ms()
    }

    #[test]
    fn finds_the_step_that_was_printed() {
        let n = |k: u32| f64::from(k * k * 7 % 1001);
        let close = |a: f64, b: f64| assert!((a / b - 1.0).abs() < 1e-9, "{a} {b}");
        close(step((1..40).map(|k| (n(k) / 1e3, 3)), 1e3), 1.0);
        close(step((1..40).map(|k| (n(k).round(), 0)), 1.0), 1.0);
        close(step((1..40).map(|k| ((n(k) / 1e3).round(), 0)), 1e3), 1_000.0);
        close(step((1..40).map(|k| (n(k) * 10.0, 0)), 1.0), 10.0);
        close(step((1..40).map(|k| (n(k) + 0.37, 2)), 1.0), 0.01);
        close(step((1..40).map(|k| (n(k) * 1e3 + 1.0, 0)), 1e-3), 1e-3);
    }

    #[test]
    fn few_or_equal_values_prove_no_step() {
        let close = |a: f64, b: f64| assert!((a / b - 1.0).abs() < 1e-9, "{a} {b}");
        close(step((0..5).map(|_| (500.0, 0)), 1.0), 1.0);
        close(step((0..50).map(|_| (500.0, 0)), 1.0), 1.0);
        close(step([(0.1, 1), (0.123, 3)], 1e3), 1.0);
        assert!(step([], 1.0).abs() < f64::EPSILON);
    }
}
