use super::Curve;
use crate::model::units::Wall;

/// What a reference says of an instant, CPU-seconds or bytes since some beginning, and between what it lies for certain.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    /// As it is read.
    pub value: f64,
    /// At least.
    pub low: f64,
    /// At most.
    pub high: f64,
}

/// The use between two instants, as claimed and as known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Closure {
    /// The first stamp.
    pub from: Wall,
    /// The last one.
    pub to: Wall,
    /// By the claim.
    pub claimed: f64,
    /// By the reference.
    pub known: Bounds,
}

/// Stamps within this part of the stretch from either end may be the first or the last, ...
const PART: i64 = 4;
/// ... as long as so much lies between them, µs: less proves little.
const LEAST_US: i64 = 10_000_000;

/// The use between two of the claim's own stamps, where the reference knows both. Of the stamps near either end those are taken at
/// which the reference is surest, whatever the claim says there. A claim that repeats itself while the reference goes on is read
/// where it moves, and may be as old there as its step.
///
/// `known` is what the reference says at a stamp that may be so many µs old. `None` below two stamps.
pub fn close(claimed: &Curve, known: impl Fn(Wall, i64) -> Option<Bounds>) -> Option<Closure> {
    let stamps: Vec<(Wall, f64, Bounds)> = claimed.points().iter().filter_map(|p| Some((Wall(p.0), p.1, known(Wall(p.0), 0)?))).collect();
    let mut steps = stamps.windows(2);
    let repeats = steps.by_ref().filter(|w| w[1].1 <= w[0].1 && w[1].2.low > w[0].2.high).count();
    let stale = repeats * 10 > stamps.len();
    let stamps: Vec<(Wall, f64, Bounds)> = if stale {
        let moved = stamps.windows(2).filter(|w| w[1].1 > w[0].1);
        moved.filter_map(|w| Some((w[1].0, w[1].1, known(w[1].0, w[1].0.0 - w[0].0.0)?))).collect()
    } else {
        stamps
    };
    let ((first, ..), (last, ..)) = (*stamps.first()?, *stamps.last()?);
    let whole = last.0 - first.0;
    let part = if whole > LEAST_US { (whole / PART).min((whole - LEAST_US) / 2) } else { whole / PART };
    let width = |b: &Bounds| b.high - b.low;
    let surest = |near: &dyn Fn(Wall) -> bool| stamps.iter().filter(|s| near(s.0)).min_by(|a, b| width(&a.2).total_cmp(&width(&b.2))).copied();
    let from = surest(&|at| at.0 - first.0 <= part)?;
    let to = surest(&|at| last.0 - at.0 <= part)?;
    let bounds = Bounds { value: to.2.value - from.2.value, low: to.2.low - from.2.high, high: to.2.high - from.2.low };
    (to.0 > from.0).then_some(Closure { from: from.0, to: to.0, claimed: to.1 - from.1, known: bounds })
}

impl Bounds {
    /// A curve's value at an instant, read so many µs too early or too late, of a sample that may be so old besides.
    pub fn read(curve: &Curve, wall: Wall, doubt_us: i64, age_us: i64) -> Option<Bounds> {
        let (low, high) = (curve.at(wall.plus_us(-doubt_us - age_us))?, curve.at(wall.plus_us(doubt_us))?);
        let value = curve.at(wall)?;
        Some(Bounds { value: if age_us > 0 { f64::midpoint(low, high) } else { value }, low, high })
    }
    /// Half of what is not known.
    pub fn unsure(&self) -> f64 {
        (self.high - self.low) / 2.0
    }
}

impl Closure {
    /// The time that it covers, s.
    pub fn over_s(&self) -> f64 {
        self.to.seconds() - self.from.seconds()
    }
    /// Claimed less known.
    pub fn off(&self) -> f64 {
        self.claimed - self.known.value
    }
    /// The least that it is off for certain: 0 where the claim lies within what the reference leaves open.
    pub fn surely_off(&self) -> f64 {
        (self.claimed - self.known.high).max(self.known.low - self.claimed).max(0.0)
    }
    /// The most that it can be off.
    pub fn perhaps_off(&self) -> f64 {
        (self.claimed - self.known.low).abs().max((self.claimed - self.known.high).abs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::payload::Sample;

    /// 0.5 cores, but for a pause around each of its ends.
    fn truth(t: f64) -> f64 {
        0.5 * (t.clamp(2.0, 28.0) - 2.0)
    }
    fn curve(step: f64, value: impl Fn(f64) -> f64) -> Curve {
        let many = (30.0 / step) as u32;
        let samples = (0..=many).map(|n| f64::from(n) * step).map(|t| Sample(Wall((t * 1e6) as i64), value(t)));
        Curve::counter(&samples.collect::<Vec<_>>())
    }

    #[test]
    fn it_is_read_where_the_reference_is_surest() {
        let known = curve(0.1, truth);
        let found = close(&curve(1.0, truth), |at, age| Bounds::read(&known, at, 300_000, age)).unwrap();
        assert!((found.claimed - 13.0).abs() < 1e-9 && found.perhaps_off() < 1e-9, "{found:?}");
        let twice = close(&curve(1.0, |t| 2.0 * truth(t)), |at, age| Bounds::read(&known, at, 300_000, age)).unwrap();
        assert!((twice.surely_off() - 13.0).abs() < 1e-9, "{twice:?}");
    }

    #[test]
    fn a_claim_that_repeats_itself_may_be_old_and_says_so() {
        let known = curve(0.1, |t| 0.5 * t);
        // Refreshed each 4 s, read each second.
        let cached = curve(1.0, |t| 0.5 * (t / 4.0).floor() * 4.0);
        let found = close(&cached, |at, age| Bounds::read(&known, at, 300_000, age)).unwrap();
        assert!(found.surely_off() < 1e-9 && found.known.unsure() > 0.5, "{found:?}");
    }

    #[test]
    fn one_stamp_is_none() {
        let known = curve(0.1, truth);
        let one = Curve::counter(&[Sample(Wall(3_000_000), 1.0)]);
        assert_eq!(close(&one, |at, age| Bounds::read(&known, at, 0, age)), None);
    }
}
