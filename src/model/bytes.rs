//! Amounts of bytes, as users write them: `256MiB`, `5MB/s`.

use super::units::BadUnit;
use serde::Deserialize;
use std::{fmt, str::FromStr};

/// So many bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bytes(pub u64);

/// Bytes per second.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd, Deserialize)]
#[serde(try_from = "String")]
pub struct BytesPerSecond(pub f64);

/// Longest suffix first: `MiB` and `MB` end like `B`. IEC 80000-13 for powers of 1024, SI for powers of 1000.
const UNITS: [(&str, f64); 8] =
    [("KiB", 1024.0), ("MiB", 1_048_576.0), ("GiB", 1_073_741_824.0), ("kB", 1e3), ("KB", 1e3), ("MB", 1e6), ("GB", 1e9), ("B", 1.0)];

fn read(text: &str) -> Option<f64> {
    let text = text.trim();
    let (head, factor) = UNITS.iter().find_map(|(suffix, factor)| Some((text.strip_suffix(suffix)?, *factor)))?;
    let bytes = head.trim().parse::<f64>().ok()? * factor;
    // Above 2^53 a float no longer counts single bytes.
    (0.0..=9e15).contains(&bytes).then_some(bytes)
}

impl FromStr for Bytes {
    type Err = BadUnit;
    fn from_str(text: &str) -> Result<Self, BadUnit> {
        let whole = read(text).filter(|bytes| bytes.fract() == 0.0);
        whole.map(|bytes| Bytes(bytes as u64)).ok_or_else(|| BadUnit::new(text, "an amount of bytes", "`256MiB`, `1GiB` or `50MB`"))
    }
}

impl FromStr for BytesPerSecond {
    type Err = BadUnit;
    fn from_str(text: &str) -> Result<Self, BadUnit> {
        let rate = text.trim().strip_suffix("/s").and_then(read);
        rate.map(BytesPerSecond).ok_or_else(|| BadUnit::new(text, "bytes per second", "`5MB/s` or `512KiB/s`"))
    }
}

impl TryFrom<String> for BytesPerSecond {
    type Error = BadUnit;
    fn try_from(text: String) -> Result<Self, BadUnit> {
        text.parse()
    }
}

impl fmt::Display for Bytes {
    /// Four significant digits in powers of 1024.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let x = self.0 as f64;
        match x {
            x if x >= UNITS[2].1 => write!(f, "{:.2} GiB", x / UNITS[2].1),
            x if x >= UNITS[1].1 => write!(f, "{:.1} MiB", x / UNITS[1].1),
            x if x >= UNITS[0].1 => write!(f, "{:.1} KiB", x / UNITS[0].1),
            _ => write!(f, "{} B", self.0),
        }
    }
}

impl fmt::Display for BytesPerSecond {
    /// In powers of 1000, as rates of networks are told.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            x if x >= 1e9 => write!(f, "{:.2} GB/s", x / 1e9),
            x if x >= 1e6 => write!(f, "{:.2} MB/s", x / 1e6),
            x if x >= 1e3 => write!(f, "{:.1} kB/s", x / 1e3),
            x => write!(f, "{x:.0} B/s"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_users_write() {
        assert_eq!("256MiB".parse(), Ok(Bytes(256 << 20)));
        assert_eq!("1.5 GiB".parse(), Ok(Bytes(3 << 29)));
        assert_eq!("50MB".parse(), Ok(Bytes(50_000_000)));
        assert_eq!("10B".parse(), Ok(Bytes(10)));
        assert_eq!("5MB/s".parse(), Ok(BytesPerSecond(5e6)));
        assert_eq!("512KiB/s".parse(), Ok(BytesPerSecond(524_288.0)));
        for bad in ["", "5", "MiB", "-1MiB", "NaNMB", "infB", "0.5B", "1e300GB", "5MB/s", "256 mib"] {
            assert!(bad.parse::<Bytes>().is_err(), "{bad}");
        }
        for bad in ["5MB", "/s", "5/s", "-5MB/s", "5MB/min"] {
            assert!(bad.parse::<BytesPerSecond>().is_err(), "{bad}");
        }
        assert_eq!("x".parse::<Bytes>().unwrap_err().to_string(), "`x` is not an amount of bytes; write `256MiB`, `1GiB` or `50MB`");
    }

    #[test]
    fn shows_the_unit_that_reads_best() {
        assert_eq!([7, 2048, 256 << 20, 3 << 29].map(|n| Bytes(n).to_string()), ["7 B", "2.0 KiB", "256.0 MiB", "1.50 GiB"]);
        assert_eq!([7.0, 2e3, 5e6, 1e9].map(|n| BytesPerSecond(n).to_string()), ["7 B/s", "2.0 kB/s", "5.00 MB/s", "1.00 GB/s"]);
    }
}
