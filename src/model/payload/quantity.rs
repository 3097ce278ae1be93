//! Quantities as people and Kubernetes write them, read exactly.

use crate::model::{
    decimal::{Decimal, with_unit},
    units::BadUnit,
};

/// Powers of 1024 by their prefix, then of 1000. Kubernetes ends them there (`8Gi`), people add a `B` (`8GiB`).
const BYTES: [(&str, u128); 13] = [
    ("", 1),
    ("Ki", 1 << 10),
    ("Mi", 1 << 20),
    ("Gi", 1 << 30),
    ("Ti", 1 << 40),
    ("Pi", 1 << 50),
    ("Ei", 1 << 60),
    ("k", 1_000),
    ("M", 1_000_000),
    ("G", 1_000_000_000),
    ("T", 1_000_000_000_000),
    ("P", 1_000_000_000_000_000),
    ("E", 1_000_000_000_000_000_000),
];

/// Units of time in microseconds; nanoseconds are apart, for they divide.
const TIMES: [(&str, u128); 12] = [
    ("us", 1),
    ("µs", 1),
    ("μs", 1),
    ("ms", 1_000),
    ("s", 1_000_000),
    ("sec", 1_000_000),
    ("m", 60_000_000),
    ("min", 60_000_000),
    ("h", 3_600_000_000),
    ("d", 86_400_000_000),
    ("w", 604_800_000_000),
    // What `0` is.
    ("", 0),
];

/// What is shown of a text that was refused: the rest helps nobody.
const SHOWN: usize = 60;

/// A refusal, with a text that was cut.
pub(super) fn bad(text: &str, what: &'static str, example: &'static str) -> BadUnit {
    let cut = text.char_indices().nth(SHOWN).map(|(end, _)| format!("{}…", &text[..end]));
    BadUnit::new(cut.as_deref().unwrap_or(text), what, example)
}

/// An amount of bytes. `512m` is refused: to Kubernetes that is half a byte, and who writes it means something else.
pub(super) fn bytes(text: &str) -> Result<u64, BadUnit> {
    let (number, unit) = with_unit(text);
    if unit == "m" {
        return Err(bad(text, "an amount of bytes, for `m` is a thousandth", "`512Mi` or `512M`"));
    }
    let prefix = match unit {
        // As the rest of this program, and many people, write it.
        "KB" => "k",
        unit => unit.strip_suffix('B').unwrap_or(unit),
    };
    let factor = BYTES.iter().find(|(p, _)| *p == prefix).map(|(_, factor)| *factor);
    let whole = factor.and_then(|factor| Decimal::read(number)?.times(factor)).and_then(|n| u64::try_from(n).ok());
    whole.ok_or_else(|| bad(text, "a whole amount of bytes", "`8GiB`, `8Gi`, `512M` or `1073741824`"))
}

/// Processors in thousandths.
pub(super) fn millicores(text: &str) -> Result<u64, BadUnit> {
    let (number, unit) = with_unit(text);
    // Kubernetes writes thousandths itself, and its metrics smaller parts, too.
    let (factor, divisor) = match unit.to_ascii_lowercase().as_str() {
        "" | "core" | "cores" | "cpu" | "cpus" | "vcpu" | "vcpus" => (1_000, 1),
        "m" if unit == "m" => (1, 1),
        "u" => (1, 1_000),
        "n" => (1, 1_000_000),
        _ => (0, 0),
    };
    let whole = Decimal::read(number).and_then(|d| d.ratio(factor, divisor)).and_then(|n| u64::try_from(n).ok());
    whole.ok_or_else(|| bad(text, "a share of processors in whole thousandths", "`500m`, `0.5` or `2 cores`"))
}

