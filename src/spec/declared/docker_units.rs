//! Amounts of memory as Docker and compose read them: every unit is of 1024, in either letter case.

use crate::model::decimal::{Decimal, with_unit};

const UNITS: [(&str, u128); 6] = [("", 1), ("k", 1 << 10), ("m", 1 << 20), ("g", 1 << 30), ("t", 1 << 40), ("p", 1 << 50)];

/// `512m`, `8G`, `1gb` and `8GiB`. Docker cuts what is no whole byte off, and so does this.
pub(super) fn bytes(text: &str) -> Result<u64, String> {
    let (number, unit) = with_unit(text);
    let lower = unit.to_ascii_lowercase();
    // `b` alone is bytes; behind a unit, `b` and `ib` say nothing.
    let stem = lower.strip_suffix('b').unwrap_or(&lower);
    let stem = if stem.len() > 1 { stem.strip_suffix('i').unwrap_or(stem) } else { stem };
    let factor = UNITS.iter().find(|(word, _)| *word == stem).map(|(_, factor)| *factor);
    let read = factor.and_then(|factor| Decimal::read(number)?.floor(factor)).and_then(|n| u64::try_from(n).ok());
    let shown: String = text.chars().take(60).collect();
    read.ok_or_else(|| format!("`{shown}` is no amount of memory; compose has `512m` or `8g`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The test vectors of docker/go-units, size_test.go, TestRAMInBytes.
    #[test]
    fn units_are_those_of_docker() {
        for text in ["32", "32b", "32B"] {
            assert_eq!(bytes(text), Ok(32), "{text}");
        }
        for text in ["32k", "32K", "32kb", "32Kb", "32Kib", "32KIB"] {
            assert_eq!(bytes(text), Ok(32 << 10), "{text}");
        }
        assert_eq!(
            (bytes("32Mb"), bytes("32Gb"), bytes("32Tb"), bytes("32Pb"), bytes("32PB"), bytes("32P")),
            (Ok(32 << 20), Ok(32 << 30), Ok(32 << 40), Ok(32 << 50), Ok(32 << 50), Ok(32 << 50))
        );
        assert_eq!((bytes("32.3"), bytes("0.3 K"), bytes("32.5kB")), (Ok(32), Ok(307), Ok(33_280)));
        for bad in ["", "hello", "-32", "32.3.4", "32bb", "32 mb ", "32m b", "1i"] {
            assert!(bytes(bad).is_err(), "{bad}");
        }
    }
}
