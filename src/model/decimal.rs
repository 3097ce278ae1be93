//! Decimal numbers as they are written, without the rounding of floats: `0.1` is one tenth.

/// More digits are no quantity that anybody configures; so many fit 128 bits with room for a unit.
const MOST_DIGITS: usize = 24;
/// Powers of ten beyond this are no quantity either.
const MOST_POWER: i32 = 24;

/// A number: digits times a power of ten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Decimal {
    negative: bool,
    digits: u128,
    power: i32,
}

impl Decimal {
    /// `12`, `-0.5`, `1.5e3`. No signs of plus, bare points, separators or bases.
    pub(crate) fn read(text: &str) -> Option<Decimal> {
        let (negative, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (number, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
        let only_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        let unsigned = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
        if !only_digits(whole) || !only_digits(fraction) || !only_digits(unsigned) {
            return None;
        }
        let fraction = fraction.trim_end_matches('0');
        if whole.len() + fraction.len() > MOST_DIGITS {
            return None;
        }
        let power = exponent.parse::<i32>().ok().filter(|e| e.abs() <= MOST_POWER)?;
        Some(Decimal { negative, digits: format!("{whole}{fraction}").parse().ok()?, power: power - i32::try_from(fraction.len()).ok()? })
    }

    /// The number times a factor, if that is whole; `None` also where it does not fit.
    pub(crate) fn times(self, factor: u128) -> Option<i128> {
        let product = self.digits.checked_mul(factor)?;
        let shift = 10_u128.checked_pow(self.power.unsigned_abs())?;
        let whole = if self.power >= 0 { product.checked_mul(shift)? } else { (product % shift == 0).then_some(product / shift)? };
        let whole = i128::try_from(whole).ok()?;
        Some(if self.negative { -whole } else { whole })
    }

    /// The number times a factor, without what is behind the point: for those who read so themselves.
    pub(crate) fn floor(self, factor: u128) -> Option<i128> {
        let shift = 10_u128.checked_pow(self.power.min(0).unsigned_abs())?;
        if self.power >= 0 || self.negative {
            return self.times(factor);
        }
        i128::try_from(self.digits.checked_mul(factor)? / shift).ok()
    }

    /// The number times a factor and divided by another one, if that is whole.
    pub(crate) fn ratio(self, factor: u128, divisor: u128) -> Option<i128> {
        let divisor = i128::try_from(divisor).ok().filter(|d| *d > 0)?;
        // What the factor does not make whole, the divisor never will.
        self.times(factor).filter(|product| product % divisor == 0).map(|product| product / divisor)
    }
}

/// A text as the number that it begins with and the unit that follows: `1.5 GiB`. An `e` counts to the number only if
/// digits follow, so that `2E` is two exa and `2E3` two thousand.
pub(crate) fn with_unit(text: &str) -> (&str, &str) {
    let bytes = text.as_bytes();
    let digits = |from: usize| bytes.get(from..).map_or(0, |rest| rest.iter().take_while(|b| b.is_ascii_digit()).count());
    let start = usize::from(text.starts_with('-'));
    let mut end = start + bytes.get(start..).map_or(0, |rest| rest.iter().take_while(|b| b.is_ascii_digit() || **b == b'.').count());
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        let exponent = digits(end + 1 + sign);
        end += if exponent > 0 { 1 + sign + exponent } else { 0 };
    }
    let (number, unit) = text.split_at(end);
    (number, unit.trim_start_matches(' '))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tenths_are_tenths() {
        let thousandths = |text: &str| Decimal::read(text).and_then(|d| d.times(1000));
        assert_eq!(
            ["0.1", "0.3", "1.005", "-2", "1e3", "1.5e-1"].map(thousandths),
            [Some(100), Some(300), Some(1005), Some(-2000), Some(1_000_000), Some(150)]
        );
        assert_eq!(thousandths("0.0005"), None);
        assert_eq!(Decimal::read("3e9").and_then(|d| d.ratio(1, 1000)), Some(3_000_000));
        assert_eq!(Decimal::read("1500").and_then(|d| d.ratio(1, 1000)), None);
        assert_eq!(Decimal::read("1").and_then(|d| d.ratio(1, 0)), None);
    }

    #[test]
    fn what_is_no_number_or_too_long_for_one_is_none() {
        for bad in ["", ".5", "5.", "+5", "1_000", "0x10", "1e", "e5", "NaN", "inf", "1.2.3", "--1", "1e999999999999", "1e25", "１"] {
            assert_eq!(Decimal::read(bad), None, "{bad}");
        }
        assert_eq!(Decimal::read(&"9".repeat(1_000_000)), None);
        assert_eq!(Decimal::read("999999999999999999999999").unwrap().times(u128::MAX), None);
        assert!(Decimal::read("999999999999999999999999e24").unwrap().times(1).is_none());
    }

    #[test]
    fn an_exponent_needs_digits() {
        assert_eq!(
            ["2E", "2E3", "1.5 GiB", "-1", "8Gi", "µ", ""].map(with_unit),
            [("2", "E"), ("2E3", ""), ("1.5", "GiB"), ("-1", ""), ("8", "Gi"), ("", "µ"), ("", "")]
        );
    }
}