/// A duration: parts with units, one after the other.
pub(super) fn micros(text: &str) -> Result<i64, BadUnit> {
    let refused = || bad(text, "a duration", "`15s`, `250ms`, `1.5min` or `1m30s`");
    let (sign, mut rest) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let (mut total, mut last) = (0_i128, u128::MAX);
    while !rest.is_empty() || last == u128::MAX {
        let (number, after) = with_unit(rest);
        let end = after.find(|c: char| c.is_ascii_digit() || c == '.' || c == ' ').unwrap_or(after.len());
        let (unit, behind) = after.split_at(end);
        let (factor, divisor) = match unit {
            "ns" => (1, 1_000),
            _ => (TIMES.iter().find(|(word, _)| *word == unit).map(|(_, factor)| *factor).ok_or_else(refused)?, 1),
        };
        let number = Decimal::read(number).ok_or_else(refused)?;
        // Only nothing needs no unit; and the parts get smaller, or one was forgotten.
        let order = factor * 1_000 / divisor;
        if unit.is_empty() && number.times(1) != Some(0) || order >= last {
            return Err(refused());
        }
        total = number.ratio(factor, divisor).and_then(|part| total.checked_add(part)).filter(|_| !rest.starts_with('-')).ok_or_else(refused)?;
        last = order;
        rest = behind.trim_start_matches(' ');
    }
    i64::try_from(total * sign).map_err(|_| refused())
}

/// How many: a whole number, `60k` or `2M`.
pub(super) fn count(text: &str) -> Result<i64, BadUnit> {
    let (number, unit) = with_unit(text);
    let factor = [("", 1), ("k", 1_000), ("M", 1_000_000)].into_iter().find(|(word, _)| *word == unit).map(|(_, factor)| factor);
    let whole = factor.and_then(|factor| Decimal::read(number)?.times(factor)).and_then(|n| i64::try_from(n).ok());
    whole.ok_or_else(|| bad(text, "a count", "`700`, `60k` or `2M`"))
}

/// A number without a unit.
pub(super) fn number(text: &str) -> Result<f64, BadUnit> {
    let read = Decimal::read(text).and_then(|_| text.parse::<f64>().ok()).filter(|x| x.is_finite());
    read.ok_or_else(|| bad(text, "a number", "`0.9`"))
}

