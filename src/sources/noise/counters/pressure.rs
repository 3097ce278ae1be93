//! Files of `/proc/pressure` (psi.rst of the kernel's documentation): only `total`, µs since the machine was booted.

/// The totals of a file's two lines, µs; kernels before 5.13 have no `full` for CPUs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// At least one task waited.
    pub some_us: u64,
    /// All waited that were not idle.
    pub full_us: u64,
}

impl Totals {
    /// Reads them; `None` without the line `some`.
    pub fn of(text: &str) -> Option<Totals> {
        let total = |kind: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(kind))?;
            line.split_ascii_whitespace().find_map(|word| word.strip_prefix("total=")?.parse().ok())
        };
        Some(Totals { some_us: total("some ")?, full_us: total("full ").unwrap_or(0) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_totals_are_read() {
        let text = "some avg10=27.60 avg60=8.11 avg300=2.00 total=4167803\nfull avg10=27.60 avg60=8.11 avg300=2.00 total=4160000\n";
        assert_eq!(Totals::of(text), Some(Totals { some_us: 4_167_803, full_us: 4_160_000 }));
        assert_eq!(Totals::of("some avg10=0.00 total=18446744073709551615\n"), Some(Totals { some_us: u64::MAX, full_us: 0 }));
        for odd in ["", "full total=3", "some avg10=0.00", "some total=", "some total=-1"] {
            assert_eq!(Totals::of(odd), None, "{odd}");
        }
    }
}
