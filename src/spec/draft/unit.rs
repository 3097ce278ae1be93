//! The unit of a histogram's values: declared, by name, by help text, else by its buckets.

use super::found::Family;

/// The spec's word for the unit, and why; a guess says so.
pub fn of(family: &Family) -> (&'static str, String) {
    if let Some(word) = family.unit.as_deref().and_then(word) {
        return (word, format!("unit {word} by UNIT"));
    }
    let end = family.name.rsplit(['_', ':']).next().unwrap_or_default();
    if let Some(word) = word(end) {
        return (word, format!("unit {word} by its name"));
    }
    let help = family.help.to_lowercase();
    let told = [("millisecond", "ms"), ("(ms)", "ms"), ("in ms", "ms"), ("microsecond", "us"), ("nanosecond", "ns"), ("second", "s"), ("(s)", "s")];
    if let Some((_, word)) = told.into_iter().find(|(part, _)| help.contains(part)) {
        return (word, format!("unit {word} by HELP"));
    }
    by_bounds(&family.bounds)
}

/// A unit as it is written at the end of a name or beside `# UNIT`.
pub fn word(text: &str) -> Option<&'static str> {
    match text.to_lowercase().as_str() {
        "s" | "sec" | "secs" | "second" | "seconds" => Some("s"),
        "ms" | "msec" | "millis" | "millisecond" | "milliseconds" => Some("ms"),
        "us" | "usec" | "micros" | "microsecond" | "microseconds" => Some("us"),
        "ns" | "nsec" | "nanos" | "nanosecond" | "nanoseconds" => Some("ns"),
        _ => None,
    }
}

/// Buckets of response times begin below a second and end within minutes: a first bound of 1 or more, or a last one beyond
/// an hour, is not in seconds.
fn by_bounds(bounds: &[f64]) -> (&'static str, String) {
    let positive = || bounds.iter().copied().filter(|b| *b > 0.0 && b.is_finite());
    let (Some(first), Some(last)) = (positive().next(), positive().next_back()) else {
        return ("s", "unit s is a bare guess: neither name, HELP nor buckets tell it".into());
    };
    let unit = match (first, last) {
        (_, last) if last > 3.6e6 => "us",
        (_, last) if last > 3_600.0 => "ms",
        (first, last) if first >= 1.0 && last > 120.0 => "ms",
        _ => "s",
    };
    (unit, format!("unit {unit} is a guess by its buckets, {first} to {last}"))
}

#[cfg(test)]
mod tests {
    use super::by_bounds;

    #[test]
    fn buckets_tell_seconds_from_milliseconds() {
        let unit = |bounds: &[f64]| by_bounds(bounds).0;
        assert_eq!(unit(&[0.005, 0.01, 0.1, 1.0, 10.0]), "s");
        assert_eq!(unit(&[0.1, 1.0, 60.0, 600.0, 1_800.0]), "s");
        assert_eq!(unit(&[1.0, 5.0, 15.0, 60.0]), "s");
        assert_eq!(unit(&[5.0, 10.0, 100.0, 1_000.0]), "ms");
        assert_eq!(unit(&[0.5, 1.0, 10_000.0, 300_000.0]), "ms");
        assert_eq!(unit(&[100.0, 1e6, 60e6]), "us");
        assert!(by_bounds(&[]).1.contains("bare guess"));
    }
}