/// Yes or no, in the words of YAML 1.1, of PostgreSQL and of the kernel.
pub(super) fn flag(text: &str) -> Result<bool, BadUnit> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "1" | "enabled" => Ok(true),
        "false" | "no" | "off" | "0" | "disabled" => Ok(false),
        _ => Err(bad(text, "yes or no", "`true` or `false`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/#meaning-of-memory and
    /// apimachinery/pkg/api/resource/quantity.go: Ki..Ei are powers of 1024, k..E powers of 1000, exponents are decimal.
    #[test]
    fn bytes_are_what_kubernetes_says_they_are() {
        let same = [
            ("129e6", 129_000_000),
            ("129M", 129_000_000),
            ("123Mi", 128_974_848),
            ("128974848", 128_974_848),
            ("1E", 10_u64.pow(18)),
            ("1E3", 1_000),
        ];
        for (text, n) in same {
            assert_eq!(bytes(text), Ok(n), "{text}");
        }
        assert_eq!((bytes("64Mi"), bytes("1Gi"), bytes("1.5Gi")), (Ok(67_108_864), Ok(1_073_741_824), Ok(1_610_612_736)));
    }

    /// argoproj/argo-cd#1615 and its followers: what is the same in two ways of writing, and what only looks so.
    #[test]
    fn the_same_amount_is_the_same_and_a_close_one_is_not() {
        assert_eq!((bytes("1000M"), bytes("1000Mi")), (bytes("1G"), Ok(1_048_576_000)));
        assert_ne!(bytes("1000Mi"), bytes("1Gi"));
        assert_ne!(bytes("8GB"), bytes("8GiB"));
        assert_eq!(millicores("1000m"), millicores("1"));
        assert_ne!(millicores("1500m"), millicores("2000m"));
        assert_eq!((millicores("1.5"), millicores("0.1"), millicores("0.3")), (Ok(1500), Ok(100), Ok(300)));
        assert_eq!(
            (millicores("2 cores"), millicores("1 core"), millicores("4 vCPU"), millicores("250000000n")),
            (Ok(2000), Ok(1000), Ok(4000), Ok(250))
        );
        assert_eq!(
            (micros("90s"), micros("1.5min"), micros("1m30s"), micros("90000ms")),
            (Ok(90_000_000), Ok(90_000_000), Ok(90_000_000), Ok(90_000_000))
        );
    }

    #[test]
    fn people_write_bytes_with_a_b() {
        assert_eq!(
            (bytes("8GiB"), bytes("8 GiB"), bytes("8GB"), bytes("64KB"), bytes("64kB"), bytes("10B")),
            (Ok(8 << 30), Ok(8 << 30), Ok(8_000_000_000), Ok(64_000), Ok(64_000), Ok(10))
        );
        assert_eq!(bytes("16Ei"), Err(bad("16Ei", "a whole amount of bytes", "`8GiB`, `8Gi`, `512M` or `1073741824`")), "one more than fits");
        for wrong in ["", "8g", "8gb", "8K", "8GIB", "0.1Gi", "-1", "1e30", "8Gi Gi", "Gi", "unlimited", "max", "1,5Gi"] {
            assert!(bytes(wrong).is_err(), "{wrong}");
        }
        assert_eq!(bytes("512m").unwrap_err().to_string(), "`512m` is not an amount of bytes, for `m` is a thousandth; write `512Mi` or `512M`");
    }

    #[test]
    fn what_is_no_whole_thousandth_of_a_core_is_refused() {
        for wrong in ["0.0001", "100u", "1n", "-1", "2M", "2 threads", "", "0.5.5", "M", "1 m m"] {
            assert!(millicores(wrong).is_err(), "{wrong}");
        }
        assert_eq!((millicores("0"), millicores("1e1")), (Ok(0), Ok(10_000)));
    }

    /// Of Go's time.ParseDuration, which Kubernetes, Compose and Prometheus follow, and of people.
    #[test]
    fn durations_have_units_and_their_parts_get_smaller() {
        assert_eq!(
            (micros("1h5m30s20ms"), micros("1h 30min"), micros("250us"), micros("1500ns"), micros("0"), micros("2d")),
            (Ok(3_930_020_000), Ok(5_400_000_000), Ok(250), bad_one("1500ns"), Ok(0), Ok(172_800_000_000))
        );
        assert_eq!((micros("-15s"), micros("3000ns"), micros("1w")), (Ok(-15_000_000), Ok(3), Ok(604_800_000_000)));
        for wrong in ["", "15", "s", "1M", "1s30m", "1m-30s", "1s1s", "15 seconds of", "1.5.5s", "1h30", "-", "999999999999999999w"] {
            assert!(micros(wrong).is_err(), "{wrong}");
        }
    }
    fn bad_one(text: &str) -> Result<i64, BadUnit> {
        Err(bad(text, "a duration", "`15s`, `250ms`, `1.5min` or `1m30s`"))
    }

    #[test]
    fn counts_are_whole_and_flags_are_words() {
        assert_eq!((count("-1"), count("60k"), count("1e3"), count("9223372036854775807")), (Ok(-1), Ok(60_000), Ok(1000), Ok(i64::MAX)));
        for wrong in ["1.5", "", "9223372036854775808", "8K", "many", "1_000"] {
            assert!(count(wrong).is_err(), "{wrong}");
        }
        assert_eq!((number("0.9"), number("-1e-3")), (Ok(0.9), Ok(-0.001)));
        assert!(number("NaN").is_err() && number("inf").is_err());
        assert_eq!((flag("on"), flag("No"), flag("1")), (Ok(true), Ok(false), Ok(true)));
        assert!(flag("maybe").is_err());
    }
}
