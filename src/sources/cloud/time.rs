//! Times as exports write them.

use crate::model::units::Wall;

/// Beyond these an epoch is of milliseconds, microseconds, nanoseconds: in seconds each would be thousands of years ahead.
const MILLIS: f64 = 1e11;
const MICROS: f64 = 1e14;
const NANOS: f64 = 1e17;
/// Seconds of a time that a clock can show: years 1970 to 5138.
const LATEST: f64 = 1e11;

/// RFC 3339 with its offset, or a number since the epoch.
pub fn text(text: &str) -> Option<Wall> {
    let text = text.trim();
    if let Ok(number) = text.parse::<f64>() {
        return epoch(number);
    }
    // Spreadsheets and command lines write a blank for the `T`.
    let normal = if text.len() > 10 && text.as_bytes()[10] == b' ' { text.replacen(' ', "T", 1) } else { text.to_owned() };
    let at: jiff::Timestamp = normal.trim_end_matches(" UTC").parse().ok().or_else(|| {
        let bare = normal.strip_suffix(" UTC")?;
        format!("{bare}Z").parse().ok()
    })?;
    Some(Wall(at.as_microsecond()))
}

/// Seconds, milliseconds, microseconds or nanoseconds since the epoch.
pub fn epoch(number: f64) -> Option<Wall> {
    let seconds = match number {
        n if !n.is_finite() || n < 0.0 => return None,
        n if n >= NANOS => n / 1e9,
        n if n >= MICROS => n / 1e6,
        n if n >= MILLIS => n / 1e3,
        n => n,
    };
    (seconds < LATEST).then(|| Wall((seconds * 1e6).round() as i64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_the_field() {
        let at = Wall(1_764_187_200_000_000);
        for written in [
            "2025-11-26T20:00:00Z",
            "2025-11-26T20:00:00+00:00",
            "2025-11-26T21:00:00.000+01:00",
            "2025-11-26 20:00:00Z",
            "2025-11-26 20:00:00 UTC",
            " 1764187200 ",
            "1764187200.0",
            "1764187200000",
            "1764187200000000",
            "1764187200000000000",
        ] {
            assert_eq!(text(written), Some(at), "{written}");
        }
        for no in ["", "soon", "NaN", "inf", "-5", "1e300", "2025-11-26", "2025-11-26T20:00:00", "20:00", "ä2025-11-26 20:00:00"] {
            assert_eq!(text(no), None, "{no}");
        }
    }
}
