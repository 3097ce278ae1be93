//! Settings as postgresql.conf and `SHOW` have them.

use super::{fact_value::FactValue, quantity::bad};
use crate::model::{
    decimal::{Decimal, with_unit},
    units::BadUnit,
};

/// "The multiplier for memory units is 1024, not 1000" (PostgreSQL, Setting Parameters): `8GB` is what others call 8 GiB.
const MEMORY: [(&str, u128); 5] = [("B", 1), ("kB", 1 << 10), ("MB", 1 << 20), ("GB", 1 << 30), ("TB", 1 << 40)];
/// In microseconds.
const TIME: [(&str, u128); 6] = [("us", 1), ("ms", 1_000), ("s", 1_000_000), ("min", 60_000_000), ("h", 3_600_000_000), ("d", 86_400_000_000)];

/// A number without a unit stays one: its unit is that of the parameter, which the text does not say. Words other than those of
/// yes and no are texts.
pub(super) fn read(text: &str) -> Result<FactValue, BadUnit> {
    match text.to_ascii_lowercase().as_str() {
        "on" | "true" | "yes" => return Ok(FactValue::Flag(true)),
        "off" | "false" | "no" => return Ok(FactValue::Flag(false)),
        _ => {}
    }
    let (number, unit) = with_unit(text);
    let Some(decimal) = Decimal::read(number) else { return Ok(FactValue::Text(text.to_owned())) };
    let of = |units: &[(&str, u128)]| units.iter().find(|(word, _)| *word == unit).map(|(_, factor)| *factor);
    if unit.is_empty() {
        let whole = decimal.times(1).and_then(|n| i64::try_from(n).ok()).map(FactValue::Count);
        return whole.or_else(|| number.parse().ok().map(FactValue::Number)).ok_or_else(|| refused(text));
    }
    if let Some(factor) = of(&MEMORY) {
        return decimal.times(factor).and_then(|n| u64::try_from(n).ok()).map(FactValue::Bytes).ok_or_else(|| refused(text));
    }
    if let Some(factor) = of(&TIME) {
        return decimal.times(factor).and_then(|n| i64::try_from(n).ok()).map(FactValue::Micros).ok_or_else(|| refused(text));
    }
    // `8gb` and `8GiB` are errors to PostgreSQL, too; `2 (a, b)` is a text.
    if unit.bytes().all(|b| b.is_ascii_alphabetic()) { Err(refused(text)) } else { Ok(FactValue::Text(text.to_owned())) }
}

fn refused(text: &str) -> BadUnit {
    bad(text, "a setting of PostgreSQL, whose units are B, kB, MB, GB, TB (of 1024) and us, ms, s, min, h, d", "`8GB`, `100ms`, `on` or `200`")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What PostgreSQL 15.18 says to `SELECT pg_size_bytes('8GB')` and so on (it knows no `B`, the parameters do), and of times to
    /// `SELECT extract(epoch FROM interval '1.5min') * 1e6`.
    #[test]
    fn units_are_those_of_postgresql() {
        for (text, bytes) in SIZES {
            assert_eq!(read(text), Ok(FactValue::Bytes(bytes)), "{text}");
        }
        for (text, micros) in [
            ("100ms", 100_000),
            ("1h", 3_600_000_000),
            ("1.5min", 90_000_000),
            ("5min", 300_000_000),
            ("1d", 86_400_000_000),
            ("-1s", -1_000_000),
            ("30 s", 30_000_000),
        ] {
            assert_eq!(read(text), Ok(FactValue::Micros(micros)), "{text}");
        }
    }
    const SIZES: [(&str, u64); 6] =
        [("8GB", 8_589_934_592), ("128MB", 134_217_728), ("64 kB", 65_536), ("1.5GB", 1_610_612_736), ("1TB", 1_099_511_627_776), ("512B", 512)];

    #[test]
    fn what_has_no_unit_stays_what_it_is() {
        assert_eq!(
            (read("200"), read("-1"), read("0.9"), read("1e3")),
            (Ok(FactValue::Count(200)), Ok(FactValue::Count(-1)), Ok(FactValue::Number(0.9)), Ok(FactValue::Count(1000)))
        );
        assert_eq!((read("on"), read("OFF")), (Ok(FactValue::Flag(true)), Ok(FactValue::Flag(false))));
        for text in ["replica", "TLSv1.2", "2 (a, b)", "\"$user\", public", "", "pg_stat_statements", "scram-sha-256"] {
            assert_eq!(read(text), Ok(FactValue::Text(text.into())), "{text}");
        }
    }

    /// `SET work_mem = '8gb'`: invalid value, valid units are "B", "kB", "MB", "GB", and "TB"; of times "us" to "d".
    #[test]
    fn units_that_postgresql_refuses_are_refused() {
        for wrong in ["8gb", "8GiB", "8G", "8Gi", "100 msec", "1m", "5 minutes", "0.3B", "-8GB"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
        assert!(read("8gb").unwrap_err().to_string().starts_with("`8gb` is not a setting of PostgreSQL, whose units are"));
    }
}
