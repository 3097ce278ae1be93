//! Quantities with a unit, as users write them: `5ms`, `2%`, `20/s`, `60k`.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::{fmt, str::FromStr};

/// A duration in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
pub struct Ms(pub f64);

/// A share of a whole; `0.02` is written `2%`.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
pub struct Share(pub f64);

/// A rate in events per second, written `15/s` or `90/min`.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
pub struct PerSecond(pub f64);

/// A count, written `700` or `60k`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Count(pub u64);

/// Microseconds since the Unix epoch, on some host's wall clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Wall(pub i64);

/// A stretch of wall-clock time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// First instant covered.
    pub from: Wall,
    /// Last instant covered.
    pub to: Wall,
}

/// The larger of a fixed and a relative allowance.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Margin {
    /// Allowance whatever the level.
    pub absolute: Ms,
    /// Allowance as a share of the level.
    pub relative: Share,
}

impl Margin {
    /// The allowance at `level` milliseconds.
    pub fn at(&self, level: Ms) -> Ms {
        Ms(self.absolute.0.max(self.relative.0 * level.0))
    }
}

impl fmt::Display for Wall {
    /// `2027-01-31 12:00:00 UTC`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_microsecond(self.0) {
            Ok(at) => write!(f, "{}", at.strftime("%Y-%m-%d %H:%M:%S UTC")),
            Err(_) => f.write_str("an unknown time"),
        }
    }
}

impl Wall {
    /// Seconds since the epoch.
    pub fn seconds(self) -> f64 {
        self.0 as f64 / 1e6
    }
    /// This instant moved by `us` microseconds.
    #[must_use]
    pub fn plus_us(self, us: i64) -> Wall {
        Wall(self.0.saturating_add(us))
    }
}

impl Span {
    /// Length in milliseconds.
    pub fn length(&self) -> Ms {
        Ms(self.to.0.saturating_sub(self.from.0) as f64 / 1e3)
    }
    /// The smallest span that covers both.
    #[must_use]
    pub fn hull(self, other: Span) -> Span {
        Span { from: self.from.min(other.from), to: self.to.max(other.to) }
    }
}

/// Why a text is not the quantity that was asked for.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("`{}` is not {what}; write {example}", .text.trim())]
pub struct BadUnit {
    text: String,
    what: &'static str,
    example: &'static str,
}

impl BadUnit {
    /// What was written, what it should be, and how that is written.
    pub fn new(text: &str, what: &'static str, example: &'static str) -> BadUnit {
        BadUnit { text: text.into(), what, example }
    }
}

fn number(text: &str) -> Option<f64> {
    text.trim().parse::<f64>().ok().filter(|x| x.is_finite())
}

/// The number times a power of ten, as exactly as if it had been written so: dividing would round a second time, and a
/// recorded share would not be read as it was.
fn scaled(text: &str, power: i32) -> Option<f64> {
    let text = text.trim();
    let (digits, exponent) = text.split_once(['e', 'E']).map_or(Some((text, 0)), |(digits, e)| Some((digits, e.parse::<i32>().ok()?)))?;
    number(&format!("{digits}e{}", exponent.checked_add(power)?))
}

/// The text that is read as exactly this share: its shortest decimal digits, with the point two places on.
fn percent(share: f64) -> String {
    if share == 0.0 {
        return "0%".into();
    }
    let exact = format!("{share:e}");
    let (digits, exponent) = exact.split_once('e').unwrap_or((&exact, "0"));
    let digits = digits.replace('.', "");
    // Digits before the point; none and zeros after it where that is below 0.
    let point = exponent.parse::<isize>().unwrap_or(0) + 3;
    let before = usize::try_from(point).unwrap_or(0);
    match before {
        0 => format!("0.{}{digits}%", "0".repeat(point.unsigned_abs())),
        _ if before >= digits.len() => format!("{digits}{}%", "0".repeat(before - digits.len())),
        _ => format!("{}.{}%", &digits[..before], &digits[before..]),
    }
}

