use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, fmt};

/// What a fact is, with its unit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FactValue {
    /// A word or a sentence; the same letters or not.
    Text(String),
    /// Yes or no.
    Flag(bool),
    /// How many.
    Count(i64),
    /// A number without a unit that need not be whole.
    Number(f64),
    /// Bytes.
    Bytes(u64),
    /// Thousandths of a core.
    Millicores(u64),
    /// Microseconds.
    Micros(i64),
    /// A version, by the rules of those who number so.
    Version(Version),
    /// A digest: the same content or not.
    Digest(String),
    /// Members without an order.
    Set(BTreeSet<String>),
    /// A path or the name of a host: may be another word for the same in another place.
    Place(String),
    /// A value that is not kept: a keyed digest of it, which is the same wherever key and value are (HMAC-SHA256, RFC 2104).
    Fingerprint(String),
    /// There is a value, and nothing of it is kept: it would be guessed, or there is no key.
    Hidden,
    /// So many facts below this one, and no others are there.
    List(u64),
}

/// A version as it is written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// Whose rules it follows.
    pub scheme: Scheme,
    /// As it is written.
    pub text: String,
}

/// Ways of numbering versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scheme {
    /// Python packages (PEP 440).
    Pep440,
    /// Semantic Versioning 2.0.0.
    Semver,
    /// Debian packages (deb-version(7)).
    Deb,
    /// Releases of the Linux kernel: `6.1.0-18-amd64`.
    Kernel,
}

impl FactValue {
    /// A version.
    pub fn version(scheme: Scheme, text: impl Into<String>) -> FactValue {
        FactValue::Version(Version { scheme, text: text.into() })
    }
}

impl fmt::Display for FactValue {
    /// Exact: two values that differ are never shown alike.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FactValue::Text(text) | FactValue::Digest(text) | FactValue::Place(text) => f.write_str(text),
            FactValue::Flag(yes) => f.write_str(if *yes { "yes" } else { "no" }),
            FactValue::Count(n) => write!(f, "{n}"),
            FactValue::Number(x) => write!(f, "{x}"),
            FactValue::Bytes(bytes) => f.write_str(&bytes_exactly(*bytes)),
            FactValue::Millicores(m) if *m == 1000 => f.write_str("1 core"),
            FactValue::Millicores(m) => write!(f, "{} cores", *m as f64 / 1e3),
            FactValue::Micros(us) => f.write_str(&micros_exactly(*us)),
            FactValue::Version(version) => f.write_str(&version.text),
            FactValue::Set(members) if members.is_empty() => f.write_str("(empty)"),
            FactValue::Set(members) => f.write_str(&members.iter().map(String::as_str).collect::<Vec<_>>().join(", ")),
            FactValue::Fingerprint(of) => write!(f, "(fingerprint {of:.12})"),
            FactValue::Hidden => f.write_str("(set, not kept)"),
            FactValue::List(n) => write!(f, "{n} listed"),
        }
    }
}

/// The largest unit of 1024 that leaves at most three digits behind the point and hides nothing; else about, and in bytes.
fn bytes_exactly(bytes: u64) -> String {
    let units = [(40, "TiB"), (30, "GiB"), (20, "MiB"), (10, "KiB")].map(|(power, unit)| (1_u64 << power, unit));
    let Some((whole, unit)) = units.into_iter().find(|(whole, _)| bytes >= *whole) else { return format!("{bytes} B") };
    let of = |whole: u64| bytes as f64 / whole as f64;
    // Eighths are exact in three digits, and a few thousand of the unit below are read as easily.
    let exact = units.into_iter().find(|(whole, _)| bytes.is_multiple_of(whole / 8) && (1.0..8192.0).contains(&of(*whole)));
    match exact {
        Some((whole, unit)) => format!("{} {unit}", of(whole)),
        None => format!("{:.2} {unit} ({bytes} B)", of(whole)),
    }
}

/// The largest unit that leaves nothing behind the point.
fn micros_exactly(us: i64) -> String {
    for (length, unit) in [(86_400_000_000, "d"), (3_600_000_000, "h"), (60_000_000, "min"), (1_000_000, "s"), (1_000, "ms")] {
        if us != 0 && us % length == 0 {
            return format!("{} {unit}", us / length);
        }
    }
    format!("{us} µs")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_that_differ_are_not_shown_alike() {
        let shown = |value: FactValue| value.to_string();
        assert_eq!(shown(FactValue::Bytes(8 << 30)), "8 GiB");
        assert_eq!(shown(FactValue::Bytes((8 << 30) - 1)), "8.00 GiB (8589934591 B)");
        assert_eq!(shown(FactValue::Bytes(3 << 29)), "1.5 GiB");
        assert_eq!(shown(FactValue::Bytes(8_243_412_992)), "7.68 GiB (8243412992 B)");
        assert_eq!(shown(FactValue::Bytes(300 << 20)), "300 MiB");
        assert_eq!(shown(FactValue::Bytes(1_536 << 10)), "1.5 MiB");
        assert_eq!(shown(FactValue::Bytes(0)), "0 B");
        assert_eq!((shown(FactValue::Millicores(500)), shown(FactValue::Millicores(1000))), ("0.5 cores".into(), "1 core".into()));
        assert_eq!((shown(FactValue::Micros(15_000_000)), shown(FactValue::Micros(1_500))), ("15 s".into(), "1500 µs".into()));
        assert_eq!(shown(FactValue::Micros(90_000_000)), "90 s");
    }
}
