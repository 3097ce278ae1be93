//! What workloads use, at every instant: the truth that sources sample.

use super::super::random::Pcg;
use rigcheck::model::payload::BurnPattern;

/// Everything is known from here to there, s since the act began.
pub const FROM: f64 = -4.0;
pub const TO: f64 = 42.0;
/// When the load ends.
pub const LOAD_S: f64 = 500.0 / 15.0;
/// How long it is burned.
pub const BURN_S: f64 = 30.0;
const STEP: f64 = 0.01;

/// Something cumulative.
#[derive(Clone)]
pub struct Truth(Vec<f64>);

impl Truth {
    /// By its rate at each instant; `before` was used before it is looked at.
    pub fn of(before: f64, mut rate: impl FnMut(f64) -> f64) -> Truth {
        let mut used = before;
        let steps = ((TO - FROM) / STEP) as usize;
        let all = (0..=steps).map(|n| {
            let now = used;
            used += STEP * rate(FROM + n as f64 * STEP);
            now
        });
        Truth(all.collect())
    }
    pub fn at(&self, t: f64) -> f64 {
        let place = ((t - FROM) / STEP).clamp(0.0, (self.0.len() - 1) as f64);
        let (below, part) = (place.floor() as usize, place.fract());
        let next = self.0[(below + 1).min(self.0.len() - 1)];
        self.0[below] + (next - self.0[below]) * part
    }
}

/// A server under a steady load: requests of 15 a second, each a few ms of CPU, and little else.
pub fn served(cores: f64, random: &mut Pcg) -> Truth {
    let mut level = cores;
    let mut left = 0.0;
    Truth::of(random.between(10.0, 50.0), |t| {
        if left <= 0.0 {
            left = 0.1;
            level = cores * random.between(0.75, 1.25);
        }
        left -= STEP;
        if (0.0..LOAD_S).contains(&t) { level } else { 0.01 }
    })
}

/// On and off at irregular times.
pub fn burnt(cores: f64) -> Truth {
    let on = BurnPattern::Irregular { seed: 1 }.on(BURN_S * 1e3);
    Truth::of(0.02, |t| if on.iter().any(|(from, to)| (from / 1e3..to / 1e3).contains(&t)) { cores } else { 0.0 })
}
