use super::Curve;
use crate::{model::units::Wall, stats::median};

/// A short time of much more use than usual.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Burst {
    /// It began.
    pub from: Wall,
    /// It ended.
    pub to: Wall,
    /// Mean use a second meanwhile.
    pub level: f64,
    /// The usual one.
    pub usual: f64,
}

impl Burst {
    /// How long it was, s.
    pub fn length_s(&self) -> f64 {
        self.to.seconds() - self.from.seconds()
    }
}

/// Shorter ones are what single requests do.
const SHORTEST_US: i64 = 300_000;
/// A burst is at least so many times the usual level ...
const TIMES: f64 = 2.0;
/// ... and at least so many cores above it.
const ABOVE: f64 = 0.25;
/// A dip of this length does not end it.
const DIP_US: i64 = 150_000;

/// The bursts of a curve between two instants, in time order. What lasts longer than a quarter of the time is no burst but how it
/// runs.
pub fn bursts(curve: &Curve, from: Wall, to: Wall) -> Vec<Burst> {
    let inside = curve.within(from, to);
    let steps: Vec<(i64, i64, f64)> =
        inside.points().windows(2).map(|w| (w[0].0, w[1].0, (w[1].1 - w[0].1) * 1e6 / (w[1].0 - w[0].0) as f64)).collect();
    let Some(usual) = median(&steps.iter().map(|s| s.2).collect::<Vec<_>>()) else { return vec![] };
    let least = (TIMES * usual).max(usual + ABOVE);
    let mut runs: Vec<(i64, i64)> = vec![];
    for (begin, end, _) in steps.iter().filter(|s| s.2 >= least) {
        match runs.last_mut() {
            Some(run) if begin - run.1 <= DIP_US => run.1 = *end,
            _ => runs.push((*begin, *end)),
        }
    }
    let all = to.0.saturating_sub(from.0);
    let long = runs.into_iter().filter(|(begin, end)| end - begin >= SHORTEST_US && end - begin <= all / 4);
    long.filter_map(|(a, b)| Some(Burst { from: Wall(a), to: Wall(b), level: inside.rate(Wall(a), Wall(b))?, usual })).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::payload::Sample;

    fn curve(rate: impl Fn(u32) -> f64) -> Curve {
        let mut used = 0.0;
        let samples = (0..=300).map(|n| {
            used += 0.1 * rate(n);
            Sample(Wall(i64::from(n) * 100_000), used)
        });
        Curve::counter(&samples.collect::<Vec<_>>())
    }
    fn of(rate: impl Fn(u32) -> f64) -> Vec<Burst> {
        bursts(&curve(rate), Wall(0), Wall(30_000_000))
    }

    #[test]
    fn a_burst_is_found_with_its_length() {
        let found = of(|n| if (101..=108).contains(&n) { 0.9 } else { 0.1 });
        assert_eq!(found.len(), 1);
        assert!((found[0].length_s() - 0.8).abs() < 1e-9 && (found[0].level - 0.9).abs() < 1e-9, "{found:?}");
    }

    /// Requests of 15 a second, each of which takes 20 ms of CPU, in any phase: steps differ, and none is a burst.
    #[test]
    fn single_requests_and_steady_use_are_none() {
        assert!(of(|n| 0.3 + 0.2 * f64::from(n * 7 % 3)).is_empty());
        assert!(of(|n| if n % 10 < 2 { 0.9 } else { 0.1 }).is_empty(), "200 ms");
        assert!(of(|n| if n < 150 { 0.1 } else { 0.9 }).is_empty(), "half of the time is no burst");
        assert!(of(|_| 0.0).is_empty());
    }
}