impl FromStr for Ms {
    type Err = BadUnit;
    fn from_str(text: &str) -> Result<Self, BadUnit> {
        let bad = || BadUnit { text: text.into(), what: "a duration", example: "`5ms`, `1.5s`, `250us` or `2min`" };
        let text_ = text.trim();
        // Longest suffix first: `ms` and `min` end like shorter ones.
        for (suffix, factor) in [("min", 60e3), ("ms", 1.0), ("us", 1e-3), ("µs", 1e-3), ("ns", 1e-6), ("h", 3.6e6), ("s", 1e3), ("m", 60e3)] {
            if let Some(head) = text_.strip_suffix(suffix) {
                return number(head).filter(|x| *x >= 0.0).map(|x| Ms(x * factor)).ok_or_else(bad);
            }
        }
        Err(bad())
    }
}

impl FromStr for Share {
    type Err = BadUnit;
    fn from_str(text: &str) -> Result<Self, BadUnit> {
        let head = text.trim().strip_suffix('%').and_then(|head| scaled(head, -2)).filter(|x| *x >= 0.0);
        head.map(Share).ok_or(BadUnit { text: text.into(), what: "a share", example: "`2%` or `0.5%`" })
    }
}

impl FromStr for PerSecond {
    type Err = BadUnit;
    fn from_str(text: &str) -> Result<Self, BadUnit> {
        let bad = || BadUnit { text: text.into(), what: "a rate", example: "`15/s` or `90/min`" };
        let (head, unit) = text.trim().split_once('/').ok_or_else(bad)?;
        let per = match unit.trim() {
            "s" => 1.0,
            "min" | "m" => 60.0,
            _ => return Err(bad()),
        };
        number(head).filter(|x| *x > 0.0).map(|x| PerSecond(x / per)).ok_or_else(bad)
    }
}

impl FromStr for Count {
    type Err = BadUnit;
    fn from_str(text: &str) -> Result<Self, BadUnit> {
        let bad = || BadUnit { text: text.into(), what: "a count", example: "`700`, `60k` or `2M`" };
        let text_ = text.trim();
        let (head, factor) = match text_.chars().last() {
            Some('k') => (&text_[..text_.len() - 1], 1e3),
            Some('M') => (&text_[..text_.len() - 1], 1e6),
            _ => (text_, 1.0),
        };
        let value = number(head).ok_or_else(bad)? * factor;
        if value < 0.0 || value.fract() != 0.0 || value > 1e15 {
            return Err(bad());
        }
        Ok(Count(value as u64))
    }
}

impl Ms {
    /// An estimate: two digits, and no less than a second.
    pub fn about(self) -> String {
        let s = (self.0 / 1e3).round().max(1.0);
        match s {
            s if s < 100.0 => format!("{s:.0} s"),
            s if s < 595.0 => format!("{:.0} s", (s / 10.0).round() * 10.0),
            s if s < 99.5 * 60.0 => format!("{:.0} min", s / 60.0),
            s if s < 9.95 * 3600.0 => format!("{:.1} h", s / 3600.0),
            s => format!("{:.0} h", s / 3600.0),
        }
    }
}

impl fmt::Display for Ms {
    /// Three significant digits with the unit that reads best. Seconds up to 10 minutes, as a metrics page shows its bucket edges.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What would be shown as nothing is nothing, and nothing has no sign.
        let x = if self.0.abs() < 0.5e-4 { 0.0 } else { self.0 };
        let sign = if f.sign_plus() && x > 0.0 { "+" } else { "" };
        match x.abs() {
            a if a >= 600e3 => write!(f, "{sign}{:.1} min", x / 60e3),
            a if a >= 100e3 => write!(f, "{sign}{:.0} s", x / 1e3),
            a if a >= 60e3 => write!(f, "{sign}{:.1} s", x / 1e3),
            a if a >= 1e3 => write!(f, "{sign}{:.2} s", x / 1e3),
            a if a >= 100.0 => write!(f, "{sign}{x:.0} ms"),
            a if a >= 10.0 => write!(f, "{sign}{x:.1} ms"),
            a if a >= 0.01 || a == 0.0 => write!(f, "{sign}{x:.2} ms"),
            _ => write!(f, "{sign}{:.1} µs", x * 1e3),
        }
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let x = if self.0.abs() < 0.5e-4 { 0.0 } else { self.0 * 100.0 };
        let sign = if f.sign_plus() && x > 0.0 { "+" } else { "" };
        match x.abs() {
            a if a >= 100.0 || (a - a.round()).abs() < 5e-3 => write!(f, "{sign}{x:.0} %"),
            a if a >= 10.0 => write!(f, "{sign}{x:.1} %"),
            _ => write!(f, "{sign}{x:.2} %"),
        }
    }
}

