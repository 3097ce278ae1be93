//! Sizes and times of days, as users write them.

/// `200MB`, `1GiB`, `5000`: bytes.
pub fn size(text: &str) -> Result<u64, String> {
    let bad = || format!("`{text}` is not a size; write `500MB` or `1GiB`");
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let unit = match text[end..].trim() {
        "" | "B" => 1.0,
        "k" | "kB" | "KB" => 1e3,
        "M" | "MB" => 1e6,
        "G" | "GB" => 1e9,
        "KiB" => 1024.0,
        "MiB" => 1024.0 * 1024.0,
        "GiB" => 1024.0 * 1024.0 * 1024.0,
        _ => return Err(bad()),
    };
    let number: f64 = text[..end].parse().map_err(|_| bad())?;
    let bytes = number * unit;
    if bytes.is_finite() && bytes < 9e18 { Ok(bytes.round() as u64) } else { Err(bad()) }
}

/// `90d`, `2w`, `36h`: a time of at least a second, days of 24 hours, in microseconds.
pub fn lasting(text: &str) -> Result<i64, String> {
    let bad = || format!("`{text}` is not a time; write `90d` or `36h`");
    let span: jiff::Span = text.trim().parse().map_err(|_| bad())?;
    let seconds = span.total((jiff::Unit::Second, jiff::SpanRelativeTo::days_are_24_hours())).map_err(|_| bad())?;
    if (1.0..=1e11).contains(&seconds) { Ok((seconds * 1e6) as i64) } else { Err(bad()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_users_write() {
        assert_eq!(["5000", "1 kB", "1.5MB", "1GiB"].map(size), [Ok(5000), Ok(1000), Ok(1_500_000), Ok(1 << 30)]);
        assert_eq!(["90d", "2w", "36h"].map(lasting), [Ok(7_776_000_000_000), Ok(1_209_600_000_000), Ok(129_600_000_000)]);
        for bad in ["", "MB", "-1", "1 XB", "1.2.3", "1e30GB"] {
            assert!(size(bad).is_err(), "{bad}");
        }
        for bad in ["", "90", "-3d", "0s", "soon", "2 months"] {
            assert!(lasting(bad).is_err(), "{bad}");
        }
    }
}
