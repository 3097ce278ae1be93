//! A range around an observed figure, for a waiver: wide enough that noise does not end it, narrow enough that another
//! failure does.

use crate::model::outcome::Figure;

/// `250ms..350ms` around +311 ms (287 … 334): the bounds of the interval, rounded outwards to the largest step of 1, 2 or
/// 5 times a power of ten that is at most 20 % of the figure; a bound that lies on the step (an exact count) goes one step
/// further. Never beyond zero: a failure of the other sign is another failure.
pub fn around(figure: &Figure) -> String {
    let unit = if matches!(figure.unit.as_str(), "ms" | "%") { figure.unit.as_str() } else { "" };
    let (lo, hi) = (figure.lo.min(figure.value), figure.hi.max(figure.value));
    let size = [figure.value, hi - lo].map(f64::abs).into_iter().find(|x| *x > 0.0);
    let Some((step, power)) = size.and_then(|x| step(0.2 * x)) else { return format!("0{unit}..0{unit}") };
    // A whole number of steps carries rounding errors.
    let whole = |x: f64| Some((x / step).round()).filter(|n| (x / step - n).abs() < 1e-9);
    let down = whole(lo).map_or_else(|| (lo / step).floor(), |n| n - 1.0);
    let up = whole(hi).map_or_else(|| (hi / step).ceil(), |n| n + 1.0);
    let (down, up) =
        (if figure.value > 0.0 || lo >= 0.0 { down.max(0.0) } else { down }, if figure.value < 0.0 || hi <= 0.0 { up.min(0.0) } else { up });
    let shown = |steps: f64| {
        let digits = usize::try_from(-power).unwrap_or(0);
        let text = format!("{:.digits$}", steps * step);
        format!("{}{unit}", if text.trim_start_matches('-').parse() == Ok(0.0) { "0" } else { &text })
    };
    format!("{}..{}", shown(down), shown(up))
}

/// The largest of 1, 2, 5 times a power of ten that is at most `most`, with that power.
fn step(most: f64) -> Option<(f64, i32)> {
    let power = most.log10().floor();
    if !power.is_finite() || power.abs() > 12.0 {
        return None;
    }
    let ten = 10_f64.powi(power as i32);
    let digit = [5.0, 2.0, 1.0].into_iter().find(|d| d * ten <= most * (1.0 + 1e-9)).unwrap_or(1.0);
    Some((digit * ten, power as i32))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{model::waiver::Range, spec::waivers::bounds};

    fn figure(value: f64, lo: f64, hi: f64, unit: &str) -> Figure {
        Figure { name: "f".into(), value, lo, hi, n: 1, unit: unit.into() }
    }

    #[test]
    fn rounds_outwards_in_the_figures_unit() {
        assert_eq!(around(&figure(311.0, 287.0, 334.0, "ms")), "250ms..350ms");
        assert_eq!(around(&figure(-311.0, -334.0, -287.0, "ms")), "-350ms..-250ms");
        assert_eq!(around(&figure(2.0, 1.1, 3.1, "%")), "1.0%..3.2%");
        assert_eq!(around(&figure(3.0, 3.0, 3.0, "requests")), "2.5..3.5");
        assert_eq!(around(&figure(100.0, 100.0, 100.0, "%")), "80%..120%");
        assert_eq!(around(&figure(0.0, 0.0, 0.0, "")), "0..0");
        assert_eq!(around(&figure(0.0, 0.0, 1.3, "%")), "0%..1.4%");
        assert_eq!(around(&figure(5.0, -1.0, 11.0, "ms")), "0ms..12ms");
    }

    proptest::proptest! {
        #[test]
        fn holds_what_was_observed_and_no_other_sign(value in -1e5..1e5_f64, below in 0.0..1e3_f64, above in 0.0..1e3_f64, unit in 0..3_usize) {
            let unit = ["ms", "%", "requests"][unit];
            let f = figure(value, value - below, value + above, unit);
            let (lo, hi, unit) = bounds(&around(&f)).unwrap();
            let range = Range { figure: "f".into(), unit: unit.into(), lo, hi };
            proptest::prop_assert!(range.holds(&f), "{f} {lo} {hi}");
            proptest::prop_assert!(value == 0.0 || lo * hi >= 0.0, "{f} {lo} {hi}");
        }
    }
}