impl fmt::Display for PerSecond {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/s", self.0)
    }
}

impl Count {
    /// So many of something: `1 request`, `2 requests`, `3 queries`.
    pub fn of(self, one: &str) -> String {
        match (self.0, one.strip_suffix('y')) {
            (1, _) => format!("1 {one}"),
            (_, Some(stem)) if !stem.ends_with(['a', 'e', 'o', 'u']) => format!("{self} {stem}ies"),
            _ => format!("{self} {one}s"),
        }
    }
    /// Rounded up to what is shown, for "at most" and whatever is spent: neither may be understated.
    #[must_use]
    pub fn up(self) -> Count {
        Count(self.0.div_ceil(self.shown_in()).saturating_mul(self.shown_in()))
    }
    /// The unit in which it is shown: two digits at least.
    fn shown_in(self) -> u64 {
        match self.0 {
            n if n >= 10_000_000 || n >= 1_000_000 && n.is_multiple_of(1_000_000) => 1_000_000,
            n if n >= 10_000 => 1_000,
            _ => 1,
        }
    }
}

impl fmt::Display for Count {
    /// Rounded to the nearest.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = self.shown_in();
        let n = (self.0 / unit).saturating_add(u64::from(self.0 % unit >= unit.div_ceil(2) && unit > 1));
        match unit {
            1_000_000 => write!(f, "{n}M"),
            1_000 if n == 10_000 => f.write_str("10M"),
            1_000 => write!(f, "{n}k"),
            _ => write!(f, "{n}"),
        }
    }
}

/// What a user may have written where a quantity is expected.
#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Number(f64),
    Text(String),
}

