use super::format::Format;
use crate::model::units::Wall;

/// Before this many units of an epoch timestamp it must be seconds, beyond it milliseconds: 10^11 s is the year 5138,
/// 10^11 ms is March 1973.
const SECONDS_OR_MS: f64 = 1e11;

/// A value as both formats write it: a decimal number, or `NaN`, `Inf`, `Infinity` in any case. What overflows is no
/// number, as in Go's `ParseFloat`, which both formats refer to.
pub fn number(token: &str) -> Option<f64> {
    let value: f64 = token.parse().ok()?;
    if value.is_finite() {
        return Some(value);
    }
    // Rust reads `1e999` as infinity and `-nan` as a number; neither is one here.
    let unsigned = token.trim_start_matches(['+', '-']);
    let signed = unsigned.len() != token.len();
    let word = unsigned.starts_with(|c: char| c.is_ascii_alphabetic());
    (word && !(signed && value.is_nan())).then_some(value)
}

/// A timestamp, and what is odd about it.
pub fn timestamp(token: &str, format: Format) -> Result<(Wall, Option<&'static str>), &'static str> {
    let number = number(token).filter(|x| x.is_finite()).ok_or("timestamp is no number")?;
    let (us_per_unit, odd) = match format {
        Format::Text if token.parse::<i64>().is_err() => (1e3, Some("timestamp is no whole number of milliseconds")),
        Format::Text if number != 0.0 && number.abs() < SECONDS_OR_MS => (1e3, Some("timestamp looks like seconds; this format has milliseconds")),
        Format::Text => (1e3, None),
        Format::OpenMetrics if number.abs() >= SECONDS_OR_MS => (1e6, Some("timestamp looks like milliseconds; this format has seconds")),
        Format::OpenMetrics => (1e6, None),
    };
    let us = (number * us_per_unit).round();
    // Beyond 2^63 µs the cast would saturate and move the sample in silence.
    if us.abs() < 9.2e18 { Ok((Wall(us as i64), odd)) } else { Err("timestamp is out of range") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_as_go_reads_them() {
        for (text, value) in [("1", 1.0), ("-.5", -0.5), ("5.", 5.0), ("1e-3", 0.001), ("+Inf", f64::INFINITY), ("-inf", f64::NEG_INFINITY)] {
            assert_eq!(number(text), Some(value), "{text}");
        }
        assert!(number("NaN").is_some_and(f64::is_nan));
        for bad in ["", "+", ".", "1e999", "0x10", "1_0", "+NaN", "-nan", "1,5", "٣", "1 ", "infin"] {
            assert_eq!(number(bad), None, "{bad}");
        }
    }

    #[test]
    fn timestamps_in_their_unit() {
        assert_eq!(timestamp("1700000000123", Format::Text), Ok((Wall(1_700_000_000_123_000), None)));
        assert_eq!(timestamp("1700000000.123", Format::OpenMetrics), Ok((Wall(1_700_000_000_123_000), None)));
        assert!(timestamp("1700000000", Format::Text).is_ok_and(|t| t.1.is_some_and(|odd| odd.contains("seconds"))));
        assert!(timestamp("1700000000123", Format::OpenMetrics).is_ok_and(|t| t.1.is_some()));
        assert!(timestamp("1700000000123.5", Format::Text).is_ok_and(|t| t.1.is_some()));
        for bad in ["NaN", "+Inf", "1e30", "x"] {
            assert!(timestamp(bad, Format::OpenMetrics).is_err(), "{bad}");
        }
    }
}
