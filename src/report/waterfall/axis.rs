use crate::model::waterfall::Waterfall;

/// The axis of a picture that is so wide, in pixels or columns.
pub struct Axis {
    from: f64,
    to: f64,
    width: f64,
}

/// A mark on it.
pub struct Tick {
    /// Where, from the left.
    pub at: f64,
    /// `250 ms`.
    pub label: String,
}

impl Axis {
    /// Of a picture; times that are no numbers make an axis of 1 ms.
    pub fn of(waterfall: &Waterfall, width: f64) -> Axis {
        let (from, to) = (waterfall.from_ms, waterfall.to_ms);
        let fits = from.is_finite() && to.is_finite() && to > from;
        Axis { from: if fits { from } else { 0.0 }, to: if fits { to } else { 1.0 }, width }
    }
    /// Where a time lies, kept within the axis.
    pub fn at(&self, ms: f64) -> f64 {
        let share = (ms - self.from) / (self.to - self.from);
        if share.is_finite() { share.clamp(0.0, 1.0) * self.width } else { 0.0 }
    }
    /// Does a stretch begin before the axis, and end after it?
    pub fn leaves(&self, from: f64, to: f64) -> (bool, bool) {
        let eps = (self.to - self.from) * 1e-6;
        (from < self.from - eps, to > self.to + eps)
    }
    /// Round times, so many at most.
    pub fn ticks(&self, most: usize) -> Vec<Tick> {
        let wanted = (self.to - self.from) / most.max(1) as f64;
        let power = 10_f64.powf(wanted.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|by| by * power).find(|step| *step >= wanted * (1.0 - 1e-9)).unwrap_or(wanted);
        let (first, last) = ((self.from / step).ceil() as i64, (self.to / step).floor() as i64);
        (first..=last).map(|n| n as f64 * step).map(|ms| Tick { at: self.at(ms), label: label(ms, step, self.to) }).collect()
    }
}

/// In the unit that fits the whole axis, with as many digits as the step needs.
fn label(ms: f64, step: f64, to: f64) -> String {
    let (unit, by) = match to {
        to if to >= 10_000.0 => ("s", 1e-3),
        to if to >= 1.0 => ("ms", 1.0),
        _ => ("µs", 1e3),
    };
    if ms == 0.0 {
        return format!("0 {unit}");
    }
    let digits = (-(step * by).log10().floor()).clamp(0.0, 6.0) as usize;
    format!("{:.digits$} {unit}", ms * by)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round() {
        let ticks = |from_ms, to_ms| {
            let axis = Axis::of(&Waterfall { from_ms, to_ms, ..Waterfall::default() }, 100.0);
            axis.ticks(5).into_iter().map(|t| (t.label, (t.at * 10.0).round() / 10.0)).collect::<Vec<_>>()
        };
        let at = |list: &[(&str, f64)]| list.iter().map(|(label, at)| ((*label).to_owned(), *at)).collect::<Vec<_>>();
        assert_eq!(ticks(0.0, 482.0), at(&[("0 ms", 0.0), ("100 ms", 20.7), ("200 ms", 41.5), ("300 ms", 62.2), ("400 ms", 83.0)]));
        assert_eq!(
            ticks(-1.0, 1.5),
            at(&[("-1.0 ms", 0.0), ("-0.5 ms", 20.0), ("0 ms", 40.0), ("0.5 ms", 60.0), ("1.0 ms", 80.0), ("1.5 ms", 100.0)])
        );
        assert_eq!(ticks(0.0, 25_000.0), at(&[("0 s", 0.0), ("5 s", 20.0), ("10 s", 40.0), ("15 s", 60.0), ("20 s", 80.0), ("25 s", 100.0)]));
        assert_eq!(ticks(0.0, 0.005).len(), 6);
        assert_eq!(ticks(f64::NAN, 0.0).len(), 6, "an axis of its own");
        assert!(ticks(-1e13, 1e13).len() <= 6);
    }
}