macro_rules! written_as_text {
    ($($unit:ident, $bare:literal, |$x:ident| $text:expr);* $(;)?) => { $(
        impl Serialize for $unit {
            fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> { let $x = self.0; s.serialize_str(&$text) }
        }
        impl<'de> Deserialize<'de> for $unit {
            fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                let text = match Written::deserialize(d).map_err(|_| de::Error::custom(concat!("expected ", stringify!($unit))))? {
                    Written::Text(t) => t,
                    // A bare number is accepted only where it has one possible meaning.
                    Written::Number(x) if $bare => x.to_string(),
                    Written::Number(x) => x.to_string() + " ",
                };
                text.parse().map_err(de::Error::custom)
            }
        }
    )* }
}
written_as_text! {
    Ms, false, |x| format!("{x}ms");
    Share, false, |x| percent(x);
    PerSecond, false, |x| format!("{x}/s");
    Count, true, |x| x.to_string();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_users_write() {
        assert_eq!("5ms".parse(), Ok(Ms(5.0)));
        assert_eq!("1.5 s".parse(), Ok(Ms(1500.0)));
        assert_eq!("2min".parse(), Ok(Ms(120_000.0)));
        assert_eq!("2%".parse(), Ok(Share(0.02)));
        assert_eq!("20/s".parse(), Ok(PerSecond(20.0)));
        assert_eq!("90/min".parse(), Ok(PerSecond(1.5)));
        assert_eq!("60k".parse(), Ok(Count(60_000)));
        for bad in ["5", "fast", "-5ms", "", "NaNms", "1e999s"] {
            assert!(bad.parse::<Ms>().is_err(), "{bad}");
        }
        assert!("1.5".parse::<Count>().is_err());
    }

    #[test]
    fn shows_three_digits() {
        let shown: Vec<_> =
            [0.0, 0.004, 0.31, 9.6, 48.25, 311.4, 1500.0, 68_000.0, 120_000.0, 900_000.0].iter().map(|x| Ms(*x).to_string()).collect();
        assert_eq!(shown, ["0.00 ms", "4.0 µs", "0.31 ms", "9.60 ms", "48.2 ms", "311 ms", "1.50 s", "68.0 s", "120 s", "15.0 min"]);
        assert_eq!(format!("{:+}", Ms(311.0)), "+311 ms");
        assert_eq!(Share(0.02).to_string(), "2 %");
        assert_eq!(Share(0.0025).to_string(), "0.25 %");
    }

    #[test]
    fn nothing_has_no_sign() {
        for x in [0.0, -0.0, 3e-5, -3e-5] {
            assert_eq!((format!("{:+}", Ms(x)), Ms(x).to_string()), ("0.00 ms".into(), "0.00 ms".into()), "{x}");
            assert_eq!(format!("{:+}", Share(x)), "0 %", "{x}");
        }
        assert_eq!((format!("{:+}", Ms(6e-5)), Ms(-6e-5).to_string()), ("+0.1 µs".into(), "-0.1 µs".into()));
        assert_eq!((format!("{:+}", Share(6e-5)), Share(-6e-5).to_string()), ("+0.01 %".into(), "-0.01 %".into()));
    }

    #[test]
    fn counts_are_rounded_and_limits_rounded_up() {
        let shown = |n| (Count(n).to_string(), Count(n).up().to_string());
        for (n, near, up) in [
            (0, "0", "0"),
            (9_999, "9999", "9999"),
            (10_000, "10k", "10k"),
            (11_499, "11k", "12k"),
            (11_905, "12k", "12k"),
            (9_999_501, "10M", "10M"),
            (2_000_000, "2M", "2M"),
            (2_000_001, "2000k", "2001k"),
            (10_400_000, "10M", "11M"),
        ] {
            assert_eq!(shown(n), (near.into(), up.into()), "{n}");
        }
        assert!(Count(u64::MAX).up().0 == u64::MAX && Count(u64::MAX).to_string().ends_with('M'));
    }

    #[test]
    fn an_estimate_has_two_digits() {
        let about = [0.0, 1_400.0, 41_530.0, 99_600.0, 124_000.0, 596_000.0, 3_600_000.0, 7_300_000.0, 1e9].map(|ms| Ms(ms).about());
        assert_eq!(about, ["1 s", "1 s", "42 s", "100 s", "120 s", "10 min", "60 min", "2.0 h", "278 h"]);
    }

    #[test]
    fn survives_a_round_trip() {
        let margin = Margin { absolute: Ms(5.0), relative: Share(0.02) };
        let text = serde_json::to_string(&margin).unwrap();
        assert_eq!(text, r#"{"absolute":"5ms","relative":"2%"}"#);
        assert_eq!(serde_json::from_str::<Margin>(&text).unwrap(), margin);
        assert_eq!([0.07, 0.29, 0.014, 1.0, 12.5, 0.000_25].map(percent), ["7%", "29%", "1.4%", "100%", "1250%", "0.025%"].map(str::to_owned));
        for bad in ["%", "e%", "1e%", "1e1e1%", "NaN%", "1e999%", "-1%", "1e99999999999%"] {
            assert!(bad.parse::<Share>().is_err(), "{bad}");
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_recorded_is_read_as_it_was(x in 0.0..10.0_f64, k in 0..500_u32, n in 1..500_u32) {
            for x in [x, f64::from(k) / f64::from(n), x * 1e-9, x * 1e9] {
                let read = |text: String| text.parse::<f64>().ok();
                proptest::prop_assert_eq!(serde_json::from_value::<Share>(serde_json::to_value(Share(x)).unwrap()).unwrap(), Share(x));
                proptest::prop_assert_eq!(serde_json::from_value::<Ms>(serde_json::to_value(Ms(x)).unwrap()).unwrap(), Ms(x));
                proptest::prop_assert_eq!(read(x.to_string()), Some(x));
            }
        }
    }
}
