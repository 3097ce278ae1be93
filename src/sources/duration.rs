/// What each unit is in milliseconds. Those that begin like another come before it.
const UNITS: [(&str, f64); 11] = [
    ("ns", 1e-6),
    ("us", 1e-3),
    ("µs", 1e-3),
    ("μs", 1e-3),
    ("ms", 1.0),
    ("s", 1e3),
    ("m", 60e3),
    ("h", 3_600e3),
    ("d", 86_400e3),
    ("w", 7.0 * 86_400e3),
    ("y", 365.0 * 86_400e3),
];

/// A duration as Go's `time.Duration` prints it (`-1m0.25s`, `12.5µs`) or as Prometheus does (`1d12h`, a day being 24 hours and a
/// year 365 days), ms.
pub fn ms(text: &str) -> Option<f64> {
    let (sign, mut rest) = text.strip_prefix('-').map_or((1.0, text), |rest| (-1.0, rest));
    let mut sum = None;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, after) = rest.split_at(digits);
        let (unit, scale) = UNITS.iter().find(|(unit, _)| after.starts_with(unit))?;
        sum = Some(sum.unwrap_or(0.0) + number.parse::<f64>().ok()? * scale);
        rest = &after[unit.len()..];
    }
    sum.filter(|ms| ms.is_finite()).map(|ms| sign * ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_as_go_and_prometheus_write_them() {
        for (text, expected) in [
            ("255ms", 255.0),
            ("-45ms", -45.0),
            ("1.415425024s", 1_415.425_024),
            ("1m0.25s", 60_250.0),
            ("-1h0m0.001s", -3_600_001.0),
            ("12.5µs", 0.0125),
            ("100ns", 0.0001),
            ("0s", 0.0),
            ("15s", 15e3),
            ("1m30s", 90e3),
            ("1d12h", 129_600e3),
            ("2w", 1_209_600e3),
            ("1y", 31_536e6),
        ] {
            let read = ms(text).unwrap();
            assert!((read - expected).abs() < 1e-9 * expected.abs().max(1.0), "{text}: {read}");
        }
        for text in ["", "soon", "-", "ms", "s", "5", "5 s", "5q", "1..5s", "1e400s", "5ms!", "--5s"] {
            assert_eq!(ms(text), None, "{text}");
        }
    }
}
